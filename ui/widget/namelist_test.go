package widget

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

func BenchmarkNameList(b *testing.B) {
	var all []string
	for i := range 50_000 {
		all = append(all, fmt.Sprintf("v%d.%d.%d", i/1000, i/10%100, i%10))
	}
	n := NameList{}.add(all)
	b.Run("show", func(b *testing.B) {
		order := slices.Clone(n.All)
		for b.Loop() {
			n = n.Arrange(order, 0)
		}
	})
	b.Run("filter", func(b *testing.B) {
		n.Filter = Filter{Input: NewInputWith(filterLabels[0], "7.7")}.compiled()
		for b.Loop() {
			n = n.Refilter()
		}
	})
	b.Run("fuzzy", func(b *testing.B) {
		n.Filter = Filter{mode: byFuzzy, Input: NewInputWith(filterLabels[0], "7.7")}.compiled()
		for b.Loop() {
			n = n.Refilter()
		}
	})
	b.Run("regexp", func(b *testing.B) {
		n.Filter = Filter{mode: byRegexp, Input: NewInputWith(filterLabels[0], "7.7$")}.compiled()
		for b.Loop() {
			n = n.Refilter()
		}
	})
}

// TestNameList_bestMatch checks where the cursor is after a filter was typed, and after it was cleared.
func TestNameList_bestMatch(t *testing.T) {
	all := []string{"a/prod", "b/product", "my-prod", "non-prod", "prod", "prod-1", "production", "x/reprod", "zebra"}
	for _, tt := range []struct {
		start string // the name under the cursor before
		typed string
		want  string
		moved int    // lines down before enter
		clear string // under the cursor after esc
	}{
		{"zebra", "prod", "prod", 0, "prod"}, // the exact name, though other names come first
		{"a/prod", "PROD", "", 0, "a/prod"},  // nothing matches: back to the name of before
		{"zebra", "produ", "production", 0, "production"},
		{"zebra", "product", "b/product", 0, "b/product"}, // the last part is the text
		{"zebra", "repr", "x/reprod", 0, "x/reprod"},
		{"prod", "prod-", "prod-1", 0, "prod-1"},
		{"zebra", "prod", "prod-1", 1, "prod-1"}, // enter keeps where the cursor was moved to
		{"zebra", "od", "a/prod", 0, "a/prod"},   // equal matches: the first
	} {
		n := NameList{WantedName: tt.start}
		n.Window = n.Window.Sized(0, 5)
		n = n.add(all)
		press := func(k tea.KeyPressMsg) { n, _ = n.Update(k) }
		press(tea.KeyPressMsg{Code: '/', Text: "/"})
		for _, r := range tt.typed {
			press(tea.KeyPressMsg{Code: r, Text: string(r)})
		}
		for range tt.moved {
			press(tea.KeyPressMsg{Code: tea.KeyDown})
		}
		press(tea.KeyPressMsg{Code: tea.KeyEnter})
		if got, _ := n.Current(); got != tt.want {
			t.Errorf("%s: on %q, want %q", tt.typed, got, tt.want)
		}
		press(tea.KeyPressMsg{Code: tea.KeyEscape})
		if got, _ := n.Current(); got != tt.clear || n.Filter.Active {
			t.Errorf("%s, esc: on %q, want %q", tt.typed, got, tt.clear)
		}
	}
}

// TestNameList_bestMatchLater checks that the cursor follows the best match while names arrive, until it is moved.
func TestNameList_bestMatchLater(t *testing.T) {
	n := NameList{}.add([]string{"non-prod", "prod-2"})
	n.Window = n.Window.Sized(2, 5)
	for _, k := range []tea.KeyPressMsg{{Code: '/', Text: "/"}, {Code: 'p', Text: "prod"}, {Code: tea.KeyEnter}} {
		n, _ = n.Update(k)
	}
	n = n.add([]string{"prod"})
	if got, _ := n.Current(); got != "prod" {
		t.Errorf("on %q", got)
	}
	n, _ = n.Update(tea.KeyPressMsg{Code: tea.KeyDown})
	moved, _ := n.Current()
	if n = n.add([]string{"a-prod"}); n.Shown[n.Window.Cursor] != moved {
		t.Errorf("the cursor left %q for %q", moved, n.Shown[n.Window.Cursor])
	}
}

// TestNameList_readAgain checks that the cursor returns to its name, on the same line.
func TestNameList_readAgain(t *testing.T) {
	names := strings.Fields("a b c d e f g h i j k l")
	n := NameList{WantedName: "h"}
	n.Window = n.Window.Sized(0, 4)
	n = n.add(names)
	n, _ = n.Update(tea.KeyPressMsg{Code: tea.KeyUp})
	line := n.Window.Cursor - n.Window.top
	n, _, _ = n.Read(t.Context(), nil)
	n = n.Arrived(NamesMsg{Load: n.Load, Names: append([]string{"0", "1"}, names...)})
	if got, _ := n.Current(); got != "g" || n.Window.Cursor-n.Window.top != line {
		t.Errorf("on %q in line %d, want g in line %d", got, n.Window.Cursor-n.Window.top, line)
	}
}
