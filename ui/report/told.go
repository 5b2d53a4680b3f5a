package report

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// told is a finding with the platforms it was made on, none when it is about
// the whole, and what follows from it.
type told struct {
	diff.Finding
	platforms []string
	follow    []told
}

// findings are all of a comparison, in the order of the screens. What several
// platforms share is told once.
func findings(c diff.Comparison) (news, also []told) {
	t := telling{whole: c.Findings, where: map[place][]string{}}
	if len(c.Pairs) == 0 {
		t.add(diff.GroupByCause(c.Findings), "")
	}
	for _, p := range c.Pairs {
		t.add(diff.GroupByCause(slices.Concat(p.Findings, c.Findings)), p.Platform)
	}
	first, last := diff.Rank(t.groups)
	return t.told(first), t.told(last)
}

// telling puts the findings of several platforms together.
type telling struct {
	whole  []diff.Finding
	groups []diff.Group
	where  map[place][]string
}

// place is where a finding is told: under its cause, if it has one.
type place struct {
	cause string
	id    string
	say   safe.Text
}

func (t *telling) add(groups []diff.Group, platform string) {
	for _, g := range groups {
		i := slices.IndexFunc(t.groups, func(o diff.Group) bool { return alike(o.Finding, g.Finding) })
		if i < 0 {
			i = len(t.groups)
			t.groups = append(t.groups, diff.Group{Finding: g.Finding})
		}
		t.note("", g.Finding, platform)
		for _, f := range g.Consequences {
			if !contains(t.groups[i].Consequences, f) {
				t.groups[i].Consequences = append(t.groups[i].Consequences, f)
			}
			t.note(g.ID, f, platform)
		}
	}
}

// note notes on which platform a finding was made.
func (t *telling) note(cause string, f diff.Finding, platform string) {
	at := place{cause, f.ID, f.Say}
	if !contains(t.whole, f) && !slices.Contains(t.where[at], platform) {
		t.where[at] = append(t.where[at], platform)
	}
}

func alike(a, b diff.Finding) bool { return a.ID == b.ID && a.Say == b.Say }

func contains(all []diff.Finding, f diff.Finding) bool {
	return slices.ContainsFunc(all, func(o diff.Finding) bool { return alike(o, f) })
}

func (t *telling) told(groups []diff.Group) []told {
	var out []told
	for _, g := range groups {
		if contains(t.whole, g.Finding) && t.follows(g.Finding) {
			continue // on one of the platforms it has a cause
		}
		one := told{Finding: g.Finding, platforms: t.where[place{"", g.ID, g.Say}]}
		for _, f := range g.Consequences {
			one.follow = append(one.follow, told{Finding: f, platforms: t.where[place{g.ID, f.ID, f.Say}]})
		}
		out = append(out, one)
	}
	return out
}

// follows reports whether a finding is told under a cause.
func (t *telling) follows(f diff.Finding) bool {
	return slices.ContainsFunc(t.groups, func(g diff.Group) bool { return contains(g.Consequences, f) })
}

// say is the sentence, with the platforms it is about unless there is only one
// to name, or the cause above named them.
func (t told) say(c diff.Comparison, cause *told) (where, say safe.Text) {
	if len(t.platforms) == 0 || len(c.Pairs) < 2 || cause != nil && slices.Equal(cause.platforms, t.platforms) {
		return safe.Text{}, t.Say
	}
	if len(t.platforms) == len(c.Pairs) {
		return safe.Const("all platforms"), t.Say
	}
	return safe.Clean(strings.Join(t.platforms, ", ")), t.Say
}

// known are the findings that have something to prove them with, and have not
// only calm facts to tell.
func known(news []told) []told {
	return slices.DeleteFunc(slices.Clone(news), func(t told) bool { return len(t.Proof) == 0 && t.Check.IsEmpty() })
}

// unsaid are the lines of a proof that have not been said, each once.
func unsaid(lines, said []safe.Text) []safe.Text {
	var out []safe.Text
	for _, l := range lines {
		if !slices.Contains(said, l) && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}
