package ui

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/look"
)

// open starts on the captured incident.
func open(t *testing.T, f fake, width, height int, refs ...string) *driver {
	t.Helper()
	var open []model.Ref
	for _, r := range refs {
		open = append(open, ref(t, r))
	}
	return drive(t, Options{Registry: f, Open: open}, width, height)
}

func TestCapturedRetag(t *testing.T) {
	d := open(t, retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.sees("SAME IMAGE, PACKED DIFFERENTLY", "proved", "image ID a694bf29e765", "Step 7 is empty on both sides")
	d.keys("3")
	d.sees("A 4f4fb700ef54 ∅", "B a3ed95caeb02 ∅", "both empty")
	d.keys("7")
	d.sees("two digests of the same nothing")
}

func TestNextDifferenceAndDetail(t *testing.T) {
	d := open(t, retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.keys("3", "n")
	d.sees("›∅    7     WORKDIR /app")
	d.keys("n")
	d.sees("no more differences")
	d.keys("enter")
	d.sees("sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10a", "app: step 7")
	d.keys("esc")
	d.sees("›∅    7     WORKDIR /app")
}

func TestFilterKeepsWhatMatches(t *testing.T) {
	d := open(t, retag(t), 100, 30, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.keys("3", "/", "touch")
	d.sees("1 of 8", "RUN touch -d")
	d.doesNotSee("COPY a.txt")
	d.keys("esc")
	d.sees("COPY a.txt")
}

func TestSwap(t *testing.T) {
	d := open(t, retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.sees("A :testing", "B :prod")
	d.keys("s")
	d.sees("A :prod", "B :testing", "SAME IMAGE, PACKED DIFFERENTLY")
}

func TestOneImageThenCompare(t *testing.T) {
	d := open(t, retag(t), 80, 24, "localhost:5000/app:testing")
	d.sees(":testing", "image ID", "7 Schema1")
	d.doesNotSee("SAME IMAGE")
	d.keys("3")
	d.sees("f9094c8b9114")
	d.keys("b")
	d.sees("choose B", "›  testing")
	d.keys("up", "enter")
	d.sees("SAME IMAGE, PACKED DIFFERENTLY", "B :prod")
}

func TestOneSideMissing(t *testing.T) {
	d := open(t, retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:gone")
	d.sees("NO COMPARISON", "there is no localhost:5000/app:gone", "check the name")
	d.keys("3")
	d.sees("f9094c8b9114") // what did arrive is shown
}

func TestTagMovedWhileReading(t *testing.T) {
	f := retag(t)
	f.heads = map[string]digest.Digest{"prod": digest.FromString("newer")}
	d := open(t, f, 120, 30, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.sees(":prod moved meanwhile", "r reads again", "SAME IMAGE, PACKED DIFFERENTLY")
}

// rechecks gives the page on top its turn to ask whether its tags have moved.
func (d *driver) rechecks() {
	d.app.deps.recheck = 0
	top := d.app.stack[len(d.app.stack)-1]
	switch p := top.page.(type) {
	case comparePage:
		d.send(owned{page: top.id, msg: recheckMsg{p.watch.load}})
	case tagsPage:
		d.send(owned{page: top.id, msg: recheckMsg{p.watch.load}})
	case timelinePage:
		d.send(owned{page: top.id, msg: recheckMsg{p.watch.load}})
	}
}

// TestTagGoneWhileCompared: that a tag was deleted is said, whatever its image
// was stays, and so it does when it is asked for again.
func TestTagGoneWhileCompared(t *testing.T) {
	f := retag(t)
	f.heads = map[string]digest.Digest{}
	d := open(t, f, 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	f.heads["prod"] = ""
	d.rechecks()
	d.sees(":prod is gone meanwhile", "r reads again", "SAME IMAGE, PACKED DIFFERENTLY")
	delete(f.images, "prod")
	d.keys("r")
	d.sees(":prod stays as it was read before: there is no", "SAME IMAGE, PACKED DIFFERENTLY")
	d.doesNotSee("NO COMPARISON")
	f.heads["prod"] = captured(t, "prod").Digest()
	f.images["prod"] = captured(t, "prod")
	d.keys("r")
	d.doesNotSee(":prod stays")
}

// TestMovedBackWhileCompared: what a tag became after it was read is not what it
// was before.
func TestMovedBackWhileCompared(t *testing.T) {
	f := retag(t)
	a, b := named("a"), named("b")
	f.heads = map[string]digest.Digest{"prod": b}
	now := time.Now()
	look := func(d digest.Digest, ago time.Duration) model.Sighting {
		return model.Sighting{Digest: d, First: now.Add(-ago), Last: now.Add(-ago)}
	}
	past := memory{"prod": {look(a, 3*time.Hour), look(b, 2*time.Hour), look(captured(t, "prod").Digest(), -time.Hour), look(a, -2*time.Hour)}}
	r := ref(t, "localhost:5000/app:prod")
	d := drive(t, Options{Registry: f, Journal: past, Open: []model.Ref{r}}, 120, 40)
	d.sees(":prod moved meanwhile", "it was "+short("b"))
	d.doesNotSee("it was " + short("a"))
}

func TestBrowseMarkCompareBack(t *testing.T) {
	d := open(t, retag(t), 100, 24, "localhost:5000")
	d.sees("› app")
	d.keys("enter")
	d.sees("›  prod", "testing", "linux/amd64", "42 B")
	d.keys("a", "down")
	d.sees("A prod", "compare A :prod with :testing")
	d.keys("enter")
	d.sees("A :prod", "B :testing")
	d.keys("esc")
	d.sees("A prod")
	d.keys("esc")
	d.sees("› app")
	d.keys("enter", "down") // the mark is still there, for another repository too
	d.sees("A prod", "compare A :prod with :testing")
	d.keys("up", "space")
	d.sees("mark A, then B")
	d.keys("esc")
	d.keys("esc", "esc", "esc")
	d.sees("open:") // home, where esc does nothing more
	if d.quit {
		t.Error("esc quit the program")
	}
}

func TestSpaceMarksBoth(t *testing.T) {
	d := open(t, retag(t), 100, 24, "localhost:5000/app")
	d.keys("space", "down", "space")
	d.sees("A :prod", "B :testing", "SAME IMAGE")
	d.keys("esc")
	d.sees("A prod")
}

// TestOnlySeenTagsAreRead: a list of thousands costs what is in view.
func TestOnlySeenTagsAreRead(t *testing.T) {
	peeks := 0
	f := retag(t)
	f.peeks, f.tags = &peeks, nil
	for i := range 5000 {
		f.tags = append(f.tags, fmt.Sprintf("1.%d", i))
	}
	d := open(t, f, 100, 24, "localhost:5000/app")
	d.sees("›  1.0 ", "1.19", "1/5000")
	if peeks == 0 || peeks > 30 {
		t.Errorf("%d tags were read for 24 lines", peeks)
	}
	d.keys("end")
	d.sees("1.4999", "5000/5000")
	if peeks > 60 {
		t.Errorf("%d tags were read for two screens", peeks)
	}
}

func TestErrorSaysWhatToDo(t *testing.T) {
	f := fake{err: &model.Trouble{Say: "this registry lists no repositories", Next: "type or paste a reference", Err: errors.New("x")}}
	d := open(t, f, 80, 24, "ghcr.io")
	d.sees("this registry lists no repositories", "type or paste a reference", "repository: ghcr.io/")
	d.keys("a/b")
	d.sees("repository: ghcr.io/a/b")
	d.send(tea.PasteMsg{Content: "quay.io/c/d\n"}) // a whole reference takes the place of what is there
	d.sees("repository: quay.io/c/d")
	d.keys("enter")
	d.sees("tagdiff  quay.io/c/d")
}

func TestPromptRefusesNonsense(t *testing.T) {
	d := open(t, retag(t), 80, 24, "localhost:5000")
	d.keys("o", "UPPER", "enter")
	d.sees("repository names are lower case")
	d.keys("esc")
	d.sees("› app")
}

func TestHomeOpensWhatIsTyped(t *testing.T) {
	d := drive(t, Options{Registry: retag(t), Hosts: func() []string { return []string{"registry.example"} }}, 80, 24)
	d.sees("registry.example", "open:")
	d.keys("localhost:5000/app:testing", "space", ":prod", "enter")
	d.sees("SAME IMAGE, PACKED DIFFERENTLY")
	d.keys("esc", "down", "enter")
	d.sees("tagdiff  registry.example")
}

func TestHelpListsEveryKeyOfThePage(t *testing.T) {
	d := open(t, retag(t), 160, 60, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.keys("?")
	for _, g := range d.app.top().help() {
		for _, b := range g.keys {
			d.sees(b.Help().Key, b.Help().Desc)
		}
	}
	d.keys("q")
	if d.quit {
		t.Error("q in the help quit the program")
	}
	d.keys("q")
	if !d.quit {
		t.Error("q did not quit")
	}
}

func TestRevealIsTold(t *testing.T) {
	d := open(t, retag(t), 80, 24, "localhost:5000/app:testing")
	d.keys("x")
	d.sees("secrets are shown")
	d.keys("x")
	d.sees("secrets are masked")
}

// TestEverySize draws every view at sizes down to absurd ones: no panic, no
// line wider than the terminal, and the cursor visible without colour.
func TestEverySize(t *testing.T) {
	for _, size := range [][2]int{{200, 60}, {120, 40}, {100, 30}, {80, 24}, {60, 20}, {40, 10}, {20, 5}, {10, 3}, {3, 2}, {1, 1}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			d := open(t, retag(t), size[0], size[1], "localhost:5000/app:testing", "localhost:5000/app:prod")
			for tab := range tabCount {
				d.keys(fmt.Sprint(int(tab) + 1))
				for _, key := range []string{"n", "pgdown", "l", "|", "?", "esc", "enter"} {
					d.keys(key)
					checkWidths(t, d)
				}
				if _, detail := d.app.top().(detailPage); detail {
					d.keys("esc")
				}
			}
			if size[0] >= 20 && size[1] >= 20 && !strings.Contains(d.screen(), "›") {
				t.Errorf("no cursor on the screen:\n%s", d.screen())
			}
		})
	}
}

func checkWidths(t *testing.T, d *driver) {
	t.Helper()
	lines := strings.Split(d.app.content(), "\n")
	if len(lines) > max(d.app.height, 2) {
		t.Fatalf("%d lines on a terminal of %d", len(lines), d.app.height)
	}
	for _, l := range lines {
		if w := displayed(l); w > d.app.width {
			t.Fatalf("a line of %d cells on a terminal of %d: %q", w, d.app.width, l)
		}
	}
}

func displayed(line string) int { return lipgloss.Width(line) }

// TestKeysThatArriveTogether: over a slow link several keys come in one read,
// before any command of the first has run. Each must find the page that the
// ones before it opened or closed.
func TestKeysThatArriveTogether(t *testing.T) {
	d := open(t, retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	var cmds []tea.Cmd
	for _, k := range []tea.KeyPressMsg{{Code: '3', Text: "3"}, {Code: 'n', Text: "n"}, {Code: tea.KeyEnter}, {Code: tea.KeyEscape}, {Code: '7', Text: "7"}} {
		m, cmd := d.app.Update(k)
		d.app, cmds = m.(App), append(cmds, cmd)
	}
	for _, cmd := range cmds {
		d.run(cmd)
	}
	d.sees("here the chains part")
}

// TestWorkWakesTheScreen: requests begin after the Update that asked for them,
// and a server that hangs sends nothing: one look must come all the same.
func TestWorkWakesTheScreen(t *testing.T) {
	a := New(t.Context(), Options{Registry: retag(t), Glyphs: look.Unicode(), Open: []model.Ref{{Registry: "localhost:5000"}}})
	m, _ := a.Update(startMsg{})
	if a = m.(App); !a.ticking || a.begun {
		t.Error("no clock runs after work was begun")
	}
	m, _ = a.Update(tickMsg{})
	if a = m.(App); a.ticking {
		t.Error("the clock goes on with nothing under way")
	}
}
