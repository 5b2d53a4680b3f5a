package diff

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tagdiff/tagdiff/model/safe"
)

// rule is one entry of the catalogue: a small function of values alone. pair
// looks at one platform, whole at the comparison, around at what is known beyond
// it; a rule has one of them. A rule for pairs asks the comparison for nothing
// but names, so that Again can keep what it found. They leave ID and Name to
// the table.
type rule struct {
	id, name string
	means    string   // what it observes, for people who have not met it
	proof    string   // what must hold, as a formula
	under    []string // rules of which this one tells a consequence, if they found something too
	pair     func(Comparison, Pair) []Finding
	whole    func(Comparison) []Finding
	around   func(Comparison) []Finding
}

// rules is the catalogue by group, in the order of ids.
var rules = slices.Concat(rulesSame, rulesLegacy, rulesPlatform, rulesStep, rulesSettings, rulesTags, rulesOrigin)

// importance is the order in which findings of one weight are shown: what
// stops an image from running first, then what says why two images differ,
// then what differs in consequence, calm facts last.
var importance = []string{
	"C11", "D8", "D7", "D15", "C4", "C3", "C5", "C7", "A10", "C1", "C12", "F3", "C9", "C8", "C10", "D9", "D10", "F2", "B4",
	"F6", "F1", "G1", "A7", "A6", "A5", "A3", "A8", "A12", "A9", "A2", "A4", "A1", "A11", "B1", "B2", "B3", "B5",
	"D6", "D5", "E1", "E2", "E3", "E7", "D4", "D1", "D3", "D12", "D14", "D13", "D11", "E5", "E6", "F5", "G3", "E4",
	"F4", "C2", "E8", "D2", "C6",
}

// Rule describes a rule of the catalogue.
type Rule struct {
	ID, Name, Means, Proof string
	Under                  []string // the rules whose consequence it can be
}

// Catalogue is all rules in the order of their ids.
func Catalogue() []Rule {
	all := make([]Rule, len(rules))
	for i, r := range rules {
		all[i] = Rule{r.id, r.name, r.means, r.proof, r.under}
	}
	return all
}

// Group is a finding with those that follow from it.
type Group struct {
	Finding
	Consequences []Finding
}

// GroupByCause puts findings of one platform and of the whole in order, the weightiest
// first, consequences under their cause: nothing is said twice.
func GroupByCause(found []Finding) []Group {
	found = slices.Clone(found)
	inOrder(found)
	var groups []Group
	for _, f := range found {
		if causeIn(found, f) == "" {
			groups = append(groups, Group{Finding: f})
		}
	}
	for _, f := range found {
		cause := causeIn(found, f)
		if i := slices.IndexFunc(groups, func(g Group) bool { return g.ID == cause }); cause != "" && i >= 0 {
			groups[i].Consequences = append(groups[i].Consequences, f)
		}
	}
	return groups
}

// causeIn is the id of the finding that f is a consequence of, and that is
// none itself.
func causeIn(found []Finding, f Finding) string {
	for id, hops := f.ID, 0; hops <= len(rules); hops++ {
		cause := nextCause(found, id)
		if cause == "" {
			if id == f.ID {
				return ""
			}
			return id
		}
		id = cause
	}
	return ""
}

// nextCause is the first of the causes of a rule that was found.
func nextCause(found []Finding, id string) string {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.id == id })
	if i < 0 {
		return ""
	}
	for _, cause := range rules[i].under {
		if slices.ContainsFunc(found, func(f Finding) bool { return f.ID == cause }) {
			return cause
		}
	}
	return ""
}

// withFindings adds those on the whole, and those on the pairs that have not
// been looked at yet. What was found around prev is kept if nothing of it is
// new.
func (c Comparison) withFindings(prev Comparison, done map[int]bool) Comparison {
	for _, r := range rules {
		if r.whole != nil {
			c.Findings = append(c.Findings, r.finds(func() []Finding { return r.whole(c) })...)
		}
	}
	c.Findings = append(c.Findings, c.tagFindingsSince(prev)...)
	inOrder(c.Findings)
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
			found = append(found, r.finds(func() []Finding { return r.pair(c, p) })...)
		}
	}
	inOrder(found)
	return found
}

// finds is what a rule finds. One that panics does not take the others with it.
func (r rule) finds(find func() []Finding) (found []Finding) {
	defer func() {
		if fault := recover(); fault != nil {
			found = r.named([]Finding{{
				Severity: 1, Trust: Suggested,
				Say:  safe.Sprintf("This rule could not be applied, by a fault of tagdiff's own: %s", safe.Gate{}.Clean(fmt.Sprint(fault))),
				Next: safe.Const("Please file it, with the references that were compared"),
			}})
		}
	}()
	return r.named(find())
}

func (r rule) named(found []Finding) []Finding {
	for i := range found {
		found[i].ID, found[i].Name = r.id, r.name
	}
	return found
}

// inOrder sorts the weightiest first. What both sides share weighs one less:
// the question is what tells them apart.
func inOrder(found []Finding) {
	slices.SortStableFunc(found, byWeight)
}

func byWeight(a, b Finding) int {
	return cmp.Or(cmp.Compare(weighs(b), weighs(a)), cmp.Compare(slices.Index(importance, a.ID), slices.Index(importance, b.ID)))
}

func weighs(f Finding) int {
	if f.Common {
		return f.Severity - 1
	}
	return f.Severity
}

// onSides looks at each side of a pair alone. What it finds on both in the
// same words is one finding about both; find begins its sentence with
// "In <name>, ", which is right for one name and for two.
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
	likeA, likeBoth := find(b.called(a.name)), find(a.called(a.name+" and "+b.name))
	if len(likeA) != len(onB) || len(likeBoth) != len(onA) {
		return append(onA, onB...) // it depends on the name, which it must not
	}
	for i, f := range onB {
		said := slices.IndexFunc(onA, func(o Finding) bool { return o.Say == likeA[i].Say && !o.Common })
		if said < 0 {
			onA = append(onA, f)
			continue
		}
		evidence := append(slices.Clone(onA[said].Evidence), f.Evidence...)
		onA[said] = likeBoth[said]
		onA[said].Evidence, onA[said].Common = evidence, true
	}
	return onA
}

func (s sideOf) called(name string) sideOf {
	s.name = name
	return s
}
