package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// layerReaders are the only programs that read layers of some media types, by the start of the type.
var layerReaders = []struct{ prefix, reader string }{
	{"application/vnd.oci.image.layer.nydus.", "a node with the nydus snapshotter"},
	{"application/vnd.erofs.", "containerd 2.1 or later, with the EROFS snapshotter,"},
}

// unknownLayerType (D27): layers of a media type that no ordinary runtime reads. It is silent for
// an entry of an index that is labelled for other clients.
func unknownLayerType(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		entry := p.A
		if s.side == SideB {
			entry = p.B
		}
		unknown := unknownTypes(*entry)
		if len(unknown) == 0 {
			return nil
		}
		mediaType := unknown[0].Layer.MediaType
		reads := "Docker, containerd, podman and CRI-O do not know it, and refuse the image."
		switch reader := readerOf(mediaType); {
		case reader != "":
			reads = "Only " + reader + " can run the image."
		case !isRefusedType(mediaType):
			reads = "containerd and Docker's containerd image store do not unpack it, so they refuse the image."
		}
		return []Finding{{
			Severity: 2, Rests: on(Hashed, Claimed), Evidence: stepEvidence(s.side, unknown),
			Text: safe.Sprintf("In %s, %s (%s) %s the media type %s. %s", s.name, plural(len(unknown), "layer"),
				stepsText(stepIndexes(unknown)), hasHave(len(unknown)), quoted(mediaType), reads),
			Next: safe.Const("Push the image with layers as tar archives (gzip or zstd), too, and list both in an index"),
			Proof: []safe.Text{
				safe.Sprintf("media type of step %d: %s", unknown[0].Index+1, quoted(mediaType)),
				safe.Const("source: image-spec layer.md (media types of layers); containerd, core/images/mediatypes.go, IsLayerType; " +
					"containers/image reads these and Docker's only"),
			},
			Check: s.manifestCheck("[.layers[].mediaType]"),
		}}
	})
}

// unknownTypes are the steps of an image whose layers no ordinary runtime reads, nil for an entry of an
// index that is labelled for other clients.
func unknownTypes(e model.Entry) []model.Step {
	if e.Image == nil || featuresText(e.Descriptor) != "" {
		return nil
	}
	return matching(e.Image.Steps, func(st model.Step) bool { return st.HasLayer && !isKnownLayerType(st.Layer.MediaType) })
}

// readerOf is the only program that reads layers of a media type, "" if none is known.
func readerOf(mediaType string) string {
	for _, r := range layerReaders {
		if strings.HasPrefix(mediaType, r.prefix) {
			return strings.TrimSuffix(r.reader, ",")
		}
	}
	return ""
}

// isRefusedType reports whether all ordinary runtimes refuse layers of an unknown media type. moby and
// containers/image take some general ones, as application/octet-stream.
func isRefusedType(mediaType string) bool { return strings.HasPrefix(mediaType, "application/vnd.") }

// refusedTypes are the pairs whose layers all ordinary runtimes refuse on both sides, for their media types.
func (c Comparison) refusedTypes() []Pair {
	isRefused := func(e model.Entry) bool {
		return slices.ContainsFunc(unknownTypes(e), func(st model.Step) bool { return isRefusedType(st.Layer.MediaType) })
	}
	return matching(c.shared(), func(p Pair) bool { return isRefused(*p.A) && isRefused(*p.B) })
}

// isKnownLayerType reports whether a media type is that of a tar archive, plain, compressed,
// encrypted, or not to be distributed. Schema1 states none. Layers of WebAssembly are for clients
// that know them.
func isKnownLayerType(mediaType string) bool {
	plain := strings.TrimSuffix(mediaType, "+encrypted")
	for _, word := range []string{"nondistributable.", "foreign."} {
		plain = strings.Replace(plain, word, "", 1)
	}
	return mediaType == "" || strings.HasPrefix(mediaType, "application/vnd.wasm.") ||
		slices.Contains(oldLayerTypes, plain) || model.ClaimedPacking(plain) != ""
}

// oldLayerTypes are media types of layers that clients of 2015 to 2017 wrote.
var oldLayerTypes = []string{"application/vnd.docker.container.image.rootfs.diff+x-gtar"}
