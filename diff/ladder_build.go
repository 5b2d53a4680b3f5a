package diff

import (
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// sameRecipe: the instructions agree from first to last and the bytes do not,
// so the same Dockerfile was built again (catalogue A7). It shows, not proves:
// BuildKit records the same COPY for other files.
func (l *ladder) sameRecipe() (Verdict, bool) {
	if len(l.a.Steps) != len(l.b.Steps) || len(l.a.Steps) == 0 {
		return Verdict{}, false
	}
	var differ []int
	for i := range l.a.Steps {
		a, b := l.a.Steps[i], l.b.Steps[i]
		if a.CreatedBy != b.CreatedBy && dockerfile.Key(a.CreatedBy) != dockerfile.Key(b.CreatedBy) && !dockerfile.SameCopy(a.CreatedBy, b.CreatedBy) {
			return Verdict{}, false
		}
		if !sameOrNothing(a, b) {
			if dockerfile.Instruction(a.CreatedBy) == "" {
				return Verdict{}, false
			}
			differ = append(differ, i)
		}
	}
	if len(differ) == 0 {
		return Verdict{}, false
	}
	first := l.a.Steps[differ[0]]
	return Verdict{
		Code: SameRecipe, Trust: Shown, Step: first.Index + 1,
		Headline: safe.Sprintf("Same recipe, built again from step %d on", first.Index+1),
		Because: safe.Sprintf("All %d instructions agree, the content of %d does not; the first is %s",
			len(l.a.Steps), len(differ), instructionText(first.CreatedBy)),
		Proof: append([]safe.Text{safe.Sprintf("created_by(A) = created_by(B) for all %d steps, as a Dockerfile spells them", len(l.a.Steps))}, l.partingProof(first.Index+1)...),
	}, true
}

// sameOrNothing reports whether two steps left the same files behind.
func sameOrNothing(a, b model.Step) bool {
	realA, realB := a.HasLayer && !a.Empty, b.HasLayer && !b.Empty
	return !realA && !realB || realA && realB && a.SameContent(b)
}

func (l *ladder) sameBase() (Verdict, bool) {
	k := commonPrefix(l.real[0], l.real[1])
	if k == 0 {
		return Verdict{}, false
	}
	parting := partingRow(l.p.Rows, k)
	step := printed(parting)
	return Verdict{
		Code: SameBase, Trust: Proved, Step: step,
		Headline: safe.Sprintf("Same base, different from step %d on", step),
		Because: safe.Sprintf("The first %s with files %s the same (%s); then %s%s",
			firsts(k, "layer"), isAre(k), bytesText(l.baseSize(k)), l.partingText(parting), otherTexts(l.p.Rows, parting)),
		Proof: append([]safe.Text{safe.Sprintf("the first %d contents with files (diff_ids, for schema1 blobs) are equal; the last is %s", k, l.real[0][k-1])}, rowProof(parting)...),
	}, true
}

// otherTexts says that one step is all that the recipes disagree on, which is
// what a base that moved looks like from above: one's own steps are the same.
func otherTexts(rows []Row, parting Row) safe.Text {
	same := 0
	for _, r := range rows {
		switch {
		case r.A == parting.A && r.B == parting.B:
		case !r.SameText:
			return safe.Text{}
		default:
			same++
		}
	}
	if same == 0 {
		return safe.Text{}
	}
	if same == 1 {
		return safe.Const(". The other instruction is the same on both sides")
	}
	return safe.Sprintf(". The other %s the same on both sides", plural(same, "instruction")+" "+isAre(same))
}

// baseSize is the size of the first k layers with files.
func (l *ladder) baseSize(k int) int64 {
	var size int64
	img := l.a
	if img.Manifest.Kind == model.KindSchema1 {
		img = l.b // schema1 has no sizes
	}
	for _, s := range img.Steps {
		if s.HasLayer && !s.Empty && k > 0 {
			size += s.Layer.Size
			k--
		}
	}
	return size
}

func commonPrefix(a, b []string) int {
	k := 0
	for k < len(a) && k < len(b) && a[k] == b[k] {
		k++
	}
	return k
}

// partingRow is the first row that differs after the k-th layer with files. A
// changed setting counts: the ENV before a RUN is often why the RUN came out
// differently.
func partingRow(rows []Row, k int) Row {
	for _, r := range rows {
		if s := r.A; k > 0 && s != nil && s.HasLayer && !s.Empty {
			k--
			if r.Class == Same || r.Class == RepackedRow {
				continue
			}
		}
		if k == 0 && r.Differs() && r.Class != RepackedRow && r.Class != BothEmpty {
			return r
		}
	}
	if len(rows) == 0 {
		return Row{}
	}
	return rows[len(rows)-1]
}

// partingText says what happened at the row where two images part.
func (l *ladder) partingText(r Row) string {
	text := func(s *model.Step) string { return instructionText(s.CreatedBy) }
	switch {
	case r.A == nil && r.B == nil:
		return "nothing"
	case r.Class == Moved && r.A != nil:
		return text(r.A) + " moved"
	case r.Class == Moved:
		return text(r.B) + " moved"
	case r.A == nil:
		return text(r.B) + " is only in " + l.nameB
	case r.B == nil:
		return text(r.A) + " is only in " + l.nameA
	case !r.SameText && text(r.A) != text(r.B):
		return text(r.A) + " becomes " + text(r.B)
	case r.Detail == Emptied:
		return text(r.A) + " left no file in " + l.nameB
	case r.Detail == Filled:
		return text(r.A) + " left no file in " + l.nameA
	}
	return text(r.A) + " made other files"
}

// printed is the number a row goes by: A's, else B's, the oldest being 1.
func printed(r Row) int {
	switch {
	case r.A != nil:
		return r.A.Index + 1
	case r.B != nil:
		return r.B.Index + 1
	}
	return 0
}

// firstDifference is the number of the first row that differs, 0 if none does.
func firstDifference(rows []Row) int {
	for _, r := range rows {
		if r.Differs() {
			return printed(r)
		}
	}
	return 0
}

// unrelated is the last rung. It still tells what agrees: a base that moved
// changes the very first layer of an image whose recipe stays.
func (l *ladder) unrelated() Verdict {
	sameLayers, sameTexts, steps := 0, 0, 0
	for _, r := range l.p.Rows {
		switch {
		case r.Class == Moved && r.A == nil:
			continue // counted at A's place
		case (r.Class == Same || r.Class == RepackedRow || r.Class == Moved) && !r.A.Empty:
			sameLayers++
		}
		if r.SameText && r.A != nil {
			sameTexts++
		}
		steps++
	}
	v := Verdict{Code: Unrelated, Trust: Shown, Step: firstDifference(l.p.Rows)}
	v.Proof = append([]safe.Text{safe.Const("the first layer with files differs")}, l.partingProof(v.Step)...)
	switch {
	case sameLayers > 0:
		v.Headline = safe.Const("Different from the first layer on")
		v.Because = safe.Sprintf("%s %s the same, but not the one everything starts from", upper(plural(sameLayers, "layer")), isAre(sameLayers))
	case sameTexts*2 >= steps && sameTexts > 1:
		v.Headline = safe.Const("Different from the first layer on")
		v.Because = safe.Sprintf("%d of %d instructions agree, no layer does: another base, or all built again", sameTexts, steps)
	default:
		v.Headline = safe.Const("Unrelated images")
		v.Because = safe.Sprintf("No layer is the same: %s in %s, %s in %s",
			plural(len(l.real[0]), "layer"), l.nameA, plural(len(l.real[1]), "layer"), l.nameB)
	}
	return v
}

// withPlatforms puts it first when two single images are for different
// machines: whatever else differs follows from that.
func (l *ladder) withPlatforms(v Verdict) Verdict {
	if l.a == nil || l.b == nil {
		return v
	}
	pa, pb := nameOf(*l.p.A), nameOf(*l.p.B)
	if pa == pb || pa == "" || pb == "" || nameOfBuild(*l.p.A) == nameOfBuild(*l.p.B) {
		return v
	}
	v.Because = safe.Sprintf("%s; %s", v.Headline, lower(v.Because))
	v.Headline = safe.Sprintf("Different platforms: %s and %s", pa, pb)
	return v
}

func sameBlobs(a, b []v1.Descriptor) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Digest != b[i].Digest {
			return false
		}
	}
	return true
}

// manifestDifference names what differs between manifests of the same blobs.
func manifestDifference(a, b model.Manifest) string {
	types := a.MediaType != b.MediaType || a.Config.MediaType != b.Config.MediaType
	for i := range a.Layers {
		types = types || a.Layers[i].MediaType != b.Layers[i].MediaType
	}
	if types {
		return "media types"
	}
	if jsondoc.Equal(a.Raw, b.Raw) {
		return "the spacing and order"
	}
	return "annotations or other fields"
}
