package main

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"math/bits"

	"github.com/opencontainers/go-digest"
)

// Two gzips of an archive without files, 1024 zero bytes. They differ in the
// modification time in the header: Go up to 1.7 wrote a fixed modification time, later
// versions write zero.
var (
	emptyGo17 = layer{blob: emptyGzip(0x88, 0x6e, 0x09, 0x00), diffID: emptyTar}.hashed()
	empty     = layer{blob: emptyGzip(0, 0, 0, 0), diffID: emptyTar}.hashed()
)

const emptyTar digest.Digest = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

// emptyGzip returns such a gzip. The arguments are the modification time in the
// header, highest byte first.
func emptyGzip(m3, m2, m1, m0 byte) []byte {
	return []byte{
		0x1f, 0x8b, 8, 0, m0, m1, m2, m3, 0, 0xff,
		0x62, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x8c, 0x58, 0x00, 0x08, 0x00, 0x00, 0xff, 0xff,
		0x2e, 0xaf, 0xb5, 0xef, 0x00, 0x04, 0x00, 0x00,
	}
}

// Headers of gzip as Go writes it, and as klauspost/pgzip does.
var (
	gzipHeader  = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}
	pgzipHeader = []byte{0x1f, 0x8b, 8, 0, 0x00, 0x09, 0x6e, 0x88, 0, 0xff}
)

// packer writes a gzip and hashes its input. It contains a small compressor,
// because the digests must not change when the compressor of a library does. It
// shortens runs of one byte, which are most of a tar header, and nothing else.
type packer struct {
	out   []byte
	acc   uint64 // bits not yet written, the first one lowest
	held  uint   // number of bits in acc
	crc   uint32
	size  uint32
	tar   hash.Hash
	store bool // use stored blocks, without compression
}

func newPacker(header []byte, room int) *packer {
	return &packer{out: append(make([]byte, 0, room), header...), tar: sha256.New()}
}

// Write adds p to the archive.
func (z *packer) Write(p []byte) (int, error) {
	z.tar.Write(p)
	z.crc = crc32.Update(z.crc, crc32.IEEETable, p)
	z.size += uint32(len(p))
	if z.store {
		z.stored(p)
	} else if len(p) > 0 {
		z.runs(p)
	}
	return len(p), nil
}

// close ends the gzip and returns it.
func (z *packer) close() []byte {
	z.put(0b011, 3) // last block, fixed codes
	z.put(0, 7)     // end of block
	z.align()
	z.out = binary.LittleEndian.AppendUint32(z.out, z.crc)
	return binary.LittleEndian.AppendUint32(z.out, z.size)
}

// stored writes p in stored blocks (RFC 1951, 3.2.4).
func (z *packer) stored(p []byte) {
	for len(p) > 0 {
		n := min(len(p), 0xffff)
		z.put(0b000, 3)
		z.align()
		z.out = binary.LittleEndian.AppendUint16(z.out, uint16(n))
		z.out = binary.LittleEndian.AppendUint16(z.out, ^uint16(n))
		z.out = append(z.out, p[:n]...)
		p = p[n:]
	}
}

// runs writes p in one block of fixed codes (RFC 1951, 3.2.6). The only matches
// are repetitions of the previous byte.
func (z *packer) runs(p []byte) {
	z.put(0b010, 3)
	for i := 0; i < len(p); {
		z.literal(p[i])
		run := i + 1
		for run < len(p) && p[run] == p[i] {
			run++
		}
		i += 1 + z.copies(run-i-1)
	}
	z.put(0, 7)
}

// copies repeats the last byte up to n times and returns how often it did. The
// shortest match of the format is three bytes.
func (z *packer) copies(n int) int {
	done := 0
	for left := n; left >= 3; left = n - done {
		k := min(left, 10)
		if left >= 258 {
			k = 258
			z.code(0xc5, 8) // length 258
		} else {
			z.code(uint64(k-2), 7) // lengths 3 to 10
		}
		z.put(0, 5) // distance 1
		done += k
	}
	return done
}

func (z *packer) literal(b byte) {
	if b < 144 {
		z.code(0x30+uint64(b), 8)
	} else {
		z.code(0x190+uint64(b)-144, 9)
	}
}

// code writes a Huffman code, highest bit first.
func (z *packer) code(c uint64, n uint) { z.put(bits.Reverse64(c)>>(64-n), n) }

// put writes n bits, lowest first.
func (z *packer) put(v uint64, n uint) {
	z.acc |= v << z.held
	for z.held += n; z.held >= 8; z.held -= 8 {
		z.out = append(z.out, byte(z.acc))
		z.acc >>= 8
	}
}

func (z *packer) align() {
	if z.held > 0 {
		z.put(0, 8-z.held)
	}
}
