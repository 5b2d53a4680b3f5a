package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

func (d *driver) tags() tagsPage { return d.app.top().(tagsPage) }

// owns sends a message to the page on top, as one of its streams does.
func (d *driver) owns(msg any) {
	d.send(owned{page: d.app.stack[len(d.app.stack)-1].id, msg: msg})
}

// many is a registry of so many tags, each an image of its own.
func many(n int) shelf {
	points := map[string]string{}
	for i := range n {
		points[fmt.Sprintf("1.%d", i)] = fmt.Sprint(i)
	}
	return newShelf(points)
}

// TestNothingIsAskedUnannounced: a survey that gives way to the announcement of another must
// not go on as that when it ends.
func TestNothingIsAskedUnannounced(t *testing.T) {
	s := many(3500)
	d := lookAt(t, s, nil, 80, 24)
	d.keys("d")
	p := d.tags()
	p.survey, _ = p.survey.askTags(t.Context(), s, p.ref, []string{"1.1"})
	old := p.survey.load
	d.app = d.app.with(len(d.app.stack)-1, p) // under way
	d.keys("s", "s")                          // by created: announced
	d.sees("To order all")
	before := *s.asked
	d.owns(surveyEndMsg{old, context.Canceled})
	if *s.asked != before {
		t.Errorf("%d requests that nobody agreed to", *s.asked-before)
	}
}

// TestAFilterNarrowsASurvey: who has filtered wants to know about what is left, and
// has agreed to no more.
func TestAFilterNarrowsASurvey(t *testing.T) {
	s := many(3500)
	d := lookAt(t, s, nil, 80, 24)
	d.keys("/", "1", ".", "1", "2", "enter", "d")
	d.sees("To find tags of one image among these: about 92 HEAD requests") // of 111, but for those in view
	before := *s.asked
	d.keys("/", "tab", "enter") // fuzzy: hundreds pass now
	if n := *s.asked - before; n > 50 {
		t.Errorf("%d requests without consent", n)
	}
	d.keys("enter", "esc", "esc") // asked; lists are not read; no filter
	if n := *s.asked - before; n < 92 || n > 200 {
		t.Errorf("%d requests, 92 of them announced", n)
	}
	d.sees("1/3500")
	d.keys("f")
	d.sees("nothing to remark on the 1", "of 3,500 tags that are known")
}

// TestAListThatCannotBeReadAnewStays: r asks again, it does not forget.
func TestAListThatCannotBeReadAnewStays(t *testing.T) {
	s := newShelf(map[string]string{"prod": "two", "test": "two", "edge": "three"})
	down := errors.New("nobody listens")
	f := &failing{shelf: s}
	d := lookAt(t, f, nil, 80, 24)
	d.sees(short("two"), short("three"))
	f.err = down
	before := *s.asked
	d.keys("r")
	d.sees("nobody listens", "prod", "test", "edge", short("two"), short("three"))
	if *s.asked != before {
		t.Errorf("%d requests about what is known", *s.asked-before)
	}
	f.err = nil
	d.keys("r")
	d.sees("prod", short("two"))
	d.doesNotSee("nobody listens")
}

// failing is a registry whose list may fail.
type failing struct {
	shelf
	err error
}

func (f *failing) Tags(ctx context.Context, r model.Ref, page func([]string)) error {
	if f.err != nil {
		return f.err
	}
	return f.shelf.Tags(ctx, r, page)
}

// TestFindingsAreAskedFor: f needs no other key first.
func TestFindingsAreAskedFor(t *testing.T) {
	s := newShelf(map[string]string{"latest": "old", "1.1.0": "old", "1.2.0": "new"})
	d := lookAt(t, s, nil, 80, 24)
	d.keys("f")
	d.sees("1 release behind")
}

// TestAnswersFromBeforeAReload: they are about a listing that is gone.
func TestAnswersFromBeforeAReload(t *testing.T) {
	s := newShelf(map[string]string{"prod": "two"})
	d := lookAt(t, s, nil, 80, 24)
	d.keys("d")
	old := d.tags().survey.load
	d.keys("r")
	d.owns(resolvedMsg{old, []model.Tagged{{Tag: "prod", Digest: named("one")}}})
	d.doesNotSee("moved just now")
	d.sees(short("two"))
	d.doesNotSee(short("one"))
}

// holding is a registry that can keep its list back.
type holding struct {
	shelf
	hold *bool
}

func (h holding) Tags(ctx context.Context, r model.Ref, page func([]string)) error {
	if *h.hold {
		return nil
	}
	return h.shelf.Tags(ctx, r, page)
}

