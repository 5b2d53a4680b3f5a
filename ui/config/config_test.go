package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/ui/page"
)

func TestParse(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       Settings
		mistakes   []string // with line numbers
	}{
		{name: "empty", text: ""},
		{name: "only a comment", text: "# order: size\n"},
		{name: "all", text: "theme: dark\nmouse: false\norder: version\nhosts: [registry.example:5000, localhost]\nkeys:\n  copy: ctrl+y\n  back: [ctrl+g, \"Ü\"]\n", want: Settings{
			Theme: Value[string]{"dark", 1}, Mouse: Value[bool]{false, 2},
			Order: Value[string]{"version", 3}, Hosts: Value[[]string]{[]string{"registry.example:5000", "localhost"}, 4},
			Keys: []AddedKey{{"copy", "ctrl+y", 6}, {"back", "ctrl+g", 7}, {"back", "Ü", 7}},
		}},
		{name: "words of YAML are text", text: "keys:\n  copy: null\n  open: U\n  goto: ~\n", want: Settings{
			Keys: []AddedKey{{"open", "U", 3}, {"goto", "~", 4}},
		}, mistakes: []string{`2 keys: copy cannot be "null": write a key such as Z, ctrl+y, alt+y or f2`}},
		{name: "Windows line ends and a byte order mark", text: "\ufefforder: size\r\nhosts:\r\n  - h.example\r\n", want: Settings{
			Order: Value[string]{"size", 1}, Hosts: Value[[]string]{[]string{"h.example"}, 2},
		}},
		{name: "unknown setting", text: "colour: blue\norder: size\n", want: Settings{Order: Value[string]{"size", 2}}, mistakes: []string{
			`1 unknown setting "colour": the settings are theme, mouse, order, hosts and keys`,
		}},
		{name: "wrong order", text: "\norder: date\n", mistakes: []string{`2 order cannot be "date": use name, version, created or size`}},
		{name: "mouse", text: "mouse: true\n", want: Settings{Mouse: Value[bool]{true, 1}}},
		{name: "wrong mouse and theme", text: "mouse: yes\ntheme: blue\n", mistakes: []string{
			`1 mouse cannot be "yes": use true or false`, `2 theme cannot be "blue": use auto, dark, light or none`,
		}},
		{name: "no order", text: "order:\n", mistakes: []string{`1 order cannot be empty: use name, version, created or size`}},
		{name: "a list for an order", text: "order: [name]\n", mistakes: []string{`1 order cannot be a list: use name, version, created or size`}},
		{name: "set twice", text: "order: size\norder: name\n", want: Settings{Order: Value[string]{"size", 1}}, mistakes: []string{
			`2 "order" is set twice: line 1 counts`,
		}},
		{name: "hosts", text: "hosts:\n  - app\n  - h.example\n  - h.example\n  - h.example/app\n  - [x]\n  - user:secret@h2.example\n", want: Settings{
			Hosts: Value[[]string]{[]string{"h.example"}, 1},
		}, mistakes: []string{
			`2 hosts: "app" is not a registry: write a host such as registry.example:5000`,
			`5 hosts: "h.example/app" is not a registry: write a host such as registry.example:5000`,
			`6 hosts: a list is not a registry: write a host such as registry.example:5000`,
			`7 hosts: "…@h2.example" is not a reference: it has a user name or a password before the host; write h2.example, and log in with docker login`,
		}},
		{name: "no hosts", text: "hosts:\n"},
		{name: "keys that are no list of settings", text: "keys: ctrl+y\n", mistakes: []string{`1 keys is "ctrl+y": write lines of NAME: VALUE`}},
		{name: "names of keys", text: "keys:\n  copyy: Y\n  tab: Z\n  copy:\n  open: [C-y, {a: b}]\n", mistakes: []string{
			`2 keys: "copyy" is not the name of a key: tagdiff config lists the names`,
			`3 keys: tab can have no other keys than digits`,
			`4 keys: copy cannot be empty: write a key such as Z, ctrl+y, alt+y or f2`,
			`5 keys: open cannot be "C-y": write a key such as Z, ctrl+y, alt+y or f2`,
			`5 keys: open cannot be a block of settings: write a key such as Z, ctrl+y, alt+y or f2`,
		}},
		{name: "collisions", text: "keys:\n  open: [ctrl+y, f2]\n  copy: [ctrl+y, y, ctrl+c, 9]\n  reveal: esc\n", want: Settings{
			Keys: []AddedKey{{"open", "ctrl+y", 2}, {"open", "f2", 2}},
		}, mistakes: []string{
			`3 keys: copy cannot be ctrl+y: line 2 sets that for open`,
			`3 keys: copy cannot be ctrl+c: that is the key of force-quit (quit)`,
			`3 keys: copy cannot be 9: that is the key of tab (go to a view)`,
			`4 keys: reveal cannot be esc: that is the key of back (back)`,
		}},
		{name: "too many keys", text: "keys:\n  open: [f2, f3, f4, f5]\n", want: Settings{
			Keys: []AddedKey{{"open", "f2", 2}, {"open", "f3", 2}, {"open", "f4", 2}},
		}, mistakes: []string{`2 keys: open cannot be f5 as well: a key can have at most 3 more`}},
		{name: "a list", text: "- order\n", mistakes: []string{`1 a list: write lines of NAME: VALUE`}},
		{name: "a word", text: "size\n", mistakes: []string{`1 "size": write lines of NAME: VALUE`}},
		{name: "aliases", text: "order: &a size\nhosts: *a\n", want: Settings{Order: Value[string]{"size", 1}}, mistakes: []string{
			`2 hosts: an alias of YAML is not a registry: write a host such as registry.example:5000`,
		}},
		{name: "a list as a name", text: "? [a]\n: b\n", mistakes: []string{`1 the name of a setting cannot be a list`}},
		{name: "two documents", text: "order: size\n---\norder: name\n", mistakes: []string{`2 a second document begins here: write all settings in one`}},
		{name: "not YAML", text: "order: size\nhosts: {\n", mistakes: []string{`3 this is not YAML: did not find expected node content`}},
		{name: "a tab", text: "keys:\n\tcopy: Y\n", mistakes: []string{`2 this is not YAML: found character that cannot start any token`}},
		{name: "control characters", text: "order: \x1b[31m\n", mistakes: []string{`0 this is not YAML: control characters are not allowed (value: 27)`}},
		{name: "escapes", text: "order: \"\\x1b[31m\\u202e\"\n", mistakes: []string{
			`1 order cannot be "\x1b[31m\u202e": use name, version, created or size`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, mistakes := Parse([]byte(row.text))
			var lines []string
			for _, m := range mistakes {
				lines = append(lines, fmt.Sprintf("%d %s", m.Line, m.Text))
			}
			if d := cmp.Diff(row.want, got); d != "" {
				t.Errorf("settings (-want +got):\n%s", d)
			}
			if d := cmp.Diff(row.mistakes, lines); d != "" {
				t.Errorf("mistakes (-want +got):\n%s", d)
			}
		})
	}
}

