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

// TestSurvey_canceledByOffer checks that the end of a survey does not start the one
// that is announced in the meantime.
func TestSurvey_canceledByOffer(t *testing.T) {
	s := fakereg.ManyTags(3500)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("d")
	d.Hold("enter") // under way
	d.Sees("tags resolved")
	old := tags.SurveyLoad(top(d))
	d.Keys("s", "s") // by created: announced
	d.Sees("Sorting needs")
	before := s.Asked.Load()
	owns(d, tags.SurveyEnded(old, context.Canceled))
	if s.Asked.Load() != before {
		t.Errorf("%d requests without consent", s.Asked.Load()-before)
	}
}

// TestSurvey_filter checks that a survey is limited to the tags that passed the
// filter when it was announced, whatever the filter is later.
func TestSurvey_filter(t *testing.T) {
	s := fakereg.ManyTags(3500)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("/", "1", ".", "1", "2", "enter", "d")
	d.Sees("Grouping the filtered tags needs about 92 HEAD requests") // 111 pass; those in view are resolved
	before := s.Asked.Load()
	d.Keys("/", "tab", "enter") // fuzzy: hundreds pass now
	if n := s.Asked.Load() - before; n > 50 {
		t.Errorf("%d requests without consent", n)
	}
	d.Keys("enter", "esc", "esc") // accept; decline to read indexes; clear the filter
	if n := s.Asked.Load() - before; n < 92 || n > 200 {
		t.Errorf("%d requests, 92 of them announced", n)
	}
	d.Sees("13/3500", "›  1.12 ") // the place stays
	d.Keys("f")
	d.Sees("no findings on the 1", "of 3,500 tags resolved so far")
}

// TestReload_listFails checks that the previous list stays when key r fails to read
// it again.
func TestReload_listFails(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "two", "test": "two", "edge": "three"})
	down := errors.New("connection refused")
	f := &failing{Repo: s}
	d := lookAt(t, f, nil, 80, 24)
	d.Sees(fakereg.Short("two"), fakereg.Short("three"))
	f.err = down
	before := s.Asked.Load()
	d.Keys("r")
	d.Sees("connection refused", "prod", "test", "edge", fakereg.Short("two"), fakereg.Short("three"))
	if s.Asked.Load() != before {
		t.Errorf("%d requests for known tags", s.Asked.Load()-before)
	}
	f.err = nil
	d.Keys("r")
	d.Sees("prod", fakereg.Short("two"))
	d.DoesNotSee("connection refused")
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

// TestFindings_startSurvey checks that key f resolves the tags first.
func TestFindings_startSurvey(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"latest": "old", "1.1.0": "old", "1.2.0": "new"})
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("f")
	d.Sees("1 release behind")
}

// TestSurvey_answerOfPreviousListing checks that such answers are dropped.
func TestSurvey_answerOfPreviousListing(t *testing.T) {
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

// holding is a registry that can hold back its list of tags.
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

// TestOrderLine_reload checks that the count of known tags starts again.
func TestOrderLine_reload(t *testing.T) {
	h := holding{fakereg.NewRepo(map[string]string{"a": "x", "b": "y"}), new(bool)}
	d := lookAt(t, h, nil, 80, 24)
	d.Keys("d")
	*h.hold = true
	d.Hold("r") // nothing has arrived yet
	d.DoesNotSee("2 of 0 known")
}

// TestFindings_unresolvedTags checks that "no findings" is limited to resolved tags.
func TestFindings_unresolvedTags(t *testing.T) {
	d := lookAt(t, fakereg.ManyTags(3500), nil, 80, 24)
	d.Keys("d", "esc", "f")
	d.DoesNotSee("no findings on these tags")
}

// brokenImages is a registry that may fail to read images and indexes.
type brokenImages struct {
	fakereg.Repo
	fail *bool
}

func (m brokenImages) Children(ctx context.Context, r model.Ref) ([]v1.Descriptor, error) {
	if *m.fail {
		return nil, errors.New("not now")
	}
	return m.Repo.Children(ctx, r)
}
func (m brokenImages) Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error) {
	info, _ := m.Repo.Peek(ctx, ref)
	return model.TagInfo{Digest: info.Digest}, errors.New("not now")
}

// TestSurvey_indexFails checks that an index that could not be read is not taken for
// an empty one, and that the next survey reads it.
func TestSurvey_indexFails(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1": "a", "2": "b"})
	s.Members = map[string][]string{"a": {"x"}, "b": {"x"}}
	m := brokenImages{s, new(bool)}
	*m.fail = true
	d := lookAt(t, m, nil, 100, 24)
	d.Keys("d")
	*m.fail = false
	d.Keys("d", "d")
	d.Sees("shares ", " with 2")
}

