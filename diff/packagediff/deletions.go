package packagediff

import (
	"path"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/packages"
)

// Deletion is a database of system packages that a layer removes and that no newer one brings back. The files of
// the packages may still be there: which are installed is not known.
type Deletion struct {
	Kind packages.Kind
	// Path is that of the database, and Step the index of the step that removes it.
	Path string
	Step int
}

// systemKinds are the kinds of packages of which a system has one database.
var systemKinds = []packages.Kind{packages.Deb, packages.Apk, packages.RPM}

// IsSystemKind reports whether the packages of a kind are those of a system.
func IsSystemKind(k packages.Kind) bool { return slices.Contains(systemKinds, k) }

// has reports whether the image has a database of a kind.
func (all Packages) has(k packages.Kind) bool {
	return slices.ContainsFunc(all.Databases, func(d Database) bool { return d.Kind == k })
}

// hasSystem reports whether the image has a database of system packages, of any kind.
func (all Packages) hasSystem() bool { return slices.ContainsFunc(systemKinds, all.has) }

// findDeletions finds the databases that were removed. A kind of which the image has another database has lost
// none: Fedora moved its database to another folder.
func (all *Packages) findDeletions() {
	for _, k := range systemKinds {
		if !all.has(k) {
			all.findDeletion(k)
		}
	}
}

// findDeletion finds the newest layer that removes a database of a kind. A layer above it that was not read may
// have another one.
func (all *Packages) findDeletion(k packages.Kind) {
	for i, s := range slices.Backward(all.steps) {
		if s.mayHaveKind(k) {
			return
		}
		for _, p := range pathsBelow(k, all.steps[:i]) {
			by := removedBy(s.Layer.Files, p)
			if by == "" {
				continue
			}
			isThere := func(below Step) bool {
				if below.Layer == nil {
					return namesManager(by)
				}
				_, ok := databaseAt(below.Layer, p)
				return ok || below.mayHave(p) && namesManager(by)
			}
			if slices.ContainsFunc(all.steps[:i], isThere) {
				all.Deletions = append(all.Deletions, Deletion{k, p, s.Index})
				return
			}
		}
	}
}

// pathsBelow returns where databases of a kind stand, or stand in some layers.
func pathsBelow(k packages.Kind, layers []Step) []string {
	var paths []string
	for _, at := range packages.SystemPaths {
		if at.Kind == k {
			paths = append(paths, at.Path)
		}
	}
	if k != packages.Deb {
		return paths
	}
	paths = append(paths, packages.DpkgFolder)
	for _, s := range layers {
		if s.Layer == nil {
			continue
		}
		for _, d := range s.Layer.Packages.Databases {
			if d.Kind == k && strings.HasPrefix(d.Path, packages.DpkgFolder+"/") {
				paths = append(paths, d.Path)
			}
		}
	}
	return paths
}

// removedBy returns the path of what removes the file at a path of the layers below, "" for nothing. A file that a
// layer has there is another database.
func removedBy(files inside.List, p string) string {
	if e, ok := files.Find(p); ok && e.Kind != inside.Symlink {
		return ""
	}
	return hiddenBy(files, p)
}

// namesManager reports whether a path is in the folder of a package manager. A layer that removes it shows that the
// layers below have it; one that removes all of var shows nothing of the kind.
func namesManager(p string) bool {
	for p != "" && p != "." {
		switch path.Base(p) {
		case "dpkg", "apk", "rpm", "rpmmanifest":
			return true
		}
		p = path.Dir(p)
	}
	return false
}

// hiddenBy returns the path of what replaces or deletes the file at a path of the layers below, "" for nothing.
func hiddenBy(files inside.List, p string) string {
	if _, ok := files.Find(p); ok || files.Deletes(p) {
		return p
	}
	for folder := path.Dir(p); folder != "."; folder = path.Dir(folder) {
		if e, ok := files.Find(folder); files.Deletes(folder) || files.Hides(folder) || ok && e.Kind != inside.Folder {
			return folder
		}
	}
	if files.Hides("") || files.Hides(".") {
		return "."
	}
	return ""
}
