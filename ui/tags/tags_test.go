package tags_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/uitest/driver"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// lookAt opens the tags of the repository app.
func lookAt(t *testing.T, r page.Registry, j page.Journal, width, height int) *driver.Driver {
	t.Helper()
	return drive(t, ui.Options{Registry: r, Journal: j, Open: []model.Ref{{Registry: "localhost:5000", Repository: "app"}}}, width, height)
}

// listed returns the tags on the screen from top to bottom, with the prefix of rows
// in a group.
func listed(d *driver.Driver) string {
	var tags []string
	lines := strings.Split(strings.TrimRight(d.Screen(), "\n"), "\n")
	for _, line := range lines[1 : len(lines)-2] { // without the line about one tag
		f := strings.Fields(strings.TrimPrefix(line, "›"))
		if len(f) > 2 && f[1] == "≈" { // before the digest
			f = slices.Delete(f, 1, 2)
		}
		switch {
		case len(f) > 2 && (f[0] == "=" || f[0] == "+" || f[0] == "≈"):
			tags = append(tags, f[0]+f[1])
		case len(f) == 2 && f[0] == "=":
			tags = append(tags, f[0]+f[1])
		case len(f) > 2 && len(f[1]) == 12 && strings.Trim(f[1], "0123456789abcdef") == "":
			tags = append(tags, f[0])
		}
	}
	return strings.Join(tags, " ")
}

// TestGroup checks the order of grouped tags, and the line about shared images.
func TestGroup(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"2": "new", "2.7": "new", "2.7.16": "old", "2.7.17": "new", "latest": "new", "2.7-buster": "slim"})
	s.Members = map[string][]string{"new": {"amd64"}, "slim": {"amd64"}}
	d := lookAt(t, s, nil, 100, 24)
	d.Keys("d")
	if got, want := listed(d), "2.7-buster 2.7.16 2.7.17 =2.7 =2 =latest"; got != want {
		t.Errorf("%s\nwant %s\n%s", got, want, d.Screen())
	}
	d.Keys("end")
	d.Sees("= 2, 2.7, 2.7.17", "shares linux/amd64 with 2.7-buster")
	d.Keys("d")
	if got, want := listed(d), "2 2.7 2.7-buster 2.7.16 2.7.17 latest"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestGroup_sameImageID: an image under another digest, as another tool pushes it, stands
// next to it.
func TestGroup_sameImageID(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1.0": "pushed", "1.1": "other", "prod": "pushed again", "qa": "pushed"})
	s.IDs = map[string]string{"pushed": "image", "pushed again": "image", "other": "other image"}
	d := lookAt(t, s, nil, 100, 24)
	d.Sees("≈ prod (same image ID)")
	d.Keys("d")
	if got, want := listed(d), "1.0 =qa ≈prod 1.1"; got != want {
		t.Errorf("%s\nwant %s\n%s", got, want, d.Screen())
	}
}

// TestSurvey_announced checks that a survey of many tags sends no request before
// consent, and that it can be withdrawn, declined and accepted.
func TestSurvey_announced(t *testing.T) {
	points := map[string]string{}
	for i := range 3500 {
		points[fmt.Sprintf("1.%d", i)] = fmt.Sprint(i % 30)
	}
	s := fakereg.NewRepo(points)
	d := lookAt(t, s, nil, 80, 24)
	d.Keys("d")
	d.Sees("about 3,4", " HEAD requests", "enter to go on, esc to cancel")
	before := s.Asked.Load()
	d.Keys("esc")
	if s.Asked.Load() > before+3 || s.Asked.Load() > 60 {
		t.Errorf("%d requests without consent", s.Asked.Load())
	}
	d.Keys("f")
	d.Sees("no findings on the ", "of 3,500 tags resolved so far")
	d.Keys("d", "d")
	d.Sees("about 3,")
	d.Keys("d")
	d.DoesNotSee("about 3,") // withdrawn
	d.Keys("enter")
	d.Sees("0 Sch") // enter opens the tag again
	d.Keys("esc", "d")
	d.Sees("about 3,")
	d.Keys("enter")
	if s.Asked.Load() < 3500 {
		t.Errorf("%d requests", s.Asked.Load())
	}
	d.Sees("grouped by image", "= 1.", "1/3500")
	d.DoesNotSee("known")
}

