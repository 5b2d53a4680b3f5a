// Package filediff compares the files of two layers, or of two images, and finds out why they
// differ. It uses only lists of package model/inside.
package filediff

import (
	"slices"

	"github.com/tagdiff/tagdiff/model/inside"
)

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
	HardLinks // the file has other names beside this one
	Time      // when the content changed
)

// ways is the number of values of What.
const ways = 12

// Has reports whether w has all ways of other.
func (w What) Has(other What) bool { return w&other == other }

// Changes is what differs between two lists.
type Changes struct {
	// EntriesA and EntriesB are the numbers of entries on each side. A folder that an archive does not
	// list counts only where the other side lists it.
	EntriesA, EntriesB int
	// Same is the number of paths that both sides have with equal entries.
	Same int
	// Unhashed is the number of files of the same size whose content was not hashed on both sides: whether they
	// differ is not known. Unknown is the number of those that differ in nothing else, which are not among Same.
	Unhashed, Unknown int
	// Rewritten is the number of those among Same of which one side has the time in whole
	// seconds, rounded from that of the other side.
	Rewritten int

	counts [ways]int
	a, b   inside.List
	items  []item

	lacksA, lacksB bool // the lists may lack entries

	oneLists []int32 // the positions in A of folders that one side lists, with the attributes that the other implies

	links links
}

// item is one path that differs: positions in the two lists, -1 for none.
type item struct {
	a, b  int32
	what  What
	rung  Rung
	below Below
	cause int16 // index in Causes, -1 for none
}

// Below is what the layers below those of a step have at a path that only one of its two layers has, or lists.
type Below uint8

// The values. Files of merged layers have no layers below them.
const (
	NothingBelow Below = iota // they have no such path: the layer adds it, or the layer without it removes it
	EntryBelow                // they have it: the layer replaces it
	UnknownBelow              // a layer that was not read may have it
)

// Change is one path that differs.
type Change struct {
	// Path is that of B, or of A where B has none.
	Path string
	// From is the path of A if it is another one: the file was moved, or its name holds a hash of
	// its content. "" else.
	From string
	// LinkedA and LinkedB are another name of the file on each side, "" for none, if these names differ.
	LinkedA, LinkedB string
	// A and B are the two entries, nil where a side has none. A hard link to a file of the same
	// list is given as that file.
	A, B *inside.Entry
	What What
	// Rung says what explains the change.
	Rung Rung
	// Cause is why such files differ in every build, nil if no cause is known.
	Cause *Cause
	// Unknown is set if the list of the side without an entry may lack the path: merged files without
	// those of the base, or a list that is cut.
	Unknown bool
	// Below is what lower layers have at a path that only one side has, or that only one side lists.
	Below Below
	// ByRuntime is set for a folder whose attributes differ, if docker and podman do not give both sides the
	// attributes that containerd gives them, or may not: see inside.Entry.Implied and Lent.
	ByRuntime bool
}

// Len returns the number of paths that differ.
func (c Changes) Len() int { return len(c.items) }

// RungAt returns the rung of change i.
func (c Changes) RungAt(i int) Rung { return c.items[i].rung }

// At returns change i. They are ordered by path, each folder before what is in it.
func (c Changes) At(i int) Change {
	it := c.items[i]
	ch := Change{What: it.what, Rung: it.rung, Below: it.below}
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
	if it.what.Has(HardLinks) {
		ch.LinkedA, ch.LinkedB = c.links.a.other(ch.Path), c.links.b.other(ch.Path)
	}
	ch.Unknown = c.lacksA && ch.A == nil || c.lacksB && ch.B == nil
	if ch.A != nil && ch.B != nil && ch.What&(Owner|Mode|Xattrs) != 0 {
		isUnsure := func(e *inside.Entry, lacks bool) bool {
			return e.Lent || e.Implied && (lacks || it.below != NothingBelow)
		}
		ch.ByRuntime = isUnsure(ch.A, c.lacksA) || isUnsure(ch.B, c.lacksB)
	}
	return ch
}

// IsUncertain reports whether the side without an entry may have the path, from what was not read.
func (ch Change) IsUncertain() bool {
	return ch.Unknown || ch.Below == UnknownBelow && (ch.A == nil || ch.B == nil)
}

// LookBelow asks for each path that only one side has, or lists, what the layers below have there: those of B if ofB
// is set, else those of A. find is called in the order of At. A deletion of what the layers below do not have is on the
// rung OtherArchive.
func (c *Changes) LookBelow(find func(path string, ofB bool) Below) {
	c.oneLists = slices.DeleteFunc(c.oneLists, func(i int32) bool {
		path := c.a.At(int(i)).Path
		return find(path, false) == NothingBelow && find(path, true) == NothingBelow
	})
	for i := range c.items {
		it := &c.items[i]
		e := c.entryOf(*it)
		switch isOneSided := it.a < 0 || it.b < 0; {
		case isOneSided && isWhiteout(e):
			if !c.has(e.Path, e.Kind) && find(e.Path, it.b >= 0) == NothingBelow {
				it.rung, it.cause = OtherArchive, -1
			}
		case isOneSided:
			it.below = find(e.Path, it.b >= 0)
		case e.Kind == inside.Folder && it.what&(Owner|Mode|Xattrs) != 0 && c.isImplied(*it):
			it.below = find(e.Path, e.Implied) // e is that of B
		}
	}
}

// HaveByRuntime reports whether two layers, or files, with equal entries can have folders with other attributes: one
// side lists a folder that the other implies, and containerd can copy the attributes of an older layer.
func (c Changes) HaveByRuntime() bool { return len(c.oneLists) > 0 }

// TakeAsSame counts files whose content was not hashed among Same: the two archives are equal.
func (c *Changes) TakeAsSame() {
	c.Same += c.Unknown
	c.Unhashed, c.Unknown = 0, 0
}

// has reports whether a layer that deletes a path has an entry there, too. Runtimes differ in which of the two counts.
func (c *Changes) has(path string, kind inside.Kind) bool {
	_, inA := c.a.Find(path)
	_, inB := c.b.Find(path)
	return kind == inside.Whiteout && (inA || inB)
}

// isImplied reports whether one of two folders is not listed.
func (c *Changes) isImplied(it item) bool {
	return c.a.At(int(it.a)).Implied || c.b.At(int(it.b)).Implied
}

// resolved returns entry i with the content of the file that it names, if it is a hard link.
func resolved(l inside.List, i int) inside.Entry {
	e, _ := l.Resolve(l.At(i))
	return e
}

// Count returns the number of paths that differ in a way, and in no graver one.
func (c Changes) Count(w What) int { return c.counts[wayIndex(w)] }

// All returns the number of paths that either side has: Same, Unknown and all counts. The two paths of a
// moved file are one.
func (c Changes) All() int {
	n := c.Same + c.Unknown
	for _, k := range c.counts {
		n += k
	}
	return n
}
