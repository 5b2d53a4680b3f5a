package inside

import (
	"iter"
	"strings"
	"time"
)

// List is the entries of a layer in the order of the archive. A path stands in it once: of
// several entries of one path the last one counts, in the place of the first. The zero value has
// no entries. A List is not changed after it was made, and may be used by several goroutines.
//
// It takes about 90 bytes for an entry: layers have up to a million of them.
type List struct{ t *table }

// NewList makes a list of entries.
func NewList(entries []Entry) List {
	b := newBuilder()
	for i := range entries {
		b.put(&entries[i])
	}
	return b.list()
}

// Len returns the number of entries, with those that are implied.
func (l List) Len() int {
	if l.t == nil {
		return 0
	}
	return l.t.n
}

// Recorded returns the number of entries that the archive lists: without those that are implied.
func (l List) Recorded() int {
	n := 0
	for e := range l.All() {
		if !e.Implied {
			n++
		}
	}
	return n
}

// All yields the entries in the order of the archive.
func (l List) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for i := range l.Len() {
			if !yield(l.t.entry(i)) {
				return
			}
		}
	}
}

// At returns entry i in the order of the archive.
func (l List) At(i int) Entry { return l.t.entry(i) }

// Partner returns the position of the entry that stands for the same thing as e: the same path, and
// both are whiteouts, opaque folders, or neither.
func (l List) Partner(e Entry) (int, bool) {
	if l.t == nil {
		return 0, false
	}
	return l.t.find(e.Path, e.Kind.class())
}

// Find returns the entry at a path that is not a whiteout.
func (l List) Find(path string) (Entry, bool) {
	return l.find(path, entries)
}

// Deletes reports whether the list has a whiteout of a path.
func (l List) Deletes(path string) bool {
	_, ok := l.find(path, whiteouts)
	return ok
}

// Hides reports whether the list has an opaque folder at a path.
func (l List) Hides(path string) bool {
	_, ok := l.find(path, opaques)
	return ok
}

func (l List) find(path string, c class) (Entry, bool) {
	if l.t == nil {
		return Entry{}, false
	}
	i, ok := l.t.find(path, c)
	if !ok {
		return Entry{}, false
	}
	return l.t.entry(i), true
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

// deletedAndGiven yields the paths that have both a whiteout and an entry.
func (l List) deletedAndGiven() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range l.Len() {
			r := l.t.row(i)
			if l.t.attrs[r.attr].kind != Whiteout {
				continue
			}
			if _, both := l.t.findIn(r.folder, l.t.name(i), entries); both && !yield(l.t.path(i)) {
				return
			}
		}
	}
}

// maxHardlinks limits a chain of hard links to hard links, which no tool writes.
const maxHardlinks = 8

// class tells a whiteout from an entry of the same path: a list can have both.
type class uint8

const (
	entries class = iota
	whiteouts
	opaques
)

func (k Kind) class() class {
	switch k {
	case Whiteout:
		return whiteouts
	case OpaqueFolder:
		return opaques
	}
	return entries
}

// table is the content of a List. It has rows of a fixed size in place of Entry, which is three
// times as large: names stand in one text, and what many entries share is in attributes.
type table struct {
	n       int
	rows    [][]row      // rowsInBlock in each but the last, so that growth copies no rows
	names   text         // the last parts of the paths, one after the other in the order of rows
	texts   text         // the paths of folders, and the targets of links
	folders []span       // of texts: the paths of folders that hold entries
	attrs   []attributes // those that occur
	xattrs  [][]Xattr    // those that occur
	devices [][2]int64   // numbers of devices
	normals []normal     // in the order of rows
	index   hashIndex    // of rows, by folder, name and class
	dirs    hashIndex    // of folders, by path
}

// row is an entry.
type row struct {
	sum    Hash
	sec    int64  // the time in seconds since 1970
	value  int64  // of a file: the size; of a link: the span of texts; of a device: the index in devices
	nsec   uint32 // the rest of the time
	name   uint32 // where the name begins in names. It ends where that of the next row begins.
	folder int32  // the folder that the entry is in; noFolder for the root
	attr   uint32 // index in attrs
}

