package inside

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/accounts"
	"github.com/tagdiff/tagdiff/model/program"
)

// The binary form of a layer is for files on this computer. It begins with the magic text, a
// version, and the SHA-256 of the rest, which finds damage. The rest is two parts: the hashes of
// the entries, which do not compress, and a zstd stream of everything else. Entries follow in the
// order of the archive, each with what differs from the one before.
const (
	binaryMagic   = "tagdiff layer "
	binaryVersion = 10 // of the form, and of what is read of a layer: Kind, attributes, Normal, Program, packages, accounts, keys
	binaryHead    = len(binaryMagic) + 1 + sha256.Size
	binaryWindow  = 1 << 20
	binaryBuffer  = 32 << 10 // of the decoder
)

// The flags of an entry.
const (
	hasNewAttributes = 1 << iota
	hasSum
	isEmptyFile // Sum is NoContent
	hasNormal
	hasFraction // of the second
	hasProgram
)

// ErrNotThisForm says that bytes are not the binary form of a layer of this version, or that
// they are damaged.
var ErrNotThisForm = errors.New("not a list of files that this version wrote")

// MarshalBinary returns the binary form of a layer.
func (l *Layer) MarshalBinary() ([]byte, error) {
	e := encoder{attrIDs: map[uint32]uint64{}, programIDs: map[int32]uint64{}}
	e.header(l)
	e.uvarint(uint64(l.Files.Len())) //nolint:gosec // not negative
	for i := range l.Files.Len() {
		e.entry(l.Files.t, i)
	}
	e.packages(l)
	e.accounts(l.Accounts)
	return seal(e.sums, e.rest)
}

