package tags_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/tags"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// TestNothingIsAskedUnannounced: a survey that gives way to the announcement of
// another must not go on as that when it ends.
func TestNothingIsAskedUnannounced(t *testing.T) {
	s := fakereg.ManyTags(3500)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("d")
	d.Hold("enter") // under way
	d.Sees("tags resolved")
	old := tags.SurveyLoad(top(d))
	d.Keys("s", "s") // by created: announced
	d.Sees("Sorting needs")
	before := *s.Asked
	owns(d, tags.SurveyEnded(old, context.Canceled))
	if *s.Asked != before {
		t.Errorf("%d requests that nobody agreed to", *s.Asked-before)
	}
}

// TestAFilterNarrowsASurvey: who has filtered wants to know about what is left, and
// has agreed to no more.
func TestAFilterNarrowsASurvey(t *testing.T) {
	s := fakereg.ManyTags(3500)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("/", "1", ".", "1", "2", "enter", "d")
	d.Sees("Grouping the filtered tags needs about 92 HEAD requests") // of 111, but for those in view
	before := *s.Asked
	d.Keys("/", "tab", "enter") // fuzzy: hundreds pass now
	if n := *s.Asked - before; n > 50 {
		t.Errorf("%d requests without consent", n)
	}
	d.Keys("enter", "esc", "esc") // asked; lists are not read; no filter
	if n := *s.Asked - before; n < 92 || n > 200 {
		t.Errorf("%d requests, 92 of them announced", n)
	}
	d.Sees("1/3500")
	d.Keys("f")
	d.Sees("nothing to remark on the 1", "of 3,500 tags that are known")
}

// TestAListThatCannotBeReadAnewStays: r asks again, it does not forget.
func TestAListThatCannotBeReadAnewStays(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "two", "test": "two", "edge": "three"})
	down := errors.New("nobody listens")
	f := &failing{Repo: s}
	d := lookAt(t, f, nil, 80, 24)
	d.Sees(fakereg.Short("two"), fakereg.Short("three"))
	f.err = down
	before := *s.Asked
	d.Keys("r")
	d.Sees("nobody listens", "prod", "test", "edge", fakereg.Short("two"), fakereg.Short("three"))
	if *s.Asked != before {
		t.Errorf("%d requests about what is known", *s.Asked-before)
	}
	f.err = nil
	d.Keys("r")
	d.Sees("prod", fakereg.Short("two"))
	d.DoesNotSee("nobody listens")
}

// failing is a registry whose list may fail.
type failing struct {
	fakereg.Repo
	err error
}

func (f *failing) Tags(ctx context.Context, r model.Ref, page func([]string)) error {
	if f.err != nil {
		return f.err
	}
	return f.Repo.Tags(ctx, r, page)
}

// TestFindingsAreAskedFor: f needs no other key first.
func TestFindingsAreAskedFor(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"latest": "old", "1.1.0": "old", "1.2.0": "new"})
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("f")
	d.Sees("1 release behind")
}

// TestAnswersFromBeforeAReload: they are about a listing that is gone.
func TestAnswersFromBeforeAReload(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "two"})
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("d")
	old := tags.SurveyLoad(top(d))
	d.Keys("r")
	owns(d, tags.Resolved(old, []model.Tagged{{Tag: "prod", Digest: fakereg.Named("one")}}))
	d.DoesNotSee("moved just now")
	d.Sees(fakereg.Short("two"))
	d.DoesNotSee(fakereg.Short("one"))
}

// holding is a registry that can keep its list back.
type holding struct {
	fakereg.Repo
	hold *bool
}

func (h holding) Tags(ctx context.Context, r model.Ref, page func([]string)) error {
	if *h.hold {
		return nil
	}
	return h.Repo.Tags(ctx, r, page)
}

// TestNothingIsKnownAfterAReload: as many as before would be a lie.
func TestNothingIsKnownAfterAReload(t *testing.T) {
	h := holding{fakereg.NewRepo(map[string]string{"a": "x", "b": "y"}), new(bool)}
	d := lookAt(t, h, nil, 80, 24)
	d.Keys("d")
	*h.hold = true
	d.Hold("r") // nothing has arrived yet
	d.DoesNotSee("2 of 0 known")
}

// TestNothingToRemarkOnWhatIsKnown: nobody has looked at the others.
func TestNothingToRemarkOnWhatIsKnown(t *testing.T) {
	d := lookAt(t, fakereg.ManyTags(3500), nil, 80, 24)
	d.Keys("d", "esc", "f")
	d.DoesNotSee("nothing to remark on these tags")
}

// moody is a registry that cannot always say what indexes list.
type moody struct {
	fakereg.Repo
	fail *bool
}

func (m moody) Children(ctx context.Context, r model.Ref) ([]v1.Descriptor, error) {
	if *m.fail {
		return nil, errors.New("not now")
	}
	return m.Repo.Children(ctx, r)
}
func (m moody) Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error) {
	info, _ := m.Repo.Peek(ctx, ref)
	return model.TagInfo{Digest: info.Digest}, errors.New("not now")
}

// TestListsThatFailedAreAskedAgain: that an index could not be read does not
// mean that it lists nothing.
func TestListsThatFailedAreAskedAgain(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1": "a", "2": "b"})
	s.Members = map[string][]string{"a": {"x"}, "b": {"x"}}
	m := moody{s, new(bool)}
	*m.fail = true
	d := lookAt(t, m, nil, 100, 24)
	d.Keys("d")
	*m.fail = false
	d.Keys("d", "d")
	d.Sees("as in 2")
}