const (
	rowsInBlock = 1 << 10
	noFolder    = -1
	noXattrs    = -1
)

// attributes are what many entries have in common.
type attributes struct {
	uid, gid int
	xattrs   int32 // index in xattrs, or noXattrs
	mode     uint16
	kind     Kind
	implied  bool
}

// normal is the hash of the normalised content of a row, which few entries have.
type normal struct {
	row int
	sum Hash
}

// span is a part of a text.
type span struct{ from, length uint32 }

func (s span) packed() int64    { return int64(s.from)<<16 | int64(s.length) }
func unpackedSpan(v int64) span { return span{uint32(v >> 16), uint32(v & 0xffff)} } //nolint:gosec // packed made it

// text is a text that grows at its end. Parts of it are taken without copies.
type text struct{ strings.Builder }

func (t *text) add(s string) span {
	from := t.Len()
	t.WriteString(s)
	return span{uint32(from), uint32(len(s))} //nolint:gosec // MaxNames and MaxPath limit both
}

func (t *text) part(s span) string { return t.String()[s.from : s.from+s.length] }

func (t *table) row(i int) *row { return &t.rows[i/rowsInBlock][i%rowsInBlock] }

func (t *table) name(i int) string {
	from, to := t.row(i).name, uint32(t.names.Len()) //nolint:gosec // MaxNames limits it
	if i+1 < t.n {
		to = t.row(i + 1).name
	}
	return t.names.String()[from:to]
}

// held returns the number of bytes of names and links.
func (t *table) held() int { return t.names.Len() + t.texts.Len() }

// path returns the path of a row.
func (t *table) path(i int) string {
	r := t.row(i)
	if r.folder == noFolder {
		return ""
	}
	return join(t.texts.part(t.folders[r.folder]), t.name(i))
}

func join(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

// split returns the folder of a path, and its last part.
func split(path string) (folder, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// entry makes the entry of a row.
func (t *table) entry(i int) Entry {
	r := t.row(i)
	a := &t.attrs[r.attr]
	e := Entry{
		Path: t.path(i), Kind: a.kind, Mode: a.mode, UID: a.uid, GID: a.gid, Sum: r.sum, Implied: a.implied,
		Normal: t.normal(i),
	}
	if !a.implied {
		e.Time = time.Unix(r.sec, int64(r.nsec)).UTC()
	}
	if a.xattrs != noXattrs {
		e.Xattrs = t.xattrs[a.xattrs]
	}
	switch a.kind {
	case File:
		e.Size = r.value
	case Symlink, Hardlink:
		e.Link = t.texts.part(unpackedSpan(r.value))
	case CharDevice, BlockDevice:
		e.Major, e.Minor = t.devices[r.value][0], t.devices[r.value][1]
	}
	return e
}

// normal returns the hash of the normalised content of a row, by binary search.
func (t *table) normal(i int) Hash {
	from, to := 0, len(t.normals)
	for from < to {
		middle := (from + to) / 2
		if t.normals[middle].row < i {
			from = middle + 1
		} else {
			to = middle
		}
	}
	if from < len(t.normals) && t.normals[from].row == i {
		return t.normals[from].sum
	}
	return Hash{}
}

// find returns the row of a path.
func (t *table) find(path string, c class) (int, bool) {
	folder, name := int32(noFolder), ""
	if path != "" {
		var parent string
		parent, name = split(path)
		var ok bool
		if folder, ok = t.findFolder(parent); !ok {
			return 0, false
		}
	}
	return t.findIn(folder, name, c)
}

func (t *table) findFolder(path string) (int32, bool) {
	for s := t.dirs.search(hashOf(0, path, entries)); s.next(); {
		if t.texts.part(t.folders[s.value]) == path {
			return s.value, true
		}
	}
	return 0, false
}

func (t *table) findIn(folder int32, name string, c class) (int, bool) {
	for s := t.index.search(hashOf(folder, name, c)); s.next(); {
		i := int(s.value)
		r := t.row(i)
		if r.folder == folder && t.attrs[r.attr].kind.class() == c && t.name(i) == name {
			return i, true
		}
	}
	return 0, false
}
