package main

import (
	"bytes"
	"hash/fnv"
	"io"

	"github.com/tagdiff/tagdiff/registry/demo/layout"
)

// noise returns size bytes that follow from a seed and do not compress.
func noise(seed string, size int) []byte {
	h := fnv.New64a()
	_, _ = io.WriteString(h, seed)
	b := layout.Noise(h.Sum64(), 0, size)
	if size >= markAt+markSize {
		noiseByMark[mark(b[markAt:])] = source{seed: h.Sum64(), bytes: b}
	}
	return bytes.Clone(b)
}

// noiseByMark holds every run of noise by its mark: the bytes by which cutFiller
// finds it in a layer. The mark comes after the ELF header, which replaces the
// first bytes of a program.
var noiseByMark = map[[markSize]byte]source{}

const (
	markAt   = elfHeaderSize
	markSize = 16
	// maxGap is the maximum size of a block header of gzip or zstd, which
	// interrupts a run of noise.
	maxGap = 8
)

// source is a run of noise.
type source struct {
	seed  uint64
	bytes []byte
}

func mark(b []byte) [markSize]byte { return [markSize]byte(b) }

// cutFiller splits a blob into the bytes to store and the noise cut out of them.
func cutFiller(blob []byte) (stored []byte, cut []layout.Filler) {
	var current source
	from := 0 // offset in the bytes of current
	for i := 0; i < len(blob); {
		if i+markSize > len(blob) {
			stored = append(stored, blob[i:]...)
			break
		}
		if found, ok := noiseByMark[mark(blob[i:])]; ok {
			current, from = found, markAt
		} else if n := gap(blob[i:], current.bytes[from:]); n > 0 {
			stored = append(stored, blob[i:i+n]...)
			i += n
		} else {
			stored = append(stored, blob[i])
			i++
			continue
		}
		size := common(blob[i:], current.bytes[from:])
		cut = append(cut, layout.Filler{At: len(stored), Seed: current.seed, From: from, Size: size})
		i, from = i+size, from+size
	}
	return stored, cut
}

// gap returns how many bytes of b come before the rest of a run of noise, or 0.
func gap(b, rest []byte) int {
	if len(rest) < markSize {
		return 0
	}
	for n := 1; n <= maxGap; n++ {
		if bytes.HasPrefix(b[n:], rest[:markSize]) {
			return n
		}
	}
	return 0
}

// common is the length of the common prefix.
func common(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
