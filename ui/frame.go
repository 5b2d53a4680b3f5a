package ui

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// frameHeight is the number of lines outside the page: the path at the top and the keys
// at the bottom.
const frameHeight = 2

func (a App) frame() page.Frame {
	return page.Frame{
		Width: a.width, Height: max(a.height-frameHeight, 1),
		Glyphs: a.theme.Glyphs, Gate: a.gate, Marks: a.marks,
	}
}

// View draws the frame. Styles are applied only here.
func (a App) View() tea.View {
	v := tea.NewView(a.content())
	v.AltScreen = true
	if a.options.Mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	v.WindowTitle = safe.Sprintf("tagdiff %s", a.top().Crumb()).String()
	return v
}

// content returns the screen. It is blank, but not empty, before the first frame: Bubble Tea clears the terminal again
// for the first content after an empty one.
func (a App) content() string {
	if a.terminal.waiting || a.width == 0 || a.height == 0 {
		return " "
	}
	var drawn []string
	for _, l := range a.lines() {
		drawn = append(drawn, a.theme.Render(l, a.width))
	}
	return strings.Join(drawn, "\n")
}

// lines returns the lines of the screen, from the top. They also say what a click on a cell means.
func (a App) lines() []look.Line {
	if a.width == 0 || a.height == 0 {
		return nil
	}
	f := a.frame()
	body := a.top().View(f)
	if a.help != nil {
		body, _ = a.help.view(f)
	}
	last := a.bottomLines()
	lines := append([]look.Line{a.header()}, body...)
	room := f.Height + 2 - len(last)
	for len(lines) < room {
		lines = append(lines, look.Line{})
	}
	if hidden := len(lines) - room + 1; hidden > 1 && room > 0 {
		lines[room-1] = look.L(look.Gap(1), look.S(look.Strong,
			safe.Sprintf("+ %d lines hidden: the window is too low", hidden)))
	}
	lines = append(lines[:room], last...)
	return lines[:min(len(lines), a.height)] // a very low terminal has less room
}

// header is the first line: the path on the left, the traffic or a pause on the right. The traffic is short where the
// path needs the room.
func (a App) header() look.Line {
	title := look.L(look.S(look.Strong, safe.Const(" tagdiff")), look.Gap(2))
	path, g := a.path(), a.theme.Glyphs
	cost, role := trafficText(a.traffic, g, false), look.Faint
	if joinPath(withoutBelow(path), g).Width() > a.width-reserved(cost)-title.Width() {
		cost = trafficText(a.traffic, g, true)
	}
	if pause := pauseText(a.traffic.Pause, a.env.Now()); !pause.IsEmpty() {
		cost, role = pause, look.Warn
	}
	room := a.width - look.Width(cost) - 2
	if room < 24 {
		return title.With(pathLine(path, g, max(a.width-title.Width(), 1)).Spans...)
	}
	left := title.With(pathLine(path, g, min(a.width-reserved(cost), room)-title.Width()).Spans...)
	return left.To(room, a.theme.Ellipsis).With(look.Gap(1), look.S(role, cost))
}

// reserved returns the cells for the right end of the first line. They change in steps, so that the path does not
// change its width with each digit of the traffic.
func reserved(cost safe.Text) int {
	const step = 16
	if cost.IsEmpty() {
		return 0
	}
	return (look.Width(cost)+1+step)/step*step + 1
}

// trafficText returns the cost of the requests so far or, short, the part of it that matters most.
func trafficText(t model.Traffic, g look.Glyphs, short bool) safe.Text {
	if t.Requests == 0 {
		return safe.Text{}
	}
	requests := look.Count(t.Requests, safe.Const("request"), safe.Const("requests"))
	switch {
	case short && t.Quota.Limit > 0:
		return safe.Sprintf("%s of %s left", look.Number(t.Quota.Left), look.Number(t.Quota.Limit))
	case short && t.InFlight > 0:
		return safe.Sprintf("%d under way", t.InFlight)
	case short:
		return requests
	}
	cost := safe.Sprintf("%s %s %s %s %.1f s", requests, g.Dot,
		look.Size(t.Bytes), g.Dot, t.Busy.Round(100*time.Millisecond).Seconds())
	if q := t.Quota; q.Limit > 0 {
		cost = safe.Sprintf("%s of %s left %s %s", look.Number(q.Left), look.Number(q.Limit), g.Dot, cost)
	}
	if t.InFlight > 0 {
		return safe.Sprintf("%d under way %s %s", t.InFlight, g.Dot, cost)
	}
	return cost
}

