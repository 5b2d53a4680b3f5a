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
	var blocks [][]sortKey
	for _, t := range tags {
		switch m := members[t.image]; {
		case t.image == "":
			blocks = append(blocks, []sortKey{t})
		case m[0].tag == t.tag:
			blocks = append(blocks, m)
		}
	}
	return slices.Concat(nextToSameID(blocks)...)
}

// nextToSameID moves each block of an image behind the first one with the same image ID:
// the same image under another digest.
func nextToSameID(blocks [][]sortKey) [][]sortKey {
	sameID := map[digest.Digest][][]sortKey{}
	for _, b := range blocks {
		if id := b[0].imageID; id != "" {
			sameID[id] = append(sameID[id], b)
		}
	}
	out := make([][]sortKey, 0, len(blocks))
	for _, b := range blocks {
		same := sameID[b[0].imageID]
		switch {
		case len(same) == 0:
			out = append(out, b)
		case same[0][0].tag == b[0].tag:
			out = append(out, same...)
		}
	}
	return out
}
