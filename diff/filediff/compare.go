package filediff

import (
	"math/bits"
	"slices"
	"time"

	"github.com/tagdiff/tagdiff/model/inside"
)

// Compare compares the entries of two layers of one step, or of two merged images. The order of
// the archives does not count. partial is for merged lists whose base was not read.
func Compare(a, b inside.List, partial bool) Changes {
	c := Changes{a: a, b: b, partial: partial}
	seen := make([]bool, b.Len())
	next := 0 // most archives of one step have the same order
	for i := range a.Len() {
		e := a.At(i)
		switch j := partner(e, b, next); {
		case j >= 0:
			seen[j], next = true, j+1
			if !e.Implied || !b.At(j).Implied {
				c.compare(i, j)
			}
		case !e.Implied: // what is in the folder is reported
			c.add(item{a: int32(i), b: -1, what: Removed}) //nolint:gosec // lists have a limit far below
		}
	}
	for j, ok := range seen {
		if !ok && !b.At(j).Implied {
			c.add(item{a: -1, b: int32(j), what: Added}) //nolint:gosec // as above
		}
	}
	both := c.Same + len(c.items) - c.Count(Removed) - c.Count(Added)
	c.EntriesA, c.EntriesB = both+c.Count(Removed), both+c.Count(Added)
	c.pairMoved()
	c.explain()
	c.sortByPath()
	return c
}

func isWhiteout(e inside.Entry) bool {
	return e.Kind == inside.Whiteout || e.Kind == inside.OpaqueFolder
}

// partner returns the position in b of the entry with the path of e, -1 for none. next is tried
// first.
func partner(e inside.Entry, b inside.List, next int) int {
	if next < b.Len() {
		if f := b.At(next); f.Path == e.Path && isWhiteout(f) == isWhiteout(e) && (f.Kind == e.Kind || !isWhiteout(e)) {
			return next
		}
	}
	if j, ok := b.Partner(e); ok {
		return j
	}
	return -1
}

func (c *Changes) add(it item) {
	it.cause = -1
	c.items = append(c.items, it)
	c.counts[wayIndex(it.what)]++
}

// wayIndex is the index in Changes.counts of the gravest way of a set.
func wayIndex(w What) int { return bits.TrailingZeros16(uint16(w)) }

// compare compares entry i of A with entry j of B.
func (c *Changes) compare(i, j int) {
	what, rounded := differ(resolved(c.a, i), resolved(c.b, j))
	if what == 0 {
		c.Same++
		if rounded {
			c.Rewritten++
		}
		return
	}
	c.add(item{a: int32(i), b: int32(j), what: what}) //nolint:gosec // lists have a limit far below
}

// differ returns the ways in which two entries of one path differ. rounded is whether the times are
// equal only in whole seconds. The attributes of a folder that an archive does not list are
// unknown, and differ in nothing.
func differ(a, b inside.Entry) (what What, rounded bool) {
	if a.Kind != b.Kind {
		return Kind, false
	}
	if isWhiteout(a) || a.Implied || b.Implied {
		return 0, false
	}
	same, rounded := sameTime(a.Time, b.Time)
	ways := []struct {
		way    What
		differ bool
	}{
		{Content, a.Kind == inside.File && (a.Size != b.Size || otherSum(a.Sum, b.Sum))},
		{Link, a.Link != b.Link},
		{Device, a.Major != b.Major || a.Minor != b.Minor},
		{Owner, a.UID != b.UID || a.GID != b.GID},
		{Mode, a.Mode != b.Mode && a.Kind != inside.Symlink}, // Linux ignores the mode of a link
		{Xattrs, !slices.Equal(a.Xattrs, b.Xattrs)},
		{Time, !same},
	}
	for _, w := range ways {
		if w.differ {
			what |= w.way
		}
	}
	return what, rounded && what == 0
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

func (c Changes) pathOf(it item) string {
	if it.b >= 0 {
		return c.b.At(int(it.b)).Path
	}
	return c.a.At(int(it.a)).Path
}
