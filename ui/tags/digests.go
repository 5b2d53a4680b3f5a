package tags

import (
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// addParts records the image IDs, layers and diff_ids of an image or an index. The first
// request reads one platform of an index; a comparison reads all.
func (x index) addParts(of digest.Digest, parts []model.Part) {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p model.Part) bool {
		return p.Kind == model.PartManifest || p.Kind == model.PartChild // the index has these already
	})
	if len(parts) > len(x.parts[of]) {
		x.parts[of] = parts
	}
	if id := x.imageID(of); id != "" && !slices.Contains(x.byImageID[id], of) {
		x.byImageID[id] = append(x.byImageID[id], of)
	}
}

// addEntries records what a comparison has read of the entries of an index.
func (x index) addEntries(of digest.Digest, parts []model.Part) {
	x.entries[of] = slices.DeleteFunc(slices.Clone(parts), func(p model.Part) bool { return p.Kind != model.PartChild })
}

// entriesOf returns the entries of an index whose digests begin with p.
func (x index) entriesOf(of digest.Digest, p model.DigestPrefix) []model.Part {
	read := slices.DeleteFunc(slices.Clone(x.entries[of]), func(part model.Part) bool { return !p.Of(part.Digest) })
	if len(read) > 0 {
		return read
	}
	return model.ChildParts(slices.DeleteFunc(slices.Clone(x.children[of]), func(d v1.Descriptor) bool { return !p.Of(d.Digest) }))
}

// imageID returns the image ID of a target, "" if it was not read or if the target has
// several images: two indexes may share one image and differ in the others.
func (x index) imageID(of digest.Digest) digest.Digest {
	if len(x.images[of].Platforms) > 1 {
		return ""
	}
	for _, p := range x.parts[of] {
		if p.Kind == model.PartImageID {
			return p.Digest
		}
	}
	return ""
}

// sameImageID returns the tags of other targets with the same image ID: the same image
// under another digest, as after a push by another tool.
func (x index) sameImageID(of digest.Digest) []string {
	var tags []string
	for _, other := range x.byImageID[x.imageID(of)] {
		if other != of {
			tags = append(tags, x.byDigest[other]...)
		}
	}
	slices.SortFunc(tags, model.CompareNatural)
	return tags
}

// addArtifacts records what a comparison has read.
func (p tagsPage) addArtifacts(read []model.Artifact) tagsPage {
	for _, a := range read {
		if a.Ref.Repo() == p.ref {
			p.index.addParts(a.Digest(), a.Parts())
			p.index.addEntries(a.Digest(), a.Parts())
			p.search = p.search.noteParts(p.index, a.Digest())
			if images := a.Images(); len(images) > 0 && images[0].Image != nil {
				p.index.addStack(a.Digest(), images[0].Image.Stack())
			}
		}
	}
	return p
}

// matchDigest returns the first digest of a tag that begins with p: its own, that of an
// entry of its index, an image ID, a layer, a diff_id, or what the tag had before it moved.
func (x index) matchDigest(tag string, p model.DigestPrefix) (_ model.Part, ok bool) {
	own := x.tags[tag].Digest
	if own == "" {
		return model.Part{}, false
	}
	if p.Of(own) {
		return model.Part{Digest: own, Kind: model.PartManifest}, true
	}
	for i, c := range x.children[own] {
		if p.Of(c.Digest) {
			return model.ChildParts(x.children[own][i : i+1])[0], true
		}
	}
	for _, part := range x.parts[own] {
		if p.Of(part.Digest) {
			return part, true
		}
	}
	if m, moved := x.moves[tag]; moved && p.Of(m.from.Digest) {
		return model.Part{Digest: m.from.Digest, Kind: model.PartManifest}, true
	}
	return model.Part{}, false
}

