package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// nothingToRun (D26): an image without a file has no program that a container could start.
func nothingToRun(s sideOf) []Finding {
	lacks := lackedLayers(s.img)
	if lacks == "" {
		return nil
	}
	f := Finding{
		Severity: 2, Rests: on(Hashed), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
		Next:  safe.Const("Check the build: a step that copies the program is missing, or the wrong stage was pushed"),
		Proof: []safe.Text{safe.Sprintf("layers: %d", len(s.img.Manifest.Layers))},
		Check: s.manifestCheck(".layers // .fsLayers"),
	}
	f.Rests = emptyGrounds(s.img.Steps...)
	command := slices.Concat(s.img.Config.Config.Entrypoint, s.img.Config.Config.Cmd)
	if len(command) == 0 {
		f.Text = safe.Sprintf("In %s, the image has %s and no start command: there is nothing to run.", s.name, lacks)
		return []Finding{f}
	}
	f.Text = safe.Sprintf("In %s, the image has %s, so it does not contain the program that it starts, %s.", s.name, lacks, quoted(command[0]))
	return []Finding{f}
}

// lackedLayers says that an image has no file: "no layer", "no layer with files". It is "" for others.
func lackedLayers(img *model.Image) string {
	switch {
	case slices.ContainsFunc(img.Steps, func(st model.Step) bool { return st.HasLayer && !st.Empty }):
		return ""
	case len(img.Manifest.Layers) > 0:
		return "no layer with files"
	}
	return "no layer"
}

// calledAttestation (C19): the layers are those of an image, but an annotation of the manifest calls it
// an attestation.
func calledAttestation(s sideOf) []Finding {
	if !callsAttestation(s.img) {
		return nil
	}
	return []Finding{{
		Severity: 2, Rests: on(Hashed, Claimed), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
		Text: safe.Sprintf("In %s, an annotation calls the manifest an attestation of a build, not an image. "+
			"Its config and layers are those of an image.", s.name),
		Next:  safe.Const("Check which of the two the tag is meant to have. Push an image again without this annotation"),
		Proof: []safe.Text{safe.Sprintf("annotation %s = %s", model.AnnotationReferenceType, model.AttestationType)},
		Check: s.manifestCheck(".annotations"),
	}}
}

// callsAttestation reports whether an annotation of a manifest calls it an attestation.
func callsAttestation(img *model.Image) bool {
	return img.Manifest.Annotations[model.AnnotationReferenceType] == model.AttestationType
}