func TestOrder(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1.9": "a", "1.10": "b", "1.2": "c", "edge": "d"})
	day := func(n int) time.Time { return time.Date(2024, 1, n, 0, 0, 0, 0, time.UTC) }
	s.Created = map[string]time.Time{"a": day(3), "b": day(1), "c": day(2)}
	d := lookAt(t, s, nil, 100, 24)
	for _, want := range []string{"1.10 1.9 1.2 edge", "1.9 1.2 1.10 edge", "1.2 1.9 1.10 edge", "1.2 1.9 1.10 edge"} {
		d.Keys("s")
		if got := listed(d); got != want {
			t.Errorf("%s, want %s\n%s", got, want, d.Screen())
		}
		if want == "1.9 1.2 1.10 edge" {
			d.Sees("by created: 3 of 4 known")
		}
	}
}

// TestOrder_first checks that a list begins with the order of the environment, and that one that needs many
// requests asks before it sends them.
func TestOrder_first(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1.9": "a", "1.10": "b", "1.2": "c"})
	s.Created = map[string]time.Time{"a": time.Unix(2e9, 0), "b": time.Unix(1e9, 0), "c": time.Unix(3e9, 0)}
	for order, want := range map[string]string{"": "1.2 1.9 1.10", "version": "1.10 1.9 1.2", "created": "1.2 1.9 1.10", "unknown": "1.2 1.9 1.10"} {
		d := drive(t, ui.Options{Registry: s, TagOrder: order, Open: []model.Ref{fakereg.Ref(t, "localhost:5000/app")}}, 100, 24)
		if got := listed(d); got != want {
			t.Errorf("order %q: %s, want %s\n%s", order, got, want, d.Screen())
		}
	}
	many := fakereg.ManyTags(500)
	d := drive(t, ui.Options{Registry: many, TagOrder: "created", Open: []model.Ref{fakereg.Ref(t, "localhost:5000/app")}}, 80, 24)
	d.Sees("Sorting needs about", "enter go on", "esc cancel")
	if n := many.Asked.Load(); n > 60 {
		t.Errorf("%d requests without consent", n)
	}
	d.Keys("esc")
	d.DoesNotSee("Sorting needs")
	d.Keys("s", "s", "esc", "o", "localhost:5000/app", "enter") // by size, then by name, which the program remembers
	d.DoesNotSee("Sorting needs")
	d.DoesNotSee("by created")
}

func TestAside_signature(t *testing.T) {
	signature := "sha256-" + fakereg.Named("x").Encoded() + ".sig"
	s := fakereg.NewRepo(map[string]string{"1.0": "x", signature: "sig"})
	d := lookAt(t, s, nil, 100, 24)
	d.Sees("1/1", "attached: sig")
	d.DoesNotSee("sha256-")
	d.Keys(".", "end")
	d.Sees("sig of 1.0")
	d.Keys("d")
	d.Sees("+ sig sha256-")
	if got := listed(d); got != "1.0 +sig" {
		t.Error(got)
	}
}

func TestMove_sinceLastSighting(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "new", "old": "same"})
	then := time.Date(2024, 10, 3, 9, 0, 0, 0, time.UTC)
	past := fakereg.Journal{"prod": {{Digest: fakereg.Named("was"), First: then, Last: then}}, "old": {{Digest: fakereg.Named("same"), First: then, Last: then}}}
	d := lookAt(t, s, past, 100, 24)
	d.Sees("↷prod", "  old")
	d.Keys("down")
	d.Sees("moved since 3 Oct 2024 09:00 UTC, was " + fakereg.Named("was").Encoded()[:12])
	d.Keys("m")
	d.Sees("A :prod then", "B :prod")
	d.Keys("esc", "t")
	d.Sees("› app › :prod › timeline", fakereg.Named("was").Encoded()[:12], "first seen UTC", " 3 Oct 2024 09:00:00")
}

