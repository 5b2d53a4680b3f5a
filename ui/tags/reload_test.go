package tags_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// unstable is a registry with temporary errors.
type unstable struct {
	fakereg.Repo
	tags, images *error // why tags and images cannot be read
}

func newUnstable(points map[string]string) unstable {
	return unstable{fakereg.NewRepo(points), new(error), new(error)}
}

var errTemporary = &model.ReadError{Message: "too busy", Next: "try again"}

func (s unstable) Head(ctx context.Context, ref model.Ref) (digest.Digest, error) {
	if *s.tags != nil {
		s.Asked.Add(1)
		return "", *s.tags
	}
	return s.Repo.Head(ctx, ref)
}

func (s unstable) Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error) {
	if d, err := s.Head(ctx, ref); err != nil || *s.images != nil {
		return model.TagInfo{Ref: ref, Digest: d}, errors.Join(err, *s.images)
	}
	return s.Repo.Peek(ctx, ref)
}

func (s unstable) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	for _, tag := range tags {
		d, err := s.Head(ctx, repo.WithTag(tag))
		found([]model.Tagged{{Tag: tag, Digest: d, Err: err}})
	}
	return nil
}

// TestRecheck_temporaryError checks that a failed request is repeated when the poll
// is due, not before.
func TestRecheck_temporaryError(t *testing.T) {
	s := newUnstable(map[string]string{"prod": "two", "test": "two", "edge": "three"})
	*s.tags = errTemporary
	d := lookAt(t, s, nil, 80, 24)
	d.Sees("too busy", "r read again")
	before := s.Asked.Load()
	d.Keys("down", "up")
	if s.Asked.Load() != before {
		t.Error("requests before the poll is due")
	}
	*s.tags, *s.images = nil, errTemporary
	rechecks(d)
	d.Sees(fakereg.Short("two"), fakereg.Short("three"))
	d.DoesNotSee("too busy")
	d.DoesNotSee("1.0 kB")
	*s.images = nil
	rechecks(d)
	d.Sees("image", "1.0 kB")
	before = s.Asked.Load()
	rechecks(d)
	if n := s.Asked.Load() - before; n != 3 {
		t.Errorf("%d requests for 3 known tags", n)
	}
}

// TestSurvey_temporaryError checks that a survey repeats failed requests.
func TestSurvey_temporaryError(t *testing.T) {
	s := newUnstable(map[string]string{"prod": "two", "test": "two", "edge": "three"})
	*s.tags = errTemporary
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("d")
	d.Sees("3 could not be read")
	*s.tags = nil
	d.Keys("d", "d")
	d.Sees("= test")
	d.DoesNotSee("could not be read")
}

// TestReload_repeatsSurvey checks that key r repeats the survey, and that a list that
// cannot be read again keeps its findings.
func TestReload_repeatsSurvey(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"latest": "old", "1.1.0": "old", "1.2.0": "new"})
	for i := range 40 {
		name := fmt.Sprintf("2020-%d", i)
		s.Points[name], s.TagNames = name, append(s.TagNames, name)
	}
	for _, keys := range [][]string{{"d"}, {"f", "esc"}} {
		d := lookAt(t, s, nil, 80, 24)
		d.Keys(keys...)
		d.Sees("1 release behind")
		d.Keys("r")
		d.Sees("1 release behind")
		d.DoesNotSee("known")
	}
	f := &failing{Repo: s}
	d := lookAt(t, f, nil, 80, 24)
	d.Keys("d")
	f.err = errTemporary
	d.Keys("r")
	d.Sees("too busy", "1 release behind")
}

// TestReload_twice checks that key r repeats the survey when it is pressed again
// before the list arrived.
func TestReload_twice(t *testing.T) {
	d := lookAt(t, fakereg.NewRepo(map[string]string{"latest": "old", "1.1.0": "old", "1.2.0": "new"}), nil, 80, 24)
	d.Keys("d")
	d.Hold("r")
	d.Keys("r") // before the list arrived
	d.Sees("1 release behind")
}

// TestReload_announcesSurvey checks that the survey of a long list is announced again
// when the screen needs it, and else not repeated.
func TestReload_announcesSurvey(t *testing.T) {
	s := fakereg.ManyTags(300)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("d", "enter", "esc") // declines to read indexes
	before := s.Asked.Load()
	d.Keys("r")
	d.Sees("Grouping needs about 300 HEAD requests")
	if n := s.Asked.Load() - before; n > 120 { // those that came into view while pages arrived
		t.Errorf("%d requests without consent", n)
	}
	d.Keys("esc", "d", "r") // not grouped: the screen needs no survey
	d.DoesNotSee("needs about")
}

// TestColumns_narrow checks that narrow frames drop columns and do not cut cells.
func TestColumns_narrow(t *testing.T) {
	for width, heading := range map[int]string{80: "tag digest kind platforms created UTC size", 70: "tag digest kind created UTC size", 60: "tag digest created UTC size", 50: "tag digest created UTC", 40: "tag digest"} {
		d := lookAt(t, fakereg.NewRepo(map[string]string{"prod": "two"}), nil, width, 24)
		lines := strings.Split(d.Screen(), "\n")
		if got := strings.Join(strings.Fields(lines[1]), " "); got != heading {
			t.Errorf("%d cells: %q", width, got)
		}
		if strings.Contains(lines[2], "…") {
			t.Errorf("%d cells: %q is cut", width, lines[2])
		}
	}
}
