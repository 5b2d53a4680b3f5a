package inside

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// The layout of a zip file (PKWARE APPNOTE.TXT 6.3, sections 4.3 and 4.5): files, each behind a local
// header, then a directory with a header for each file, then the end of the directory.
const (
	zipLocalSize, zipDirectorySize, zipEndSize = 30, 46, 22
	zipMostComment                             = 1<<16 - 1
)

var (
	zipLocalMagic     = []byte("PK\x03\x04")
	zipDirectoryMagic = []byte("PK\x01\x02")
	zipEndMagic       = []byte("PK\x05\x06")
)

// zipPart is the place of a file in a zip file: its local header and its content.
type zipPart struct{ from, to int }

// clearZipTimes clears the times in the headers of a zip file. It reports false, and may have cleared
// some, if the file is not a plain one: headers must not overlap each other or a content, and the
// directory must end the file. So a difference of contents cannot hide in what is taken for a time.
func clearZipTimes(zip []byte) bool {
	start, to, count := zipDirectory(zip)
	if count == 0 {
		return false
	}
	from := start
	parts := make([]zipPart, 0, min(count, (to-from)/zipDirectorySize))
	for range count {
		if to-from < zipDirectorySize || !bytes.HasPrefix(zip[from:], zipDirectoryMagic) {
			return false
		}
		h := zip[from:to]
		clear(h[12:16]) // time and date
		packed, local := zipUint32(h, 20), zipUint32(h, 42)
		name, extra, comment := zipUint16(h, 28), zipUint16(h, 30), zipUint16(h, 32)
		end := zipDirectorySize + name + extra + comment
		if end > len(h) || !clearZipExtra(h[zipDirectorySize+name:][:extra]) {
			return false
		}
		part, ok := clearLocalTimes(zip, local, packed)
		if !ok {
			return false
		}
		parts, from = append(parts, part), from+end
	}
	if from != to {
		return false
	}
	slices.SortFunc(parts, func(a, b zipPart) int { return cmp.Compare(a.from, b.from) })
	parts = append(parts, zipPart{from: start})
	for i := range count {
		if parts[i].to > parts[i+1].from {
			return false
		}
	}
	return true
}

// zipDirectory returns where the directory of a zip file is, and the number of files. The number is
// 0 if there is none, or one in a form that clearZipTimes does not know.
func zipDirectory(zip []byte) (from, to, count int) {
	tail := zip[max(len(zip)-zipEndSize-zipMostComment, 0):]
	for {
		i := bytes.LastIndex(tail, zipEndMagic)
		if i < 0 {
			return 0, 0, 0
		}
		end := tail[i:]
		if len(end) < zipEndSize || zipEndSize+zipUint16(end, 20) != len(end) {
			tail = tail[:i]
			continue
		}
		to = len(zip) - len(end)
		size, start := zipUint32(end, 12), zipUint32(end, 16)
		disks, here, all := zipUint32(end, 4), zipUint16(end, 8), zipUint16(end, 10)
		if disks != 0 || here != all || start+size != to {
			return 0, 0, 0
		}
		return start, to, all
	}
}

// clearLocalTimes clears the times in the local header at a place, and returns the place of the file.
func clearLocalTimes(zip []byte, at, packed int) (zipPart, bool) {
	if at > len(zip)-zipLocalSize || !bytes.HasPrefix(zip[at:], zipLocalMagic) {
		return zipPart{}, false
	}
	h := zip[at:]
	name, extra := zipUint16(h, 26), zipUint16(h, 28)
	content := zipLocalSize + name + extra
	if content+packed > len(h) || !clearZipExtra(h[zipLocalSize+name:][:extra]) {
		return zipPart{}, false
	}
	clear(h[10:14]) // time and date
	return zipPart{at, at + content + packed}, true
}

// clearZipExtra clears the times in the extra fields of a header.
func clearZipExtra(extra []byte) bool {
	for len(extra) > 0 {
		if len(extra) < 4 {
			return len(bytes.Trim(extra, "\x00")) == 0 // padding of zipalign
		}
		id, size := zipUint16(extra, 0), zipUint16(extra, 2)
		if size > len(extra)-4 {
			return false
		}
		field := extra[4 : 4+size]
		switch id {
		case 0x5455: // extended timestamp: flags, then times
			if size != 1 && size != 5 && size != 9 && size != 13 { // more than three times of 4 bytes
				return false
			}
			clear(field[1:])
		case 0x5855: // Info-ZIP for Unix: access and modification, then owner
			clear(field[:min(8, size)])
		case 0x000a: // NTFS: reserved, then attribute 1 with three times
			if size >= 32 && zipUint16(field, 4) == 1 && zipUint16(field, 6) == 24 {
				clear(field[8:32])
			}
		}
		extra = extra[4+size:]
	}
	return true
}

func zipUint16(b []byte, at int) int { return int(binary.LittleEndian.Uint16(b[at:])) }

// zipUint32 reads a number, or one beyond all places in the file: sums of them stay in an int of 32 bits.
func zipUint32(b []byte, at int) int { return int(min(binary.LittleEndian.Uint32(b[at:]), 1<<29)) }
