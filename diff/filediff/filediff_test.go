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
	names := []string{"added", "removed", "moved", "kind", "content", "link", "device", "owner", "mode", "xattrs", "time"}
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
		{
			"a folder that is not listed", []inside.Entry{{Path: "x", Kind: inside.Folder, Implied: true}},
			[]inside.Entry{entry(inside.Folder, "x", owner(7))}, "",
		},
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
	joined := 0
	for i := range c.Len() {
		if ch := c.At(i); ch.From != "" {
			joined++
		}
	}
	if c.All() != c.Same+c.Len() {
		t.Errorf("%d paths, want %d the same and %d changes", c.All(), c.Same, c.Len())
	}
	both := 0
	for i := range c.Len() {
		if ch := c.At(i); ch.A != nil && ch.B != nil {
			both++
		}
	}
	if got := c.Same + both; c.EntriesA-got != c.Count(Removed) || c.EntriesB-got != c.Count(Added) {
		t.Errorf("%d and %d entries, %d on both sides, %d removed, %d added (%d joined)",
			c.EntriesA, c.EntriesB, got, c.Count(Removed), c.Count(Added), joined)
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
