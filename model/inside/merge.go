package inside

import (
	"slices"
	"strings"
)

// Merge returns the files that a container of some layers sees, the oldest layer first, as
// overlay file systems show them. Layers that are nil were not read: they count as empty.
//
//   - Whiteouts and opaque folders hide what older layers have, wherever they stand in their layer.
//   - An entry that is not a folder replaces all that older layers have at its path and below it.
//   - A folder and an older folder are one, with the attributes of the newer. A folder that the
//     newer layer implies has those of the older, and Lent is set: runtimes differ in it.
//   - A folder, also one that is implied, replaces an older entry of another type: a link is not
//     followed. Links of the same layer are, as runtimes do when they unpack it.
//   - Hard links of one layer are names of one file: the first path has the content. A newer layer that
//     replaces one name leaves the others. A hard link to a file of an older layer becomes that file.
//
// The entries are in the order of their paths, a folder before what is in it. Layers that are not
// Mergeable give an empty list.
func Merge(layers []*Layer) List {
	if !Mergeable(layers) {
		return List{}
	}
	n := 0
	for _, l := range layers {
		if l != nil {
			n += l.Files.Len()
		}
	}
	all := make([]mergedPath, 0, n) // most are seen
	m := newMerger(layers)
	m.visit(func(v visit) {
		if v.hidden == 0 || v.lends {
			all = append(all, mergedPath{v.path, int32(v.layer), int32(v.row), v.lends}) //nolint:gosec // lists have a limit far below
		}
	})
	// The sort is stable: an implied folder comes before the older one that gives its attributes,
	// and the last of two entries counts.
	byPath := func(a, b mergedPath) int { return ComparePaths(a.path, b.path) }
	if !slices.IsSortedFunc(all, byPath) { // as the entries of most single layers are
		slices.SortStableFunc(all, byPath)
	}
	b, names := newBuilder(), newMergedNames(layers)
	b.expect(len(all))
	for i, p := range all {
		e := m.entry(p)
		e.Lent = p.lends
		if isReplaced := i+1 < len(all) && all[i+1].path == p.path; !isReplaced {
			e = names.linked(p, e)
		}
		b.implyParents(e.Path) // that of a link may lead to a folder which no layer lists
		b.put(&e)
	}
	return b.list()
}

// mergedPath is the path of an entry in a merged list, and where it is: an Entry takes five
// times as much memory.
type mergedPath struct {
	path       string
	layer, row int32
	lends      bool // see visit
}

// mergedNames finds which names of files in merged layers are hard links of others.
type mergedNames struct {
	layers []*Layer
	groups []map[string]string   // by layer: List.LinkGroups
	first  map[mergedFile]string // the first path of a file
}

// mergedFile is a file with several names: the layer, and the path of its content there.
type mergedFile struct {
	layer int
	path  string
}

func newMergedNames(layers []*Layer) mergedNames {
	n := mergedNames{layers: layers, groups: make([]map[string]string, len(layers)), first: map[mergedFile]string{}}
	for i, l := range layers {
		if l != nil {
			n.groups[i] = l.Files.LinkGroups()
		}
	}
	return n
}

// linked returns the entry of a path, as a hard link if an earlier path is a name of the same file.
func (n mergedNames) linked(p mergedPath, e Entry) Entry {
	if len(n.groups[p.layer]) == 0 || e.Kind != File {
		return e
	}
	of, ok := n.groups[p.layer][n.layers[p.layer].Files.t.path(int(p.row))]
	if !ok {
		return e
	}
	first, known := n.first[mergedFile{int(p.layer), of}]
	if !known {
		n.first[mergedFile{int(p.layer), of}] = p.path
		return e
	}
	e.Kind, e.Link, e.Size, e.Sum, e.Normal, e.Program = Hardlink, first, 0, Hash{}, Hash{}, nil
	return e
}

// Mergeable reports whether layers have few enough entries, and names, to be merged: twice as
// many as one layer may have.
func Mergeable(layers []*Layer) bool { return mergeable(layers, 2*usual.entries, 2*usual.names) }

func mergeable(layers []*Layer, entries, names int) bool {
	for _, l := range layers {
		if l != nil && l.Files.t != nil {
			entries -= l.Files.Len()
			names -= l.Files.t.held()
		}
	}
	return entries >= 0 && names >= 0
}