// TestGoneAndBack: what is pushed again is there again.
func TestGoneAndBack(t *testing.T) {
	then := time.Date(2024, 10, 1, 9, 0, 0, 0, time.Local)
	s := fakereg.NewRepo(map[string]string{"prod": "b"})
	s.Gone = map[string]bool{"a": true}
	past := fakereg.Journal{"prod": {{Digest: fakereg.Named("a"), First: then, Last: then}, {Digest: fakereg.Named("b"), First: then.Add(time.Hour), Last: then.Add(time.Hour)}}}
	d := lookAt(t, s, past, 100, 24)
	d.Keys("t")
	d.Sees("gone")
	delete(s.Gone, "a")
	d.Keys("r")
	d.DoesNotSee("gone")
}

// TestAnOldPeekDoesNotMoveATag: where it points may have been asked later, and
// answered before.
func TestAnOldPeekDoesNotMoveATag(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "two"})
	d := lookAt(t, s, nil, 80, 24)
	owns(d, tags.Peeked(top(d), "prod", model.TagInfo{Digest: fakereg.Named("one")}))
	d.Sees(fakereg.Short("two"))
}

// TestFindingsAfterTheHistory: on a slow disk it comes after the answers.
func TestFindingsAfterTheHistory(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1.0.0": "two"})
	d := lookAt(t, s, fakereg.Journal{}, 100, 24)
	d.Keys("d")
	then := time.Now().Add(-time.Hour)
	owns(d, tags.HistoryRead(top(d), map[string]model.Timeline{"1.0.0": {{Digest: fakereg.Named("one"), First: then, Last: then}}}))
	if len(tags.Findings(top(d))) == 0 {
		t.Error("the move is no finding")
	}
}

// TestFindingsAfterAMove: what was found before it may be true no longer.
func TestFindingsAfterAMove(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"latest": "a", "1.0.0": "a", "1.0.1": "b"})
	d := lookAt(t, s, nil, 100, 24)
	d.Keys("d")
	d.Sees(":latest is :1.0.0")
	s.Points["latest"] = "b"
	rechecks(d)
	d.DoesNotSee(":latest is :1.0.0")
}

// TestAnnouncementIsWithdrawn: who no longer wants tags of one image together
// is not asked whether to look for them.
func TestAnnouncementIsWithdrawn(t *testing.T) {
	d := lookAt(t, fakereg.ManyTags(3500), nil, 80, 24)
	d.Keys("d", "d")
	d.DoesNotSee("enter to go on")
}

// TestSurveyGoesOnWithTheList: a survey can be quicker than the list.
func TestSurveyGoesOnWithTheList(t *testing.T) {
	points := map[string]string{"1": "a", "2": "b", "3": "a"}
	s := fakereg.NewRepo(points)
	s.TagNames = []string{"1"}
	d := lookAt(t, s, nil, 100, 24)
	d.Hold("r") // the list is awaited
	owns(d, widget.NamesMsg{Load: tags.ListLoad(top(d)), Names: s.TagNames})
	d.Keys("d")
	for tag, to := range fakereg.ManyTags(60).Points {
		points[tag] = to
	}
	owns(d, widget.NamesMsg{Load: tags.ListLoad(top(d)), Names: fakereg.ManyTags(60).TagNames})
	owns(d, widget.NamesDoneMsg{Load: tags.ListLoad(top(d))})
	d.DoesNotSee("known")
	if !tags.Knows(top(d), "1.40") {
		t.Error("1.40 is not asked")
	}
}

// TestSurveyIsAnnounced_listGrows checks that tags which are listed after a small
// survey began are not resolved without consent when there are many of them.
func TestSurveyIsAnnounced_listGrows(t *testing.T) {
	s := fakereg.ManyTags(300)
	late := s.TagNames[10:]
	s.TagNames = s.TagNames[:10]
	d := lookAt(t, s, nil, 100, 24)
	d.Hold("r")
	owns(d, widget.NamesMsg{Load: tags.ListLoad(top(d)), Names: s.TagNames})
	d.Keys("d")
	before := *s.Asked
	owns(d, widget.NamesMsg{Load: tags.ListLoad(top(d)), Names: late})
	owns(d, widget.NamesDoneMsg{Load: tags.ListLoad(top(d))})
	d.Sees("Grouping needs about 2")
	if n := *s.Asked - before; n > 60 {
		t.Errorf("%d requests without consent", n)
	}
	d.Keys("enter")
	d.DoesNotSee("known")
}

// indexed is a registry of so many releases, each an index of its own.
func indexed(n int) fakereg.Repo {
	s := fakereg.NewRepo(map[string]string{"latest": "0"})
	for i := range n {
		tag := fmt.Sprintf("1.0.%d", i)
		s.Points[tag] = fmt.Sprint(i)
		s.TagNames = append(s.TagNames, tag)
		s.Members[fmt.Sprint(i)] = []string{"x"}
	}
	return s
}

// TestFindingsBeforeLists: what HEAD alone shows is said before anybody agrees
// to more requests, and is known to a comparison.
func TestFindingsBeforeLists(t *testing.T) {
	d := lookAt(t, indexed(200), nil, 100, 24)
	d.Keys("d", "enter")
	d.Sees("Reading what indexes list needs about", ":latest is :1.0.0, 199 releases behind")
	if tags.Set(top(d)) == nil {
		t.Error("a comparison would know nothing of the tags")
	}
}

// TestCostOfImages: in numbers, where they are known.
func TestCostOfImages(t *testing.T) {
	d := lookAt(t, fakereg.ManyTags(300), nil, 100, 24)
	d.Keys("d", "enter", "s", "s")
	d.Sees("up to 783 GET requests")
}
