package ui

import (
	"errors"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// troubleLines say what went wrong and what to do next, on pages where r tries
// again.
func troubleLines(err error, f frame) []look.Line {
	return troubleText(err, f, safe.Const("r tries again"))
}

// troubleSays is troubleLines for pages where keys are text.
func troubleSays(err error, f frame) []look.Line { return troubleText(err, f, safe.Text{}) }

func troubleText(err error, f frame, again safe.Text) []look.Line {
	say, next := f.gate.Clean(err.Error()), again
	var t *model.Trouble
	if errors.As(err, &t) {
		say = f.gate.Clean(t.Say)
		next = joinDot(f.gate.Clean(t.Next), again, f.glyphs)
	}
	lines := []look.Line{{}}
	for _, span := range []look.Span{look.S(look.Alert, say), look.P(next)} {
		if span.Text.IsEmpty() {
			continue
		}
		for _, l := range look.Wrap([]look.Span{span}, max(f.width-4, 8)) {
			lines = append(lines, look.L(look.Gap(2)).With(l.Spans...))
		}
	}
	return lines
}

func joinDot(a, b safe.Text, g look.Glyphs) safe.Text {
	if a.IsEmpty() || b.IsEmpty() {
		return safe.Concat(a, b)
	}
	return safe.Sprintf("%s %s %s", a, g.Dot, b)
}
