package diff

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// tagAt is one tag as the rules about tags see it: of a side of a comparison,
// or out of a list.
type tagAt struct {
	side    Side
	name    string        // in sentences
	ref     model.Ref     // by tag, or by digest alone
	now     digest.Digest // what it is
	created *time.Time    // when its first image was made, if that is a real date
	near    TagNeighbours
	image   *model.Image // the first one of what it is, as far as it is here
	was     *model.Image // and of what it was, where that is the other side
	beside  bool         // the other side is what it was
}

// taggedSides are the sides whose digest is known. Two that are one tag are one.
func (c Comparison) taggedSides() []tagAt {
	var sides []tagAt
	for _, s := range []struct {
		side Side
		art  *model.Artifact
		near TagNeighbours
	}{{SideA, c.A, c.Around.A}, {SideB, c.B, c.Around.B}} {
		if s.art == nil || s.art.Top.Digest == "" || s.side == SideB && c.A.Ref == s.art.Ref && c.A.Top.Digest == s.art.Top.Digest {
			continue
		}
		t := tagAt{side: s.side, name: c.tagName(s.art.Ref), ref: s.art.Ref, now: s.art.Top.Digest, near: s.near, image: firstImage(s.art)}
		if t.image != nil {
			t.created = t.image.Created()
		}
		sides = append(sides, t)
	}
	if from, ok := c.whatItWas(sides); ok {
		sides[from].was, sides[from].beside = sides[1-from].image, true
	}
	return sides
}

// whatItWas is the side whose tag was what the other side is.
func (c Comparison) whatItWas(sides []tagAt) (at int, ok bool) {
	if len(sides) < 2 || c.A.Ref.Repo() != c.B.Ref.Repo() {
		return 0, false
	}
	for i, t := range sides {
		if from, moved := t.before(); moved && from.Digest == sides[1-i].now {
			return i, true
		}
	}
	return 0, false
}

func firstImage(a *model.Artifact) *model.Image {
	for _, e := range a.Entries {
		if e.Role == model.RoleImage {
			return e.Image
		}
	}
	return nil
}

// tagName is what sentences call a reference: by its repository too where the
// sides have different ones.
func (c Comparison) tagName(r model.Ref) string {
	name := cmp.Or(refName(r), "this image")
	if c.A != nil && c.B != nil && c.A.Ref.Repo() != c.B.Ref.Repo() {
		return path.Base(r.Repository) + name
	}
	return name
}

// floats reports whether it can move: a digest cannot, nor what a tag was at a
// moment.
func (t tagAt) floats() bool { return t.ref.Tag != "" && t.ref.Digest == "" && t.ref.When == "" }

// newsFor is how long after it was first seen a move is still news.
const newsFor = 24 * time.Hour

// MovedFrom is the last look at a tag when it was something else than it is now.
// ok is false where nobody saw it be anything else, and for a move that has been
// looked at for longer than a day: that is no news.
func MovedFrom(past model.Timeline, now digest.Digest) (_ model.Sighting, ok bool) {
	last := len(past) - 1
	switch {
	case last < 0 || now == "":
		return model.Sighting{}, false
	case past[last].Digest != now:
		return past[last], true
	case last == 0 || past[last].Last.Sub(past[last].First) > newsFor:
		return model.Sighting{}, false
	}
	return past[last-1], past[last-1].Digest != now
}

// before is what the tag was before it was what was read.
func (t tagAt) before() (_ model.Sighting, ok bool) {
	if !t.floats() {
		return model.Sighting{}, false
	}
	return MovedFrom(t.near.Past, t.now)
}

func (t tagAt) evidence(more ...digest.Digest) []Evidence {
	evidence := []Evidence{{t.side, none, t.now}}
	for _, d := range more {
		evidence = append(evidence, Evidence{t.side, none, d})
	}
	return evidence
}

// beforeCommand compares what the tag was with what it is, which is of no use
// where just that is compared.
func (t tagAt) beforeCommand(from model.Sighting) safe.Text {
	if t.beside {
		return safe.Text{}
	}
	return t.compareCommand(from.Digest)
}

// compareCommand compares something that the repository holds with the tag.
func (t tagAt) compareCommand(before digest.Digest) safe.Text {
	if before.Validate() != nil || !isTag(t.ref.Tag) {
		return safe.Text{}
	}
	return safe.Clean("tagdiff " + t.ref.AtDigest(before).String() + " :" + t.ref.Tag)
}