func TestMistake_in(t *testing.T) {
	for _, row := range []struct {
		mistake Mistake
		want    string
	}{
		{Mistake{3, "wrong"}, "/c.yaml, line 3: wrong"}, {Mistake{0, "wrong"}, "/c.yaml: wrong"},
	} {
		if got := row.mistake.In("/c.yaml"); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}

// TestParse_manyMistakes: a file that is not a config file gives a few lines, not thousands.
func TestParse_manyMistakes(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "x%d: y\n", i)
	}
	_, mistakes := Parse([]byte(b.String()))
	if n := len(mistakes); n != maxMistake+1 || mistakes[n-1].Text != "990 more mistakes" {
		t.Errorf("%d mistakes, the last is %q", n, mistakes[n-1].Text)
	}
}

func TestSettings_keyMap(t *testing.T) {
	s, _ := Parse([]byte("keys:\n  copy: ctrl+y\n  order: f2\n"))
	for added, want := range map[string]string{"ctrl+y": "y", "f2": "s", "f3": "f3"} {
		press, _ := page.ParseKey(added)
		if got := s.KeyMap().Translate(press, false).String(); got != want {
			t.Errorf("%s does what %s does, want %s", added, got, want)
		}
	}
}

// FuzzConfig: any text gives settings that the screens can use, and mistakes that are short lines.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"order: version\nhosts: [a.example]\nkeys: {copy: [ctrl+y, Y], open: ~}\n", "hosts:\n  - *a\n", "? [a]\n: b\n", "a: b\n---\nc", "<<: {order: size}\n",
		"order: !!binary aGk=\n", "{", "\x00", "\xff", "keys:\n  copy: |\n   Y\n", "order: &a size\nkeys: {goto: *a}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > MaxFile {
			return
		}
		s, mistakes := Parse(text)
		if o := s.Order; o.Line > 0 && !slices.Contains(page.TagOrders, o.Value) {
			t.Errorf("order %q", o.Value)
		}
		keys := s.KeyMap()
		for _, k := range s.Keys {
			press, ok := page.ParseKey(k.Key)
			if !ok || keys.Translate(press, false).String() == k.Key {
				t.Errorf("%q does nothing", k.Key)
			}
		}
		if ctrlC, _ := page.ParseKey("ctrl+c"); keys.Translate(ctrlC, false).String() != "ctrl+c" {
			t.Error("ctrl+c has another meaning")
		}
		lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + 2
		for _, m := range mistakes {
			if m.Text == "" || len(m.Text) > 600 || m.Line < 0 || m.Line > lines {
				t.Errorf("mistake in line %d of %d: %q", m.Line, lines, m.Text)
			}
		}
	})
}
