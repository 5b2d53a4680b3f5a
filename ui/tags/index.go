package tags

import (
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// index is what is known about the tags of a repository. Its maps are
// shared by the states of a page and written by update alone; each answer costs
// the same however much is known already.
type index struct {
	asked    map[string]bool                   // tags
	read     map[digest.Digest]bool            // images asked for by digest
	failed   map[digest.Digest]bool            // of those, the ones that could not be read, and may be the next time
	tags     map[string]model.Tagged           // where they point
	images   map[digest.Digest]model.TagInfo   // what a list shows of an image
	children map[digest.Digest][]v1.Descriptor // what indexes list
	byDigest map[digest.Digest][]string        // tags by where they point, in natural order
	listedIn map[digest.Digest][]digest.Digest // indexes by what they list
	attached map[digest.Digest][]string        // what is attached to an image, by kinds
	moves    map[string]movedTag               // seen to move while the page was open
}

// movedTag is a tag that led elsewhere when it was looked at before.
type movedTag struct {
	from model.Sighting
	now  bool // it moved while the page was open
}

func newIndex() index {
	return index{
		asked: map[string]bool{}, read: map[digest.Digest]bool{}, failed: map[digest.Digest]bool{}, tags: map[string]model.Tagged{},
		images: map[digest.Digest]model.TagInfo{}, children: map[digest.Digest][]v1.Descriptor{},
		byDigest: map[digest.Digest][]string{}, listedIn: map[digest.Digest][]digest.Digest{}, attached: map[digest.Digest][]string{},
		moves: map[string]movedTag{},
	}
}

// setTarget notes where a tag points. It returns where it pointed before, "" if that
// was not known or is the same.
func (x index) setTarget(t model.Tagged) (before digest.Digest) {
	x.asked[t.Tag] = true
	old := x.tags[t.Tag]
	switch {
	case t.Err != nil && old.Digest != "" && !page.IsMissing(t.Err):
		return "" // what is known stays until something else is
	case old.Digest == t.Digest && old.Digest != "":
		return ""
	}
	if old.Digest != "" {
		x.byDigest[old.Digest] = slices.DeleteFunc(x.byDigest[old.Digest], func(tag string) bool { return tag == t.Tag })
	}
	x.tags[t.Tag] = t
	if t.Digest != "" && !isAttached(t.Tag) {
		at, _ := slices.BinarySearchFunc(x.byDigest[t.Digest], t.Tag, model.CompareNatural)
		x.byDigest[t.Digest] = slices.Insert(x.byDigest[t.Digest], at, t.Tag)
	}
	return old.Digest
}

// addImage notes what an image is.
func (x index) addImage(info model.TagInfo) {
	if info.Digest == "" {
		return
	}
	x.addChildren(info.Digest, info.Children)
	x.read[info.Digest] = true
	delete(x.failed, info.Digest)
	x.images[info.Digest] = info
}

// retry lets an image that could not be read be asked for again.
func (x index) retry(d digest.Digest) {
	if x.failed[d] {
		delete(x.failed, d)
		delete(x.read, d)
	}
}

// addChildren notes what an index lists; of what is no index, that it lists nothing.
func (x index) addChildren(index digest.Digest, children []v1.Descriptor) {
	if _, known := x.children[index]; known {
		return
	}
	x.children[index] = children
	for _, c := range children {
		of := x.listedIn[c.Digest]
		twice := len(of) > 0 && of[len(of)-1] == index
		if role, _ := model.RoleOf(c); role == model.RoleImage && !twice {
			x.listedIn[c.Digest] = append(of, index)
		}
	}
}

// unresolved are those of some tags of which nobody has asked where they point.
func (x index) unresolved(tags []string) []string {
	var left []string
	for _, tag := range tags {
		if t := x.tags[tag]; t.Digest == "" && t.Err == nil {
			left = append(left, tag)
		}
	}
	return left
}

// unanswered are those of some tags of which the registry could not say it, and
// may the next time.
func (x index) unanswered(tags []string) []string {
	var left []string
	for _, tag := range tags {
		if t := x.tags[tag]; t.Err != nil && !page.IsMissing(t.Err) {
			left = append(left, tag)
		}
	}
	return left
}

// unread are the images of some tags that known does not have, each once.
func unread[T any](k index, tags []string, known map[digest.Digest]T, may func(model.Tagged) bool) []digest.Digest {
	var left []digest.Digest
	seen := map[digest.Digest]bool{}
	for _, tag := range tags {
		t := k.tags[tag]
		if _, ok := known[t.Digest]; !ok && t.Digest != "" && !seen[t.Digest] && may(t) {
			seen[t.Digest] = true
			left = append(left, t.Digest)
		}
	}
	return left
}

// mayBeIndex reports whether a tag may lead to an index, as far as its registry
// says.
func mayBeIndex(t model.Tagged) bool {
	switch t.MediaType {
	case "", v1.MediaTypeImageIndex, model.MediaTypeDockerList:
		return true
	}
	return false
}

func anyTag(model.Tagged) bool { return true }

// addAttached notes a tag that stands for what is attached to an image.
func (x index) addAttached(tag string) {
	if image, what := model.AttachedTo(tag); what != "" && !slices.Contains(x.attached[image], what) {
		x.attached[image] = append(x.attached[image], what)
	}
}

// lookup is what is known of a tag: where it points, and what is there.
func (x index) lookup(tag string) (model.Tagged, *model.TagInfo) {
	t := x.tags[tag]
	if info, ok := x.images[t.Digest]; ok {
		return t, &info
	}
	return t, nil
}

// createdSeconds is when the first image was built, in seconds; 0 where that is not
// known, or not a real date.
func createdSeconds(info *model.TagInfo) int64 {
	if info == nil || model.RealDate(info.Created) == nil {
		return 0
	}
	return info.Created.Unix()
}

// sortKey is a tag with what decides its place.
func (x index) sortKey(tag string) sortKey {
	t, info := x.lookup(tag)
	p := sortKey{tag: tag, image: t.Digest, created: createdSeconds(info), specific: countNumbers(tag)}
	if info != nil {
		p.size = info.Size
	}
	if image, what := model.AttachedTo(tag); what != "" {
		p.image, p.attached = image, true
	}
	return p
}

// tagSet is what is known of listed tags, in natural order, for findings on them as
// a whole.
func (x index) tagSet(repo model.Ref, list widget.NameList) model.TagSet {
	tags := list.All
	set := model.TagSet{Repo: repo, Total: len(tags), Truncated: list.Err != nil, Children: map[digest.Digest][]v1.Descriptor{},
		Created: map[digest.Digest]time.Time{}}
	for _, tag := range tags {
		if t := x.tags[tag]; t.Digest != "" || t.Err != nil {
			set.Tags = append(set.Tags, t)
		}
	}
	set.UnreadIndexes = len(unread(x, tags, x.children, mayBeIndex))
	for d, children := range x.children {
		if len(children) > 0 {
			set.Children[d] = children
		}
	}
	for d, info := range x.images {
		if createdSeconds(&info) != 0 {
			set.Created[d] = *info.Created
		}
	}
	return set
}
