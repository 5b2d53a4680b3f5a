package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rewrittenInTags (F2) uses the list of tags where the journal has no earlier digest.
func rewrittenInTags(t tagState) []Finding {
	if found := rewritten(t); found != nil {
		return found
	}
	v := version.Parse(t.ref.Tag)
	if t.context.Tags == nil || !t.canMove() || !v.IsComplete() {
		return nil
	}
	line := fmt.Sprintf("%d.%d.", v.Numbers[0], v.Numbers[1]) // a cheap filter for thousands of tags
	l := listOf(*t.context.Tags, func(o model.Tagged) bool {
		return o.Digest == t.now || strings.HasPrefix(strings.TrimLeft(o.Tag, "vV"), line)
	})
	return t.findingsOn(slices.Concat(sharedReleases(l, t.ref.Tag), lateReleases(l)))
}

// sharedReleases (F2) finds releases that point at the same image. If first is among them,
// the finding names it first.
func sharedReleases(l tagList, first string) []Finding {
	var found []Finding
	for _, t := range l.tags {
		same := l.byDigest[t.digest]
		if len(same) < 2 || same[0].tag != t.tag { // report each image once
			continue
		}
		if at := slices.IndexFunc(same, func(o listed) bool { return o.tag == first }); at > 0 {
			same = append([]listed{same[at]}, same...)
		}
		if a, b, ok := twoReleases(same); ok {
			found = append(found, Finding{
				Severity: 1, Rests: on(Heuristic), Evidence: []Evidence{{SideA, none, t.digest}}, Tags: []string{a.tag, b.tag},
				Text: safe.Sprintf("%s and %s are two releases but one image. One of them was overwritten, or no image was built for it.",
					tagText(a.tag), tagText(b.tag)),
				Next:  advisePinning(),
				Proof: []safe.Text{safe.Sprintf("digest(%s) = digest(%s) = %s", tagText(a.tag), tagText(b.tag), t.digest)},
				Check: digestsCheck(l.set.Repo, a.tag, b.tag),
			})
		}
	}
	return found
}

// twoReleases returns the first two tags that name different releases.
func twoReleases(tags []listed) (a, b listed, ok bool) {
	first := slices.IndexFunc(tags, func(t listed) bool { return isExactRelease(t.version) })
	if first < 0 {
		return a, b, false
	}
	a = tags[first]
	for _, b := range tags[first+1:] {
		if isExactRelease(b.version) && !covers(a.version, b.version) && !covers(b.version, a.version) {
			return a, b, true
		}
	}
	return a, b, false
}

// isExactRelease reports whether a version names one release. A release candidate may
// become the release unchanged, and builds of two days may be the same, so neither counts.
func isExactRelease(v version.Version) bool {
	return v.IsComplete() && v.Prerelease == "" && !v.IsDate()
}

// covers reports whether a tag of version a also moves with b: 1.2.3 moves with 1.2.3.1.
func covers(a, b version.Version) bool {
	return a.Count <= b.Count && slices.Equal(a.Numbers[:a.Count], b.Numbers[:a.Count])
}

// lateReleases (F2) finds releases whose image was built clearly after a later release of
// the same minor version.
func lateReleases(l tagList) []Finding {
	lines := map[version.Version][]listed{}
	built := map[version.Version]bool{} // releases that also have tags with build numbers
	for _, t := range l.tags {
		if !isExactRelease(t.version) {
			continue
		}
		if _, dated := l.set.Created[t.digest]; dated {
			lines[t.version.Minor()] = append(lines[t.version.Minor()], t)
		}
		if again := t.version; again.Rebuild != "" {
			again.Rebuild = ""
			built[again] = true
		}
	}
	var found []Finding
	for _, t := range l.tags { // in the order of the list
		line := lines[t.version.Minor()]
		if len(line) < 2 || line[0].tag != t.tag {
			continue
		}
		found = append(found, l.lateInLine(line, built)...)
	}
	return found
}

// lateInLine checks the releases of one minor version, the highest first. built has the
// releases that also have tags with build numbers: their tag moves with each build.
func (l tagList) lateInLine(line []listed, built map[version.Version]bool) []Finding {
	line = slices.SortedStableFunc(slices.Values(line), func(a, b listed) int { return b.version.CompareRelease(a.version) })
	var found []Finding
	var first, pending listed // the earliest created of the higher releases, and the candidate of the current release
	for i, t := range line {
		if i > 0 && t.version.CompareRelease(line[i-1].version) != 0 {
			first = l.earlier(first, pending)
			pending = listed{}
		}
		pending = l.earlier(pending, t)
		if first.tag == "" || t.version.Rebuild != "" || built[t.version] || covers(t.version, first.version) || t.digest == first.digest {
			continue
		}
		if l.created(t).Sub(l.created(first)) > minReleaseGap {
			found = append(found, l.lateFinding(t, first))
		}
	}
	return found
}

