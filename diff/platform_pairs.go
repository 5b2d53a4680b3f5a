package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// pairUp pairs the platforms of A with those of B. settled is false while the
// platform of an entry is unknown, as it may become the partner of another one.
func pairUp(a, b model.Artifact) (pairs []Pair, settled bool) {
	as, bs := candidates(a), candidates(b)
	if !isIndex(a) && !isIndex(b) {
		return pairSingles(as, bs), true
	}
	taken := map[int]bool{}
	for i, j := range matchEntries(as, bs) {
		p := Pair{Platform: nameOf(as[i]), A: &as[i]}
		if j != none {
			p.B, taken[j] = &bs[j], true
		}
		pairs = append(pairs, p)
	}
	for j := range bs {
		if !taken[j] {
			pairs = append(pairs, Pair{Platform: nameOf(bs[j]), B: &bs[j]})
		}
	}
	return pairs, platformsKnown(as) && platformsKnown(bs) && decided(as, bs)
}

func isIndex(a model.Artifact) bool { return a.Top.Kind == model.KindIndex }

// candidates returns the entries to compare: the images, each once under a label, or the
// only artifact where there is no image.
func candidates(a model.Artifact) []model.Entry {
	images := differentImages(a.Images())
	if only := artifactsOf(a); len(images) == 0 && len(only) == 1 && model.IsManifestType(only[0].Descriptor.MediaType) {
		return only
	}
	return images
}

// artifactsOf are the entries that are neither images nor indexes nor attestations, each once.
func artifactsOf(a model.Artifact) []model.Entry {
	isRead := func(e model.Entry) bool { return e.Artifact != nil }
	all := matching(a.Entries, func(e model.Entry) bool { return e.Role == model.RoleArtifact })
	return mappedTo(grouped(all, manifestKey), func(same []model.Entry) model.Entry {
		return same[max(slices.IndexFunc(same, isRead), 0)]
	})
}

// differentImages leaves out entries that repeat an earlier one under the same label or
// under none, as an index that is flat and nested does.
func differentImages(images []model.Entry) []model.Entry {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(images), func(e model.Entry) bool {
		d, name := manifestKey(e), nameOf(e)
		repeated := d != "" && (seen[with(d, name)] || name == "" && seen[d])
		seen[d], seen[with(d, name)] = true, true
		return repeated
	})
}

// pairSingles pairs two artifacts that are not indexes, even for different
// platforms: a user that names two images wants to compare them.
func pairSingles(as, bs []model.Entry) []Pair {
	switch {
	case len(as) > 0 && len(bs) > 0:
		return []Pair{{Platform: cmp.Or(nameOf(as[0]), nameOf(bs[0])), A: &as[0], B: &bs[0]}}
	case len(as) > 0:
		return []Pair{{Platform: nameOf(as[0]), A: &as[0]}}
	case len(bs) > 0:
		return []Pair{{Platform: nameOf(bs[0]), B: &bs[0]}}
	}
	return nil
}

// nameOf is the platform of an entry, with the features that its label requires: entries of
// one machine that differ in them are for different clients.
func nameOf(e model.Entry) string {
	name := model.PlatformName(e.Platform())
	if name == "" {
		return ""
	}
	return name + featuresText(e.Descriptor)
}

// nydusFeature is the feature of a platform that marks an image for the snapshotter of nydus.
const nydusFeature = "nydus.remoteimage.v1"

// featuresText ends the name of a platform with the features that a label requires: " for
// nydus", " with win32k", "" for none.
func featuresText(d v1.Descriptor) string {
	switch {
	case d.Platform == nil || len(d.Platform.OSFeatures) == 0:
		return ""
	case slices.Equal(d.Platform.OSFeatures, []string{nydusFeature}):
		return " for nydus"
	}
	return " with " + quoted(list(slices.Sorted(slices.Values(d.Platform.OSFeatures))))
}

// platformsKnown reports whether the platform of every entry is known.
func platformsKnown(entries []model.Entry) bool {
	return !slices.ContainsFunc(entries, func(e model.Entry) bool { return !platformKnown(e) })
}

func platformKnown(e model.Entry) bool { return nameOf(e) != "" || e.Arrived() }