// seal makes the binary form of its two parts.
func seal(sums, rest []byte) ([]byte, error) {
	out := make([]byte, binaryHead, binaryHead+binary.MaxVarintLen64+len(sums)+len(rest)/2)
	copy(out, binaryMagic)
	out[len(binaryMagic)] = binaryVersion
	out = binary.AppendUvarint(out, uint64(len(sums)))
	out = append(out, sums...)
	packed := bytes.NewBuffer(out)
	z, err := zstd.NewWriter(packed, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(binaryWindow), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(rest); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	out = packed.Bytes()
	sum := sha256.Sum256(out[binaryHead:])
	copy(out[binaryHead-sha256.Size:], sum[:])
	return out, nil
}

// encoder collects the two parts of the binary form.
type encoder struct {
	sums, rest []byte
	attrIDs    map[uint32]uint64 // the numbers of attributes, which are in the order of their first use
	programIDs map[int32]uint64  // those of programs, also
	lastAttr   uint64
	path, link string
	sec        int64
}

func (e *encoder) uvarint(n uint64) { e.rest = binary.AppendUvarint(e.rest, n) }
func (e *encoder) varint(n int64)   { e.rest = binary.AppendVarint(e.rest, n) }

func (e *encoder) text(s string) {
	e.uvarint(uint64(len(s)))
	e.rest = append(e.rest, s...)
}

func (e *encoder) texts(all []string) {
	e.uvarint(uint64(len(all)))
	for _, s := range all {
		e.text(s)
	}
}

// after writes a text by what it has in common with the one before.
func (e *encoder) after(last, s string) {
	n := 0
	for n < min(len(last), len(s)) && last[n] == s[n] {
		n++
	}
	e.uvarint(uint64(n)) //nolint:gosec // not negative
	e.text(s[n:])
}

func (e *encoder) header(l *Layer) {
	e.uvarint(uint64(l.How))
	e.text(string(l.Blob))
	e.varint(l.Packed)
	e.text(string(l.DiffID))
	e.varint(l.Unpacked)
	e.text(l.Broken)
	e.uvarint(uint64(len(l.Left)))
	for _, left := range l.Left {
		e.uvarint(uint64(left.Kind))
		e.text(left.Text)
	}
	r := l.Remarks
	for _, list := range [][]string{r.Repeated, r.Replaced, r.Escaping, r.DeletedAndGiven, r.DeviceDeletions, l.TOCDiffers} {
		e.texts(list)
	}
	e.varint(l.Remarks.Hidden)
	e.varint(l.Remarks.Trailing)
	e.varint(int64(l.Remarks.Unhashed))
	e.uvarint(uint64(len(l.TOCDigests)))
	for _, d := range l.TOCDigests {
		e.text(string(d))
	}
	hasRecords := uint64(0)
	if l.HasRecords {
		hasRecords = 1
	}
	e.uvarint(hasRecords)
	e.text(l.Format)
	e.uvarint(uint64(len(l.PrivateKeys)))
	for _, sum := range l.PrivateKeys {
		e.sums = append(e.sums, sum[:]...)
	}
}

func (e *encoder) entry(t *table, i int) {
	r, a, normal, program := t.row(i), t.attrs[t.row(i).attr], t.normal(i), t.program(i)
	attr, known := e.attrIDs[r.attr]
	if !known {
		attr = uint64(len(e.attrIDs))
		e.attrIDs[r.attr] = attr
	}
	flags := uint64(0)
	set := func(flag uint64, is bool) {
		if is {
			flags |= flag
		}
	}
	set(hasNewAttributes, !known)
	set(isEmptyFile, r.sum == NoContent)
	set(hasSum, r.sum != Hash{} && r.sum != NoContent)
	set(hasNormal, normal != Hash{})
	set(hasFraction, r.nsec != 0)
	set(hasProgram, program != noProgram)
	e.uvarint(flags)
	path := t.path(i)
	e.after(e.path, path)
	e.path = path
	e.attributes(t, a, attr, known)
	e.varint(r.sec - e.sec) // wraps around, and back
	e.sec = r.sec
	if flags&hasFraction != 0 {
		e.uvarint(uint64(r.nsec))
	}
	if flags&hasSum != 0 {
		e.sums = append(e.sums, r.sum[:]...)
	}
	if flags&hasNormal != 0 {
		e.sums = append(e.sums, normal[:]...)
	}
	if flags&hasProgram != 0 {
		e.program(t, program)
	}
	switch a.kind {
	case File:
		e.varint(r.value)
	case Symlink, Hardlink:
		link := t.texts.part(unpackedSpan(r.value))
		e.after(e.link, link)
		e.link = link
	case CharDevice, BlockDevice:
		e.varint(t.devices[r.value][0])
		e.varint(t.devices[r.value][1])
	}
}

// program writes the number of a known program, or a new one after the number 0.
func (e *encoder) program(t *table, at int32) {
	if id, known := e.programIDs[at]; known {
		e.uvarint(id)
		return
	}
	e.programIDs[at] = uint64(len(e.programIDs) + 1) //nolint:gosec // not negative
	p := t.programs[at]
	e.uvarint(0)
	e.uvarint(uint64(p.Format))
	kind := uint64(p.Type) << 1
	if p.Cut {
		kind |= 1
	}
	e.uvarint(kind)
	for _, s := range []string{p.Machine, p.Interpreter, p.Argument, p.BuildID} {
		e.text(s)
	}
}

// attributes writes the number of known attributes, as the difference to the last one, or new ones.
func (e *encoder) attributes(t *table, a attributes, id uint64, known bool) {
	if known {
		e.varint(int64(id) - int64(e.lastAttr)) //nolint:gosec // both are small
		e.lastAttr = id
		return
	}
	e.lastAttr = id
	kind := uint64(a.kind) << 1
	if a.implied {
		kind |= 1
	}
	e.uvarint(kind)
	e.uvarint(uint64(a.mode))
	e.varint(int64(a.uid))
	e.varint(int64(a.gid))
	if a.xattrs == noXattrs {
		e.uvarint(0)
		return
	}
	e.uvarint(uint64(len(t.xattrs[a.xattrs])))
	for _, x := range t.xattrs[a.xattrs] {
		e.text(x.Name)
		e.text(x.Value)
	}
}

// accounts writes the users and groups of a layer, which follow its packages.
func (e *encoder) accounts(f accounts.Found) {
	e.rest = append(e.rest, f.Passwd.Sum[:]...)
	e.uvarint(uint64(len(f.Passwd.Users)))
	for _, u := range f.Passwd.Users {
		e.text(u.Name)
		e.varint(int64(u.UID))
		e.varint(int64(u.GID))
	}
	e.rest = append(e.rest, f.Group.Sum[:]...)
	e.uvarint(uint64(len(f.Group.Groups)))
	for _, g := range f.Group.Groups {
		e.text(g.Name)
		e.varint(int64(g.GID))
		e.texts(g.Members)
	}
}

// UnmarshalBinary reads the binary form of a layer. It trusts none of its numbers: what they ask
// for is taken only as far as there are bytes. The error is ErrNotThisForm.
func (l *Layer) UnmarshalBinary(data []byte) error {
	if len(data) < binaryHead || string(data[:len(binaryMagic)]) != binaryMagic || data[len(binaryMagic)] != binaryVersion {
		return ErrNotThisForm
	}
	rest := data[binaryHead:]
	if sha256.Sum256(rest) != [sha256.Size]byte(data[binaryHead-sha256.Size:binaryHead]) {
		return ErrNotThisForm
	}
	sums, n := binary.Uvarint(rest)
	if n <= 0 || sums > uint64(len(rest)-n) {
		return ErrNotThisForm
	}
	rest = rest[n:]
	z, err := zstd.NewReader(bytes.NewReader(rest[sums:]), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(binaryWindow))
	if err != nil {
		return ErrNotThisForm
	}
	defer z.Close()
	d := decoderState{in: bufio.NewReaderSize(z, binaryBuffer), sums: rest[:sums], max: usual}
	out := d.layer(len(rest))
	if d.failed || len(d.sums) > 0 {
		return ErrNotThisForm
	}
	if _, err := d.in.ReadByte(); !errors.Is(err, io.EOF) {
		return ErrNotThisForm
	}
	*l = *out
	return nil
}

// decoderState reads the two parts of the binary form. After a fault it returns zeros.
type decoderState struct {
	in         *bufio.Reader
	sums       []byte
	max        bounds
	failed     bool
	list       *builder
	attrs      []Entry // with Kind, Implied, Mode, UID, GID, Xattrs
	lastAttr   int64
	path, link []byte
	sec        int64
	extraBytes int
	programs   []*program.Program
}

func (d *decoderState) fail() { d.failed = true }

func (d *decoderState) uvarint() uint64 { return decodeNumber(d, binary.Uvarint) }
func (d *decoderState) varint() int64   { return decodeNumber(d, binary.Varint) }

// decodeNumber reads a number from what the buffer holds: byte by byte takes three times as long.
func decodeNumber[T uint64 | int64](d *decoderState, decode func([]byte) (T, int)) T {
	next, _ := d.in.Peek(binary.MaxVarintLen64) // less at the end
	n, length := decode(next)
	if length <= 0 || d.failed {
		d.fail()
		return 0
	}
	_, _ = d.in.Discard(length) // peeked
	return n
}

// length reads a length of at most max.
func (d *decoderState) length(max int) int {
	n := d.uvarint()
	if n > uint64(max) { //nolint:gosec // not negative
		d.fail()
		return 0
	}
	return int(n) //nolint:gosec // at most max
}

// append reads a text of at most max bytes, and appends it to b.
func (d *decoderState) append(b []byte, max int) []byte {
	for n := d.length(max); n > 0 && !d.failed; {
		part, err := d.in.Peek(min(n, d.in.Size()))
		if err != nil {
			d.fail()
			break
		}
		b = append(b, part...)
		_, _ = d.in.Discard(len(part)) // peeked
		n -= len(part)
	}
	return b
}

func (d *decoderState) text(max int) string { return string(d.append(nil, max)) }

func (d *decoderState) texts() []string {
	var all []string
	for n := d.length(d.max.remarks + 100); n > 0 && !d.failed; n-- {
		all = append(all, d.text(maxRecordedName))
	}
	return all
}

func (d *decoderState) left() []Left {
	var all []Left
	for n := d.length(d.max.remarks + 100); n > 0 && !d.failed; n-- {
		all = append(all, Left{LeftKind(d.length(int(lastLeftKind))), d.text(maxRecordedName)}) //nolint:gosec // limited
	}
	return all
}

// maxRecordedName limits the names in remarks: archive/tar reads none that are longer.
const maxRecordedName = 1 << 20

// after reads a text that begins like last, and returns it in place of last.
func (d *decoderState) after(last []byte) []byte {
	n := d.length(len(last))
	return d.append(last[:n], max(0, d.max.path-n))
}

func (d *decoderState) digest() digest.Digest {
	s := digest.Digest(d.text(200)) //nolint:mnd // more than any digest
	if s != "" && s.Validate() != nil {
		d.fail()
	}
	return s
}

func (d *decoderState) sum() (h Hash) {
	if len(d.sums) < len(h) {
		d.fail()
		return h
	}
	copy(h[:], d.sums)
	d.sums = d.sums[len(h):]
	return h
}

func (d *decoderState) layer(size int) *Layer {
	l := &Layer{
		How: How(d.length(int(Start))), Blob: d.digest(), Packed: d.varint(), DiffID: d.digest(), Unpacked: d.varint(), //nolint:gosec // small
		Broken: d.text(maxRecordedName), Left: d.left(),
	}
	r := &l.Remarks
	for _, list := range []*[]string{&r.Repeated, &r.Replaced, &r.Escaping, &r.DeletedAndGiven, &r.DeviceDeletions, &l.TOCDiffers} {
		*list = d.texts()
	}
	r.Hidden, r.Trailing, r.Unhashed = d.varint(), d.varint(), int(d.varint())
	for range d.length(maxTOCDigests) {
		l.TOCDigests = append(l.TOCDigests, d.digest())
	}
	l.HasRecords = d.length(1) == 1
	l.Format = d.text(len("gzip"))
	for n := d.length(d.max.remarks); n > 0 && !d.failed; n-- {
		l.PrivateKeys = append(l.PrivateKeys, d.sum())
	}
	d.list = newBuilder()
	var e Entry
	n := d.length(2*d.max.entries + d.max.path)
	const bytesOfEntry = 16 // the least of a usual layer: a hostile form claims more
	if n < size/bytesOfEntry {
		d.list.expect(n)
	}
	for ; n > 0 && !d.failed; n-- {
		if d.list.held()+d.extraBytes > 2*d.max.names {
			d.fail()
		}
		if d.entry(&e); !d.failed && d.isRepeated(&e) {
			d.fail() // a list has a path once
		}
	}
	l.Files = d.list.list()
	d.packages(l)
	l.Accounts = d.accounts()
	return l
}

// accounts reads the users and groups of a layer.
func (d *decoderState) accounts() (f accounts.Found) {
	room := 2 * accounts.MaxFile // for names and members, each of which takes one byte besides its text
	name := func() string {
		s := d.text(accounts.MaxFile)
		if room -= len(s) + 1; room < 0 {
			d.fail()
		}
		return s
	}
	sum := func() (h Hash) {
		if _, err := io.ReadFull(d.in, h[:]); err != nil {
			d.fail()
		}
		return h
	}
	f.Passwd.Sum = sum()
	for n := d.length(accounts.MaxLines); n > 0 && !d.failed; n-- {
		f.Passwd.Users = append(f.Passwd.Users, accounts.User{Name: name(), UID: int(d.varint()), GID: int(d.varint())})
	}
	f.Group.Sum = sum()
	for n := d.length(accounts.MaxLines); n > 0 && !d.failed; n-- {
		g := accounts.Group{Name: name(), GID: int(d.varint())}
		for m := d.length(accounts.MaxFile); m > 0 && !d.failed; m-- {
			g.Members = append(g.Members, name())
		}
		f.Group.Groups = append(f.Group.Groups, g)
	}
	return f
}

// isRepeated adds an entry to the list, and reports whether the list had its path.
func (d *decoderState) isRepeated(e *Entry) bool {
	_, replaced := d.list.put(e)
	return replaced
}

// entry reads one entry.
func (d *decoderState) entry(e *Entry) {
	flags := d.uvarint()
	d.path = d.after(d.path)
	*e = d.attributes(flags)
	e.Path = string(d.path)
	d.sec += d.varint()
	nsec := uint64(0)
	if flags&hasFraction != 0 {
		nsec = d.uvarint()
	}
	if nsec >= uint64(time.Second) {
		d.fail()
	}
	e.Time = time.Unix(d.sec, int64(nsec)) //nolint:gosec // less than a second
	switch {
	case flags&isEmptyFile != 0:
		e.Sum = NoContent
	case flags&hasSum != 0:
		e.Sum = d.sum()
	}
	if flags&hasNormal != 0 {
		e.Normal = d.sum()
	}
	if flags&hasProgram != 0 {
		e.Program = d.program()
	}
	switch e.Kind {
	case File:
		e.Size = d.varint()
	case Symlink, Hardlink:
		d.link = d.after(d.link)
		e.Link = string(d.link)
	case CharDevice, BlockDevice:
		e.Major, e.Minor = d.varint(), d.varint()
	}
}

// program reads a program, nil after a fault.
func (d *decoderState) program() *program.Program {
	if id := d.uvarint(); id > uint64(len(d.programs)) {
		d.fail()
		return nil
	} else if id > 0 {
		return d.programs[id-1]
	}
	format, kind := d.length(int(program.Wasm)), d.length(int(program.Firmware)<<1|1)
	p := &program.Program{
		Format: program.Format(format), Type: program.Type(kind >> 1), Cut: kind&1 != 0, //nolint:gosec // limited
		Machine: d.text(program.HeadSize), Interpreter: d.text(program.HeadSize), Argument: d.text(program.HeadSize),
		BuildID: d.text(program.HeadSize),
	}
	if p.Format == 0 {
		d.fail()
	}
	d.extraBytes += programSize + len(p.Interpreter) + len(p.Argument) + len(p.BuildID)
	d.programs = append(d.programs, p)
	return p
}

// attributes returns an entry with the attributes that come next.
func (d *decoderState) attributes(flags uint64) Entry {
	if flags&hasNewAttributes == 0 {
		d.lastAttr += d.varint()
		if d.lastAttr < 0 || d.lastAttr >= int64(len(d.attrs)) {
			d.fail()
			d.lastAttr = 0
			return Entry{}
		}
		return d.attrs[d.lastAttr]
	}
	kind := d.length(int(Other)<<1 | 1)
	e := Entry{
		Kind: Kind(kind >> 1), Implied: kind&1 != 0, Mode: uint16(d.length(math.MaxUint16)), //nolint:gosec // limited
		UID: int(d.varint()), GID: int(d.varint()),
	}
	for n := d.length(d.max.xattrs); n > 0 && !d.failed; n-- {
		x := Xattr{d.text(d.max.xattrs), d.text(d.max.xattrs)}
		d.extraBytes += len(x.Name) + len(x.Value)
		e.Xattrs = append(e.Xattrs, x)
	}
	if e.Kind == 0 {
		d.fail()
	}
	d.lastAttr = int64(len(d.attrs))
	d.attrs = append(d.attrs, e)
	return e
}