func (l tagList) created(t listed) time.Time { return l.set.Created[t.digest] }

// earlier returns the tag whose image was created first. An empty tag counts as later.
func (l tagList) earlier(a, b listed) listed {
	if a.tag == "" || b.tag != "" && l.created(b).Before(l.created(a)) {
		return b
	}
	return a
}

func (l tagList) lateFinding(t, next listed) Finding {
	return Finding{
		Severity: 1, Rests: on(Heuristic), Evidence: []Evidence{{SideA, none, t.digest}}, Tags: []string{t.tag},
		Text: safe.Sprintf("%s was built on %s, after %s (%s). It looks like a fixed release, but was probably pushed again.",
			tagText(t.tag), model.TimeText(l.created(t)), tagText(next.tag), model.TimeText(l.created(next))),
		Next: advisePinning(),
		Proof: []safe.Text{
			safe.Sprintf("created(%s) = %s", tagText(t.tag), utc(l.created(t))),
			safe.Sprintf("created(%s) = %s", tagText(next.tag), utc(l.created(next))),
		},
		Check: l.createdCheck(t, next),
	}
}

// createdCheck returns a command that prints when images were created.
func (l tagList) createdCheck(tags ...listed) safe.Text {
	var commands []string
	for _, t := range tags {
		if t.digest.Validate() == nil {
			commands = append(commands, "crane config "+l.set.Repo.AtDigest(t.digest).String()+" | jq .created")
		}
	}
	return safe.Clean(strings.Join(commands, "; "))
}

// latestBehind (F5) checks a side whose tag is latest.
func latestBehind(t tagState) []Finding {
	if t.ref.Tag != latestTag || !t.canMove() || t.context.Tags == nil {
		return nil
	}
	releases := listOf(*t.context.Tags, func(o model.Tagged) bool { return o.Digest == t.now || strings.Count(o.Tag, ".") >= 2 })
	return t.findingsOn(latestIsOld(releases, t.now))
}

const latestTag = "latest"

// latestIsOld (F5): a release is higher than the one that latest points at.
func latestIsOld(l tagList, latest digest.Digest) []Finding {
	is, known := newest(l.byDigest[latest])
	best, _ := newest(l.tags)
	if !known || is.version.CompareRelease(best.version) >= 0 || covers(is.version, best.version) {
		return nil
	}
	f := Finding{
		Severity: 1, Rests: on(Structure), Evidence: []Evidence{{SideA, none, is.digest}, {SideA, none, best.digest}}, Tags: []string{latestTag},
		Text: safe.Sprintf(":latest is %s, %s behind %s.", tagText(is.tag), plural(l.releasesAfter(is.version), "release"), tagText(best.tag)),
		Next: safe.Sprintf("Use the version that you mean, such as %s. latest is not always the newest", tagText(best.tag)),
		Proof: []safe.Text{
			safe.Sprintf("digest(:latest) = digest(%s) = %s", tagText(is.tag), is.digest),
			safe.Sprintf("%s > %s, digest(%s) = %s", tagText(best.tag), tagText(is.tag), tagText(best.tag), best.digest),
		},
		Check: digestsCheck(l.set.Repo, latestTag, is.tag, best.tag),
	}
	if l.partial() {
		f.Rests = on(Heuristic)
		f.Proof = append(f.Proof, askedText(l.set))
	}
	return []Finding{f}
}

// releasesAfter counts the releases above a version.
func (l tagList) releasesAfter(v version.Version) int {
	above := map[version.Version]bool{}
	for _, t := range l.tags {
		if isRelease(t.version) && t.version.CompareRelease(v) > 0 {
			release := t.version
			release.Rebuild = ""
			above[release] = true
		}
	}
	return len(above)
}

// askedText states how many tags were resolved, for a proof.
func askedText(set model.TagSet) safe.Text {
	if set.Truncated {
		return safe.Sprintf("%d tags were resolved; the list of tags is cut after %d", len(set.Tags), set.Total)
	}
	return safe.Sprintf("%d of %d tags were resolved", len(set.Tags), set.Total)
}