// matchEntries returns the index in bs of the partner of each of as, or none. Images are
// paired by what they are before what they are called: by manifest, then by config, then
// by the label of the platform. Within each, entries of one label go first, and the first
// entry of a label with the first, as clients take the first. Last, platforms are paired
// without the features that a label requires, and Windows without the last part of its
// version, which changes every month.
func matchEntries(as, bs []model.Entry) []int {
	matches := noMatches(len(as))
	taken := make([]bool, len(bs))
	for _, key := range []func(model.Entry) string{
		func(e model.Entry) string { return with(manifestKey(e), nameOf(e)) }, manifestKey,
		func(e model.Entry) string { return with(configKey(e), nameOf(e)) }, configKey,
		knownName(nameOf), knownName(nameOfBuild),
	} {
		waiting := map[string][]int{}
		for j, e := range bs {
			if k := key(e); !taken[j] && k != "" {
				waiting[k] = append(waiting[k], j)
			}
		}
		for i, e := range as {
			k := key(e)
			if js := waiting[k]; matches[i] == none && k != "" && len(js) > 0 {
				matches[i], taken[js[0]] = js[0], true
				waiting[k] = js[1:]
			}
		}
	}
	return matches
}

func manifestKey(e model.Entry) string { return string(e.Descriptor.Digest) }

func configKey(e model.Entry) string {
	if e.Image == nil {
		return ""
	}
	return string(e.Image.ID())
}

// with adds a name to a key, unless there is no key.
func with(key, name string) string {
	if key == "" {
		return ""
	}
	return key + " " + name
}

// knownName is a name of entries as a key; an image without a platform has the key " ".
func knownName(name func(model.Entry) string) func(model.Entry) string {
	return func(e model.Entry) string {
		if !platformKnown(e) {
			return ""
		}
		return " " + name(e)
	}
}

// decided reports whether no image that has yet to arrive can change the pairs: each
// entry has arrived, or its manifest is on the other side too.
func decided(as, bs []model.Entry) bool {
	pending := func(entries, others []model.Entry) bool {
		known := map[string]bool{}
		for _, e := range others {
			known[manifestKey(e)] = true
		}
		return slices.ContainsFunc(entries, func(e model.Entry) bool { return !e.Arrived() && !known[manifestKey(e)] })
	}
	return !pending(as, bs) && !pending(bs, as)
}

// relabelled are the pairs whose image is the same and is listed under another platform in
// the two indexes.
func (c Comparison) relabelled() []Pair {
	return matching(c.shared(), isRelabelled)
}

func isRelabelled(p Pair) bool {
	if p.A.Descriptor.Platform == nil || p.B.Descriptor.Platform == nil || nameOf(*p.A) == nameOf(*p.B) && !differsInSpelling(p) {
		return false
	}
	sameConfig := configKey(*p.A) != "" && configKey(*p.A) == configKey(*p.B)
	return sameConfig || manifestKey(*p.A) == manifestKey(*p.B)
}

// relabelledText says how the labels of the same images differ between two indexes, ""
// where they do not. The side whose label contradicts a config is named; else it is B.
func (c Comparison) relabelledText() string {
	pairs := c.relabelled()
	if len(pairs) == 0 {
		return ""
	}
	side, name := c.mislabelling(pairs)
	entries := func(p Pair) (here, there *model.Entry) {
		if side == SideA {
			return p.A, p.B
		}
		return p.B, p.A
	}
	shown := max(0, slices.IndexFunc(pairs, func(p Pair) bool {
		here, there := entries(p)
		return labelText(*here) != nameOf(*there)
	}))
	here, there := entries(pairs[shown])
	text := name + " lists the " + nameOf(*there) + " image as " + labelText(*here)
	if len(pairs) == 2 {
		other, was := entries(pairs[1-shown])
		if nameOf(*other) == nameOf(*there) && nameOf(*was) == nameOf(*here) {
			return "Same images, their platform labels swapped: " + text + " and the reverse"
		}
	}
	if more := len(pairs) - 1; more > 0 {
		text += ", and " + plural(more, "more image") + " under another label"
	}
	if len(c.shared()) == 1 {
		return "Same image, another label: " + text
	}
	return "Same images, another label: " + text
}

