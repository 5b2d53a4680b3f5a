package uitest

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
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
	silence = 5 * time.Second
)

// Updating reports whether golden files are being written: go test -update.
// The flag is declared here for all packages that use this one.
func Updating() bool { return *update }

// Golden waits until text and style of the screen equal testdata/screens/NAME.golden.
func (t *Term) Golden(name string) {
	t.tb.Helper()
	path := filepath.Join("testdata", "screens", name+".golden")
	if Updating() {
		write(t.tb, path, []byte(t.masked(t.settle(quiet)).Golden()))
		return
	}
	want := read(t.tb, path)
	t.waitEqual(path, want, func(f Frame) []byte { return []byte(f.Golden()) })
}

// Picture waits until the SVG of the screen equals a file. path is relative to the
// working directory of the test.
func (t *Term) Picture(path, title string) {
	t.tb.Helper()
	if Updating() {
		write(t.tb, path, t.masked(t.settle(quiet)).SVG(title))
		return
	}
	want := read(t.tb, path)
	t.waitEqual(path, want, func(f Frame) []byte { return f.SVG(title) })
}

// SVG returns a picture of the current screen.
func (t *Term) SVG(title string) []byte { return t.masked(t.Frame()).SVG(title) }

func (t *Term) waitEqual(path string, want []byte, form func(Frame) []byte) {
	t.tb.Helper()
	frame, err := t.await(func(f Frame) bool { return bytes.Equal(form(t.masked(f)), want) }, silence)
	if err != nil {
		mismatch(t.tb, path, want, form(t.masked(frame)))
	}
}

// Golden compares a frame with testdata/screens/NAME.golden.
func Golden(t testing.TB, name string, f Frame) {
	t.Helper()
	GoldenFile(t, filepath.Join("testdata", "screens", name+".golden"), []byte(f.Golden()))
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
