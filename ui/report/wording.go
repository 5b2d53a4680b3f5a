package report

import (
	"slices"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// kind says what a reference led to.
func kind(a model.Artifact) safe.Text {
	switch a.Top.Kind {
	case model.KindIndex:
		if n := len(a.Images()); n != 1 {
			return safe.Sprintf("index of %d platforms", n)
		}
		return safe.Const("index of 1 platform")
	case model.KindSchema1:
		return safe.Const("image in the schema1 format")
	case model.KindImage:
		return safe.Const("image")
	}
	if t := a.Top.ArtifactType; t != "" {
		return safe.Sprintf("artifact, %s", t)
	}
	return safe.Const("artifact")
}

// headline is the verdict in one sentence with how far it can be trusted.
func headline(v diff.Verdict) safe.Text {
	if v.Code == diff.Pending {
		return safe.Const("Not known yet: something has not been read")
	}
	return v.Headline
}

// inBrackets is t in brackets after a blank, empty for an empty t.
func inBrackets(t safe.Text) safe.Text {
	if t.IsEmpty() {
		return t
	}
	return safe.Sprintf(" (%s)", t)
}

// platformName is a heading's name for what has no platform, too.
func platformName(p diff.Pair) safe.Text {
	if p.Platform == "" {
		return safe.Const("the image")
	}
	return safe.Clean(p.Platform)
}

// platformState is one line on one platform.
func platformState(c diff.Comparison, p diff.Pair, o Options) safe.Text {
	if c.B != nil {
		return headline(p.Verdict)
	}
	switch {
	case p.A.Err != nil:
		return o.Gate.Clean(p.A.Err.Error())
	case p.A.Image == nil:
		return safe.Const("not read")
	}
	n := len(p.A.Image.Manifest.Layers)
	return safe.Sprintf("%d layers, %s, image ID %s", n, look.Size(p.A.Image.Manifest.LayerSize()), look.Short(p.A.Image.ID()))
}

// rowNote says in words what the mark of a row says in a sign.
func rowNote(r diff.Row) safe.Text {
	words := []safe.Text{noteOfClass(r)}
	if r.SameText && r.A != nil && r.B != nil && !slices.Equal(dockerfile.BuildArgs(r.A.CreatedBy), dockerfile.BuildArgs(r.B.CreatedBy)) {
		words = append(words, safe.Const("other build arguments"))
	}
	if t := twins(r); !t.IsEmpty() {
		words = append(words, t)
	}
	return safe.Join(words, ", ")
}

func noteOfClass(r diff.Row) safe.Text {
	switch r.Class {
	case diff.Same:
		return layerSize(r.A)
	case diff.RepackedRow:
		return safe.Sprintf("same content, packed again: %s", sizes(r))
	case diff.BothEmpty:
		if r.A.HasLayer && r.B.HasLayer {
			return safe.Const("both empty")
		}
		return safe.Const("empty layer on one side, setting on the other")
	case diff.Substituted:
		if !r.A.HasLayer && !r.B.HasLayer {
			return safe.Const("other setting")
		}
		return safe.Sprintf("%s: %s", string(r.Detail), sizes(r))
	case diff.Added:
		return oneSide(r.B, safe.Const("only in B"))
	case diff.Removed:
		return oneSide(r.A, safe.Const("only in A"))
	case diff.Moved:
		if r.A != nil {
			return safe.Sprintf("moved to step %d of B", r.Other+1)
		}
		return safe.Sprintf("moved from step %d of A", r.Other+1)
	case diff.Settings:
		return safe.Const("settings only")
	}
	return layerSize(firstStep(r))
}

func oneSide(s *model.Step, where safe.Text) safe.Text {
	return safe.Sprintf("%s, %s", where, layerSize(s))
}

func sizes(r diff.Row) safe.Text {
	return safe.Sprintf("%s → %s", layerSize(r.A), layerSize(r.B))
}

func layerSize(s *model.Step) safe.Text {
	switch {
	case !s.HasLayer:
		return safe.Const("settings only")
	case s.Layer.Size == 0:
		return safe.Const("size unknown")
	case s.Empty:
		return safe.Sprintf("empty, %s", look.Size(s.Layer.Size))
	}
	return look.Size(s.Layer.Size)
}

// twins says where else the same content is.
func twins(r diff.Row) safe.Text {
	var parts []safe.Text
	for _, t := range []struct {
		in safe.Text
		at []int
	}{{safe.Const(" in A"), r.TwinsA}, {safe.Const(" in B"), r.TwinsB}} {
		if r.Class == diff.Alone {
			t.in = safe.Text{}
		}
		if len(t.at) > 0 {
			parts = append(parts, safe.Sprintf("×%d%s: the same files as step %d", len(t.at)+1, t.in, t.at[0]+1))
		}
	}
	return safe.Join(parts, ", ")
}
