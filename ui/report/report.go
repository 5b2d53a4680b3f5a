// Package report prints a comparison as text, as Markdown for a ticket or as JSON
// for other programs, and lists of names and digests. Package diff makes the
// comparison. docs/report.md describes the JSON.
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

// Options are the settings of a report.
type Options struct {
	Gate        safe.Gate         // masks secrets
	ASCII       bool              // print ASCII only
	PlainHTTP   bool              // shell commands need a flag for registries without TLS
	Expectation *diff.Expectation // printed first; may be nil
	Cost        *Cost             // of reading layers; nil if none were asked for
	AllPackages bool              // list all packages that differ, and those of one image
	Programs    bool              // list all programs of the layers that were read
	AllFiles    bool              // list all files that differ, and all of one image
}

// command returns a shell command with the flags that the registries need.
func (o Options) command(t safe.Text) safe.Text {
	if o.PlainHTTP {
		return diff.Insecure(t)
	}
	return t
}

// next returns what to do about a finding. It leaves out a flag that the report was made with, and the tab that
// shows what the report lists.
func (o Options) next(f diff.Finding) safe.Text {
	text := f.Next.String()
	for _, given := range []struct {
		is   bool
		hint string
	}{
		{o.AllPackages, " (tab Packages, or --packages in a report)"},
		{o.Cost != nil, " (tab Files, or --inside in a report)"},
	} {
		if given.is {
			text = strings.Replace(text, given.hint, "", 1)
		}
	}
	return safe.Clean(text)
}

// printer writes lines of safe text only, so that untrusted text cannot bypass
// package safe.
type printer struct {
	w     *bufio.Writer
	g     look.Glyphs
	ascii bool
}

func newPrinter(w io.Writer, o Options) *printer {
	glyphs := look.Unicode()
	if o.ASCII {
		glyphs = look.ASCII()
	}
	return &printer{bufio.NewWriter(w), glyphs, o.ASCII}
}

// line prints one line without trailing blanks. end returns the first error.
func (p *printer) line(parts ...safe.Text) {
	t := safe.Concat(parts...)
	s := t.String()
	if p.ascii {
		s = toASCII(p.g.Sentence(t))
	}
	_, _ = p.w.WriteString(strings.TrimRight(s, " "))
	_ = p.w.WriteByte('\n')
}

func (p *printer) end() error { return p.w.Flush() }

// toASCII escapes characters that are not ASCII.
func toASCII(t safe.Text) string {
	var b strings.Builder
	for _, r := range t.String() {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		b.WriteString(escapeRune(r))
	}
	return b.String()
}

func escapeRune(r rune) string {
	if r <= 0xffff {
		return fmt.Sprintf(`\u%04x`, r)
	}
	high, low := utf16.EncodeRune(r)
	return fmt.Sprintf(`\u%04x\u%04x`, high, low)
}
