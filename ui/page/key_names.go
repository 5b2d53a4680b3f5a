package page

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/clipperhouse/uax29/v2/graphemes"

	"github.com/tagdiff/tagdiff/model/safe"
)

// NamedKey is a key of the table with the name that the config file uses for it.
type NamedKey struct {
	Name    string
	Binding key.Binding
	Digits  bool // its keys are the digits, each with its own meaning
}

// NamedKeys returns the table of keys in its order. The name of a key is that of its field: HalfUp is half-up.
func NamedKeys() []NamedKey {
	table := reflect.ValueOf(Keys)
	named := make([]NamedKey, table.NumField())
	for i := range named {
		b := table.Field(i).Interface().(key.Binding) //nolint:forcetypeassert // all are
		named[i] = NamedKey{Name: kebab(table.Type().Field(i).Name), Binding: b, Digits: b.Help().Key == Keys.Tab.Help().Key}
	}
	return named
}

// kebab returns a name of Go in lower case, with a hyphen before each capital letter but the first.
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// keyCodes are the keys that have a name in place of a character.
var keyCodes = map[string]rune{
	"enter": tea.KeyEnter, "tab": tea.KeyTab, "backspace": tea.KeyBackspace, "esc": tea.KeyEscape, "space": tea.KeySpace,
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "insert": tea.KeyInsert, "delete": tea.KeyDelete,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
	"f1": tea.KeyF1, "f2": tea.KeyF2, "f3": tea.KeyF3, "f4": tea.KeyF4, "f5": tea.KeyF5, "f6": tea.KeyF6,
	"f7": tea.KeyF7, "f8": tea.KeyF8, "f9": tea.KeyF9, "f10": tea.KeyF10, "f11": tea.KeyF11, "f12": tea.KeyF12,
}

// withControl are the characters that a terminal sends with ctrl. It sends ctrl+i as tab, and ctrl+m as enter.
const withControl = `abcdefghjklnopqrstuvwxyz\]^_`

// ParseKey returns the press of a key by its name: y, G, ctrl+y, alt+x, shift+tab, f2, space. It reports false for
// a name that terminals do not send.
func ParseKey(name string) (tea.KeyPressMsg, bool) {
	var press tea.KeyPressMsg
	rest := name
	for _, m := range []struct {
		prefix string
		mod    tea.KeyMod
	}{{"ctrl+", tea.ModCtrl}, {"alt+", tea.ModAlt}, {"shift+", tea.ModShift}} {
		if after, ok := strings.CutPrefix(rest, m.prefix); ok && after != "" {
			rest, press.Mod = after, press.Mod|m.mod
		}
	}
	code, named := keyCodes[rest]
	switch {
	case named:
		press.Code = code
		if name == "space" {
			press.Text = " "
		}
	case !isCharacter(rest), press.Mod.Contains(tea.ModShift), // with shift a terminal sends the capital letter
		press.Mod.Contains(tea.ModCtrl) && !strings.Contains(withControl, rest):
		return press, false
	default:
		press.Code, _ = utf8.DecodeRuneInString(rest)
		if press.Mod == 0 {
			press.Text = rest
		}
	}
	return press, press.String() == name
}

// isCharacter reports whether s is one character that a keyboard types and a screen shows as it is.
func isCharacter(s string) bool {
	one := graphemes.FromString(s)
	return one.Next() && one.Value() == s && strings.TrimSpace(s) != "" && safe.Clean(s).String() == s
}

// KeyMap holds the keys that the user added to those of the table. The zero value has none.
type KeyMap struct {
	press map[string]tea.KeyPressMsg // by an added key, that of the table
	added map[string][]string        // the same the other way round
}

// With returns m with key added to the keys of b. The key must be one that ParseKey takes.
func (m KeyMap) With(b key.Binding, added string) KeyMap {
	first := b.Keys()[0]
	to, _ := ParseKey(first)
	with := KeyMap{press: map[string]tea.KeyPressMsg{added: to}, added: map[string][]string{first: {added}}}
	for k, press := range m.press {
		with.press[k] = press
	}
	for k, names := range m.added {
		with.added[k] = append(slices.Clone(names), with.added[k]...)
	}
	return with
}

// Translate returns the press of the table's key for that of an added one, other presses as they are.
// While the user types, a key is never translated from or to a character.
func (m KeyMap) Translate(press tea.KeyPressMsg, typing bool) tea.KeyPressMsg {
	to, ok := m.press[press.String()]
	if !ok || typing && (press.Text != "" || to.Text != "") {
		return press
	}
	return to
}

// Has reports whether the user added a key.
func (m KeyMap) Has(press tea.KeyPressMsg) bool {
	_, ok := m.press[press.String()]
	return ok
}

// Labelled returns keys with the added keys in the names that help and the bottom line show.
func (m KeyMap) Labelled(keys []key.Binding) []key.Binding {
	if len(m.added) == 0 {
		return keys
	}
	keys = slices.Clone(keys)
	for i, b := range keys {
		if names := b.Keys(); len(names) > 0 && len(m.added[names[0]]) > 0 {
			keys[i].SetHelp(b.Help().Key+"/"+strings.Join(m.added[names[0]], "/"), b.Help().Desc)
		}
	}
	return keys
}