// digestsCheck prints where tags of a repository point.
func digestsCheck(repo model.Ref, tags ...string) safe.Text {
	const most = 5
	var commands []string
	for _, tag := range tags {
		if isTag(tag) && len(commands) < most {
			commands = append(commands, "crane digest "+repo.WithTag(tag).String())
		}
	}
	return safe.Clean(strings.Join(commands, "; "))
}

// isTag reports whether a name that a registry has given is one: only such are
// fit for a shell.
func isTag(name string) bool {
	return len(name) <= 128 && reference.TagRegexp.FindString(name) == name && name != ""
}

// tagText is a tag in a sentence. Registries can call them anything.
func tagText(tag string) string {
	const most = 128
	if r := []rune(tag); len(r) > most {
		tag = string(r[:most]) + "…"
	}
	return ":" + tag
}

func tagTexts(tags []string) []string {
	texts := make([]string, len(tags))
	for i, tag := range tags {
		texts[i] = tagText(tag)
	}
	return texts
}

// minute is a moment as a person remembers it, in local time.
func minute(t time.Time) string { return t.Local().Format("2 Jan 2006 15:04") }

func utc(t time.Time) string { return t.UTC().Format(rfc3339) }

// listed is a tag in a list of them.
type listed struct {
	tag     string
	digest  digest.Digest
	version version.Version
}

// tagList is tags of a repository by what they lead to. Those of attachments
// are left out, and those of which nobody knows where they point.
type tagList struct {
	set  model.TagSet
	tags []listed
	by   map[digest.Digest][]listed
	top  map[digest.Digest][]listed // see highest
}

// listOf reads those tags of a set that pick takes.
func listOf(set model.TagSet, pick func(model.Tagged) bool) tagList {
	l := tagList{set: set, by: map[digest.Digest][]listed{}, top: map[digest.Digest][]listed{}}
	for _, t := range set.Tags {
		if t.Digest == "" || !pick(t) || isAttached(t.Tag) {
			continue
		}
		one := listed{t.Tag, t.Digest, version.Parse(t.Tag)}
		l.tags = append(l.tags, one)
		l.by[t.Digest] = append(l.by[t.Digest], one)
	}
	return l
}

func anyTag(model.Tagged) bool { return true }

// partial reports whether there are, or may be, tags of which nobody has asked
// where they point.
func (l tagList) partial() bool { return isPartial(l.set) }

func isPartial(set model.TagSet) bool { return set.Cut || set.Total > len(set.Tags) }

// newest is the highest release among tags that name one to the last number,
// apart from release candidates, dates and what is made for one purpose.
func newest(tags []listed) (_ listed, ok bool) {
	var best listed
	for _, t := range tags {
		if isRelease(t.version) && (!ok || t.version.CompareRelease(best.version) > 0) {
			best, ok = t, true
		}
	}
	return best, ok
}

// highest are the two highest releases among the tags of an image: all that
// counts of thousands, whichever tag is left out.
func (l tagList) highest(d digest.Digest) []listed {
	if top, known := l.top[d]; known {
		return top
	}
	var top []listed
	if first, ok := newest(l.by[d]); ok {
		top = append(top, first)
		others := slices.DeleteFunc(slices.Clone(l.by[d]), func(t listed) bool { return t.tag == first.tag })
		if second, ok := newest(others); ok {
			top = append(top, second)
		}
	}
	l.top[d] = top
	return top
}

func isRelease(v version.Version) bool {
	return v.IsComplete() && v.Prerelease == "" && v.Flavour == "" && !v.IsDate()
}

// names are the tags of a list.
func names(tags []listed) []string {
	out := make([]string, len(tags))
	for i, t := range tags {
		out[i] = t.tag
	}
	return out
}

// mostSpecific puts the tags first that say most: 2.7.17 before 2 and latest.
func mostSpecific(tags []string) []string {
	tags = slices.Clone(tags)
	count := make(map[string]int, len(tags))
	for _, tag := range tags {
		count[tag] = version.Parse(tag).Count
	}
	slices.SortStableFunc(tags, func(a, b string) int { return count[b] - count[a] })
	return tags
}
