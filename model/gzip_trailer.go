package model

import (
	"encoding/binary"
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// TrailerSize is the size of the end of a gzip member in bytes: the CRC-32 and the
// length of the unpacked data (RFC 1952, section 2.3.1).
const TrailerSize = 8

// Trailer is the end of a gzip blob, or what it must be for a layer that was read whole. At
// the end of a blob it speaks of the last member only, and padding behind the member moves
// it, so equal data can have different trailers.
type Trailer struct {
	CRC  uint32 // CRC-32 of the unpacked data
	Size uint32 // its length in bytes modulo 2^32
}

// ParseTrailer reads the last TrailerSize bytes of a gzip blob. It returns nil for any
// other number of bytes.
func ParseTrailer(raw []byte) *Trailer {
	if len(raw) != TrailerSize {
		return nil
	}
	return &Trailer{CRC: binary.LittleEndian.Uint32(raw), Size: binary.LittleEndian.Uint32(raw[4:])}
}

// IsGzip reports whether a layer is compressed with gzip, as its media type claims.
func IsGzip(d v1.Descriptor) bool { return strings.HasSuffix(d.MediaType, "gzip") }