// ComparePaths orders paths so that a folder is right before what is in it.
func ComparePaths(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		switch {
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		}
		return int(a[i]) - int(b[i])
	}
	return len(a) - len(b)
}

// merger goes through the entries of layers, the newest layer first.
type merger struct {
	layers []*Layer
	oldest int               // of the layers that were read
	above  map[string]*cover // by path: what the newer layers have there
	blames bool              // visit.by is needed also of entries in folders that a newer layer hides
}

// cover is what newer layers have at a path.
type cover struct {
	layer    int  // the oldest of them that hides what is older
	replaces bool // that layer has an entry there; else it has a whiteout
	entry    bool // a layer has an entry
	deletes  bool // a layer has a whiteout
	implied  bool // the entry is a folder that all these layers imply
	closed   bool // what older layers have below the path is hidden
	closer   int  // the oldest of the layers that hide it
}

// visit is an entry of a layer that is not a whiteout.
type visit struct {
	layer, row int
	path       string // in a container
	attributes *attributes
	// hidden says why newer layers hide the entry, and by which of them does; 0 if it is seen.
	hidden WasteKind
	by     int
	// lends is set for a hidden folder that gives its attributes to one that newer layers imply.
	lends bool
}

// visit returns the visit of an entry at the path that c covers.
func (c *cover) visit(v visit) visit {
	switch {
	case c == nil, !c.deletes && !c.entry:
		return v
	case c.replaces:
		v.hidden = Replaced
	default:
		v.hidden = Deleted
	}
	v.by = c.layer
	v.lends = v.attributes.kind == Folder && !v.attributes.implied && c.implied && !c.deletes && !c.closed
	return v
}

// earlier returns the visit of an entry in a hidden folder: an older layer may have hidden the entry before, at its path.
func (c *cover) earlier(v visit) visit {
	if c == nil || !c.deletes && !c.entry || c.layer >= v.by {
		return v
	}
	if v.by, v.hidden = c.layer, Deleted; c.replaces {
		v.hidden = Replaced
	}
	return v
}

func newMerger(layers []*Layer) *merger {
	oldest := slices.IndexFunc(layers, func(l *Layer) bool { return l != nil })
	return &merger{layers: layers, oldest: oldest, above: map[string]*cover{}}
}

// recorded returns what the layer records of a visit: the attributes, the size, the content and the link.
func (m *merger) recorded(v visit) Entry { return m.layers[v.layer].Files.t.entryAs(v.row, v.path) }

// visit calls f for each entry.
func (m *merger) visit(f func(visit)) {
	for i, l := range slices.Backward(m.layers) {
		if l != nil {
			m.visitLayer(i, l.Files, f)
		}
	}
}

func (m *merger) visitLayer(layer int, files List, f func(visit)) {
	placed := newPlacer(files)
	closers := map[string]*cover{} // of the folders of this layer
	var changes []change           // what hides entries of older layers, but none of this layer
	if layer != m.oldest {
		changes = make([]change, 0, files.Len())
	}
	changed := func(v visit) {
		if layer != m.oldest {
			changes = append(changes, change{v.path, v.attributes.kind, v.attributes.implied})
		}
	}
	for row := range files.Len() {
		v := visit{layer: layer, row: row, path: placed.path(files.t.path(row)), attributes: files.t.attributes(row)}
		if v.attributes.kind.class() != entries {
			changed(v)
			continue
		}
		if closer := m.closer(closers, v.path); closer != nil {
			v.hidden, v.by = Deleted, closer.closer
			if m.blames {
				v = m.above[v.path].earlier(v)
				changed(v)
			}
			f(v)
			continue
		}
		f(m.above[v.path].visit(v))
		changed(v)
	}
	for _, e := range changes {
		m.cover(layer, e)
	}
}

// closer returns what hides all that older layers have in the folder of a path, nil if nothing
// does. Of several folders above the path that are hidden, the one that the oldest layer hides
// counts. It remembers the answers in known.
func (m *merger) closer(known map[string]*cover, path string) *cover {
	if path == "" {
		return nil
	}
	parent, _ := split(path)
	closer, ok := known[parent]
	if !ok {
		closer = m.closer(known, parent)
		if c := m.above[parent]; c != nil && c.closed && (closer == nil || c.closer < closer.closer) {
			closer = c
		}
		known[parent] = closer
	}
	return closer
}

