package diff

import (
	"cmp"
	"slices"
	"time"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// moved is a finding on a tag that moved, with what all rules about moves have in common.
func (t tagState) moved(from model.Sighting) Finding {
	return Finding{
		Evidence: t.evidence(from.Digest), Tags: []string{t.ref.Tag}, Command: t.beforeCommand(from),
		Proof: t.moveProof(from), Check: digestsCheck(t.ref, t.ref.Tag),
	}
}

// tagMoved (F1): a tag no longer has the digest it had when tagdiff last saw it.
func tagMoved(t tagState) []Finding {
	from, ok := t.before()
	if !ok {
		return nil
	}
	f := t.moved(from)
	f.Severity, f.Rests = moveSeverity(t.ref.Tag), on(Hashed)
	f.Text = safe.Sprintf("%s moved: on %s it was %s, now it is %s%s.",
		t.name, model.TimeText(from.Last), short(from.Digest), short(t.now), t.versionChange())
	f.Next = safe.Sprintf("Pin it by digest where it must not move: %s@%s%s", tagText(t.ref.Tag), t.now, t.compareHint())
	return []Finding{f}
}

// moveSeverity is highest for tags that people deploy from.
func moveSeverity(tag string) int {
	if isDeployTag(tag) {
		return 3
	}
	return 1
}

func (t tagState) compareHint() string {
	if t.beforeIsOther {
		return ""
	}
	return ". The command compares the previous image with the current one"
}

// versionChange names the version variable that differs, if both images are known.
func (t tagState) versionChange() string {
	if t.was == nil || t.image == nil {
		return ""
	}
	return baseVersions(*t.was, *t.image)
}

func (t tagState) moveProof(from model.Sighting) []safe.Text {
	lines := []safe.Text{safe.Sprintf("digest(%s) on %s = %s", tagText(t.ref.Tag), utc(from.Last), from.Digest)}
	if i := len(t.context.History) - 1; i >= 0 && t.context.History[i].Digest == t.now {
		return append(lines, safe.Sprintf("digest(%s) since %s at the latest = %s", tagText(t.ref.Tag), utc(t.context.History[i].First), t.now))
	}
	return append(lines, safe.Sprintf("digest(%s) now = %s", tagText(t.ref.Tag), t.now))
}

// isDeployTag reports whether the name of a tag suggests that deployments use it.
func isDeployTag(tag string) bool {
	return tag == "release" || tag == "stable" ||
		slices.ContainsFunc(fieldsOf(tag, "-_."), func(w string) bool { return w == "prod" || w == "production" })
}

// rewritten (F2): by the journal, a tag that names one release was pushed again.
func rewritten(t tagState) []Finding {
	from, ok := t.before()
	if !ok || !namesRelease(version.Parse(t.ref.Tag)) {
		return nil
	}
	f := t.moved(from)
	f.Severity, f.Rests, f.Next = 2, on(Hashed), advisePinning()
	f.Text = safe.Sprintf("%s looks like a fixed release, but was pushed again: on %s it was %s, now it is %s.",
		t.name, model.TimeText(from.Last), short(from.Digest), short(t.now))
	return []Finding{f}
}

// namesRelease reports whether a tag with this version is expected not to move.
func namesRelease(v version.Version) bool { return v.IsComplete() && !v.IsRolling() }

func advisePinning() safe.Text {
	return safe.Const("Pin by digest. Ask the publisher for tags with build numbers, or make tags immutable in the registry")
}

// minBuildGap is how much later an image must be created to count as newer; minReleaseGap is
// the same for two releases.
const (
	minBuildGap   = time.Minute
	minReleaseGap = 24 * time.Hour
)

// wentBackwards (F3): a tag moved to an older image.
func wentBackwards(t tagState) []Finding {
	from, ok := t.before()
	if !ok {
		return nil
	}
	say, proof, ok := t.whyOlder(from)
	if !ok {
		return nil
	}
	f := t.moved(from)
	f.Severity, f.Rests, f.Proof = 3, on(Structure), append(f.Proof, proof...)
	f.Text = safe.Sprintf("%s went backwards: %s.", t.name, say)
	f.Next = safe.Const("If this is not a rollback, two builds raced and the older one finished last. " +
		"Push the newest build again, and let one build wait for the other")
	return []Finding{f}
}

// whyOlder states in what way the new image is older than the previous one; ok is false if
// it is not.
func (t tagState) whyOlder(from model.Sighting) (say safe.Text, proof []safe.Text, ok bool) {
	if now, was := t.olderRelease(from); now != "" {
		return safe.Sprintf("it is now %s and was %s before", tagText(now), tagText(was)),
			[]safe.Text{safe.Sprintf("%s < %s", tagText(now), tagText(was))}, true
	}
	if now, was := t.olderLabel(); now != "" {
		return safe.Sprintf("it is now version %s and was %s before", quoted(now), quoted(was)),
			[]safe.Text{safe.Sprintf("version label: %s < %s", quoted(now), quoted(was))}, true
	}
	was := cmp.Or(model.RealDate(from.Created), t.previousDate(from))
	if was == nil || t.created == nil || was.Sub(*t.created) < minBuildGap {
		return safe.Text{}, nil, false
	}
	return safe.Sprintf("the current image was built on %s, the previous one on %s", model.TimeText(*t.created), model.TimeText(*was)),
		[]safe.Text{safe.Sprintf("created: %s < %s", utc(*t.created), utc(*was))}, true
}

// previousDate returns when the previous image was created, nil if the list of tags does not
// contain that.
func (t tagState) previousDate(from model.Sighting) *time.Time {
	if t.context.Tags == nil {
		return nil
	}
	at := t.context.Tags.Created[from.Digest]
	return model.RealDate(&at)
}

// olderRelease returns the release that the tag is now and the higher one that it was, by
// other tags of the two images; "" and "" if it is not lower.
func (t tagState) olderRelease(from model.Sighting) (now, was string) {
	if t.context.Tags == nil {
		return "", ""
	}
	l := listOf(*t.context.Tags, func(o model.Tagged) bool {
		return o.Tag != t.ref.Tag && (o.Digest == t.now || o.Digest == from.Digest)
	})
	is, known := newest(l.byDigest[t.now])
	before, knew := newest(l.byDigest[from.Digest])
	if !known || !knew || is.version.CompareRelease(before.version) >= 0 {
		return "", ""
	}
	return is.tag, before.tag
}

// olderLabel returns the version label now and the higher one before; "" and "" if it is
// not lower.
func (t tagState) olderLabel() (now, was string) {
	if t.image == nil || t.was == nil {
		return "", ""
	}
	is, before := labelOf(*t.image, versionLabels), labelOf(*t.was, versionLabels)
	a, b := version.Parse(is), version.Parse(before)
	if a.Count == 0 || b.Count == 0 || a.IsDate() != b.IsDate() || a.CompareRelease(b) >= 0 {
		return "", ""
	}
	return is, before
}

// movingTarget (F6): a tag moved after tagdiff resolved it.
func movingTarget(t tagState) []Finding {
	m := t.context.Moved
	if m.To == "" || m.To == t.now || !t.canMove() {
		return nil
	}
	when := "while"
	if m.Later {
		when = "after"
	}
	f := Finding{
		Severity: 1, Rests: on(Hashed), Evidence: t.evidence(m.To), Tags: []string{t.ref.Tag},
		Text: safe.Sprintf("%s moved %s it was read. Everything here is the first version (%s), read by digest. Now the tag is %s.",
			t.name, when, short(t.now), short(m.To)),
		Next:    safe.Const("Read it again. In a pipeline, use the digest that the build reported, not the tag that it just pushed"),
		Command: t.compareCommand(t.now),
		Proof: []safe.Text{
			safe.Sprintf("digest(%s) when it was read = %s", tagText(t.ref.Tag), t.now),
			safe.Sprintf("digest(%s) on %s = %s", tagText(t.ref.Tag), utc(m.At), m.To),
		},
		Check: digestsCheck(t.ref, t.ref.Tag),
	}
	if m.ToMember {
		f.Text = safe.Sprintf("A push of %s seems to be in progress: it now points at one image (%s) of the index that was read. "+
			"Everything here is this index (%s), read by digest.", t.name, short(m.To), short(t.now))
		f.Next = safe.Const("Wait until the index is pushed, then read it again. If this stays, one job overwrote the index")
		f.Proof = append(f.Proof, safe.Sprintf("%s is a member of %s", m.To, t.now))
	}
	return []Finding{f}
}

// onTags turns a rule for one tag into a rule for the tags of a comparison.
func onTags(find func(tagState) []Finding) func(Comparison) []Finding {
	return func(c Comparison) (found []Finding) {
		for _, t := range c.taggedSides() {
			found = append(found, find(t)...)
		}
		return found
	}
}

// findingsOn returns the findings about this tag, with their evidence on its side.
func (t tagState) findingsOn(found []Finding) []Finding {
	var about []Finding
	for _, f := range found {
		if slices.Contains(f.Tags, t.ref.Tag) {
			for i := range f.Evidence {
				f.Evidence[i].Side = t.side
			}
			about = append(about, f)
		}
	}
	return about
}
