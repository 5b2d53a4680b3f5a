package diff

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

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
// two findings become one, Common as isCommon says. find must begin its sentence with "In <name>, ",
// which fits one name and two ("A and B").
func (c Comparison) onSides(p Pair, find func(sideOf) []Finding) []Finding {
	switch len(p.sides) {
	case 0:
		return nil
	case 1:
		return find(p.sides[0])
	}
	a, b := p.sides[0], p.sides[1]
	onA, onB := find(a), find(b)
	if len(onA) == 0 || len(onB) == 0 {
		return append(onA, onB...)
	}
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
		onA[same].Evidence = evidence
		onA[same].Common = c.isCommon(onA[same])
	}
	return onA
}

// isCommon reports whether a finding on both sides is of little interest, as it does not tell them
// apart. A warning or a stop on one image that both references lead to is of interest as if it stood
// alone.
func (c Comparison) isCommon(f Finding) bool { return c.Verdict.Code != Identical || f.Severity < 2 }

// rowProof lists layer and diff_id of both sides of a row, with full digests.
func rowProof(r Row) []safe.Text {
	var lines []safe.Text
	for side, st := range r.stepsBySide() {
		step := fmt.Sprintf("%s step %d", strings.ToUpper(string(side)), st.Index+1)
		if !st.HasLayer {
			lines = append(lines, safe.Sprintf("%s: %s (settings only)", step, instructionText(*st)))
			continue
		}
		lines = append(lines, safe.Sprintf("%s: layer %s", step, st.Layer.Digest))
		if st.DiffID != "" {
			lines = append(lines, safe.Sprintf("%s: diff_id %s", step, st.DiffID))
		}
	}
	return lines
}

// stepsBySide goes through the steps of a row that exist, A's first.
func (r Row) stepsBySide() iter.Seq2[Side, *model.Step] {
	return func(yield func(Side, *model.Step) bool) {
		if (r.A == nil || yield(SideA, r.A)) && r.B != nil {
			yield(SideB, r.B)
		}
	}
}

func topEvidence(c Comparison) []Evidence {
	return []Evidence{{SideA, none, c.A.Top.Digest}, {SideB, none, c.B.Top.Digest}}
}

// rowSteps returns the step index of each row: A's if it has one, otherwise B's.
func rowSteps(rows []Row) []int {
	return mappedTo(rows, func(r Row) int { return stepNumber(r) - 1 })
}

func evidenceOf(rows []Row) []Evidence {
	var out []Evidence
	for _, r := range rows {
		for side, st := range r.stepsBySide() {
			out = append(out, Evidence{side, st.Index, st.Layer.Digest})
		}
	}
	return out
}

// bothSides returns the images of a pair; ok is false if one is missing.
func bothSides(p Pair) (a, b *model.Image, ok bool) {
	a, b = imageOf(p.A), imageOf(p.B)
	return a, b, a != nil && b != nil
}

func orNone(s string) string { return cmp.Or(s, "(none)") }

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
	base Base

	inside   *PairInside    // what was found inside the layers of the pair, nil for nothing
	programs *ImagePrograms // nil if nothing is known of them
}

func (c Comparison) sidesOf(p Pair) []sideOf {
	var sides []sideOf
	for _, s := range c.entriesOf(p) {
		if several := s.side == SideA && p.severalA || s.side == SideB && p.severalB; several {
			s.name = "entry sha256:" + short(s.entry.Descriptor.Digest) + " of " + s.name
		}
		if img := imageOf(s.entry); img != nil {
			base := p.baseA
			if s.side == SideB {
				base = p.baseB
			}
			sides = append(sides, sideOf{s.side, s.name, img, c.imageAt(s.side, s.entry), base, p.Inside, c.programsOf(s.entry, p.Inside)})
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
	both := []entryOf{{SideA, nameA, p.A}, {SideB, nameB, p.B}}
	return matching(both, func(s entryOf) bool { return s.entry != nil })
}

func stepIndexes(steps []model.Step) []int {
	return mappedTo(steps, func(s model.Step) int { return s.Index })
}

func stepEvidence(side Side, steps []model.Step) []Evidence {
	return mappedTo(steps, func(s model.Step) Evidence { return Evidence{side, s.Index, s.Layer.Digest} })
}
