package inside

import "strings"

// Stack is the layers of an image, the oldest first, in which paths are found without merging all
// files: also where layers were read in part, or not at all. A Stack is for one goroutine.
type Stack struct {
	layers []*Layer
	moved  []*movedEntries // by layer, made when they are needed
	two    []*twoWays      // by layer, also
	mounts map[string]bool
}

// NewStack makes a stack of layers, the oldest first. A layer is nil if nothing is known of it.
func NewStack(layers []*Layer) *Stack {
	return &Stack{layers: layers, moved: make([]*movedEntries, len(layers)), two: make([]*twoWays, len(layers))}
}

// Mount says that containers mount other files at some paths without links, as "proc". What the image has there
// and below is not found.
func (s *Stack) Mount(paths ...string) {
	s.mounts = map[string]bool{}
	for _, path := range paths {
		s.mounts[path] = true
	}
}

// Sight says whether a path is in an image.
type Sight uint8

// What is known of a path. Unseen paths may be in layers that were not read.
const (
	Unseen Sight = iota
	NotThere
	There
)

// Place is where a path leads in the files of an image.
type Place struct {
	Sight Sight
	// Entry is what is there, with the path that is left when all links are followed. A hard link
	// is the file that it names. It is empty unless Sight is There.
	Entry Entry
	// Layer is the index of the layer that has the entry, or of the newest one that would have to be
	// read further to know: -1 if none would help.
	Layer int
	// Lowest is the index of the oldest layer that decides: all layers from it on were looked at.
	Lowest int
	// Unclear is set if runtimes can unpack the layers to something else there: a layer has several entries
	// for the path or for a folder above it, also deletes it, or has a hard link whose file depends on that.
	Unclear bool
	// Path is where the links lead, also if nothing is there. Mounted is set if a mount hides it: Sight is then
	// Unseen.
	Path    string
	Mounted bool
	// Link is the last symbolic link that was followed, without its content; its Path is "" for none.
	Link Entry
	// Loop is set if the links lead in a circle, or are too many. Sight is then NotThere.
	Loop bool
}

// Find follows a path from the root, with its links as a container of the image would: a link in
// one layer leads to what newer layers have at its target, too. What containers mount is not known.
func (s *Stack) Find(path string) Place {
	const maxLinks = 40 // as Linux
	rest := strings.Split(path, "/")
	at := Place{Sight: There, Entry: Entry{Kind: Folder}, Layer: -1, Lowest: len(s.layers)}
	for links := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		switch {
		case name == "" || name == ".":
			continue
		case name == "..":
			at.Entry.Path, _ = split(at.Entry.Path)
			continue
		case at.Entry.Kind != Folder:
			at.Path = join(at.Entry.Path, join(name, strings.Join(rest, "/")))
			at.Sight, at.Entry, at.Layer = NotThere, Entry{}, -1
			return at
		}
		folder := at.Entry.Path
		path := join(folder, name)
		if s.mounts[path] {
			return Place{Layer: -1, Lowest: at.Lowest, Path: path, Mounted: true, Link: at.Link}
		}
		found := s.findFrom(len(s.layers)-1, path)
		found.Lowest, found.Unclear, found.Link = min(found.Lowest, at.Lowest), found.Unclear || at.Unclear, at.Link
		found.Path = path
		if at = found; at.Sight != There {
			at.Path = strings.TrimSuffix(path+"/"+strings.Join(rest, "/"), "/")
			return at
		}
		if at.Entry.Kind != Symlink {
			continue
		}
		at.Link = at.Entry
		if links++; links > maxLinks {
			at.Sight, at.Entry, at.Layer, at.Loop = NotThere, Entry{}, -1, true
			return at
		}
		if rest = append(strings.Split(at.Entry.Link, "/"), rest...); strings.HasPrefix(at.Entry.Link, "/") {
			folder = ""
		}
		at.Entry = Entry{Path: folder, Kind: Folder}
	}
	return at
}

// findFrom finds a path in a layer and those below it. It follows no symbolic link.
func (s *Stack) findFrom(layer int, path string) Place {
	unclear := false
	for i := layer; i >= 0; i-- {
		l := s.layers[i]
		if l == nil {
			return Place{Layer: i, Lowest: i, Unclear: unclear}
		}
		unclear = unclear || s.twoWays(i).isUnclear(path)
		if e, ok := s.entryOf(i, path); ok {
			at := s.placeOf(i, e)
			at.Unclear = at.Unclear || unclear
			return at
		}
		switch {
		case l.How == Start:
			return Place{Layer: i, Lowest: i, Unclear: unclear}
		case l.LacksEntries():
			return Place{Layer: -1, Lowest: i, Unclear: unclear}
		case l.Files.closes(path):
			return Place{Sight: NotThere, Layer: -1, Lowest: i, Unclear: unclear}
		}
	}
	return Place{Sight: NotThere, Layer: -1, Lowest: 0, Unclear: unclear}
}

// FindBelow says whether the layers below one have a path. layer is the index of that one, at most the
// number of layers. Links are not followed: an entry above them replaces them.
func (s *Stack) FindBelow(layer int, path string) Sight { return s.findFrom(layer-1, path).Sight }

