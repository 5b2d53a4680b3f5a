package inside

// The limits of what is read of one layer. Archives can be made to exceed them: 8 MB hold a
// million entries, and 272 bytes a file of 1 TiB.
const (
	MaxEntries  = 1_000_000 // of the archive. As many folders may be implied.
	MaxNames    = 256 << 20 // bytes of paths, link targets and extended attributes in all
	MaxPath     = 4096      // bytes of a path, and of the target of a link: PATH_MAX of Linux
	MaxXattrs   = 64 << 10  // bytes of the extended attributes of an entry
	MaxUnpacked = 64 << 30  // bytes of the archive
	MaxWindow   = 128 << 20 // bytes of memory that zstd may ask for
	MaxSparse   = 1 << 30   // bytes of sparse files that are hashed, beyond the bytes of the archive so far

	// MaxRatio is the number of bytes of the archive for each byte of the blob, after the first
	// RatioFree bytes. gzip reaches 1,030. zstd reaches 32,500, but only with zeros.
	MaxRatio  = 1100
	RatioFree = 1 << 30

	// MaxTOC is the size of a table of contents, and MaxUnpackedTOC that of its JSON.
	MaxTOC         = 16 << 20
	MaxUnpackedTOC = 128 << 20

	// MaxExtract is the size of a file that is written to disk, unless the user asks for another limit, and
	// MaxProgram that of one whose content is read to say what it is.
	MaxExtract = 4 << 30
	MaxProgram = 64 << 20

	MaxRemarks = 1000 // paths in each list of remarks

	// MaxHead is how many bytes of a file say what program it is.
	MaxHead = 64 << 10
)

// bounds are the limits that tests make smaller.
type bounds struct {
	entries, names, path, xattrs, remarks int
	unpacked, ratio, ratioFree, sparse    int64
	window                                uint64
	noPackages                            bool // reads nothing of packages
}

var usual = bounds{
	entries: MaxEntries, names: MaxNames, path: MaxPath, xattrs: MaxXattrs, remarks: MaxRemarks,
	unpacked: MaxUnpacked, ratio: MaxRatio, ratioFree: RatioFree, sparse: MaxSparse, window: MaxWindow,
}
