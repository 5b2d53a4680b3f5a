package tags

import (
	"cmp"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/ui/page"
)

// group switches the groups on or off. Groups need a survey.
func (p tagsPage) group() (page.Page, page.Effects) {
	p.grouped = !p.grouped
	if p.grouped {
		return p.startSurvey(goalSameImage)
	}
	return p.advance(surveyWithdraw)
}

// groupByDigest puts the tags of one image one after the other, at the place of
// the most specific tag: 2.7.17 is more specific than 2 and latest. Signatures
// and attestations of the image come last.
func groupByDigest(tags []sortKey) []sortKey {
	members := map[digest.Digest][]sortKey{}
	for _, t := range tags {
		if t.image != "" {
			members[t.image] = append(members[t.image], t)
		}
	}
	for _, m := range members {
		slices.SortStableFunc(m, func(a, b sortKey) int { return cmp.Compare(b.specific, a.specific) })
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
