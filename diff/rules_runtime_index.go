package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// nestedIndex (C14): an index of images that lists an index. Of the index of an OCI layout,
// which is not for runtimes, C7 says what it is.
func nestedIndex(c Comparison) []Finding {
	isIndex := func(a *model.Artifact, i int) bool {
		return a.Entries[i].Role == model.RoleIndex && len(a.Images()) > 0 && layoutNames(*a) == nil
	}
	return c.onEntries(isIndex, func(s artifactSide, nested []model.Entry) Finding {
		next := safe.Const("Create a flat index: docker buildx imagetools create, with the inner indexes as sources")
		if hasNamed(nested) || len(sharedPlatforms(s.art.Images())) > 0 { // a flat index would list a platform twice
			next = adviseCopyEntry
		}
		return Finding{
			Severity: 1, Rests: on(Hashed, Claimed), Next: next,
			Text: safe.Sprintf("In %s, the index lists %s. podman and Docker before 23.0 read one level only and fail.",
				s.name, indexesText(nested)),
			Proof: []safe.Text{safe.Const("source: podman issue 25045 " +
				"(\"Unexpectedly received a manifest list instead of a manifest for a single image\"); " +
				"moby pull request 43675; image-spec image-index.md says SHOULD of nested indexes")},
		}
	})
}

// indexesText counts the indexes that an index lists itself, and says how many levels there
// are with those in them: "2 other indexes, nested 3 levels deep".
func indexesText(nested []model.Entry) string {
	text, levels := "another index", 0
	if n := countOf(nested, func(e model.Entry) bool { return e.Depth == 0 }); n > 1 {
		text = fmt.Sprintf("%d other indexes", n)
	}
	for _, e := range nested {
		levels = max(levels, e.Depth+2)
	}
	if levels > 2 {
		text += fmt.Sprintf(", nested %d levels deep", levels)
	}
	return text
}

// adviseCopyEntry is the advice for an index whose entries are not the platforms of one image.
var adviseCopyEntry = safe.Const("Copy the entry that you want to a tag, by its digest: crane tag NAME@sha256:… TAG")

// hasNamed reports whether one of some entries has the name of a tag, as in an OCI layout.
func hasNamed(entries []model.Entry) bool {
	return slices.ContainsFunc(entries, func(e model.Entry) bool { return e.Descriptor.Annotations[v1.AnnotationRefName] != "" })
}

// withoutPlatform (C15): images of an index that no client can choose by platform. Of the
// index of an OCI layout, C7 says what it is. An entry that was not read may be another artifact.
func withoutPlatform(c Comparison) []Finding {
	return c.onEntries(func(a *model.Artifact, i int) bool {
		e := a.Entries[i]
		return e.Role == model.RoleImage && e.Image != nil && layoutNames(*a) == nil &&
			(e.Descriptor.Platform == nil || e.Descriptor.Platform.OS == "")
	}, func(s artifactSide, bare []model.Entry) Finding {
		next := safe.Const("Create the index again with a platform for each image")
		if hasNamed(bare) {
			next = adviseCopyEntry
		}
		takes := byNumber(len(bare), "1 entry for an image has no platform. podman takes it",
			fmt.Sprintf("%d entries for images have no platform. podman takes the first of them", len(bare)))
		return Finding{
			Severity: 1, Rests: on(Hashed, Claimed), Next: next,
			Text: safe.Sprintf("In %s, %s if no other entry fits; containerd and Docker read the platform from the config.", s.name, takes),
			Proof: []safe.Text{safe.Const("source: containers/image, manifest/oci_index.go: ChooseInstance; " +
				"containerd, core/images/image.go: Manifest; moby pull request 43675")},
		}
	})
}

// artifactAsPlatform (C16): an SBOM, a cache or another artifact that is listed with an
// operating system, as if it were an image. One that comes first stops clients; one that is
// meant to be listed so is a fact.
func artifactAsPlatform(c Comparison) []Finding {
	kind := func(is func(listedArtifact) bool, find func(artifactSide, []model.Entry) Finding) []Finding {
		return c.onEntries(func(a *model.Artifact, i int) bool {
			l, ok := listedAt(a, i)
			return ok && is(l)
		}, find)
	}
	return slices.Concat(
		kind(func(l listedArtifact) bool { return l.first }, firstArtifact),
		kind(func(l listedArtifact) bool { return !l.first && !l.meant }, strayArtifact),
		kind(func(l listedArtifact) bool { return !l.first && l.meant }, meantArtifact),
	)
}

