package diff

import (
	"cmp"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// TagFindings returns the findings on the tags of a repository: between tags, and
// compared with their recorded history past, by tag. The most severe comes
// first.
func TagFindings(set model.TagSet, past map[string]model.Timeline) []Finding {
	l := listOf(set, anyTag)
	media := make(map[string]string, len(set.Tags))
	for _, t := range set.Tags {
		media[t.Tag] = t.MediaType
	}
	isOne := func(d digest.Digest, tag string) bool { return isSinglePlatform(set, d, media[tag]) }
	found := slices.Concat(
		limited("C12", lazyFindings(clobberedIn(l, isOne))),
		moveFindings(l, past),
		limited("F2", lazyFindings(sharedReleases(l, ""))), limited("F2", lazyFindings(lateReleases(l))),
		limited("F5", lazyFindings(latestFindings(l))),
	)
	sortFindings(found)
	return found
}

// lazyFinding is a finding on one tag whose text is made only if it is
// reported.
type lazyFinding struct {
	severity int
	tags     []string
	finding  func() Finding
}

func lazyFindings(found []Finding) []lazyFinding {
	return mappedTo(found, func(f Finding) lazyFinding { return lazyFinding{f.Severity, f.Tags, func() Finding { return f }} })
}

func newLazyFinding(severity int, t tagState, find func(tagState) []Finding) lazyFinding {
	return lazyFinding{severity, []string{t.ref.Tag}, func() Finding { return find(t)[0] }}
}

// moveFindings returns the findings on each tag with a recorded history. A tag
// that moved gets only the most severe one.
func moveFindings(l tagList, past map[string]model.Timeline) []Finding {
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
	return slices.Concat(limited("F3", backwards), limited("F2", fixed), limited("F1", moved))
}

// moveOf returns the state of a listed tag and the sighting before it moved. ok
// is false if it did not move.
func (l tagList) moveOf(o listed, past model.Timeline) (_ tagState, from model.Sighting, ok bool) {
	if len(past) == 0 {
		return tagState{}, from, false
	}
	t := tagState{side: SideA, name: tagText(o.tag), ref: l.set.Repo.WithTag(o.tag), now: o.digest, context: SideContext{History: past}}
	if from, ok = t.before(); !ok {
		return tagState{}, from, false
	}
	if at, known := l.set.Created[o.digest]; known {
		t.created = model.RealDate(&at)
	}
	t.context.Tags = &model.TagSet{Created: l.set.Created}
	if len(l.byDigest[from.Digest]) == 0 { // no tag names the release that it was
		return t, from, true
	}
	for _, s := range slices.Concat(l.highest(o.digest), l.highest(from.Digest)) {
		t.context.Tags.Tags = append(t.context.Tags.Tags, model.Tagged{Tag: s.tag, Digest: s.digest})
	}
	return t, from, true
}

func latestFindings(l tagList) []Finding {
	at := slices.IndexFunc(l.tags, func(t listed) bool { return t.tag == latestTag })
	if at < 0 {
		return nil
	}
	return latestIsOld(l, l.tags[at].digest)
}

// A list reports at most maxSingle findings of one rule and severity one by one.
// More than that become one finding with the proof of at most maxProofs of them.
const (
	maxSingle = 3
	maxProofs = 20
)

// limited returns the findings of one rule, many of the same severity
// summarized in one.
func limited(id string, lazy []lazyFinding) []Finding {
	slices.SortStableFunc(lazy, func(a, b lazyFinding) int { return cmp.Compare(b.severity, a.severity) })
	var found []Finding
	for len(lazy) > 0 {
		n := slices.IndexFunc(lazy, func(h lazyFinding) bool { return h.severity != lazy[0].severity })
		if n < 0 {
			n = len(lazy)
		}
		if n > maxSingle {
			found = append(found, summarized(lazy[:n]))
		} else {
			for _, h := range lazy[:n] {
				found = append(found, h.finding())
			}
		}
		lazy = lazy[n:]
	}
	at := slices.IndexFunc(rules, func(r rule) bool { return r.id == id })
	return rules[at].withID(found)
}

// summarized returns the first of several similar findings with the number of
// the others.
func summarized(lazy []lazyFinding) Finding {
	f := lazy[0].finding()
	f.Text = safe.Sprintf("%s The same applies to %s.", f.Text, plural(len(lazy)-1, "other tag"))
	f.Tags = nil
	for i, h := range lazy {
		f.Tags = append(f.Tags, h.tags...)
		if i > 0 && i < maxProofs {
			one := h.finding()
			f.Evidence, f.Proof = append(f.Evidence, one.Evidence...), append(f.Proof, one.Proof...)
		}
	}
	if more := len(lazy) - maxProofs; more > 0 {
		f.Proof = append(f.Proof, safe.Sprintf("and %d more", more))
	}
	return f
}
