package filediff

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model/inside"
)

var day = time.Date(2024, 2, 3, 10, 0, 0, 0, time.UTC)

// file is a file with a content.
func file(path, content string, change ...func(*inside.Entry)) inside.Entry {
	e := inside.Entry{
		Path: path, Kind: inside.File, Mode: 0o644, Size: int64(len(content)), Sum: inside.Hash(sha256.Sum256([]byte(content))), Time: day,
	}
	for _, f := range change {
		f(&e)
	}
	return e
}

func entry(kind inside.Kind, path string, change ...func(*inside.Entry)) inside.Entry {
	e := inside.Entry{Path: path, Kind: kind, Mode: 0o755, Time: day}
	for _, f := range change {
		f(&e)
	}
	return e
}

// implied is a folder that an archive does not list, lent one with attributes of an older layer.
func implied(path string) inside.Entry {
	return inside.Entry{Path: path, Kind: inside.Folder, Implied: true}
}
func lent(path string, change ...func(*inside.Entry)) inside.Entry {
	e := entry(inside.Folder, path, change...)
	e.Lent = true
	return e
}

// unhashed is a file of a size whose content was not hashed.
func unhashed(path string, size int64, change ...func(*inside.Entry)) inside.Entry {
	e := file(path, "", change...)
	e.Size, e.Sum = size, inside.Hash{}
	return e
}

func at(t time.Time) func(*inside.Entry)     { return func(e *inside.Entry) { e.Time = t } }
func mode(m uint16) func(*inside.Entry)      { return func(e *inside.Entry) { e.Mode = m } }
func owner(uid int) func(*inside.Entry)      { return func(e *inside.Entry) { e.UID = uid } }
func link(target string) func(*inside.Entry) { return func(e *inside.Entry) { e.Link = target } }
func xattr(value string) func(*inside.Entry) {
	return func(e *inside.Entry) { e.Xattrs = []inside.Xattr{{Name: "user.x", Value: value}} }
}
func normal(content string) func(*inside.Entry) {
	return func(e *inside.Entry) { e.Normal = inside.Hash(sha256.Sum256([]byte(content))) }
}

