package files

import (
	"math"

	"golang.org/x/sys/windows"
)

// FreeSpace returns the number of bytes that the user can still write to the volume of a folder. It
// reports false if that is not known.
func FreeSpace(folder string) (int64, bool) {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, false
	}
	return int64(min(free, math.MaxInt64)), true //nolint:gosec // bounded
}
