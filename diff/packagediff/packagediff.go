// Package packagediff finds the packages that an image has, as far as its layers were read, and
// compares those of two images.
package packagediff

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/packages"
)

// Step is a step of an image whose layer may hold files.
type Step struct {
	// Index is that of the step in its image.
	Index int
	// Content is the digest of the layer: two steps with one Content hold the same files.
	Content digest.Digest
	// Layer is what was read of the layer, nil for nothing.
	Layer *inside.Layer
}

// isRead reports whether all packages of a layer are known, but for those of programs and jars in a table of contents.
func (s Step) isRead() bool {
	return s.Layer != nil && (s.Layer.How == inside.Full || s.Layer.HasRecords) && s.Layer.Broken == "" && len(s.Layer.Left) == 0
}

// mayHave reports whether a layer may have a database at a path that was not read.
func (s Step) mayHave(p string) bool {
	switch {
	case s.Layer == nil, s.Layer.How == inside.Start, s.Layer.Broken != "", len(s.Layer.Left) > 0:
		return true
	case s.Layer.How == inside.TOC && !s.Layer.HasRecords: // it names the files, and has no contents
		_, ok := s.Layer.Files.Find(p)
		return ok
	}
	return false
}

// mayHaveKind reports whether a layer may have a system database of a kind that was not read.
func (s Step) mayHaveKind(k packages.Kind) bool {
	return slices.ContainsFunc(packages.SystemPaths, func(at packages.SystemPath) bool { return at.Kind == k && s.mayHave(at.Path) })
}

// Packages are the packages of one image, as far as its layers were read.
type Packages struct {
	// Databases are those that the image has at its end, by path.
	Databases []Database
	// Unread are the indexes of the steps that may hold packages which are not known, the oldest first.
	Unread []int
	// Deletions are the databases of system packages that layers have removed.
	Deletions []Deletion

	steps  []Step
	byPath map[string]*Database        // Databases
	byKey  map[key][]*packages.Package // of Databases
	byName map[key][]*packages.Package // the same without architectures
	within map[*packages.Package]*Database
}

// Database is a database with the step that has it.
type Database struct {
	packages.Database
	Step int // index of the step that has it
	// Newest is whether no layer above it can have another one at its path: they were all read.
	Newest bool

	since []int // by package: the oldest step whose database lists it so
	sure  []bool
}

// IsSystem reports whether the database lists all packages of its kind. Others describe what is in
// one folder or file.
func (d Database) IsSystem() bool { return isSystem(d.Kind, d.Path) }

func isSystem(k packages.Kind, p string) bool {
	switch k {
	case packages.Deb:
		return !strings.Contains(p, "/status.d/")
	case packages.Apk, packages.RPM:
		return true
	}
	return false
}

// key identifies a package. Place is "" for those of a system.
type key struct {
	kind              packages.Kind
	name, arch, place string
}

func keyOf(p *packages.Package) key { return key{p.Kind, p.Name, p.Arch, p.Place} }

// Of returns the packages of an image with some layers, the oldest first. A newer layer replaces or
// deletes the databases of older ones, as it does with all files. Layers that were not read count as
// if they had none, and are in Unread.
func Of(steps []Step) Packages {
	all := Packages{
		steps: steps, byPath: map[string]*Database{}, byKey: map[key][]*packages.Package{}, byName: map[key][]*packages.Package{},
		within: map[*packages.Package]*Database{},
	}
	seen, linked := map[string]bool{}, linkedDatabases(steps)
	for i, s := range slices.Backward(steps) {
		if !s.isRead() {
			all.Unread = append(all.Unread, s.Index)
		}
		if s.Layer == nil {
			continue
		}
		for _, d := range s.Layer.Packages.Databases {
			isOther := isElsewhere(d) && !linked[filePlace{i, d.Path}] // of another root inside the image
			if isOther || seen[d.Path] || isHidden(d.Path, steps[i+1:]) {
				continue
			}
			seen[d.Path] = true
			above := func(s Step) bool { return s.mayHave(d.Path) }
			all.Databases = append(all.Databases, Database{Database: d, Step: s.Index, Newest: !slices.ContainsFunc(steps[i+1:], above)})
		}
	}
	slices.Reverse(all.Unread)
	slices.SortFunc(all.Databases, func(x, y Database) int { return strings.Compare(x.Path, y.Path) })
	all.index()
	all.findDeletions()
	return all
}

// index fills the maps of Databases.
func (all *Packages) index() {
	for i := range all.Databases {
		d := &all.Databases[i]
		all.byPath[d.Path] = d
		for j := range d.Packages {
			k := keyOf(&d.Packages[j])
			all.within[&d.Packages[j]] = d
			all.byKey[k] = append(all.byKey[k], &d.Packages[j])
			k.arch = ""
			all.byName[k] = append(all.byName[k], &d.Packages[j])
		}
		all.findSteps(d)
	}
}

// isHidden reports whether one of some newer layers replaces or deletes the file at a path.
func isHidden(p string, newer []Step) bool {
	return slices.ContainsFunc(newer, func(s Step) bool { return s.Layer != nil && hiddenBy(s.Layer.Files, p) != "" })
}