// pauseText returns the countdown of a pause of the requests to a registry, empty when it is
// over.
func pauseText(p model.Pause, now time.Time) safe.Text {
	left := p.Until.Sub(now).Round(time.Second)
	if p.Host == "" || left <= 0 {
		return safe.Text{}
	}
	if !p.Requested {
		return safe.Sprintf("too many requests: next attempt in %d s", int(left.Seconds()))
	}
	return safe.Sprintf("%s asked for a pause: %s", p.Host, left)
}

// bottomLines are an error above the prompt, an answer, or the footer. They need as many
// lines as the text, and at most as many as the screen has.
func (a App) bottomLines() []look.Line {
	room := max(a.height-frameHeight, 1)
	switch {
	case a.prompt != nil && !a.prompt.Err.IsEmpty():
		lines := look.Paragraph(look.Alert, a.theme.Sentence(a.prompt.Err), a.width)
		return append(lines[:min(len(lines), room)], a.footer())
	case a.prompt == nil && !a.answer.IsEmpty():
		lines := look.Paragraph(look.Strong, a.theme.Sentence(a.answer), a.width)
		return lines[:min(len(lines), room)]
	}
	return []look.Line{a.footer()}
}

// footer is the last line: the prompt, a toast, or the most useful keys.
func (a App) footer() look.Line {
	switch {
	case a.question != nil:
		return a.question.line(a.theme.Glyphs, a.width)
	case a.prompt != nil:
		return look.L(look.Gap(1)).With(a.prompt.Line(a.width - 1).Spans...)
	case len(a.ahead.input) > 0:
		return a.ahead.line()
	case !a.toast.IsEmpty():
		return look.L(look.Gap(1), look.S(look.Strong, a.toast))
	}
	hints := a.hints()
	right := a.status(hints)
	room := a.width - look.Width(right) - 2
	return hintLine(hints, a.theme.Glyphs, room).To(room, safe.Text{}).With(look.Gap(1), look.S(look.Faint, right))
}

// firstHints is the number of keys, besides help, for which a status becomes shorter.
const firstHints = 3

// status returns the right end of the footer. It is shorter if the first hints need the room.
func (a App) status(hints []key.Binding) safe.Text {
	if a.help != nil {
		_, right := a.help.view(a.frame())
		return right
	}
	p, shortens := a.top().(page.ShortensStatus)
	if !shortens || len(hints) <= firstHints {
		return a.top().Status()
	}
	room := a.width - 1
	for _, h := range append(hints[:firstHints:firstHints], hints[len(hints)-1]) {
		room -= look.L(hintSpans(h, a.theme.Glyphs)...).Width()
	}
	return p.StatusIn(a.theme.Glyphs, room)
}

func (a App) hints() []key.Binding {
	hints := append(a.top().Hints(), page.Keys.Help)
	if a.help != nil {
		hints = a.help.hints(a.frame())
	}
	return a.options.Keys.Labelled(hints)
}

// hintLine returns as many hints as fit completely. The last one, help, is always there.
func hintLine(hints []key.Binding, g look.Glyphs, width int) look.Line {
	if len(hints) == 0 {
		return look.Line{}
	}
	last := hintSpans(hints[len(hints)-1], g)
	room := width + 1 - look.L(last...).Width() // the last blank is also the gap to the status
	l := look.Line{}
	for _, h := range hints[:len(hints)-1] {
		s := hintSpans(h, g)
		if l.Width()+look.L(s...).Width() > room {
			break
		}
		l = l.With(s...)
	}
	return l.With(last...)
}

// hintSpans returns a key with its description. A click presses the first of the keys that do the same.
func hintSpans(b key.Binding, g look.Glyphs) []look.Span {
	var first string
	if keys := b.Keys(); len(keys) > 0 {
		first = keys[0]
	}
	return look.Pressing(first,
		look.Gap(1), look.S(look.Key, g.KeyName(b.Help().Key)),
		look.Gap(1), look.S(look.Faint, safe.Clean(b.Help().Desc)), look.Gap(1),
	)
}
