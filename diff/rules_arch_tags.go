package diff

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// arches maps the names of architectures in tags to their Go names.
var arches = map[string]string{
	"amd64": "amd64", "x86_64": "amd64", "x64": "amd64", "386": "386", "i386": "386",
	"arm64": "arm64", "arm64v8": "arm64", "aarch64": "arm64",
	"arm": "arm", "armhf": "arm", "armv6": "arm/v6", "armv7": "arm", "arm32v6": "arm/v6", "arm32v7": "arm",
	"ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64",
}

// archOf returns the architecture at the beginning or end of a tag, and the rest of the
// tag; "" and "" if there is none.
func archOf(tag string) (arch, stem string) {
	if !mayContainArch(tag) {
		return "", ""
	}
	lower := strings.ToLower(tag)
	if arch := arches[lower]; arch != "" {
		return arch, ""
	}
	for i := range len(lower) {
		if !version.IsSeparator(lower[i]) {
			continue
		}
		if arch := arches[lower[i+1:]]; arch != "" {
			return arch, tag[:i]
		}
		if arch := arches[lower[:i]]; arch != "" {
			return arch, tag[i+1:]
		}
	}
	return "", ""
}

// mayContainArch is a cheap test that rules out most tags before archOf.
func mayContainArch(tag string) bool {
	for _, part := range []string{"64", "86", "90", "arm", "ARM"} {
		if strings.Contains(tag, part) {
			return true
		}
	}
	return false
}

// clobbered (C12): a tag points at an image for one architecture, and another tag of that
// image ends in this architecture. So the build jobs of several architectures pushed the
// same tag.
func clobbered(c Comparison) []Finding {
	var found []Finding
	for _, t := range c.taggedSides() {
		isSuffixed := func(o model.Tagged) bool { return o.Digest == t.now && mayContainArch(o.Tag) }
		if t.context.Tags == nil || !t.canMove() || !slices.ContainsFunc(t.context.Tags.Tags, isSuffixed) {
			continue
		}
		l := listOf(*t.context.Tags, func(o model.Tagged) bool { return o.Digest == t.now || mayContainArch(o.Tag) })
		isOne := func(d digest.Digest, _ string) bool { return d == t.now && c.servesOnePlatform(t.side) }
		for _, f := range t.findingsOn(clobberedIn(l, isOne)) {
			if !slices.ContainsFunc(found, func(o Finding) bool { return o.Text == f.Text }) {
				found = append(found, f)
			}
		}
	}
	if len(found) > 0 {
		return found
	}
	return clobberedPair(c)
}

// servesOnePlatform reports whether a side is a single image or an index with one image.
func (c Comparison) servesOnePlatform(side Side) bool {
	art := c.artifact(side)
	return !isIndex(*art) || len(art.Images()) == 1
}

// clobberedPair decides only by the names of the two sides, without the list of tags.
func clobberedPair(c Comparison) []Finding {
	if c.B == nil || c.A.Top.Digest == "" || c.A.Top.Digest != c.B.Top.Digest ||
		!c.servesOnePlatform(SideA) || c.A.Ref.Repo() != c.B.Ref.Repo() {
		return nil
	}
	plain, suffixed := c.A.Ref.Tag, c.B.Ref.Tag
	if arch, _ := archOf(plain); arch != "" {
		plain, suffixed = suffixed, plain
	}
	arch, _ := archOf(suffixed)
	if other, _ := archOf(plain); arch == "" || plain == "" || other != "" {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Heuristic), Evidence: topEvidence(c), Tags: []string{plain, suffixed},
		Text: safe.Sprintf(":%s is exactly :%s, an image for one platform. "+
			"If it should serve other platforms too, the %s job overwrote their push.",
			plain, suffixed, arch),
		Next:  adviseOneIndex(),
		Proof: []safe.Text{safe.Sprintf("digest(A) = digest(B) = %s, a single image", c.A.Top.Digest)}, Check: c.digestsCommand(),
	}}
}

func adviseOneIndex() safe.Text {
	return safe.Const("Push each architecture by digest, then create one index with docker buildx imagetools create")
}

type archTag struct {
	listed
	arch string
}

// clobberedIn applies C12 to a list of tags. isOne reports whether a digest is known to be
// an image for one platform.
func clobberedIn(l tagList, isOne func(d digest.Digest, tag string) bool) []Finding {
	stems := map[string][]archTag{}
	for _, t := range l.tags {
		if arch, stem := archOf(t.tag); arch != "" {
			stems[stem] = append(stems[stem], archTag{t, arch})
		}
	}
	var found []Finding
	for _, t := range l.tags {
		arch, stem := archOf(t.tag)
		if arch == "" || !isOne(t.digest, t.tag) {
			continue
		}
		other := slices.IndexFunc(stems[stem], func(o archTag) bool { return o.arch != arch && o.digest != t.digest })
		plain := slices.DeleteFunc(names(l.byDigest[t.digest]), func(tag string) bool { a, _ := archOf(tag); return a != "" })
		if other < 0 || len(plain) == 0 {
			continue
		}
		o := stems[stem][other]
		found = append(found, Finding{
			Severity: 3, Rests: on(Structure), Evidence: []Evidence{{SideA, none, t.digest}}, Tags: append(plain, t.tag),
			Text: safe.Sprintf("%s %s exactly %s, and %s exists too. The jobs of two architectures pushed the same tag, and the last push won.",
				list(tagTexts(plain)), isAre(len(plain)), tagText(t.tag), tagText(o.tag)),
			Next: adviseOneIndex(),
			Proof: []safe.Text{
				safe.Sprintf("digest(%s) = digest(%s) = %s, a single image", tagText(plain[0]), tagText(t.tag), t.digest),
				safe.Sprintf("digest(%s) = %s", tagText(o.tag), o.digest),
			},
			Check: digestsCheck(l.set.Repo, plain[0], t.tag, o.tag),
		})
	}
	return found
}

// isSinglePlatform reports whether a digest is known to be one image: a single image
// manifest, or an index with one image.
func isSinglePlatform(set model.TagSet, d digest.Digest, mediaType string) bool {
	if children, read := set.Children[d]; read {
		return len(children) == 0 || len(membersOf(set, d).images) == 1
	}
	switch mediaType {
	case v1.MediaTypeImageManifest, model.MediaTypeDockerManifest, model.MediaTypeSchema1, model.MediaTypeSchema1Signed:
		return true
	}
	return false
}
