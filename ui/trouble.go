package ui

import (
	"errors"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// troubleLines say what went wrong and what to do next.
func troubleLines(err error, f frame) []look.Line {
	say, next := f.gate.Clean(err.Error()), safe.Const("r tries again")
	var t *model.Trouble
	if errors.As(err, &t) {
		say = f.gate.Clean(t.Say)
		if t.Next != "" {
			next = safe.Sprintf("%s %s %s", f.gate.Clean(t.Next), f.glyphs.Dot, next)
		}
	}
	lines := []look.Line{{}}
	for _, l := range look.Wrap([]look.Span{look.S(look.Alert, say)}, max(f.width-4, 8)) {
		lines = append(lines, look.L(look.Gap(2)).With(l.Spans...))
	}
	for _, l := range look.Wrap([]look.Span{look.P(next)}, max(f.width-4, 8)) {
		lines = append(lines, look.L(look.Gap(2)).With(l.Spans...))
	}
	return lines
}