// otherImages returns how many images of an index were not read, 0 if nothing was read of it.
// An index in it counts as one.
func (x index) otherImages(of digest.Digest) int {
	if _, known := x.images[of]; !known {
		return 0
	}
	hasImage := func(d v1.Descriptor) bool {
		role, _ := model.RoleOf(d)
		return role == model.RoleImage || role == model.RoleIndex
	}
	isID := func(p model.Part) bool { return p.Kind == model.PartImageID }
	return max(0, count(x.children[of], hasImage)-count(x.parts[of], isID))
}

func count[T any](all []T, counts func(T) bool) (n int) {
	for _, v := range all {
		if counts(v) {
			n++
		}
	}
	return n
}

// rankDigest orders the tags that a filter finds by digest.
func (x index) rankDigest(tag string, p model.DigestPrefix) (rank int, ok bool) {
	part, ok := x.matchDigest(tag, p)
	return int(part.Kind), ok
}

// withIndex returns p with what is known about its tags.
func (p tagsPage) withIndex(x index) tagsPage {
	p.index, p.list.RankDigest = x, x.rankDigest
	return p
}

// updateFilter applies a filter by digest to what was read since. During a survey the list
// is sorted, and thereby filtered, again and again.
func (p tagsPage) updateFilter() tagsPage {
	if !p.list.SearchesDigests() || p.survey.running() {
		return p
	}
	p.list = p.list.Refilter()
	p.unread = p.countUnread()
	return p
}

// unreadCount is how many tags and images a filter by digest cannot look at. others are the
// images of indexes besides the first, which no survey reads.
type unreadCount struct{ tags, images, others int }

func (p tagsPage) countUnread() (left unreadCount) {
	for _, tags := range p.listedTags() {
		left.tags += len(p.index.unresolved(tags, true))
		left.images += len(unread(p.index, tags, p.index.images, anyTag))
		for _, d := range unread(p.index, tags, map[digest.Digest]bool{}, anyTag) {
			left.others += p.index.otherImages(d)
		}
	}
	return left
}

// unreadOthers says that not all images of an index were read, and the key that reads them.
func unreadOthers() safe.Text {
	return safe.Const("of an index, not all images were read (enter on its tag reads all)")
}

// unreadLine says what a filter by digest could not look at, and the keys that read it.
func (p tagsPage) unreadLine() look.Line {
	if !p.list.SearchesDigests() || p.survey.running() || p.survey.stage == surveyOffered {
		return look.Line{}
	}
	if p.unread.tags+p.unread.images == 0 {
		if _, found := p.list.Current(); found || p.unread.others == 0 {
			return look.Line{}
		}
		return look.L(look.Gap(1), look.S(look.Warn, unreadOthers()))
	}
	first := safe.Text{}
	if p.list.Filter.Open {
		first = safe.Const("enter, then ")
	}
	images := look.Count(p.unread.images+p.unread.tags, safe.Const("image ID"), safe.Const("image IDs"))
	keys, order := p.imageKeys()
	text := safe.Sprintf("not looked at: %s (%s%s: %s)", images, first, keys, order)
	if p.unread.tags > 0 {
		text = safe.Sprintf("not looked at: %s (%sd), %s (%s: %s)", look.Count(p.unread.tags, safe.Const("digest"), safe.Const("digests")),
			first, images, keys, order)
	}
	return look.L(look.Gap(1), look.S(look.Warn, text))
}

// imageKeys names the keys that read the images of all tags, and what they do: sorting by
// date needs the images.
func (p tagsPage) imageKeys() (keys, does safe.Text) {
	switch p.order {
	case byName:
		return safe.Const("s s"), safe.Const("by created")
	case byVersion:
		return safe.Const("s"), safe.Const("by created")
	}
	return safe.Const("r"), safe.Const("read again")
}

