package diff

import (
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Limits of other programs. They are claims of their sources and threads and were not
// measured here, so what rests on them is inferred.
const (
	dockerMaxLayers = 125 // moby, layer/layer_store.go: maxLayerDepth
	crioMaxLayers   = 128 // cri-o issue 6261
)

// tooManyLayers (D19): more layers than a runtime mounts.
func tooManyLayers(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		n := len(s.img.Manifest.Layers)
		if n <= dockerMaxLayers {
			return nil
		}
		fails := fmt.Sprintf("Docker mounts at most %d and fails with \"max depth exceeded\"", dockerMaxLayers)
		if n > crioMaxLayers {
			fails = fmt.Sprintf("Docker mounts at most %d, CRI-O %d; they fail with \"max depth exceeded\"", dockerMaxLayers, crioMaxLayers)
		}
		return []Finding{{
			Severity: 2, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
			Text:  safe.Sprintf("In %s, the image has %d layers. %s.", s.name, n, fails),
			Next:  safe.Const("Join steps (RUN a && b), copy from a stage that has the result, or squash the image"),
			Proof: []safe.Text{safe.Sprintf("layers: %d; maxLayerDepth of Docker: %d; CRI-O: %d", n, dockerMaxLayers, crioMaxLayers)},
			Check: s.manifestCheck(".layers | length"),
		}}
	})
}

// mixedFormats (D20): layers with media types of the other format than the manifest.
func mixedFormats(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		format := formatOf(s.img.Manifest.MediaType)
		var other []model.Step
		for _, st := range s.img.Steps {
			if f := layerFormat(st.Layer.MediaType); st.HasLayer && f != "" && f != format {
				other = append(other, st)
			}
		}
		if format == "" || len(other) == 0 {
			return nil
		}
		f := Finding{
			Severity: 2, Rests: on(Hashed, Claimed), Evidence: stepEvidence(s.side, other),
			Text: safe.Sprintf("In %s, the manifest has Docker's format, but %s (%s) %s OCI's media types. podman, skopeo and CRI-O refuse that.",
				s.name, plural(len(other), "layer"), stepsText(stepIndexes(other)), hasHave(len(other))),
			Next: safe.Const("Push it again in one format: skopeo copy --format oci, or regctl image mod --to-oci"),
			Proof: []safe.Text{safe.Sprintf("media type of the manifest: %s; of step %d: %s",
				s.img.Manifest.MediaType, other[0].Index+1, quoted(other[0].Layer.MediaType))},
			Check: s.manifestCheck("[.mediaType, .layers[].mediaType]"),
		}
		if format == "OCI" {
			f.Severity = 1
			f.Text = safe.Sprintf("In %s, the manifest has the OCI format, but %s (%s) %s Docker's media types. "+
				"Some clients accept one format only.",
				s.name, plural(len(other), "layer"), stepsText(stepIndexes(other)), hasHave(len(other)))
		}
		return []Finding{f}
	})
}

func layerFormat(mediaType string) string {
	switch {
	case strings.HasPrefix(mediaType, "application/vnd.docker.image.rootfs."):
		return "Docker"
	case strings.HasPrefix(mediaType, "application/vnd.oci.image.layer."):
		return "OCI"
	}
	return ""
}

// otherAlgorithm (D21): blobs that are named by another hash than sha256.
func otherAlgorithm(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		var named []digest.Digest
		for _, d := range append([]v1.Descriptor{s.img.Manifest.Config}, s.img.Manifest.Layers...) {
			if d.Digest != "" && d.Digest.Algorithm() != digest.SHA256 {
				named = append(named, d.Digest)
			}
		}
		if len(named) == 0 {
			return nil
		}
		return []Finding{{
			Severity: 2, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
			Text: safe.Sprintf("In %s, %s by %s. Docker pulls blobs named by sha256 only.",
				s.name, blobsNamed(len(named)), named[0].Algorithm()),
			Next:  safe.Const("Push the image again with sha256 digests"),
			Proof: []safe.Text{safe.Sprintf("%s", named[0])}, Check: s.manifestCheck("[.config.digest, .layers[].digest]"),
		}}
	})
}

func blobsNamed(n int) string {
	if n == 1 {
		return "1 blob is named"
	}
	return fmt.Sprintf("%d blobs are named", n)
}

// oddConfigType (D22): a config with a media type that only some clients take for an image.
func oddConfigType(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		if !s.img.Manifest.HasOddConfigType() {
			return nil
		}
		return []Finding{{
			Severity: 1, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
			Text: safe.Sprintf("In %s, the config has the media type %s. Docker accepts it as an image, other clients may not.",
				s.name, quoted(s.img.Manifest.Config.MediaType)),
			Next:  safe.Const("Push the image again with a current client"),
			Proof: []safe.Text{safe.Sprintf("config.mediaType = %s", quoted(s.img.Manifest.Config.MediaType))},
			Check: s.manifestCheck(".config.mediaType"),
		}}
	})
}

// noRootFS (D23): a config without the list of layers, which Docker demands even of an
// image without files.
func noRootFS(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		rootFS := s.img.Config.RootFS
		if s.img.Manifest.Kind == model.KindSchema1 || rootFS.Type != "" || len(rootFS.DiffIDs) > 0 || len(s.img.Config.Raw) == 0 {
			return nil
		}
		return []Finding{{
			Severity: 2, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
			Text:  safe.Sprintf("In %s, the config has no list of layers (rootfs). Docker refuses it.", s.name),
			Next:  safe.Const("Write rootfs with type \"layers\" and an empty list of diff_ids"),
			Proof: []safe.Text{safe.Const("rootfs.type and rootfs.diff_ids are missing")}, Check: s.configCheck(".rootfs"),
		}}
	})
}