// placeOf returns the place of an entry, with the content of a hard link: that of the file that its layer
// has at the target. Links of the layer are followed on the way to it, as runtimes do. Runtimes refuse a
// hard link to a file of an older layer, or to one that comes later: what such a link is is unclear.
func (s *Stack) placeOf(layer int, e Entry) Place {
	at := Place{Sight: There, Entry: e, Layer: layer, Lowest: layer}
	files := s.layers[layer].Files
	for range maxHardlinks {
		if at.Entry.Kind != Hardlink {
			break
		}
		target := newPlacer(files).path(at.Entry.Link)
		at.Unclear = at.Unclear || s.twoWays(layer).isUnclear(target)
		file, ok := s.entryOf(layer, target)
		if !ok || target == e.Path {
			return s.belowHardlink(layer, e.Path, target)
		}
		if row, ok := files.Partner(file); ok {
			link, known := files.Partner(at.Entry)
			at.Unclear = at.Unclear || known && row > link
		}
		at.Entry = file
	}
	at.Entry.Path = e.Path
	return at
}

// belowHardlink returns the place of a hard link whose file its layer does not have.
func (s *Stack) belowHardlink(layer int, path, target string) Place {
	at := Place{Layer: layer, Lowest: layer}
	if s.layers[layer].How != Start && layer > 0 {
		at = s.findFrom(layer-1, target)
	}
	if at.Sight == There {
		at.Entry.Path, at.Layer, at.Unclear = path, layer, true
	}
	return at
}

// twoWays are the paths of a layer at which runtimes can unpack different files, as they are in a
// container.
type twoWays struct {
	all   bool // too many paths to list
	paths map[string]bool
}

func (s *Stack) twoWays(layer int) *twoWays {
	if s.two[layer] == nil {
		s.two[layer] = twoWaysOf(s.layers[layer])
	}
	return s.two[layer]
}

func twoWaysOf(l *Layer) *twoWays {
	t := &twoWays{all: l.lacks(LeftRemarks), paths: map[string]bool{}}
	placed := newPlacer(l.Files)
	add := func(path string) { t.paths[path], t.paths[placed.path(path)] = true, true }
	for _, path := range l.Remarks.Replaced {
		add(path)
	}
	for _, path := range l.Remarks.DeletedAndGiven {
		add(path)
	}
	for _, name := range l.Remarks.Escaping {
		path, _ := cleanName(name)
		add(path)
	}
	for _, path := range movedIn(l.Files).unclear {
		t.paths[path] = true
	}
	return t
}

// isUnclear reports whether runtimes can unpack different files at a path, or at a folder above it.
func (t *twoWays) isUnclear(path string) bool {
	for ; path != "" && !t.all && len(t.paths) > 0; path, _ = split(path) {
		if t.paths[path] {
			return true
		}
	}
	return t.all
}

// HasTwoWays reports whether runtimes can unpack the layer to different files, since links of the layer lead to
// a path that another entry has, or come after what is below them.
func (l *Layer) HasTwoWays() bool { return len(movedIn(l.Files).unclear) > 0 }

// entryOf returns the entry of one layer that a container has at a path, which is not a whiteout. Of
// several the last one in the archive counts.
func (s *Stack) entryOf(layer int, path string) (Entry, bool) {
	files := s.layers[layer].Files
	if s.moved[layer] == nil {
		s.moved[layer] = movedIn(files)
	}
	row, isMoved := s.moved[layer].rows[path]
	if e, ok := files.Find(path); ok {
		if own, _ := files.Partner(e); !isMoved || e.Kind == Folder || own > row {
			return e, true
		}
	}
	if isMoved {
		e := files.At(row)
		e.Path = path
		return e, true
	}
	if s.moved[layer].folders[path] {
		return Entry{Path: path, Kind: Folder, Implied: true}, true
	}
	return Entry{}, false
}

// movedEntries are the entries of a layer that are at another path in a container, since a link of the
// same layer leads there, and the folders that they are in.
type movedEntries struct {
	rows    map[string]int
	folders map[string]bool
	// unclear are the paths where the order of the archive decides: two entries are there, a whiteout is, or
	// the link comes after the entry, which runtimes then remove.
	unclear []string
}

func movedIn(files List) *movedEntries {
	m := &movedEntries{rows: map[string]int{}, folders: map[string]bool{}}
	if !files.HasFolderLinks() {
		return m
	}
	placed := newPlacer(files)
	for row := range files.Len() {
		path := files.t.path(row)
		at := placed.path(path)
		if at == path {
			continue
		}
		if files.At(row).Kind.class() != entries {
			m.unclear = append(m.unclear, at)
			continue
		}
		own, isTwo := files.t.find(at, entries)
		_, isAgain := m.rows[at]
		isFolder := files.At(row).Kind == Folder && (!isTwo || files.At(own).Kind == Folder)
		if placed.lastLink(path) > row || (isTwo || isAgain) && !isFolder {
			m.unclear = append(m.unclear, at, path)
		}
		m.rows[at] = row
		for at != "" {
			at, _ = split(at)
			m.folders[at] = true
		}
	}
	return m
}

// HasFolderLinks reports whether a link of the list has entries below its path: a container has them at
// another path.
func (l List) HasFolderLinks() bool {
	for i := range l.Len() {
		if l.t.attrs[l.t.row(i).attr].kind != Symlink {
			continue
		}
		if _, ok := l.t.findFolder(l.t.path(i)); ok {
			return true
		}
	}
	return false
}
