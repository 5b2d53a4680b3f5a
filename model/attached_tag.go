package model

import (
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"
)

// attachedTag matches tags that are named after the digest of an image and hold
// something attached to it: signatures, attestations and SBOMs of cosign, or
// the list of referrers of registries without the referrers API
// (distribution-spec, "Referrers Tag Schema").
var attachedTag = regexp.MustCompile(`^(sha256|sha512)-([0-9a-f]{64,128})(\.[a-z0-9]+)?$`)

// AttachedTo returns the image that a tag named after a digest is attached to,
// and the kind of its content: "referrers", "sig", "att" or "sbom". For all
// other tags both results are "".
func AttachedTo(tag string) (image digest.Digest, what string) {
	if !strings.HasPrefix(tag, "sha") { // fast path: lists have thousands of tags, few of them attached
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

// IsAttached reports whether a tag only holds something that is attached to an image.
func IsAttached(tag string) bool {
	_, what := AttachedTo(tag)
	return what != ""
}
