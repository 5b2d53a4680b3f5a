package compare

import (
	"cmp"
	"context"
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// unannounced is how many requests the check sends without asking first.
const unannounced = 16

// checkStage is the state of the check whether the registry has every config and layer of
// the images on the page.
type checkStage int

const (
	checkOff checkStage = iota
	checkOffered
	checkRunning
)

// blobCheck is one check. Its answers are kept when it is cancelled.
type blobCheck struct {
	stage                checkStage
	id                   page.LoadID // of the running check
	cancel               context.CancelFunc
	asks                 []repoBlobs
	total, done, unknown int
	answers              []blobAnswer
	err                  error // why the state of the first unknown blob is not known
}

type repoBlob struct {
	repo   model.Ref
	digest digest.Digest
}

type blobAnswer struct {
	repo model.Ref
	model.BlobState
}

// repoBlobs are the blobs to ask one repository for.
type repoBlobs struct {
	repo  model.Ref
	blobs []v1.Descriptor
}

// blobStateMsg is an answer of the check, blobsCheckedMsg its end.
type (
	blobStateMsg struct {
		id    page.LoadID
		repo  model.Ref
		state model.BlobState
	}
	blobsCheckedMsg struct{ id page.LoadID }
)

// blobsOf lists the blobs of the images that were read, each once for a repository.
func blobsOf(sides ...side) []repoBlobs {
	var asks []repoBlobs
	seen := map[repoBlob]bool{}
	for _, s := range sides {
		if s.art == nil {
			continue
		}
		repo := s.ref.Repo()
		i := slices.IndexFunc(asks, func(a repoBlobs) bool { return a.repo == repo })
		if i < 0 {
			i = len(asks)
			asks = append(asks, repoBlobs{repo: repo})
		}
		for _, e := range s.art.Images() {
			if e.Image == nil {
				continue
			}
			for _, d := range e.Image.Blobs() {
				if blob := (repoBlob{repo, d.Digest}); !seen[blob] {
					seen[blob] = true
					asks[i].blobs = append(asks[i].blobs, d)
				}
			}
		}
	}
	return slices.DeleteFunc(asks, func(a repoBlobs) bool { return len(a.blobs) == 0 })
}

// pressCheckKey handles V, and the keys that answer an announced or running check.
func (p comparePage) pressCheckKey(msg tea.KeyPressMsg) (_ comparePage, effects page.Effects, taken bool) {
	switch {
	case p.check.stage == checkOffered && key.Matches(msg, page.Keys.Open):
		p, effects = p.startCheck()
	case p.check.stage == checkOffered && key.Matches(msg, page.Keys.Back):
		p.check = blobCheck{id: p.check.id}
	case p.check.stage == checkRunning && key.Matches(msg, page.Keys.Back):
		p, effects = p.endCheck()
	case key.Matches(msg, page.Keys.Verify):
		p, effects = p.offerCheck()
	default:
		return p, nil, false
	}
	return p, effects, true
}

// offerCheck announces the cost of a check, or starts it if it costs little.
func (p comparePage) offerCheck() (comparePage, page.Effects) {
	if p.check.stage == checkRunning {
		return p, nil
	}
	if failed := p.failedSides(); !failed.IsEmpty() {
		return p, page.Toast(safe.Sprintf("%s could not be read: press r, then V", failed))
	}
	if !p.complete() {
		return p, page.Toast(safe.Const("not everything has been read; try again when it has"))
	}
	asks := blobsOf(p.a, p.b)
	total := 0
	for _, a := range asks {
		total += len(a.blobs)
	}
	if total == 0 {
		return p, page.Toast(p.uncheckedText())
	}
	p.check = blobCheck{stage: checkOffered, id: p.check.id, asks: asks, total: total}
	if total <= unannounced {
		return p.startCheck()
	}
	return p, nil
}

// failedSides names the sides that could not be read, empty for none.
func (p comparePage) failedSides() safe.Text {
	switch {
	case p.alone && p.a.failed():
		return safe.Const("the image")
	case !p.alone && p.a.failed() && p.b.failed():
		return safe.Const("A and B")
	case p.a.failed():
		return safe.Const("A")
	case !p.alone && p.b.failed():
		return safe.Const("B")
	}
	return safe.Text{}
}

// uncheckedText says why there are no layers to check.
func (p comparePage) uncheckedText() safe.Text {
	for _, s := range p.sides() {
		if s.art == nil {
			continue
		}
		for _, e := range s.art.Images() {
			if e.Err != nil {
				return safe.Sprintf("the layers cannot be checked: %s", model.ShortError(e.Err))
			}
		}
	}
	return safe.Const("there is no image whose layers could be checked")
}

func (p comparePage) startCheck() (comparePage, page.Effects) {
	ctx, cancel := context.WithCancel(p.ctx)
	c := &p.check
	c.stage, c.cancel = checkRunning, cancel
	c.id++
	id, asks, reg := c.id, c.asks, p.env.Registry
	return p, page.Stream(ctx, func(ctx context.Context, report func(tea.Msg)) {
		for _, a := range asks {
			err := reg.CheckBlobs(ctx, a.repo, a.blobs, func(s model.BlobState) { report(blobStateMsg{id, a.repo, s}) })
			if err != nil {
				return // cancelled: the page has ended the check
			}
		}
		report(blobsCheckedMsg{id})
	})
}

// blobAnswered counts an answer.
func (p comparePage) blobAnswered(msg blobStateMsg) comparePage {
	c := &p.check
	if c.stage != checkRunning || msg.id != c.id {
		return p
	}
	c.done++
	switch {
	case msg.state.Err != nil:
		c.unknown++
		c.err = cmp.Or(c.err, msg.state.Err)
	default:
		c.answers = append(slices.Clip(c.answers), blobAnswer{msg.repo, msg.state}) // the page before this one keeps its own
	}
	return p
}

// checkEnded handles the end of a check, unless that is of an earlier one.
func (p comparePage) checkEnded(msg blobsCheckedMsg) (page.Page, page.Effects) {
	if p.check.stage != checkRunning || msg.id != p.check.id {
		return p, nil
	}
	return p.endCheck()
}

// endCheck puts the answers that came into the comparison and reports them.
func (p comparePage) endCheck() (comparePage, page.Effects) {
	result := p.check.result()
	for _, s := range p.sides() {
		if s.art == nil {
			continue
		}
		states := map[digest.Digest]model.BlobState{}
		for _, a := range p.check.answers {
			if a.repo == s.ref.Repo() {
				states[a.Digest] = a.BlobState
			}
		}
		art := s.art.WithBlobStates(states)
		s.art = &art
	}
	p.check.cancel()
	p.check = blobCheck{id: p.check.id}
	return p.recompare(), page.Toast(p.withClaims(result))
}

// withClaims adds to the result of a check what is known of the contents of the layers: those that were read and are
// not what their config claims, else how many were not read.
func (p comparePage) withClaims(result safe.Text) safe.Text {
	seen, unread := map[digest.Digest]bool{}, map[digest.Digest]bool{}
	var wrong []safe.Text
	for side, s := range bothSides(&p.a, &p.b) {
		if s.art == nil {
			continue
		}
		for _, e := range s.art.Images() {
			if e.Image == nil {
				continue
			}
			for _, step := range e.Image.Steps {
				switch d := step.Layer.Digest; {
				case step.ClaimedDiffID != "", step.Broken != "":
					if !seen[d] {
						wrong = append(wrong, p.stepOfText(side, s, e, step))
					}
					seen[d] = true
				case step.HasLayer && !step.Checked && !step.Missing:
					unread[d] = true
				}
			}
		}
	}
	switch n := len(wrong); {
	case n == 1:
		return safe.Sprintf("%s is not what the config claims; %s", wrong[0], result)
	case n == 2:
		return safe.Sprintf("%s and %s are not what the configs claim; %s", wrong[0], wrong[1], result)
	case n > 2:
		return safe.Sprintf("%d layers are not what the configs claim, the first is %s; %s", n, wrong[0], result)
	case len(unread) > 0:
		return safe.Sprintf("%s; %s not read", result, look.Count(len(unread), safe.Const("layer is"), safe.Const("layers are")))
	}
	return result
}

// stepOfText names a step of an image of one side: "step 4 of B on linux/arm64". The platform is left out of
// the only image of a side.
func (p comparePage) stepOfText(letter diff.Side, s *side, e model.Entry, step model.Step) safe.Text {
	text := safe.Sprintf("step %d", step.Index+1)
	if !p.alone {
		text = safe.Sprintf("%s of %s", text, sideLetter(letter))
	}
	if len(s.art.Images()) > 1 {
		text = safe.Sprintf("%s on %s", text, safe.Clean(model.PlatformName(e.Platform())))
	}
	return text
}

// dropCheck ends a check whose images are no longer on the page.
func (p comparePage) dropCheck() comparePage {
	if p.check.cancel != nil {
		p.check.cancel()
	}
	p.check = blobCheck{id: p.check.id + 1}
	return p
}

// result says what the check found.
func (c blobCheck) result() safe.Text {
	missing, odd := 0, 0
	for _, a := range c.answers {
		switch {
		case a.Missing:
			missing++
		case a.IsOdd():
			odd++
		}
	}
	blobs := func(n int) safe.Text {
		return look.Count(n, safe.Const("blob"), safe.Const("blobs"))
	}
	known := c.done - c.unknown
	var text safe.Text
	switch {
	case missing == 1:
		text = safe.Sprintf("1 of %s is missing in the registry", blobs(known))
	case missing > 1:
		text = safe.Sprintf("%s of %s are missing in the registry", look.Number(missing), blobs(known))
	case known == 0:
		text = safe.Const("nothing is known")
	default:
		text = safe.Sprintf("nothing is missing (%s)", blobs(known))
	}
	if odd > 0 {
		text = safe.Sprintf("%s; %s as the manifest states", text, look.Count(odd, safe.Const("is not"), safe.Const("are not")))
	}
	if c.unknown > 0 {
		text = safe.Sprintf("%s; %s not known: %s", text, look.Count(c.unknown, safe.Const("is"), safe.Const("are")), model.ShortError(c.err))
	}
	if c.done < c.total {
		text = safe.Sprintf("%s; %s not checked", text, look.Number(c.total-c.done))
	}
	return text
}

// checkLine is the announcement or the progress of the check, empty without one.
func (p comparePage) checkLine(f page.Frame) look.Line {
	c := p.check
	switch c.stage {
	case checkOffered:
		return widget.OfferLine(f.Width, safe.Sprintf("Checking all layers needs %s",
			look.Count(c.total, safe.Const("request"), safe.Const("requests"))))
	case checkRunning:
		return look.L(look.Gap(1), look.P(safe.Sprintf("%s of %s checked", look.Number(c.done),
			look.Count(c.total, safe.Const("config and layer"), safe.Const("configs and layers")))), look.S(look.Faint, safe.Const("  esc to stop")))
	}
	return look.Line{}
}
