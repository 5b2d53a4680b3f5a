package rpmdb

import "encoding/binary"

// ndbMagic begins the file Packages.db of rpm's own format ndb. The format is that of rpm's
// lib/backend/ndb/rpmpkg.c: all numbers are little endian.
const ndbMagic = "RpmP"

// readNDB reads a database of ndb: pages of slots, each with the place of the header of a package.
func (d *database) readNDB() {
	const (
		intro, page        = 32, 4096
		slot, block        = 16, 16
		versionAt, pagesAt = 4, 12
	)
	if len(d.content) < intro {
		d.stop("is damaged: it ends in its first page")
		return
	}
	if v := binary.LittleEndian.Uint32(d.content[versionAt:]); v != 0 {
		d.stop("has a version that is not known")
		return
	}
	end := int64(binary.LittleEndian.Uint32(d.content[pagesAt:])) * page
	if end > int64(len(d.content)) {
		d.lost++
		end = int64(len(d.content))
	}
	for at := int64(intro); at+slot <= end && d.stopped == ""; at += slot {
		s := d.content[at:]
		first, blocks := int64(binary.LittleEndian.Uint32(s[8:])), int64(binary.LittleEndian.Uint32(s[12:]))
		switch {
		case string(s[:4]) != "Slot":
			d.lost++
		case first == 0: // the slot is free
		case (first+blocks)*block > int64(len(d.content)):
			d.lost++
		default:
			d.blob(d.content[first*block:][:blocks*block], binary.LittleEndian.Uint32(s[4:]))
		}
	}
}

// blob reads the blocks of a package, which have its number.
func (d *database) blob(blocks []byte, number uint32) {
	const head, tail = 16, 12
	if len(blocks) < head+tail {
		d.lost++
		return
	}
	size := int64(binary.LittleEndian.Uint32(blocks[12:]))
	if string(blocks[:4]) != "BlbS" || binary.LittleEndian.Uint32(blocks[4:]) != number ||
		string(blocks[len(blocks)-4:]) != "BlbE" || head+size+tail > int64(len(blocks)) {
		d.lost++
		return
	}
	if d.take(int(size)) {
		d.header(blocks[head:][:size])
	}
}
