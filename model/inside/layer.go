// Package inside reads what the archive of a layer holds: a list of its entries with the hashes
// of their contents. It knows the formats of layers, and keeps the limits that hostile archives
// need. It compares nothing, and reads nothing from a network or a disk.
package inside

import "github.com/opencontainers/go-digest"

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
	// Left says what a limit left out, one text for each limit, as "the entries after the first
	// 1,000,000"; nil for nothing.
	Left []string
	// Remarks is what runtimes may read in different ways.
	Remarks Remarks
	// TOCDigests are those by which a manifest can state the table of contents that was found in
	// the layer: of its JSON, and of its packed form in zstd:chunked. It is nil without a table.
	TOCDigests []digest.Digest
	// TOCDiffers are the paths that the table of contents and the archive describe in different
	// ways, at most 1,000. Only a layer that was read to its end has them.
	TOCDiffers []string
	Files      List
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

// Remarks is what is unusual in an archive.
type Remarks struct {
	// Repeated are the paths that have several entries, also folders. The last entry is in the
	// list. All lists of remarks have at most 1,000 paths.
	Repeated []string
	// Escaping are the recorded names that leave the root by "..", whiteouts of no name, and
	// entries other than folders for the root itself. The first are listed at the path that
	// runtimes give them, inside the root. The others are not listed.
	Escaping []string
	// DeletedAndGiven are the paths that the layer has and also deletes below it.
	DeletedAndGiven []string
	// Hidden is the number of bytes other than zero after the end of the archive.
	Hidden int64
	// Trailing is the number of bytes after the compressed stream that are not part of it. It is
	// 0 if all of them are zero: that is padding.
	Trailing int64
	// Unhashed is the number of files whose content was not hashed because of a limit.
	Unhashed int
}
