package rpmdb

import (
	"encoding/binary"
	"slices"
	"strings"
)

// sqliteMagic begins a file of SQLite 3. The format is described at https://www.sqlite.org/fileformat2.html.
const sqliteMagic = "SQLite format 3\x00"

// sqliteFile is a file of SQLite.
type sqliteFile struct {
	*database
	pageSize int
	usable   int // bytes of a page without those reserved at its end
}

// readSQLite reads the table Packages: it has a number and the header of each package.
func (d *database) readSQLite() {
	const intro = 100
	if len(d.content) < intro {
		d.stop("is damaged: it ends in its first page")
		return
	}
	f := sqliteFile{database: d, pageSize: int(binary.BigEndian.Uint16(d.content[16:]))}
	if f.pageSize == 1 {
		f.pageSize = 65536
	}
	f.usable = f.pageSize - int(d.content[20])
	// SQLite needs 480 bytes of each page.
	if f.pageSize < 512 || f.pageSize&(f.pageSize-1) != 0 || f.usable < 480 || f.pageSize > len(d.content) {
		d.stop("is damaged: its page size is not possible")
		return
	}
	d.used = make([]uint64, len(d.content)/f.pageSize/64+1)
	root := uint32(0)
	f.eachRecord(1, func(schema []byte) {
		columns := recordColumns(schema, 4) // type, name, name of the table, root page
		if len(columns) == 4 && string(columns[0].data) == "table" && strings.EqualFold(string(columns[1].data), "Packages") {
			root = columns[3].number()
		}
	})
	if root == 0 {
		if d.stopped == "" && d.lost == 0 {
			d.stop("has no table of packages")
		}
		return
	}
	f.eachRecord(root, func(record []byte) {
		for _, c := range recordColumns(record, 2) { // number, header
			if c.isBlob() {
				d.header(c.data)
				return
			}
		}
		d.lost++
	})
}

// page returns a page by its number, which counts from 1, nil if the file ends before.
func (f sqliteFile) page(number uint32) []byte {
	end := int64(number) * int64(f.pageSize)
	if number == 0 || end > int64(len(f.content)) {
		return nil
	}
	return f.content[end-int64(f.pageSize) : end]
}

// eachRecord calls visit for each record of the table whose tree has the root page, in order. A
// record is valid during the call.
func (f sqliteFile) eachRecord(root uint32, visit func(record []byte)) {
	const leaf, interior = 13, 5
	var pending []uint32 // pages to read, the next one at the end
	push := func(number uint32) {
		if f.page(number) == nil || !f.use(number) {
			f.lost++
			return
		}
		pending = append(pending, number)
	}
	push(root)
	for len(pending) > 0 && f.stopped == "" {
		number := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		page := f.page(number)
		start := 0
		if number == 1 {
			start = 100 // behind the header of the file
		}
		kind, count := page[start], int(binary.BigEndian.Uint16(page[start+3:]))
		cells := start + 8
		if kind == interior {
			cells += 4
		}
		if kind != leaf && kind != interior || cells+2*count > f.usable {
			f.lost++
			continue
		}
		if kind == interior {
			push(binary.BigEndian.Uint32(page[start+8:])) // the last child
			for i := count - 1; i >= 0; i-- {
				at := int(binary.BigEndian.Uint16(page[cells+2*i:]))
				if at+4 > f.usable {
					f.lost++
					continue
				}
				push(binary.BigEndian.Uint32(page[at:]))
			}
			continue
		}
		for i := 0; i < count && f.stopped == ""; i++ {
			at := int(binary.BigEndian.Uint16(page[cells+2*i:]))
			if record, ok := f.record(page[:f.usable], at); ok {
				visit(record)
			} else {
				f.lost++
			}
		}
	}
}

// record returns the record of the cell that is at a place of a leaf, put together from the leaf and
// the pages that it overflows to.
func (f sqliteFile) record(leaf []byte, at int) (record []byte, ok bool) {
	if at > len(leaf) {
		return nil, false
	}
	rest := leaf[at:]
	size, n := varint(rest)
	if n == 0 || size > uint64(len(f.content)) {
		return nil, false
	}
	rest = rest[n:]
	if _, n = varint(rest); n == 0 { // the number of the row
		return nil, false
	}
	rest = rest[n:]
	total := int(size)
	local := f.local(total)
	if local == total {
		if total > len(rest) || !f.take(total) {
			return nil, false
		}
		return rest[:total], true
	}
	if local+4 > len(rest) || !f.take(total) {
		return nil, false
	}
	f.pieces = append(slices.Grow(f.pieces[:0], total), rest[:local]...)
	next := binary.BigEndian.Uint32(rest[local:])
	for len(f.pieces) < total {
		page := f.page(next)
		if page == nil || !f.use(next) {
			return nil, false
		}
		next = binary.BigEndian.Uint32(page)
		piece := page[4:f.usable]
		f.pieces = append(f.pieces, piece[:min(len(piece), total-len(f.pieces))]...)
	}
	return f.pieces, true
}

// local returns the number of bytes of a record that its leaf holds, as section 1.6 of the
// format's description says.
func (f sqliteFile) local(size int) int {
	most := f.usable - 35
	if size <= most {
		return size
	}
	least := (f.usable-12)*32/255 - 23
	if n := least + (size-least)%(f.usable-4); n <= most {
		return n
	}
	return least
}

// column is one value of a record with its type, as section 2.1 of the format's description
// numbers them.
type column struct {
	kind uint64
	data []byte
}

// recordColumns returns the first columns of a record, fewer if it has fewer or is damaged.
func recordColumns(record []byte, most int) []column {
	size, n := varint(record)
	if n == 0 || size < uint64(n) || size > uint64(len(record)) {
		return nil
	}
	kinds, values := record[n:size], record[size:]
	columns := make([]column, 0, most)
	for len(columns) < most {
		kind, n := varint(kinds)
		if n == 0 {
			break
		}
		kinds = kinds[n:]
		length := uint64(0)
		switch {
		case kind >= 12:
			length = (kind - 12) / 2
		case kind < 10:
			length = [...]uint64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}[kind]
		}
		if length > uint64(len(values)) {
			break
		}
		columns = append(columns, column{kind, values[:length]})
		values = values[length:]
	}
	return columns
}

func (c column) isBlob() bool { return c.kind >= 12 && c.kind%2 == 0 }

// number returns a whole number that 32 bits can hold, 0 if it is another value.
func (c column) number() uint32 {
	if c.kind == 9 {
		return 1
	}
	if c.kind == 0 || c.kind > 6 {
		return 0
	}
	n := uint64(0)
	for _, b := range c.data {
		n = n<<8 | uint64(b)
	}
	if n > 1<<32-1 {
		return 0
	}
	return uint32(n)
}

// varint reads a number of 1 to 9 bytes, the most significant ones first. n is 0 if the bytes end before it.
func varint(b []byte) (value uint64, n int) {
	for i := range min(len(b), 9) {
		if i == 8 {
			return value<<8 | uint64(b[i]), 9
		}
		value = value<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return value, i + 1
		}
	}
	return 0, 0
}