// findSteps finds for each package of a database the oldest step from which on all databases at this
// path list it with this version.
func (all *Packages) findSteps(d *Database) {
	type id struct{ name, arch, version string }
	d.since, d.sure = make([]int, len(d.Packages)), make([]bool, len(d.Packages))
	open := make([]int, len(d.Packages)) // packages that all databases so far list
	for i := range d.Packages {
		d.since[i], open[i] = d.Step, i
	}
	at := slices.IndexFunc(all.steps, func(s Step) bool { return s.Index == d.Step })
	for _, s := range slices.Backward(all.steps[:at]) {
		if s.mayHave(d.Path) {
			return // what this layer lists is unknown
		}
		older, ok := databaseAt(s.Layer, d.Path)
		if !ok {
			continue
		}
		lists := make(map[id]bool, len(older.Packages))
		for _, p := range older.Packages {
			lists[id{p.Name, p.Arch, p.Version}] = true
		}
		open = slices.DeleteFunc(open, func(i int) bool {
			p := d.Packages[i]
			if !lists[id{p.Name, p.Arch, p.Version}] {
				d.sure[i] = true
				return true
			}
			d.since[i] = s.Index
			return false
		})
	}
	for _, i := range open {
		d.sure[i] = true
	}
}

func databaseAt(l *inside.Layer, p string) (packages.Database, bool) {
	for _, d := range l.Packages.Databases {
		if d.Path == p {
			return d, true
		}
	}
	return packages.Database{}, false
}

// IsEmpty reports whether no layer that was read has a database.
func (all Packages) IsEmpty() bool { return len(all.Databases) == 0 }

// Count returns the number of packages.
func (all Packages) Count() int {
	n := 0
	for _, d := range all.Databases {
		n += len(d.Packages)
	}
	return n
}

// Listed is a package with the step that has it.
type Listed struct {
	*packages.Package
	// Step is the index of the oldest step that was read whose database lists the package with this
	// version.
	Step int
	// Path is that of the database.
	Path string
}

// List returns all packages by kind, name, version and place.
func (all Packages) List() []Listed {
	var list []Listed
	for i := range all.Databases {
		d := &all.Databases[i]
		for j := range d.Packages {
			list = append(list, Listed{&d.Packages[j], d.since[j], d.Path})
		}
	}
	slices.SortStableFunc(list, func(x, y Listed) int { return comparePackages(x.Package, y.Package) })
	return list
}

// DatabaseOf returns the database that lists a package of all, nil if it is of none.
func (all Packages) DatabaseOf(p *packages.Package) *Database { return all.within[p] }

// FilesOf returns the files that belong to a package by what their layers say, at most MaxFiles.
func (all Packages) FilesOf(p *packages.Package) []string {
	var files []string
	for _, s := range all.steps {
		if s.Layer == nil {
			continue
		}
		for e := range s.Layer.Files.All() {
			if o, ok := all.ownerIn(s, e.Path); ok && o.Kind == p.Kind && o.Name == p.Name && all.find(o) == p {
				files = append(files, e.Path)
			}
		}
	}
	slices.Sort(files)
	files = slices.Compact(files)
	return files[:min(len(files), MaxFiles)]
}

// Problem says why a database was not read to its end.
type Problem struct {
	Side Side
	Path string
	// Text is the reason, as "is larger than 64 MiB".
	Text string
	Kind packages.Kind
}

// Problems are the databases of the only image that were not read to their ends.
func (all Packages) Problems() []Problem { return all.problems(SideA, Packages{}) }

// problems returns the problems of a side, without those of files that the other side has with the same content: what
// is in them is the same, too.
func (all Packages) problems(side Side, other Packages) []Problem {
	var out []Problem
	for i := range all.Databases {
		if d := &all.Databases[i]; d.Problem != "" && !all.sameContent(d, other) {
			out = append(out, Problem{side, d.Path, d.Problem, d.Kind})
		}
	}
	return out
}

// sameContent reports whether another image has the file of a database with the same content.
func (all Packages) sameContent(d *Database, other Packages) bool {
	same := other.byPath[d.Path]
	if same == nil {
		return false
	}
	sum := all.sumOf(d)
	return sum != inside.Hash{} && sum == other.sumOf(same)
}

// sumOf returns the hash of the file of a database, zero if it is not known.
func (all Packages) sumOf(d *Database) inside.Hash {
	for _, s := range all.steps {
		if s.Index == d.Step && s.Layer != nil {
			e, _ := s.Layer.Files.Find(d.Path)
			return e.Sum
		}
	}
	return inside.Hash{}
}

// Owner returns the package that owns a file, by what the newest layer says that has the file; nil if none
// is known.
func (all Packages) Owner(p string) *packages.Package {
	owner, _ := all.owners(p)
	return owner
}

// owners returns the package that owns a file by the newest layer that has it, and by that or older
// layers: a step that changes a file by hand does not say whose it is.
func (all Packages) owners(p string) (owner, former *packages.Package) {
	newest := true
	for _, s := range slices.Backward(all.steps) {
		if s.Layer == nil {
			continue
		}
		if _, ok := s.Layer.Files.Find(p); !ok {
			continue
		}
		if o, ok := all.ownerIn(s, p); ok {
			if found := all.find(o); newest {
				return found, found
			} else {
				return nil, found
			}
		}
		if d := all.byPath[p]; newest && d != nil && len(d.Packages) == 1 && !d.IsSystem() {
			return &d.Packages[0], &d.Packages[0]
		}
		newest = false
	}
	return nil, nil
}

// ownerIn returns the owner of a file by what one layer says. What a database says that no link leads to does not count.
func (all Packages) ownerIn(s Step, p string) (packages.Owner, bool) {
	o, ok := s.Layer.Owner(p)
	return o, ok && (o.Database == "" || all.byPath[o.Database] != nil)
}

// find returns the package of an owner. An owner without an architecture is found if there is one
// package of its name.
func (all Packages) find(o packages.Owner) *packages.Package {
	if found := all.byKey[key{o.Kind, o.Name, o.Arch, o.Place}]; len(found) == 1 {
		return found[0]
	}
	if o.Arch != "" {
		return nil
	}
	if found := all.byName[key{o.Kind, o.Name, "", o.Place}]; len(found) == 1 {
		return found[0]
	}
	return nil
}
