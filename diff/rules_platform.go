package diff

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rulesPlatform are group C: platforms.
var rulesPlatform = []rule{
	{
		id: "C1", name: "platform-lost", whole: platformLost, under: []string{"A10", "A11"},
		means: "A platform that A serves is not served by B.",
		proof: "platforms(A) \\ platforms(B) is not empty",
	},
	{
		id: "C2", name: "platform-added", whole: platformAdded,
		means: "A platform that B serves is not served by A.",
		proof: "platforms(B) \\ platforms(A) is not empty",
	},
	{
		id: "C3", name: "label-contradiction", pair: labelContradiction,
		means: "The index calls an image something else than the image calls itself.",
		proof: "platform of the descriptor ≠ platform of the config, both normalised",
	},
	{
		id: "C4", name: "borrowed-base", whole: borrowedBase,
		means: "Images for different architectures start from the same bytes: at most one of them can be native. Labels cannot show it: builders copy what was asked for.",
		proof: "diff_ids of two platforms with different architectures share a prefix, the first layer with files in it, of at least 1 MB; 16 MB for tools that put files for every machine first (Bazel, ko, apko, Nix)",
	},
	{
		id: "C6", name: "not-a-platform", whole: notAPlatform,
		means: "An entry unknown/unknown of an index is a receipt of a build, no platform.",
		proof: "vnd.docker.reference.type = attestation-manifest, or platform unknown/unknown",
	},
	{
		id: "C7", name: "ambiguous-platform", whole: ambiguousPlatform,
		means: "Two entries of an index claim the same platform; clients use one of them.",
		proof: "platform(entry i) = platform(entry j), digests differ",
	},
	{
		id: "C8", name: "variant-gap", whole: variantGap,
		means: "Clients that are strict about CPU variants may find nothing, or an image for a newer CPU than theirs.",
		proof: "all amd64 entries have a variant; or arm is listed with and without one",
	},
	{
		id: "C9", name: "windows-build", whole: windowsBuild,
		means: "An image for Windows runs on hosts of its build or newer.",
		proof: "os.version of the entry",
	},
	{
		id: "C10", name: "split-brain-list", whole: splitBrain,
		means: "The platforms of one index come from different builds.",
		proof: "the label org.opencontainers.image.revision differs between them; or their dates are more than 24 hours apart, which only suggests it",
	},
	{
		id: "C11", name: "dangling-child", whole: danglingChild,
		means: "The index is there, and a manifest that it lists has been deleted from the registry.",
		proof: "GET of the member by digest answers 404, after the index was read from the same repository",
	},
	{
		id: "C12", name: "clobbered-by-other-arch", around: clobbered, under: []string{"A1"},
		means: "A tag is exactly the image that a job pushed for one architecture: the jobs of several pushed the same tag.",
		proof: "digest(T) = digest(T-arch), a single image, and there is a tag for another architecture; without the list of tags: one of A and B ends in the name of an architecture, which only suggests it",
	},
}

// platformLost (C1): what A serves and B does not. A flattened list (A10) says
// so itself.
func platformLost(c Comparison) []Finding {
	if !c.platformsKnown() || len(flattened(c)) > 0 || len(parentWithChild(c)) > 0 {
		return nil
	}
	lost, _ := c.onlyIn()
	if len(lost) == 0 {
		return nil
	}
	nameA, nameB := c.names()
	return []Finding{{
		Severity: 3, Trust: Proved, Evidence: c.oneSidedEvidence(SideA),
		Say:   safe.Sprintf("%s %s there in %s and %s gone in %s.", list(lost), wasWere(len(lost)), nameA, isAre(len(lost)), nameB),
		Next:  safe.Const("Was one job's push the last word? Rebuild the index from the manifests that still exist, or build that platform again"),
		Proof: c.setsProof(), Check: c.setsCheck(),
	}}
}

// ambiguousPlatform (C7): two entries of an index claim one platform.
func ambiguousPlatform(c Comparison) []Finding {
	var found []Finding
	nameA, nameB := c.names()
	for _, s := range []struct {
		side Side
		name string
		art  *model.Artifact
	}{{SideA, nameA, c.A}, {SideB, nameB, c.B}} {
		if s.art == nil || !isIndex(*s.art) {
			continue
		}
		first := map[string]model.Entry{}
		for _, e := range s.art.Images() {
			platform := nameOf(e)
			before, again := first[platform]
			if !again || platform == "" {
				first[platform] = e
				continue
			}
			if before.Descriptor.Digest == e.Descriptor.Digest {
				continue
			}
			found = append(found, Finding{
				Severity: 2, Trust: Proved,
				Evidence: []Evidence{{s.side, none, before.Descriptor.Digest}, {s.side, none, e.Descriptor.Digest}},
				Say: safe.Sprintf("Two entries of %s claim %s: sha256:%s and sha256:%s. Most clients take the first and never use the other.",
					s.name, platform, short(before.Descriptor.Digest), short(e.Descriptor.Digest)),
				Next:  safe.Const("Make the index again with one entry for each platform"),
				Proof: entriesProof([]model.Entry{before, e}), Check: c.manifestOf(s.side, ".manifests[]|{digest,platform}"),
			})
		}
	}
	return found
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
		Say:   safe.Sprintf("%s %s new in %s.", list(added), isAre(len(added)), nameB),
		Next:  safe.Const("Check that it is meant: a platform more is a platform more to test"),
		Proof: c.setsProof(), Check: c.setsCheck(),
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
			Proof: []safe.Text{
				safe.Sprintf("manifest %s", s.e.Descriptor.Digest), safe.Sprintf("platform in the index: %s", model.PlatformName(label)), safe.Sprintf("platform in its config: %s", model.PlatformName(inside)),
			},
			Check: safe.Clean("crane config " + c.imageAt(s.side, s.e) + " | jq '.os,.architecture,.variant'"),
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
			Say:   safe.Sprintf("%s about an image that is not in the list.", receiptsText(len(orphans))),
			Next:  safe.Const("The index was put together by hand or cleaned up in part; push it again"),
			Proof: []safe.Text{safe.Const("vnd.docker.reference.digest names no entry of the index")}, Check: c.manifestOf(orphans[0].Side, ".manifests[]|{digest,annotations}"),
		})
	}
	if len(evidence) > len(orphans) {
		found = append(found, Finding{
			Severity: 0, Trust: Proved, Evidence: evidence,
			Say:   safe.Const("Entries called unknown/unknown are not for an architecture: they are receipts of the build (provenance, SBOM) for the images beside them."),
			Next:  safe.Const("Nothing to fix; docker buildx build --provenance=false leaves them out"),
			Proof: []safe.Text{safe.Sprintf("%d entries with platform unknown/unknown or vnd.docker.reference.type = attestation-manifest", len(evidence)-len(orphans))},
			Check: c.manifestOf(evidence[0].Side, ".manifests[]|{platform,annotations}"),
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

// setsProof is the platforms of both sides.
func (c Comparison) setsProof() []safe.Text {
	return []safe.Text{
		safe.Sprintf("platforms(A) = %s", strings.Join(platformNames(c.A.Images()), ", ")),
		safe.Sprintf("platforms(B) = %s", strings.Join(platformNames(c.B.Images()), ", ")),
	}
}

func (c Comparison) setsCheck() safe.Text {
	return beside("crane manifest %s | jq -c '.manifests[].platform'", c.A.Pinned().String(), c.B.Pinned().String())
}
