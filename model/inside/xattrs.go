package inside

import (
	"archive/tar"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// xattrsOf returns the extended attributes that the records of an entry hold, sorted by name. GNU
// tar, Go and BuildKit write them raw after SCHILY.xattr. libarchive adds a second form, with a
// name as in URLs and a value in base64, which counts only without the first.
func xattrsOf(h *tar.Header) (xattrs []Xattr, size int) {
	if len(h.PAXRecords) == 0 {
		return nil, 0
	}
	const raw, encoded = "SCHILY.xattr.", "LIBARCHIVE.xattr."
	for key, value := range h.PAXRecords {
		name, isRaw := strings.CutPrefix(key, raw)
		if !isRaw {
			var ok bool
			if name, ok = strings.CutPrefix(key, encoded); !ok {
				continue
			}
			if name, value, ok = decodeXattr(name, value); !ok {
				continue
			}
			if _, both := h.PAXRecords[raw+name]; both {
				continue
			}
		}
		xattrs = append(xattrs, Xattr{name, value})
		size += len(name) + len(value)
	}
	slices.SortFunc(xattrs, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	return xattrs, size
}

func decodeXattr(name, value string) (decodedName, decodedValue string, ok bool) {
	decodedName, err := url.PathUnescape(name)
	if err != nil {
		return "", "", false
	}
	content, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(value, "="))
	return decodedName, string(content), err == nil
}
