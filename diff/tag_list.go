package diff

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// tagState is the state of one tag for the rules about tags, from a side of a
// comparison or from a list.
type tagState struct {
	side          Side
	name          string        // in sentences
	ref           model.Ref     // by tag, or only by digest
	now           digest.Digest // the digest that was read
	created       *time.Time    // when its first image was created, if that is a real date
	context       SideContext
	image         *model.Image // the first image of now, nil if it has not arrived
	was           *model.Image // the first image of the digest before, if the other side is that digest
	beforeIsOther bool         // the other side is the digest before
}

// taggedSides returns the sides whose digest is known. If both are the same tag
// and digest, it returns one.
func (c Comparison) taggedSides() []tagState {
	var sides []tagState
	for _, s := range c.artifacts() {
		if s.art.Top.Digest == "" || s.side == SideB && c.A.Ref == s.art.Ref && c.A.Top.Digest == s.art.Top.Digest {
			continue
		}
		t := tagState{side: s.side, name: c.tagName(s.art.Ref), ref: s.art.Ref, now: s.art.Top.Digest, image: firstImage(s.art)}
		if t.context = c.TagContext.A; s.side == SideB {
			t.context = c.TagContext.B
		}
		if t.image != nil {
			t.created = t.image.Created()
		}
		sides = append(sides, t)
	}
	if from, ok := c.sideThatMoved(sides); ok {
		sides[from].was, sides[from].beforeIsOther = sides[1-from].image, true
	}
	return sides
}

