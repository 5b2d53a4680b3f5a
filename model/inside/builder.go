package inside

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tagdiff/tagdiff/model/program"
)

// builder makes a List, entry by entry.
type builder struct {
	t        *table
	attrIDs  map[attributes]uint32
	xattrIDs map[string]int32
	programs map[program.Program]int32
	last     string // the path of the folder of the last entry: the next one is likely in it too
	lastID   int32
	lastAttr uint32
}

func newBuilder() *builder {
	return &builder{
		t: &table{}, attrIDs: map[attributes]uint32{}, xattrIDs: map[string]int32{}, programs: map[program.Program]int32{}, lastID: noFolder,
	}
}

// expect makes room for n entries, so that the index need not grow. Call it before the first entry.
func (b *builder) expect(n int) { b.t.index.slots = make([]uint32, slotsFor(n)) }

// held returns the number of bytes of names and links that the list holds.
func (b *builder) held() int { return b.t.held() }

// put adds an entry, or replaces the one of the same path, whose kind it returns: 0 without one. It
// reports whether it replaced one that is not implied.
func (b *builder) put(e *Entry) (before Kind, replaced bool) {
	t := b.t
	folder, name := int32(noFolder), ""
	if e.Path != "" {
		var parent string
		parent, name = split(e.Path)
		folder = b.folder(parent)
	}
	c := e.Kind.class()
	i, found := t.findIn(folder, name, c)
	if found {
		a := t.attrs[t.row(i).attr]
		before, replaced = a.kind, !a.implied
	} else {
		i = b.add(folder, name, c)
	}
	b.set(i, e)
	if found || e.Normal != (Hash{}) {
		t.normals = append(t.normals, normal{i, e.Normal})
	}
	if found || e.Program != nil {
		t.runs = append(t.runs, runs{i, b.program(e.Program)})
	}
	return before, replaced
}

// add adds a row, without its values but with its class, which index needs.
func (b *builder) add(folder int32, name string, c class) int {
	t := b.t
	i := t.n
	if i%rowsInBlock == 0 {
		capacity := 0
		if i > 0 { // else a small layer
			capacity = rowsInBlock
		}
		t.rows = append(t.rows, make([]row, 0, capacity))
	}
	block := &t.rows[len(t.rows)-1]
	*block = append(*block, row{folder: folder, name: t.names.add(name).from})
	t.n++
	t.index.add(hashOf(folder, name, c), func(i int) uint64 {
		r := t.row(i)
		return hashOf(r.folder, t.name(i), t.attrs[r.attr].kind.class())
	})
	return i
}

// set sets the values of a row.
func (b *builder) set(i int, e *Entry) {
	t := b.t
	r := t.row(i)
	r.attr = b.attr(attributes{
		uid: e.UID, gid: e.GID, xattrs: b.xattrs(e.Xattrs), mode: e.Mode, kind: e.Kind, implied: e.Implied, lent: e.Lent,
	})
	r.sum, r.sec, r.nsec, r.value = e.Sum, 0, 0, 0
	if !e.Implied {
		r.sec, r.nsec = e.Time.Unix(), uint32(e.Time.Nanosecond()) //nolint:gosec // below 1e9
	}
	switch e.Kind {
	case File:
		r.value = e.Size
	case Symlink, Hardlink:
		r.value = t.texts.add(e.Link).packed()
	case CharDevice, BlockDevice:
		r.value = int64(len(t.devices))
		t.devices = append(t.devices, [2]int64{e.Major, e.Minor})
	}
}

// folder returns the number of the folder with a path, and adds it if it is new.
func (b *builder) folder(path string) int32 {
	if b.lastID != noFolder && b.last == path {
		return b.lastID
	}
	t := b.t
	id, ok := t.findFolder(path)
	if !ok {
		id = int32(len(t.folders)) //nolint:gosec // MaxEntries limits it
		t.folders = append(t.folders, t.texts.add(path))
		t.dirs.add(hashOf(0, path, entries), func(i int) uint64 { return hashOf(0, t.texts.part(t.folders[i]), entries) })
	}
	b.last, b.lastID = t.texts.part(t.folders[id]), id
	return id
}

func (b *builder) attr(a attributes) uint32 {
	if len(b.t.attrs) > 0 && b.t.attrs[b.lastAttr] == a {
		return b.lastAttr // that of the last entry
	}
	id, ok := b.attrIDs[a]
	if !ok {
		id = uint32(len(b.t.attrs)) //nolint:gosec // MaxEntries limits it
		b.attrIDs[a] = id
		b.t.attrs = append(b.t.attrs, a)
	}
	b.lastAttr = id
	return id
}

func (b *builder) xattrs(xattrs []Xattr) int32 {
	if len(xattrs) == 0 {
		return noXattrs
	}
	var key strings.Builder
	for _, x := range xattrs {
		for _, s := range []string{x.Name, x.Value} {
			key.WriteString(strconv.Itoa(len(s)) + ":" + s)
		}
	}
	id, ok := b.xattrIDs[key.String()]
	if !ok {
		id = int32(len(b.t.xattrs)) //nolint:gosec // MaxEntries limits it
		b.xattrIDs[key.String()] = id
		b.t.xattrs = append(b.t.xattrs, xattrs)
	}
	return id
}

// program returns the index of a program among those that occur, and adds it if it is new.
func (b *builder) program(p *program.Program) int32 {
	if p == nil {
		return noProgram
	}
	id, ok := b.programs[*p]
	if !ok {
		id = int32(len(b.t.programs)) //nolint:gosec // MaxEntries limits it
		b.programs[*p] = id
		b.t.programs = append(b.t.programs, p)
	}
	return id
}

// implyParents adds the folders above a path that have no entry yet.
func (b *builder) implyParents(path string) {
	parent, _ := split(path)
	if b.lastID == noFolder || b.last != parent { // else the last entry is in the same folder
		b.imply(parent)
	}
}

// imply adds a folder that has no entry yet, and those above it. The root needs none.
func (b *builder) imply(path string) {
	if path == "" {
		return
	}
	if _, known := b.t.find(path, entries); known {
		return
	}
	b.implyParents(path)
	b.put(&Entry{Path: path, Kind: Folder, Implied: true})
}

// list returns the list. The builder must not be used after it.
func (b *builder) list() List {
	t := b.t
	if t.n == 0 {
		return List{}
	}
	t.normals = lastOfRows(t.normals, func(n normal) int { return n.row }, func(n normal) bool { return n.sum != Hash{} })
	t.runs = lastOfRows(t.runs, func(r runs) int { return r.row }, func(r runs) bool { return r.program != noProgram })
	t.names.trim()
	t.texts.trim()
	return List{t}
}

// lastOfRows sorts values of rows, and keeps the last one of each row if it is a value.
func lastOfRows[T any](all []T, row func(T) int, is func(T) bool) []T {
	slices.SortStableFunc(all, func(a, b T) int { return row(a) - row(b) }) // which keeps those of a row in order
	kept := all[:0]
	for i, v := range all {
		if (i+1 == len(all) || row(all[i+1]) != row(v)) && is(v) {
			kept = append(kept, v)
		}
	}
	return slices.Clip(kept)
}

// trim frees what the text has allocated for its growth.
func (t *text) trim() {
	if t.Cap()-t.Len() < t.Len()/8 {
		return
	}
	exact := t.String()
	t.Builder = strings.Builder{}
	t.Grow(len(exact))
	t.WriteString(exact)
}