// changesText writes changes as lines: path, ways, rung, cause.
func changesText(c Changes) string {
	names := []string{"added", "removed", "moved", "kind", "content", "link", "device", "owner", "mode", "xattrs", "hardlinks", "time"}
	var lines []string
	for i := range c.Len() {
		ch := c.At(i)
		line := ch.Path
		if ch.From != "" {
			line = ch.From + " → " + line
		}
		for k, name := range names {
			if ch.What.Has(1 << k) {
				line += " " + name
			}
		}
		line += " " + ch.Rung.String()
		if ch.Cause != nil {
			line += " " + ch.Cause.Name
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// TestCompare checks the ways to differ, each beside a pair of entries that are the same.
func TestCompare(t *testing.T) {
	later := day.Add(time.Hour)
	tests := []struct {
		name string
		a, b []inside.Entry
		want string
	}{
		{"the same in another order", []inside.Entry{file("a", "1"), file("b", "2")}, []inside.Entry{file("b", "2"), file("a", "1")}, ""},
		{"content of one size", []inside.Entry{file("app/x", "1")}, []inside.Entry{file("app/x", "2")}, "app/x content W8"},
		{"content and time", []inside.Entry{file("x", "1")}, []inside.Entry{file("x", "22", at(later))}, "x content time W8"},
		{"added and removed", []inside.Entry{file("x", "1")}, []inside.Entry{file("y", "2")}, "x removed W8\ny added W8"},
		{"a file became a folder", []inside.Entry{file("x", "1")}, []inside.Entry{entry(inside.Folder, "x")}, "x kind W8"},
		{"mode", []inside.Entry{file("x", "1")}, []inside.Entry{file("x", "1", mode(0o600))}, "x mode W6"},
		{"setuid", []inside.Entry{file("x", "1", mode(0o4755))}, []inside.Entry{file("x", "1", mode(0o755))}, "x mode W6"},
		{"mode of a link", []inside.Entry{entry(inside.Symlink, "x", link("y"))}, []inside.Entry{entry(inside.Symlink, "x", link("y"), mode(0o777))}, ""},
		{"target of a link", []inside.Entry{entry(inside.Symlink, "x", link("y"))}, []inside.Entry{entry(inside.Symlink, "x", link("z"))}, "x link W8"},
		{"owner", []inside.Entry{file("x", "1")}, []inside.Entry{file("x", "1", owner(1000))}, "x owner W6"},
		{"xattrs", []inside.Entry{file("x", "1", xattr("1"))}, []inside.Entry{file("x", "1", xattr("2"))}, "x xattrs W6"},
		{"time of a file", []inside.Entry{file("x", "1")}, []inside.Entry{file("x", "1", at(later))}, "x time W3"},
		{"time of a folder", []inside.Entry{entry(inside.Folder, "x")}, []inside.Entry{entry(inside.Folder, "x", at(later))}, "x time W2"},
		{"part of a second", []inside.Entry{file("x", "1", at(day.Add(1)))}, []inside.Entry{file("x", "1", at(day.Add(2)))}, "x time W3"},
		{"time cut to seconds", []inside.Entry{file("x", "1", at(day.Add(9e8)))}, []inside.Entry{file("x", "1")}, ""},
		{"time rounded to seconds", []inside.Entry{file("x", "1", at(day.Add(9e8)))}, []inside.Entry{file("x", "1", at(day.Add(time.Second)))}, ""},
		{"two seconds later", []inside.Entry{file("x", "1", at(day.Add(9e8)))}, []inside.Entry{file("x", "1", at(day.Add(2*time.Second)))}, "x time W3"},
		{"a folder that one side does not list", []inside.Entry{implied("x")}, []inside.Entry{entry(inside.Folder, "x")}, ""},
		{"a folder that neither side lists", []inside.Entry{implied("x")}, []inside.Entry{implied("x")}, ""},
		{
			"a folder that one side lists with another owner", []inside.Entry{implied("x")},
			[]inside.Entry{entry(inside.Folder, "x", owner(7), at(later))}, "x owner W6",
		},
		{"a folder that one side lists with another mode", []inside.Entry{entry(inside.Folder, "x", mode(0o1777))}, []inside.Entry{implied("x")}, "x mode W6"},
		{"a folder that one side lists with xattrs", []inside.Entry{entry(inside.Folder, "x", xattr("1"))}, []inside.Entry{implied("x")}, "x xattrs W6"},
		{"the root that one side lists", []inside.Entry{file("x", "1")}, []inside.Entry{entry(inside.Folder, "", at(later)), file("x", "1")}, ""},
		{"the root that one side lists with another mode", []inside.Entry{entry(inside.Folder, "", mode(0o700))}, nil, " removed W8"},
		{"attributes that both are lent", []inside.Entry{lent("x", mode(0o700))}, []inside.Entry{lent("x", mode(0o700))}, ""},
		{"attributes that one is lent", []inside.Entry{lent("x", mode(0o700))}, []inside.Entry{entry(inside.Folder, "x", mode(0o700))}, "x mode W6"},
		{"lent and not listed", []inside.Entry{lent("x", owner(7))}, []inside.Entry{implied("x")}, "x owner W6"},
		{"usual attributes that one is lent", []inside.Entry{lent("x")}, []inside.Entry{entry(inside.Folder, "x")}, ""},
		{"a content that was not hashed", []inside.Entry{unhashed("x", 9)}, []inside.Entry{unhashed("x", 9)}, ""},
		{"another size", []inside.Entry{unhashed("x", 9)}, []inside.Entry{unhashed("x", 8)}, "x content W8"},
		{
			"a whiteout is not the file", []inside.Entry{entry(inside.Whiteout, "x")}, []inside.Entry{file("x", "1")},
			"x removed W8\nx added W8",
		},
		{"the same whiteout", []inside.Entry{entry(inside.Whiteout, "x")}, []inside.Entry{entry(inside.Whiteout, "x", at(later))}, ""},
		{
			"the other name of a hard link has the content",
			[]inside.Entry{file("a", "1"), entry(inside.Hardlink, "b", link("a"))},
			[]inside.Entry{file("b", "1"), entry(inside.Hardlink, "a", link("b"))}, "",
		},
		{
			"a hard link to other content",
			[]inside.Entry{file("a", "1"), entry(inside.Hardlink, "b", link("a"))},
			[]inside.Entry{file("a", "2"), entry(inside.Hardlink, "b", link("a"))}, "a content W8\nb content W8",
		},
		{
			"a hard link that moved between two equal files",
			[]inside.Entry{file("a", "1"), file("b", "1"), entry(inside.Hardlink, "x", link("a"))},
			[]inside.Entry{file("a", "1"), file("b", "1"), entry(inside.Hardlink, "x", link("b"))}, "x hardlinks W6",
		},
		{
			"a copy in place of a hard link", []inside.Entry{file("a", "1"), entry(inside.Hardlink, "b", link("a"))},
			[]inside.Entry{file("a", "1"), file("b", "1")}, "b hardlinks W6",
		},
		{
			"a hard link in place of a copy, with another time", []inside.Entry{file("a", "1"), file("b", "1", at(later))},
			[]inside.Entry{file("a", "1"), entry(inside.Hardlink, "b", link("a"))}, "b hardlinks time W6",
		},
		{
			"hard links to hard links", []inside.Entry{file("a", "1"), entry(inside.Hardlink, "b", link("a")), entry(inside.Hardlink, "c", link("b"))},
			[]inside.Entry{file("c", "1"), entry(inside.Hardlink, "a", link("c")), entry(inside.Hardlink, "b", link("c"))}, "",
		},
		{
			"one name more", []inside.Entry{file("b", "1"), entry(inside.Hardlink, "c", link("b"))},
			[]inside.Entry{file("a", "1"), entry(inside.Hardlink, "b", link("a")), entry(inside.Hardlink, "c", link("a"))}, "a added W8",
		},
		{"moved", []inside.Entry{file("old/x", "content")}, []inside.Entry{file("new/y", "content")}, "old/x → new/y moved W8"},
		{"an empty file is not moved", []inside.Entry{file("old/x", "")}, []inside.Entry{file("new/y", "")}, "new/y added W8\nold/x removed W8"},
		{
			"content that is there twice is not moved", []inside.Entry{file("a", "1"), file("b", "1")}, []inside.Entry{file("c", "1")},
			"a removed W8\nb removed W8\nc added W8",
		},
		{
			"a hash in the name", []inside.Entry{file("main.1f3c9ab2.js", "1")}, []inside.Entry{file("main.77ab01cd.js", "2")},
			"main.1f3c9ab2.js → main.77ab01cd.js content W8",
		},
		{
			"a word is not a hash", []inside.Entry{file("main.bundle.js", "1")}, []inside.Entry{file("main.legacy.js", "2")},
			"main.bundle.js removed W8\nmain.legacy.js added W8",
		},
		{"a log", []inside.Entry{file("var/log/dpkg.log", "1")}, []inside.Entry{file("var/log/dpkg.log", "2")}, "var/log/dpkg.log content W5 logs"},
		{
			"a log with another owner", []inside.Entry{file("var/log/dpkg.log", "1")}, []inside.Entry{file("var/log/dpkg.log", "2", owner(7))},
			"var/log/dpkg.log content owner W8 logs",
		},
		{
			"a program among temporary files", nil, []inside.Entry{file("tmp/x", "1"), file("tmp/y", "1", mode(0o755))},
			"tmp/x added W5 leftovers\ntmp/y added W8",
		},
		{
			"compiled with the same result", []inside.Entry{file("a/__pycache__/x.pyc", "1", normal("n"))},
			[]inside.Entry{file("a/__pycache__/x.pyc", "2", normal("n"))}, "a/__pycache__/x.pyc content W4 compiled Python files",
		},
		{
			"compiled with another result", []inside.Entry{file("a/__pycache__/x.pyc", "1", normal("n"))},
			[]inside.Entry{file("a/__pycache__/x.pyc", "2", normal("m"))}, "a/__pycache__/x.pyc content W8 compiled Python files",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := Compare(inside.NewList(test.a), inside.NewList(test.b), false)
			if got := changesText(c); got != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			addsUp(t, c)
		})
	}
}

// addsUp checks that the counts are those of the changes.
func addsUp(t testing.TB, c Changes) {
	t.Helper()
	joined := joinedIn(c)
	if c.All() != c.Same+c.Unknown+c.Len() {
		t.Errorf("%d paths, want %d the same, %d unknown and %d changes", c.All(), c.Same, c.Unknown, c.Len())
	}
	both := 0
	for i := range c.Len() {
		if ch := c.At(i); ch.A != nil && ch.B != nil {
			both++
		}
	}
	if got := c.Same + c.Unknown + both; c.EntriesA-got != c.Count(Removed) || c.EntriesB-got != c.Count(Added) {
		t.Errorf("%d and %d entries, %d on both sides, %d removed, %d added (%d joined)",
			c.EntriesA, c.EntriesB, got, c.Count(Removed), c.Count(Added), joined)
	}
}

// joinedIn returns the number of changes that stand for a path of A and another one of B.
func joinedIn(c Changes) int {
	n := 0
	for i := range c.Len() {
		if c.At(i).From != "" {
			n++
		}
	}
	return n
}

// pathsOf returns the number of paths that two lists have. A whiteout, an opaque folder and what a layer has
// at a path are three, and a folder counts that at least one archive lists.
func pathsOf(lists ...inside.List) int {
	all := map[string]bool{}
	for _, l := range lists {
		for e := range l.All() {
			kind := inside.File
			if isWhiteout(e) {
				kind = e.Kind
			}
			if !e.Implied {
				all[fmt.Sprint(kind, e.Path)] = true
			}
		}
	}
	return len(all)
}

// TestCompare_unknown checks that files of one size whose content is not known count as neither the same nor changed.
func TestCompare_unknown(t *testing.T) {
	later := at(day.Add(time.Hour))
	for _, tt := range []struct {
		name              string
		a, b              inside.Entry
		unhashed, unknown int
	}{
		{"on both sides", unhashed("x", 9), unhashed("x", 9), 1, 1},
		{"on one side", unhashed("x", 1), file("x", "1"), 1, 1},
		{"with another time", unhashed("x", 9), unhashed("x", 9, later), 1, 0},
		{"with another mode", unhashed("x", 9), unhashed("x", 9, mode(0o600)), 0, 0},
		{"another size", unhashed("x", 9), unhashed("x", 8), 0, 0},
		{"an empty file", unhashed("x", 0), unhashed("x", 0), 0, 0},
		{"hashed", file("x", "1"), file("x", "1"), 0, 0},
	} {
		c := Compare(inside.NewList([]inside.Entry{tt.a, file("y", "")}), inside.NewList([]inside.Entry{tt.b, file("y", "")}), false)
		addsUp(t, c)
		if c.Unhashed != tt.unhashed || c.Unknown != tt.unknown || c.All() != 2 || c.Same+c.Unknown+c.Len() != 2 {
			t.Errorf("%s: %d not hashed, %d unknown, %d the same, %d of %d", tt.name, c.Unhashed, c.Unknown, c.Same, c.All(), 2)
		}
		if c.TakeAsSame(); c.Unhashed != 0 || c.Unknown != 0 || c.Same+c.Len() != 2 {
			t.Errorf("%s: %d the same, %d changes", tt.name, c.Same, c.Len())
		}
	}
}

// TestLookBelow checks what the layers below say of deletions, and of folders that one side does not list.
func TestLookBelow(t *testing.T) {
	for _, tt := range []struct {
		name      string
		a, b      []inside.Entry
		below     Below
		want      string
		byRuntime bool // of the first change
		byOlder   bool // HaveByRuntime
	}{
		{name: "a deletion", b: []inside.Entry{entry(inside.Whiteout, "x")}, below: EntryBelow, want: "x added W8"},
		{name: "of what may be there", b: []inside.Entry{entry(inside.Whiteout, "x")}, below: UnknownBelow, want: "x added W8"},
		{name: "of nothing", b: []inside.Entry{entry(inside.Whiteout, "x")}, want: "x added W1"},
		{name: "of a file of the same layer", b: []inside.Entry{entry(inside.Whiteout, "x"), file("x", "1")}, want: "x added W8\nx added W8"},
		{
			name: "opaque and new", a: []inside.Entry{entry(inside.Folder, "d"), entry(inside.OpaqueFolder, "d")}, b: []inside.Entry{entry(inside.Folder, "d")},
			want: "d removed W1",
		},
		{
			name: "opaque", a: []inside.Entry{entry(inside.Folder, "d"), entry(inside.OpaqueFolder, "d")}, b: []inside.Entry{entry(inside.Folder, "d")},
			below: EntryBelow, want: "d removed W8",
		},
		{name: "a new folder", a: []inside.Entry{entry(inside.Folder, "d", mode(0o700))}, b: []inside.Entry{implied("d")}, want: "d mode W6"},
		{
			name: "a folder of an older layer", a: []inside.Entry{entry(inside.Folder, "d", mode(0o700))}, b: []inside.Entry{implied("d")},
			below: EntryBelow, want: "d mode W6", byRuntime: true,
		},
		{name: "both list it", a: []inside.Entry{entry(inside.Folder, "d", mode(0o700))}, b: []inside.Entry{entry(inside.Folder, "d")}, below: EntryBelow, want: "d mode W6"},
		{name: "usual attributes", a: []inside.Entry{implied("d")}, b: []inside.Entry{entry(inside.Folder, "d")}, below: UnknownBelow, byOlder: true},
		{name: "usual attributes of a new folder", a: []inside.Entry{implied("d")}, b: []inside.Entry{entry(inside.Folder, "d")}},
	} {
		c := Compare(inside.NewList(tt.a), inside.NewList(tt.b), false)
		c.LookBelow(func(string, bool) Below { return tt.below })
		if got := changesText(c); got != tt.want || c.HaveByRuntime() != tt.byOlder {
			t.Errorf("%s: %s, want %s; by an older layer: %v", tt.name, got, tt.want, c.HaveByRuntime())
		}
		if c.Len() > 0 && c.At(0).ByRuntime != tt.byRuntime {
			t.Errorf("%s: by runtime: %v", tt.name, c.At(0).ByRuntime)
		}
	}
}

// TestCompare_countsAddUp checks with random lists that each entry is counted once.
func TestCompare_countsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	list := func() inside.List {
		var all []inside.Entry
		for range r.IntN(30) {
			path, content := fmt.Sprintf("d%d/f.%06d.js", r.IntN(2), r.IntN(12)), fmt.Sprint(r.IntN(4))
			kinds := []inside.Entry{
				file(path, content), file(path, content, at(day.Add(time.Duration(r.IntN(3))*time.Hour))), entry(inside.Folder, path),
				entry(inside.Whiteout, path), entry(inside.OpaqueFolder, path), entry(inside.Symlink, path, link(content)),
				entry(inside.Hardlink, path, link("d0/f.000001.js")),
			}
			all = append(all, kinds[r.IntN(len(kinds))])
		}
		return inside.NewList(all)
	}
	for range 3000 {
		a, b := list(), list()
		c := Compare(a, b, false)
		addsUp(t, c)
		if got, want := c.All()+joinedIn(c), pathsOf(a, b); got != want {
			t.Fatalf("%d paths, want %d: %s", got, want, changesText(c))
		}
		back := Compare(b, a, false)
		if c.Same != back.Same || c.Len() != back.Len() {
			t.Fatalf("%d the same and %d changes, the other way round %d and %d", c.Same, c.Len(), back.Same, back.Len())
		}
		if same := Compare(a, a, false); same.Len() != 0 || same.Same != a.Len() {
			t.Fatalf("a list differs from itself: %s", changesText(same))
		}
	}
}

// FuzzCompare checks that the counts of any two lists add up, and that neither side counts more. Three
// bytes make an entry: what it is, its path, and its content, time and attributes.
func FuzzCompare(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5}, []byte{0, 1, 7, 5, 4, 5}, false)
	f.Add([]byte{0, 0, 1, 1, 9, 1, 6, 3, 0}, []byte{0, 1, 1, 2, 9, 1, 5, 3, 0}, true)
	paths := []string{
		"", "a", "d", "d/a", "d/main.0a1b2c3d.js", "d/main.4e5f6a7b.js", "var/log/dpkg.log", "etc/ssl/certs/0a1b2c3d.0", "x/__pycache__/a.pyc",
	}
	list := func(raw []byte) inside.List {
		var all []inside.Entry
		for part := range slices.Chunk(raw, 3) {
			if len(part) < 3 {
				break
			}
			e := inside.Entry{
				Path: paths[int(part[1])%len(paths)], Kind: inside.Kind(1 + part[0]%10), UID: int(part[2] & 1), Mode: uint16(part[2] & 2),
				Time: day.Add(time.Duration(part[2]&12) * time.Hour / 5), Major: int64(part[2] & 16), Implied: part[2]&32 != 0,
			}
			switch e.Kind {
			case inside.File:
				e.Size = int64(part[2] & 3)
				e.Sum, e.Normal = inside.Hash{part[2] & 3}, inside.Hash{part[2] & 1}
			case inside.Symlink, inside.Hardlink:
				e.Link = paths[int(part[2])%len(paths)]
			}
			e.Implied = e.Implied && e.Kind == inside.Folder
			all = append(all, e)
		}
		return inside.NewList(all)
	}
	f.Fuzz(func(t *testing.T, rawA, rawB []byte, partial bool) {
		a, b := list(rawA), list(rawB)
		c, back := Compare(a, b, partial), Compare(b, a, partial)
		addsUp(t, c)
		sum := 0
		for _, r := range c.Rungs() {
			sum += c.CountRung(r)
		}
		if sum != c.Len() || c.Same != back.Same || c.Len() != back.Len() || c.EntriesA != back.EntriesB {
			t.Errorf("%s and the other way round %s", changesText(c), changesText(back))
		}
		for i := range c.Len() {
			if ch := c.At(i); ch.What == 0 || ch.Rung == Nothing || ch.A == nil && ch.B == nil {
				t.Errorf("%+v", ch)
			}
		}
		if same := Compare(a, a, partial); same.Len() != 0 {
			t.Errorf("a list differs from itself: %s", changesText(same))
		}
	})
}

