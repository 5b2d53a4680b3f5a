package compare_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// TestTab_opens: each name of a tab opens that tab of a comparison and of one image.
func TestTab_opens(t *testing.T) {
	numbers := map[string]string{"summary": "1 Summary", "platforms": "2 Platforms", "layers": "3 Layers", "files": "4 Files",
		"packages": "5 Packages", "config": "6 Config", "history": "7 History", "manifest": "8 Manifest", "schema1": "0 Schema1"}
	for _, name := range ui.TabNames() {
		for n := 1; n <= 2; n++ {
			o := ui.Options{Registry: fakereg.Retag(t), Tab: name}
			for _, r := range testingAndProd[:n] {
				o.Open = append(o.Open, fakereg.Ref(t, r))
			}
			d := drive(t, o, 140, 40)
			want := numbers[name]
			if want == "" {
				t.Fatalf("no number for %s", name)
			}
			d.Sees("[" + want)
			d.Keys("Y")
			if flag := " --tab " + name; (name != "summary") != strings.HasSuffix(d.Copied, flag) {
				t.Errorf("%s: Y copies %q", name, d.Copied)
			}
		}
	}
}

// TestFilter_ofTab: a filter and a search belong to their tab. They stay there, and esc on another tab does not end them.
func TestFilter_ofTab(t *testing.T) {
	d := open(t, fakereg.Retag(t), 120, 40, testingAndProd...)
	d.Keys("3", "/", "workdir", "enter")
	d.Sees("/workdir", "2 of 8")
	d.Keys("2")
	d.DoesNotSee("/workdir")
	d.Keys("6", "/", "sha256", "enter")
	d.Sees("/ sha256", "match 1 of")
	d.Keys("8")
	d.DoesNotSee("/ sha256")
	d.Keys("3")
	d.Sees("/workdir", "2 of 8")
	d.Keys("6")
	d.Sees("/ sha256")
	d.Keys("esc")
	d.DoesNotSee("/ sha256")
	d.Keys("3", "esc")
	d.DoesNotSee("/workdir")
	d.Sees("[3 Lay")
}

// TestKeptRows: a filter keeps the headings and notes about rows that match, and no others.
func TestKeptRows(t *testing.T) {
	head := func(name string) widget.Row {
		return widget.Row{Header: true, Title: safe.Clean(name), Lines: []look.Line{look.L(look.Gap(1))}}
	}
	row := func(name string) widget.Row { return widget.Row{Title: safe.Clean(name)} }
	rows := []widget.Row{
		head("top"), row("a"), row("b"), head("below b"), widget.BlankRow(), head("above c"), row("c"), head("above d"), row("d"), head("end"),
	}
	for match, want := range map[string]string{
		"a": "top a below b", "b": "top b below b", "c": "top  above c c", "d": "top above d d", "none": "top", "ad": "top a below b above d d",
	} {
		var got []string
		for _, r := range compare.KeptRows(rows, func(r widget.Row) bool { return strings.Contains(match, r.Title.String()) }) {
			got = append(got, r.Title.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", match, got, want)
		}
	}
}

// TestFilter_again: / with a filter or a search selects its text, which stays in force until another one is typed.
func TestFilter_again(t *testing.T) {
	for tab, first := range map[string]string{"3": "workdir", "6": "sha256"} {
		d := open(t, fakereg.Retag(t), 120, 40, testingAndProd...)
		d.Keys(tab, "/", first, "enter", "/")
		d.Sees("/ " + first)
		d.Keys("enter")
		d.Sees(first)
		d.Keys("/", "cmd")
		d.Sees("/ cmd")
		d.DoesNotSee("/ " + first)
		d.Keys("enter", "/", "end", "x")
		d.Sees("/ cmdx")
		d.Keys("enter", "/", "backspace")
		d.DoesNotSee("/ cmd")
		d.Keys("enter")
		d.DoesNotSee("no match")
	}
}

// TestQuit_detail: q goes back from a detail, a proof and a file, and ends the program on the pages below.
func TestQuit_detail(t *testing.T) {
	for _, keys := range [][]string{{"3", "enter"}, {"3", "w"}, {"8", "n", "enter"}, {"3", "enter", "w"}} {
		d := open(t, fakereg.Retag(t), 120, 40, testingAndProd...)
		d.Keys(keys[0])
		before := crumb(d.Screen())
		d.Keys(keys[1:]...)
		if crumb(d.Screen()) == before {
			t.Fatalf("%q opens nothing:\n%s", keys, d.Screen())
		}
		for crumb(d.Screen()) != before && !d.Quit {
			d.Keys("q")
		}
		if d.Quit {
			t.Errorf("%q: q ended the program", keys)
		}
		d.Keys("q")
		if !d.Quit {
			t.Errorf("%q: q does not end the program at the top", keys)
		}
	}
}

// TestHints_back: the bottom line of every tab says how to go back, also in a narrow window.
func TestHints_back(t *testing.T) {
	for _, size := range [][2]int{{120, 40}, {80, 24}, {60, 20}} {
		for n := 1; n <= 2; n++ {
			d := open(t, fakereg.Retag(t), size[0], size[1], testingAndProd[:n]...)
			for _, tab := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "0"} {
				d.Keys(tab)
				rows := strings.Split(d.Screen(), "\n")
				if last := rows[len(rows)-1]; !strings.Contains(last, "enter ") || !strings.Contains(last, "esc back") || !strings.Contains(last, "? help") {
					t.Errorf("%d images, tab %s, %d cells: %s", n, tab, size[0], last)
				}
			}
		}
	}
}

// TestSchema1_goto: an id on the screen of the Schema1 tab can be typed after o.
func TestSchema1_goto(t *testing.T) {
	d := open(t, fakereg.Retag(t), 120, 40, testingAndProd...)
	d.Keys("0")
	id := regexp.MustCompile(`([0-9a-f]{12}) d .*CMD`).FindStringSubmatch(d.Screen())
	if id == nil {
		t.Fatalf("no id:\n%s", d.Screen())
	}
	d.Keys("o", id[1], "enter")
	d.Sees(id[1] + " is the schema1 id of step 8 of ")
}
