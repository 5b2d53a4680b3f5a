package compare

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// side is A or B while it loads and after.
type side struct {
	ref         model.Ref
	art         *model.Artifact
	err         error
	load        page.LoadID
	loadStarted time.Time // when that load did
	cancel      context.CancelFunc
	moved       digest.Digest // what the tag points at now, if not at art any more
	gone        bool          // the tag is not there any more
	movedAt     time.Time     // when that was seen
	history     model.Timeline
}

// sideMsg is a newer state of a side.
type sideMsg struct {
	load page.LoadID
	art  model.Artifact
	err  error // the load has failed
}

// headMsg is where a tag points after everything has been read by digest.
type headMsg struct {
	load page.LoadID
	now  digest.Digest // "" when the tag is gone
}

// head asks where a tag points. What goes wrong is no news, but that it is gone
// is.
func (s side) head(ctx context.Context, reg page.Registry) (headMsg, bool) {
	now, err := reg.Head(ctx, s.ref)
	return headMsg{s.load, now}, err == nil || page.IsMissing(err)
}

// read starts reading the side anew; what was there stays until then.
func (s side) read(ctx context.Context, env page.Env, id page.LoadID) (side, page.Effects) {
	s.stop()
	ctx, s.cancel = context.WithCancel(ctx)
	s.load, s.loadStarted, s.err, s.moved, s.gone = id, env.Now(), nil, "", false
	ref, reg := s.ref, env.Registry
	return s, append(s.readHistory(ctx, env.Journal), page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		_, err := reg.Load(ctx, ref, func(a model.Artifact) { report(sideMsg{load: id, art: a}) })
		if err != nil {
			report(sideMsg{load: id, err: err})
		}
		if err != nil || !page.MayMove(ref) {
			return
		}
		if h, ok := s.head(ctx, reg); ok {
			report(h)
		}
	})...)
}

func (s side) stop() {
	if s.cancel != nil {
		s.cancel()
	}
}

// received is s after a message of its load.
func (s side) received(msg sideMsg) side {
	if msg.err != nil {
		if !errors.Is(msg.err, context.Canceled) {
			s.err = msg.err
		}
		return s
	}
	if !msg.art.Done && s.art != nil && s.art.Done {
		return s // what was there stays until all of the new is
	}
	s.art = &msg.art
	if s.moved == msg.art.Digest() { // it had been compared with what was there before
		s.moved = ""
	}
	return s
}

// failed reports that there is nothing whole to show. What was read before a
// failure is.
func (s side) failed() bool { return s.err != nil && !s.stale() }

// stale reports that what is shown could not be read again.
func (s side) stale() bool { return s.err != nil && s.art != nil && s.art.Done }

// progress says how far a load is; empty when it is done.
func (s side) progress() safe.Text {
	if s.art == nil {
		return safe.Const("reading")
	}
	if s.art.Done {
		return safe.Text{}
	}
	images, here := s.art.Images(), 0
	for _, e := range images {
		if e.Arrived() {
			here++
		}
	}
	return safe.Sprintf("%d of %d", here, len(images))
}

// line is the side's own line: its letter, what it is, since when.
func (s side) line(letter safe.Text, role look.Role, f page.Frame, full bool) look.Line {
	l := look.L(look.Gap(1), look.S(role, letter), look.Gap(1))
	name := safe.Clean(s.ref.Short())
	if full {
		name = safe.Sprintf("%s%s", s.ref.Repository, s.ref.Short())
	}
	switch {
	case s.ref.At != "":
	case s.ref.Digest != "" && s.ref.Tag != "":
		name = safe.Sprintf(":%s then", s.ref.Tag)
	case s.ref.Digest != "":
		name = safe.Sprintf("@%s", look.Short(s.ref.Digest))
	}
	l = l.With(look.S(look.Strong, name), look.Gap(2))
	switch {
	case s.failed():
		return l.With(look.S(look.Alert, safe.Clean(page.ShortError(s.err))))
	case s.art == nil:
		return l.With(look.S(look.Faint, safe.Concat(s.progress(), f.Glyphs.Ellipsis)))
	}
	l = l.With(look.P(look.Short(s.art.Digest())), look.Gap(2), look.S(look.Faint, createdText(*s.art)))
	if p := s.progress(); !p.IsEmpty() {
		l = l.With(look.Gap(2), look.S(look.Faint, safe.Concat(p, f.Glyphs.Ellipsis)))
	}
	return l
}

// createdText is when the first image that says so was built, and what it is
// part of.
func createdText(a model.Artifact) safe.Text {
	images := a.Images()
	for _, e := range images {
		if e.Image != nil && e.Image.Created() != nil {
			return look.Time(e.Image.Created())
		}
	}
	if len(images) == 0 {
		return safe.Clean(string(a.Top.Kind))
	}
	return safe.Text{}
}

// sideArrived takes a newer state of either side.
func (p comparePage) sideArrived(msg sideMsg) (page.Page, page.Effects) {
	switch {
	case msg.load == p.a.load:
		p.a = p.a.received(msg)
	case msg.load == p.b.load && !p.alone:
		p.b = p.b.received(msg)
	default:
		return p, nil
	}
	p = p.recompare()
	return p, slices.Concat(p.visited(), p.requestContents())
}

// contentsMsg is what small layers were seen to unpack to. Whichever load effects
// for it, it is true: a blob is what its digest says.
type contentsMsg struct {
	contents map[digest.Digest]model.Contents
}

// requestContents reads the small layers whose contents decide something, once all
// is there. Until they arrive the screen shows what the configs claim.
func (p comparePage) requestContents() page.Effects {
	if p.a.art == nil || !p.a.art.Done || !p.alone && (p.b.art == nil || !p.b.art.Done) {
		return nil
	}
	var effects page.Effects
	for side, layers := range diff.UnverifiedLayers(p.cmp) {
		repo := p.a.ref.Repo()
		if side == diff.SideB {
			repo = p.b.ref.Repo()
		}
		effects = append(effects, page.Once(p.ctx, func(ctx context.Context) tea.Msg {
			seen, _ := p.env.Registry.Contents(ctx, repo, layers)
			return contentsMsg{seen}
		})...)
	}
	return effects
}

// contentsArrived takes in what was seen of layers.
func (p comparePage) contentsArrived(msg contentsMsg) comparePage {
	for _, s := range []*side{&p.a, &p.b} {
		if s.art != nil && len(msg.contents) > 0 {
			art := s.art.WithContents(msg.contents)
			s.art = &art
		}
	}
	return p.recompare()
}

// headArrived notes that a tag moved while it was read. Nothing on the screen
// changes: all of it was read by digest.
func (p comparePage) headArrived(msg headMsg) comparePage {
	for _, s := range []*side{&p.a, &p.b} {
		if s.load != msg.load || s.art == nil {
			continue
		}
		if s.stale() {
			s.err = nil // the registry is back
		}
		s.moved, s.gone = "", msg.now == ""
		if msg.now != s.art.Digest() {
			s.moved, s.movedAt = msg.now, p.env.Now()
		}
	}
	return p.recompare()
}
