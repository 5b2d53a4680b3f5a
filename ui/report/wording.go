package report

import (
	"cmp"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// kind returns what a reference points to.
func kind(a model.Artifact) safe.Text {
	switch a.Top.Kind {
	case model.KindIndex:
		return look.IndexText(a)
	case model.KindSchema1:
		return safe.Const("schema1 image")
	case model.KindImage:
		return safe.Const("image")
	}
	if t := a.Top.ArtifactType; t != "" {
		return safe.Sprintf("artifact, %s", t)
	}
	return safe.Const("artifact")
}

func headline(v diff.Verdict) safe.Text {
	if v.Code == diff.Pending {
		return safe.Const("Unknown: something has not been read")
	}
	return v.Headline
}

var severities = [...]safe.Text{safe.Const("fact"), safe.Const("note"), safe.Const("warning"), safe.Const("stop")}

func severity(f diff.Finding) safe.Text {
	return severities[min(max(f.Severity, 0), len(severities)-1)]
}

// inBrackets returns " (t)", or nothing for an empty t.
func inBrackets(t safe.Text) safe.Text {
	if t.IsEmpty() {
		return t
	}
	return safe.Sprintf(" (%s)", t)
}

func platformName(p diff.Pair) safe.Text {
	if e := cmp.Or(p.A, p.B); e != nil && e.Role == model.RoleArtifact {
		return safe.Const("not an image")
	}
	if p.Platform == "" {
		return safe.Const("no platform")
	}
	return safe.Clean(p.Platform)
}

// pairName is platformName with the digest of the manifest where several entries of an index have
// the platform.
func pairName(c diff.Comparison, p diff.Pair) safe.Text {
	same := 0
	for _, other := range c.Pairs {
		if other.Platform == p.Platform {
			same++
		}
	}
	a, b := digestOf(p.A), digestOf(p.B)
	switch {
	case same < 2 || a == "" && b == "":
		return platformName(p)
	case a != "" && b != "" && a != b:
		return safe.Sprintf("%s (%s, %s)", platformName(p), look.Short(a), look.Short(b))
	}
	return safe.Sprintf("%s (%s)", platformName(p), look.Short(cmp.Or(a, b)))
}

func digestOf(e *model.Entry) digest.Digest {
	if e == nil {
		return ""
	}
	return e.Descriptor.Digest
}

// tableName is pairName with the platform of B where that is another one.
func tableName(c diff.Comparison, p diff.Pair) safe.Text {
	if other, ok := p.OtherPlatform(); ok {
		return safe.Sprintf("%s, in B %s", p.Platform, other)
	}
	return pairName(c, p)
}

// platformState returns one line about a platform.
func platformState(c diff.Comparison, p diff.Pair, o Options) safe.Text {
	if label, other := p.OtherLabel(); other {
		return safe.Sprintf("%s, in B %s", headline(p.Verdict), label)
	}
	if c.B != nil {
		return headline(p.Verdict)
	}
	switch {
	case model.IsMissing(p.A.Err):
		return safe.Sprintf("%s is not in the registry", look.Short(p.A.Descriptor.Digest))
	case p.A.Err != nil:
		return o.Gate.Clean(p.A.Err.Error())
	case p.A.Image == nil:
		return safe.Const("not read")
	}
	m := p.A.Image.Manifest
	layers := look.Count(len(m.Layers), safe.Const("layer"), safe.Const("layers"))
	return safe.Sprintf("%s, %s, image ID %s", layers, look.Size(m.LayerSize()), look.Short(p.A.Image.ID()))
}

// rowNote returns the note at the end of a row: its class, its sizes, and steps with the
// same files.
func rowNote(r diff.Row) safe.Text {
	return safe.Join(nonEmpty(look.RowNote(r), rowDetails(r)), ", ")
}

// rowDetails is rowNote without the class.
func rowDetails(r diff.Row) safe.Text {
	words := []safe.Text{rowSizes(r)}
	if r.SameText && r.A != nil && r.B != nil && !slices.Equal(r.A.BuildArgs, r.B.BuildArgs) {
		words = append(words, safe.Const("other build arguments"))
	}
	inA, inB := safe.Const(" in A"), safe.Const(" in B")
	if r.Class == diff.Alone {
		inA, inB = safe.Text{}, safe.Text{}
	}
	return safe.Join(nonEmpty(append(words, twins(inA, r.TwinsA), twins(inB, r.TwinsB))...), ", ")
}

// rowSizes returns the sizes of the layers of a row: one if they cannot differ.
func rowSizes(r diff.Row) safe.Text {
	switch {
	case r.Class == diff.BothEmpty || r.Class == diff.Moved:
		return safe.Text{}
	case r.Class == diff.Same:
		return layerSize(r.A)
	case (r.Class == diff.Added || r.Class == diff.Removed) && !cmp.Or(r.A, r.B).HasLayer:
		return safe.Const("settings only")
	}
	return safe.Join(nonEmpty(layerSize(r.A), layerSize(r.B)), " → ")
}

func layerSize(s *model.Step) safe.Text {
	switch {
	case s == nil || !s.HasLayer:
		return safe.Text{}
	case s.Layer.Size == 0:
		return safe.Const("size unknown")
	case s.Empty:
		return safe.Sprintf("empty, %s", look.Size(s.Layer.Size))
	}
	return look.Size(s.Layer.Size)
}

// twins names the steps that have the same files as a row.
func twins(side safe.Text, steps []int) safe.Text {
	if len(steps) == 0 {
		return safe.Text{}
	}
	return safe.Sprintf("×%d%s: same files as step %d", len(steps)+1, side, steps[0]+1)
}

// nonEmpty returns the texts that are not empty.
func nonEmpty(texts ...safe.Text) []safe.Text { return slices.DeleteFunc(texts, safe.Text.IsEmpty) }

// codeNote says what a code means whose word alone misleads: two versions of one product can be
// unrelated.
func codeNote(code safe.Text) safe.Text {
	if code.String() == string(diff.Unrelated) {
		return safe.Const(" (no common first layer)")
	}
	return safe.Text{}
}