// TestCompare_unhashed checks that only the size counts of a content that was not hashed.
func TestCompare_unhashed(t *testing.T) {
	bare := func(e *inside.Entry) { e.Sum = inside.Hash{} }
	for _, tt := range []struct {
		name string
		b    inside.Entry
		want int // contents that differ
	}{
		{"the same size", file("x", "12", bare), 0},
		{"another size", file("x", "123", bare), 1},
	} {
		c := Compare(inside.NewList([]inside.Entry{file("x", "12")}), inside.NewList([]inside.Entry{tt.b}), false)
		if c.Count(Content) != tt.want || c.Len() != tt.want {
			t.Errorf("%s: %s", tt.name, changesText(c))
		}
	}
}

// TestChanges_hashLink checks that a link which openssl makes for a generated certificate is generated,
// and no other link.
func TestChanges_hashLink(t *testing.T) {
	for _, tt := range []struct {
		path, target string
		want         Rung
	}{
		{"etc/ssl/certs/4e86ebcc.0", "ssl-cert-snakeoil.pem", Generated},
		{"etc/ssl/certs/4e86ebcc.0", "ISRG_Root_X1.pem", Files},
		{"etc/ssl/certs/4e86ebcc.0", "../certs/ssl-cert-snakeoil.pem", Files},
		{"etc/ssl/certs/current.pem", "ssl-cert-snakeoil.pem", Files},
		{"srv/certs/4e86ebcc.0", "ssl-cert-snakeoil.pem", Files},
	} {
		with := inside.NewList([]inside.Entry{entry(inside.Symlink, tt.path, link(tt.target))})
		for _, c := range []Changes{Compare(inside.List{}, with, false), Compare(with, inside.List{}, false)} {
			if c.Worst() != tt.want {
				t.Errorf("%s → %s: rung %s, want %s", tt.path, tt.target, c.Worst(), tt.want)
			}
		}
	}
}

