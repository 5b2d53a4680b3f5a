package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"

	"github.com/tagdiff/tagdiff/model"
)

// ForPlatform returns the comparison of one platform alone. An architecture
// without an operating system means linux; a Windows platform without a version
// means all versions. The error says which platforms there are.
func (c Comparison) ForPlatform(platform string) (Comparison, error) {
	want, err := parsePlatform(platform)
	if err != nil {
		return c, err
	}
	var pairs []Pair
	for _, p := range c.Pairs {
		if isPlatform(p.A, want) || isPlatform(p.B, want) {
			pairs = append(pairs, p)
		}
	}
	if len(pairs) == 0 {
		if c.B == nil {
			return c, fmt.Errorf("the image has no %s; available: %s", want, c.platformNames())
		}
		return c, fmt.Errorf("neither side has %s; available: %s", want, c.platformNames())
	}
	only := c
	only.Pairs = pairs
	if c.B != nil {
		only.Verdict = only.verdictOnShared()
	}
	only.Findings = nil
	for _, f := range c.Findings {
		if isTagFinding(f.ID) || only.concerns(f) {
			only.Findings = append(only.Findings, f)
		}
	}
	return only, nil
}

// verdictOnShared returns the verdict on the remaining pairs, without the index
// around them.
func (c Comparison) verdictOnShared() Verdict {
	shared := c.shared()
	switch {
	case len(c.Pairs) == 1:
		return c.Pairs[0].Verdict
	case len(shared) == 0:
		return c.noSharedPlatform()
	}
	v := shared[0].Verdict
	for _, p := range shared {
		if p.Verdict.Code == Pending {
			return Verdict{}
		}
		if rank(p.Verdict.Code) > rank(v.Code) {
			v = p.Verdict
		}
	}
	return c.withOneSided(v)
}

func parsePlatform(platform string) (string, error) {
	s := strings.TrimSpace(platform)
	if !strings.Contains(s, "/") {
		s = "linux/" + s
	}
	// Accept the form that model.PlatformName prints, too.
	if os, version, ok := strings.Cut(strings.TrimSuffix(s, ")"), " ("); ok {
		first, rest, _ := strings.Cut(os, "/")
		s = first + "(" + version + ")/" + rest
	}
	p, err := platforms.Parse(s)
	if err != nil {
		return "", fmt.Errorf("%q is not a platform: write os/architecture, for example linux/arm64 or linux/arm/v7", platform)
	}
	return model.PlatformName(p), nil
}

func isPlatform(e *model.Entry, want string) bool {
	if e == nil {
		return false
	}
	p := e.Platform()
	name := model.PlatformName(p)
	version := p.OSVersion
	p.OSVersion = ""
	if name == "" || name == want || model.PlatformName(p) == want {
		return name != ""
	}
	// A prefix of the version selects a build of Windows, too.
	least, ok := strings.CutPrefix(want, model.PlatformName(p)+" (")
	return ok && strings.HasPrefix(version, strings.TrimSuffix(least, ")")+".")
}

func (c Comparison) platformNames() string {
	var names []string
	for _, p := range c.Pairs {
		if p.Platform != "" && !slices.Contains(names, p.Platform) {
			names = append(names, p.Platform)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return list(names)
}

// concerns reports whether the evidence of a finding belongs to one of the
// pairs.
func (c Comparison) concerns(f Finding) bool {
	return slices.ContainsFunc(f.Evidence, func(e Evidence) bool {
		return slices.ContainsFunc(c.Pairs, func(p Pair) bool {
			return p.A != nil && p.A.Descriptor.Digest == e.Digest || p.B != nil && p.B.Descriptor.Digest == e.Digest
		})
	})
}