// TestNothingIsKnownAfterAReload: as many as before would be a lie.
func TestNothingIsKnownAfterAReload(t *testing.T) {
	h := holding{newShelf(map[string]string{"a": "x", "b": "y"}), new(bool)}
	d := lookAt(t, h, nil, 80, 24)
	d.keys("d")
	*h.hold = true
	m, _ := d.app.Update(tea.KeyPressMsg{Code: 'r', Text: "r"}) // nothing has arrived yet
	d.app = m.(App)
	d.doesNotSee("2 of 0 known")
}

// TestNothingToRemarkOnWhatIsKnown: nobody has looked at the others.
func TestNothingToRemarkOnWhatIsKnown(t *testing.T) {
	d := lookAt(t, many(3500), nil, 80, 24)
	d.keys("d", "esc", "f")
	d.doesNotSee("nothing to remark on these tags")
}

// moody is a registry that cannot always say what indexes list.
type moody struct {
	shelf
	fail *bool
}

func (m moody) Children(ctx context.Context, r model.Ref) ([]v1.Descriptor, error) {
	if *m.fail {
		return nil, errors.New("not now")
	}
	return m.shelf.Children(ctx, r)
}
func (m moody) Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error) {
	info, _ := m.shelf.Peek(ctx, ref)
	return model.TagInfo{Digest: info.Digest}, errors.New("not now")
}

// TestListsThatFailedAreAskedAgain: that an index could not be read does not mean that it
// lists nothing.
func TestListsThatFailedAreAskedAgain(t *testing.T) {
	s := newShelf(map[string]string{"1": "a", "2": "b"})
	s.children = map[string][]string{"a": {"x"}, "b": {"x"}}
	m := moody{s, new(bool)}
	*m.fail = true
	d := lookAt(t, m, nil, 100, 24)
	d.keys("d")
	*m.fail = false
	d.keys("d", "d")
	d.sees("as in 2")
}

// TestGoneAndBack: what is pushed again is there again.
func TestGoneAndBack(t *testing.T) {
	then := time.Date(2024, 10, 1, 9, 0, 0, 0, time.Local)
	s := newShelf(map[string]string{"prod": "b"})
	s.lost = map[string]bool{"a": true}
	past := memory{"prod": {{Digest: named("a"), First: then, Last: then}, {Digest: named("b"), First: then.Add(time.Hour), Last: then.Add(time.Hour)}}}
	d := lookAt(t, s, past, 100, 24)
	d.keys("t")
	d.sees("gone")
	delete(s.lost, "a")
	d.keys("r")
	d.doesNotSee("gone")
}