// sideThatMoved returns the index of the side whose tag pointed to the digest
// of the other side before it moved.
func (c Comparison) sideThatMoved(sides []tagState) (at int, ok bool) {
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

func firstImage(a *model.Artifact) *model.Image { return imageOf(firstEntry(a)) }

// firstEntry is the first entry of an artifact for an image, nil for none.
func firstEntry(a *model.Artifact) *model.Entry {
	i := slices.IndexFunc(a.Entries, func(e model.Entry) bool { return e.Role == model.RoleImage })
	if i < 0 {
		return nil
	}
	return &a.Entries[i]
}

// tagName returns the name of a reference in sentences. It includes what differs between
// the sides: the last part of the repository, all of it if the last parts are equal, and
// the registry.
func (c Comparison) tagName(r model.Ref) string {
	name := cmp.Or(refName(r), "this image")
	if c.A == nil || c.B == nil {
		return name
	}
	a, b := c.A.Ref, c.B.Ref
	switch {
	case path.Base(a.Repository) != path.Base(b.Repository):
		name = path.Base(r.Repository) + name
	case a.Repository != b.Repository:
		name = r.Repository + name
	}
	if a.Registry != b.Registry {
		name += " of " + quoted(r.Registry)
	}
	return name
}

// canMove reports whether the reference can move: a digest cannot, and neither
// can a tag at a past time.
func (t tagState) canMove() bool { return t.ref.Tag != "" && t.ref.Digest == "" && t.ref.At == "" }

// recentMove is how long a move counts as new after it was first observed.
const recentMove = 24 * time.Hour

// MovedFrom returns the last sighting of another digest in the history of a tag
// that now points to now. ok is false if the tag was never observed at another
// digest, or if it has been observed at the new one for longer than a day: such
// a move is not new.
func MovedFrom(past model.Timeline, now digest.Digest) (_ model.Sighting, ok bool) {
	last := len(past) - 1
	switch {
	case last < 0 || now == "":
		return model.Sighting{}, false
	case past[last].Digest != now:
		return past[last], true
	case last == 0 || past[last].Last.Sub(past[last].First) > recentMove:
		return model.Sighting{}, false
	}
	return past[last-1], past[last-1].Digest != now
}

// before returns the sighting before the tag moved to the digest that was read.
func (t tagState) before() (_ model.Sighting, ok bool) {
	if !t.canMove() {
		return model.Sighting{}, false
	}
	return MovedFrom(t.context.History, t.now)
}

func (t tagState) evidence(more ...digest.Digest) []Evidence {
	digests := append([]digest.Digest{t.now}, more...)
	return mappedTo(digests, func(d digest.Digest) Evidence { return Evidence{t.side, none, d} })
}

// beforeCommand returns the command that compares the digest before with the
// tag. It is empty if the comparison on screen is the same.
func (t tagState) beforeCommand(from model.Sighting) safe.Text {
	if t.beforeIsOther {
		return safe.Text{}
	}
	return t.compareCommand(from.Digest)
}

// compareCommand returns the command that compares a digest of the repository
// with the tag. Only valid tags are safe in a shell command.
func (t tagState) compareCommand(before digest.Digest) safe.Text {
	if before.Validate() != nil || !model.IsTag(t.ref.Tag) {
		return safe.Text{}
	}
	return safe.Clean("tagdiff " + t.ref.AtDigest(before).String() + " :" + t.ref.Tag)
}

// digestsCheck returns the command that prints the digests of some tags of a
// repository.
func digestsCheck(repo model.Ref, tags ...string) safe.Text {
	const most = 5
	var commands []string
	for _, tag := range tags {
		if model.IsTag(tag) && len(commands) < most {
			commands = append(commands, "crane digest "+repo.WithTag(tag).String())
		}
	}
	return safe.Clean(strings.Join(commands, "; "))
}

// tagText returns a tag for use in a sentence, with limited length. A registry
// can list any name.
func tagText(tag string) string { return ":" + cutTo(128, tag) }

func tagTexts(tags []string) []string { return mapped(tags, tagText) }

func utc(t time.Time) string { return t.UTC().Format(rfc3339) }

// listed is a tag in a list, with its digest and version.
type listed struct {
	tag     string
	digest  digest.Digest
	version version.Version
}

// tagList is the tags of a repository, grouped by digest. Tags of attachments
// and tags with an unknown digest are left out.
type tagList struct {
	set       model.TagSet
	tags      []listed
	byDigest  map[digest.Digest][]listed // tags by digest
	highestOf map[digest.Digest][]listed // cache of highest
}

// listOf returns the tags of a set that pick selects.
func listOf(set model.TagSet, pick func(model.Tagged) bool) tagList {
	l := tagList{set: set, byDigest: map[digest.Digest][]listed{}, highestOf: map[digest.Digest][]listed{}}
	for _, t := range set.Tags {
		if t.Digest == "" || !pick(t) || model.IsAttached(t.Tag) {
			continue
		}
		one := listed{t.Tag, t.Digest, version.Parse(t.Tag)}
		l.tags = append(l.tags, one)
		l.byDigest[t.Digest] = append(l.byDigest[t.Digest], one)
	}
	return l
}

func anyTag(model.Tagged) bool { return true }

// partial reports whether there are, or may be, tags that were not resolved.
func (l tagList) partial() bool { return isPartial(l.set) }

func isPartial(set model.TagSet) bool { return set.Truncated || set.Total > len(set.Tags) }

// newest returns the highest release among complete versions. Release
// candidates, dates and tags with a flavour do not count.
func newest(tags []listed) (_ listed, ok bool) {
	var best listed
	for _, t := range tags {
		if isRelease(t.version) && (!ok || t.version.CompareRelease(best.version) > 0) {
			best, ok = t, true
		}
	}
	return best, ok
}

// highest returns the two highest releases among the tags of an image: enough
// to know the highest one without any given tag.
func (l tagList) highest(d digest.Digest) []listed {
	if top, known := l.highestOf[d]; known {
		return top
	}
	var top []listed
	if first, ok := newest(l.byDigest[d]); ok {
		top = append(top, first)
		others := slices.DeleteFunc(slices.Clone(l.byDigest[d]), func(t listed) bool { return t.tag == first.tag })
		if second, ok := newest(others); ok {
			top = append(top, second)
		}
	}
	l.highestOf[d] = top
	return top
}

func isRelease(v version.Version) bool {
	return v.IsComplete() && v.Prerelease == "" && v.Flavour == "" && !v.IsDate()
}

// names returns the names of the tags in a list.
func names(tags []listed) []string { return mapped(tags, func(t listed) string { return t.tag }) }

// mostSpecific sorts tags by the numbers in their versions, most first: 2.7.17
// before 2 and latest.
func mostSpecific(tags []string) []string {
	tags = slices.Clone(tags)
	count := make(map[string]int, len(tags))
	for _, tag := range tags {
		count[tag] = version.Parse(tag).Count
	}
	slices.SortStableFunc(tags, func(a, b string) int { return count[b] - count[a] })
	return tags
}
