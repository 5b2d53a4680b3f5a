package look

import (
	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Instruction returns the instruction of a step in Dockerfile form, or the name that a tool
// without Dockerfiles gives its layer.
func Instruction(st model.Step, gate safe.Gate) safe.Text {
	switch line := dockerfile.StepLine(st); {
	case line != "":
		return gate.Clean(line)
	case st.WithoutHistory:
		return safe.Const("(a layer without history)")
	}
	return safe.Const("(no instruction recorded)")
}

// FitInstruction is Fit for the instruction of a step. Names of layers are cut on the left,
// because they differ at the end: buildpack, version, layer.
func (g Glyphs) FitInstruction(st model.Step, t safe.Text, width int) safe.Text {
	if _, named := dockerfile.LayerOf(st); named {
		return g.FitEnd(t, width)
	}
	return g.Fit(t, width)
}