// nestedIndex (C14): an index that lists an index.
func nestedIndex(c Comparison) []Finding {
	return c.onIndexes(func(e model.Entry) bool { return e.Role == model.RoleIndex }, func(s indexSide, nested []model.Entry) Finding {
		return Finding{
			Severity: 1, Rests: on(Hashed, Claimed),
			Text: safe.Sprintf("In %s, the index lists %s. Some runtimes read one level only and find no image.", s.name, indexesText(len(nested))),
			Next: safe.Const("Create a flat index: docker buildx imagetools create lists the images of the inner ones"),
		}
	})
}

func indexesText(n int) string {
	if n == 1 {
		return "another index"
	}
	return fmt.Sprintf("%d other indexes", n)
}

// withoutPlatform (C15): images of an index that no client can choose by platform.
func withoutPlatform(c Comparison) []Finding {
	return c.onIndexes(func(e model.Entry) bool {
		return e.Role == model.RoleImage && (e.Descriptor.Platform == nil || e.Descriptor.Platform.OS == "")
	}, func(s indexSide, bare []model.Entry) Finding {
		return Finding{
			Severity: 1, Rests: on(Hashed, Claimed),
			Text: safe.Sprintf("In %s, %s. Clients that choose by platform skip them or take the first.", s.name, entriesWithoutPlatform(len(bare))),
			Next: safe.Const("Create the index again with a platform for each image"),
		}
	})
}

func entriesWithoutPlatform(n int) string {
	if n == 1 {
		return "1 entry for an image has no platform"
	}
	return fmt.Sprintf("%d entries for images have no platform", n)
}

// artifactAsPlatform (C16): an SBOM, a cache or another artifact that is listed with an
// operating system, as if it were an image.
func artifactAsPlatform(c Comparison) []Finding {
	return c.onIndexes(func(e model.Entry) bool {
		p := e.Descriptor.Platform
		return e.Role == model.RoleArtifact && p != nil && p.OS != "" && p.OS != "unknown"
	}, func(s indexSide, listed []model.Entry) Finding {
		var kinds []string
		for _, e := range listed {
			kinds = appendNew(kinds, artifactName(e.ArtifactType()))
		}
		text := safe.Sprintf("In %s, an entry that is not an image is listed as %s: %s. Clients that go by the operating system may take it.",
			s.name, listedAs(listed[0]), list(kinds))
		if len(listed) > 1 {
			text = safe.Sprintf("In %s, %d entries that are not images are listed as %s: %s. Clients that go by the operating system may take them.",
				s.name, len(listed), listedAs(listed[0]), list(kinds))
		}
		return Finding{
			Severity: 2, Rests: on(Hashed, Claimed), Text: text,
			Next: safe.Const("Create the index again from the images only. Attach SBOMs with a subject: oras attach, regctl artifact put"),
		}
	})
}

// listedAs is the platform of an entry as its index states it.
func listedAs(e model.Entry) string {
	p := e.Descriptor.Platform
	if p.Architecture == "" {
		return p.OS + " without an architecture"
	}
	return model.PlatformName(*p)
}

func appendNew(all []string, s string) []string {
	for _, o := range all {
		if o == s {
			return all
		}
	}
	return append(all, s)
}

// onlyBuildCache (C17): an index or a manifest that holds a build cache and no image.
func onlyBuildCache(c Comparison) []Finding {
	nameA, nameB := c.names()
	var found []Finding
	for _, s := range []indexSide{{SideA, nameA, c.A}, {SideB, nameB, c.B}} {
		if s.art == nil || !isBuildCache(*s.art) && !strings.HasPrefix(s.art.Top.ArtifactType, buildCacheType) {
			continue
		}
		found = append(found, Finding{
			Severity: 1, Rests: on(Hashed), Evidence: []Evidence{{s.side, none, s.art.Top.Digest}},
			Text:  safe.Sprintf("%s is a build cache of BuildKit, not an image: there is nothing to run.", s.name),
			Next:  safe.Const("Use it with docker buildx build --cache-from type=registry,ref=…"),
			Proof: []safe.Text{safe.Sprintf("the manifest %s lists a %s", s.art.Top.Digest, buildCacheType+"v0")}, Check: c.manifestOf(s.side, "."),
		})
	}
	return found
}

// onIndexes applies a rule to the entries of each index that match. find leaves the
// evidence, the proof and the check to onIndexes.
func (c Comparison) onIndexes(match func(model.Entry) bool, find func(indexSide, []model.Entry) Finding) []Finding {
	var found []Finding
	for _, s := range c.indexes() {
		var entries []model.Entry
		for _, e := range s.art.Entries {
			if match(e) {
				entries = append(entries, e)
			}
		}
		if len(entries) == 0 {
			continue
		}
		f := find(s, entries)
		f.Evidence, f.Proof = s.evidence(entries), entriesProof(entries)
		f.Check = c.manifestOf(s.side, ".manifests[]|{mediaType,artifactType,digest,platform}")
		found = append(found, f)
	}
	return found
}
