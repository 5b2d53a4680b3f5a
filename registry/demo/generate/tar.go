package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
)

// layer is a compressed archive of files.
type layer struct {
	blob   []byte
	digest digest.Digest // of blob
	diffID digest.Digest // of the archive
	zstd   bool
	// away is the URL of a layer that no registry may store.
	away string
	size int64
}

func (l layer) hashed() layer {
	l.digest, l.size = digest.FromBytes(l.blob), int64(len(l.blob))
	return l
}

// file is one entry of a layer, with a given content or size bytes of noise.
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

// as is the file with permissions.
func (f file) as(mode int64) file {
	f.mode = mode
	return f
}

// text is a small file.
func text(name, content string) file { return file{name: name, mode: 0o644, content: content} }

// blob is a file of size bytes of noise. Name and seed determine the bytes.
func blob(name, seed string, size int) file {
	return file{name: name, mode: 0o644, seed: seed, size: size}
}

// program is a blob with the ELF header of a machine.
func program(name, seed string, machine uint16, size int) file {
	return file{name: name, mode: 0o755, seed: seed, size: size, machine: machine}
}

// folder is a directory; its name ends in a slash.
func folder(name string) file { return file{name: name, mode: 0o755} }

func symlink(name, to string) file { return file{name: name, mode: 0o777, link: to} }

// Machines of programs, as numbered in ELF headers.
const (
	x86    = 62
	x86old = 3
	arm    = 40
	arm8   = 183
	ppc64  = 21
	s390   = 22
)

const elfHeaderSize = 64

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

// elfHeader returns the header of an executable for a machine.
func elfHeader(machine uint16) []byte {
	class, order := byte(2), binary.ByteOrder(binary.LittleEndian)
	if machine == arm || machine == x86old {
		class = 1 // 32 bits
	}
	if machine == s390 {
		order = binary.BigEndian
	}
	header := make([]byte, elfHeaderSize)
	copy(header, []byte{0x7f, 'E', 'L', 'F', class, 1, 1})
	if machine == s390 {
		header[5] = 2
	}
	order.PutUint16(header[16:], 2) // an executable
	order.PutUint16(header[18:], machine)
	order.PutUint32(header[20:], 1)
	return header
}

// files is a layer of files with one modification time, as BuildKit makes it
// with SOURCE_DATE_EPOCH.
func files(all ...file) layer { return filesAt(time.Unix(1569888000, 0), all...) }

// filesAt is a layer of files with a given modification time. A step that runs
// again makes the same files with other times, so another layer.
func filesAt(at time.Time, all ...file) layer {
	recipe := fmt.Sprintf("%d %#v", at.Unix(), all)
	l, ok := layers[recipe]
	if !ok {
		l = pack(at, all)
		layers[recipe] = l
	}
	return l
}

// layers caches layers by recipe: images share most of theirs.
var layers = map[string]layer{}

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
	h := &tar.Header{Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(size), ModTime: at,
		Uid: f.uid, Gid: f.uid}
	switch {
	case f.link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
	case strings.HasSuffix(f.name, "/"):
		h.Typeflag = tar.TypeDir
	}
	return h
}

// repacked is the same archive, compressed again by another tool, as podman and
// skopeo do on a copy between registries.
func (l layer) repacked() layer {
	archive := l.unpacked()
	z := newPacker(pgzipHeader, len(archive)+len(archive)/1000+64)
	z.store = true
	_, _ = z.Write(archive)
	return layer{blob: z.close(), diffID: l.diffID}.hashed()
}

// zstandard is the same archive in a zstd frame (RFC 8878) of raw blocks.
func (l layer) zstandard() layer {
	const most = 128 << 10 // the maximum of a block
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

// must panics on an error, which only a mistake in the constants of this package
// can cause.
func must(err error) {
	if err != nil {
		panic("demo: " + err.Error())
	}
}
