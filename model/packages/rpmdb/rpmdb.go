// Package rpmdb reads the databases in which rpm keeps the installed packages: SQLite, ndb, Berkeley
// DB's hash, and the list that images without rpm carry. It reads bytes in memory, which are
// untrusted, in time and memory that the size of the file limits.
package rpmdb

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
)

// Package is one package of a database, as the database claims. All texts are untrusted.
type Package struct {
	Name string
	// Version is [epoch:]version-release. An epoch of 0 is left out, since rpm takes none for 0.
	Version string
	// Arch is as rpm spells it: "x86_64", "noarch"; "" for signing keys.
	Arch string
	// Source is the name of the source package, "" where it is unknown or Name itself.
	Source string
	// Key marks a key that signatures are checked with. rpm lists such keys as packages that are named
	// gpg-pubkey, several at once. They have no files.
	Key bool
}

// The limits of what is read. No database of an image comes near them.
const (
	MaxPackages = 200_000 // of one database
	maxText     = 1024    // bytes of a name, a version, a release and an architecture
	maxPath     = 4096    // bytes of a path of a file: PATH_MAX of Linux
	MaxFolders  = 1 << 18 // of the files of a package
)

// manifest is the path of the list of packages that images of CBL-Mariner without rpm have.
const manifest = "var/lib/rpmmanifest/container-manifest-2"

// Paths are the clean paths of the databases of rpm.
var Paths = []string{
	"var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages.db", "var/lib/rpm/Packages", // nearly all systems
	"usr/lib/sysimage/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/Packages.db", "usr/lib/sysimage/rpm/Packages", // Fedora since 36, SUSE
	"usr/share/rpm/rpmdb.sqlite", "usr/share/rpm/Packages.db", "usr/share/rpm/Packages", // OSTree
	manifest,
}

// IsDatabase reports whether a file with some first bytes, 512 or more, may be a database of rpm.
func IsDatabase(start []byte) bool {
	_, isHash := hashOrder(start)
	return isHash || bytes.HasPrefix(start, []byte(sqliteMagic)) || bytes.HasPrefix(start, []byte(ndbMagic))
}

// Read reads a database with its clean path. It calls each for every package in the order of the
// database, with the clean paths of the files that the package put in place: no folders, and
// none that rpm left out. The paths can be read once, and during the call only; each is valid until the next
// one. Read returns why not all of the database was read, as "is damaged: 3 parts cannot be read"; "" if all of it was.
func Read(p string, content []byte, each func(p Package, files iter.Seq[[]byte])) (problem string) {
	d := &database{content: content, each: each, bytesLeft: 2 * len(content), pathsLeft: 2 * len(content)}
	switch {
	case p == manifest:
		d.readManifest()
	case len(content) == 0:
		return "is empty"
	case bytes.HasPrefix(content, []byte(sqliteMagic)):
		d.readSQLite()
	case bytes.HasPrefix(content, []byte(ndbMagic)):
		d.readNDB()
	default:
		order, ok := hashOrder(content)
		if !ok {
			return "is not in a format that is known"
		}
		d.readHash(order)
	}
	switch {
	case d.stopped != "":
		return d.stopped
	case d.lost == 1:
		return "is damaged: 1 part cannot be read"
	case d.lost > 1:
		return fmt.Sprintf("is damaged: %d parts cannot be read", d.lost)
	}
	return ""
}

// database is a database that is being read.
type database struct {
	content []byte
	each    func(Package, iter.Seq[[]byte])

	// bytesLeft is the number of bytes of headers that may still be read, and pathsLeft that of the
	// paths of files. Both begin at twice the size of the database: a sound one needs less than one
	// size, a hostile one refers to the same bytes many times.
	bytesLeft, pathsLeft int

	packages int
	lost     int      // pages, records and headers that cannot be read
	stopped  string   // why reading ended early, "" if it did not
	used     []uint64 // a bit for each page that was read: none is read twice
	path     []byte   // the last path of a file
	pieces   []byte   // the last record that was put together from several pages
}

// stop ends reading for a reason.
func (d *database) stop(reason string) { d.stopped = reason }

// take reports whether n more bytes may be read, and counts them.
func (d *database) take(n int) bool {
	if n > d.bytesLeft {
		d.stop("is damaged: several packages are in the same place")
		return false
	}
	d.bytesLeft -= n
	return true
}

// use marks a page as read. It reports false if it was read before.
func (d *database) use(page uint32) bool {
	i, bit := page/64, uint64(1)<<(page%64)
	if d.used[i]&bit != 0 {
		return false
	}
	d.used[i] |= bit
	return true
}

// header reads the header of a package and hands the package on.
func (d *database) header(raw []byte) {
	h, ok := parseHeader(raw)
	if !ok {
		d.lost++
		return
	}
	p, ok := h.pkg()
	if !ok {
		d.lost++
		return
	}
	d.add(p, func(yield func([]byte) bool) { h.files(d, yield) })
}

// add hands a package on.
func (d *database) add(p Package, files iter.Seq[[]byte]) {
	if d.packages == MaxPackages {
		d.stop(fmt.Sprintf("has more than %d packages", MaxPackages))
		return
	}
	d.packages++
	d.each(p, files)
}

// newPackage makes a package of what a database says of it. It reports false if that is not a package.
func newPackage(name, epoch, version, release, arch, source string) (Package, bool) {
	if name == "" || version == "" {
		return Package{}, false
	}
	for _, text := range []string{name, version, release, arch} {
		if len(text) > maxText {
			return Package{}, false
		}
	}
	p := Package{Name: name, Version: version, Arch: arch, Key: name == "gpg-pubkey"}
	if release != "" {
		p.Version += "-" + release
	}
	if epoch != "" && epoch != "0" {
		p.Version = epoch + ":" + p.Version
	}
	if s := sourceName(source); s != name && len(s) <= maxText {
		p.Source = s
	}
	return p, true
}

// sourceName returns the name of the source package from the name of its file, as "bash" of
// "bash-5.2.15-1.src.rpm", "" if the file has another form.
func sourceName(file string) string {
	rest, ok := strings.CutSuffix(file, ".src.rpm")
	if !ok {
		if rest, ok = strings.CutSuffix(file, ".nosrc.rpm"); !ok {
			return ""
		}
	}
	for range 2 { // the release, then the version
		i := strings.LastIndexByte(rest, '-')
		if i < 0 {
			return ""
		}
		rest = rest[:i]
	}
	return rest
}
