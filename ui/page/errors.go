package page

import (
	"errors"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// RetryLines returns an error and its next step, on pages where r tries again.
func RetryLines(err error, f Frame) []look.Line {
	return ErrorLines(err, f, safe.Const("r tries again"))
}

// ErrorLines returns an error and its next step, with a hint for the keys of the page.
func ErrorLines(err error, f Frame, hint safe.Text) []look.Line {
	message, next := f.Glyphs.Sentence(f.Gate.Clean(err.Error())), hint
	if t, ok := errors.AsType[*model.ReadError](err); ok {
		message, next = f.Glyphs.Sentence(f.Gate.Clean(t.Message)), f.Glyphs.Sentence(f.Gate.Clean(t.Next))
		if !hint.IsEmpty() && strings.HasPrefix(t.Next, "try again") && !strings.ContainsAny(t.Next, ",;") {
			next = safe.Text{} // the hint says it
		}
		if !next.IsEmpty() && !hint.IsEmpty() {
			next = safe.Sprintf("%s %s ", next, f.Glyphs.Dot)
		}
		next = safe.Concat(next, hint)
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
