package model

import (
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"
)

// attachedTag is the form of tags that stand for what is attached to an image:
// signatures and the like of cosign, and the list of referrers where the API
// for it is missing (distribution-spec, "Referrers Tag Schema").
var attachedTag = regexp.MustCompile(`^(sha256|sha512)-([0-9a-f]{64,128})(\.[a-z0-9]+)?$`)

// AttachedTo is the image that a tag named after a digest belongs to, and what
// it holds: "referrers", "sig", "att", "sbom". A tag that a person would use
// belongs to none.
func AttachedTo(tag string) (image digest.Digest, what string) {
	if !strings.HasPrefix(tag, "sha") { // most have another name, and there are thousands
		return "", ""
	}
	m := attachedTag.FindStringSubmatch(tag)
	if m == nil {
		return "", ""
	}
	if what = strings.TrimPrefix(m[3], "."); what == "" {
		what = "referrers"
	}
	return digest.Digest(m[1] + ":" + m[2]), what
}
