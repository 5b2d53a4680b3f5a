package packages

import (
	"hash/maphash"
	"strings"
)

// claims are the files and folders of which the files of a layer say that packages own them. Paths
// are kept as hashes: a layer can name a million of them. The seed of the hashes is random, so that an
// image cannot be made with two paths of one hash.
type claims struct {
	seed     maphash.Seed
	owners   []claim
	byPath   map[uint64]uint32 // the positions in owners
	byFolder map[uint64]uint32
	// elsewhere are the files that databases at none of SystemPaths claim.
	elsewhere map[uint64]uint32

	last      string // the last folder that was looked up, and its owner
	lastClaim uint32
	lastKnown bool
}

// claim is an owner, by what a file says.
type claim struct {
	Owner
	file int // the position in Collector.files
	// database is the path of the file that describes the package, if it is another one. Its name of
	// the package counts.
	database string
}

// isSystem reports whether the packages of a kind are those of a system. What they claim counts more:
// a package of Debian has the files that Python describes as its own.
func (k Kind) isSystem() bool { return k == Deb || k == Apk || k == RPM }

// owner adds an owner that the file names. It reports false if a limit leaves it out.
func (r *reading) owner(o Owner, database string) (id uint32, ok bool) {
	cl := &r.c.claims
	if r.c.files[r.file].elsewhere {
		o.Database = r.path
	}
	if len(cl.owners) >= r.c.max.packages {
		r.c.leave("the files of some packages")
		return 0, false
	}
	if len(o.Name) > MaxText || len(o.Arch) > MaxText {
		return 0, false
	}
	if cl.byPath == nil {
		cl.seed = maphash.MakeSeed()
		cl.byPath, cl.byFolder, cl.elsewhere = map[uint64]uint32{}, map[uint64]uint32{}, map[uint64]uint32{}
	}
	cl.owners = append(cl.owners, claim{o, r.file, database})
	return uint32(len(cl.owners) - 1), true //nolint:gosec // limited
}

// owns says that an owner has a file.
func (r *reading) owns(id uint32, path []byte) {
	cl := &r.c.claims
	h, claimed := maphash.Bytes(cl.seed, path), cl.byPath
	if cl.owners[id].Database != "" {
		claimed = cl.elsewhere
	}
	if old, known := claimed[h]; known {
		if cl.owners[old].Kind.isSystem() && !cl.owners[id].Kind.isSystem() && !r.c.files[cl.owners[old].file].gone {
			return
		}
	} else if cl.size() >= r.c.max.owned {
		r.c.leave("the files of some packages")
		return
	}
	claimed[h] = id
}

// size is the number of files and folders that are claimed.
func (cl *claims) size() int { return len(cl.byPath) + len(cl.byFolder) + len(cl.elsewhere) }

// ownsFolder says that an owner has all files of a folder that no other one has.
func (r *reading) ownsFolder(id uint32, path string) {
	cl := &r.c.claims
	if cl.size() >= r.c.max.owned {
		r.c.leave("the files of some packages")
		return
	}
	cl.byFolder[maphash.String(cl.seed, path)] = id
	cl.last, cl.lastKnown = "", false
}

// HasOwners reports whether a file of the layer can have an owner.
func (c *Collector) HasOwners() bool { return len(c.claims.owners) > 0 }

// Owner returns the package that owns the file at a clean path, by what the files of the layer say. exists
// reports whether the layer has something at a path other than a folder.
//
// Debian, Fedora and others make /bin, /lib and /sbin links to folders of /usr. A package may
// name a file by either path: a claim of bin/x counts for usr/bin/x, unless the layer has bin/x. A file that
// Python compiles belongs to the owner of its source. The files that dpkg keeps about a package belong to
// that package.
//
// What a database at none of SystemPaths says counts last: it may be that of another root inside the image.
func (c *Collector) Owner(path string, exists func(string) bool) (Owner, bool) {
	if o, ok := c.ownerBy(c.claims.byPath, path, exists); ok {
		return o, true
	}
	if o, ok := c.inFolder(path); ok {
		return o, true
	}
	return c.ownerBy(c.claims.elsewhere, path, exists)
}

