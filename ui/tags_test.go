package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
)

// shelf is a registry that is nothing but tags and where they point.
type shelf struct {
	fake
	points   map[string]string // a tag, or a name of an index, and the name of what it leads to
	children map[string][]string
	made     map[string]time.Time
	lost     map[string]bool // what the registry has no longer
	asked    *int
}

func named(s string) digest.Digest { return digest.FromString(s) }

func newShelf(points map[string]string) shelf {
	s := shelf{points: points, asked: new(int), children: map[string][]string{}, made: map[string]time.Time{}}
	for tag := range points {
		s.tags = append(s.tags, tag)
	}
	return s
}

func (s shelf) Head(_ context.Context, ref model.Ref) (digest.Digest, error) {
	*s.asked++
	for name := range s.lost {
		if named(name) == ref.Digest {
			return "", &model.Trouble{Say: "there is no " + ref.String(), Missing: true}
		}
	}
	if ref.Digest != "" {
		return ref.Digest, nil
	}
	to, ok := s.points[ref.Tag]
	if !ok {
		return "", &model.Trouble{Say: "there is no " + ref.String(), Missing: true}
	}
	return named(to), nil
}

func (s shelf) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	for _, tag := range tags {
		d, err := s.Head(ctx, repo.WithTag(tag))
		found([]model.Tagged{{Tag: tag, Digest: d, Err: err}})
	}
	return nil
}

func (s shelf) list(d digest.Digest) []v1.Descriptor {
	var list []v1.Descriptor
	for index, members := range s.children {
		for _, m := range members {
			if named(index) == d {
				list = append(list, v1.Descriptor{Digest: named(m), MediaType: v1.MediaTypeImageManifest, Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}})
			}
		}
	}
	return list
}

func (s shelf) Children(_ context.Context, ref model.Ref) ([]v1.Descriptor, error) {
	return s.list(ref.Digest), nil
}

func (s shelf) Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error) {
	d, err := s.Head(ctx, ref)
	info := model.TagInfo{Ref: ref, Digest: d, Kind: model.KindImage, Children: s.list(d), Size: 1000}
	for name, at := range s.made {
		if named(name) == d {
			info.Created = &at
		}
	}
	return info, err
}

// memory is a journal in memory.
type memory map[string]model.Timeline

func (m memory) History(model.Ref) (map[string]model.Timeline, error) { return m, nil }

func (m memory) Timeline(ref model.Ref) (model.Timeline, error) { return m[ref.Tag], nil }

func lookAt(t *testing.T, r Registry, j Journal, width, height int) *driver {
	t.Helper()
	return drive(t, Options{Registry: r, Journal: j, Open: []model.Ref{{Registry: "localhost:5000", Repository: "app"}}}, width, height)
}

// order is the tags on the screen from top to bottom, with their signs.
func (d *driver) order() string {
	var tags []string
	lines := strings.Split(strings.TrimRight(d.screen(), "\n"), "\n")
	for _, line := range lines[1 : len(lines)-2] { // without the line about one tag
		f := strings.Fields(strings.TrimPrefix(line, "›"))
		switch {
		case len(f) > 2 && (f[0] == "=" || f[0] == "+"):
			tags = append(tags, f[0]+f[1])
		case len(f) == 2 && f[0] == "=":
			tags = append(tags, f[0]+f[1])
		case len(f) > 2 && len(f[1]) == 12 && strings.Trim(f[1], "0123456789abcdef") == "":
			tags = append(tags, f[0])
		}
	}
	return strings.Join(tags, " ")
}

func TestTagsOfOneImageTogether(t *testing.T) {
	s := newShelf(map[string]string{"2": "new", "2.7": "new", "2.7.16": "old", "2.7.17": "new", "latest": "new", "2.7-buster": "slim"})
	s.children = map[string][]string{"new": {"amd64"}, "slim": {"amd64"}}
	d := lookAt(t, s, nil, 100, 24)
	d.keys("d")
	if got, want := d.order(), "2.7-buster 2.7.16 2.7.17 =2.7 =2 =latest"; got != want {
		t.Errorf("%s\nwant %s\n%s", got, want, d.screen())
	}
	d.keys("end")
	d.sees("= 2, 2.7, 2.7.17", "linux/amd64 as in 2.7-buster")
	d.keys("d")
	if got, want := d.order(), "2 2.7 2.7-buster 2.7.16 2.7.17 latest"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestSurveyIsAnnounced: what asks a registry hundreds of times says so before.
func TestSurveyIsAnnounced(t *testing.T) {
	points := map[string]string{}
	for i := range 3500 {
		points[fmt.Sprintf("1.%d", i)] = fmt.Sprint(i % 30)
	}
	s := newShelf(points)
	d := lookAt(t, s, nil, 80, 24)
	d.keys("d")
	d.sees("about 3,4", " HEAD requests", "enter asks, esc does not")
	before := *s.asked
	d.keys("esc")
	if *s.asked > before+3 || *s.asked > 60 {
		t.Errorf("%d requests without consent", *s.asked)
	}
	d.keys("f")
	d.sees("nothing to remark on the ", "of 3,500 tags that are known")
	d.keys("d", "d")
	d.sees("about 3,")
	d.keys("d")
	d.doesNotSee("about 3,") // it was taken back
	d.keys("enter")
	d.sees("7 Schema1") // it is the key that opens again
	d.keys("esc", "d")
	d.sees("about 3,")
	d.keys("enter")
	if *s.asked < 3500 {
		t.Errorf("%d requests", *s.asked)
	}
	d.sees("tags of one image together", "= 1.", "1/3500")
	d.doesNotSee("known")
}

func TestOrders(t *testing.T) {
	s := newShelf(map[string]string{"1.9": "a", "1.10": "b", "1.2": "c", "edge": "d"})
	day := func(n int) time.Time { return time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC) }
	s.made = map[string]time.Time{"a": day(3), "b": day(1), "c": day(2)}
	d := lookAt(t, s, nil, 100, 24)
	for _, want := range []string{"1.10 1.9 1.2 edge", "1.9 1.2 1.10 edge", "1.2 1.9 1.10 edge", "1.2 1.9 1.10 edge"} {
		d.keys("s")
		if got := d.order(); got != want {
			t.Errorf("%s, want %s\n%s", got, want, d.screen())
		}
		if want == "1.9 1.2 1.10 edge" {
			d.sees("by created: 3 of 4 known")
		}
	}
}

