package inside

import (
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model/program"
)

// List is the entries of a layer in the order of the archive. A path stands in it once: of
// several entries of one path the last one counts, in the place of the first. The zero value has
// no entries. A List is not changed after it was made, and may be used by several goroutines.
//
// In the list of an archive that Read has read, all names of a file with hard links have the
// attributes that the file has in a container: see shareAttributes.
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
	for i := range l.Len() {
		if !l.t.attributes(i).implied {
			n++
		}
	}
	return n
}

// Deletions yields the whiteouts and opaque folders, in the order of the archive.
func (l List) Deletions() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for i := range l.Len() {
			if l.t.attributes(i).kind.class() != entries && !yield(l.t.entry(i)) {
				return
			}
		}
	}
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

// Without returns the list without the entries at some paths.
func (l List) Without(left func(path string) bool) List {
	b := newBuilder()
	for e := range l.All() {
		if !left(e.Path) {
			b.put(&e)
		}
	}
	return b.list()
}

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

// LinkGroups returns the paths of files with several names, by name: that of the entry which has the content. It is
// nil if no hard link names a file of the list.
func (l List) LinkGroups() map[string]string {
	if l.t == nil || !slices.ContainsFunc(l.t.attrs, func(a attributes) bool { return a.kind == Hardlink }) {
		return nil
	}
	var groups map[string]string
	for i := range l.Len() {
		if l.t.attributes(i).kind != Hardlink {
			continue
		}
		e := l.At(i)
		name, ok := e.Path, true
		for range maxHardlinks {
			if e, ok = l.Find(e.Link); !ok || e.Kind != Hardlink {
				break
			}
		}
		if !ok || e.Kind != File {
			continue
		}
		if groups == nil {
			groups = map[string]string{}
		}
		groups[name], groups[e.Path] = e.Path, e.Path
	}
	return groups
}

// LastName returns the name of the last entry of a file with several names, by any of them: the file has the
// attributes of that entry. It is the path itself for other entries.
func (l List) LastName(path string) string {
	groups := l.LinkGroups()
	of, ok := groups[path]
	if !ok {
		return path
	}
	for i := range l.Len() {
		if name := l.t.path(i); groups[name] == of {
			path = name
		}
	}
	return path
}

// shareAttributes gives all names of a file with hard links the attributes that the file has in a container: those of
// its last entry. Runtimes make a link, and then set the attributes that its entry records, which are those of the
// file. Extended attributes stay unless a later entry has them too. Capabilities do not stay: Linux removes them when
// the owner is set. A link to a symbolic link sets its owner, not its mode and time.
//
// It changes the table: the list must not be in use yet. A table of contents is not for it, since it may lack the
// attributes of links.
func (l List) shareAttributes() {
	if l.t == nil || !slices.ContainsFunc(l.t.attrs, func(a attributes) bool { return a.kind == Hardlink }) {
		return
	}
	t, shared := l.t, map[int]sharedAttributes{}
	for i := range t.n {
		of, ok := t.linkedRow(i)
		if !ok {
			continue
		}
		file, known := shared[of]
		if !known {
			file = t.sharedAttributes(of)
		}
		if link := t.sharedAttributes(i); link != file {
			shared[of] = t.setThroughLink(file, link, t.attributes(of).kind)
		}
	}
	if len(shared) == 0 {
		return
	}
	ids := map[attributes]uint32{}
	for i, a := range t.attrs {
		ids[a] = uint32(i) //nolint:gosec // MaxEntries limits it
	}
	set := func(i int, s sharedAttributes) {
		s.kind = t.attributes(i).kind
		id, known := ids[s.attributes]
		if !known {
			id = uint32(len(t.attrs)) //nolint:gosec // as above
			ids[s.attributes], t.attrs = id, append(t.attrs, s.attributes)
		}
		r := t.row(i)
		r.attr, r.sec, r.nsec = id, s.sec, s.nsec
	}
	for i := range t.n {
		if of, ok := t.linkedRow(i); ok {
			if s, differs := shared[of]; differs {
				set(i, s)
			}
		}
	}
	for of, s := range shared {
		set(of, s)
	}
}

