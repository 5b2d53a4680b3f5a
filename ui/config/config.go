// Package config reads the text of the config file: settings of the screens, and one line for each mistake.
// A mistake never hides the settings that are right.
package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/page"
)

// Limits of a config file.
const (
	MaxFile    = 64 << 10 // bytes
	MaxHosts   = 50
	MaxAdded   = 3 // keys that one key of the table can get
	maxMistake = 10
	maxQuoted  = 40 // bytes of the file that a mistake quotes
)

// Names are the settings of a file, for a message.
const Names = "theme, mouse, order, hosts and keys"

// Themes are the themes of the screens, the usual one first.
var Themes = []string{"auto", "dark", "light", "none"}

// Value is a setting. Line is where the file sets it, 0 if the file does not, or sets a wrong value.
type Value[T any] struct {
	Value T
	Line  int
}

// Settings are the right settings of a file.
type Settings struct {
	Theme Value[string]   // one of Themes
	Mouse Value[bool]     // take clicks and the wheel from the terminal
	Order Value[string]   // of tags, one of page.TagOrders
	Hosts Value[[]string] // registries that the home page shows
	Keys  []AddedKey      // in the order of the file
}

// AddedKey is a key that does the same as a key of the table.
type AddedKey struct {
	Name string // of the key of the table
	Key  string // for page.ParseKey
	Line int
}

// KeyMap returns the added keys in the form that the screens need.
func (s Settings) KeyMap() page.KeyMap {
	var m page.KeyMap
	for _, k := range page.NamedKeys() {
		for _, added := range s.Keys {
			if added.Name == k.Name {
				m = m.With(k.Binding, added.Key)
			}
		}
	}
	return m
}

// Mistake is what is wrong in a line of the file, 0 if the line is not known.
type Mistake struct {
	Line int
	Text string // may quote the file; not yet safe for a screen
}

// In returns the mistake with the name of its file, as one line.
func (m Mistake) In(file string) string {
	if m.Line > 0 {
		file += ", line " + strconv.Itoa(m.Line)
	}
	return file + ": " + m.Text
}

// Parse returns the settings in the text of a config file, and its mistakes in the order of the file.
func Parse(text []byte) (Settings, []Mistake) {
	p := parser{lines: map[string]int{}}
	root, mistake := load(text)
	if mistake != nil {
		return Settings{}, []Mistake{*mistake}
	}
	p.mapping(root, "", p.setting)
	if more := len(p.mistakes) - maxMistake; more > 0 {
		p.mistakes = append(p.mistakes[:maxMistake:maxMistake], Mistake{Text: fmt.Sprintf("%d more mistakes", more)})
	}
	return p.settings, p.mistakes
}

// parser collects the settings and the mistakes of a file.
type parser struct {
	settings Settings
	mistakes []Mistake
	lines    map[string]int // by setting
}

func (p *parser) mistake(line int, format string, args ...any) {
	p.mistakes = append(p.mistakes, Mistake{line, fmt.Sprintf(format, args...)})
}

// quoted returns text of the file for a mistake.
func quoted(s string) string { return strconv.Quote(safe.ClipTo(s, maxQuoted)) }

// setting reads one setting at the top level of the file.
func (p *parser) setting(name string, line int, value node) {
	switch name {
	case "theme":
		p.settings.Theme = p.choice(name, line, value, Themes)
	case "mouse":
		chosen := p.choice(name, line, value, []string{"true", "false"})
		p.settings.Mouse = Value[bool]{chosen.Value == "true", chosen.Line}
	case "order":
		p.settings.Order = p.choice(name, line, value, page.TagOrders)
	case "hosts":
		p.hosts(line, value)
	case "keys":
		p.mapping(value, "keys", p.addedKeys)
	default:
		p.mistake(line, "unknown setting %s: the settings are %s", quoted(name), Names)
	}
}

// choice returns a value that must be one of names.
func (p *parser) choice(name string, line int, value node, names []string) Value[string] {
	text, ok := value.text()
	if !ok || !slices.Contains(names, text) {
		last := len(names) - 1
		p.mistake(line, "%s cannot be %s: use %s or %s", name, value.quoted(), strings.Join(names[:last], ", "), names[last])
		return Value[string]{}
	}
	return Value[string]{text, line}
}

func (p *parser) hosts(line int, value node) {
	var hosts []string
	for _, item := range value.items() {
		text, ok := item.text()
		ref, err := model.ParseRef(text)
		switch {
		case item.isEmpty(): // hosts: without more
		case ok && err != nil:
			p.mistake(item.line(), "hosts: %s", err)
		case !ok || ref.Names() != model.NamesRegistry:
			p.mistake(item.line(), "hosts: %s is not a registry: write a host such as registry.example:5000", item.quoted())
		case len(hosts) == MaxHosts:
			p.mistake(item.line(), "hosts: %s is left out: at most %d hosts are shown", item.quoted(), MaxHosts)
			p.settings.Hosts = Value[[]string]{hosts, line}
			return
		case !slices.Contains(hosts, ref.Registry):
			hosts = append(hosts, ref.Registry)
		}
	}
	if len(hosts) > 0 {
		p.settings.Hosts = Value[[]string]{hosts, line}
	}
}

// addedKeys reads the keys that do the same as a key of the table.
func (p *parser) addedKeys(name string, line int, value node) {
	table := page.NamedKeys()
	i := slices.IndexFunc(table, func(k page.NamedKey) bool { return k.Name == name })
	switch {
	case i < 0:
		p.mistake(line, "keys: %s is not the name of a key: tagdiff config lists the names", quoted(name))
		return
	case table[i].Digits:
		p.mistake(line, "keys: %s can have no other keys than digits", name)
		return
	}
	for _, item := range value.items() {
		text, isText := item.text()
		_, isKey := page.ParseKey(text)
		if !isText || !isKey {
			p.mistake(item.line(), "keys: %s cannot be %s: write a key such as Z, ctrl+y, alt+y or f2", name, item.quoted())
			continue
		}
		p.addKey(table[i], AddedKey{name, text, item.line()})
	}
}

// addKey adds a key, unless it already has a use.
func (p *parser) addKey(to page.NamedKey, added AddedKey) {
	if slices.Contains(to.Binding.Keys(), added.Key) {
		return
	}
	for _, k := range page.NamedKeys() {
		if slices.Contains(k.Binding.Keys(), added.Key) || k.Digits && len(added.Key) == 1 && added.Key[0] >= '0' && added.Key[0] <= '9' {
			p.mistake(added.Line, "keys: %s cannot be %s: that is the key of %s (%s)", added.Name, added.Key, k.Name, k.Binding.Help().Desc)
			return
		}
	}
	count := 0
	for _, other := range p.settings.Keys {
		switch {
		case other.Key == added.Key:
			p.mistake(added.Line, "keys: %s cannot be %s: line %d sets that for %s", added.Name, added.Key, other.Line, other.Name)
			return
		case other.Name == added.Name:
			count++
		}
	}
	if count == MaxAdded {
		p.mistake(added.Line, "keys: %s cannot be %s as well: a key can have at most %d more", added.Name, added.Key, MaxAdded)
		return
	}
	p.settings.Keys = append(p.settings.Keys, added)
}
