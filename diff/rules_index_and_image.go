package diff

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

func memberProof(list topSide, member model.Entry, image topSide) []safe.Text {
	lines := []safe.Text{
		safe.Sprintf("index: %s", list.top), safe.Sprintf("its member: %s", member.Descriptor.Digest),
		safe.Sprintf("the other side: %s", image.top),
	}
	if member.Image != nil && member.Descriptor.Digest != image.top {
		lines = append(lines, safe.Sprintf("config of both: %s", member.Image.ID()))
	}
	return lines
}

// parentWithChild (A11): one side is a digest that the index on the other side lists.
func parentWithChild(c Comparison) []Finding {
	if c.B == nil || c.A.Top.Digest == c.B.Top.Digest {
		return nil
	}
	nameA, nameB := c.names()
	for _, way := range []struct {
		parent, child *model.Artifact
		name          string
		sides         [2]Side
	}{{c.A, c.B, nameA, [2]Side{SideA, SideB}}, {c.B, c.A, nameB, [2]Side{SideB, SideA}}} {
		if way.child.Ref.Digest == "" || way.child.Top.Digest == "" {
			continue // A9 and A10 report a tag that points at a member
		}
		i := slices.IndexFunc(way.parent.Entries, func(e model.Entry) bool { return e.Descriptor.Digest == way.child.Top.Digest })
		if i < 0 || !isIndex(*way.parent) {
			continue
		}
		member := way.parent.Entries[i]
		what := string(member.Role)
		if name := nameOf(member); name != "" {
			what = name + " member"
		}
		return []Finding{{
			Rests: on(Hashed), Evidence: []Evidence{{way.sides[0], none, member.Descriptor.Digest}, {way.sides[1], none, way.child.Top.Digest}},
			Text: safe.Sprintf("sha256:%s is the %s of %s (sha256:%s). The two do not contradict each other.",
				short(way.child.Top.Digest), what, way.name, short(way.parent.Top.Digest)),
			Next:  safe.Const("Compare index with index, or member with member"),
			Proof: []safe.Text{safe.Sprintf("index: %s", way.parent.Top.Digest), safe.Sprintf("its member: %s", member.Descriptor.Digest)},
			Check: c.manifestOf(way.sides[0], ".manifests[].digest"),
		}}
	}
	return nil
}

// wrapped (A9): one side is an index that contains only the image of the other side.
func wrapped(c Comparison) []Finding {
	list, image, ok := c.listAndImage()
	if !ok || image.byDigest || len(list.images) != 1 || len(image.images) != 1 || memberOf(list.images, image.images[0]) == nil {
		return nil
	}
	what := "and this image is exactly " + image.name
	if list.images[0].Descriptor.Digest != image.top {
		what = "and its image ID is that of " + image.name
	}
	if n := len(attestations(*list.art)); n > 0 {
		what += "; it also lists " + plural(n, "build attestation")
	}
	return []Finding{{
		Severity: 1, Rests: on(Hashed), Proof: memberProof(list, list.images[0], image), Check: c.manifestOf(list.side, ".manifests[].digest"),
		Text: safe.Sprintf("%s is an index with a single image, %s. Docker 29 and buildx push such indexes.", list.name, what),
		Next: safe.Const("docker manifest create and old clients refuse an index here. Build with --provenance=false, or push with --platform, " +
			"to push the image alone"),
		Evidence: []Evidence{
			{Side: list.side, Step: none, Digest: list.top}, {Side: image.side, Step: none, Digest: image.top},
		},
	}}
}

// flattened (A10): one platform of an index was pulled, tagged and pushed, so the other
// platforms are lost.
func flattened(c Comparison) []Finding {
	list, image, ok := c.listAndImage()
	if !ok || image.byDigest || len(list.images) < 2 || len(image.images) != 1 {
		return nil
	}
	member := memberOf(list.images, image.images[0])
	if member == nil {
		return nil
	}
	f := Finding{
		Rests: on(Hashed), Proof: memberProof(list, *member, image), Check: c.manifestOf(list.side, ".manifests[]|{digest,platform}"),
		Evidence: []Evidence{
			{Side: list.side, Step: none, Digest: member.Descriptor.Digest}, {Side: image.side, Step: none, Digest: image.top},
		},
	}
	platform := platformText(nameOf(*member))
	if image.side == SideB && !namesPlatform(image.art.Ref.Tag, *member) {
		f.Severity = 3
		f.Text = safe.Sprintf("%s serves %d platforms, %s only %s, as after docker pull, tag and push on one machine.",
			list.name, len(list.images), image.name, platform)
		f.Lead = safe.Sprintf("%s has only %s of the %d platforms of %s", image.name, platform, len(list.images), list.name)
		f.Next = safe.Const("Copy the whole index again: crane copy, regctl image copy, skopeo copy --all or docker buildx imagetools create")
		if list.art.Ref.Tag == image.art.Ref.Tag { // else the tag may be meant for one platform
			f.Command = c.copyCommand()
		}
	} else {
		f.Severity = 1
		f.Text = safe.Sprintf("%s is the %s image of %s, which serves %d platforms.", image.name, platform, list.name, len(list.images))
		f.Next = safe.Const("Compare index with index to see the other platforms")
	}
	return []Finding{f}
}

// namesPlatform reports whether a tag is named after the platform, such as :1.2-arm64. Such
// a tag is meant to have one platform.
func namesPlatform(tag string, e model.Entry) bool {
	_, arch, _ := strings.Cut(nameOf(e), "/")
	arch, _, _ = strings.Cut(arch, "/")
	other := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
	words := strings.FieldsFunc(tag, func(r rune) bool { return strings.ContainsRune(":/.-+", r) })
	return arch != "" && slices.ContainsFunc(words, func(w string) bool { return w == arch || w == other || strings.HasPrefix(w, arch+"v") })
}

// topSide is one side as A9 and A10 use it.
type topSide struct {
	side   Side
	name   string
	art    *model.Artifact
	top    digest.Digest
	images []model.Entry

	byDigest bool // requested by digest, so no tag is wrong
}

// listAndImage returns the index and the single image if there is one of each.
func (c Comparison) listAndImage() (list, image topSide, ok bool) {
	if c.B == nil || isIndex(*c.A) == isIndex(*c.B) {
		return list, image, false
	}
	nameA, nameB := c.names()
	list = topSide{SideA, nameA, c.A, c.A.Top.Digest, differentImages(c.A.Images()), c.A.Ref.Digest != ""}
	image = topSide{SideB, nameB, c.B, c.B.Top.Digest, differentImages(c.B.Images()), c.B.Ref.Digest != ""}
	if isIndex(*c.B) {
		list, image = image, list
	}
	return list, image, true
}

// memberOf returns the entry with the same manifest or config, nil if there is none.
func memberOf(entries []model.Entry, e model.Entry) *model.Entry {
	for i, m := range entries {
		sameConfig := m.Image != nil && e.Image != nil && m.Image.ID() != "" && m.Image.ID() == e.Image.ID()
		if m.Descriptor.Digest == e.Descriptor.Digest || sameConfig {
			return &entries[i]
		}
	}
	return nil
}