// sharedAttributes are what all names of a file have in common. The kind is not set.
type sharedAttributes struct {
	attributes
	sec  int64
	nsec uint32
}

func (t *table) sharedAttributes(i int) sharedAttributes {
	r := t.row(i)
	s := sharedAttributes{t.attrs[r.attr], r.sec, r.nsec}
	s.kind = 0
	return s
}

// setThroughLink returns the attributes of a file of a kind after those of a hard link to it were set.
func (t *table) setThroughLink(file, link sharedAttributes, kind Kind) sharedAttributes {
	after := link
	if kind == Symlink {
		after.mode, after.sec, after.nsec = file.mode, file.sec, file.nsec
	}
	if file.xattrs == noXattrs || file.xattrs == link.xattrs {
		return after
	}
	var all []Xattr
	if link.xattrs != noXattrs {
		all = slices.Clone(t.xattrs[link.xattrs])
	}
	for _, x := range t.xattrs[file.xattrs] {
		isSet := slices.ContainsFunc(all, func(set Xattr) bool { return set.Name == x.Name })
		if !isSet && x.Name != "security.capability" {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	if after.xattrs = noXattrs; len(all) > 0 {
		after.xattrs = t.xattrsID(all)
	}
	return after
}

// xattrsID returns the index of extended attributes in t.xattrs, and adds them if they are new.
func (t *table) xattrsID(all []Xattr) int32 {
	i := slices.IndexFunc(t.xattrs, func(x []Xattr) bool { return slices.Equal(x, all) })
	if i < 0 {
		i = len(t.xattrs)
		t.xattrs = append(t.xattrs, all)
	}
	return int32(i) //nolint:gosec // MaxEntries limits it
}

// linkedRow returns the row of the file that the hard link of a row names. It reports false if the row is not
// a hard link, or the list does not have the file.
func (t *table) linkedRow(i int) (of int, ok bool) {
	of = i
	for range maxHardlinks {
		if t.attributes(of).kind != Hardlink {
			return of, of != i && t.attributes(of).kind != Folder
		}
		next, found := t.find(t.texts.part(unpackedSpan(t.row(of).value)), entries)
		if !found || next == of {
			return 0, false
		}
		of = next
	}
	return 0, false
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
	runs    []runs       // in the order of rows
	// programs are those that occur. They are not changed, since entries point at them.
	programs []*program.Program
	index    hashIndex // of rows, by folder, name and class
	dirs     hashIndex // of folders, by path
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
	lent     bool
}

// normal is the hash of the normalised content of a row, which few entries have.
type normal struct {
	row int
	sum Hash
}

// runs says that a row is a program, which few entries are.
type runs struct {
	row     int
	program int32 // index in programs, or noProgram for a row whose program was replaced
}

const noProgram = -1

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

// attributes returns those of a row.
func (t *table) attributes(i int) *attributes { return &t.attrs[t.row(i).attr] }

// entry makes the entry of a row.
func (t *table) entry(i int) Entry { return t.entryAs(i, t.path(i)) }

// entryAs makes the entry of a row with another path.
func (t *table) entryAs(i int, path string) Entry {
	r := t.row(i)
	a := &t.attrs[r.attr]
	e := Entry{
		Path: path, Kind: a.kind, Mode: a.mode, UID: a.uid, GID: a.gid, Sum: r.sum, Implied: a.implied,
		Lent: a.lent, Normal: t.normal(i),
	}
	if a.implied {
		e.Mode = impliedMode
	}
	if at := t.program(i); at != noProgram {
		e.Program = t.programs[at]
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

// program returns the index of the program of a row, or noProgram, by binary search.
func (t *table) program(i int) int32 {
	if at, ok := slices.BinarySearchFunc(t.runs, i, func(r runs, i int) int { return r.row - i }); ok {
		return t.runs[at].program
	}
	return noProgram
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
