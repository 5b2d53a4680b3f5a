package diff

import (
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// platformLost (C1): what A serves and B does not. A flattened list (A10) says
// so itself.
func platformLost(c Comparison) []Finding {
	if !c.platformsKnown() || len(flattened(c)) > 0 {
		return nil
	}
	lost, _ := c.onlyIn()
	if len(lost) == 0 {
		return nil
	}
	nameA, nameB := c.names()
	return []Finding{{
		Severity: 3, Trust: Proved, Evidence: c.oneSidedEvidence(SideA),
		Say:  safe.Sprintf("%s %s there in %s and %s gone in %s.", list(lost), wasWere(len(lost)), nameA, isAre(len(lost)), nameB),
		Next: safe.Const("Was one job's push the last word? Rebuild the index from the manifests that still exist, or build that platform again"),
	}}
}

// platformAdded (C2): what B serves and A does not.
func platformAdded(c Comparison) []Finding {
	if !c.platformsKnown() || len(flattened(c)) > 0 {
		return nil
	}
	_, added := c.onlyIn()
	if len(added) == 0 {
		return nil
	}
	_, nameB := c.names()
	return []Finding{{
		Severity: 0, Trust: Proved, Evidence: c.oneSidedEvidence(SideB),
		Say:  safe.Sprintf("%s %s new in %s.", list(added), isAre(len(added)), nameB),
		Next: safe.Const("Check that it is meant: a platform more is a platform more to test"),
	}}
}

// platformsKnown reports whether the sets of platforms can be compared: both
// sides are there and no entry may still turn out to be another platform.
func (c Comparison) platformsKnown() bool {
	return c.B != nil && c.A.Top.Digest != "" && c.B.Top.Digest != "" &&
		allPlaced(candidates(*c.A)) && allPlaced(candidates(*c.B)) &&
		len(c.A.Images()) > 0 && len(c.B.Images()) > 0
}

func (c Comparison) oneSidedEvidence(side Side) []Evidence {
	var out []Evidence
	for _, p := range c.Pairs {
		e := p.A
		if side == SideB {
			e = p.B
		}
		if e != nil && (p.A == nil || p.B == nil) {
			out = append(out, Evidence{side, none, e.Descriptor.Digest})
		}
	}
	return out
}

// labelContradiction (C3): the index calls an image something else than the
// image calls itself.
func labelContradiction(c Comparison, p Pair) []Finding {
	nameA, nameB := c.names()
	var found []Finding
	for _, s := range []struct {
		side Side
		name string
		e    *model.Entry
	}{{SideA, nameA, p.A}, {SideB, nameB, p.B}} {
		if s.e == nil || s.e.Image == nil || s.e.Descriptor.Platform == nil {
			continue
		}
		label, inside := *s.e.Descriptor.Platform, s.e.Image.Config.Platform
		if !contradict(label, inside) {
			continue
		}
		found = append(found, Finding{
			Severity: 3, Trust: Proved, Evidence: []Evidence{{s.side, none, s.e.Descriptor.Digest}},
			Say: safe.Sprintf("%s lists it as %s, the image inside says %s. One of them is wrong, and many runtimes trust the inner one.",
				s.name, model.PlatformName(label), model.PlatformName(inside)),
			Next: safe.Const("Build that platform again from a base that has it; correct the config alone only if the programs inside are right"),
		})
	}
	return found
}

// contradict compares what both state. Configs often leave the variant out,
// which contradicts nothing.
func contradict(label, inside v1.Platform) bool {
	if label.OS == "" || label.Architecture == "" || inside.OS == "" || inside.Architecture == "" {
		return false
	}
	noVariant := label.Variant == "" || inside.Variant == ""
	label, inside = model.Normal(label), model.Normal(inside)
	if label.OS != inside.OS || label.Architecture != inside.Architecture {
		return true
	}
	return !noVariant && label.Variant != inside.Variant
}

// minBorrowed is how many bytes two platforms must share before one of them
// counts as borrowed. Small layers are shared on purpose: certificates, time
// zones, static files are the same for every machine. The smallest base with
// programs in it (busybox, musl) is larger than this.
const minBorrowed = 1_000_000

// borrowedBase (C4): images for different architectures that start from the
// same bytes. BuildKit stamps the platform that was asked for on index and
// config alike when the base is a single image, so labels cannot show it.
func borrowedBase(c Comparison) []Finding {
	nameA, nameB := c.names()
	all := borrowedIn(c.A, SideA, nameA)
	for _, b := range borrowedIn(c.B, SideB, nameB) {
		both := slices.IndexFunc(all, b.sameAs)
		if both < 0 {
			all = append(all, b)
			continue
		}
		all[both].name = nameA + " and " + nameB
		all[both].evidence = append(all[both].evidence, b.evidence...)
	}
	var found []Finding
	for _, b := range all {
		found = append(found, b.finding())
	}
	return found
}

// borrow is a base that several platforms of one side share.
type borrow struct {
	name, platforms string
	layers          int
	size            int64
	evidence        []Evidence
}

func (b borrow) sameAs(o borrow) bool {
	return b.platforms == o.platforms && b.layers == o.layers && b.size == o.size
}

func (b borrow) finding() Finding {
	return Finding{
		Severity: 3, Trust: Shown, Evidence: b.evidence,
		Say: safe.Sprintf("In %s, %s start from the same bytes (the first %s, %s). At most one of them can be native: the base had no such platform and the build silently took another.",
			b.name, b.platforms, firsts(b.layers, "layer"), bytesText(b.size)),
		Next: safe.Const("Look which programs are inside; take a base that has the platform; in the Dockerfile, # check=error=true makes the build fail instead"),
	}
}

func borrowedIn(a *model.Artifact, side Side, name string) []borrow {
	if a == nil {
		return nil
	}
	var found []borrow
	for _, group := range sharedStarts(a.Images()) {
		b := borrow{name: name, platforms: list(platformNames(group))}
		if b.layers, b.size = commonBase(group); b.size < minBorrowed {
			continue
		}
		for _, e := range group {
			b.evidence = append(b.evidence, Evidence{side, none, e.Descriptor.Digest})
		}
		found = append(found, b)
	}
	return found
}

// sharedStarts groups images of more than one architecture by their first
// layer with files.
func sharedStarts(images []model.Entry) [][]model.Entry {
	groups := map[digest.Digest][]model.Entry{}
	var order []digest.Digest
	for _, e := range images {
		base := baseOf(e)
		if len(base) == 0 {
			continue
		}
		first := base[0].DiffID
		if groups[first] == nil {
			order = append(order, first)
		}
		groups[first] = append(groups[first], e)
	}
	var shared [][]model.Entry
	for _, first := range order {
		if group := groups[first]; architectures(group) > 1 {
			shared = append(shared, group)
		}
	}
	return shared
}

// baseOf is the layers with files of an image that can be trusted to tell.
func baseOf(e model.Entry) []model.Step {
	if e.Image == nil || e.Image.Counts != nil && e.Image.Counts.Fatal() {
		return nil
	}
	var base []model.Step
	for _, s := range e.Image.Steps {
		if s.HasLayer && !s.Empty && s.DiffID != "" {
			base = append(base, s)
		}
	}
	return base
}

func architectures(group []model.Entry) int {
	var seen []string
	for _, e := range group {
		if arch := e.Platform().Architecture; !slices.Contains(seen, arch) {
			seen = append(seen, arch)
		}
	}
	return len(seen)
}

// commonBase is how many layers all of a group start with, and their size.
func commonBase(group []model.Entry) (layers int, size int64) {
	first := baseOf(group[0])
	layers = len(first)
	for _, e := range group[1:] {
		other := baseOf(e)
		k := 0
		for k < layers && k < len(other) && first[k].DiffID == other[k].DiffID {
			k++
		}
		layers = k
	}
	for _, s := range first[:layers] {
		size += s.Layer.Size
	}
	return layers, size
}

func platformNames(group []model.Entry) []string {
	var names []string
	for _, e := range group {
		names = append(names, nameOf(e))
	}
	slices.Sort(names)
	return names
}

// notAPlatform (C6): entries called unknown/unknown are receipts of a build.
// One that is about no image of the list is an orphan.
func notAPlatform(c Comparison) []Finding {
	var evidence, orphans []Evidence
	for _, s := range []struct {
		side Side
		a    *model.Artifact
	}{{SideA, c.A}, {SideB, c.B}} {
		if s.a == nil {
			continue
		}
		for _, e := range s.a.Entries {
			if e.Role != model.RoleAttestation {
				continue
			}
			ev := Evidence{s.side, none, e.Descriptor.Digest}
			evidence = append(evidence, ev)
			if e.About != "" && !slices.ContainsFunc(s.a.Entries, func(o model.Entry) bool { return o.Descriptor.Digest == e.About }) {
				orphans = append(orphans, ev)
			}
		}
	}
	var found []Finding
	if len(orphans) > 0 {
		found = append(found, Finding{
			Severity: 1, Trust: Proved, Evidence: orphans,
			Say:  safe.Sprintf("%s about an image that is not in the list.", receiptsText(len(orphans))),
			Next: safe.Const("The index was put together by hand or cleaned up in part; push it again"),
		})
	}
	if len(evidence) > len(orphans) {
		found = append(found, Finding{
			Severity: 0, Trust: Proved, Evidence: evidence,
			Say:  safe.Const("Entries called unknown/unknown are not for an architecture: they are receipts of the build (provenance, SBOM) for the images beside them."),
			Next: safe.Const("Nothing to fix; docker buildx build --provenance=false leaves them out"),
		})
	}
	return found
}

func receiptsText(n int) string {
	if n == 1 {
		return "A receipt of a build is"
	}
	return fmt.Sprintf("%d receipts of builds are", n)
}
