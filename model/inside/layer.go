// Package inside reads what the archive of a layer holds: a list of its entries with the hashes
// of their contents. It knows the formats of layers, and keeps the limits that hostile archives
// need. It compares nothing, and reads nothing from a network or a disk.
package inside

import (
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/accounts"
	"github.com/tagdiff/tagdiff/model/packages"
)

// Layer is what is known of the inside of one layer.
type Layer struct {
	// Blob is the digest of the bytes that were read, and Packed their number. Blob is "" if
	// they were not read to their end.
	Blob   digest.Digest
	Packed int64
	// DiffID is the digest of the unpacked archive, and Unpacked its size. DiffID is "" if the
	// archive was not read to its end.
	DiffID   digest.Digest
	Unpacked int64
	How      How
	// Broken says why the archive cannot be read on, as "is cut off"; "" if it can.
	Broken string
	// Format is how the blob is compressed, by its first bytes: "gzip" or "zstd", "" if it is not, or if only the
	// table of contents was read.
	Format string
	// Left says what limits left out; nil for nothing.
	Left []Left
	// Remarks is what runtimes may read in different ways.
	Remarks Remarks
	// TOCDigests are those by which a manifest can state the table of contents that was found in
	// the layer: of its JSON, and of its packed form in zstd:chunked. It is nil without a table.
	TOCDigests []digest.Digest
	// TOCDiffers are the paths that the table of contents and the archive describe in different
	// ways, at most 1,000. Only a layer that was read to its end has them.
	TOCDiffers []string
	Files      List
	// Packages is what the files say of packages. A layer of which only the table of contents or
	// the start was read has none, unless HasRecords is set.
	Packages packages.Found
	owners   owners
	// HasRecords is set if How is TOC and the files that list packages were read: Packages then lacks those of programs
	// and jars, but for the files in Opened. Their contents are what the table says: see WithPackages.
	HasRecords bool
	// Opened are the paths of the programs and jars that were read for their packages, in order.
	Opened []string
	// TableProblem says why the table of contents did not do for packages, so that the whole layer was read; nil if it
	// was not asked for.
	TableProblem error
	chunked      chunked
	// Accounts is what regular files etc/passwd and etc/group say. It counts only for an entry whose Sum it
	// has: a later entry of the archive can replace the file. A table of contents says nothing of it.
	Accounts accounts.Found
	// PrivateKeys are the hashes of the files whose text holds a private key that no passphrase encrypts, at most
	// 1,000. A table of contents says nothing of it.
	PrivateKeys []Hash
}

// How says from what a list of files was made.
type How uint8

// The ways to read a layer. Only a layer that was read to its end can be checked: its two
// digests are those that manifest and config state.
const (
	Full  How = iota + 1
	TOC       // the table of contents of an eStargz or zstd:chunked layer
	Start     // the first part of the layer
)

// Left is what a limit left out.
type Left struct {
	Kind LeftKind
	Text string // as "the entries after the first 1,000,000"
}

// LeftKind says of what something was left out.
type LeftKind uint8

// The kinds of what limits leave out.
const (
	LeftEntries  LeftKind = iota // entries of the archive
	LeftXattrs                   // extended attributes of entries that are listed
	LeftContent                  // the hashes of the content of files
	LeftRemarks                  // paths in Remarks
	LeftPackages                 // packages that files of the layer list
	lastLeftKind = LeftPackages
)

// LacksEntries reports whether the layer may have entries that are not in Files, since the archive cannot
// be read on or a limit left them out.
func (l *Layer) LacksEntries() bool { return l.Broken != "" || l.lacks(LeftEntries) }

// lacks reports whether a limit left out something of a kind.
func (l *Layer) lacks(kind LeftKind) bool {
	return slices.ContainsFunc(l.Left, func(left Left) bool { return left.Kind == kind })
}

// Remarks is what is unusual in an archive.
type Remarks struct {
	// Repeated are the paths that have several entries, also folders. The last entry is in the
	// list. All lists of remarks have at most 1,000 paths.
	Repeated []string
	// Replaced are the paths at which an entry replaces an earlier one, and not both are folders. The
	// earlier one may be a folder that the archive implies. What a container has there and below depends
	// on the order of the archive, which the list does not have.
	Replaced []string
	// Escaping are the recorded names that leave the root by "..", whiteouts of no name, and
	// entries other than folders for the root itself. The first are listed at the path that
	// runtimes give them, inside the root. The others are not listed.
	Escaping []string
	// DeletedAndGiven are the paths that the layer has and also deletes below it.
	DeletedAndGiven []string
	// DeviceDeletions are the paths of character devices 0, 0. An overlay file system takes such a device
	// for a deletion of what older layers have, so it is listed as a Whiteout. Other storage makes a device.
	DeviceDeletions []string
	// Hidden is the number of bytes other than zero after the end of the archive.
	Hidden int64
	// Trailing is the number of bytes after the compressed stream that are not part of it. It is
	// 0 if all of them are zero: that is padding.
	Trailing int64
	// Unhashed is the number of files whose content was not hashed because of a limit.
	Unhashed int
}
