// Package report prints a comparison as text for a pipe, as Markdown for a
// ticket and as JSON for other programs, and lists of names and digests. What is
// found is decided in package diff; screens have their own words.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Options are what a person can ask of a report.
type Options struct {
	Gate  safe.Gate // masks secrets unless it is told to reveal them
	ASCII bool      // no other characters, for readers without UTF-8
	// PlainHTTP is for registries that speak it, which shell commands must say.
	PlainHTTP bool
	// Expectation is printed first, if there is one.
	Expectation *diff.Expectation
}

func (o Options) glyphs() look.Glyphs {
	if o.ASCII {
		return look.ASCII()
	}
	return look.Unicode()
}

// command is a shell command as it must be for these registries.
func (o Options) command(t safe.Text) safe.Text {
	if o.PlainHTTP {
		return diff.Insecure(t)
	}
	return t
}

// printer writes lines of safe text and nothing else: what came from outside
// cannot reach a report but through the gate.
type printer struct {
	w     *bufio.Writer
	g     look.Glyphs
	ascii bool
}

func newPrinter(w io.Writer, o Options) *printer {
	return &printer{bufio.NewWriter(w), o.glyphs(), o.ASCII}
}

// line prints one line without blanks at its end. Errors stay in the writer
// until the end.
func (p *printer) line(parts ...safe.Text) {
	t := safe.Concat(parts...)
	s := t.String()
	if p.ascii {
		s = toASCII(t)
	}
	_, _ = p.w.WriteString(strings.TrimRight(s, " "))
	_ = p.w.WriteByte('\n')
}

func (p *printer) end() error { return p.w.Flush() }

// toASCII replaces the program's own signs and escapes all other characters.
func toASCII(t safe.Text) string {
	var b strings.Builder
	for _, r := range look.ASCII().Sentence(t).String() {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		b.WriteString(escapeRune(r))
	}
	return b.String()
}

var severities = [...]safe.Text{safe.Const("fact"), safe.Const("note"), safe.Const("warning"), safe.Const("stop")}

func severity(f diff.Finding) safe.Text {
	return severities[min(max(f.Severity, 0), len(severities)-1)]
}

func escapeRune(r rune) string {
	if r <= 0xffff {
		return fmt.Sprintf(`\u%04x`, r)
	}
	high, low := utf16.EncodeRune(r)
	return fmt.Sprintf(`\u%04x\u%04x`, high, low)
}
