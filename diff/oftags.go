package diff

import (
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// OfTags are the findings on the tags of a repository among themselves, and
// against what was seen of them before. The weightiest is first.
func OfTags(set model.TagSet, past map[string]model.Timeline) []Finding {
	l := listOf(set, anyTag)
	media := make(map[string]string, len(set.Tags))
	for _, t := range set.Tags {
		media[t.Tag] = t.MediaType
	}
	late := lateReleases(l)
	found := slices.Concat(
		ruleNamed("C12").gathered(clobberedIn(l, func(d digest.Digest, tag string) bool { return isOneImage(set, d, media[tag]) })),
		ofMoves(l, past),
		ruleNamed("F2").gathered(sharedReleases(l, "")), ruleNamed("F2").gathered(late),
		ruleNamed("F5").gathered(ofLatest(l)),
	)
	inOrder(found)
	return found
}

// ofMoves are the findings on each tag that was seen before.
func ofMoves(l tagList, past map[string]model.Timeline) []Finding {
	var backwards, fixed, moved []Finding
	for _, o := range l.tags {
		if len(past[o.tag]) == 0 {
			continue
		}
		t := tagAt{
			side: SideA, name: tagText(o.tag), ref: l.set.Repo.WithTag(o.tag), now: o.digest,
			near: Neighbours{Tags: &model.TagSet{Created: l.set.Created}, Past: past[o.tag]},
		}
		if at, known := l.set.Created[o.digest]; known {
			t.created = model.RealDate(&at)
		}
		if from, ok := t.before(); ok {
			t.near.Tags.Tags = taggedAs(slices.Concat(l.by[o.digest], l.by[from.Digest]))
		}
		// The gravest that there is to say of a move says the others.
		if f, ok := wentBackwards(t); ok {
			backwards = append(backwards, f)
		} else if f, ok := rewritten(t); ok {
			fixed = append(fixed, f)
		} else if f, ok := tagMoved(t); ok {
			moved = append(moved, f)
		}
	}
	return slices.Concat(ruleNamed("F3").gathered(backwards), ruleNamed("F2").gathered(fixed), ruleNamed("F1").gathered(moved))
}

func taggedAs(tags []listed) []model.Tagged {
	out := make([]model.Tagged, len(tags))
	for i, t := range tags {
		out[i] = model.Tagged{Tag: t.tag, Digest: t.digest}
	}
	return out
}

func ofLatest(l tagList) []Finding {
	at := slices.IndexFunc(l.tags, func(t listed) bool { return t.tag == latestTag })
	if at < 0 {
		return nil
	}
	f, ok := latestIsOld(l, l.tags[at].digest)
	if !ok {
		return nil
	}
	return []Finding{f}
}

func ruleNamed(id string) rule {
	return rules[slices.IndexFunc(rules, func(r rule) bool { return r.id == id })]
}

// mostAlike is how many findings of one rule and severity a list of tags is
// told one by one.
const mostAlike = 3

// gathered puts what one rule says of many tags into one finding.
func (r rule) gathered(found []Finding) []Finding {
	found = r.named(found)
	slices.SortStableFunc(found, func(a, b Finding) int { return b.Severity - a.Severity })
	var out []Finding
	for len(found) > 0 {
		n := slices.IndexFunc(found, func(f Finding) bool { return f.Severity != found[0].Severity })
		if n < 0 {
			n = len(found)
		}
		if n <= mostAlike {
			out = append(out, found[:n]...)
		} else {
			out = append(out, together(found[:n]))
		}
		found = found[n:]
	}
	return out
}

// together tells the first of several alike, and counts the others.
func together(found []Finding) Finding {
	f := found[0]
	f.Say = safe.Sprintf("%s The same goes for %s.", f.Say, plural(len(found)-1, "other tag"))
	f.Tags, f.Evidence, f.Proof = nil, nil, nil
	for i, one := range found {
		f.Tags = append(f.Tags, one.Tags...)
		if i < mostProofs {
			f.Evidence, f.Proof = append(f.Evidence, one.Evidence...), append(f.Proof, one.Proof...)
		}
	}
	if more := len(found) - mostProofs; more > 0 {
		f.Proof = append(f.Proof, safe.Sprintf("and %d more", more))
	}
	return f
}

// mostProofs is of how many tags a finding about many of them has the proof.
const mostProofs = 20