// TestTimeline_pushedAgain checks that a digest that is pushed again is not "gone".
func TestTimeline_pushedAgain(t *testing.T) {
	then := time.Date(2024, 10, 1, 9, 0, 0, 0, time.UTC)
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

// TestPeek_outdated checks that the answer of a peek does not replace a target that
// is known already.
func TestPeek_outdated(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "two"})
	d := lookAt(t, s, nil, 80, 24)
	owns(d, tags.Peeked(top(d), "prod", model.TagInfo{Digest: fakereg.Named("one")}))
	d.Sees(fakereg.Short("two"))
}

// TestFindings_lateHistory checks that sightings which are read after the survey lead
// to findings.
func TestFindings_lateHistory(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1.0.0": "two"})
	d := lookAt(t, s, fakereg.Journal{}, 100, 24)
	d.Keys("d")
	then := time.Now().Add(-time.Hour)
	owns(d, tags.HistoryRead(top(d), map[string]model.Timeline{"1.0.0": {{Digest: fakereg.Named("one"), First: then, Last: then}}}))
	if len(tags.Findings(top(d))) == 0 {
		t.Error("no finding about the move")
	}
}

// TestFindings_afterMove checks that findings which a move makes false are removed.
func TestFindings_afterMove(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"latest": "a", "1.0.0": "a", "1.0.1": "b"})
	d := lookAt(t, s, nil, 100, 24)
	d.Keys("d")
	d.Sees(":latest is :1.0.0")
	s.Points["latest"] = "b"
	rechecks(d)
	d.DoesNotSee(":latest is :1.0.0")
}

// TestSurvey_withdrawn checks that the offer goes away when the groups are off.
func TestSurvey_withdrawn(t *testing.T) {
	d := lookAt(t, fakereg.ManyTags(3500), nil, 80, 24)
	d.Keys("d", "d")
	d.DoesNotSee("enter to go on")
}

// TestSurvey_fasterThanList checks that a survey continues with tags that are listed
// after it resolved all others.
func TestSurvey_fasterThanList(t *testing.T) {
	points := map[string]string{"1": "a", "2": "b", "3": "a"}
	s := fakereg.NewRepo(points)
	s.TagNames = []string{"1"}
	d := lookAt(t, s, nil, 100, 24)
	d.Hold("r") // the list is loading
	owns(d, widget.NamesMsg{Load: tags.ListLoad(top(d)), Names: s.TagNames})
	d.Keys("d")
	for tag, to := range fakereg.ManyTags(60).Points {
		points[tag] = to
	}
	owns(d, widget.NamesMsg{Load: tags.ListLoad(top(d)), Names: fakereg.ManyTags(60).TagNames})
	owns(d, widget.NamesDoneMsg{Load: tags.ListLoad(top(d))})
	d.DoesNotSee("known")
	if !tags.Knows(top(d), "1.40") {
		t.Error("1.40 is not resolved")
	}
}

// TestSurvey_listGrows checks that tags which are listed after a small
// survey began are not resolved without consent when there are many of them.
func TestSurvey_listGrows(t *testing.T) {
	s := fakereg.ManyTags(300)
	late := s.TagNames[10:]
	s.TagNames = s.TagNames[:10]
	d := lookAt(t, s, nil, 100, 24)
	d.Hold("r")
	owns(d, widget.NamesMsg{Load: tags.ListLoad(top(d)), Names: s.TagNames})
	d.Keys("d")
	before := s.Asked.Load()
	owns(d, widget.NamesMsg{Load: tags.ListLoad(top(d)), Names: late})
	owns(d, widget.NamesDoneMsg{Load: tags.ListLoad(top(d))})
	d.Sees("Grouping needs about 2")
	if n := s.Asked.Load() - before; n > 60 {
		t.Errorf("%d requests without consent", n)
	}
	d.Keys("enter")
	d.DoesNotSee("known")
}

// indexed returns a registry with n releases, each a different index.
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

// TestFindings_beforeIndexes checks that findings which need HEAD requests only are
// shown before consent to GET requests, and that a comparison gets the tags.
func TestFindings_beforeIndexes(t *testing.T) {
	d := lookAt(t, indexed(200), nil, 100, 24)
	d.Keys("d", "enter")
	d.Sees("Reading what indexes list needs about", ":latest is :1.0.0, 199 releases behind")
	if tags.Set(top(d)) == nil {
		t.Error("a comparison would not get the tags")
	}
}

// TestSurvey_costOfImages checks that the cost counts images that are known.
func TestSurvey_costOfImages(t *testing.T) {
	d := lookAt(t, fakereg.ManyTags(300), nil, 100, 24)
	d.Keys("d", "enter", "s", "s")
	d.Sees("up to 783 GET requests")
}
