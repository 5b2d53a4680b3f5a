package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/diff/packagediff"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/packages"
)

// refuseDatabases takes package databases from the rung Generated unless they were read and list the same
// packages on both sides. A record beside them, as the history of dnf, stays only if the packages of its kind are the
// same at the end.
func (found *PairInside) refuseDatabases(all *PairPackages) {
	for _, f := range found.rows {
		f.refuseDatabases(databasesIn(f.A), databasesIn(f.B), all)
	}
	if m := found.merged; m != nil {
		m.refuseDatabases(databasesOf(all.A), databasesOf(all.B), all)
	}
}

func (f *LayerFiles) refuseDatabases(a, b map[string]packages.Database, all *PairPackages) {
	f.NotGenerated(func(ch filediff.Change) bool {
		inA, okA := a[ch.Path]
		inB, okB := b[ch.Path]
		_, isSystem := packages.SystemKind(ch.Path)
		switch {
		case okA || okB || isSystem:
			return !okA || !okB || !sameDatabase(inA, inB)
		case ch.IsDatabase():
			return !all.IsSameKind(packagediff.RecordKind(ch.Path))
		}
		return false
	})
	f.setRung()
}

// databasesIn returns the databases of a layer by path.
func databasesIn(l *inside.Layer) map[string]packages.Database {
	byPath := map[string]packages.Database{}
	if l != nil {
		for _, d := range l.Packages.Databases {
			byPath[d.Path] = d
		}
	}
	return byPath
}

// databasesOf returns the databases of an image by path.
func databasesOf(all packagediff.Packages) map[string]packages.Database {
	byPath := map[string]packages.Database{}
	for _, d := range all.Databases {
		byPath[d.Path] = d.Database
	}
	return byPath
}

// sameDatabase reports whether two databases were read to their ends and list the same packages.
func sameDatabase(a, b packages.Database) bool {
	if a.Problem != "" || b.Problem != "" || a.Kind != b.Kind {
		return false
	}
	lines := func(d packages.Database) []string {
		all := mappedTo(d.Packages, func(p packages.Package) string {
			return strings.Join([]string{p.Name, p.Version, p.Arch, p.Place}, "\n")
		})
		slices.Sort(all)
		return all
	}
	return slices.Equal(lines(a), lines(b))
}
