package inside

import (
	"github.com/tagdiff/tagdiff/model/packages"
)

// The packages of a layer follow its entries in the binary form: the databases, the owners, and for
// each entry the position of its owner, as the difference to that of the entry before.

// maxPackageText limits the texts of packages in the binary form. A place is a path, with that in a jar.
const maxPackageText = 1 << 20

func (e *encoder) packages(l *Layer) {
	e.uvarint(uint64(len(l.Packages.Databases)))
	path := ""
	for _, db := range l.Packages.Databases {
		e.after(path, db.Path)
		path = db.Path
		e.text(string(db.Kind))
		e.text(db.Problem)
		e.uvarint(uint64(len(db.Packages)))
		var last packages.Package
		for _, p := range db.Packages {
			e.after(last.Name, p.Name)
			e.after(last.Version, p.Version)
			e.after(last.Arch, p.Arch)
			e.after(last.Source, p.Source)
			e.after(last.Revision, p.Revision)
			e.after(last.Place, p.Place)
			last = p
		}
	}
	e.uvarint(uint64(len(l.owners.all)))
	var last packages.Owner
	for _, o := range l.owners.all {
		e.text(string(o.Kind))
		e.after(last.Name, o.Name)
		e.after(last.Arch, o.Arch)
		e.after(last.Place, o.Place)
		e.after(last.Database, o.Database)
		last = o
	}
	id := int64(0)
	for _, owner := range l.owners.byRow {
		e.varint(int64(owner) - id)
		id = int64(owner)
	}
}

func (d *decoderState) packages(l *Layer) {
	path, bytes := "", 0
	// after reads a text that begins like last. A text that is the same takes no memory.
	after := func(last string) string {
		n := d.length(len(last))
		rest := d.text(maxPackageText)
		if rest == "" {
			return last[:n]
		}
		bytes += n + len(rest)
		if bytes > d.max.names {
			d.fail()
			return ""
		}
		return last[:n] + rest
	}
	for n := d.length(packages.MaxPackages); n > 0 && !d.failed; n-- {
		path = after(path)
		db := packages.Database{Path: path, Kind: kindOfPackage(d.text(maxPackageText)), Problem: d.text(maxPackageText)}
		var p packages.Package
		for n := d.length(packages.MaxPackages); n > 0 && !d.failed; n-- {
			p = packages.Package{
				Kind: db.Kind, Name: after(p.Name), Version: after(p.Version), Arch: after(p.Arch), Source: after(p.Source),
				Revision: after(p.Revision), Place: after(p.Place),
			}
			db.Packages = append(db.Packages, p)
		}
		l.Packages.Databases = append(l.Packages.Databases, db)
	}
	var o packages.Owner
	for n := d.length(d.max.entries * 2); n > 0 && !d.failed; n-- {
		o = packages.Owner{
			Kind: kindOfPackage(d.text(maxPackageText)), Name: after(o.Name), Arch: after(o.Arch), Place: after(o.Place),
			Database: after(o.Database),
		}
		l.owners.all = append(l.owners.all, o)
	}
	if len(l.owners.all) == 0 || d.failed {
		return
	}
	l.owners.byRow = make([]uint32, l.Files.Len())
	id := int64(0)
	for i := range l.owners.byRow {
		id += d.varint()
		if id < 0 || id > int64(len(l.owners.all)) {
			d.fail()
			return
		}
		l.owners.byRow[i] = uint32(id) //nolint:gosec // at most the number of owners
	}
}

// kindOfPackage returns a kind. The known ones take no memory for each package.
func kindOfPackage(name string) packages.Kind {
	for _, k := range packages.Kinds {
		if string(k) == name {
			return k
		}
	}
	return packages.Kind(name)
}
