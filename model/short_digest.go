package model

import (
	"strings"

	"github.com/opencontainers/go-digest"
)

// ShortDigest returns the algorithm and the first 12 hex digits of a digest, for error
// messages. A digest without an algorithm is returned whole.
func ShortDigest(d digest.Digest) string {
	algorithm, hex, ok := strings.Cut(d.String(), ":")
	if !ok {
		return d.String()
	}
	return algorithm + ":" + hex[:min(len(hex), 12)]
}
