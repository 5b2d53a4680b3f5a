//go:build unix

package files

import "golang.org/x/sys/unix"

// FreeSpace returns the number of bytes that the user can still write to the file system of a folder. It
// reports false if that is not known.
func FreeSpace(folder string) (int64, bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil || s.Bsize <= 0 {
		return 0, false
	}
	const most = 1 << 62
	blocks, size := uint64(s.Bavail), uint64(s.Bsize) //nolint:gosec,unconvert,nolintlint // their types differ between systems
	if blocks > most/size {
		return most, true
	}
	return int64(blocks * size), true //nolint:gosec // at most 2^62
}
