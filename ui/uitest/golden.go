package uitest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

const (
	// quiet is the time without output before a screen is written as golden.
	quiet = 500 * time.Millisecond
	// silence is the time without output before a screen counts as different from its
	// golden file.
	silence = 20 * time.Second
)

// Updating reports whether golden files are being written: go test -update.
// The flag is declared here for all packages that use this one.
func Updating() bool { return *update }

// Golden waits until text and style of the screen equal testdata/screens/NAME.golden.
func (t *Term) Golden(name string) {
	t.tb.Helper()
	path := filepath.Join("testdata", "screens", name+".golden")
	t.waitEqual(path, func(f Frame) []byte { return []byte(f.Golden()) })
}

// Picture waits until the SVG of the screen equals a file. path is relative to the
// working directory of the test.
func (t *Term) Picture(path, title string) {
	t.tb.Helper()
	t.waitEqual(path, func(f Frame) []byte { return f.SVG(title) })
}

// waitEqual waits until a form of the screen equals a file. With -update it writes the
// file.
func (t *Term) waitEqual(path string, form func(Frame) []byte) {
	t.tb.Helper()
	if Updating() {
		write(t.tb, path, form(t.masked(t.settle(quiet))))
		return
	}
	want := read(t.tb, path)
	frame, err := t.await(func(f Frame) bool { return bytes.Equal(form(t.masked(f)), want) }, silence)
	if err != nil {
		mismatch(t.tb, path, want, form(t.masked(frame)))
	}
}

// GoldenFile compares got with a file. With -update it writes the file.
func GoldenFile(t testing.TB, path string, got []byte) {
	t.Helper()
	if Updating() {
		write(t, path, got)
		return
	}
	if want := read(t, path); !bytes.Equal(want, got) {
		mismatch(t, path, want, got)
	}
}

func mismatch(t testing.TB, path string, want, got []byte) {
	t.Helper()
	t.Errorf("%s differs (-want +got); go test -update writes it:\n%s",
		path, cmp.Diff(lines(string(want)), lines(string(got))))
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// read returns nothing for a missing file: the test then fails and shows the whole
// content.
func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return b
}

// letters name the styles of a frame, in the order in which they appear.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// Golden returns the frame in a form for reviews: the text, then one letter per cell for
// its style, then the meaning of the letters. A dot is a cell without style.
func (f Frame) Golden() string {
	legend := newLegend()
	var styles strings.Builder
	for y := range f.Height {
		var row strings.Builder
		for _, c := range f.row(y) {
			row.WriteByte(legend.letter(c.Style))
		}
		styles.WriteString(strings.TrimRight(row.String(), ".") + "\n")
	}
	golden := f.Text() + "\n---\n" + styles.String() + "---\n" + legend.String()
	if f.Cursor.Visible {
		golden += fmt.Sprintf("cursor %d,%d\n", f.Cursor.X, f.Cursor.Y)
	}
	return golden
}

type legend struct {
	names  map[Style]byte
	styles []Style
}

func newLegend() *legend { return &legend{names: map[Style]byte{{}: '.'}} }

func (l *legend) letter(s Style) byte {
	if name, ok := l.names[s]; ok {
		return name
	}
	name := byte('?') // more styles than letters
	if len(l.styles) < len(letters) {
		name = letters[len(l.styles)]
	}
	l.names[s] = name
	l.styles = append(l.styles, s)
	return name
}

func (l *legend) String() string {
	var b strings.Builder
	for _, s := range l.styles {
		fmt.Fprintf(&b, "%c %s\n", l.names[s], s)
	}
	return b.String()
}

// String returns the style in words: fg #191724 bg #ebbcba bold.
func (s Style) String() string {
	var words []string
	if s.Fg != "" {
		words = append(words, "fg", string(s.Fg))
	}
	if s.Bg != "" {
		words = append(words, "bg", string(s.Bg))
	}
	words = append(words, enabled([]attribute{
		{s.Bold, "bold"}, {s.Faint, "faint"}, {s.Italic, "italic"}, {s.Underline, "underline"},
		{s.Blink, "blink"}, {s.Reverse, "reverse"}, {s.Conceal, "conceal"}, {s.Strike, "strike"},
	})...)
	return strings.Join(words, " ")
}

// attribute is a text that stands for an attribute of a style, if that is on.
type attribute struct {
	on   bool
	text string
}

// enabled returns the texts of the attributes that are on.
func enabled(all []attribute) []string {
	var texts []string
	for _, a := range all {
		if a.on {
			texts = append(texts, a.text)
		}
	}
	return texts
}
