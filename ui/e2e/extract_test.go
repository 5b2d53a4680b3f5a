package e2e

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// incompressible returns bytes that no compression makes smaller.
func incompressible(size int) string {
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content) // which never fails
	return string(content)
}

// openFiles starts the program in a folder, and shows the files of one image. The cursor is on the first
// row of them.
func openFiles(t *testing.T, folder, image, first string) *uitest.Term {
	t.Helper()
	o := wide
	o.Dir = folder
	term := uitest.Start(t, o, image)
	term.WaitFor("Inside: ")
	term.Type("4", "i")
	term.WaitFor(first)
	return term
}

// filesBelow returns the paths of all files, links and empty folders below a folder, sorted.
func filesBelow(t *testing.T, folder string) (paths []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	return paths
}

// holdHalf makes the registry send only half of a layer from now on. asked gets a value when it has, and
// gone when the client has left. Closing rest makes the registry send the rest.
func (b *builds) holdHalf(layer string) (asked <-chan string, rest chan struct{}, gone <-chan string) {
	a, r, g := make(chan string, 1), make(chan struct{}), make(chan string, 1)
	b.change(func() { b.half, b.asked, b.rest, b.gone = layer, a, r, g })
	return a, r, g
}

// TestExtract checks that E writes a file of a layer with its content, that it replaces nothing, and that
// esc leaves no part of it.
func TestExtract(t *testing.T) {
	t.Parallel()
	b, host := startBuilds(t)
	content := incompressible(3 << 20)
	layer := b.push(t, "a", time.Time{}, "fast", insidetest.File("app/data", content)).String()
	folder := t.TempDir()
	term := openFiles(t, folder, host+"/app:a", "app/data")

	asked, _, gone := b.holdHalf(layer)
	term.Type("end", "E")
	<-asked
	term.WaitFor("Writing data: ", " read of a layer of 3.1 MB. esc stops")
	if files := filesBelow(t, folder); len(files) != 1 || !strings.HasSuffix(files[0], ".part") {
		t.Errorf("files %q while one is written, want one with another name", files)
	}
	term.Type("esc")
	term.WaitFor("stopped: data was not written")
	<-gone
	b.change(func() { b.half = "" })

	term.Type("E")
	term.WaitFor("wrote 3.1 MB to " + filepath.Join(folder, "data"))
	if got, err := os.ReadFile(filepath.Join(folder, "data")); err != nil || string(got) != content {
		t.Errorf("%v, %d bytes, which are not those of the layer", err, len(got))
	}
	if info, err := os.Stat(filepath.Join(folder, "data")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v, want mode 0600", info, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "data"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	term.Type("E")
	term.WaitFor("not written: data exists in this folder")

	asked, _, gone = b.holdHalf(layer)
	if err := os.Rename(filepath.Join(folder, "data"), filepath.Join(folder, "kept")); err != nil {
		t.Fatal(err)
	}
	term.Type("E")
	<-asked
	term.Type("q") // which goes back to the list
	term.WaitFor("[4 Files")
	term.Type("q") // which waits until the part is removed
	if code := term.Wait(); code != 0 {
		t.Errorf("q ended the program with %d", code)
	}
	<-gone
	if files := filesBelow(t, folder); !slices.Equal(files, []string{"kept"}) {
		t.Errorf("files %q at the end, want those of the user alone", files)
	}
	if got, err := os.ReadFile(filepath.Join(folder, "kept")); string(got) != "mine" {
		t.Errorf("%v, the file of the user has %q", err, got)
	}
}

// TestExtract_names checks that no name in a layer makes E write outside the current folder, or to a name
// that programs read unasked.
func TestExtract_names(t *testing.T) {
	t.Parallel()
	names := []struct{ inLayer, onDisk string }{
		{"../../up", "up"},
		{"/root/absolute", "absolute"},
		{"link/through", "through"}, // see below
		{"-rf", "_rf"},
		{".bashrc", "_bashrc"},
		{"NUL", "_NUL"},
		{`back\..\slash`, "back_.._slash"},
		{"es\x1b[2Jcape", "es__2Jcape"},
		{"new\nline", "new_line"},
		{"; rm x", "__rm_x"},
		{strings.Repeat("long", 50), strings.Repeat("long", 30)},
	}
	outer := t.TempDir()
	folder, target := filepath.Join(outer, "a", "b", "c"), filepath.Join(outer, "target")
	mustMake(t, folder, target)
	items := []insidetest.Item{insidetest.Symlink("link", target)}
	var want []string
	for i, n := range names {
		items = append(items, insidetest.File(n.inLayer, strings.Repeat("x", i+1)))
		want = append(want, "a/b/c/"+n.onDisk)
	}
	slices.Sort(want)
	b, host := startBuilds(t)
	b.push(t, "a", time.Time{}, "fast", items...)
	term := openFiles(t, folder, host+"/app:a", "absolute")
	seen := map[string]bool{}
	term.Type("end")
	for range names {
		term.Type("E")
		term.WaitUntil("another file was written", func(f uitest.Frame) bool {
			m := wroteFile.FindString(f.Text())
			isNew := m != "" && !seen[m]
			seen[m] = true
			return isNew
		})
		term.Type("esc", "up")
	}
	if diff := cmp.Diff(want, filesBelow(t, outer)); diff != "" {
		t.Errorf("other files were written (-want +got):\n%s", diff)
	}
}

// wroteFile is what the screen says of a written file; each has another size in TestExtract_names.
var wroteFile = regexp.MustCompile(`wrote \d+ B to `)
