package packages

import (
	"bytes"
	"io"
	"strings"

	"github.com/tagdiff/tagdiff/model/packages/rpmdb"
)

// opener makes the parser of a file. It returns nil if nothing of the content is wanted.
type opener func(r *reading) io.WriteCloser

// SystemPath is where a package manager has its database.
type SystemPath struct {
	Kind Kind
	Path string
}

// SystemPaths are where the databases of systems stand. A link may lead from there to another path.
var SystemPaths = systemPaths()

func systemPaths() []SystemPath {
	all := []SystemPath{
		{Deb, "var/lib/dpkg/status"}, {Apk, "lib/apk/db/installed"}, {Apk, "usr/lib/apk/db/installed"}, {Apk, "var/lib/apk/db/installed"},
	}
	for _, p := range rpmdb.Paths {
		all = append(all, SystemPath{RPM, p})
	}
	return all
}

// DpkgFolder is the folder with a file for each package that images without dpkg have.
const DpkgFolder = "var/lib/dpkg/status.d"

// SystemKind returns the kind of the database that stands at a clean path. ok is false for all other paths.
func SystemKind(path string) (k Kind, ok bool) {
	for _, at := range SystemPaths {
		if at.Path == path {
			return at.Kind, true
		}
	}
	return "", false
}

// openerElsewhere returns the opener of a file that is named like the database of a system or like a list of dpkg, and
// begins like one, at another path than those of SystemPaths; nil for other files. It is one of the image only if a link leads
// there, which the layer alone does not show.
func openerElsewhere(path string, start []byte) opener {
	folder, name := split(path)
	if baseOf(folder) == baseOf(dpkgInfo) && strings.HasSuffix(name, ".list") && bytes.HasPrefix(start, []byte("/.\n")) {
		return openDpkgList
	}
	switch name {
	case "status":
		if bytes.HasPrefix(start, []byte("Package: ")) {
			return openDpkgStatus
		}
	case "installed":
		if bytes.HasPrefix(start, []byte("C:Q")) || bytes.HasPrefix(start, []byte("P:")) {
			return openApk
		}
	case "rpmdb.sqlite", "Packages.db", "Packages":
		if rpmdb.IsDatabase(start) {
			return openRPM
		}
	}
	return nil
}

// openerOf returns the opener of a file by its path and the first bytes of its content, nil if the
// file says nothing of packages.
func openerOf(path string, start []byte) opener {
	folder, name := split(path)
	switch folder {
	case dpkgInfo:
		if strings.HasSuffix(name, ".list") {
			return openDpkgList
		}
	case DpkgFolder:
		if strings.HasSuffix(name, ".md5sums") {
			return openDpkgSums
		}
		return openDpkgStanza
	}
	switch kind, _ := SystemKind(path); kind {
	case Deb:
		return openDpkgStatus
	case Apk:
		return openApk
	case RPM:
		return openRPM
	}
	if open := openerElsewhere(path, start); open != nil {
		return open
	}
	switch {
	case strings.HasSuffix(path, rpmLog):
		return openRPMLog
	case name == "package.json":
		return npmOpener(folder)
	case strings.HasSuffix(name, ".gemspec"):
		return gemOpener(folder)
	case strings.Contains(path, "-packages/"):
		if open := pythonOpener(path); open != nil {
			return open
		}
	}
	switch {
	case isProgram(start):
		return openProgram
	case bytes.HasPrefix(start, zipMagic) && isJarName(name):
		return openJar
	}
	return nil
}

// IsRecord reports whether a file with a clean path lists packages, or may do so by the name of the database of a system.
// Programs and jars are not records: see IsJar. Files that only say which files a package has are none either.
func IsRecord(path string) bool {
	folder, name := split(path)
	if folder == DpkgFolder {
		return !strings.HasSuffix(name, ".md5sums")
	}
	if _, isSystem := SystemKind(path); isSystem || strings.HasSuffix(path, rpmLog) {
		return true
	}
	switch name {
	case "status", "installed", "rpmdb.sqlite", "Packages.db", "Packages": // a link may lead there: see openerElsewhere
		return true
	case "package.json":
		return npmOpener(folder) != nil
	case "RECORD", "installed-files.txt", "top_level.txt":
		return false
	}
	if strings.HasSuffix(name, ".gemspec") {
		return gemOpener(folder) != nil
	}
	return strings.Contains(path, "-packages/") && pythonOpener(path) != nil
}

// IsJar reports whether a file has the name of a jar, which may hold packages of Java.
func IsJar(path string) bool {
	_, name := split(path)
	return isJarName(name)
}
