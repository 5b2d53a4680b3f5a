package model

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

func TestAttachedTo(t *testing.T) {
	hex := strings.Repeat("ab", 32)
	tests := []struct {
		tag   string
		image digest.Digest
		what  string
	}{
		{"sha256-" + hex, digest.Digest("sha256:" + hex), "referrers"},
		{"sha256-" + hex + ".sig", digest.Digest("sha256:" + hex), "sig"},
		{"sha512-" + hex + hex + ".att", digest.Digest("sha512:" + hex + hex), "att"},
		{"sha256-" + hex[:40], "", ""},
		{"sha-1a2b3c4", "", ""},
		{"latest", "", ""},
		{"app-sha256-" + hex, "", ""},
	}
	for _, tt := range tests {
		if image, what := AttachedTo(tt.tag); image != tt.image || what != tt.what {
			t.Errorf("%s belongs to %q as %q", tt.tag, image, what)
		}
	}
}
