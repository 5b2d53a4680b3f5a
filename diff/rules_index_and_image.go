package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// parentWithChild (A11): one side is a digest that the index on the other side lists.
func parentWithChild(c Comparison) []Finding {
	if c.B == nil || c.A.Top.Digest == c.B.Top.Digest {
		return nil
	}
	sides := c.artifacts()
	for n, parent := range sides {
		child := sides[1-n]
		if child.art.Ref.Digest == "" || child.art.Top.Digest == "" {
			continue // A9 and A10 report a tag that points at a member
		}
		i := slices.IndexFunc(parent.art.Entries, func(e model.Entry) bool { return e.Descriptor.Digest == child.art.Top.Digest })
		if i < 0 || !isIndex(*parent.art) {
			continue
		}
		member := parent.art.Entries[i]
		what := string(member.Role)
		if name := nameOf(member); name != "" {
			what = name + " member"
		}
		return []Finding{{
			Rests: on(Hashed), Evidence: []Evidence{{parent.side, none, member.Descriptor.Digest}, {child.side, none, child.art.Top.Digest}},
			Text: safe.Sprintf("sha256:%s is the %s of %s (sha256:%s). The two do not contradict each other.",
				short(child.art.Top.Digest), what, parent.name, short(parent.art.Top.Digest)),
			Next:  safe.Const("Compare index with index, or member with member"),
			Proof: []safe.Text{safe.Sprintf("index: %s", parent.art.Top.Digest), safe.Sprintf("its member: %s", member.Descriptor.Digest)},
			Check: c.manifestOf(parent.side, ".manifests[].digest"),
		}}
	}
	return nil
}

// wrapped (A9): one side is an index that contains only the image of the other side.
func wrapped(c Comparison) []Finding {
	w, ok := c.listAndImage()
	if !ok || len(w.images) != 1 {
		return nil
	}
	single, origin := "a single image", " Docker 29 and buildx push such indexes."
	isMember := func(e model.Entry) bool { return manifestKey(e) == manifestKey(w.member) }
	if n := countOf(w.list.art.Images(), isMember); n > 1 {
		single, origin = single+", which it lists "+timesText(n), ""
	}
	next := safe.Const("docker manifest create and old clients refuse an index here. " +
		"Build with --provenance=false, or push with --platform, to push only the image")
	isSOCI := func(e model.Entry) bool { return strings.HasPrefix(e.ArtifactType(), model.SOCIType) }
	if slices.ContainsFunc(w.list.art.Entries, isSOCI) {
		single, origin = single+" and a SOCI index", ""
		next = safe.Const("Nothing to fix if the tool soci convert made it. docker manifest create and old clients refuse an index here")
	}
	what := "and this image is exactly " + w.image.name
	if w.member.Descriptor.Digest != w.image.art.Top.Digest {
		what = "and the image ID is that of " + w.image.name
	}
	if n := len(attestations(*w.list.art)); n > 0 {
		what += "; it also lists " + plural(n, "build attestation")
	}
	return []Finding{{
		Severity: 1, Rests: on(Hashed), Proof: w.proof(), Check: c.manifestOf(w.list.side, ".manifests[].digest"),
		Text: safe.Sprintf("%s is an index with %s, %s.%s", w.list.name, single, what, origin),
		Next: next, Evidence: []Evidence{{w.list.side, none, w.list.art.Top.Digest}, {w.image.side, none, w.image.art.Top.Digest}},
	}}
}

// flattened (A10): one platform of an index was pulled, tagged and pushed, so the other
// platforms are lost.
func flattened(c Comparison) []Finding {
	w, ok := c.listAndImage()
	served := len(distinct(w.images, machineOf))
	if !ok || served < 2 {
		return nil
	}
	list, image, platform := w.list, w.image, platformText(nameOf(w.member))
	f := Finding{
		Severity: 1, Rests: on(Hashed), Proof: w.proof(), Check: c.manifestOf(list.side, ".manifests[]|{digest,platform}"),
		Text:     safe.Sprintf("%s is the %s image of %s, which serves %d platforms.", image.name, platform, list.name, served),
		Next:     safe.Const("Compare index with index to see the other platforms"),
		Evidence: []Evidence{{list.side, none, w.member.Descriptor.Digest}, {image.side, none, image.art.Top.Digest}},
	}
	if image.side == SideB && !namesPlatform(image.art.Ref.Tag, w.member) {
		f.Severity = 3
		f.Text = safe.Sprintf("%s serves %d platforms, %s only %s, as after docker pull, tag and push on one machine.",
			list.name, served, image.name, platform)
		f.Lead = safe.Sprintf("%s has only %s of the %d platforms of %s", image.name, platform, served, list.name)
		f.Next = safe.Const("Copy the whole index again: crane copy, regctl image copy, skopeo copy --all or docker buildx imagetools create")
		if list.art.Ref.Tag == image.art.Ref.Tag { // else the tag may be meant for one platform
			f.Command = c.copyCommand()
		}
	}
	return []Finding{f}
}

// machineOf is the platform of an entry without the features that its label requires.
func machineOf(e model.Entry) string { return model.PlatformName(e.Platform()) }

// namesPlatform reports whether a tag is named after the platform, such as :1.2-arm64. Such
// a tag is meant to have one platform.
func namesPlatform(tag string, e model.Entry) bool {
	_, arch, _ := strings.Cut(nameOf(e), "/")
	arch, _, _ = strings.Cut(arch, "/")
	other := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
	words := fieldsOf(tag, ":/.-+")
	return arch != "" && slices.ContainsFunc(words, func(w string) bool { return w == arch || w == other || strings.HasPrefix(w, arch+"v") })
}

// listAndImage is an index beside a single image that it lists, as A9 and A10 use them.
type listAndImage struct {
	list, image artifactSide
	images      []model.Entry // of the index
	member      model.Entry   // the image of the other side in the index: the same manifest or config
}

// listAndImage returns the two sides if one is an index that lists the image of the other. It
// leaves out an image that was requested by digest, as no tag is wrong then.
func (c Comparison) listAndImage() (w listAndImage, ok bool) {
	if c.B == nil || isIndex(*c.A) == isIndex(*c.B) {
		return w, false
	}
	sides := c.artifacts()
	w.list, w.image = sides[0], sides[1]
	if isIndex(*c.B) {
		w.list, w.image = w.image, w.list
	}
	w.images = differentImages(w.list.art.Images())
	single := differentImages(w.image.art.Images())
	if w.image.art.Ref.Digest != "" || len(single) != 1 {
		return w, false
	}
	i := slices.IndexFunc(w.images, func(e model.Entry) bool {
		return manifestKey(e) == manifestKey(single[0]) || configKey(e) != "" && configKey(e) == configKey(single[0])
	})
	if i < 0 {
		return w, false
	}
	w.member = w.images[i]
	return w, true
}

func (w listAndImage) proof() []safe.Text {
	lines := []safe.Text{
		safe.Sprintf("index: %s", w.list.art.Top.Digest), safe.Sprintf("its member: %s", w.member.Descriptor.Digest),
		safe.Sprintf("the other side: %s", w.image.art.Top.Digest),
	}
	if w.member.Image != nil && w.member.Descriptor.Digest != w.image.art.Top.Digest {
		lines = append(lines, safe.Sprintf("config of both: %s", w.member.Image.ID()))
	}
	return lines
}
