package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// attached is the verdict on two sides of which one is not an image and belongs to the other: by
// its subject, by its tag, or as an entry of an index.
func (c Comparison) attached() (Verdict, bool) {
	sides := c.artifacts()
	for i, s := range sides {
		other := sides[1-i]
		if len(s.art.Images()) > 0 {
			continue
		}
		for _, relation := range []func(s, other artifactSide) (Verdict, bool){
			sameCache, bySubject, bySubjectOfEntries, byTag, asEntry, byOtherType,
		} {
			if v, ok := relation(s, other); ok {
				v.Code = cmp.Or(v.Code, NotComparable)
				return v.trusted(), true
			}
		}
	}
	return Verdict{}, false
}

// bySubject: the manifest names the other side as its subject.
func bySubject(s, other artifactSide) (Verdict, bool) {
	if s.art.Top.Subject == nil {
		return Verdict{}, false
	}
	to := s.art.Top.Subject.Digest
	target, ok := partOf(other, to)
	return Verdict{
		Rests:    on(Hashed),
		Headline: safe.Sprintf("%s is %s, attached to %s", s.name, sideText(*s.art), target),
		Because:  safe.Sprintf("The subject of %s is sha256:%s, the digest of %s", s.name, short(to), target),
		Proof:    []safe.Text{safe.Sprintf("subject of %s: %s", s.art.Top.Digest, to)},
	}, ok
}

// bySubjectOfEntries: an index of artifacts that all name the other side as their subject.
func bySubjectOfEntries(s, other artifactSide) (Verdict, bool) {
	var target string
	entries := artifactsOf(*s.art)
	for i, e := range entries {
		if e.Artifact == nil || e.Artifact.Subject == nil {
			return Verdict{}, false
		}
		part, ok := partOf(other, e.Artifact.Subject.Digest)
		if !ok || i > 0 && part != target {
			return Verdict{}, false
		}
		target = part
	}
	if !isIndex(*s.art) || len(entries) == 0 {
		return Verdict{}, false
	}
	to := entries[0].Artifact.Subject.Digest
	return Verdict{
		Rests:    on(Hashed),
		Headline: safe.Sprintf("%s lists no image, but what is attached to %s", s.name, target),
		Because: safe.Sprintf("It lists %s; the subject is sha256:%s, the digest of %s",
			artifactsText(mapped(entries, model.Entry.ArtifactType)), short(to), target),
		Proof: mappedTo(entries, func(e model.Entry) safe.Text { return safe.Sprintf("subject of %s: %s", e.Descriptor.Digest, to) }),
	}, true
}

// byTag: the tag is made of the digest of the other side, as cosign and the list of referrers have it.
func byTag(s, other artifactSide) (Verdict, bool) {
	to, what := model.AttachedTo(s.art.Ref.Tag)
	target, ok := partOf(other, to)
	if what == "" || !ok {
		return Verdict{}, false
	}
	v := Verdict{
		Rests:    on(Claimed),
		Headline: safe.Sprintf("%s is %s, attached to %s as its tag says", s.name, sideText(*s.art), target),
		Because:  safe.Sprintf("The tag names sha256:%s, the digest of %s. Signatures were not checked", short(to), target),
		Proof:    []safe.Text{safe.Sprintf("tag: %s", s.art.Ref.Tag), safe.Sprintf("digest: %s", to)},
	}
	if isIndex(*s.art) {
		v.Headline = safe.Sprintf("%s is the list of what is attached to %s, as its tag says", s.name, target)
		v.Because = safe.Sprintf("It lists %s. The tag names sha256:%s, the digest of %s",
			artifactsText(mapped(artifactsOf(*s.art), model.Entry.ArtifactType)), short(to), target)
	}
	return v, true
}

