// Package filediff compares the files of two layers, or of two images, and finds out why they
// differ. It uses only lists of package model/inside.
package filediff

import "github.com/tagdiff/tagdiff/model/inside"

// What is the set of ways in which the two entries of one path differ.
type What uint16

// The ways to differ, the gravest first. An entry that differs in several ways is counted for
// the first of them.
const (
	Added   What = 1 << iota // only B has the path
	Removed                  // only A has it
	Moved                    // A has it at another path
	Kind                     // a file became a folder, a link became a file, …
	Content
	Link // the target of a symlink, or a hard link to an unread file
	Device
	Owner
	Mode
	Xattrs
	Time // when the content changed
)

// ways is the number of values of What.
const ways = 11

// Has reports whether w has all ways of other.
func (w What) Has(other What) bool { return w&other == other }

// Changes is what differs between two lists.
type Changes struct {
	// EntriesA and EntriesB are the numbers of entries on each side. A folder that an archive does not
	// list counts only where the other side lists it.
	EntriesA, EntriesB int
	// Same is the number of paths that both sides have with equal entries.
	Same int
	// Rewritten is the number of those among Same of which one side has the time in whole
	// seconds, rounded from that of the other side.
	Rewritten int

	counts  [ways]int
	a, b    inside.List
	partial bool
	items   []item
}

// item is one path that differs: positions in the two lists, -1 for none.
type item struct {
	a, b  int32
	what  What
	rung  Rung
	cause int16 // index in Causes, -1 for none
}

// Change is one path that differs.
type Change struct {
	// Path is that of B, or of A where B has none.
	Path string
	// From is the path of A if it is another one: the file was moved, or its name holds a hash of
	// its content. "" else.
	From string
	// A and B are the two entries, nil where a side has none. A hard link to a file of the same
	// list is given as that file.
	A, B *inside.Entry
	What What
	// Rung says what explains the change.
	Rung Rung
	// Cause is why such files differ in every build, nil if no cause is known.
	Cause *Cause
	// Unknown is set if the base was not read, so that the side without an entry may have the
	// path from there.
	Unknown bool
}

// Len returns the number of paths that differ.
func (c Changes) Len() int { return len(c.items) }

// At returns change i. They are ordered by path, each folder before what is in it.
func (c Changes) At(i int) Change {
	it := c.items[i]
	ch := Change{What: it.what, Rung: it.rung}
	if it.cause >= 0 {
		ch.Cause = &Causes[it.cause]
	}
	if it.a >= 0 {
		e := resolved(c.a, int(it.a))
		ch.A, ch.Path = &e, e.Path
	}
	if it.b >= 0 {
		e := resolved(c.b, int(it.b))
		if ch.A != nil && ch.A.Path != e.Path {
			ch.From = ch.A.Path
		}
		ch.B, ch.Path = &e, e.Path
	}
	ch.Unknown = c.partial && (ch.A == nil || ch.B == nil)
	return ch
}

// resolved returns entry i with the content of the file that it names, if it is a hard link.
func resolved(l inside.List, i int) inside.Entry {
	e, _ := l.Resolve(l.At(i))
	return e
}

// Count returns the number of paths that differ in a way, and in no graver one.
func (c Changes) Count(w What) int { return c.counts[wayIndex(w)] }

// All returns the number of paths that either side has: Same and all counts. The two paths of a
// moved file are one.
func (c Changes) All() int {
	n := c.Same
	for _, k := range c.counts {
		n += k
	}
	return n
}