// listedArtifact is how an index lists an entry that is not an image as a platform.
type listedArtifact struct {
	first bool // before the image for the same platform
	meant bool // for clients that look for such entries: WebAssembly, SOCI, features of a platform
}

// listedAt is the entry at a place, ok only if it is an artifact with an operating system, and is
// called a manifest (else C20).
func listedAt(a *model.Artifact, at int) (l listedArtifact, ok bool) {
	e := a.Entries[at]
	p := e.Descriptor.Platform
	if e.Role != model.RoleArtifact || !model.IsManifestType(e.Descriptor.MediaType) || !hasSystem(e) {
		return l, false
	}
	l.first = hasImageFor(a.Entries[at+1:], e) && !hasImageFor(a.Entries[:at], e)
	l.meant = p.Architecture == "wasm" || strings.HasPrefix(e.ArtifactType(), model.SOCIType) || len(p.OSFeatures) > 0
	return l, true
}

// hasSystem reports whether an entry is listed for an operating system.
func hasSystem(e model.Entry) bool {
	p := e.Descriptor.Platform
	return p != nil && p.OS != "" && p.OS != "unknown"
}

// unknownEntryType (C20): entries for platforms that have not the media type of a manifest.
func unknownEntryType(c Comparison) []Finding {
	return c.onEntries(func(a *model.Artifact, i int) bool {
		return hasSystem(a.Entries[i]) && !model.IsManifestType(a.Entries[i].Descriptor.MediaType)
	}, func(s artifactSide, odd []model.Entry) Finding {
		types := distinct(odd, func(e model.Entry) string { return quoted(e.Descriptor.MediaType) })
		return Finding{
			Severity: 2, Rests: on(Hashed, Claimed),
			Text: safe.Sprintf("In %s, %s the media type %s, which is not that of a manifest. Clients may not take %s.",
				s.name, byNumber(len(odd), "1 entry for a platform has", fmt.Sprintf("%d entries for platforms have", len(odd))), list(types),
				byNumber(len(odd), "it for an image", "them for images")),
			Next: safe.Sprintf("Create the index again. An image has the media type %s or %s",
				v1.MediaTypeImageManifest, model.MediaTypeDockerManifest),
		}
	})
}

// firstArtifact is C16 for entries that clients take in place of an image.
func firstArtifact(s artifactSide, listed []model.Entry) Finding {
	kinds, platforms := kindsAndPlatforms(listed)
	return Finding{
		Severity: 3, Rests: on(Hashed, Claimed),
		Text: safe.Sprintf("In %s, the first entry for %s is not an image: %s. Clients that take the first entry get no image.",
			s.name, list(platforms), list(kinds)),
		Lead: safe.Sprintf("The first entry of %s for %s is not an image: %s", s.name, list(platforms), list(kinds)),
		Next: adviseImagesOnly,
		Proof: []safe.Text{safe.Const("source: containers/image, manifest/oci_index.go: ChooseInstance; " +
			"go-containerregistry, pkg/v1/remote/index.go: childByPlatform")},
	}
}

var adviseImagesOnly = safe.Const("Create the index again from the images only. " +
	"Attach SBOMs with a subject: oras attach, regctl artifact put")

