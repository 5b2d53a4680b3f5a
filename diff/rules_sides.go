package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// onSides turns a rule for one image into a rule for a pair, see Comparison.onSides.
func onSides(find func(sideOf) []Finding) func(Comparison, Pair) []Finding {
	return func(c Comparison, p Pair) []Finding { return c.onSides(p, find) }
}

// onBoth turns a rule that compares two images into a rule for a pair, silent unless both are read.
func onBoth(find func(c Comparison, p Pair, a, b *model.Image) []Finding) func(Comparison, Pair) []Finding {
	return func(c Comparison, p Pair) []Finding {
		if a, b, ok := bothSides(p); ok {
			return find(c, p, a, b)
		}
		return nil
	}
}

// onSides applies find to each side of a pair. If both sides give the same sentence, the
// two findings become one with Common set. find must begin its sentence with "In <name>, ",
// which fits one name and two ("A and B").
func (c Comparison) onSides(p Pair, find func(sideOf) []Finding) []Finding {
	sides := c.sidesOf(p)
	if len(sides) < 2 {
		var found []Finding
		for _, s := range sides {
			found = append(found, find(s)...)
		}
		return found
	}
	a, b := sides[0], sides[1]
	onA, onB := find(a), find(b)
	likeA, likeBoth := find(b.withName(a.name)), find(a.withName(a.name+" and "+b.name))
	if len(likeA) != len(onB) || len(likeBoth) != len(onA) {
		return append(onA, onB...) // find breaks the contract: its findings depend on the name
	}
	for i, f := range onB {
		same := slices.IndexFunc(onA, func(o Finding) bool { return o.Text == likeA[i].Text && !o.Common })
		if same < 0 {
			onA = append(onA, f)
			continue
		}
		evidence := append(slices.Clone(onA[same].Evidence), f.Evidence...)
		onA[same] = likeBoth[same]
		onA[same].Evidence, onA[same].Common = evidence, true
	}
	return onA
}

// rowProof lists layer and diff_id of both sides of a row, with full digests.
func rowProof(r Row) []safe.Text {
	var lines []safe.Text
	for _, s := range []struct {
		letter string
		st     *model.Step
	}{{"A", r.A}, {"B", r.B}} {
		switch {
		case s.st == nil:
		case !s.st.HasLayer:
			lines = append(lines, safe.Sprintf("%s step %d: %s (settings only)", s.letter, s.st.Index+1, instructionText(*s.st)))
		case s.st.DiffID == "":
			lines = append(lines, safe.Sprintf("%s step %d: layer %s", s.letter, s.st.Index+1, s.st.Layer.Digest))
		default:
			lines = append(lines, safe.Sprintf("%s step %d: layer %s", s.letter, s.st.Index+1, s.st.Layer.Digest),
				safe.Sprintf("%s step %d: diff_id %s", s.letter, s.st.Index+1, s.st.DiffID))
		}
	}
	return lines
}

func topEvidence(c Comparison) []Evidence {
	return []Evidence{{SideA, none, c.A.Top.Digest}, {SideB, none, c.B.Top.Digest}}
}

// rowSteps returns the step index of each row: A's if it has one, otherwise B's.
func rowSteps(rows []Row) []int {
	out := make([]int, len(rows))
	for i, r := range rows {
		out[i] = stepNumber(r) - 1
	}
	return out
}

func evidenceOf(rows []Row) []Evidence {
	var out []Evidence
	for _, r := range rows {
		if r.A != nil {
			out = append(out, Evidence{SideA, r.A.Index, r.A.Layer.Digest})
		}
		if r.B != nil {
			out = append(out, Evidence{SideB, r.B.Index, r.B.Layer.Digest})
		}
	}
	return out
}

// bothSides returns the images of a pair; ok is false if one is missing.
func bothSides(p Pair) (a, b *model.Image, ok bool) {
	a, b = imageOf(p.A), imageOf(p.B)
	return a, b, a != nil && b != nil
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// pairEvidence is both images as a whole.
func pairEvidence(p Pair) []Evidence {
	return []Evidence{{SideA, none, imageOf(p.A).Config.Digest}, {SideB, none, imageOf(p.B).Config.Digest}}
}

// sideOf is one side of a pair, as the rules about a single image use it.
type sideOf struct {
	side Side
	name string
	img  *model.Image
	ref  string // reference of the image by digest
}

func (c Comparison) sidesOf(p Pair) []sideOf {
	var sides []sideOf
	for _, s := range c.entriesOf(p) {
		if img := imageOf(s.entry); img != nil {
			sides = append(sides, sideOf{s.side, s.name, img, c.imageAt(s.side, s.entry)})
		}
	}
	return sides
}

// entryOf is one side of a pair, whether or not its image was read.
type entryOf struct {
	side  Side
	name  string
	entry *model.Entry
}

func (c Comparison) entriesOf(p Pair) []entryOf {
	nameA, nameB := c.names()
	var entries []entryOf
	if p.A != nil {
		entries = append(entries, entryOf{SideA, nameA, p.A})
	}
	if p.B != nil {
		entries = append(entries, entryOf{SideB, nameB, p.B})
	}
	return entries
}

func stepIndexes(steps []model.Step) []int {
	out := make([]int, len(steps))
	for i, s := range steps {
		out[i] = s.Index
	}
	return out
}

func stepEvidence(side Side, steps []model.Step) []Evidence {
	out := make([]Evidence, len(steps))
	for i, s := range steps {
		out[i] = Evidence{side, s.Index, s.Layer.Digest}
	}
	return out
}
