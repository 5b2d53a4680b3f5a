package ui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/places"
	"github.com/tagdiff/tagdiff/ui/uitest/driver"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

func TestCompare_retag(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Sees("Same image, packed differently", "proved", "image ID a694bf29e765", "Step 7 is empty on both sides")
	d.Keys("3")
	d.Sees("A 4f4fb700ef54 ∅", "B a3ed95caeb02 ∅", "both empty")
	d.Keys("0")
	d.Sees("two digests of an empty layer")
}

func TestCompare_nextDifference(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Keys("3", "n")
	d.Sees("›∅    7     WORKDIR /app")
	d.Keys("n")
	d.Sees("no more differences")
	d.Keys("enter")
	d.Sees("sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10a", "› :testing → :prod › Layers › step 7")
	d.Keys("esc")
	d.Sees("›∅    7     WORKDIR /app")
}

func TestCompare_filter(t *testing.T) {
	d := open(t, fakereg.Retag(t), 100, 30, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Keys("3", "/", "touch")
	d.Sees("1 of 8", "RUN touch -d")
	d.DoesNotSee("COPY a.txt")
	d.Keys("esc")
	d.Sees("COPY a.txt")
	d.Keys("/", "3586936136bd")
	d.Sees("0 of 8", "nothing matches")
	d.DoesNotSee("this line:")
}

// TestCompare_filterPlace checks that a filter goes to the best match, that enter opens nothing, and that esc keeps the
// place.
func TestCompare_filterPlace(t *testing.T) {
	d := open(t, fakereg.Retag(t), 100, 30, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Keys("3", "G", "/", "WORKDIR", "enter")
	d.Sees("Layers", "›=    3     WORKDIR /app", "/WORKDIR")
	d.Keys("esc")
	d.Sees("›=    3     WORKDIR /app", "COPY a.txt")
	d.Keys("/", "4db522", "enter", "esc") // nothing matches
	d.Sees("COPY a.txt")
	d.Keys("2", "/", "linux", "enter")
	d.Sees("›≈ linux/amd64")
}

func TestCompare_swap(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Sees("A :testing", "B :prod")
	d.Keys("s")
	d.Sees("A :prod", "B :testing", "Same image, packed differently")
}

func TestCompare_oneImageFirst(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing")
	d.Sees(":testing", "image ID", "0 Sch")
	d.DoesNotSee("Same image")
	d.Keys("3")
	d.Sees("f9094c8b9114")
	d.Keys("b")
	d.Sees("choose B", "›  testing")
	d.Keys("up", "enter")
	d.Sees("Same image, packed differently", "B :prod")
}

func TestCompare_oneSideMissing(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:gone")
	d.Sees("No comparison", "there is no localhost:5000/app:gone", "check the name")
	d.Keys("3")
	d.Sees("f9094c8b9114") // the side that was read is shown
}

func TestTagList_markAndCompare(t *testing.T) {
	d := open(t, fakereg.Retag(t), 100, 24, "localhost:5000")
	d.Sees("› app")
	d.Keys("enter")
	d.Sees("›  prod", "testing", "linux/amd64", "42 B")
	d.Keys("a", "down")
	d.Sees("A prod", "compare A :prod with :testing")
	d.Keys("enter")
	d.Sees("A :prod", "B :testing")
	d.Keys("esc")
	d.Sees("A prod")
	d.Keys("esc")
	d.Sees("› app")
	d.Keys("enter", "down") // the mark is kept, also for another repository
	d.Sees("A prod", "compare A :prod with :testing")
	d.Keys("up", "space")
	d.Sees("mark A, then B")
	d.Keys("esc")
	d.Keys("esc", "esc", "esc")
	d.Sees("open:") // home, where esc does nothing
	if d.Quit {
		t.Error("esc quit the program")
	}
}

func TestTagList_space(t *testing.T) {
	d := open(t, fakereg.Retag(t), 100, 24, "localhost:5000/app")
	d.Keys("space", "down", "space")
	d.Sees("A prod", "›B testing", "compare A :prod with :testing")
	d.Keys("space")
	d.Sees("A prod", "›  testing")
	d.Keys("space", "up", "enter") // wherever the cursor is
	d.Sees("A :prod", "B :testing", "Same image")
	d.Keys("esc")
	d.Sees("mark A, then B") // only the mark of the key a stays
	d.DoesNotSee("A prod")
}

// TestTagList_readsVisibleTagsOnly: a list of thousands reads only the visible tags.
func TestTagList_readsVisibleTagsOnly(t *testing.T) {
	peeks := 0
	f := fakereg.Retag(t)
	f.Peeks, f.TagNames = &peeks, nil
	for i := range 5000 {
		f.TagNames = append(f.TagNames, fmt.Sprintf("1.%d", i))
	}
	d := open(t, f, 100, 24, "localhost:5000/app")
	d.Sees("›  1.0 ", "1.19", "1/5000")
	if peeks == 0 || peeks > 30 {
		t.Errorf("%d tags were read for 24 lines", peeks)
	}
	d.Keys("end")
	d.Sees("1.4999", "5000/5000")
	if peeks > 60 {
		t.Errorf("%d tags were read for two screens", peeks)
	}
}

func TestRepositories_unlisted(t *testing.T) {
	f := fakereg.Images{Err: &model.ReadError{Message: "this registry lists no repositories", Next: "type or paste a reference", NoList: true, Err: errors.New("x")}}
	d := open(t, f, 80, 24, "ghcr.io")
	d.Sees("this registry lists no repositories", "type or paste a reference", "repository: ghcr.io/")
	d.Keys("a/b")
	d.Sees("repository: ghcr.io/a/b")
	d.Send(tea.PasteMsg{Content: "quay.io/c/d\n"}) // a complete reference replaces the input
	d.Sees("repository: quay.io/c/d")
	d.Keys("enter")
	d.Sees("tagdiff  quay.io › c/d")
}

// TestRepositories_readAgain checks that a list that could not be read is read again with the logins
// as they are now, and that a reference can be pasted in its place.
func TestRepositories_readAgain(t *testing.T) {
	refused := &model.ReadError{Message: "reg.example requires a login", Next: "type or paste a reference, or run docker login reg.example"}
	r := &loginRegistry{Images: fakereg.Images{RepoNames: []string{"team/app"}}, err: refused}
	d := open(t, r, 80, 24, "reg.example")
	d.Sees("reg.example requires a login", "docker login reg.example · r tries again", "r try again", "go to")
	d.DoesNotSee("repository:")
	d.Send(tea.PasteMsg{Content: "quay.io/c/d"})
	d.Sees("go to: quay.io/c/d")
	d.Keys("esc", "r")
	d.Sees("› team/app")
	d.DoesNotSee("requires a login")
}

// loginRegistry lists its repositories once the logins are read again.
type loginRegistry struct {
	fakereg.Images
	err error
}

func (r *loginRegistry) ForgetLogins(string) { r.err = nil }

func (r *loginRegistry) Repositories(ctx context.Context, name string, page func([]string)) error {
	if r.err != nil {
		return r.err
	}
	return r.Images.Repositories(ctx, name, page)
}

// TestRepositories_empty checks that an empty list does not claim that there is nothing: many
// registries list only what one may read.
func TestRepositories_empty(t *testing.T) {
	d := open(t, fakereg.Images{}, 80, 24, "quay.io")
	d.Sees("quay.io has no repositories, or it lists none to you")
}

func TestPrompt_invalidReference(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000")
	d.Keys("o", "UPPER", "enter")
	d.Sees("repository names are lower case")
	d.Keys("esc")
	d.Sees("› app")
}

func TestHome_open(t *testing.T) {
	d := drive(t, Options{Registry: fakereg.Retag(t), Hosts: func() []string { return []string{"registry.example"} }}, 80, 24)
	d.Sees("registry.example", "open:")
	d.Keys("localhost:5000/app:testing", "space", ":prod", "enter")
	d.Sees("Same image, packed differently")
	d.Keys("esc", "down", "enter")
	d.Sees("tagdiff  registry.example")
}

// TestHome_return checks that esc puts the cursor on the place that it leaves, and leaves it in the field if that place
// is not listed.
func TestHome_return(t *testing.T) {
	f := fakereg.Retag(t)
	f.RepoNames = []string{"aaa", "app"}
	d := drive(t, Options{Registry: f, Places: places.At(filepath.Join(t.TempDir(), "places.json"))}, 80, 24)
	d.Keys("localhost:5000/app", "enter")
	d.Sees("1/2")
	d.Keys("esc")
	d.Sees("›  localhost:5000/app\n", "esc back to the input")
	d.Keys("esc", "localhost:5000", "enter")
	d.Sees("› aaa")
	d.Keys("esc")
	d.Sees("›  localhost:5000\n", "   localhost:5000/app\n")
	d.Keys("down", "enter", "esc")
	d.Sees("›  localhost:5000/app\n")
	d.Keys("esc", "localhost:5000/app:gone", "enter", "esc")
	d.Sees("open: localhost:5000/app:gone", "enter open what you typed")
}

func TestHelp_listsAllKeys(t *testing.T) {
	d := open(t, fakereg.Retag(t), 160, 60, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Keys("?")
	for _, g := range app(d).newHelp().groups {
		for _, b := range g.Keys {
			d.Sees(b.Help().Key, b.Help().Desc)
		}
	}
	d.Keys("q")
	if d.Quit {
		t.Error("q in the help quit the program")
	}
	d.Keys("q")
	if !d.Quit {
		t.Error("q did not quit")
	}
}

func TestReveal(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing")
	d.Keys("x")
	d.Sees("secrets are shown")
	d.Keys("x")
	d.Sees("secrets are masked")
}

// TestSizes draws every view at many sizes, down to 1x1: no panic, no line wider than
// the terminal, and a cursor that is visible without color.
func TestSizes(t *testing.T) {
	for _, size := range [][2]int{{200, 60}, {120, 40}, {100, 30}, {80, 24}, {60, 20}, {40, 10}, {20, 5}, {10, 3}, {3, 2}, {1, 1}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			d := open(t, fakereg.Retag(t), size[0], size[1], "localhost:5000/app:testing", "localhost:5000/app:prod")
			before := len(app(d).stack)
			for _, tab := range page.Keys.Tab.Keys() {
				d.Keys(tab)
				for _, key := range []string{"n", "pgdown", "l", "|", "?", "esc", "enter"} {
					d.Keys(key)
					checkWidths(t, d)
				}
				if len(app(d).stack) > before { // the detail of a row
					d.Keys("esc")
				}
			}
			if size[0] >= 20 && size[1] >= 20 && !strings.Contains(d.Screen(), "›") {
				t.Errorf("no cursor on the screen:\n%s", d.Screen())
			}
		})
	}
}

func checkWidths(t *testing.T, d *driver.Driver) {
	t.Helper()
	lines := strings.Split(app(d).content(), "\n")
	if len(lines) > max(app(d).height, 2) {
		t.Fatalf("%d lines on a terminal of %d", len(lines), app(d).height)
	}
	for _, l := range lines {
		if w := displayed(l); w > app(d).width {
			t.Fatalf("a line of %d cells on a terminal of %d: %q", w, app(d).width, l)
		}
	}
}

func displayed(line string) int { return lipgloss.Width(line) }

// TestKeys_arriveTogether: over a slow link several keys arrive in one read, before any
// command of the first has run. Each must reach the page that the earlier ones opened or
// closed.
func TestKeys_arriveTogether(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	var cmds []tea.Cmd
	for _, k := range []tea.KeyPressMsg{{Code: '3', Text: "3"}, {Code: 'n', Text: "n"}, {Code: tea.KeyEnter}, {Code: tea.KeyEscape}, {Code: '0', Text: "0"}} {
		m, cmd := d.Model.Update(k)
		d.Model, cmds = m, append(cmds, cmd)
	}
	for _, cmd := range cmds {
		d.Run(cmd)
	}
	d.Sees("the id chains diverge here")
}

// TestTick_afterWork: requests begin after the Update that started their work, and a
// server that hangs sends nothing. So starting work must start the timer.
func TestTick_afterWork(t *testing.T) {
	a := New(t.Context(), Options{Registry: fakereg.Retag(t), Glyphs: look.Unicode(), Open: []model.Ref{{Registry: "localhost:5000"}}})
	m, _ := a.Update(startMsg{})
	if a = m.(App); !a.ticking || a.startedWork {
		t.Error("no timer runs after work was started")
	}
	m, _ = a.Update(tickMsg{})
	if a = m.(App); a.ticking {
		t.Error("the timer runs although no request does")
	}
}

// TestHome_filter checks that the list has the places that contain what is in the field.
func TestHome_filter(t *testing.T) {
	hosts := []string{"registry.example", "localhost:5000"}
	d := drive(t, Options{Registry: fakereg.Retag(t), Hosts: func() []string { return hosts }}, 80, 24)
	d.Keys("LOCAL")
	d.DoesNotSee("Registries")
	d.Keys("esc", "local")
	d.Sees("localhost:5000\n", "↓ go to what matches")
	d.DoesNotSee("registry.example")
	d.Keys("x")
	d.DoesNotSee("Registries")
	d.DoesNotSee("↓")
	d.Keys("backspace", "down", "enter")
	d.Sees("tagdiff  localhost:5000", "› app")
	d.Keys("esc")
	d.Sees("›  localhost:5000\n", "registry.example")
	d.Keys("esc", "localhost:5000/app:testing", "enter", "esc")
	d.Sees("open: localhost:5000/app:testing", "registry.example", "↓ go to the list")
}

// TestHelp_noMatch checks that a search without a match scrolls back to where it began.
func TestHelp_noMatch(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Keys("?", "pgdown")
	before := app(d).help.window.Cursor
	d.Keys("/", "quit")
	if app(d).help.window.Cursor == before {
		t.Error("the search does not scroll to its match")
	}
	d.Keys("zz")
	d.Sees("no match")
	if at := app(d).help.window.Cursor; at != before {
		t.Errorf("line %d, want %d", at, before)
	}
}

// TestGuide_copy checks that Y says that a command for the registry of a guide works only while the guide runs.
func TestGuide_copy(t *testing.T) {
	a, b := fakereg.Ref(t, "localhost:5000/app:testing"), fakereg.Ref(t, "localhost:5000/app:prod")
	guide := &Guide{Title: "demo", Registry: model.Ref{Registry: "localhost:5000"}, Stories: []Story{{Title: "one", A: a, B: b}}}
	d := drive(t, Options{Registry: fakereg.Retag(t), Guide: guide}, 120, 24)
	d.Keys("1", "Y")
	d.Sees("copied the command that opens this view while the demo runs: tagdiff localhost:5000/app:testing")
	d = drive(t, Options{Registry: fakereg.Retag(t), Open: []model.Ref{a, b}}, 120, 24)
	d.Keys("Y")
	d.Sees("copied the command that opens this view: tagdiff localhost:5000/app:testing")
}

// TestGuide_number checks that the cursor is on the case that was opened by its number.
func TestGuide_number(t *testing.T) {
	a, b := fakereg.Ref(t, "localhost:5000/app:testing"), fakereg.Ref(t, "localhost:5000/app:prod")
	guide := &Guide{Registry: a, Stories: []Story{{Title: "one", A: a, B: b}, {Title: "two", A: a, B: b}}}
	d := drive(t, Options{Registry: fakereg.Retag(t), Guide: guide}, 80, 24)
	d.Keys("2", "esc")
	d.Sees("›2  two")
	d.Keys("3", "esc")
	d.Sees("›3  Browse")
}

// TestCompare_missingTag checks that a screen without a side names the keys that choose another one.
func TestCompare_missingTag(t *testing.T) {
	for name, tt := range map[string]struct {
		refs []string
		want []string
	}{
		"A":     {[]string{"localhost:5000/app:gone", "localhost:5000/app:prod"}, []string{"A chooses from the tags there are · r tries again", "A choose another A"}},
		"B":     {[]string{"localhost:5000/app:prod", "localhost:5000/app:gone"}, []string{"B choose another B"}},
		"both":  {[]string{"localhost:5000/app:gone", "localhost:5000/app:none"}, []string{"A and B choose from the tags", "A choose another A", "B choose another B"}},
		"alone": {[]string{"localhost:5000/app:gone"}, []string{"A chooses from the tags there are · r tries again", "A choose another A"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, fakereg.Retag(t), 100, 24, tt.refs...)
			d.Sees(tt.want...)
		})
	}
	d := open(t, fakereg.Retag(t), 100, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.DoesNotSee("choose another")
	for wrong, closest := range map[string]string{"tseting": "testing", "prod2": "prod", "x": "prod"} { // the cursor is on the tag most like it
		d = open(t, fakereg.Retag(t), 100, 24, "localhost:5000/app:"+wrong, "localhost:5000/app:prod")
		d.Keys("A")
		d.Sees("›  " + closest)
		d.Keys("enter")
		d.Sees("A :" + closest + " ")
	}
}

// TestCompare_unknownPlatform checks that a platform that is probably a typo is named as such, beside one that is only absent.
func TestCompare_unknownPlatform(t *testing.T) {
	for platform, want := range map[string]string{
		"linux/foo":   `neither side has linux/foo: "foo" is not a known architecture; this is linux/amd64`,
		"linux/s390x": "neither side has linux/s390x; this is linux/amd64",
	} {
		d := drive(t, Options{Registry: fakereg.Retag(t), Platform: platform, Open: []model.Ref{
			fakereg.Ref(t, "localhost:5000/app:testing"), fakereg.Ref(t, "localhost:5000/app:prod")}}, 100, 24)
		d.Sees(want)
	}
}