// strayArtifact is C16 for entries that clients may take.
func strayArtifact(s artifactSide, listed []model.Entry) Finding {
	kinds, platforms := kindsAndPlatforms(listed)
	it := byNumber(len(listed), "it", "them")
	takes := "Clients that choose by operating system may take " + it
	if !slices.ContainsFunc(listed, func(e model.Entry) bool { return !hasImageFor(s.art.Entries, e) }) {
		takes = "Clients that take the first entry get the image, others may take " + it
	}
	text := safe.Sprintf("In %s, an entry that is not an image is listed as %s: %s. %s.", s.name, list(platforms), list(kinds), takes)
	if len(listed) > 1 {
		text = safe.Sprintf("In %s, %d entries that are not images are listed as %s, %s. %s.",
			s.name, len(listed), list(platforms), byNumber(len(kinds), "each of them ", "among them ")+list(kinds), takes)
	}
	return Finding{
		Severity: 2, Rests: on(Hashed, Claimed), Text: text, Next: adviseImagesOnly,
		Proof: []safe.Text{safe.Const("source: containers/image, manifest/oci_index.go: ChooseInstance (the first); " +
			"inspektor-gadget pull request 5494 (a pull-through cache of AWS ECR failed on entries of linux without an architecture)")},
	}
}

// hasImageFor reports whether one of some entries is an image with the label of e.
func hasImageFor(entries []model.Entry, e model.Entry) bool {
	return slices.ContainsFunc(entries, func(o model.Entry) bool { return o.Role == model.RoleImage && nameOf(o) == nameOf(e) })
}

// meantArtifact is C16 for entries that certain clients look for.
func meantArtifact(s artifactSide, listed []model.Entry) Finding {
	kinds, platforms := kindsAndPlatforms(listed)
	return Finding{
		Rests: on(Claimed),
		Text: safe.Sprintf("%s also lists %s, as %s, for clients that look for it. Other clients take the image for their platform.",
			s.name, list(kinds), list(platforms)),
		Next: safe.Const("Nothing to do"),
		Proof: []safe.Text{safe.Const("source: soci-snapshotter, soci/soci_index.go (SOCI index manifest v2); nydusify --merge-platform; " +
			"CNCF TAG Runtime, Wasm OCI Artifact layout (wasip1, wasm)")},
	}
}

// kindsAndPlatforms names what entries are and what they are listed as.
func kindsAndPlatforms(listed []model.Entry) (kinds, platforms []string) {
	return distinct(listed, func(e model.Entry) string { return artifactName(e.ArtifactType()) }), distinct(listed, listedAs)
}

// listedAs is the platform of an entry as its index states it.
func listedAs(e model.Entry) string {
	p := e.Descriptor.Platform
	if p.Architecture == "" {
		return p.OS + " without an architecture"
	}
	return model.PlatformName(*p) + featuresText(e.Descriptor)
}

// onlyBuildCache (C17): an index or a manifest that holds a build cache and no image.
func onlyBuildCache(c Comparison, s artifactSide) []Finding {
	if !isBuildCache(*s.art) && !strings.HasPrefix(s.art.Top.ArtifactType, buildCacheType) {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Hashed), Evidence: []Evidence{{s.side, none, s.art.Top.Digest}},
		Text: safe.Sprintf("%s is a build cache of BuildKit, not an image: there is nothing to run.", s.name),
		Next: safe.Const("Use it with docker buildx build --cache-from type=registry,ref=…"),
		Proof: []safe.Text{
			safe.Sprintf("the manifest %s lists a %s", s.art.Top.Digest, buildCacheType+"v0"),
			safe.Const("source: buildkit, cache/remotecache/v1/spec.go: CacheConfigMediaTypeV0"),
		},
		Check: c.manifestOf(s.side, "."),
	}}
}

// onEntries applies a rule to the entries of each index that match, by their place. find leaves the
// evidence, the entries in the proof and the check to onEntries. A list of referrers is
// not for runtimes (distribution-spec, "Referrers Tag Schema").
func (c Comparison) onEntries(match func(*model.Artifact, int) bool, find func(artifactSide, []model.Entry) Finding) []Finding {
	var found []Finding
	for _, s := range c.indexes() {
		if model.IsAttached(s.art.Ref.Tag) {
			continue
		}
		var entries []model.Entry
		for i, e := range s.art.Entries {
			if match(s.art, i) {
				entries = append(entries, e)
			}
		}
		if len(entries) == 0 {
			continue
		}
		f := find(s, entries)
		f.Evidence, f.Proof = s.evidence(entries), append(entriesProof(entries), f.Proof...)
		f.Check = c.manifestOf(s.side, ".manifests[]|{mediaType,artifactType,digest,platform}")
		found = append(found, f)
	}
	return found
}
