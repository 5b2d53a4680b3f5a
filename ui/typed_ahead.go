package ui

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// typedAhead holds keys and pasted text that wait until the page they are meant for has been read. Keys behind a key that
// waits wait too, so that either all act in their order, or none.
type typedAhead struct {
	input []tea.Msg // tea.KeyPressMsg and tea.PasteMsg
	page  page.ID   // the page that has to be read first, 0 for none
}

// mustWait reports whether a key needs what the top page has not read yet.
func (a App) mustWait(msg tea.KeyPressMsg) bool {
	if a.question != nil || a.help != nil || a.prompt != nil {
		return false
	}
	id, top := a.Top()
	if id == 0 { // it has not been started
		return true
	}
	if !top.Typing() && key.Matches(msg, page.Keys.Quit, page.Keys.Help, page.Keys.Goto, page.Keys.Reveal, page.Keys.CopyView) {
		return false
	}
	p, loads := top.(page.Loads)
	return loads && p.Loading() && p.Lacks(msg)
}

// wait keeps a key or pasted text for later. esc drops what waits.
func (a App) wait(msg tea.Msg) App {
	if press, isKey := msg.(tea.KeyPressMsg); isKey && press.String() == "esc" && len(a.ahead.input) > 0 {
		return a.dropAhead()
	}
	a.ahead.input = append(slices.Clip(a.ahead.input), msg)
	return a
}

// dropAhead forgets what waits, and says so.
func (a App) dropAhead() App {
	a.toast = safe.Sprintf("not done: %s", a.ahead.names())
	a.ahead = typedAhead{}
	return a
}

// actAhead does what waits as far as the page on top has been read. Without a row to act on it drops all that is left.
func (a App) actAhead() (App, tea.Cmd) {
	var cmds []tea.Cmd
	for len(a.ahead.input) > 0 {
		id, top := a.Top()
		press, isKey := a.ahead.input[0].(tea.KeyPressMsg)
		pasted, _ := a.ahead.input[0].(tea.PasteMsg)
		p, loads := top.(page.Loads)
		lacks := loads && isKey && p.Lacks(press)
		switch {
		case id == 0:
			return a, tea.Batch(cmds...)
		case a.question != nil || a.help != nil || a.prompt != nil || !loads:
		case p.Loading() && (lacks || a.ahead.page == id):
			a.ahead.page = id
			return a, tea.Batch(cmds...)
		case lacks && a.ahead.page == id:
			return a.dropAhead(), tea.Batch(cmds...)
		}
		a.ahead.input = a.ahead.input[1:]
		var cmd, more tea.Cmd
		if isKey {
			a, cmd = a.act(press)
		} else {
			a, cmd = a.paste(pasted)
		}
		a, more = a.relayout()
		cmds = append(cmds, cmd, more)
	}
	a.ahead = typedAhead{}
	return a, tea.Batch(cmds...)
}

// maxAheadNames is the number of keys that wait whose names are shown.
const maxAheadNames = 8

// names returns the keys that wait.
func (t typedAhead) names() safe.Text {
	if len(t.input) > maxAheadNames {
		return safe.Sprintf("%d keys", len(t.input))
	}
	var names safe.Text
	for i, msg := range t.input {
		name := "pasted text"
		if press, isKey := msg.(tea.KeyPressMsg); isKey {
			name = press.String()
		}
		if i > 0 {
			names = safe.Concat(names, safe.Const(" "))
		}
		names = safe.Concat(names, safe.Clean(name))
	}
	return names
}

// line returns the bottom line while keys wait.
func (t typedAhead) line() look.Line {
	return look.L(look.Gap(1), look.S(look.Strong, safe.Sprintf("waits until all is read: %s", t.names())),
		look.Gap(2), look.S(look.Key, safe.Const("esc")), look.Gap(1), look.S(look.Faint, safe.Const("drops it")))
}

// splitAlt returns the keys that a terminal may have sent as one key with alt: it sends esc before a key as alt with that
// key when both arrive together. ok is false for other keys, and for those with a use.
func (a App) splitAlt(msg tea.KeyPressMsg) (_ []tea.Msg, ok bool) {
	if !msg.Mod.Contains(tea.ModAlt) || a.options.Keys.Has(msg) || a.typing() && widget.EditsWithAlt(msg) {
		return nil, false
	}
	msg.Mod &^= tea.ModAlt
	if msg.Mod&^tea.ModShift == 0 && msg.Text == "" && msg.Code >= ' ' && msg.Code < tea.KeyExtended && msg.Code != tea.KeyBackspace {
		msg.Text = string(msg.Code)
		if msg.Mod.Contains(tea.ModShift) && msg.ShiftedCode != 0 {
			msg.Text = string(msg.ShiftedCode)
		}
	}
	return []tea.Msg{tea.KeyPressMsg{Code: tea.KeyEscape}, msg}, true
}
