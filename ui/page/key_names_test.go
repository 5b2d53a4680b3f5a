package page

import (
	"slices"
	"testing"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// TestNamedKeys: each key of the table has a name, and ParseKey takes all of its keys.
func TestNamedKeys(t *testing.T) {
	var names []string
	for _, k := range NamedKeys() {
		names = append(names, k.Name)
		if len(k.Binding.Keys()) == 0 || k.Binding.Help().Key == "" || k.Binding.Help().Desc == "" {
			t.Errorf("%s has no key, label or description", k.Name)
		}
		for _, name := range k.Binding.Keys() {
			if press, ok := ParseKey(name); !ok || press.String() != name || !key.Matches(press, k.Binding) {
				t.Errorf("%s: %q is read as %q, %t", k.Name, name, press.String(), ok)
			}
		}
	}
	for _, want := range []string{"up", "half-up", "force-quit", "mark-a", "step-order"} {
		if !slices.Contains(names, want) {
			t.Errorf("no key has the name %s among %v", want, names)
		}
	}
}

func TestParseKey(t *testing.T) {
	for _, name := range []string{"y", "Y", "é", "?", "|", "+", "ctrl+y", "ctrl+]", "alt+x", "alt+X", "ctrl+alt+x", "shift+up", "ctrl+f2", "ctrl+space", "f12", "space"} {
		if press, ok := ParseKey(name); !ok || press.String() != name {
			t.Errorf("%q is refused, or read as %q", name, press.String())
		}
	}
	for _, name := range []string{
		"", " ", "yy", "Enter", "ctrl+", "ctrl+Y", "ctrl+i", "ctrl+m", "ctrl+[", "ctrl+1", "shift+a", "alt+ctrl+x", "f13", "escape", "C-y",
		"\x1b", "a\u0301\u200d", "\u202e", "\u200b", "\xff", "🇩",
	} {
		if press, ok := ParseKey(name); ok {
			t.Errorf("%q is read as %q", name, press.String())
		}
	}
}

func TestKeyMap(t *testing.T) {
	m := KeyMap{}.With(Keys.Copy, "ctrl+y").With(Keys.Back, "ctrl+g").With(Keys.Copy, "Ü").With(Keys.Up, "ctrl+p")
	for _, row := range []struct {
		press  string
		typing bool
		want   string
	}{
		{"ctrl+y", false, "y"}, {"Ü", false, "y"}, {"ctrl+g", false, "esc"}, {"y", false, "y"}, {"x", false, "x"},
		{"ctrl+y", true, "ctrl+y"}, {"Ü", true, "Ü"}, {"ctrl+g", true, "esc"}, {"ctrl+p", true, "up"},
	} {
		press, _ := ParseKey(row.press)
		if got := m.Translate(press, row.typing); got.String() != row.want {
			t.Errorf("%s, typing %t: %s, want %s", row.press, row.typing, got, row.want)
		}
	}
	labels := func(m KeyMap, keys ...key.Binding) (labels []string) {
		for _, b := range m.Labelled(keys) {
			labels = append(labels, b.Help().Key)
		}
		return labels
	}
	keys := []key.Binding{Describe(Keys.Copy, "copy it"), Keys.Open, Keys.Up, Bind("1-9", "by number")}
	if got, want := labels(m, keys...), []string{"y/ctrl+y/Ü", "enter", "↑/k/ctrl+p", "1-9"}; !slices.Equal(got, want) {
		t.Errorf("labels %q, want %q", got, want)
	}
	if got, want := labels(KeyMap{}, keys...), []string{"y", "enter", "↑/k", "1-9"}; !slices.Equal(got, want) {
		t.Errorf("labels without a map %q, want %q", got, want)
	}
	if got := (KeyMap{}).Translate(tea.KeyPressMsg{Code: 'y', Text: "y"}, false); got.String() != "y" {
		t.Errorf("a map without keys makes %s of y", got)
	}
}
