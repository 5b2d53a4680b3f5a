package diff

import (
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// What other programs cannot read is a claim of their sources and threads, which the proof
// names. It was not measured here, so all that rests on it is inferred.

// layerLimits are the most layers that programs mount, the smallest first.
var layerLimits = []struct {
	most            int
	program, source string
}{
	{
		125, "Docker's classic image store (graph drivers)",
		"moby, layer/layer_store.go: maxLayerDepth = 125; the containerd image store does not use it",
	},
	{128, "CRI-O and podman of 2022 and older", "cri-o issue 6261; containers/storage pull request 1375 lifted it"},
	{overlayLayers, "Linux's overlayfs", "linux, fs/overlayfs: OVL_MAX_STACK = 500"},
}

// overlayLayers is the most layers that overlayfs mounts, on which Docker, containerd, podman and CRI-O
// run images unless a node is set up with another storage.
const overlayLayers = 500

// tooManyLayers (D19): more layers than a runtime mounts. It stops a deployment where no common
// runtime mounts them, and is a warning where others do.
func tooManyLayers(s sideOf) []Finding {
	n := len(s.img.Manifest.Layers)
	var limits []string
	proof := []safe.Text{safe.Sprintf("layers: %d", n)}
	for _, l := range layerLimits {
		if n > l.most {
			limits = append(limits, fmt.Sprintf("%s at most %d", l.program, l.most))
			proof = append(proof, safe.Sprintf("source: %s", l.source))
		}
	}
	if len(limits) == 0 {
		return nil
	}
	f := Finding{
		Severity: 2, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
		Text: safe.Sprintf("In %s, there are %d layers, more than some runtimes can mount (max depth exceeded): %s. "+
			"Docker's containerd image store, containerd, and podman and CRI-O of today do not have %s.",
			s.name, n, strings.Join(limits, "; "), byNumber(len(limits), "this limit", "these limits")),
		Next:  safe.Const("Join steps (RUN a && b), copy from a stage that has the result, or squash the image"),
		Proof: proof,
		Check: s.manifestCheck(".layers | length"),
	}
	if n > overlayLayers {
		f.Severity = 3
		f.Text = safe.Sprintf("In %s, there are %d layers, more than runtimes can mount: %s.", s.name, n, strings.Join(limits, "; "))
		f.Lead = safe.Sprintf("In %s, there are %d layers; Linux's overlayfs mounts at most %d", s.name, n, overlayLayers)
	}
	return []Finding{f}
}

// mixedFormats (D20): layers with media types of the other format than the manifest.
func mixedFormats(s sideOf) []Finding {
	format := formatOf(s.img.Manifest.MediaType)
	other := matching(s.img.Steps, func(st model.Step) bool {
		f := layerFormat(st.Layer.MediaType)
		return st.HasLayer && f != "" && f != format
	})
	if format == "" || len(other) == 0 {
		return nil
	}
	types := func(whose string) string {
		return byNumber(len(other), "has "+whose+" media type", "have "+whose+" media types")
	}
	f := Finding{
		Severity: 2, Rests: on(Hashed, Claimed), Evidence: stepEvidence(s.side, other),
		Text: safe.Sprintf("In %s, the manifest has Docker's format, but %s (%s) %s. "+
			"podman, skopeo and CRI-O refuse that (unsupported docker v2s2 media type).",
			s.name, plural(len(other), "layer"), stepsText(stepIndexes(other)), types("OCI's")),
		Next: safe.Const("Push it again in one format: build with oci-mediatypes=true, or regctl image mod --to-oci"),
		Proof: []safe.Text{safe.Sprintf("media type of the manifest: %s; of step %d: %s",
			s.img.Manifest.MediaType, other[0].Index+1, quoted(other[0].Layer.MediaType))},
		Check: s.manifestCheck("[.mediaType, .layers[].mediaType]"),
	}
	source := safe.Const("source: containers/image issue 2972 (podman, skopeo); kontain.me issue 222 (CRI-O)")
	if format == "OCI" {
		f.Severity = 1
		f.Text = safe.Sprintf("In %s, the manifest has the OCI format, but %s (%s) %s. "+
			"podman may fail to push it again (unsupported MIME type for compression).",
			s.name, plural(len(other), "layer"), stepsText(stepIndexes(other)), types("Docker's"))
		source = safe.Const("source: podman issue 19949")
	}
	f.Proof = append(f.Proof, source)
	return []Finding{f}
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
func otherAlgorithm(s sideOf) []Finding {
	var others []digest.Digest
	for d := range blobsOf(s.img) {
		if d.Digest != "" && d.Digest.Algorithm() != digest.SHA256 {
			others = append(others, d.Digest)
		}
	}
	if len(others) == 0 {
		return nil
	}
	named := byNumber(len(others), "1 blob is named", fmt.Sprintf("%d blobs are named", len(others)))
	return []Finding{{
		Severity: 2, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
		Text: safe.Sprintf("In %s, %s by %s. Docker cannot use such an image (seen with 27.0), and other clients may know sha256 only.",
			s.name, named, others[0].Algorithm()),
		Next:  safe.Const("Push the image again with sha256 digests"),
		Proof: []safe.Text{safe.Sprintf("%s", others[0]), safe.Const("source: moby issue 48241")},
		Check: s.manifestCheck("[.config.digest, .layers[].digest]"),
	}}
}

// oddConfigType (D22): a config with a media type that only some clients take for an image.
func oddConfigType(s sideOf) []Finding {
	if !s.img.Manifest.HasOddConfigType() {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
		Text: safe.Sprintf("In %s, the config has the media type %s, which old clients wrote. "+
			"Docker's classic image store accepts it, containerd and Docker's containerd image store may fail.",
			s.name, quoted(s.img.Manifest.Config.MediaType)),
		Next: safe.Const("Push the image again with a current client"),
		Proof: []safe.Text{
			safe.Sprintf("config.mediaType = %s", quoted(s.img.Manifest.Config.MediaType)),
			safe.Const("source: moby, distribution/registry.go (moby pull request 44567); containerd issue 4756; moby issue 48361"),
		},
		Check: s.manifestCheck(".config.mediaType"),
	}}
}

// noRootFS (D23): a config without the list of layers. Docker refuses it if the member is
// missing, and takes an empty one.
func noRootFS(s sideOf) []Finding {
	rootFS := s.img.Config.RootFS
	if s.img.Manifest.Kind == model.KindSchema1 || rootFS.Type != "" || len(rootFS.DiffIDs) > 0 || len(s.img.Config.Raw) == 0 {
		return nil
	}
	f := Finding{
		Severity: 2, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, s.img.Config.Digest}},
		Text: safe.Sprintf("In %s, the config has no list of layers (rootfs). Docker refuses it (invalid rootfs in image configuration).",
			s.name),
		Next: safe.Const("Write rootfs with type \"layers\" and an empty list of diff_ids"),
		Proof: []safe.Text{
			safe.Const("rootfs is missing"),
			safe.Const("source: moby issue 27568; image-spec config.md demands rootfs.type and rootfs.diff_ids"),
		},
		Check: s.configCheck(".rootfs"),
	}
	config, _ := jsondoc.Parse(s.img.Config.Raw)
	if raw := config.Member("rootfs").Raw; raw != "" && raw != "null" {
		f.Text = safe.Sprintf("In %s, the list of layers in the config (rootfs) has no type and no diff_ids, which the specification requires. "+
			"Clients may refuse it, as Docker refuses a config without rootfs.", s.name)
		f.Proof[0] = safe.Const("rootfs.type and rootfs.diff_ids are missing")
	}
	return []Finding{f}
}

// noArchitecture (C18): a config that does not say what it runs on, though OCI demands it.
func noArchitecture(s sideOf) []Finding {
	config := s.img.Config
	if s.img.Manifest.Kind == model.KindSchema1 || len(config.Raw) == 0 {
		return nil
	}
	var missing []string
	if config.OS == "" {
		missing = append(missing, "operating system")
	}
	if config.Architecture == "" {
		missing = append(missing, "architecture")
	}
	if len(missing) == 0 {
		return nil
	}
	return []Finding{{
		Severity: 1, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, config.Digest}},
		Text: safe.Sprintf("In %s, the config states no %s. Docker assumes that of the host, and refuses the image if --platform is given.",
			s.name, strings.Join(missing, " and no ")),
		Next: safe.Const("Build the image again with a platform, or set os and architecture in the config: crane mutate --set-platform"),
		Proof: []safe.Text{
			safe.Sprintf("os: %s, architecture: %s", orNone(quotedOrNone(config.OS)), orNone(quotedOrNone(config.Architecture))),
			safe.Const("source: image-spec config.md (both are REQUIRED); moby, image/image.go: BaseImgArch; buildpacks/pack issue 2315"),
		},
		Check: s.configCheck("{os, architecture}"),
	}}
}