// TestCompare_partial checks that a side without an entry is unknown where the base was not read.
func TestCompare_partial(t *testing.T) {
	c := Compare(inside.NewList([]inside.Entry{file("x", "1"), file("y", "1")}), inside.NewList([]inside.Entry{file("y", "2")}), true)
	if x, y := c.At(0), c.At(1); !x.Unknown || y.Unknown {
		t.Errorf("unknown: %v, %v; want only the first", x.Unknown, y.Unknown)
	}
}

// TestCompareCut checks that a path is unknown only on a side whose list may lack entries.
func TestCompareCut(t *testing.T) {
	a, b := inside.NewList([]inside.Entry{file("x", "1")}), inside.NewList([]inside.Entry{file("y", "2")})
	for _, tt := range []struct{ lacksA, lacksB bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		c := CompareCut(a, b, tt.lacksA, tt.lacksB)
		if x, y := c.At(0), c.At(1); x.Unknown != tt.lacksB || y.Unknown != tt.lacksA {
			t.Errorf("%+v: only in A %v, only in B %v", tt, x.Unknown, y.Unknown)
		}
	}
}

// TestChanges_rungs checks that rungs are listed once, the lowest first.
func TestChanges_rungs(t *testing.T) {
	c := Compare(
		inside.NewList([]inside.Entry{file("x", "1"), file("y", "1"), file("z", "1"), file("var/log/dpkg.log", "1")}),
		inside.NewList([]inside.Entry{
			file("x", "1", at(day.Add(time.Hour))), file("y", "1", at(day.Add(time.Hour))), file("z", "1"), file("var/log/dpkg.log", "2"),
		}), false)
	if got := c.Rungs(); !slices.Equal(got, []Rung{Times, Generated}) || c.Worst() != Generated || c.CountRung(Times) != 2 {
		t.Errorf("rungs %v, worst %v, %d times", got, c.Worst(), c.CountRung(Times))
	}
}
