package report

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// platformFinding is a finding of a report. If it is that of several platforms, its values
// may be those of the first.
type platformFinding struct {
	diff.Finding
	where        safe.Text // its platforms; empty for the whole image and for those of its cause
	consequences []platformFinding
}

// mergeFindings returns all findings of a comparison in the order of the screens. A finding
// that several platforms share appears once.
func mergeFindings(c diff.Comparison) (main, other []platformFinding) {
	t := findingMerger{
		whole: c.Findings, pairs: len(c.Pairs),
		where: map[findingPlace][]string{}, texts: map[findingPlace]safe.Text{}, essences: map[safe.Text]string{},
	}
	if len(c.Pairs) == 0 {
		t.add(diff.GroupByCause(c.Findings), "")
	}
	for _, p := range c.Pairs {
		t.add(diff.GroupByCause(slices.Concat(p.Findings, c.Findings)), p.Platform)
	}
	first, last := diff.Rank(t.groups)
	return t.merged(first), t.merged(last)
}

// findingMerger merges the findings of several platforms.
type findingMerger struct {
	whole  []diff.Finding
	pairs  int
	groups []diff.Group
	where  map[findingPlace][]string
	texts  map[findingPlace]safe.Text // of the first platform; empty if another platform has other values

	essences map[safe.Text]string // of the texts so far
}

// findingPlace identifies a finding and the cause that it appears under, if any.
type findingPlace struct {
	cause   string
	id      string
	essence string
}

func (t *findingMerger) placeOf(cause string, f diff.Finding) findingPlace {
	essence, known := t.essences[f.Text]
	if !known {
		essence = f.Essence()
		t.essences[f.Text] = essence
	}
	return findingPlace{cause, f.ID, essence}
}

func (t *findingMerger) add(groups []diff.Group, platform string) {
	for _, g := range groups {
		i := slices.IndexFunc(t.groups, func(o diff.Group) bool { return t.same(o.Finding, g.Finding) })
		if i < 0 {
			i = len(t.groups)
			t.groups = append(t.groups, diff.Group{Finding: g.Finding})
		}
		t.addPlatform("", g.Finding, platform)
		for _, f := range g.Consequences {
			if !t.contains(t.groups[i].Consequences, f) {
				t.groups[i].Consequences = append(t.groups[i].Consequences, f)
			}
			t.addPlatform(g.ID, f, platform)
		}
	}
}

// addPlatform records the platform of a finding.
func (t *findingMerger) addPlatform(cause string, f diff.Finding, platform string) {
	at := t.placeOf(cause, f)
	if t.contains(t.whole, f) || slices.Contains(t.where[at], platform) {
		return
	}
	if len(t.where[at]) == 0 {
		t.texts[at] = f.Text
	} else if t.texts[at] != f.Text {
		t.texts[at] = safe.Text{}
	}
	t.where[at] = append(t.where[at], platform)
}

func (t *findingMerger) same(a, b diff.Finding) bool {
	return a.ID == b.ID && t.placeOf("", a) == t.placeOf("", b)
}

func (t *findingMerger) contains(all []diff.Finding, f diff.Finding) bool {
	return slices.ContainsFunc(all, func(o diff.Finding) bool { return t.same(o, f) })
}

func (t *findingMerger) merged(groups []diff.Group) []platformFinding {
	var out []platformFinding
	for _, g := range groups {
		underCause := func(o diff.Group) bool { return t.contains(o.Consequences, g.Finding) }
		if t.contains(t.whole, g.Finding) && slices.ContainsFunc(t.groups, underCause) {
			continue // it appears under its cause on one of the platforms
		}
		platforms := t.where[t.placeOf("", g.Finding)]
		one := platformFinding{Finding: g.Finding, where: t.platformsText(t.placeOf("", g.Finding))}
		for _, f := range g.Consequences {
			x := platformFinding{Finding: f}
			if at := t.placeOf(g.ID, f); !slices.Equal(t.where[at], platforms) {
				x.where = t.platformsText(at)
			}
			one.consequences = append(one.consequences, x)
		}
		out = append(out, one)
	}
	return out
}

// platformsText names the platforms of a finding, and whose values it has if they differ.
// It is empty if the comparison has only one platform.
func (t *findingMerger) platformsText(at findingPlace) safe.Text {
	platforms := t.where[at]
	if len(platforms) == 0 || t.pairs < 2 {
		return safe.Text{}
	}
	text := safe.Clean(strings.Join(platforms, ", "))
	switch {
	case len(platforms) == t.pairs && t.pairs == 2:
		text = safe.Const("both platforms")
	case len(platforms) == t.pairs:
		text = safe.Sprintf("all %d platforms", t.pairs)
	}
	if len(platforms) > 1 && t.texts[at].IsEmpty() {
		text = safe.Sprintf("%s (values of %s)", text, platforms[0])
	}
	return text
}
