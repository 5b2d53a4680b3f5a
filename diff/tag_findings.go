package diff

import (
	"cmp"
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
	isOne := func(d digest.Digest, tag string) bool { return isSinglePlatform(set, d, media[tag]) }
	found := slices.Concat(
		gathered("C12", lazyFindings(clobberedIn(l, isOne))),
		ofMoves(l, past),
		gathered("F2", lazyFindings(sharedReleases(l, ""))), gathered("F2", lazyFindings(lateReleases(l))),
		gathered("F5", lazyFindings(ofLatest(l))),
	)
	sortFindings(found)
	return found
}

// lazyFinding is a finding on one tag that is put in words only if it is told.
type lazyFinding struct {
	severity int
	tags     []string
	finding  func() Finding
}

func lazyFindings(found []Finding) []lazyFinding {
	hits := make([]lazyFinding, len(found))
	for i, f := range found {
		hits[i] = lazyFinding{f.Severity, f.Tags, func() Finding { return f }}
	}
	return hits
}

func newLazyFinding(severity int, t tagAt, find func(tagAt) (Finding, bool)) lazyFinding {
	return lazyFinding{severity, []string{t.ref.Tag}, func() Finding { f, _ := find(t); return f }}
}

// ofMoves are the findings on each tag that was seen before. The gravest that
// there is to say of a move says the others.
func ofMoves(l tagList, past map[string]model.Timeline) []Finding {
	var backwards, fixed, moved []lazyFinding
	for _, o := range l.tags {
		t, from, ok := l.moveOf(o, past[o.tag])
		if !ok {
			continue
		}
		switch _, _, older := t.whyOlder(from); {
		case older:
			backwards = append(backwards, newLazyFinding(3, t, wentBackwards))
		case namesRelease(o.version):
			fixed = append(fixed, newLazyFinding(2, t, rewritten))
		default:
			moved = append(moved, newLazyFinding(moveSeverity(o.tag), t, tagMoved))
		}
	}
	return slices.Concat(gathered("F3", backwards), gathered("F2", fixed), gathered("F1", moved))
}

// moveOf is a tag in the list with what it was, if that was something else.
func (l tagList) moveOf(o listed, past model.Timeline) (_ tagAt, from model.Sighting, ok bool) {
	if len(past) == 0 {
		return tagAt{}, from, false
	}
	t := tagAt{side: SideA, name: tagText(o.tag), ref: l.set.Repo.WithTag(o.tag), now: o.digest, near: TagNeighbours{Past: past}}
	if from, ok = t.before(); !ok {
		return tagAt{}, from, false
	}
	if at, known := l.set.Created[o.digest]; known {
		t.created = model.RealDate(&at)
	}
	t.near.Tags = &model.TagSet{Created: l.set.Created}
	if len(l.by[from.Digest]) == 0 { // nothing else tells which release it was
		return t, from, true
	}
	for _, s := range slices.Concat(l.highest(o.digest), l.highest(from.Digest)) {
		t.near.Tags.Tags = append(t.near.Tags.Tags, model.Tagged{Tag: s.tag, Digest: s.digest})
	}
	return t, from, true
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

// A list of tags is told mostAlike findings of one rule and severity one by
// one. Of more it is told one, with the proof of mostProofs.
const (
	mostAlike  = 3
	mostProofs = 20
)

// gathered puts what one rule says of many tags into one finding.
func gathered(id string, hits []lazyFinding) []Finding {
	slices.SortStableFunc(hits, func(a, b lazyFinding) int { return cmp.Compare(b.severity, a.severity) })
	var found []Finding
	for len(hits) > 0 {
		n := slices.IndexFunc(hits, func(h lazyFinding) bool { return h.severity != hits[0].severity })
		if n < 0 {
			n = len(hits)
		}
		if n > mostAlike {
			found = append(found, together(hits[:n]))
		} else {
			for _, h := range hits[:n] {
				found = append(found, h.finding())
			}
		}
		hits = hits[n:]
	}
	at := slices.IndexFunc(rules, func(r rule) bool { return r.id == id })
	return rules[at].withID(found)
}

// together tells the first of several alike, and counts the others.
func together(hits []lazyFinding) Finding {
	f := hits[0].finding()
	f.Say = safe.Sprintf("%s The same goes for %s.", f.Say, plural(len(hits)-1, "other tag"))
	f.Tags = nil
	for i, h := range hits {
		f.Tags = append(f.Tags, h.tags...)
		if i > 0 && i < mostProofs {
			one := h.finding()
			f.Evidence, f.Proof = append(f.Evidence, one.Evidence...), append(f.Proof, one.Proof...)
		}
	}
	if more := len(hits) - mostProofs; more > 0 {
		f.Proof = append(f.Proof, safe.Sprintf("and %d more", more))
	}
	return f
}
