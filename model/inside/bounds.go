package inside

// bounds are the limits of what is read of one layer. Archives can be made to exceed them: 8 MB
// hold a million entries, and 272 bytes a file of 1 TiB.
type bounds struct {
	entries  int   // of the archive. As many folders may be implied.
	names    int   // bytes of paths and link targets in all, and of extended attributes
	path     int   // bytes of a path, and of the target of a link
	xattrs   int   // bytes of the extended attributes of an entry
	unpacked int64 // bytes of the archive
	slack    int64 // bytes of the archive beyond ratio times what was read of the blob
	ratio    int64 // gzip reaches 1,030; zstd 32,500, where only zeros follow
	sparse   int64 // bytes of holes of sparse files that are hashed, beyond the bytes of the archive so far
	window   uint64
	remarks  int // paths in each list of remarks
}

var usual = bounds{
	entries:  1_000_000,
	names:    256 << 20,
	path:     4096, // PATH_MAX of Linux
	xattrs:   64 << 10,
	unpacked: 64 << 30,
	slack:    1 << 30,
	ratio:    1100,
	sparse:   1 << 30,
	window:   128 << 20,
	remarks:  1000,
}
