package inside

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"strconv"
	"strings"
)

// MaxZip is the size of a zip file whose times are left out while a layer is read, in bytes: its
// directory is at its end, so that all of it is held in memory until then.
const MaxZip = 4 << 20

// format is a format that records times.
type format uint8

const (
	noTimes    format = iota
	fixedTimes        // at one place near the start: gzip, .pyc
	arTimes           // in each header: ar
	zipTimes          // in each header and in the directory: zip, jar
)

// normalizer hashes the content of one file after another without the times that their formats
// record.
type normalizer struct {
	sum    hash.Hash
	maxZip int64

	format   format
	from, to int     // fixedTimes: where the time is
	ar       arTimer // arTimes
	zip      []byte  // zipTimes: the content so far
}

func newNormalizer() *normalizer { return &normalizer{sum: sha256.New(), maxZip: MaxZip} }

// Normalized returns the hash of a content without the times that its format records. It reports
// false if the format is not known, or has none. It changes the content.
func Normalized(path string, content []byte) (Hash, bool) {
	n := newNormalizer()
	n.maxZip = int64(len(content))
	n.start(path, int64(len(content)), content)
	n.write(content)
	h := n.end()
	return h, h != Hash{}
}

// start begins a file of a size, whose content begins with first.
func (n *normalizer) start(path string, size int64, first []byte) {
	n.format = noTimes
	n.from, n.to = recordedTime(path, first)
	switch {
	case n.to > 0:
		n.format = fixedTimes
	case bytes.HasPrefix(first, arMagic):
		n.format, n.ar = arTimes, arTimer{next: int64(len(arMagic))}
	case bytes.HasPrefix(first, zipLocalMagic) && size <= n.maxZip:
		n.format, n.zip = zipTimes, n.zip[:0]
	}
	n.sum.Reset()
}

// write takes the next part of the content, and may change it.
func (n *normalizer) write(chunk []byte) {
	switch n.format {
	case noTimes:
		return
	case fixedTimes:
		clear(chunk[n.from:n.to])
		n.from, n.to = 0, 0
	case arTimes:
		n.ar.clear(chunk)
	case zipTimes:
		n.zip = append(n.zip, chunk...)
		return
	}
	_, _ = n.sum.Write(chunk) // hashes return no error
}

// end returns the hash, zero if the content records no time or is not what its first bytes say.
func (n *normalizer) end() Hash {
	ok := false
	switch n.format {
	case noTimes:
	case fixedTimes:
		ok = true
	case arTimes:
		ok = n.ar.isWhole()
	case zipTimes:
		if ok = clearZipTimes(n.zip); ok {
			_, _ = n.sum.Write(n.zip)
		}
	}
	if !ok {
		return Hash{}
	}
	return Hash(n.sum.Sum(nil))
}

// recordedTime says where the content of a file that starts with start records a time: a gzip
// file when it was made, one of Python's .pyc files when the source was changed. Python 3.7 and
// later write flags before the time; without flags, that is the time of the source and not its
// hash (PEP 552).
func recordedTime(path string, start []byte) (from, to int) {
	const pycHeader, gzipSmallest = 16, 18
	switch {
	case len(start) >= gzipSmallest && bytes.HasPrefix(start, gzipMagic) && start[2] == 8:
		return 4, 8
	case len(start) >= pycHeader && strings.HasSuffix(path, ".pyc") && start[2] == '\r' && start[3] == '\n' &&
		bytes.Equal(start[4:8], []byte{0, 0, 0, 0}):
		return 8, 12
	}
	return 0, 0
}

// The layout of an ar archive (ar(5) of FreeBSD): after the magic text come members, each a header of
// text fields and the content, padded to an even size.
const (
	arHeader            = 60
	arTimeAt, arTimeEnd = 16, 28
	arSizeAt, arSizeEnd = 48, 58
)

var (
	arMagic = []byte("!<arch>\n")
	arEndOf = []byte("`\n") // the last two bytes of a header
)

// arTimer clears the times in the headers of an ar archive that arrives in parts.
type arTimer struct {
	at     int64 // where the next part begins
	next   int64 // where the next header begins
	head   [arHeader]byte
	filled int // bytes of head
	broken bool
}

// clear clears the times in the next part.
func (a *arTimer) clear(chunk []byte) {
	start, end := a.at, a.at+int64(len(chunk))
	a.at = end
	for !a.broken {
		from := a.next + int64(a.filled) - start // in the chunk
		if from >= int64(len(chunk)) {
			return
		}
		n := copy(a.head[a.filled:], chunk[from:])
		for i := max(arTimeAt, a.filled); i < min(arTimeEnd, a.filled+n); i++ {
			chunk[from+int64(i-a.filled)] = ' '
		}
		if a.filled += n; a.filled < arHeader {
			return
		}
		a.endHeader()
	}
}

// endHeader reads the header that is complete now.
func (a *arTimer) endHeader() {
	if !isPaddedNumber(a.head[arTimeAt:arTimeEnd]) {
		a.broken = true
		return
	}
	size, err := strconv.ParseInt(strings.TrimRight(string(a.head[arSizeAt:arSizeEnd]), " "), 10, 64)
	if err != nil || size < 0 || !bytes.Equal(a.head[arSizeEnd:], arEndOf) {
		a.broken = true
		return
	}
	a.next, a.filled = a.next+arHeader+size+size%2, 0
}

// isPaddedNumber reports whether a field holds digits and then blanks.
func isPaddedNumber(field []byte) bool {
	return len(bytes.TrimLeft(bytes.TrimRight(field, " "), "0123456789")) == 0
}

// isWhole reports whether the archive ended where a member ends, or one byte before: some tools leave
// out the last padding.
func (a *arTimer) isWhole() bool {
	return !a.broken && a.filled == 0 && (a.at == a.next || a.at == a.next-1)
}