// TestCountIsOfItsOrder: while the list is being put in one order, what was known
// for that says nothing of the next.
func TestCountIsOfItsOrder(t *testing.T) {
	p := fiftyThousand()
	p.know, p.look = newTagKnow(), t.Context()
	p.list.loading = true
	next, _ := p.nextOrder() // by version, for which all is known
	next, _ = next.(tagsPage).nextOrder()
	for _, l := range next.(tagsPage).above(frame{width: 80, height: 22, glyphs: look.Unicode()}) {
		if strings.Contains(l.Text().String(), " of 50,0") {
			t.Errorf("%s", l.Text())
		}
	}
}

func TestAttachedTagsAreFolded(t *testing.T) {
	signature := "sha256-" + named("x").Encoded() + ".sig"
	s := newShelf(map[string]string{"1.0": "x", signature: "sig"})
	d := lookAt(t, s, nil, 100, 24)
	d.sees("1/1", "attached: sig")
	d.doesNotSee("sha256-")
	d.keys(".", "end")
	d.sees("sig of 1.0")
	d.keys("d")
	d.sees("+ sig sha256-")
	if got := d.order(); got != "1.0 +sig" {
		t.Error(got)
	}
}

func TestMovedSinceLastSeen(t *testing.T) {
	s := newShelf(map[string]string{"prod": "new", "old": "same"})
	then := time.Date(2024, 10, 3, 9, 0, 0, 0, time.Local)
	past := memory{"prod": {{Digest: named("was"), First: then, Last: then}}, "old": {{Digest: named("same"), First: then, Last: then}}}
	d := lookAt(t, s, past, 100, 24)
	d.sees("↷prod", "  old")
	d.keys("down")
	d.sees("moved since 3 Oct 2024, was " + named("was").Encoded()[:12])
	d.keys("m")
	d.sees("A :prod then", "B :prod")
	d.keys("esc", "t")
	d.sees("app:prod: timeline", named("was").Encoded()[:12], "2024-10-03 09:00")
}

// TestMovesWhileLookedAt: what is seen to move says so, and keeps on the screen
// what was there.
func TestMovesWhileLookedAt(t *testing.T) {
	s := newShelf(map[string]string{"prod": "one"})
	d := lookAt(t, s, nil, 100, 24)
	d.keys("m")
	d.sees("nothing is remembered of :prod before this look")
	s.points["prod"] = "two"
	d.rechecks()
	d.sees(":prod moved just now", "m on it compares", "↷prod", named("two").Encoded()[:12])
	d.keys("m")
	d.sees("A :prod then", "B :prod")
}

// TestGoneWhileLookedAt: a tag that was deleted is not shown as if it were
// there, and comes back when it does.
func TestGoneWhileLookedAt(t *testing.T) {
	s := newShelf(map[string]string{"prod": "one", "stays": "two"})
	d := lookAt(t, s, nil, 100, 24)
	delete(s.points, "prod")
	d.rechecks()
	d.sees(":prod is gone", "there is no localhost:5000/app:prod")
	d.doesNotSee(short("one"))
	s.points["prod"] = "one"
	d.rechecks()
	d.sees(short("one"))
	d.doesNotSee("there is no")
}

// TestFindingsFollowMoves: what was found of the tags is found anew when one of
// them moves.
func TestFindingsFollowMoves(t *testing.T) {
	s := newShelf(map[string]string{"1.9.0": "old", "1.10.0": "new", "latest": "old"})
	d := lookAt(t, s, nil, 100, 24)
	d.keys("d")
	d.sees(":latest is :1.9.0")
	s.points["latest"] = "new"
	d.rechecks()
	d.doesNotSee(":latest is :1.9.0")
}

// TestScrollingPastAsksLittle: rows that go by while answers are awaited cost
// nothing.
func TestScrollingPastAsksLittle(t *testing.T) {
	p := fiftyThousand()
	p.know, p.look = newTagKnow(), t.Context()
	asked := 0
	for range 100 {
		next, effects := p.layout(frame{width: 80, height: 22, glyphs: look.Unicode()})
		p = next.(tagsPage)
		asked += len(effects)
		p.list, _ = p.list.update(tea.KeyPressMsg{Code: tea.KeyPgDown})
	}
	if asked == 0 || asked > peeksAtOnce {
		t.Errorf("%d requests for a hundred pages", asked)
	}
}
