package model

import (
	"github.com/containerd/platforms"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Normal is a platform in its one spelling: x86_64 is amd64, arm64/v8 is
// arm64, arm alone is arm/v7 (containerd's rules).
func Normal(p v1.Platform) v1.Platform {
	n := platforms.Normalize(p)
	n.OSFeatures = nil
	return n
}

// PlatformName is a platform as docker writes it, normalised: linux/arm/v7,
// windows/amd64 with the build in brackets. It is "" for the zero platform.
func PlatformName(p v1.Platform) string {
	if p.OS == "" && p.Architecture == "" {
		return ""
	}
	n := Normal(p)
	name := n.OS + "/" + n.Architecture
	if n.Variant != "" {
		name += "/" + n.Variant
	}
	if n.OSVersion != "" {
		name += " (" + n.OSVersion + ")"
	}
	return name
}
