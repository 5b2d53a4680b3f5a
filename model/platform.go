package model

import (
	"strings"

	"github.com/containerd/platforms"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Normal returns a platform in its normalized spelling: x86_64 is amd64,
// arm64/v8 is arm64, arm alone is arm/v7 (the rules of containerd).
func Normal(p v1.Platform) v1.Platform {
	if old := strings.TrimPrefix(p.Variant, "arm"); p.Variant != old && strings.HasPrefix(old, "v") {
		p.Variant = old // armv7 and armv8 in manifest lists of 2016
	}
	n := platforms.Normalize(p)
	n.OSFeatures = nil
	return n
}

// PlatformName returns the normalized name of a platform as docker writes it:
// linux/arm/v7, or windows/amd64 with the build in parentheses. It is "" for
// the zero platform.
func PlatformName(p v1.Platform) string {
	if p.OS == "" && p.Architecture == "" {
		return ""
	}
	n := Normal(p)
	name := n.OS
	if n.Architecture != "" {
		name += "/" + n.Architecture
	}
	if n.Variant != "" {
		name += "/" + n.Variant
	}
	if n.OSVersion != "" {
		name += " (" + n.OSVersion + ")"
	}
	return name
}
