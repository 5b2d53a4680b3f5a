package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// rulesTags are group F: tags and time.
var rulesTags = []rule{
	{
		id: "F1", name: "tag-moved", around: onTags(tagMoved), under: []string{"F2", "F3"},
		means: "A tag is not what it was when it was last looked at. For a day after the move was first seen that is news.",
		proof: "digest(T) of the look before, in the journal ≠ digest(T)",
	},
	{
		id: "F2", name: "version-tag-rewritten", around: rewrittenAround,
		means: "A tag that reads like one fixed release was pushed again.",
		proof: "F1 ∧ T is a version of three numbers; without a journal, which only suggests it: two releases have one digest, or created(x.y.z) is more than 24 hours after created(x.y.z+n)",
	},
	{
		id: "F3", name: "went-backwards", around: onTags(wentBackwards),
		means: "A tag moved to something older than what it was: a roll-back, or two builds that raced.",
		proof: "F1 ∧ created(now) < created(before); or the version, by label or by another tag of the same image, is lower",
	},
	{
		id: "F4", name: "siblings", around: siblings, under: []string{"C12"},
		means: "Other tags lead to the same image, or to an index that has an image in common with it.",
		proof: "digest(T) = digest(T'); or a digest that T lists is listed by T'",
	},
	{
		id: "F5", name: "latest-is-not-newest", around: latestAround,
		means: "The tag latest is not the highest release that there is.",
		proof: "digest(latest) = digest(X) ∧ a release Y > X is among the tags; release candidates, dates and flavours do not count",
	},
	{
		id: "F6", name: "moving-target", around: onTags(movingTarget),
		means: "A tag moved while it was read. What is shown is of one piece all the same, since all but the first request go by digest.",
		proof: "digest(T) when it was read ≠ digest(T) afterwards",
	},
}

// onTags makes a rule on one tag a rule on the tags of a comparison.
func onTags(find func(tagAt) (Finding, bool)) func(Comparison) []Finding {
	return func(c Comparison) []Finding {
		var found []Finding
		for _, t := range c.taggedSides() {
			if f, ok := find(t); ok {
				found = append(found, f)
			}
		}
		return found
	}
}

// rewrittenAround (F2) goes by the list of tags where nobody remembers.
func rewrittenAround(c Comparison) []Finding {
	var found []Finding
	for _, t := range c.taggedSides() {
		if f, ok := rewritten(t); ok {
			found = append(found, f)
			continue
		}
		v := version.Parse(t.ref.Tag)
		if t.near.Tags == nil || !t.floats() || !v.IsComplete() {
			continue
		}
		line := fmt.Sprintf("%d.%d.", v.Numbers[0], v.Numbers[1]) // a cheap sieve for thousands of tags
		l := listOf(*t.near.Tags, func(o model.Tagged) bool {
			return o.Digest == t.now || strings.HasPrefix(strings.TrimLeft(o.Tag, "vV"), line)
		})
		found = append(found, t.those(slices.Concat(sharedReleases(l, t.ref.Tag), lateReleases(l)))...)
	}
	return found
}

