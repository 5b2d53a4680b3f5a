package packagediff

import (
	"slices"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/packages"
)

// filePlace is a file of a layer: the position of its step, and its path there.
type filePlace struct {
	step int
	path string
}

// isElsewhere reports whether a database of a system stands at a path where no package manager looks for it.
func isElsewhere(d packages.Database) bool {
	if !isSystem(d.Kind, d.Path) {
		return false
	}
	_, isUsual := packages.SystemKind(d.Path)
	return !isUsual
}

// linkedDatabases returns the files to which links lead from the paths of system databases, in the files of the image
// at its end. It is nil if no layer has a database that a link could lead to.
func linkedDatabases(steps []Step) map[filePlace]bool {
	hasAny := func(s Step) bool {
		return s.Layer != nil && slices.ContainsFunc(s.Layer.Packages.Databases, isElsewhere)
	}
	if !slices.ContainsFunc(steps, hasAny) {
		return nil
	}
	layers := make([]*inside.Layer, len(steps))
	for i, s := range steps {
		layers[i] = s.Layer
	}
	linked := map[filePlace]bool{}
	for _, at := range packages.SystemPaths {
		if place, ok := follow(layers, at.Path); ok {
			linked[place] = true
		}
	}
	return linked
}

// maxHardlinks limits a chain of hard links to hard links, which no tool writes.
const maxHardlinks = 8

// follow returns the file to which a path leads in some layers, the oldest first. It follows symbolic links as a
// container does, also those to other layers, and hard links to the file that has the content.
func follow(layers []*inside.Layer, p string) (filePlace, bool) {
	for range maxHardlinks {
		at := inside.NewStack(layers).Find(p)
		if at.Sight != inside.There || at.Layer < 0 || at.Entry.Kind != inside.File {
			return filePlace{}, false
		}
		place := filePlace{at.Layer, at.Entry.Path}
		files := layers[at.Layer].Files
		e, ok := files.Find(place.path)
		for range maxHardlinks {
			if !ok || e.Kind != inside.Hardlink {
				break
			}
			place.path = e.Link
			e, ok = files.Find(place.path)
		}
		if ok {
			return place, e.Kind == inside.File
		}
		p, layers = place.path, layers[:at.Layer] // a hard link to a file of an older layer
	}
	return filePlace{}, false
}