// asEntry: the index of the other side lists the manifest.
func asEntry(s, other artifactSide) (Verdict, bool) {
	entries := matching(other.art.Entries, func(e model.Entry) bool { return e.Descriptor.Digest == s.art.Top.Digest })
	if len(entries) == 0 {
		return Verdict{}, false
	}
	return Verdict{
		Rests:    on(Hashed),
		Headline: safe.Sprintf("%s is an entry in the index of %s: %s", s.name, other.name, sideText(*s.art)),
		Because:  safe.Sprintf("%s has %s", other.name, contents(*other.art, platformNames(other.art.Images()))),
		Proof:    []safe.Text{safe.Sprintf("entry of %s: %s", other.art.Top.Digest, s.art.Top.Digest)},
	}, true
}

// byOtherType: an index lists images of the other side with a media type that is not that of a manifest.
func byOtherType(s, other artifactSide) (Verdict, bool) {
	images := map[digest.Digest]bool{}
	for _, e := range other.art.Images() {
		images[e.Descriptor.Digest] = true
	}
	odd := matching(artifactsOf(*s.art), func(e model.Entry) bool {
		return images[e.Descriptor.Digest] && !model.IsManifestType(e.Descriptor.MediaType)
	})
	if len(odd) == 0 {
		return Verdict{}, false
	}
	return Verdict{
		Rests: on(Hashed),
		Headline: safe.Sprintf("%s lists %s of %s with the media type %s, which is not that of a manifest",
			s.name, plural(len(odd), "image"), other.name, quoted(odd[0].Descriptor.MediaType)),
		Because: safe.Sprintf("%s has %s; %s has %s", s.name, contents(*s.art, nil), other.name, list(platformNames(other.art.Images()))),
		Proof:   mappedTo(odd, func(e model.Entry) safe.Text { return safe.Sprintf("in both indexes: %s", e.Descriptor.Digest) }),
	}, true
}

// sameCache: both sides are one build cache of BuildKit, as an index and as an image manifest
// (image-manifest=true).
func sameCache(s, other artifactSide) (Verdict, bool) {
	cacheBlobs := func(a model.Artifact) []digest.Digest {
		all := a.Top.Children
		if !isIndex(a) {
			all = append(slices.Clone(a.Top.Layers), a.Top.Config)
		}
		return slices.Sorted(slices.Values(mappedTo(all, func(d v1.Descriptor) digest.Digest { return d.Digest })))
	}
	isCache := func(a model.Artifact) bool {
		return isBuildCache(a) || strings.HasPrefix(a.Top.ArtifactType, buildCacheType)
	}
	blobs := cacheBlobs(*s.art)
	if !isCache(*s.art) || !isCache(*other.art) || isIndex(*s.art) == isIndex(*other.art) || !slices.Equal(blobs, cacheBlobs(*other.art)) {
		return Verdict{}, false
	}
	return Verdict{
		Code: OtherEnvelope, Rests: on(Hashed),
		Headline: safe.Const("The same build cache of BuildKit, as an index and as an image manifest"),
		Because:  safe.Sprintf("%s the same. There is nothing to run", allOf(len(blobs), "blob", "is", "are")),
		Proof:    mappedTo(blobs, func(d digest.Digest) safe.Text { return safe.Sprintf("in both manifests: %s", d) }),
	}, true
}

// partOf names what a digest is of a side: the side itself, or an entry of its index.
func partOf(s artifactSide, d digest.Digest) (name string, ok bool) {
	if d == "" {
		return "", false
	}
	if s.art.Top.Digest == d {
		return s.name, true
	}
	for _, e := range s.art.Entries {
		switch {
		case e.Descriptor.Digest != d:
		case e.Role == model.RoleImage && nameOf(e) != "":
			return "the " + nameOf(e) + " image of " + s.name, true
		default:
			return "an entry of " + s.name, true
		}
	}
	return "", false
}

// sideText says what a side without an image is: "an SBOM (application/spdx+json)".
func sideText(a model.Artifact) string {
	switch {
	case isBuildCache(a):
		return "a build cache of BuildKit"
	case isIndex(a):
		return indexText(a)
	case len(a.Entries) > 0:
		return artifactText(a.Entries[0])
	}
	return artifactText(model.Entry{Descriptor: v1.Descriptor{ArtifactType: a.Top.ArtifactType}})
}
