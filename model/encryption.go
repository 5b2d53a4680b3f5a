package model

import (
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// IsEncrypted reports whether a layer is encrypted: its blob is cipher text that only a
// key opens (containers/ocicrypt, "spec.go", media types that end in +encrypted).
func IsEncrypted(d v1.Descriptor) bool { return strings.HasSuffix(d.MediaType, "+encrypted") }

// HasKey reports whether an annotation of an encrypted layer has the key that opens it, wrapped for
// its readers (containers/ocicrypt, "spec.go").
func HasKey(d v1.Descriptor) bool {
	for name := range d.Annotations {
		if strings.HasPrefix(name, "org.opencontainers.image.enc.keys.") {
			return true
		}
	}
	return false
}

// Encrypted returns the steps of an image whose layers are encrypted.
func (img Image) Encrypted() []Step {
	var encrypted []Step
	for _, s := range img.Steps {
		if s.HasLayer && IsEncrypted(s.Layer) {
			encrypted = append(encrypted, s)
		}
	}
	return encrypted
}
