package diff

import (
	"cmp"
	"slices"
)

// rule is one entry of the catalogue: a small function of values alone. pair
// looks at one platform, whole at the comparison; a rule has one of them. A
// rule for pairs asks the comparison for nothing but names, so that Again can
// keep what it found. They leave ID and Name to the table.
type rule struct {
	id, name string
	pair     func(Comparison, Pair) []Finding
	whole    func(Comparison) []Finding
}

// rules is the catalogue in order of importance: where two findings weigh the
// same, the one that comes first here is shown first.
var rules = []rule{
	{id: "C4", name: "borrowed-base", whole: borrowedBase},
	{id: "C3", name: "label-contradiction", pair: labelContradiction},
	{id: "C7", name: "ambiguous-platform", whole: ambiguousPlatform},
	{id: "A10", name: "flattened", whole: flattened},
	{id: "C1", name: "platform-lost", whole: platformLost},
	{id: "D7", name: "row-count-mismatch", pair: rowCountMismatch},
	{id: "A3", name: "same-image-repacked", pair: repacked},
	{id: "A9", name: "wrapped", whole: wrapped},
	{id: "D3", name: "duplicate-real-layer", pair: duplicateLayer},
	{id: "A4", name: "empty-layer-twin", pair: emptyLayerTwin},
	{id: "C2", name: "platform-added", whole: platformAdded},
	{id: "C6", name: "not-a-platform", whole: notAPlatform},
}

// withFindings adds those on the whole, and those on the pairs that have not
// been looked at yet.
func (c Comparison) withFindings(done map[int]bool) Comparison {
	for _, r := range rules {
		if r.whole != nil {
			c.Findings = append(c.Findings, r.named(r.whole(c))...)
		}
	}
	bySeverity(c.Findings)
	for i := range c.Pairs {
		if !done[i] {
			c.Pairs[i].Findings = c.findingsOn(c.Pairs[i])
		}
	}
	return c
}

func (c Comparison) findingsOn(p Pair) []Finding {
	var found []Finding
	for _, r := range rules {
		if r.pair != nil {
			found = append(found, r.named(r.pair(c, p))...)
		}
	}
	bySeverity(found)
	return found
}

func (r rule) named(found []Finding) []Finding {
	for i := range found {
		found[i].ID, found[i].Name = r.id, r.name
	}
	return found
}

func bySeverity(found []Finding) {
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(b.Severity, a.Severity) })
}
