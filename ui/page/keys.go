package page

import "charm.land/bubbles/v2/key"

// Keys is the only table of keys. Help and footer are generated from it, so they always
// match the behavior.
var Keys = struct {
	Up, Down, PageUp, PageDown, HalfUp, HalfDown, Top, Bottom, Left, Right            key.Binding
	Open, Back, Quit, ForceQuit, Help, Filter, Goto, Reload, Redraw                   key.Binding
	Suspend, Copy, CopyView, Command, Proof, Fold, Reveal, Verify, Pager, Save        key.Binding
	Inside, Noise, Merged, Extract                                                    key.Binding
	MarkA, MarkB, Mark, Swap, ChangeA, ChangeB                                        key.Binding
	Group, GroupB, Order, Timeline, TimelineB, Before, BeforeB, Extra                 key.Binding
	Next, Prev, NextTab, PrevTab, Tab, NextPlatform, PrevPlatform, Columns, StepOrder key.Binding
}{
	Up:       Bind("↑/k", "up", "up", "k"),
	Down:     Bind("↓/j", "down", "down", "j"),
	PageUp:   Bind("pgup", "page up", "pgup", "ctrl+b"),
	PageDown: Bind("pgdn", "page down", "pgdown", "ctrl+f"),
	HalfUp:   Bind("ctrl+u", "half a page up", "ctrl+u"),
	HalfDown: Bind("ctrl+d", "half a page down", "ctrl+d"),
	Top:      Bind("g", "go to the top", "g", "home"),
	Bottom:   Bind("G", "go to the bottom", "G", "end"),
	Left:     Bind("←/h", "scroll left", "left", "h"),
	Right:    Bind("→/l", "scroll right", "right", "l"),

	Open:      Bind("enter", "open", "enter"),
	Back:      Bind("esc", "back", "esc", "backspace"),
	Quit:      Bind("q", "quit", "q"),
	ForceQuit: Bind("ctrl+c", "quit", "ctrl+c"),
	Help:      Bind("?", "help", "?", "f1"),
	Filter:    Bind("/", "filter", "/"),
	Goto:      Bind("o", "go to a reference", "o", ":"),
	Reload:    Bind("r", "read again", "r"),
	Redraw:    Bind("ctrl+l", "redraw", "ctrl+l"),
	Suspend:   Bind("ctrl+z", "suspend", "ctrl+z"),
	Copy:      Bind("y", "copy", "y"),
	CopyView:  Bind("Y", "copy the command that opens this view", "Y"),
	Command:   Bind("c", "copy the shell command", "c"),
	Proof:     Bind("w", "proof and commands", "w"),
	Fold:      Bind("f", "show or hide consequences", "f"),
	Reveal:    Bind("x", "show or mask secrets", "x"),
	Verify:    Bind("V", "check that all layers exist", "V"),
	Pager:     Bind("e", "open the text in $PAGER, or less", "e"),
	Save:      Bind("S", "save the report", "S"),

	Inside:  Bind("i", "look inside the layers", "i"),
	Noise:   Bind("z", "show or hide noise: times, generated files", "z"),
	Merged:  Bind("v", "files by step, or of the whole image", "v"),
	Extract: Bind("E", "write the file to this folder", "E"),

	MarkA:   Bind("a", "mark as A, for several comparisons", "a"),
	MarkB:   Bind("b", "mark as B and compare", "b"),
	Mark:    Bind("space", "mark", "space"),
	Swap:    Bind("s", "swap A and B", "s"),
	ChangeA: Bind("A", "choose another A", "A"),
	ChangeB: Bind("B", "choose another B (b with one image)", "B"),

	Group:     Bind("d", "group tags by digest", "d"),
	GroupB:    Bind("D", "other tags of B's image", "D"),
	Order:     Bind("s", "sort by name, version, created, size", "s"),
	Timeline:  Bind("t", "timeline of the tag", "t"),
	TimelineB: Bind("T", "timeline of B's tag", "T"),
	Before:    Bind("m", "compare before and after a move", "m"),
	BeforeB:   Bind("M", "compare before and after a move of B", "M"),
	Extra:     Bind(".", "show or hide signatures and attestations", "."),

	Next:         Bind("n", "next difference", "n"),
	Prev:         Bind("N", "previous difference", "N"),
	NextTab:      Bind("tab", "next view", "tab"),
	PrevTab:      Bind("shift+tab", "previous view", "shift+tab"),
	Tab:          Bind("0-8", "go to a view", "1", "2", "3", "4", "5", "6", "7", "8", "0"),
	NextPlatform: Bind("p", "next platform", "p"),
	PrevPlatform: Bind("P", "previous platform", "P"),
	Columns:      Bind("|", "side by side or stacked", "|"),
	StepOrder:    Bind("O", "oldest or newest step first", "O"),
}

// Bind returns a key binding: label, description, key names.
func Bind(shown, does string, names ...string) key.Binding {
	return key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, does))
}

// Describe returns b with another description, for one page.
func Describe(b key.Binding, does string) key.Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// shownAs returns b with another label.
func shownAs(b key.Binding, shown string) key.Binding {
	b.SetHelp(shown, b.Help().Desc)
	return b
}

// KeyGroup is a titled block of the help.
type KeyGroup struct {
	Name string
	Keys []key.Binding
}

// MoveKeys move the cursor.
var MoveKeys = KeyGroup{"Move", []key.Binding{
	Keys.Up, Keys.Down, Keys.PageUp, Keys.PageDown, Keys.HalfUp, Keys.HalfDown, Keys.Top, Keys.Bottom,
}}

// GlobalKeys work on every page, except while it takes text.
var GlobalKeys = KeyGroup{"Everywhere, except while you type", []key.Binding{
	shownAs(Keys.Goto, "o/:"), Keys.CopyView, Keys.Pager, Keys.Reveal, Keys.Back, Keys.Help, Keys.Redraw,
	Keys.Suspend, Describe(Keys.Quit, "quit; in a detail, a proof or a file: back"), Keys.ForceQuit,
}}
