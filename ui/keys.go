package ui

import "charm.land/bubbles/v2/key"

// keys is the one table of keys. Help and the footer are made from it, so that
// they cannot drift from what the keys do.
var keys = struct {
	Up, Down, PageUp, PageDown, HalfUp, HalfDown, Top, Bottom, Left, Right key.Binding
	Open, Back, Quit, ForceQuit, Help, Filter, Goto, Reload, Redraw        key.Binding
	Suspend, Copy, Shell, How, Fold, Reveal                                key.Binding
	MarkA, MarkB, Mark, Swap, ChangeA, ChangeB                             key.Binding
	Group, GroupB, Order, Timeline, TimelineB, Before, BeforeB, Aside      key.Binding
	Next, Prev, NextTab, PrevTab, Tab, NextPlatform, PrevPlatform, Columns key.Binding
}{
	Up:       bind("↑/k", "up", "up", "k"),
	Down:     bind("↓/j", "down", "down", "j"),
	PageUp:   bind("pgup", "page up", "pgup", "ctrl+b"),
	PageDown: bind("pgdn", "page down", "pgdown", "ctrl+f"),
	HalfUp:   bind("ctrl+u", "half a page up", "ctrl+u"),
	HalfDown: bind("ctrl+d", "half a page down", "ctrl+d"),
	Top:      bind("g", "to the top", "g", "home"),
	Bottom:   bind("G", "to the bottom", "G", "end"),
	Left:     bind("←/h", "scroll left", "left", "h"),
	Right:    bind("→/l", "scroll right", "right", "l"),

	Open:      bind("enter", "open", "enter"),
	Back:      bind("esc", "back", "esc", "backspace"),
	Quit:      bind("q", "quit", "q"),
	ForceQuit: bind("ctrl+c", "quit", "ctrl+c"),
	Help:      bind("?", "help", "?", "f1"),
	Filter:    bind("/", "filter", "/"),
	Goto:      bind("o", "go to a reference", "o", ":"),
	Reload:    bind("r", "read again", "r"),
	Redraw:    bind("ctrl+l", "redraw", "ctrl+l"),
	Suspend:   bind("ctrl+z", "suspend", "ctrl+z"),
	Copy:      bind("y", "copy", "y"),
	Shell:     bind("c", "copy the shell command", "c"),
	How:       bind("w", "how do you know? proof and commands", "w"),
	Fold:      bind("f", "show or fold consequences", "f"),
	Reveal:    bind("x", "show or mask secrets", "x"),

	MarkA:   bind("a", "mark as A", "a"),
	MarkB:   bind("b", "mark as B, compare", "b"),
	Mark:    bind("space", "mark", "space"),
	Swap:    bind("s", "swap A and B", "s"),
	ChangeA: bind("A", "another A", "A"),
	ChangeB: bind("B", "another B (or b, with one image)", "B"),

	Group:     bind("d", "tags of one digest together", "d"),
	GroupB:    bind("D", "other tags of B's image", "D"),
	Order:     bind("s", "order by name, version, created, size", "s"),
	Timeline:  bind("t", "what the tag was, and when", "t"),
	TimelineB: bind("T", "the timeline of B", "T"),
	Before:    bind("m", "a tag moved: compare before and after", "m"),
	BeforeB:   bind("M", "the same for B", "M"),
	Aside:     bind(".", "show or fold signatures and attestations", "."),

	Next:         bind("n", "next difference", "n"),
	Prev:         bind("N", "previous difference", "N"),
	NextTab:      bind("tab", "next view", "tab"),
	PrevTab:      bind("shift+tab", "previous view", "shift+tab"),
	Tab:          bind("1-7", "view", "1", "2", "3", "4", "5", "6", "7"),
	NextPlatform: bind("p", "next platform", "p"),
	PrevPlatform: bind("P", "previous platform", "P"),
	Columns:      bind("|", "side by side or one above the other", "|"),
}

func bind(shown, does string, names ...string) key.Binding {
	return key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, does))
}

// as is a binding described by what it does on one page.
func as(b key.Binding, does string) key.Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// keyGroup is one column of the help.
type keyGroup struct {
	name string
	keys []key.Binding
}

var moveKeys = keyGroup{"Move", []key.Binding{
	keys.Up, keys.Down, keys.PageUp, keys.PageDown, keys.HalfUp, keys.HalfDown, keys.Top, keys.Bottom,
}}

var everywhereKeys = keyGroup{"Everywhere", []key.Binding{
	keys.Goto, keys.Reveal, keys.Back, keys.Help, keys.Redraw, keys.Suspend, keys.Quit, keys.ForceQuit,
}}
