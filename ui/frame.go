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
	v.WindowTitle = safe.Sprintf("tagdiff %s", a.top().Crumb()).String()
	return v
}

func (a App) content() string {
	if a.width == 0 || a.height == 0 {
		return ""
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
	var drawn []string
	for _, l := range lines[:min(len(lines), a.height)] { // a very low terminal has less room
		drawn = append(drawn, a.theme.Render(l, a.width))
	}
	return strings.Join(drawn, "\n")
}

// header is the first line: the path on the left, the traffic or a pause on the right.
func (a App) header() look.Line {
	cost, role := trafficText(a.traffic, a.theme.Glyphs), look.Faint
	if pause := pauseText(a.traffic.Pause, a.env.Now()); !pause.IsEmpty() {
		cost, role = pause, look.Warn
	}
	left := look.L(look.S(look.Strong, safe.Const(" tagdiff")), look.Gap(2), look.P(a.top().Crumb()))
	room := a.width - look.Width(cost) - 2
	if room < 24 {
		return left
	}
	return left.To(room, a.theme.Ellipsis).With(look.Gap(1), look.S(role, cost))
}

func trafficText(t model.Traffic, g look.Glyphs) safe.Text {
	if t.Requests == 0 {
		return safe.Text{}
	}
	cost := safe.Sprintf("%s %s %s %s %.1f s", look.Count(t.Requests, safe.Const("request"), safe.Const("requests")), g.Dot,
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
		lines := look.Paragraph(look.Alert, a.prompt.Err, a.width)
		return append(lines[:min(len(lines), room)], a.footer())
	case a.prompt == nil && !a.answer.IsEmpty():
		lines := look.Paragraph(look.Strong, a.answer, a.width)
		return lines[:min(len(lines), room)]
	}
	return []look.Line{a.footer()}
}

// footer is the last line: the prompt, a toast, or the most useful keys.
func (a App) footer() look.Line {
	switch {
	case a.prompt != nil:
		return look.L(look.Gap(1)).With(a.prompt.Line(a.width - 1).Spans...)
	case !a.toast.IsEmpty():
		return look.L(look.Gap(1), look.S(look.Strong, a.toast))
	}
	right := a.top().Status()
	if a.help != nil {
		_, right = a.help.view(a.frame())
	}
	room := a.width - look.Width(right) - 2
	return hintLine(a.hints(), a.theme.Glyphs, room).To(room, safe.Text{}).With(look.Gap(1), look.S(look.Faint, right))
}

func (a App) hints() []key.Binding {
	if a.help != nil {
		return []key.Binding{page.Keys.Up, page.Keys.Down, page.Describe(page.Keys.Back, "close")}
	}
	return append(a.top().Hints(), page.Keys.Help)
}

// hintLine returns as many hints as fit completely. The last one, help, is always there.
func hintLine(hints []key.Binding, g look.Glyphs, width int) look.Line {
	if len(hints) == 0 {
		return look.Line{}
	}
	last := hintSpans(hints[len(hints)-1], g)
	room := width - look.L(last...).Width()
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

func hintSpans(b key.Binding, g look.Glyphs) []look.Span {
	return []look.Span{
		look.Gap(1), look.S(look.Key, g.KeyName(b.Help().Key)),
		look.Gap(1), look.S(look.Faint, safe.Clean(b.Help().Desc)), look.Gap(1),
	}
}
