package versions

import (
	"cmp"
	"strings"
)

// mavenKind is the kind of a part of a version of Maven. Parts of two kinds are in the order of the kinds.
type mavenKind int

const (
	mavenWord mavenKind = iota
	mavenList           // what stands behind a hyphen, or where digits and letters meet
	mavenNumber
)

// mavenItem is a part of a version of Maven, as its class ComparableVersion has them.
type mavenItem struct {
	kind  mavenKind
	text  string // of words and numbers
	items []*mavenItem
}

// mavenWords are the words with a meaning, in their order. Others come behind them.
var mavenWords = map[string]string{
	"alpha": "0", "beta": "1", "milestone": "2", "rc": "3", "cr": "3", "snapshot": "4",
	"": mavenRelease, "ga": mavenRelease, "final": mavenRelease, "release": mavenRelease, "sp": "6",
}

const (
	mavenRelease = "5" // of a version without a word
	mavenOther   = "7-"
)

// parseMaven splits a version as ComparableVersion of Maven 3.8 does. It reports false only if the version
// is empty or has a byte that no version of an artifact has.
func parseMaven(s string) (top *mavenItem, ok bool) {
	if s == "" || !only(s, func(c byte) bool { return c > ' ' && c < 0x7f }) {
		return nil, false
	}
	top = &mavenItem{kind: mavenList}
	list, lists := top, []*mavenItem{top}
	deeper := func() {
		next := &mavenItem{kind: mavenList}
		list.items = append(list.items, next)
		list, lists = next, append(lists, next)
	}
	s = strings.ToLower(s)
	digits, start := false, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.' || c == '-':
			list.add(digits || i == start, s[start:i], false)
			start = i + 1
			if c == '-' {
				deeper()
			}
		case isDigit(c):
			if !digits && i > start {
				if len(list.items) > 0 {
					deeper()
				}
				list.add(false, s[start:i], true)
				start = i
				deeper()
			}
			digits = true
		default:
			if digits && i > start {
				list.add(true, s[start:i], false)
				start = i
				deeper()
			}
			digits = false
		}
	}
	if start < len(s) {
		if !digits && len(list.items) > 0 {
			deeper()
		}
		list.add(digits, s[start:], false)
	}
	for i := len(lists) - 1; i >= 0; i-- { // the deepest one first
		lists[i].normalize()
	}
	return top, true
}

// add adds a number or a word to a list. A single a, b or m before a digit is alpha, beta or milestone.
func (m *mavenItem) add(number bool, text string, beforeDigit bool) {
	if number {
		m.items = append(m.items, &mavenItem{kind: mavenNumber, text: text})
		return
	}
	if beforeDigit {
		switch text {
		case "a":
			text = "alpha"
		case "b":
			text = "beta"
		case "m":
			text = "milestone"
		}
	}
	weight, known := mavenWords[text]
	if !known {
		weight = mavenOther + text
	}
	m.items = append(m.items, &mavenItem{kind: mavenWord, text: weight})
}

// normalize removes what means nothing from the end of a list, and before lists at its end.
func (m *mavenItem) normalize() {
	end := len(m.items)
	var kept []*mavenItem // lists at the end, the last one first
	for end > 0 {
		last := m.items[end-1]
		if !last.isNothing() {
			if last.kind != mavenList {
				break
			}
			kept = append(kept, last)
		}
		end--
	}
	m.items = m.items[:end:end]
	for i := len(kept) - 1; i >= 0; i-- {
		m.items = append(m.items, kept[i])
	}
}

// isNothing reports whether a version with the part is the version without it.
func (m *mavenItem) isNothing() bool {
	switch m.kind {
	case mavenNumber:
		return compareNumbers(m.text, "0") == 0
	case mavenWord:
		return m.text == mavenRelease
	default:
		return len(m.items) == 0
	}
}

// compareNothing orders a part and the end of a version.
func (m *mavenItem) compareNothing() int {
	switch m.kind {
	case mavenNumber:
		return compareNumbers(m.text, "0")
	case mavenWord:
		return cmp.Compare(m.text, mavenRelease)
	}
	for _, item := range m.items {
		if order := item.compareNothing(); order != 0 {
			return order
		}
	}
	return 0
}

// compare orders two parts.
func (m *mavenItem) compare(n *mavenItem) int {
	switch {
	case m.kind != n.kind:
		return cmp.Compare(m.kind, n.kind)
	case m.kind == mavenNumber:
		return compareNumbers(m.text, n.text)
	case m.kind == mavenWord:
		return cmp.Compare(m.text, n.text)
	}
	for i := range max(len(m.items), len(n.items)) {
		order := 0
		switch {
		case i >= len(m.items):
			order = -n.items[i].compareNothing()
		case i >= len(n.items):
			order = m.items[i].compareNothing()
		default:
			order = m.items[i].compare(n.items[i])
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// compareMaven orders versions of artifacts of Maven. Of odd versions its order goes in a circle, so that it
// is for pairs and not for sorting.
func compareMaven(a, b string) (int, bool) {
	va, okA := parseMaven(a)
	vb, okB := parseMaven(b)
	if !okA || !okB {
		return 0, false
	}
	return va.compare(vb), true
}
