package diff

import "github.com/tagdiff/tagdiff/model"

// Compare compares two artifacts as far as both have arrived. Calling it again
// with newer states of them is how a comparison grows.
func Compare(a, b model.Artifact) Comparison {
	c := Comparison{A: &a, B: &b}
	pairs, settled := pairUp(a, b)
	nameA, nameB := c.names()
	for i := range pairs {
		p := &pairs[i]
		p.Rows = pairRows(*p)
		p.Verdict = judge(*p, nameA, nameB)
	}
	c.Pairs = pairs
	c.Verdict = c.overall(settled)
	return c.withFindings()
}

// Describe shows one artifact alone, in the shape of a comparison.
func Describe(a model.Artifact) Comparison {
	c := Comparison{A: &a}
	images := candidates(a)
	for i := range images {
		p := Pair{Platform: nameOf(images[i]), A: &images[i]}
		p.Rows = pairRows(p)
		c.Pairs = append(c.Pairs, p)
	}
	return c.withFindings()
}

// pairRows aligns the steps of both sides. While only one side is there, its
// steps are shown alone.
func pairRows(p Pair) []Row {
	a, b := stepsOf(p.A), stepsOf(p.B)
	rows := Align(a, b)
	if imageOf(p.A) == nil || imageOf(p.B) == nil {
		for i := range rows {
			rows[i].Class = Alone
		}
	}
	return rows
}

func imageOf(e *model.Entry) *model.Image {
	if e == nil {
		return nil
	}
	return e.Image
}

func stepsOf(e *model.Entry) []model.Step {
	if img := imageOf(e); img != nil {
		return img.Steps
	}
	return nil
}
