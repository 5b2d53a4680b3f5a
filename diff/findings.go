package diff

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Group is a finding with those that follow from it.
type Group struct {
	Finding
	Consequences []Finding
}

// GroupByCause puts findings of one platform and of the whole in order, the weightiest
// first, consequences under their cause: nothing is said twice.
func GroupByCause(found []Finding) []Group {
	found = slices.Clone(found)
	sortFindings(found)
	var groups []Group
	for _, f := range found {
		if rootCause(found, f) == "" {
			groups = append(groups, Group{Finding: f})
		}
	}
	for _, f := range found {
		cause := rootCause(found, f)
		if i := slices.IndexFunc(groups, func(g Group) bool { return g.ID == cause }); cause != "" && i >= 0 {
			groups[i].Consequences = append(groups[i].Consequences, f)
		}
	}
	return groups
}

// rootCause is the id of the finding that f is a consequence of, and that is
// none itself.
func rootCause(found []Finding, f Finding) string {
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
	for _, cause := range rules[i].causes {
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
			c.Findings = append(c.Findings, r.apply(func() []Finding { return r.whole(c) })...)
		}
	}
	c.Findings = append(c.Findings, c.tagFindingsSince(prev)...)
	sortFindings(c.Findings)
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
			found = append(found, r.apply(func() []Finding { return r.pair(c, p) })...)
		}
	}
	sortFindings(found)
	return found
}

// apply is what a rule finds. One that panics does not take the others with it.
func (r rule) apply(find func() []Finding) (found []Finding) {
	defer func() {
		if fault := recover(); fault != nil {
			found = r.withID([]Finding{{
				Severity: 1, Trust: Suggested,
				Say:  safe.Sprintf("This rule could not be applied, by a fault of tagdiff's own: %s", safe.Gate{}.Clean(fmt.Sprint(fault))),
				Next: safe.Const("Please file it, with the references that were compared"),
			}})
		}
	}()
	return r.withID(find())
}

func (r rule) withID(found []Finding) []Finding {
	for i := range found {
		found[i].ID, found[i].Name = r.id, r.name
	}
	return found
}

// sortFindings sorts the weightiest first. What both sides share weighs one less:
// the question is what tells them apart.
func sortFindings(found []Finding) {
	slices.SortStableFunc(found, byWeight)
}

func byWeight(a, b Finding) int {
	return cmp.Or(cmp.Compare(findingWeight(b), findingWeight(a)), cmp.Compare(slices.Index(importance, a.ID), slices.Index(importance, b.ID)))
}

func findingWeight(f Finding) int {
	if f.Common {
		return f.Severity - 1
	}
	return f.Severity
}

func (s sideOf) withName(name string) sideOf {
	s.name = name
	return s
}
