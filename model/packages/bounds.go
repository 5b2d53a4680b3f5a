package packages

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// The limits of what is read of the packages of one layer. The largest rpm database seen has 33 MB, and
// images have up to 10,000 packages.
const (
	MaxPackages = 250_000   // of a layer. As many files may say something of packages.
	MaxTexts    = 32 << 20  // bytes of the names, versions and places of the packages of a layer
	MaxText     = 1024      // bytes of one of them
	MaxOwned    = 2_000_000 // files of which packages say that they own them
	MaxLine     = 64 << 10  // bytes of a line
	MaxRPM      = 64 << 20  // bytes of a database of rpm, which is kept while it is read
	MaxJar      = 32 << 20  // bytes of a jar, which is kept while it is read
	MaxNPM      = 1 << 20   // bytes of a package.json
	MaxGo       = 1 << 20   // bytes of the build information of a Go program

	// MaxJarDepth is how deep jars are read that are inside of jars. What is unpacked of all the jars of
	// a layer is at most JarRatio bytes for each of their bytes, and JarFree bytes.
	MaxJarDepth = 3
	JarRatio    = 8
	JarFree     = 64 << 20
)

// bounds are the limits that tests make smaller.
type bounds struct{ packages, texts, owned int }

var usual = bounds{packages: MaxPackages, texts: MaxTexts, owned: MaxOwned}

func isLarger(max uint64) string { return "is larger than " + humanize.IBytes(max) }

func (b bounds) tooMany() string {
	return fmt.Sprintf("the packages after the first %s", humanize.Comma(int64(b.packages)))
}

func (b bounds) tooManyFiles() string {
	return fmt.Sprintf("the files after the first %s that say something of packages", humanize.Comma(int64(b.packages)))
}

func (b bounds) tooLong() string {
	return "the packages whose names and versions take more than " + humanize.IBytes(uint64(b.texts)) //nolint:gosec // not negative
}
