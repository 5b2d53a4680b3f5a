package diff

import (
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// oddArchitecture is the platform of an index entry, as it is written there, if its architecture
// is not written as Go writes it, "" else: x86_64 for amd64, aarch64 for arm64.
func oddArchitecture(d v1.Descriptor) string {
	if d.Platform == nil || d.Platform.Architecture == model.Normal(*d.Platform).Architecture {
		return ""
	}
	return quoted(d.Platform.OS + "/" + d.Platform.Architecture)
}

// differsInSpelling reports whether only one side lists an image under an odd name of its
// architecture, or each under another one.
func differsInSpelling(p Pair) bool {
	return oddArchitecture(p.A.Descriptor) != oddArchitecture(p.B.Descriptor)
}

// oddArchitectures (C13) are entries of an index that some clients do not find under their platform.
func oddArchitectures(_ Comparison, s artifactSide) []Finding {
	odd := matching(s.art.Images(), func(e model.Entry) bool { return oddArchitecture(e.Descriptor) != "" })
	if len(odd) == 0 {
		return nil
	}
	written := mapped(odd, func(e model.Entry) string { return oddArchitecture(e.Descriptor) })
	lists := safe.Sprintf("lists %s as %s", list(mapped(odd, nameOf)), list(written))
	return []Finding{{
		Severity: 2, Rests: on(Hashed, Claimed), Evidence: s.evidence(odd),
		Text: safe.Sprintf("In %s, the index %s. Docker and containerd take that for the same, but "+
			"crane, skopeo, podman and CRI-O do not find the image.", s.name, lists),
		Next: safe.Const("Create the index again with the name that Go uses: amd64, arm64, 386, arm"),
		Proof: append(entriesProof(odd), safe.Const("source: containerd/platforms, normalizeArch; containers/image, "+
			"internal/pkg/platform (compares the words); seen with crane 0.20 and skopeo 1.9")),
	}}
}
