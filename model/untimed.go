package model

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"
)

// maxUntimed limits the archive of which Untimed is computed, in bytes.
const maxUntimed = 1 << 20

// untimed is a digest of an archive without the times of its files: two archives with one digest
// hold the same entries in the same order, with the same owners, modes and contents. It is "" for
// bytes that are not an archive, and for archives that are too large. times is a digest of the times
// alone: if both are equal, only the form of two archives differs.
func untimed(archive []byte) (files, times digest.Digest) {
	hash, clock := digest.SHA256.Digester(), digest.SHA256.Digester()
	r := tar.NewReader(bytes.NewReader(archive))
	left := int64(maxUntimed)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return hash.Digest(), clock.Digest()
		}
		if err != nil || h.Size > left { // a sparse file is larger than its archive
			return "", ""
		}
		left -= h.Size
		// Strings are quoted, so no two lists of fields look alike.
		_, _ = fmt.Fprintf(hash.Hash(), "%q %q %q %q %q %o %d %d %d %d %d\n", h.Typeflag, h.Name, h.Linkname, h.Uname, h.Gname,
			h.Mode, h.Uid, h.Gid, h.Size, h.Devmajor, h.Devminor)
		for _, key := range slices.Sorted(maps.Keys(h.PAXRecords)) {
			if !isTime(key) {
				_, _ = fmt.Fprintf(hash.Hash(), "%q %q\n", key, h.PAXRecords[key])
			}
		}
		if _, err := io.Copy(hash.Hash(), r); err != nil {
			return "", ""
		}
		_, _ = fmt.Fprintln(clock.Hash(), h.ModTime.UnixNano(), h.AccessTime.UnixNano(), h.ChangeTime.UnixNano())
	}
}

// isTime reports whether a record of an archive is a time of a file (pax, "Extended Header Keywords").
func isTime(key string) bool {
	return slices.Contains([]string{"mtime", "atime", "ctime"}, key)
}