// matchText says why the filter shows a tag, unless the row has the digest or the name.
// platform is that of the match.
func (p tagsPage) matchText(tag string) (text, platform safe.Text) {
	prefix, ok := p.list.Filter.DigestPrefix()
	if !ok || p.list.Filter.Matches(tag) {
		return text, platform
	}
	switch part, _ := p.index.matchDigest(tag, prefix); part.Kind {
	case model.PartImageID:
		return safe.Sprintf("image ID %s", look.Short(part.Digest)), safe.Clean(part.Platform)
	case model.PartManifest:
		if part.Digest != p.index.tags[tag].Digest {
			return safe.Sprintf("had %s", look.Short(part.Digest)), platform
		}
	case model.PartLayer:
		return safe.Sprintf("layer of step %d", part.Step+1), safe.Clean(part.Platform)
	case model.PartDiffID:
		return safe.Sprintf("diff_id of step %d", part.Step+1), safe.Clean(part.Platform)
	case model.PartChild:
		return safe.Sprintf("lists %s", look.Short(part.Digest)), safe.Clean(part.Platform)
	}
	return text, platform
}

// DigestOwners returns what digests are of the tags, as far as they were read.
func (p tagsPage) DigestOwners(x model.DigestPrefix) []model.Owner {
	var owners []model.Owner
	for tag, t := range p.index.tags {
		if t.Digest == "" {
			continue
		}
		ref := p.ref.WithTag(tag)
		owners = append(owners, diff.OwnersIn(x, ref, []model.Part{{Digest: t.Digest, Kind: model.PartManifest}})...)
		owners = append(owners, diff.OwnersIn(x, ref, p.index.parts[t.Digest])...)
		owners = append(owners, diff.OwnersIn(x, ref, p.index.entriesOf(t.Digest, x))...)
	}
	for tag, m := range p.index.moves {
		owners = append(owners, ownersOfSighting(x, p.ref.WithTag(tag), m.from)...)
	}
	slices.SortStableFunc(owners, func(a, b model.Owner) int { return model.CompareNatural(a.Ref.Tag, b.Ref.Tag) })
	return owners
}

// ownersOfSighting returns the tag with the digest that it had, if that begins with x.
func ownersOfSighting(x model.DigestPrefix, tag model.Ref, s model.Sighting) []model.Owner {
	tag.Digest = s.Digest
	return diff.OwnersIn(x, tag, []model.Part{{Digest: s.Digest, Kind: model.PartManifest}})
}

// DigestsRead names the tags and images that were read.
func (p tagsPage) DigestsRead() (read, next safe.Text) {
	all, left := 0, p.countUnread()
	for _, tags := range p.listedTags() {
		all += len(tags)
	}
	of := safe.Text{}
	if left.tags > 0 {
		of = safe.Sprintf("%s of ", look.Number(all-left.tags))
	}
	read = safe.Sprintf("the digests of %s%s and the first image of each", of, look.Count(all, safe.Const("tag"), safe.Const("tags")))
	if left.images > 0 {
		read = safe.Sprintf("%s (%s not read yet)", read, look.Count(left.images, safe.Const("image"), safe.Const("images")))
	}
	switch keys, does := p.imageKeys(); {
	case left.tags > 0:
		next = safe.Sprintf("d reads all digests, %s (%s) all images", keys, does)
	case left.images > 0:
		next = safe.Sprintf("%s (%s) reads all images", keys, does)
	default:
		next = safe.Const("enter opens a tag and reads all its platforms")
	}
	return read, next
}

// DigestOwners returns the digests that the tag had.
func (p timelinePage) DigestOwners(x model.DigestPrefix) []model.Owner {
	var owners []model.Owner
	for _, s := range p.history {
		owners = append(owners, diff.OwnersIn(x, p.refAt(s.Digest), []model.Part{{Digest: s.Digest, Kind: model.PartManifest}})...)
	}
	return owners
}

// DigestsRead names the timeline.
func (p timelinePage) DigestsRead() (read, next safe.Text) {
	return safe.Sprintf("the timeline of :%s", p.ref.Tag), next
}

var _, _ page.DigestFinder = tagsPage{}, timelinePage{}