// TestRecheckWhileReloading: what has moved meanwhile and then arrives has not moved.
func TestRecheckWhileReloading(t *testing.T) {
	f := retag(t)
	d := open(t, f, 100, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.app.deps.recheck = 0
	f.images["testing"], f.images["prod"] = f.images["prod"], f.images["testing"]
	m, _ := d.app.Update(tea.KeyPressMsg{Code: 'r', Text: "r"})
	d.app = m.(App) // the answers are awaited
	p := d.app.top().(comparePage)
	d.owns(recheckMsg{p.watch.load})
	p = d.app.top().(comparePage)
	now := f.images["testing"]
	now.Ref = p.a.ref
	d.owns(arrivedMsg{load: p.a.load, art: now})
	d.doesNotSee("moved meanwhile: it is " + now.Digest().Encoded()[:12] + ", this is " + now.Digest().Encoded()[:12])
}

// TestAnOldPeekDoesNotMoveATag: where it points may have been asked later, and answered before.
func TestAnOldPeekDoesNotMoveATag(t *testing.T) {
	s := newShelf(map[string]string{"prod": "two"})
	d := lookAt(t, s, nil, 80, 24)
	p := d.tags()
	d.owns(peekedMsg{load: p.list.load, tag: "prod", info: model.TagInfo{Digest: named("one")}})
	d.sees(short("two"))
}

// TestAttachedTagsDoNotCount: else a list of which one tag has not been asked would pass for whole.
func TestAttachedTagsDoNotCount(t *testing.T) {
	k := newTagKnow()
	k.point(model.Tagged{Tag: "1", Digest: named("a")})
	k.point(model.Tagged{Tag: "sha256-" + named("a").Encoded() + ".sig", Digest: named("s")})
	set := k.set(model.Ref{}, names{all: []string{"1", "2"}})
	if len(set.Tags) >= set.Total {
		t.Error("2 has not been asked")
	}
}

// TestAnIndexHoldsAnImageOnce: an index may list an image for two platforms.
func TestAnIndexHoldsAnImageOnce(t *testing.T) {
	k := newTagKnow()
	c := v1.Descriptor{Digest: named("x"), MediaType: v1.MediaTypeImageManifest, Platform: &v1.Platform{OS: "linux", Architecture: "arm"}}
	k.sawList(named("i"), []v1.Descriptor{c, c})
	if !slices.Equal(k.holders[named("x")], []digest.Digest{named("i")}) {
		t.Error(k.holders)
	}
}

// TestFindingsAfterTheHistory: on a slow disk it comes after the answers.
func TestFindingsAfterTheHistory(t *testing.T) {
	s := newShelf(map[string]string{"1.0.0": "two"})
	d := lookAt(t, s, memory{}, 100, 24)
	d.keys("d")
	then := time.Now().Add(-time.Hour)
	d.owns(historyMsg{d.tags().list.load, map[string]model.Timeline{"1.0.0": {{Digest: named("one"), First: then, Last: then}}}})
	if len(d.tags().found) == 0 {
		t.Error("the move is no finding")
	}
}

// TestFindingsAfterAMove: what was found before it may be true no longer.
func TestFindingsAfterAMove(t *testing.T) {
	s := newShelf(map[string]string{"latest": "a", "1.0.0": "a", "1.0.1": "b"})
	d := lookAt(t, s, nil, 100, 24)
	d.app.deps.recheck = 0
	d.keys("d")
	d.sees(":latest is :1.0.0")
	s.points["latest"] = "b"
	d.owns(recheckMsg{d.tags().watch.load})
	d.doesNotSee(":latest is :1.0.0")
}

// TestAnnouncementIsWithdrawn: who no longer wants tags of one image together is not asked
// whether to look for them.
func TestAnnouncementIsWithdrawn(t *testing.T) {
	d := lookAt(t, many(3500), nil, 80, 24)
	d.keys("d", "d")
	d.doesNotSee("enter asks")
}

// TestNoNameVanishes: one that comes while an order is made is not in it.
func TestNoNameVanishes(t *testing.T) {
	d := lookAt(t, newShelf(map[string]string{"a": "x"}), nil, 80, 24)
	p := d.tags()
	p.order = byVersion
	p, _ = p.rearrange()
	next, _ := p.update(namesMsg{p.list.load, []string{"b"}})
	p = next.(tagsPage)
	next, _ = p.update(arrangedMsg{p.list.load, []string{"a"}, 0})
	p = next.(tagsPage)
	if !slices.Contains(p.list.shown, "b") {
		t.Error(p.list.shown)
	}
}

// TestListedInNobody: the tag of an index may have moved away.
func TestListedInNobody(t *testing.T) {
	k := newTagKnow()
	c := v1.Descriptor{Digest: named("x"), MediaType: v1.MediaTypeImageManifest}
	k.sawList(named("i"), []v1.Descriptor{c})
	p := tagsPage{know: k}
	for _, text := range p.sharing(named("x")) {
		t.Errorf("%q", text)
	}
}

// TestSurveyGoesOnWithTheList: a survey can be quicker than the list.
func TestSurveyGoesOnWithTheList(t *testing.T) {
	points := map[string]string{"1": "a", "2": "b", "3": "a"}
	s := newShelf(points)
	s.tags = []string{"1"}
	d := lookAt(t, s, nil, 100, 24)
	p := d.tags()
	p.list.loading = true
	d.app = d.app.with(len(d.app.stack)-1, p)
	d.keys("d")
	for tag, to := range many(60).points {
		points[tag] = to
	}
	d.owns(namesMsg{p.list.load, many(60).tags})
	d.owns(namesDoneMsg{p.list.load, nil})
	d.doesNotSee("known")
	if d.tags().know.tags["1.40"].Digest == "" {
		t.Error("1.40 is not asked")
	}
}

// indexed is a registry of so many releases, each an index of its own.
func indexed(n int) shelf {
	s := newShelf(map[string]string{"latest": "0"})
	for i := range n {
		tag := fmt.Sprintf("1.0.%d", i)
		s.points[tag] = fmt.Sprint(i)
		s.tags = append(s.tags, tag)
		s.children[fmt.Sprint(i)] = []string{"x"}
	}
	return s
}

// TestFindingsBeforeLists: what HEAD alone shows is said before anybody agrees
// to more requests, and is known to a comparison.
func TestFindingsBeforeLists(t *testing.T) {
	d := lookAt(t, indexed(200), nil, 100, 24)
	d.keys("d", "enter")
	d.sees("To compare what indexes list: about", ":latest is :1.0.0, 199 releases behind")
	if d.tags().set() == nil {
		t.Error("a comparison would know nothing of the tags")
	}
}

// TestCostOfImages: in numbers, where they are known.
func TestCostOfImages(t *testing.T) {
	d := lookAt(t, many(300), nil, 100, 24)
	d.keys("d", "enter", "s", "s")
	d.sees("up to 783 GET requests")
}
