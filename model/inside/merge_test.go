package inside

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

type items = []insidetest.Item

func layersOf(t *testing.T, all ...items) []*Layer {
	t.Helper()
	layers := make([]*Layer, len(all))
	for i, one := range all {
		l, err := Read(bytes.NewReader(insidetest.Tar(one...)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		layers[i] = l
	}
	return layers
}

// describe says of each entry of a list what it is: a folder with its mode, a file with the
// content among those that occur in these tests.
func describe(l List) string {
	var out []string
	for e := range l.All() {
		text := e.Path
		switch {
		case e.Kind == Folder && e.Implied:
			text += "/"
		case e.Kind == Folder:
			text += fmt.Sprintf("/%o", e.Mode)
			if e.Lent {
				text += "?"
			}
		case e.Kind == Symlink:
			text += "->" + e.Link
		case e.Kind == Hardlink:
			text += "=>" + e.Link
		case e.Sum != (Hash{}):
			for c := range strings.SplitSeq("0123456789", "") {
				if e.Sum == sumOf(c) {
					text += "=" + c
				}
			}
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func TestMerge(t *testing.T) {
	file, folder, link, hard := insidetest.File, insidetest.Folder, insidetest.Symlink, insidetest.Hardlink
	for _, c := range []struct {
		name   string
		layers []items
		want   string
	}{
		{"nothing", nil, ""},
		{"one layer", []items{{file("b", "1"), file("a-b", "2"), file("a/b", "3")}}, "a/ a/b=3 a-b=2 b=1"},
		{"replaced file", []items{{file("a", "1")}, {file("a", "2")}}, "a=2"},
		{"whiteout", []items{{file("a", "1"), file("b", "2")}, {file(".wh.a", "")}}, "b=2"},
		{"whiteout of a folder", []items{{file("a/b/c", "1"), file("ab", "2")}, {file(".wh.a", "")}}, "ab=2"},
		{"whiteout before the entry", []items{{file("a", "1")}, {file(".wh.a", ""), file("a", "2")}}, "a=2"},
		{"whiteout behind the entry", []items{{file("a", "1")}, {file("a", "2"), file(".wh.a", "")}}, "a=2"},
		{"whiteout and folder", []items{{file("a/b", "1")}, {file("a/c", "2"), file(".wh.a", "")}}, "a/ a/c=2"},
		{"whiteout of nothing", []items{{file(".wh.a", "")}, {file("a", "1")}}, "a=1"},
		{"deleted and back", []items{{file("a/b", "1")}, {file(".wh.a", "")}, {file("a/c", "2")}}, "a/ a/c=2"},
		{"opaque", []items{{folder("a").As(0o700, 0, 0), file("a/b", "1"), file("a/d/e", "2")}, {file("a/c", "3"), file("a/.wh..wh..opq", "")}}, "a/ a/c=3"},
		{"opaque first", []items{{file("a/b", "1")}, {file("a/.wh..wh..opq", ""), folder("a"), file("a/c", "3")}}, "a/755 a/c=3"},
		{"opaque root", []items{{file("a/b", "1")}, {file(".wh..wh..opq", ""), file("c", "3")}}, "c=3"},
		{"opaque over a new folder", []items{{file("b", "1")}, {file("a/.wh..wh..opq", "")}}, "a/ b=1"},
		{"file over folder", []items{{file("a/b", "1")}, {file("a", "2")}}, "a=2"},
		{"folder over file", []items{{file("a", "1")}, {folder("a")}}, "a/755"},
		{"folder, file, folder", []items{{file("a/b", "1")}, {file("a", "2")}, {file("a/c", "3")}}, "a/ a/c=3"},
		{"folder over folder", []items{{folder("a").As(0o700, 0, 0), file("a/b", "1")}, {folder("a"), file("a/c", "2")}}, "a/755 a/b=1 a/c=2"},
		{"implied over folder", []items{{folder("a").As(0o700, 0, 0), file("a/b", "1")}, {file("a/c", "2")}, {file("a/d", "3")}}, "a/700? a/b=1 a/c=2 a/d=3"},
		{"implied over newer folder", []items{{folder("a").As(0o700, 0, 0)}, {folder("a").As(0o711, 0, 0)}, {file("a/c", "2")}}, "a/711? a/c=2"},
		{"implied over deleted folder", []items{{folder("a").As(0o700, 0, 0)}, {file(".wh.a", "")}, {file("a/c", "2")}}, "a/ a/c=2"},
		{"link became a folder", []items{{file("usr/lib/a", "1"), link("lib", "usr/lib")}, {file("lib/b", "2")}}, "lib/ lib/b=2 usr/ usr/lib/ usr/lib/a=1"},
		{"link of the same layer", []items{{link("lib", "usr/lib"), file("lib/b", "2"), link("usr/lib", "/x/../y/")}}, "lib->usr/lib usr/ usr/lib->/x/../y/ y/ y/b=2"},
		{"link loop", []items{{link("a", "b"), link("b", "a"), file("a/c", "1")}}, "a->b a/c=1 b->a"},
		{"hard link", []items{{file("a", "1"), hard("b", "a")}, {file("a", "2")}}, "a=2 b=1"},
		{"two names of one file", []items{{file("b", "1"), hard("a", "b")}}, "a=1 b=>a"},
		{"names of two files", []items{{file("a", "1"), file("b", "1"), hard("c", "b")}}, "a=1 b=1 c=>b"},
		{"one name of three replaced", []items{{file("a", "1"), hard("b", "a"), hard("c", "b")}, {file("a", "1")}}, "a=1 b=1 c=>b"},
		{"names of one file in two layers", []items{{file("a", "1"), hard("b", "a")}, {hard("c", "a")}}, "a=1 b=>a c=1"},
		{"hard link to a deleted name", []items{{file("a", "1"), hard("b", "a")}, {file(".wh.a", "")}}, "b=1"},
		{"hard link to a lower layer", []items{{file("a", "1")}, {file("c", "2")}, {hard("b", "a")}}, "a=1 b=1 c=2"},
		{"hard link to a deleted file", []items{{file("a", "1")}, {file(".wh.a", "")}, {hard("b", "a")}}, "b=>a"},
		{"hard link to a file in a deleted folder", []items{{file("d/a", "1")}, {file(".wh.d", "")}, {hard("b", "d/a")}}, "b=>d/a"},
		{"hard link to nothing", []items{{hard("b", "a")}}, "b=>a"},
	} {
		if got := describe(Merge(layersOf(t, c.layers...))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := describe(Merge([]*Layer{nil, layersOf(t, items{file("a", "1")})[0], nil})); got != "a=1" {
		t.Errorf("with layers that were not read: %s", got)
	}
}

func TestMergeable(t *testing.T) {
	layers := append(layersOf(t, items{insidetest.File("a/b", "")}, items{insidetest.Symlink("c", "target")}), nil)
	// Three entries, one of them implied, with 3 bytes of names, 1 of a folder, and 6 of a target.
	for _, c := range []struct {
		entries, names int
		want           bool
	}{{3, 10, true}, {2, 10, false}, {3, 9, false}} {
		if got := mergeable(layers, c.entries, c.names); got != c.want {
			t.Errorf("with at most %d entries and %d bytes: %v", c.entries, c.names, got)
		}
	}
	if !Mergeable(nil) {
		t.Error("no layers are not mergeable")
	}
}

// naiveMerge unpacks layers one over the other, with whiteouts first. It knows neither links nor
// attributes of implied folders.
func naiveMerge(layers []*Layer) map[string]Entry {
	root := map[string]Entry{}
	remove := func(path string, self bool) {
		for p := range root {
			if self && p == path || path == "" && p != "" || strings.HasPrefix(p, path+"/") {
				delete(root, p)
			}
		}
	}
	for _, l := range layers {
		for e := range l.Files.All() {
			switch e.Kind {
			case Whiteout:
				remove(e.Path, true)
			case OpaqueFolder:
				remove(e.Path, false)
			}
		}
		for e := range l.Files.All() {
			if e.Kind == Whiteout || e.Kind == OpaqueFolder {
				continue
			}
			if old, ok := root[e.Path]; ok && (e.Kind != Folder || old.Kind != Folder) {
				remove(e.Path, true)
			}
			root[e.Path] = e
		}
	}
	return root
}

// TestMerge_random compares Merge with another way to the same result.
func TestMerge_random(t *testing.T) {
	for seed := range uint64(300) {
		var all []items
		for layer := range uint64(4) {
			all = append(all, insidetest.RandomTree(seed*10+layer, 12))
		}
		layers := layersOf(t, all...)
		want := naiveMerge(layers)
		got := map[string]Entry{}
		last := ""
		for e := range Merge(layers).All() {
			if ComparePaths(last, e.Path) > 0 {
				t.Errorf("%q comes before %q", last, e.Path)
			}
			last = e.Path
			got[e.Path] = e
			if w := want[e.Path]; w.Kind == Folder && w.Implied && !e.Implied && e.Kind == Folder {
				got[e.Path] = w // it has the attributes of an older one
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

func TestWasteOf(t *testing.T) {
	file, hard := insidetest.File, insidetest.Hardlink
	big, other := strings.Repeat("x", 100), strings.Repeat("y", 10)
	for _, c := range []struct {
		name   string
		layers []items
		want   []Waste
	}{
		{"nothing", []items{{file("a", big)}, {file("b", other)}}, nil},
		{"empty files", []items{{file("a", "")}, {file(".wh.a", ""), file("b", ""), file("c", "")}}, nil},
		{"deleted", []items{{file("a", big), file("d/b", other), file("d/c", other)}, {file(".wh.a", ""), file(".wh.d", "")}},
			[]Waste{{0, 1, Deleted, 3, 120, "a", 100}}},
		{"deleted by opaque", []items{{file("d/b", other)}, {file("d/.wh..wh..opq", "")}}, []Waste{{0, 1, Deleted, 1, 10, "d/b", 10}}},
		{"replaced", []items{{file("a", big)}, {file("a", other)}}, []Waste{{0, 1, Replaced, 1, 100, "a", 100}}},
		{"replaced by the same", []items{{file("a", big)}, {file("a", big).As(0o600, 0, 0)}}, []Waste{{0, 1, Replaced, 1, 100, "a", 100}}},
		{"replaced, then deleted", []items{{file("a", big)}, {file("a", other)}, {file(".wh.a", "")}},
			[]Waste{{0, 1, Replaced, 1, 100, "a", 100}, {1, 2, Deleted, 1, 10, "a", 10}}},
		{"deleted, then with its folder", []items{{file("d/a", big)}, {file("d/.wh.a", "")}, {file(".wh.d", "")}}, []Waste{{0, 1, Deleted, 1, 100, "d/a", 100}}},
		{"replaced, then deleted with its folder", []items{{file("d/a", big)}, {file("d/a", other)}, {file(".wh.d", "")}},
			[]Waste{{0, 1, Replaced, 1, 100, "d/a", 100}, {1, 2, Deleted, 1, 10, "d/a", 10}}},
		{"deleted with two folders", []items{{file("d/e/a", big)}, {file(".wh.d", "")}, {file("d/e/x", "")}, {file("d/.wh.e", "")}},
			[]Waste{{0, 1, Deleted, 1, 100, "d/e/a", 100}}},
		{"copied", []items{{file("a", big)}, {file("b", big)}}, []Waste{{1, 0, Copied, 1, 100, "b", 100}}},
		{"copied in one layer", []items{{file("a", big), file("b", big)}}, []Waste{{0, 0, Copied, 1, 100, "b", 100}}},
		{"moved", []items{{file("a", big)}, {file("b", big), file(".wh.a", "")}}, []Waste{{0, 1, Deleted, 1, 100, "a", 100}}},
		{"hard link", []items{{file("a", big), hard("b", "a")}}, nil},
		{"hard link that stays", []items{{file("a", big), hard("b", "a")}, {file(".wh.a", "")}}, nil},
		{"hard link that goes", []items{{file("a", big), hard("b", "a")}, {file(".wh.b", "")}}, nil},
	} {
		got := WasteOf(layersOf(t, c.layers...))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestShelf(t *testing.T) {
	s := &Shelf{limit: 20_000}
	both := func(path, a, b string) { offer(s, 0, path, []byte(a)); offer(s, 1, path, []byte(b)) }
	both("same", "1", "1")
	both("other", "1", "2")
	both("binary", "1\x00", "2")
	both("not text", "\xff", "2")
	both("large", strings.Repeat("x", MaxShelfFile+1), "2")
	offer(s, 0, "only A", []byte("3"))
	offer(s, 1, "empty", nil)
	offer(s, 0, "empty", []byte("4"))
	both("again", "5", "5")
	both("again", "6", "7")
	both("forgotten", "8", "9")
	s.forget(1, "forgotten")
	for path, want := range map[string]string{"other": "1|2", "empty": "4|", "again": "6|7"} {
		if a, b, ok := s.Texts(path); !ok || string(a)+"|"+string(b) != want {
			t.Errorf("%s: %q, %q, %v", path, a, b, ok)
		}
	}
	for _, path := range []string{"same", "binary", "not text", "large", "only A", "forgotten", "never"} {
		if _, _, ok := s.Texts(path); ok {
			t.Errorf("%s is kept", path)
		}
	}
	if text, ok := s.Text(0, "only A"); !ok || string(text) != "3" {
		t.Errorf("%q, %v", text, ok)
	}
	if _, ok := s.Text(0, "same"); ok {
		t.Error("equal files are kept")
	}
	for i := range 100 { // more than the limit
		offer(s, 0, fmt.Sprint("many", i), []byte(strings.Repeat("x", 500)))
	}
	if _, ok := s.Text(0, "only A"); ok || s.waiting > s.limit/2 || len(s.queue) > 20 {
		t.Errorf("%d bytes are held in %d texts", s.waiting, len(s.queue))
	}
	if _, ok := s.Text(0, "many99"); !ok {
		t.Error("the newest is not kept")
	}
	for range 5000 { // equal files leave nothing behind
		both("x", "1", "1")
		both("y", "1", "2")
	}
	if len(s.queue) > 3000 || len(s.texts) > 30 {
		t.Errorf("%d in the queue, %d texts", len(s.queue), len(s.texts))
	}
}

// offer offers a text with its hash.
func offer(s *Shelf, side int, path string, text []byte) {
	s.offer(side, path, sha256.Sum256(text), text)
}

// TestShelf_pairs checks that a full shelf keeps the first pairs and the contents that it has returned, and
// that a path that is listed twice gives the room of its first pair back.
func TestShelf_pairs(t *testing.T) {
	s := &Shelf{limit: 20_000}
	path := func(i int) string { return fmt.Sprint("file", i) }
	text := func(side, i int) string { return strings.Repeat(fmt.Sprint(side, i), 200) }
	for range 2 { // the second time, each text replaces one
		for i := range 100 {
			offer(s, 0, path(i), []byte(text(0, i)))
			offer(s, 1, path(i), []byte(text(1, i)))
		}
	}
	kept := 0
	for ; kept < 100; kept++ {
		a, b, ok := s.Texts(path(kept))
		if !ok {
			break
		}
		if string(a) != text(0, kept) || string(b) != text(1, kept) {
			t.Errorf("%s has other texts", path(kept))
		}
	}
	if kept < 5 || len(s.texts) != 2*kept || s.paired > s.limit/2 || s.waiting != 0 {
		t.Errorf("%d of %d pairs are kept in order, with %d bytes, %d bytes wait", kept, len(s.texts)/2, s.paired, s.waiting)
	}
	for i := range kept {
		s.forget(0, path(i))
		s.forget(1, path(i))
	}
	if s.paired != 0 || s.waiting != 0 || len(s.texts) != 0 {
		t.Errorf("%d + %d bytes of %d texts stay", s.paired, s.waiting, len(s.texts))
	}
}

// TestShelf_text checks that the content of a text that waits does not change when the text is dropped.
func TestShelf_text(t *testing.T) {
	var s Shelf
	offer(&s, 0, "a", []byte("one"))
	got, _ := s.Text(0, "a")
	offer(&s, 1, "a", []byte("one"))
	offer(&s, 0, "b", []byte("two"))
	if string(got) != "one" {
		t.Errorf("%q", got)
	}
}

// TestRead_keep: two layers that are read at the same time leave what differs.
func TestRead_keep(t *testing.T) {
	var shelf Shelf
	same := insidetest.Random(7, 500)
	done := make(chan error)
	for side, own := range []string{"1\n", "2\n"} {
		go func() {
			_, err := Read(bytes.NewReader(insidetest.Tar(append(same, insidetest.File("app.py", own), insidetest.File("dir/.wh.app.py", own))...)),
				Options{Keep: &shelf, Side: side})
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if a, b, ok := shelf.Texts("app.py"); !ok || string(a) != "1\n" || string(b) != "2\n" || len(shelf.texts) != 2 {
		t.Errorf("%q, %q, %v; %d texts", a, b, ok, len(shelf.texts))
	}
}