// change is an entry that hides what older layers have at its path. It takes a fifth of the memory of an Entry.
type change struct {
	path    string
	kind    Kind
	implied bool
}

// cover adds an entry of a layer to what hides older ones.
func (m *merger) cover(layer int, e change) {
	c := m.above[e.path]
	if c == nil {
		c = &cover{layer: -1}
		m.above[e.path] = c
	}
	switch e.kind {
	case Whiteout:
		if c.layer != layer { // else the layer has an entry there too
			c.layer, c.replaces = layer, false
		}
		c.deletes = true
	case OpaqueFolder:
	default:
		c.layer, c.replaces = layer, true
		c.implied = e.implied && (c.implied || !c.entry)
		c.entry = true
	}
	if e.kind != Folder {
		c.closed, c.closer = true, layer
	}
}

// entry returns the entry of a merged list, with the content that a hard link names.
func (m *merger) entry(p mergedPath) Entry {
	files := m.layers[p.layer].Files
	entry := files.t.entryAs(int(p.row), p.path)
	if entry.Kind != Hardlink {
		return entry
	}
	e, ok := files.Resolve(entry)
	if ok {
		return e
	}
	if target, found := m.find(int(p.layer), e.Link); found && target.Kind != Hardlink && target.Kind != Folder {
		target.Path = p.path
		return target
	}
	return entry
}

// find returns the entry of a path that the layers older than one have.
func (m *merger) find(layer int, path string) (Entry, bool) {
	for i := layer - 1; i >= 0; i-- {
		if m.layers[i] == nil {
			continue
		}
		files := m.layers[i].Files
		if e, ok := files.Find(path); ok {
			return files.Resolve(e)
		}
		if files.closes(path) {
			break
		}
	}
	return Entry{}, false
}

// closes reports whether a list hides a path of older layers without having it.
func (l List) closes(path string) bool {
	if l.Deletes(path) {
		return true
	}
	for path != "" {
		path, _ = split(path)
		e, ok := l.Find(path)
		if ok && e.Kind != Folder || l.Hides(path) || path != "" && l.Deletes(path) {
			return true
		}
	}
	return false
}

// placer finds where the entries of a layer are in a container: runtimes follow the symbolic
// links of a layer while they unpack it.
type placer struct {
	files   List
	folders map[string]string
}

func newPlacer(files List) placer { return placer{files, map[string]string{}} }

func (p placer) path(path string) string {
	parent, name := split(path)
	if parent == "" {
		return path
	}
	placed, known := p.folders[parent]
	if !known {
		placed = p.follow(parent)
		p.folders[parent] = placed
	}
	if placed == parent {
		return path
	}
	return join(placed, name)
}

// follow replaces the links in the path of a folder. Links that lead nowhere stay.
func (p placer) follow(folder string) string {
	const maxLinks = 40 // as Linux
	path := folder
	for range maxLinks {
		link, at := p.firstLink(path)
		if at < 0 {
			return path
		}
		target := link.Link
		if !strings.HasPrefix(target, "/") {
			parent, _ := split(link.Path)
			target = parent + "/" + target
		}
		path, _ = cleanName(target + path[at:])
	}
	return folder
}

// lastLink returns the row of the last link in the archive that is followed on the way to the folder of a
// path, -1 for none.
func (p placer) lastLink(path string) int {
	const maxLinks = 40
	last := -1
	folder, _ := split(path)
	for range maxLinks {
		link, at := p.firstLink(folder)
		if at < 0 {
			break
		}
		if row, ok := p.files.Partner(link); ok {
			last = max(last, row)
		}
		target := link.Link
		if !strings.HasPrefix(target, "/") {
			parent, _ := split(link.Path)
			target = parent + "/" + target
		}
		folder, _ = cleanName(target + folder[at:])
	}
	return last
}

// firstLink returns the first link in the path of a folder, and where what is behind it begins;
// -1 if there is none.
func (p placer) firstLink(path string) (link Entry, end int) {
	for end < len(path) {
		next := strings.IndexByte(path[end+1:], '/')
		if end += next + 1; next < 0 {
			end = len(path)
		}
		if e, ok := p.files.Find(path[:end]); ok && e.Kind == Symlink {
			return e, end
		}
	}
	return Entry{}, -1
}
