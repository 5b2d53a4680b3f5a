package report

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// platformFinding is a finding with the platforms it was made on, none when it
// is about the whole, and what follows from it.
type platformFinding struct {
	diff.Finding
	platforms []string
	follow    []platformFinding
}

// mergeFindings are all of a comparison, in the order of the screens. What several
// platforms share is told once.
func mergeFindings(c diff.Comparison) (main, other []platformFinding) {
	t := findingMerger{whole: c.Findings, where: map[findingPlace][]string{}}
	if len(c.Pairs) == 0 {
		t.add(diff.GroupByCause(c.Findings), "")
	}
	for _, p := range c.Pairs {
		t.add(diff.GroupByCause(slices.Concat(p.Findings, c.Findings)), p.Platform)
	}
	first, last := diff.Rank(t.groups)
	return t.merged(first), t.merged(last)
}

// findingMerger puts the findings of several platforms together.
type findingMerger struct {
	whole  []diff.Finding
	groups []diff.Group
	where  map[findingPlace][]string
}

// findingPlace is where a finding is told: under its cause, if it has one.
type findingPlace struct {
	cause string
	id    string
	say   safe.Text
}

func (t *findingMerger) add(groups []diff.Group, platform string) {
	for _, g := range groups {
		i := slices.IndexFunc(t.groups, func(o diff.Group) bool { return sameFinding(o.Finding, g.Finding) })
		if i < 0 {
			i = len(t.groups)
			t.groups = append(t.groups, diff.Group{Finding: g.Finding})
		}
		t.addPlatform("", g.Finding, platform)
		for _, f := range g.Consequences {
			if !contains(t.groups[i].Consequences, f) {
				t.groups[i].Consequences = append(t.groups[i].Consequences, f)
			}
			t.addPlatform(g.ID, f, platform)
		}
	}
}

// addPlatform notes on which platform a finding was made.
func (t *findingMerger) addPlatform(cause string, f diff.Finding, platform string) {
	at := findingPlace{cause, f.ID, f.Text}
	if !contains(t.whole, f) && !slices.Contains(t.where[at], platform) {
		t.where[at] = append(t.where[at], platform)
	}
}

func sameFinding(a, b diff.Finding) bool { return a.ID == b.ID && a.Text == b.Text }

func contains(all []diff.Finding, f diff.Finding) bool {
	return slices.ContainsFunc(all, func(o diff.Finding) bool { return sameFinding(o, f) })
}

func (t *findingMerger) merged(groups []diff.Group) []platformFinding {
	var out []platformFinding
	for _, g := range groups {
		if contains(t.whole, g.Finding) && t.isConsequence(g.Finding) {
			continue // on one of the platforms it has a cause
		}
		one := platformFinding{Finding: g.Finding, platforms: t.where[findingPlace{"", g.ID, g.Text}]}
		for _, f := range g.Consequences {
			one.follow = append(one.follow, platformFinding{Finding: f, platforms: t.where[findingPlace{g.ID, f.ID, f.Text}]})
		}
		out = append(out, one)
	}
	return out
}

// isConsequence reports whether a finding is told under a cause.
func (t *findingMerger) isConsequence(f diff.Finding) bool {
	return slices.ContainsFunc(t.groups, func(g diff.Group) bool { return contains(g.Consequences, f) })
}

// sentence is the sentence, with the platforms it is about unless there is only one
// to name, or the cause above named them.
func (t platformFinding) sentence(c diff.Comparison, cause *platformFinding) (where, say safe.Text) {
	if len(t.platforms) == 0 || len(c.Pairs) < 2 || cause != nil && slices.Equal(cause.platforms, t.platforms) {
		return safe.Text{}, t.Text
	}
	if len(t.platforms) == len(c.Pairs) {
		return safe.Const("all platforms"), t.Text
	}
	return safe.Clean(strings.Join(t.platforms, ", ")), t.Text
}

// provable are the findings that have something to prove them with, and have not
// only calm facts to tell.
func provable(main []platformFinding) []platformFinding {
	return slices.DeleteFunc(slices.Clone(main), func(t platformFinding) bool { return len(t.Proof) == 0 && t.Check.IsEmpty() })
}

// withoutRepeats are the lines of a proof that have not been said, each once.
func withoutRepeats(lines, said []safe.Text) []safe.Text {
	var out []safe.Text
	for _, l := range lines {
		if !slices.Contains(said, l) && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}
