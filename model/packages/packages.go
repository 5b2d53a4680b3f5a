// Package packages reads the databases of installed packages that the files of a layer are: those
// of dpkg, apk and rpm, and what Python, npm, Java, Go and Ruby leave beside their files. It reads
// contents that stream by, keeps limits that hostile databases need, and compares nothing.
package packages

// Kind is the family of a package. Packages of two kinds are never the same package.
type Kind string

// The kinds of packages, as they are shown.
const (
	Deb    Kind = "deb"
	Apk    Kind = "apk"
	RPM    Kind = "rpm"
	Python Kind = "python"
	NPM    Kind = "npm"
	Java   Kind = "java"
	Go     Kind = "go"
	Gem    Kind = "gem"
)

// Kinds are all kinds, those of systems first.
var Kinds = []Kind{Deb, Apk, RPM, Python, NPM, Java, Go, Gem}

// Package is one installed package, as a database claims. All texts are untrusted.
type Package struct {
	Kind Kind
	// Name identifies the package within its kind and place: Python's in its normal form, Java's
	// as group:artifact where both are known, Go's the path of the module.
	Name string
	// Version is complete, with epoch and release. It is never empty: a package without a version
	// is not listed, except for Go's main module, which has "(devel)".
	Version string
	// Arch is the architecture as the family spells it, "" where it has none.
	Arch string
	// Source is the name of the source package, "" where it is unknown or Name itself.
	Source string
	// Revision is the commit that a Go program was built from, "" for others.
	Revision string
	// Place tells apart the packages of one name in several places. It is "" for the packages of
	// a system (deb, apk, rpm), the path of the program for Go, and for others the folder that holds
	// the package: "usr/lib/python3/dist-packages", "app/node_modules", "usr/share/java". A jar counts as
	// a folder of the jars in it: "app.jar/BOOT-INF/lib". One place can hold several versions
	// of a package of Java or Ruby, or several kernels of a system.
	Place string
}

// Database is what one file of a layer says of packages. A later layer replaces the whole file,
// so that the newest one has all of its packages.
type Database struct {
	// Path is that of the file in the layer.
	Path string
	Kind Kind
	// Packages are in the order of the file. A file that describes one package, as Python's
	// METADATA, is a database of one.
	Packages []Package
	// Problem says why not all of the file was read, as "is larger than 64 MiB"; "" if it was.
	Problem string
}

// Found is what the files of one layer say of packages. The zero value is for nothing.
type Found struct {
	// Databases are in the order of the archive. One of a system that stands at none of SystemPaths counts only
	// in an image with a link from there. A later layer that deletes the path of one, or has
	// another entry there, replaces the database, also where what it has says nothing of packages.
	Databases []Database
}

// Owner is the package that owns a file, by what the layer of the file says, as dpkg's lists do.
type Owner struct {
	Kind Kind
	// Name and Arch are those of the package; Arch is "" where the owner is known by name alone.
	Name, Arch string
	// Place is that of the package.
	Place string
	// Database is the path of the database that lists the package, if that stands at none of SystemPaths: the owner
	// counts only in an image with a link from there. It is "" for others.
	Database string
}

// IsEmpty reports whether nothing was found.
func (f Found) IsEmpty() bool { return len(f.Databases) == 0 }