// those are the findings that are about the tag, as evidence of its side.
func (t tagAt) those(found []Finding) []Finding {
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

// sharedReleases (F2) are releases that are one image, of several first the one
// that is asked for.
func sharedReleases(l tagList, first string) []Finding {
	var found []Finding
	for _, t := range l.tags {
		same := l.by[t.digest]
		if len(same) < 2 || same[0].tag != t.tag { // once for each image
			continue
		}
		if at := slices.IndexFunc(same, func(o listed) bool { return o.tag == first }); at > 0 {
			same = append([]listed{same[at]}, same...)
		}
		if a, b, ok := twoReleases(same); ok {
			found = append(found, Finding{
				Severity: 1, Trust: Suggested, Evidence: []Evidence{{SideA, none, t.digest}}, Tags: []string{a.tag, b.tag},
				Say:   safe.Sprintf("%s and %s are two releases and one image: one of them was pushed over, or nothing was built for it.", tagText(a.tag), tagText(b.tag)),
				Next:  nextFixed(),
				Proof: []safe.Text{safe.Sprintf("digest(%s) = digest(%s) = %s", tagText(a.tag), tagText(b.tag), t.digest)},
				Check: digestsCheck(l.set.Repo, a.tag, b.tag),
			})
		}
	}
	return found
}

// twoReleases are the first two of some tags that name different releases.
func twoReleases(tags []listed) (a, b listed, ok bool) {
	first := slices.IndexFunc(tags, func(t listed) bool { return isFixed(t.version) })
	if first < 0 {
		return a, b, false
	}
	a = tags[first]
	for _, b := range tags[first+1:] {
		if isFixed(b.version) && !within(a.version, b.version) && !within(b.version, a.version) {
			return a, b, true
		}
	}
	return a, b, false
}

// isFixed is for versions that stand for one release: a candidate may become
// the release as it is, and two days may bring the same build.
func isFixed(v version.Version) bool { return v.IsComplete() && v.Prerelease == "" && !v.IsDate() }

// within reports whether a names b too: 1.2.3 moves with 1.2.3.1.
func within(a, b version.Version) bool {
	return a.Count <= b.Count && slices.Equal(a.Numbers[:a.Count], b.Numbers[:a.Count])
}

// lateReleases (F2) are those that were made clearly after a later one of the
// same line.
func lateReleases(l tagList) []Finding {
	lines := map[version.Version][]listed{}
	built := map[version.Version]bool{} // releases whose tag moves with the number of the build
	for _, t := range l.tags {
		if !isFixed(t.version) {
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
	for _, t := range l.tags { // in their order
		line := lines[t.version.Minor()]
		if len(line) < 2 || line[0].tag != t.tag {
			continue
		}
		found = append(found, l.lateIn(line, built)...)
	}
	return found
}

// lateIn looks at the releases of one line, the highest first.
func (l tagList) lateIn(line []listed, built map[version.Version]bool) []Finding {
	line = slices.SortedStableFunc(slices.Values(line), func(a, b listed) int { return b.version.CompareRelease(a.version) })
	var found []Finding
	var first, pending listed // the earliest made of those that are higher, and the one to count next
	for i, t := range line {
		if i > 0 && t.version.CompareRelease(line[i-1].version) != 0 {
			first = l.earlier(first, pending)
			pending = listed{}
		}
		pending = l.earlier(pending, t)
		if first.tag == "" || t.version.Rebuild != "" || built[t.version] || within(t.version, first.version) || t.digest == first.digest {
			continue
		}
		if l.created(t).Sub(l.created(first)) > releasesApart {
			found = append(found, l.late(t, first))
		}
	}
	return found
}

func (l tagList) created(t listed) time.Time { return l.set.Created[t.digest] }

// earlier is the one of two that was made first.
func (l tagList) earlier(a, b listed) listed {
	if a.tag == "" || b.tag != "" && l.created(b).Before(l.created(a)) {
		return b
	}
	return a
}

func (l tagList) late(t, next listed) Finding {
	return Finding{
		Severity: 1, Trust: Suggested, Evidence: []Evidence{{SideA, none, t.digest}}, Tags: []string{t.tag},
		Say: safe.Sprintf("%s was built on %s, after %s (%s): it reads like one fixed release and was probably pushed again.",
			tagText(t.tag), minute(l.created(t)), tagText(next.tag), minute(l.created(next))),
		Next:  nextFixed(),
		Proof: []safe.Text{safe.Sprintf("created(%s) = %s", tagText(t.tag), utc(l.created(t))), safe.Sprintf("created(%s) = %s", tagText(next.tag), utc(l.created(next)))},
		Check: l.createdCheck(t, next),
	}
}

// createdCheck prints when images were made.
func (l tagList) createdCheck(tags ...listed) safe.Text {
	var commands []string
	for _, t := range tags {
		if t.digest.Validate() == nil {
			commands = append(commands, "crane config "+l.set.Repo.AtDigest(t.digest).String()+" | jq .created")
		}
	}
	return safe.Clean(strings.Join(commands, "; "))
}

// latestAround (F5) is for a side that is called latest.
func latestAround(c Comparison) []Finding {
	var found []Finding
	for _, t := range c.taggedSides() {
		if t.ref.Tag != latestTag || !t.floats() || t.near.Tags == nil {
			continue
		}
		if f, ok := latestIsOld(listOf(*t.near.Tags, func(o model.Tagged) bool { return o.Digest == t.now || strings.Count(o.Tag, ".") >= 2 }), t.now); ok {
			found = append(found, t.those([]Finding{f})...)
		}
	}
	return found
}

const latestTag = "latest"

// latestIsOld (F5): there is a higher release than the one that latest is.
func latestIsOld(l tagList, latest digest.Digest) (Finding, bool) {
	is, known := newest(l.by[latest])
	best, _ := newest(l.tags)
	if !known || is.version.CompareRelease(best.version) >= 0 || within(is.version, best.version) {
		return Finding{}, false
	}
	f := Finding{
		Severity: 1, Trust: Shown, Evidence: []Evidence{{SideA, none, is.digest}, {SideA, none, best.digest}}, Tags: []string{latestTag},
		Say:  safe.Sprintf(":latest is %s, %s behind %s.", tagText(is.tag), plural(l.releasesAfter(is.version), "release"), tagText(best.tag)),
		Next: safe.Sprintf("Name the version that is meant, as in %s; nobody promises that latest is the newest", tagText(best.tag)),
		Proof: []safe.Text{
			safe.Sprintf("digest(:latest) = digest(%s) = %s", tagText(is.tag), is.digest),
			safe.Sprintf("%s > %s, digest(%s) = %s", tagText(best.tag), tagText(is.tag), tagText(best.tag), best.digest),
		},
		Check: digestsCheck(l.set.Repo, latestTag, is.tag, best.tag),
	}
	if l.partial() {
		f.Trust = Suggested
		f.Proof = append(f.Proof, asked(l.set))
	}
	return f, true
}

// releasesAfter counts the releases above one.
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

// asked says how much of a list is known.
func asked(set model.TagSet) safe.Text {
	if set.Cut {
		return safe.Sprintf("%d tags have been asked where they point; the list of tags is cut after %d", len(set.Tags), set.Total)
	}
	return safe.Sprintf("%d of %d tags have been asked where they point", len(set.Tags), set.Total)
}

// howMany says that there may be more than what was said.
func howMany(set model.TagSet) safe.Text {
	if set.Cut {
		return safe.Sprintf("The list of tags is cut after %d, of which %d have been asked", set.Total, len(set.Tags))
	}
	return safe.Sprintf("Of %d tags, %d have been asked", set.Total, len(set.Tags))
}

// siblings (F4): what else the image of a side is called.
func siblings(c Comparison) []Finding {
	var found []Finding
	sides := c.taggedSides()
	for i, t := range sides {
		if t.near.Tags == nil || i > 0 && t.now == sides[0].now && c.A.Ref.Repo() == c.B.Ref.Repo() {
			continue
		}
		kin := Siblings(*t.near.Tags, t.now)
		kin.Same = slices.DeleteFunc(kin.Same, func(tag string) bool { return c.isSide(t.ref, tag) })
		if len(kin.Same)+len(kin.Shared)+t.near.Tags.Unread > 0 {
			found = append(found, t.siblings(c, kin))
		}
	}
	return found
}

// isSide reports whether a tag is one of the two that are compared: that those
// are one image is said already.
func (c Comparison) isSide(of model.Ref, tag string) bool {
	return c.A.Ref.Repo() == of.Repo() && c.A.Ref.Tag == tag || c.B != nil && c.B.Ref.Repo() == of.Repo() && c.B.Ref.Tag == tag
}

func (t tagAt) siblings(c Comparison, kin Kin) Finding {
	art := c.A
	if t.side == SideB {
		art = c.B
	}
	thing := "image"
	if isIndex(*art) {
		thing = "index"
	}
	same := mostSpecific(kin.Same)
	f := Finding{
		Trust: Proved, Evidence: t.evidence(), Tags: kin.all(),
		Say:   t.siblingsSay(thing, same, kin.Shared),
		Next:  t.nextSibling(same),
		Check: digestsCheck(t.near.Tags.Repo, slices.Concat(tagsOf(t.ref), same)...),
	}
	if len(same) > 0 {
		f.Proof = append(f.Proof, safe.Sprintf("digest(%s) = digest(%s) = %s", t.name, tagText(same[0]), t.now))
	}
	for _, s := range kin.Shared[:min(len(kin.Shared), mostShared)] {
		f.Proof = append(f.Proof, safe.Sprintf("%s lists %s (%s)", tagText(s.Tags[0]), s.Images[0], images(s.Platforms[:1])))
		f.Evidence = append(f.Evidence, Evidence{t.side, none, s.Images[0]})
	}
	if isPartial(*t.near.Tags) {
		f.Say = safe.Sprintf("%s %s.", f.Say, howMany(*t.near.Tags))
		f.Proof = append(f.Proof, asked(*t.near.Tags))
	}
	if n := t.near.Tags.Unread; n > 0 {
		f.Say = safe.Sprintf("%s %s.", f.Say, unreadIndexes(n))
		f.Proof = append(f.Proof, unreadIndexes(n))
	}
	return f
}

// unreadIndexes says that there may be more than what was said.
func unreadIndexes(n int) safe.Text {
	if n == 1 {
		return safe.Const("What another index lists has not been read")
	}
	return safe.Sprintf("What %d other indexes list has not been read", n)
}

// mostShared is how many groups of tags with an image in common are told.
const mostShared = 3

func (t tagAt) siblingsSay(thing string, same []string, shared []Shared) safe.Text {
	var parts []string
	if len(same) > 0 {
		parts = append(parts, "is the same "+thing+" as "+list(tagTexts(same)))
	}
	for i, s := range shared {
		if i == mostShared {
			break
		}
		tags := list(tagTexts(mostSpecific(s.Tags)))
		if s.Images[0] == t.now {
			parts = append(parts, "is the "+images(s.Platforms)+" of "+tags)
		} else {
			parts = append(parts, "has the same "+images(s.Platforms)+" as "+tags)
		}
	}
	if len(parts) == 0 {
		return safe.Sprintf("No other tag is known to have this %s.", thing)
	}
	return safe.Sprintf("%s %s.", t.name, strings.Join(parts, "; it "))
}

// nextSibling advises the name that says most.
func (t tagAt) nextSibling(same []string) safe.Text {
	best := ""
	if len(same) > 0 {
		best = same[0]
	}
	if version.Parse(best).Count <= version.Parse(t.ref.Tag).Count {
		return safe.Sprintf("In deployments use the digest: @%s", t.now)
	}
	return safe.Sprintf("In deployments use %s, which says most, or the digest: @%s", tagText(best), t.now)
}

// all are the tags of a kin.
func (k Kin) all() []string {
	tags := slices.Clone(k.Same)
	seen := map[string]bool{}
	for _, s := range k.Shared {
		for _, tag := range s.Tags {
			if !seen[tag] {
				seen[tag] = true
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

func tagsOf(r model.Ref) []string {
	if r.Tag == "" || r.Digest != "" || r.When != "" {
		return nil
	}
	return []string{r.Tag}
}

// images are images of an index in a sentence.
func images(platforms []string) string {
	texts := make([]string, len(platforms))
	for i, name := range platforms {
		texts[i] = cmp.Or(name, "an image")
	}
	return list(texts)
}