// ownerBy returns the owner of a file by the files that are claimed.
func (c *Collector) ownerBy(claimed map[uint64]uint32, path string, exists func(string) bool) (Owner, bool) {
	if len(claimed) == 0 {
		return Owner{}, false
	}
	if o, ok := c.claimed(claimed, path); ok {
		return o, true
	}
	if rest, ok := strings.CutPrefix(path, "usr/"); ok {
		if o, ok := c.claimedByLink(claimed, rest, exists); ok {
			return o, true
		}
	}
	if list := dpkgListOf(path); list != "" {
		if o, ok := c.claimed(claimed, list); ok {
			return o, true
		}
	}
	if source := sourceOfPyc(path); source != "" {
		return c.ownerBy(claimed, source, func(p string) bool { return p != source && exists(p) })
	}
	return Owner{}, false
}

// mergedFolders are the folders of / that are links to those of /usr.
var mergedFolders = []string{"bin", "sbin", "lib", "lib64", "lib32", "libx32"}

// claimedByLink returns the owner of usr/rest by its other paths.
func (c *Collector) claimedByLink(claimed map[uint64]uint32, rest string, exists func(string) bool) (Owner, bool) {
	folder, _, _ := strings.Cut(rest, "/")
	for _, merged := range mergedFolders {
		if folder != merged {
			continue
		}
		if o, ok := c.claimed(claimed, rest); ok && !exists(rest) {
			return o, true
		}
		name, ok := strings.CutPrefix(rest, "bin/")
		if !ok {
			return Owner{}, false
		}
		for _, other := range []string{"usr/sbin/" + name, "sbin/" + name} { // Fedora 42 makes sbin a link to bin
			if o, ok := c.claimed(claimed, other); ok && !exists(other) {
				return o, true
			}
		}
	}
	return Owner{}, false
}

// dpkgListOf returns the path of the list NAME.list beside a file NAME.EXT that dpkg keeps of a package; "" for
// other files.
func dpkgListOf(path string) string {
	folder, name := split(path)
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || baseOf(folder) != baseOf(dpkgInfo) {
		return ""
	}
	return folder + "/" + name[:dot] + ".list"
}

// sourceOfPyc returns the path of the source of a compiled file of Python: a/b.py of
// a/__pycache__/b.cpython-311.pyc (PEP 3147); "" for other files.
func sourceOfPyc(path string) string {
	rest, ok := strings.CutSuffix(path, ".pyc")
	if !ok {
		return ""
	}
	i := strings.LastIndex(rest, "__pycache__/")
	if i < 0 || i > 0 && rest[i-1] != '/' {
		return ""
	}
	name, _, ok := strings.Cut(rest[i+len("__pycache__/"):], ".")
	if !ok || strings.Contains(rest[i+len("__pycache__/"):], "/") {
		return ""
	}
	return rest[:i] + name + ".py"
}

func (c *Collector) claimed(claimed map[uint64]uint32, path string) (Owner, bool) {
	id, ok := claimed[maphash.String(c.claims.seed, path)]
	if !ok {
		return Owner{}, false
	}
	return c.ownerOf(id)
}

// inFolder returns the owner of the innermost folder that holds a path and has one. A folder
// node_modules inside of a package holds other packages.
func (c *Collector) inFolder(path string) (Owner, bool) {
	cl := &c.claims
	if len(cl.byFolder) == 0 {
		return Owner{}, false
	}
	folder, _ := split(path)
	if !cl.lastKnown || cl.last != folder {
		cl.last, cl.lastKnown, cl.lastClaim = folder, true, noClaim
		for f := folder; f != "" && baseOf(f) != "node_modules"; f, _ = split(f) {
			if id, ok := cl.byFolder[maphash.String(cl.seed, f)]; ok {
				cl.lastClaim = id
				break
			}
		}
	}
	if cl.lastClaim == noClaim {
		return Owner{}, false
	}
	return c.ownerOf(cl.lastClaim)
}

const noClaim = ^uint32(0)

// ownerOf returns the owner of a claim, with the name that the database of the package has.
func (c *Collector) ownerOf(id uint32) (Owner, bool) {
	cl := c.claims.owners[id]
	if c.files[cl.file].gone {
		return Owner{}, false
	}
	if i, ok := c.byPath[cl.database]; ok && len(c.files[i].Packages) == 1 {
		p := c.files[i].Packages[0]
		return Owner{Kind: p.Kind, Name: p.Name, Arch: p.Arch, Place: p.Place}, true
	}
	return cl.Owner, true
}

// split returns the folder of a path, and its last part.
func split(path string) (folder, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

func baseOf(path string) string {
	_, name := split(path)
	return name
}