// TestMove_whileOpen checks that a move is reported, and that it can be compared.
func TestMove_whileOpen(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "one"})
	d := lookAt(t, s, nil, 100, 24)
	d.Keys("m")
	d.Sees("the journal has no earlier record of :prod")
	s.Points["prod"] = "two"
	rechecks(d)
	d.Sees(":prod moved just now", "m compares before and after", "↷prod", fakereg.Named("two").Encoded()[:12])
	d.Keys("m")
	d.Sees("A :prod then", "B :prod")
}

// TestGone_whileOpen checks that a deleted tag loses its digest on the screen, and
// gets it back when it is pushed again.
func TestGone_whileOpen(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"prod": "one", "stays": "two"})
	d := lookAt(t, s, nil, 100, 24)
	delete(s.Points, "prod")
	rechecks(d)
	d.Sees(":prod is gone", "there is no localhost:5000/app:prod")
	d.DoesNotSee(fakereg.Short("one"))
	s.Points["prod"] = "one"
	rechecks(d)
	d.Sees(fakereg.Short("one"))
	d.DoesNotSee("there is no")
}

// TestFindings_tagMoved checks that the findings are searched again after a move.
func TestFindings_tagMoved(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1.9.0": "old", "1.10.0": "new", "latest": "old"})
	d := lookAt(t, s, nil, 100, 24)
	d.Keys("d")
	d.Sees(":latest is :1.9.0")
	s.Points["latest"] = "new"
	rechecks(d)
	d.DoesNotSee(":latest is :1.9.0")
}

func TestFilter_modes(t *testing.T) {
	d := lookAt(t, fakereg.NewRepo(map[string]string{"v1.2": "a", "v1.10": "b", "main": "c"}), nil, 100, 24)
	d.Keys("/", "1.1")
	d.Sees("1 of 3", "tab fuzzy")
	d.Keys("tab", "tab")
	d.Sees("regex/ 1.1", "tab plain text")
	d.Keys("$")
	d.Sees("0 of 3", "nothing matches")
	d.Keys("enter")
	d.Sees("/ change the filter  esc clear it")
	d.DoesNotSee("enter open")
	d.DoesNotSee("space mark")
	d.Keys("/", "(")
	d.Sees("not a regular expression yet", "v1.2", "main")
	d.Keys("esc")
	d.Sees("1/3", "enter open", "space mark")
}

// TestList_longNames checks that names stay apart at any width, and that the row under the cursor is in full below the list.
func TestList_longNames(t *testing.T) {
	points := map[string]string{}
	for i := range 12 {
		points[fmt.Sprintf("main-20261101.%03d-feature-checkout-amd64", i)] = fmt.Sprint(i)
	}
	points["short"] = "short"
	for _, size := range [][2]int{{60, 20}, {80, 24}, {50, 20}, {40, 20}} {
		d := lookAt(t, fakereg.NewRepo(points), nil, size[0], size[1])
		lines := strings.Split(d.Screen(), "\n")
		names := map[string]bool{}
		for _, line := range lines[2:14] {
			names[strings.Fields(strings.TrimPrefix(line, "›"))[0]] = true
		}
		if len(names) != 12 {
			t.Errorf("%d columns: %d different names of 12:\n%s", size[0], len(names), d.Screen())
		}
		d.Keys("down", "down")
		if text := strings.Join(strings.Fields(d.Screen()), ""); !strings.Contains(text, "main-20261101.002-feature-checkout-amd64") {
			t.Errorf("%d columns: the name is not in full:\n%s", size[0], d.Screen())
		}
	}
	// One long name of many takes no columns from the others; it is cut, and below in full.
	long := "z-" + strings.Repeat("long-", 20) + "end"
	points = map[string]string{long: "long"}
	for i := range 40 {
		points[fmt.Sprintf("1.%d", i)] = fmt.Sprint(i)
	}
	d := lookAt(t, fakereg.NewRepo(points), nil, 80, 24)
	d.Sees("kind", "platforms")
	d.Keys("G")
	d.Sees("…", "long-end  ", long[:76])
}
