package page

import (
	"errors"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// RetryLines returns an error and its next step, on pages where r tries again.
func RetryLines(err error, f Frame) []look.Line {
	return errorLines(err, f, safe.Const("r tries again"))
}

// ErrorLines is RetryLines for pages where keys are text input.
func ErrorLines(err error, f Frame) []look.Line { return errorLines(err, f, safe.Text{}) }

func errorLines(err error, f Frame, retryHint safe.Text) []look.Line {
	message, next := f.Gate.Clean(err.Error()), retryHint
	if t, ok := errors.AsType[*model.ReadError](err); ok {
		message = f.Gate.Clean(t.Message)
		next = joinDot(f.Gate.Clean(t.Next), retryHint, f.Glyphs)
	}
	lines := []look.Line{{}}
	for _, span := range []look.Span{look.S(look.Alert, message), look.P(next)} {
		if span.Text.IsEmpty() {
			continue
		}
		lines = append(lines, look.Hanging(look.L(look.Gap(2)), max(f.Width-4, 8), span)...)
	}
	return lines
}

func joinDot(a, b safe.Text, g look.Glyphs) safe.Text {
	if a.IsEmpty() || b.IsEmpty() {
		return safe.Concat(a, b)
	}
	return safe.Sprintf("%s %s %s", a, g.Dot, b)
}
