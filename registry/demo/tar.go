package demo

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
)

// layer is an archive of files as a registry keeps it: packed.
type layer struct {
	blob   []byte
	digest digest.Digest // of blob
	diffID digest.Digest // of the archive
	zstd   bool
	// away is where the bytes are when no registry may keep them, and size how many.
	away string
	size int64
}

func (l layer) hashed() layer {
	l.digest, l.size = digest.FromBytes(l.blob), int64(len(l.blob))
	return l
}

// file is one entry of a layer: content that is given, or size bytes that
// follow from a seed.
type file struct {
	name    string
	mode    int64
	content string
	seed    string
	size    int
	machine uint16 // of a program
	link    string
	uid     int
}

// of is the file with an owner.
func (f file) of(uid int) file {
	f.uid = uid
	return f
}

// text is a small file.
func text(name, content string) file { return file{name: name, mode: 0o644, content: content} }

// blob is size bytes that do not compress, the same for the same name and seed.
func blob(name, seed string, size int) file {
	return file{name: name, mode: 0o644, seed: seed, size: size}
}

// program is a blob whose header says which machine it is for.
func program(name, seed string, machine uint16, size int) file {
	return file{name: name, mode: 0o755, seed: seed, size: size, machine: machine}
}

// folder is a directory; its name ends in a slash.
func folder(name string) file { return file{name: name, mode: 0o755} }

func symlink(name, to string) file { return file{name: name, mode: 0o777, link: to} }

// Machines that a program can be for, as ELF numbers them.
const (
	x86    = 62
	x86old = 3
	arm    = 40
	arm8   = 183
	ppc64  = 21
	s390   = 22
)

func (f file) bytes() []byte {
	if f.size == 0 {
		return []byte(f.content)
	}
	b := noise(f.seed+"/"+f.name, f.size)
	if f.machine != 0 {
		copy(b, elfHeader(f.machine))
	}
	return b
}

// elfHeader is how an executable for a machine begins.
func elfHeader(machine uint16) []byte {
	class, order := byte(2), binary.ByteOrder(binary.LittleEndian)
	if machine == arm || machine == x86old {
		class = 1 // 32 bits
	}
	if machine == s390 {
		order = binary.BigEndian
	}
	header := append([]byte{0x7f, 'E', 'L', 'F', class, 1, 1}, make([]byte, 57)...)
	if machine == s390 {
		header[5] = 2
	}
	order.PutUint16(header[16:], 2) // an executable
	order.PutUint16(header[18:], machine)
	order.PutUint32(header[20:], 1)
	return header
}

// noise is size bytes that follow from seed (splitmix64) and do not compress.
func noise(seed string, size int) []byte {
	h := fnv.New64a()
	_, _ = io.WriteString(h, seed)
	state := h.Sum64()
	out := make([]byte, 0, size+8)
	for len(out) < size {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		out = binary.LittleEndian.AppendUint64(out, z^z>>31)
	}
	return out[:size]
}

// files is a layer that holds them, all written at one time: what BuildKit
// makes with SOURCE_DATE_EPOCH.
func files(all ...file) layer { return filesAt(time.Unix(1569888000, 0), all...) }

// filesAt is a layer whose files were written at a given time. A step that
// runs again makes the same files with other times, and so another layer.
func filesAt(at time.Time, all ...file) layer {
	recipe := fmt.Sprintf("%d %#v", at.Unix(), all)
	if l, ok := layers.Load(recipe); ok {
		return l.(layer)
	}
	l := pack(at, all)
	layers.Store(recipe, l)
	return l
}

// layers are those that have been made: images share most of theirs, and
// hashing is what making them costs.
var layers sync.Map

func pack(at time.Time, all []file) layer {
	room := 256
	for _, f := range all {
		room += max(len(f.content), f.size) + 512
	}
	z := newPacker(gzipHeader, room)
	w := tar.NewWriter(z)
	for _, f := range all {
		b := f.bytes()
		must(w.WriteHeader(f.header(at, len(b))))
		z.store = f.size > 0
		_, err := w.Write(b)
		must(err)
		z.store = false
		must(w.Flush())
	}
	must(w.Close())
	l := layer{blob: z.close()}
	l.diffID = digest.NewDigest(digest.SHA256, z.tar)
	return l.hashed()
}

func (f file) header(at time.Time, size int) *tar.Header {
	h := &tar.Header{Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(size), ModTime: at, Uid: f.uid, Gid: f.uid}
	switch {
	case f.link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
	case strings.HasSuffix(f.name, "/"):
		h.Typeflag = tar.TypeDir
	}
	return h
}

// repacked is the same archive, gzipped once more by another tool: podman and
// skopeo do so on the way from one registry to another.
func (l layer) repacked() layer {
	archive := l.unpacked()
	z := newPacker(pgzipHeader, len(archive)+len(archive)/1000+64)
	z.store = true
	_, _ = z.Write(archive)
	return layer{blob: z.close(), diffID: l.diffID}.hashed()
}

// zstandard is the same archive in a zstd frame (RFC 8878) of raw blocks.
func (l layer) zstandard() layer {
	const most = 128 << 10 // what a block holds at most
	archive := l.unpacked()
	out := binary.LittleEndian.AppendUint32(nil, 0xfd2fb528)
	out = append(out, 0b1010_0000) // one segment, its size in four bytes
	out = binary.LittleEndian.AppendUint32(out, uint32(len(archive)))
	for len(archive) > 0 {
		n := min(len(archive), most)
		head := uint32(n) << 3 // a raw block
		if n == len(archive) {
			head |= 1 // the last one
		}
		out = append(out, byte(head), byte(head>>8), byte(head>>16))
		out = append(out, archive[:n]...)
		archive = archive[n:]
	}
	return layer{blob: out, diffID: l.diffID, zstd: true}.hashed()
}

func (l layer) unpacked() []byte {
	r, err := gzip.NewReader(bytes.NewReader(l.blob))
	must(err)
	archive, err := io.ReadAll(r)
	must(err)
	return archive
}

// must stops on an error that only a mistake in this package's constants can
// cause; its tests run all of them.
func must(err error) {
	if err != nil {
		panic("demo: " + err.Error())
	}
}
