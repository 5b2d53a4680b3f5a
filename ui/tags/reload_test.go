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

// shaky is a registry that fails in passing.
type shaky struct {
	fakereg.Repo
	tags, images *error // why tags and images cannot be read
}

func newShaky(points map[string]string) shaky {
	return shaky{fakereg.NewRepo(points), new(error), new(error)}
}

var errPassing = &model.ReadError{Message: "too busy", Next: "try again"}

func (s shaky) Head(ctx context.Context, ref model.Ref) (digest.Digest, error) {
	if *s.tags != nil {
		*s.Asked++
		return "", *s.tags
	}
	return s.Repo.Head(ctx, ref)
}

func (s shaky) Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error) {
	if d, err := s.Head(ctx, ref); err != nil || *s.images != nil {
		return model.TagInfo{Ref: ref, Digest: d}, errors.Join(err, *s.images)
	}
	return s.Repo.Peek(ctx, ref)
}

func (s shaky) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	for _, tag := range tags {
		d, err := s.Head(ctx, repo.WithTag(tag))
		found([]model.Tagged{{Tag: tag, Digest: d, Err: err}})
	}
	return nil
}

// TestAPassingFaultIsAskedAgain: a tag that could not be asked once is asked
// again with the others.
func TestAPassingFaultIsAskedAgain(t *testing.T) {
	s := newShaky(map[string]string{"prod": "two", "test": "two", "edge": "three"})
	*s.tags = errPassing
	d := lookAt(t, s, nil, 80, 24)
	d.Sees("too busy", "r read again")
	before := *s.Asked
	d.Keys("down", "up")
	if *s.Asked != before {
		t.Error("asked again before it is time")
	}
	*s.tags, *s.images = nil, errPassing
	rechecks(d)
	d.Sees(fakereg.Short("two"), fakereg.Short("three"))
	d.DoesNotSee("too busy")
	d.DoesNotSee("1.0 kB")
	*s.images = nil
	rechecks(d)
	d.Sees("image", "1.0 kB")
	before = *s.Asked
	rechecks(d)
	if n := *s.Asked - before; n != 3 {
		t.Errorf("%d requests about 3 tags that are known", n)
	}
}

// TestASurveyAsksAgain: about tags that could not be asked before.
func TestASurveyAsksAgain(t *testing.T) {
	s := newShaky(map[string]string{"prod": "two", "test": "two", "edge": "three"})
	*s.tags = errPassing
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("d")
	d.Sees("3 could not be read")
	*s.tags = nil
	d.Keys("d", "d")
	d.Sees("= test")
	d.DoesNotSee("could not be read")
}

// TestReadAnewStaysGrouped: r asks again what was asked before, not less.
func TestReadAnewStaysGrouped(t *testing.T) {
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
	f.err = errPassing
	d.Keys("r")
	d.Sees("too busy", "1 release behind")
}

// TestReadAnewTwice: who is in a hurry wants no less than who is not.
func TestReadAnewTwice(t *testing.T) {
	d := lookAt(t, fakereg.NewRepo(map[string]string{"latest": "old", "1.1.0": "old", "1.2.0": "new"}), nil, 80, 24)
	d.Keys("d")
	d.Hold("r")
	d.Keys("r") // before that has an answer
	d.Sees("1 release behind")
}

// TestReadAnewAnnounces: of a long list what it costs is said again.
func TestReadAnewAnnounces(t *testing.T) {
	s := fakereg.ManyTags(300)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("d", "enter", "esc") // lists are not read
	before := *s.Asked
	d.Keys("r")
	d.Sees("Grouping needs about 300 HEAD requests")
	if n := *s.Asked - before; n > 120 { // those that came into view while pages arrived
		t.Errorf("%d requests without consent", n)
	}
	d.Keys("esc", "d", "r") // not grouped: nobody wants to know by now
	d.DoesNotSee("needs about")
}

// TestNarrowTags: what there is no room for is left out, and nothing is cut to
// a letter.
func TestNarrowTags(t *testing.T) {
	for width, heading := range map[int]string{80: "tag digest kind platforms created size", 70: "tag digest kind created size", 60: "tag digest created size", 50: "tag digest created", 40: "tag digest"} {
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
