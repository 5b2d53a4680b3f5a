package inside

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
)

// TextChange is how two texts at one path differ.
type TextChange struct {
	// Added and Removed are numbers of lines. A line that has changed counts for both.
	Added, Removed int
	// Only is what alone differs, as "dates"; "" for anything else.
	Only string
}

// LineCounts are how the lines of texts differ, by the hashes of the two contents. They are kept in
// place of the texts, which may hold secrets.
type LineCounts map[ContentPair]TextChange

// ContentPair are the contents of a file on both sides.
type ContentPair struct{ A, B Hash }

// MaxLineCounts is the number of files whose counts are kept for two layers.
const MaxLineCounts = 1000

// The binary form of LineCounts begins with the magic text, a version, and the SHA-256 of the rest.
const (
	countsMagic   = "tagdiff lines "
	countsVersion = 2 // of the form, and of how lines are counted
	countsHead    = len(countsMagic) + 1 + sha256.Size
	mostOnly      = 64 // bytes of TextChange.Only
)

// MarshalBinary returns the binary form, with at most MaxLineCounts files.
func (c LineCounts) MarshalBinary() ([]byte, error) {
	out := make([]byte, countsHead, countsHead+len(c)*80)
	copy(out, countsMagic)
	out[len(countsMagic)] = countsVersion
	pairs := slices.SortedFunc(maps.Keys(c), func(x, y ContentPair) int {
		if n := bytes.Compare(x.A[:], y.A[:]); n != 0 {
			return n
		}
		return bytes.Compare(x.B[:], y.B[:])
	})
	for _, p := range pairs[:min(len(pairs), MaxLineCounts)] {
		t := c[p]
		only := t.Only[:min(len(t.Only), mostOnly)]
		out = append(append(out, p.A[:]...), p.B[:]...)
		out = binary.AppendUvarint(out, uint64(t.Added))   //nolint:gosec // not negative
		out = binary.AppendUvarint(out, uint64(t.Removed)) //nolint:gosec // not negative
		out = append(append(out, byte(len(only))), only...)
	}
	sum := sha256.Sum256(out[countsHead:])
	copy(out[countsHead-sha256.Size:], sum[:])
	return out, nil
}

// UnmarshalBinary reads the binary form. The error is ErrNotThisForm if it is damaged or of another
// version.
func (c *LineCounts) UnmarshalBinary(data []byte) error {
	if len(data) < countsHead || string(data[:len(countsMagic)]) != countsMagic || data[len(countsMagic)] != countsVersion {
		return ErrNotThisForm
	}
	rest := data[countsHead:]
	if sum := sha256.Sum256(rest); !bytes.Equal(sum[:], data[countsHead-sha256.Size:countsHead]) {
		return ErrNotThisForm
	}
	counts := LineCounts{}
	for len(rest) > 0 {
		var p ContentPair
		var t TextChange
		var ok bool
		if p, t, rest, ok = nextLineCount(rest); !ok || len(counts) >= MaxLineCounts {
			return ErrNotThisForm
		}
		counts[p] = t
	}
	*c = counts
	return nil
}

// nextLineCount reads the counts of one file.
func nextLineCount(data []byte) (p ContentPair, t TextChange, rest []byte, ok bool) {
	const most = 1 << 31
	if len(data) < 2*sha256.Size {
		return p, t, nil, false
	}
	copy(p.A[:], data)
	copy(p.B[:], data[sha256.Size:])
	data = data[2*sha256.Size:]
	for _, n := range []*int{&t.Added, &t.Removed} {
		v, size := binary.Uvarint(data)
		if size <= 0 || v >= most {
			return p, t, nil, false
		}
		*n, data = int(v), data[size:] //nolint:gosec // below 2^31
	}
	if len(data) == 0 || int(data[0]) > len(data)-1 || data[0] > mostOnly {
		return p, t, nil, false
	}
	t.Only, rest = string(data[1:1+data[0]]), data[1+data[0]:]
	return p, t, rest, true
}
