// Package inside reads what the archive of a layer holds: a list of its entries with the hashes
// of their contents. It knows the formats of layers, and keeps the limits that hostile archives
// need. It compares nothing, and reads nothing from a network or a disk.
package inside

import (
	"iter"

	"github.com/opencontainers/go-digest"
)

// Layer is what is known of the inside of one layer.
type Layer struct {
	// Blob is the digest of the bytes that were read, and Packed their number. Blob is "" if
	// they were not read to their end.
	Blob   digest.Digest
	Packed int64
	// DiffID is the digest of the unpacked archive, and Unpacked its size. DiffID is "" if the
	// archive was not read to its end.
	DiffID   digest.Digest
	Unpacked int64
	How      How
	// Broken says why the archive cannot be read on, as "is cut off"; "" if it can.
	Broken string
	// Left says what a limit left out, one text for each limit; nil for nothing.
	Left []string
	// Remarks is what runtimes may read in different ways.
	Remarks Remarks
	Files   List
}

// How says from what a list of files was made.
type How uint8

// The ways to read a layer. Only a layer that was read to its end can be checked: its two
// digests are those that manifest and config state.
const (
	Full  How = iota + 1
	TOC       // the table of contents of an eStargz or zstd:chunked layer
	Start     // the first part of the layer
)

// Remarks is what is unusual in an archive.
type Remarks struct {
	// Repeated are the paths that have several entries. The last one is in the list.
	Repeated []string
	// Escaping are the recorded names that leave the root, or whiteouts of no name.
	Escaping []string
	// DeletedAndGiven are the paths that the layer has and also deletes below it.
	DeletedAndGiven []string
	// Hidden is the number of bytes other than zero after the end of the archive.
	Hidden int64
	// Trailing is the number of bytes after the compressed stream that are not part of it.
	Trailing int64
	// ExtraFields is set for entries with fields that are not in the list, as names of owners.
	Unhashed int // files whose content was not hashed because of a limit
}

// List is the entries of a layer in the order of the archive. A path stands in it once: of
// several entries of one path the last one counts, in the place of the first. The zero value has
// no entries. A List is not changed after it was made.
type List struct {
	entries []Entry
	index   map[string]int
}

// NewList makes a list of entries.
func NewList(entries []Entry) List {
	l := List{index: make(map[string]int, len(entries))}
	for _, e := range entries {
		if i, ok := l.index[key(e)]; ok {
			l.entries[i] = e
			continue
		}
		l.index[key(e)] = len(l.entries)
		l.entries = append(l.entries, e)
	}
	return l
}

// key tells a whiteout from an entry of the same path.
func key(e Entry) string {
	switch e.Kind {
	case Whiteout, OpaqueFolder:
		return e.Path + "\x00" + string(rune(e.Kind))
	}
	return e.Path
}

// Len returns the number of entries.
func (l List) Len() int { return len(l.entries) }

// At returns entry i in the order of the archive.
func (l List) At(i int) Entry { return l.entries[i] }

// Index returns the position of the entry at a path that is not a whiteout.
func (l List) Index(path string) (int, bool) {
	i, ok := l.index[path]
	return i, ok
}

// All yields the entries in the order of the archive.
func (l List) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, e := range l.entries {
			if !yield(e) {
				return
			}
		}
	}
}

// Find returns the entry at a path that is not a whiteout.
func (l List) Find(path string) (Entry, bool) {
	i, ok := l.index[path]
	if !ok {
		return Entry{}, false
	}
	return l.entries[i], true
}

// Resolve returns the file that a hard link is another name of, with the path of e. Other entries
// are returned as they are. It reports false if the layer does not have the file.
func (l List) Resolve(e Entry) (Entry, bool) {
	for range maxHardlinks {
		if e.Kind != Hardlink {
			return e, true
		}
		target, ok := l.Find(e.Link)
		if !ok || target.Path == e.Path {
			return e, false
		}
		target.Path = e.Path
		e = target
	}
	return e, false
}

// maxHardlinks limits a chain of hard links to hard links, which no tool writes.
const maxHardlinks = 8

// Merge returns the files that layers give together, the oldest first.
func Merge(layers []*Layer) List {
	var all []Entry
	for _, l := range layers {
		all = append(all, l.Files.entries...)
	}
	return NewList(all)
}
