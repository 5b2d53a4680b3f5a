package compare

import (
	"context"
	"errors"
	"iter"
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

// side is A or B, while it loads and after.
type side struct {
	ref         model.Ref
	art         *model.Artifact
	err         error
	load        page.LoadID
	loadStarted time.Time // start of the load
	cancel      context.CancelFunc
	moved       digest.Digest // the current digest of the tag, if it is not that of art
	gone        bool          // the tag no longer exists
	movedAt     time.Time     // when moved was noticed
	movedLater  bool          // it was noticed by a check after all had been read
	history     model.Timeline
}

// sideMsg is a new state of a side.
type sideMsg struct {
	load page.LoadID
	art  model.Artifact
	err  error // the load failed
}

// headMsg is the current digest of a tag after its artifact was read by digest.
type headMsg struct {
	load page.LoadID
	now  digest.Digest // "" when the tag is gone
}

// head requests the current digest of a tag. ok is false after an error other than a
// missing tag.
func (s side) head(ctx context.Context, reg page.Registry) (msg headMsg, ok bool) {
	now, err := reg.Head(ctx, s.ref)
	return headMsg{s.load, now}, err == nil || model.IsMissing(err)
}

// read starts loading the side again. The previous content stays until the new one is
// complete.
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

// received handles a message of the load.
func (s side) received(msg sideMsg) side {
	if msg.err != nil {
		if !errors.Is(msg.err, context.Canceled) {
			s.err = msg.err
		}
		return s
	}
	if !msg.art.Done && s.complete() {
		return s // the previous content stays until the new one is complete
	}
	s.art = &msg.art
	if s.moved == msg.art.Digest() { // moved was relative to the previous content
		s.moved = ""
	}
	return s
}

// failed reports whether the side has nothing complete to show. Content that was read
// before the failure counts as complete.
func (s side) failed() bool { return s.err != nil && !s.stale() }

// stale reports whether the content is from before a failed load.
func (s side) stale() bool { return s.err != nil && s.complete() }

// hasErrors reports whether the side or a part of it could not be read.
func (s side) hasErrors() bool {
	return s.err != nil || s.art != nil && slices.ContainsFunc(s.art.Entries, func(e model.Entry) bool { return e.Err != nil })
}

// complete reports whether everything has been read.
func (s side) complete() bool { return s.art != nil && s.art.Done }

// progress returns the progress of the load, empty when it is done.
func (s side) progress() safe.Text {
	if s.art == nil {
		return safe.Const("reading")
	}
	if s.art.Done {
		return safe.Text{}
	}
	images := s.art.Images()
	return safe.Sprintf("%d of %d", count(images, model.Entry.Arrived), len(images))
}

// placeBeside returns the first part of a reference that differs from another one: its host,
// its repository, or nothing.
func placeBeside(ref, other model.Ref) safe.Text {
	switch {
	case ref.Registry != other.Registry:
		return safe.Clean(ref.Repo().String())
	case ref.Repository != other.Repository:
		return safe.Clean(ref.Repository)
	}
	return safe.Text{}
}

// name returns the tag or digest of the side.
func (s side) name() safe.Text {
	switch {
	case s.ref.At != "":
	case s.ref.Digest != "" && s.ref.Tag != "":
		return safe.Sprintf(":%s then", s.ref.Tag)
	case s.ref.Digest != "":
		return safe.Sprintf("@%s", look.Short(s.ref.Digest))
	}
	return safe.Clean(s.ref.Short())
}

// line returns the line of the side: letter, name, digest, date and progress. The name
// differs from the other side. An error is shown only if errorBelow is false.
func (s side) line(letter safe.Text, role look.Role, f page.Frame, other model.Ref, errorBelow bool) look.Line {
	const afterName = 41 // cells of the letter, the digest and the date
	l := look.L(look.Gap(1), look.S(role, letter), look.Gap(1))
	name := s.name()
	place := placeBeside(s.ref, other)
	if s.ref.Registry != other.Registry && look.Width(place)+look.Width(name)+afterName > f.Width {
		place = safe.Sprintf("%s/%s", s.ref.Registry, f.Glyphs.Ellipsis)
	}
	name = safe.Concat(place, name)
	l = l.With(look.S(look.Strong, name), look.Gap(2))
	switch {
	case s.failed() && errorBelow:
		return l.With(look.S(look.Alert, safe.Const("not read")))
	case s.failed():
		return l.With(look.S(look.Alert, safe.Clean(model.ShortError(s.err))))
	case s.art == nil:
		return l.With(look.S(look.Faint, safe.Concat(s.progress(), f.Glyphs.Ellipsis)))
	}
	l = l.With(look.P(look.Short(s.art.Digest())), look.Gap(2), look.S(look.Faint, createdText(*s.art)))
	if p := s.progress(); !p.IsEmpty() {
		l = l.With(look.Gap(2), look.S(look.Faint, safe.Concat(p, f.Glyphs.Ellipsis)))
	}
	return l
}

// createdText returns the build date of the first image that has one. An artifact
// without images has its kind instead.
func createdText(a model.Artifact) safe.Text {
	switch {
	case a.Top.Kind == model.KindOther:
		return safe.Const("artifact")
	case len(a.Images()) == 0:
		return safe.Clean(string(a.Top.Kind))
	}
	return look.Time(a.Created())
}

// sideArrived handles a new state of one side.
func (p comparePage) sideArrived(msg sideMsg) (page.Page, page.Effects) {
	switch {
	case msg.load == p.a.load:
		p.a = p.a.received(msg)
	case msg.load == p.b.load && !p.alone:
		p.b = p.b.received(msg)
	default:
		return p, nil
	}
	p.a.err, p.b.err = diff.Identified(p.a.err, nil, p.b.art), diff.Identified(p.b.err, p.a.art, nil)
	p = p.recompare()
	return p, slices.Concat(p.visited(), p.requestContents())
}

// contentsMsg is the contents of small layers, by blob. It is valid for every load,
// because blobs are addressed by digest.
type contentsMsg struct {
	contents map[digest.Digest]model.Contents
}

// requestContents reads the small layers whose contents matter, once both sides are
// complete. Until they arrive the screen shows what the configs claim.
func (p comparePage) requestContents() page.Effects {
	if !p.complete() {
		return nil
	}
	return p.readLayers(diff.UnverifiedLayers(p.cmp))
}

func (p comparePage) readLayers(parts map[diff.Side][]model.LayerPart) page.Effects {
	var effects page.Effects
	for side, layers := range parts {
		repo := p.a.ref.Repo()
		if side == diff.SideB {
			repo = p.b.ref.Repo()
		}
		effects = append(effects, page.Once(p.ctx, func(ctx context.Context) tea.Msg {
			contents, _ := p.env.Registry.Contents(ctx, repo, layers)
			return contentsMsg{contents}
		})...)
	}
	return effects
}

// contentsArrived adds the contents of layers to both sides, and reads the starts of layers
// whose checksums turn out to disagree.
func (p comparePage) contentsArrived(msg contentsMsg) (page.Page, page.Effects) {
	if len(msg.contents) == 0 {
		return p, nil
	}
	for _, s := range p.sides() {
		if s.art != nil {
			art := s.art.WithContents(msg.contents)
			s.art = &art
		}
	}
	p = p.recompare()
	return p, p.readLayers(diff.DoubtfulLayers(p.cmp))
}

// headArrived records that a tag moved while it was read, or later. The content on the
// screen stays, because it was read by digest.
func (p comparePage) headArrived(msg headMsg, later bool) comparePage {
	for _, s := range p.sides() {
		if s.load != msg.load || s.art == nil {
			continue
		}
		if s.stale() {
			s.err = nil // the registry answers again
		}
		was := s.moved
		s.moved, s.gone = "", msg.now == ""
		if msg.now != s.art.Digest() {
			s.moved, s.movedAt, s.movedLater = msg.now, p.env.Now(), later && (was == "" || s.movedLater)
		}
	}
	return p.recompare()
}

// artifacts returns what has been read of the sides.
func (p comparePage) artifacts() []model.Artifact {
	var read []model.Artifact
	for _, s := range []side{p.a, p.b} {
		if s.art != nil {
			read = append(read, *s.art)
		}
	}
	return read
}

// DigestOwners returns what digests are of A and B, and what ids of the Schema1 tab are.
func (p comparePage) DigestOwners(x model.DigestPrefix) []model.Owner {
	var owners []model.Owner
	for _, a := range p.artifacts() {
		owners = append(owners, diff.Owners(x, a)...)
		owners = append(owners, diff.OwnersIn(x, a.Ref, schema1Parts(a))...)
	}
	return owners
}

// DigestsRead names the sides.
func (p comparePage) DigestsRead() (read, next safe.Text) {
	var names []safe.Text
	for _, a := range p.artifacts() {
		names = append(names, safe.Clean(a.Ref.Short()))
	}
	if len(names) == 0 {
		return read, next
	}
	return safe.Sprintf("the manifests, image IDs, layers, diff_ids and schema1 ids of %s", safe.Join(names, " and ")), next
}

var _ page.DigestFinder = comparePage{}

// bothSides yields what A and B have, in this order, without nil values.
func bothSides[T any](a, b *T) iter.Seq2[diff.Side, *T] {
	return func(yield func(diff.Side, *T) bool) {
		if a != nil && !yield(diff.SideA, a) {
			return
		}
		if b != nil {
			yield(diff.SideB, b)
		}
	}
}

// sideLetter returns A or B.
func sideLetter(s diff.Side) safe.Text { return safe.Clean(string(s)).Upper() }

func sideRole(s diff.Side) look.Role {
	if s == diff.SideB {
		return look.SideB
	}
	return look.SideA
}

// sidePrefix returns the letter and a blank for the name of a field, "" if there is
// only one image.
func (v view) sidePrefix(s diff.Side) string {
	if v.alone {
		return ""
	}
	return sideLetter(s).String() + " "
}
