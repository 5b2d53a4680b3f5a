package rpmdb

import (
	"encoding/binary"
	"slices"
)

// The format of Berkeley DB's hash is that of its src/dbinc/db_page.h. Numbers are in the byte
// order of the machine that wrote the file.
const (
	hashMagic   = 0x061561
	hashIntro   = 26 // bytes at the start of a page
	pageHash    = 13
	pageHashOld = 2 // of versions before 4.6, whose items are not sorted
	pageMore    = 7 // of an item that does not fit into a page of the hash
	pageMeta    = 8 // the first one
	pageFree    = 0
	itemHere    = 1 // an item with its bytes
	itemMore    = 3 // an item with the number of the page that its bytes begin in
)

// hashOrder returns the byte order of a hash of Berkeley DB. It reports false if the content is another file.
func hashOrder(content []byte) (binary.ByteOrder, bool) {
	if len(content) < 512 {
		return nil, false
	}
	switch uint32(hashMagic) {
	case binary.LittleEndian.Uint32(content[12:]):
		return binary.LittleEndian, true
	case binary.BigEndian.Uint32(content[12:]):
		return binary.BigEndian, true
	}
	return nil, false
}

// hashFile is a file with a hash of Berkeley DB.
type hashFile struct {
	*database
	order    binary.ByteOrder
	pageSize int
}

// readHash reads a hash whose keys are numbers and whose values are headers. It reads the pages in the
// order of the file, since no page of a hash is out of use.
func (d *database) readHash(order binary.ByteOrder) {
	f := hashFile{d, order, int(order.Uint32(d.content[20:]))}
	version := order.Uint32(d.content[16:])
	switch {
	case version < 5 || version > 10:
		d.stop("has a version that is not known")
		return
	case d.content[24] != 0:
		d.stop("is encrypted")
		return
	case d.content[26]&1 != 0: // rpm never asks for them, and they make the start of a page longer
		d.stop("has checksums, which are not supported")
		return
	case f.pageSize < 512 || f.pageSize > 65536 || f.pageSize&(f.pageSize-1) != 0:
		d.stop("is damaged: its page size is not possible")
		return
	}
	pages := len(d.content) / f.pageSize
	d.used = make([]uint64, pages/64+1)
	if last := order.Uint32(d.content[32:]); int64(last) >= int64(pages) {
		d.lost++ // the file is cut
	}
	for number := 1; number < pages && d.stopped == ""; number++ {
		page := f.page(uint32(number))
		switch page[25] {
		case pageHash, pageHashOld:
			f.readPage(page)
		case pageMore, pageMeta, pageFree:
		default:
			f.lost++
		}
	}
}

// page returns a page by its number, which counts from 0. The page must be in the file.
func (f hashFile) page(number uint32) []byte {
	return f.content[int(number)*f.pageSize:][:f.pageSize]
}

// readPage reads the pairs of a page. Items stand at its end, the first one last.
func (f hashFile) readPage(page []byte) {
	count := int(f.order.Uint16(page[20:]))
	if count%2 != 0 || hashIntro+2*count > len(page) {
		f.lost++
		return
	}
	end := len(page)
	next := func(i int) ([]byte, bool) {
		start := int(f.order.Uint16(page[hashIntro+2*i:]))
		if start < hashIntro+2*count || start >= end {
			return nil, false
		}
		item := page[start:end]
		end = start
		return item, true
	}
	for i := 0; i < count && f.stopped == ""; i += 2 {
		key, ok := next(i)
		var value []byte
		if ok {
			value, ok = next(i + 1)
		}
		if !ok { // the items behind it depend on it
			f.lost++
			return
		}
		if len(key) != 5 || key[0] != itemHere {
			f.lost++
			continue
		}
		if f.order.Uint32(key[1:]) == 0 { // rpm keeps the highest number there
			continue
		}
		if header, ok := f.value(value); ok {
			f.header(header)
		} else {
			f.lost++
		}
	}
}

// value returns the bytes of an item, put together from the pages that it overflows to.
func (f hashFile) value(item []byte) ([]byte, bool) {
	if item[0] == itemHere {
		return item[1:], f.take(len(item) - 1)
	}
	if item[0] != itemMore || len(item) != 12 {
		return nil, false
	}
	number, size := f.order.Uint32(item[4:]), int(f.order.Uint32(item[8:]))
	if size > len(f.content) || !f.take(size) {
		return nil, false
	}
	f.pieces = slices.Grow(f.pieces[:0], size)
	for len(f.pieces) < size {
		if number == 0 || int64(number) >= int64(len(f.content)/f.pageSize) || !f.use(number) {
			return nil, false
		}
		page := f.page(number)
		here := int(f.order.Uint16(page[22:]))
		if page[25] != pageMore || hashIntro+here > len(page) || here > size-len(f.pieces) {
			return nil, false
		}
		f.pieces = append(f.pieces, page[hashIntro:][:here]...)
		number = f.order.Uint32(page[16:])
	}
	return f.pieces, true
}