// mislabelling returns the side with a label that contradicts a config, B if no or each
// side has one.
func (c Comparison) mislabelling(pairs []Pair) (Side, string) {
	nameA, nameB := c.names()
	isWrong := func(e *model.Entry) bool { return isMislabelled(e) || oddArchitecture(e.Descriptor) != "" }
	wrongA := slices.ContainsFunc(pairs, func(p Pair) bool { return isWrong(p.A) })
	wrongB := slices.ContainsFunc(pairs, func(p Pair) bool { return isWrong(p.B) })
	if wrongA && !wrongB {
		return SideA, nameA
	}
	return SideB, nameB
}

// isMislabelled reports whether the label of an entry contradicts its config.
func isMislabelled(e *model.Entry) bool {
	return e.Image != nil && e.Descriptor.Platform != nil && platformsContradict(*e.Descriptor.Platform, e.Image.Config.Platform)
}

// nameOfBuild returns the platform name without the last part of a Windows
// version: to a scheduler, 10.0.20348.1607 and 10.0.20348.2159 are the same
// Windows.
func nameOfBuild(e model.Entry) string {
	p := e.Platform()
	p.OSVersion = windowsBuildOf(p.OSVersion)
	return model.PlatformName(p)
}

// ForPlatform returns the comparison of only one platform. An architecture
// without an operating system means linux; a Windows platform without a version
// means all versions. The error says which platforms there are.
func (c Comparison) ForPlatform(platform string) (Comparison, error) {
	want, err := parsePlatform(platform)
	if err != nil {
		return c, err
	}
	only := c
	only.Pairs = matching(c.Pairs, func(p Pair) bool { return isPlatform(p.A, want) || isPlatform(p.B, want) })
	switch {
	case len(only.Pairs) == 0 && c.B == nil:
		return c, fmt.Errorf("the image has no %s%s; available: %s", want, unknownText(want), c.platformNames())
	case len(only.Pairs) == 0:
		return c, fmt.Errorf("neither side has %s%s; available: %s", want, unknownText(want), c.platformNames())
	case c.B != nil:
		only.Verdict = only.verdictOnShared()
		if len(only.Pairs) == 1 && len(only.shared()) == 0 {
			only.Verdict = c.lackingPlatform(only.Pairs[0], want)
		}
	}
	only.Findings = matching(c.Findings, func(f Finding) bool { return isTagFinding(f.ID) || only.concerns(f) })
	if stop, _ := only.stopFinding(); only.Verdict.Code == Identical {
		only.Verdict = only.withFaults(only.Verdict, stop)
	}
	return only, nil
}

// unknownText says which part of a platform is probably a typo, "" if none is.
func unknownText(name string) string {
	part, kind, unknown := UnknownPart(name)
	if !unknown {
		return ""
	}
	return fmt.Sprintf(": %q is not a known %s", part, kind)
}

// lackingPlatform is the verdict on the one platform that is compared, if only one side has it. An
// image that states no architecture can be one of that platform.
func (c Comparison) lackingPlatform(p Pair, want string) Verdict {
	sides := c.artifacts()
	has, lacks := sides[0], sides[1]
	if p.A == nil {
		has, lacks = lacks, has
	}
	images := lacks.art.Images()
	v := Verdict{
		Code: NotComparable, Rests: on(Hashed), Headline: safe.Sprintf("%s has no %s; only %s has it", lacks.name, want, has.name),
		Because: safe.Sprintf("%s has %s", lacks.name,
			contents(*lacks.art, mapped(images, func(e model.Entry) string { return platformText(nameOf(e)) }))),
	}
	if slices.ContainsFunc(images, func(e model.Entry) bool { return e.Platform().Architecture == "" }) {
		v.Rests = on(Claimed)
		v.Headline = safe.Sprintf("%s states no %s; only %s does", lacks.name, want, has.name)
	}
	return v.trusted()
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
	worst := worstOf(shared)
	if worst == nil {
		return Verdict{}
	}
	return c.withOneSided(worst[0].Verdict)
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
		if p.Platform != "" {
			names = appendNew(names, p.Platform)
		}
	}
	return cmp.Or(list(names), "none")
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
