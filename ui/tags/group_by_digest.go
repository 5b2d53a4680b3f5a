package tags

import (
	"cmp"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/ui/page"
)

// group puts tags of one image together, or no longer, and asks where the other
// tags point.
func (p tagsPage) group() (page.Page, page.Effects) {
	p.grouped = !p.grouped
	if p.grouped {
		return p.startSurvey(goalSameImage)
	}
	return p.advance(surveyWithdraw)
}

// groupByDigest puts tags of one image behind each other, where the most specific
// one stands: 2.7.17 says more than 2 and latest do. What is attached comes
// last.
func groupByDigest(tags []sortKey) []sortKey {
	members := map[digest.Digest][]sortKey{}
	for _, t := range tags {
		if t.image != "" {
			members[t.image] = append(members[t.image], t)
		}
	}
	for _, m := range members {
		slices.SortStableFunc(m, func(a, b sortKey) int {
			return cmp.Or(compareBool(a.attached, b.attached), cmp.Compare(b.specific, a.specific))
		})
	}
	out := make([]sortKey, 0, len(tags))
	for _, t := range tags {
		switch m := members[t.image]; {
		case t.image == "":
			out = append(out, t)
		case m[0].tag == t.tag:
			out = append(out, m...)
		}
	}
	return out
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
