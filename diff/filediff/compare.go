package filediff

import (
	"math/bits"
	"slices"
	"time"

	"github.com/tagdiff/tagdiff/model/inside"
)

// Compare compares the entries of two layers of one step, or of two merged images. The order of
// the archives does not count. partial is for merged lists whose base was not read.
func Compare(a, b inside.List, partial bool) Changes { return CompareCut(a, b, partial, partial) }

// CompareCut is Compare for lists that may lack entries: A those of a, B those of b.
func CompareCut(a, b inside.List, lacksA, lacksB bool) Changes {
	c := Changes{a: a, b: b, lacksA: lacksA, lacksB: lacksB, links: newLinks(a, b)}
	seen := make([]bool, b.Len())
	next := 0 // most archives of one step have the same order
	for i := range a.Len() {
		e := a.At(i)
		switch j, f := partner(e, b, next); {
		case j >= 0:
			seen[j], next = true, j+1
			if !e.Implied || !f.Implied {
				c.compare(i, j, e, f)
			}
		case isUsualRoot(e):
			c.Same++
		case !e.Implied: // what is in the folder is reported
			c.add(item{a: int32(i), b: -1, what: Removed}) //nolint:gosec // lists have a limit far below
		}
	}
	for j, ok := range seen {
		if ok {
			continue
		}
		switch e := b.At(j); {
		case isUsualRoot(e):
			c.Same++
		case !e.Implied:
			c.add(item{a: -1, b: int32(j), what: Added}) //nolint:gosec // as above
		}
	}
	both := c.Same + c.Unknown + len(c.items) - c.Count(Removed) - c.Count(Added)
	c.EntriesA, c.EntriesB = both+c.Count(Removed), both+c.Count(Added)
	c.pairMoved()
	c.explain()
	c.sortByPath()
	return c
}

// isUsualRoot reports whether an entry is the root folder as all images have it, also if no archive lists it.
func isUsualRoot(e inside.Entry) bool {
	return e.Path == "" && otherAttributes(e, inside.Entry{Mode: usualMode}) == 0 && e.Kind == inside.Folder
}

// usualMode is the mode of folders that runtimes make.
const usualMode = 0o755

func isWhiteout(e inside.Entry) bool {
	return e.Kind == inside.Whiteout || e.Kind == inside.OpaqueFolder
}

// partner returns the entry in b with the path of e, and its position, -1 for none. next is tried
// first.
func partner(e inside.Entry, b inside.List, next int) (int, inside.Entry) {
	if next < b.Len() {
		if f := b.At(next); f.Path == e.Path && isWhiteout(f) == isWhiteout(e) && (f.Kind == e.Kind || !isWhiteout(e)) {
			return next, f
		}
	}
	if j, ok := b.Partner(e); ok {
		return j, b.At(j)
	}
	return -1, inside.Entry{}
}

func (c *Changes) add(it item) {
	it.cause = -1
	c.items = append(c.items, it)
	c.counts[wayIndex(it.what)]++
}

// wayIndex is the index in Changes.counts of the gravest way of a set.
func wayIndex(w What) int { return bits.TrailingZeros16(uint16(w)) }

// compare compares entry i of A, which is a, with entry j of B, which is b.
func (c *Changes) compare(i, j int, a, b inside.Entry) {
	fileA, _ := c.a.Resolve(a)
	fileB, _ := c.b.Resolve(b)
	what, rounded := differ(fileA, fileB)
	if what != Kind && c.links.differ(a) {
		what |= HardLinks
	}
	isUnknown := what&^Time == 0 && isUnhashed(fileA, fileB)
	if isUnknown {
		c.Unhashed++
	}
	switch {
	case what != 0:
		c.add(item{a: int32(i), b: int32(j), what: what}) //nolint:gosec // lists have a limit far below
	case isUnknown:
		c.Unknown++
	default:
		c.Same++
		if rounded {
			c.Rewritten++
		}
		if a.Implied != b.Implied {
			c.oneLists = append(c.oneLists, int32(i)) //nolint:gosec // as above
		}
	}
}

// isUnhashed reports whether two files of one size have contents that cannot be compared.
func isUnhashed(a, b inside.Entry) bool {
	return a.Kind == inside.File && a.Size > 0 && (a.Sum == inside.Hash{} || b.Sum == inside.Hash{})
}

// differ returns the ways in which two entries of one path differ. rounded is whether the times are
// equal only in whole seconds. Folders differ if they do in any runtime. A folder that an archive does
// not list has the time at which a runtime unpacks it, which differs in nothing.
func differ(a, b inside.Entry) (what What, rounded bool) {
	if a.Kind != b.Kind {
		return Kind, false
	}
	if isWhiteout(a) {
		return 0, false
	}
	same, rounded := true, false
	if !a.Implied && !b.Implied {
		same, rounded = sameTime(a.Time, b.Time)
	}
	ways := []struct {
		way    What
		differ bool
	}{
		{Content, a.Kind == inside.File && (a.Size != b.Size || otherSum(a.Sum, b.Sum))},
		{Link, a.Link != b.Link},
		{Device, a.Major != b.Major || a.Minor != b.Minor},
		{Time, !same},
	}
	what = otherAttributes(a, b)
	if a.Lent || b.Lent {
		what |= otherAttributes(a.WithoutLent(), b.WithoutLent())
	}
	for _, w := range ways {
		if w.differ {
			what |= w.way
		}
	}
	return what, rounded && what == 0
}

// otherAttributes returns in which of owner, mode and extended attributes two entries of one kind differ.
func otherAttributes(a, b inside.Entry) (what What) {
	if a.UID != b.UID || a.GID != b.GID {
		what |= Owner
	}
	if a.Mode != b.Mode && a.Kind != inside.Symlink { // Linux ignores the mode of a link
		what |= Mode
	}
	if !slices.Equal(a.Xattrs, b.Xattrs) {
		what |= Xattrs
	}
	return what
}

// otherSum reports whether two contents differ by their hashes. Of a content that was not hashed, only
// the size counts.
func otherSum(a, b inside.Hash) bool {
	return a != b && a != inside.Hash{} && b != inside.Hash{}
}

// sameTime compares two times. Some builders cut or round times to seconds, so a time without
// a fraction equals one that it can come from; rounded is then true.
func sameTime(a, b time.Time) (same, rounded bool) {
	switch {
	case a.Equal(b):
		return true, false
	case a.Nanosecond() != 0 && b.Nanosecond() != 0, a.Nanosecond() == 0 && b.Nanosecond() == 0:
		return false, false
	case a.Nanosecond() != 0:
		a, b = b, a
	}
	same = a.Equal(b.Truncate(time.Second)) || a.Equal(b.Round(time.Second))
	return same, same
}

// sortByPath orders the changes by path, each folder before what is in it. It makes each path once.
func (c *Changes) sortByPath() {
	type placed struct {
		path string
		item item
	}
	all := make([]placed, len(c.items))
	for i, it := range c.items {
		all[i] = placed{c.pathOf(it), it}
	}
	slices.SortFunc(all, func(x, y placed) int { return inside.ComparePaths(x.path, y.path) })
	for i := range all {
		c.items[i] = all[i].item
	}
}

func (c Changes) pathOf(it item) string { return c.entryOf(it).Path }

// entryOf returns the entry of B of a change, or that of A where B has none.
func (c Changes) entryOf(it item) inside.Entry {
	if it.b >= 0 {
		return c.b.At(int(it.b))
	}
	return c.a.At(int(it.a))
}
