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

// tagKnow is what has been read about the tags of a repository. Its maps are
// shared by the states of a page and written by update alone; each answer costs
// the same however much is known already.
type tagKnow struct {
	asked   map[string]bool                   // tags
	read    map[digest.Digest]bool            // images asked for by digest
	failed  map[digest.Digest]bool            // of those, the ones that could not be read, and may be the next time
	tags    map[string]model.Tagged           // where they point
	images  map[digest.Digest]model.TagInfo   // what a list shows of an image
	lists   map[digest.Digest][]v1.Descriptor // what indexes list
	same    map[digest.Digest][]string        // tags by where they point, in natural order
	holders map[digest.Digest][]digest.Digest // indexes by what they list
	extras  map[digest.Digest][]string        // what is attached to an image, by kinds
	moves   map[string]movedTag               // seen to move while the page was open
}

// movedTag is a tag that led elsewhere when it was looked at before.
type movedTag struct {
	from model.Sighting
	now  bool // it moved while the page was open
}

func newTagKnow() tagKnow {
	return tagKnow{
		asked: map[string]bool{}, read: map[digest.Digest]bool{}, failed: map[digest.Digest]bool{}, tags: map[string]model.Tagged{}, images: map[digest.Digest]model.TagInfo{}, lists: map[digest.Digest][]v1.Descriptor{},
		same: map[digest.Digest][]string{}, holders: map[digest.Digest][]digest.Digest{}, extras: map[digest.Digest][]string{}, moves: map[string]movedTag{},
	}
}

// point notes where a tag points. It gives where it pointed before, "" if that
// was not known or is the same.
func (k tagKnow) point(t model.Tagged) (before digest.Digest) {
	k.asked[t.Tag] = true
	old := k.tags[t.Tag]
	switch {
	case t.Err != nil && old.Digest != "" && !page.IsMissing(t.Err):
		return "" // what is known stays until something else is
	case old.Digest == t.Digest && old.Digest != "":
		return ""
	}
	if old.Digest != "" {
		k.same[old.Digest] = slices.DeleteFunc(k.same[old.Digest], func(tag string) bool { return tag == t.Tag })
	}
	k.tags[t.Tag] = t
	if t.Digest != "" && !isAttached(t.Tag) {
		at, _ := slices.BinarySearchFunc(k.same[t.Digest], t.Tag, model.CompareNatural)
		k.same[t.Digest] = slices.Insert(k.same[t.Digest], at, t.Tag)
	}
	return old.Digest
}

// saw notes what an image is.
func (k tagKnow) saw(info model.TagInfo) {
	if info.Digest == "" {
		return
	}
	k.sawList(info.Digest, info.Children)
	k.read[info.Digest] = true
	delete(k.failed, info.Digest)
	k.images[info.Digest] = info
}

// askAgain has an image that could not be read asked for once more.
func (k tagKnow) askAgain(d digest.Digest) {
	if k.failed[d] {
		delete(k.failed, d)
		delete(k.read, d)
	}
}

// sawList notes what an index lists; of what is no index, that it lists nothing.
func (k tagKnow) sawList(index digest.Digest, children []v1.Descriptor) {
	if _, known := k.lists[index]; known {
		return
	}
	k.lists[index] = children
	for _, c := range children {
		of := k.holders[c.Digest]
		twice := len(of) > 0 && of[len(of)-1] == index
		if role, _ := model.RoleOf(c); role == model.RoleImage && !twice {
			k.holders[c.Digest] = append(of, index)
		}
	}
}

// unresolved are those of some tags of which nobody has asked where they point.
func (k tagKnow) unresolved(tags []string) []string {
	var left []string
	for _, tag := range tags {
		if t := k.tags[tag]; t.Digest == "" && t.Err == nil {
			left = append(left, tag)
		}
	}
	return left
}

// unanswered are those of some tags of which the registry could not say it, and
// may the next time.
func (k tagKnow) unanswered(tags []string) []string {
	var left []string
	for _, tag := range tags {
		if t := k.tags[tag]; t.Err != nil && !page.IsMissing(t.Err) {
			left = append(left, tag)
		}
	}
	return left
}

// unread are the images of some tags that known does not have, each once.
func unread[T any](k tagKnow, tags []string, known map[digest.Digest]T, may func(model.Tagged) bool) []digest.Digest {
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

// mayList reports whether a tag may lead to an index, as far as its registry
// says.
func mayList(t model.Tagged) bool {
	switch t.MediaType {
	case "", v1.MediaTypeImageIndex, model.MediaTypeDockerList:
		return true
	}
	return false
}

func anything(model.Tagged) bool { return true }

// attach notes a tag that stands for what is attached to an image.
func (k tagKnow) attach(tag string) {
	if image, what := model.AttachedTo(tag); what != "" && !slices.Contains(k.extras[image], what) {
		k.extras[image] = append(k.extras[image], what)
	}
}

// of is what is known of a tag: where it points, and what is there.
func (k tagKnow) of(tag string) (model.Tagged, *model.TagInfo) {
	t := k.tags[tag]
	if info, ok := k.images[t.Digest]; ok {
		return t, &info
	}
	return t, nil
}

// created is when the first image was built, in seconds; 0 where that is not
// known, or not a real date.
func created(info *model.TagInfo) int64 {
	if info == nil || model.RealDate(info.Created) == nil {
		return 0
	}
	return info.Created.Unix()
}

// placed is a tag with what decides its place.
func (k tagKnow) placed(tag string) placed {
	t, info := k.of(tag)
	p := placed{tag: tag, image: t.Digest, created: created(info), specific: numbers(tag)}
	if info != nil {
		p.size = info.Size
	}
	if image, what := model.AttachedTo(tag); what != "" {
		p.image, p.attached = image, true
	}
	return p
}

// set is what is known of listed tags, in natural order, for findings on them as
// a whole.
func (k tagKnow) set(repo model.Ref, list widget.NameList) model.TagSet {
	tags := list.All
	set := model.TagSet{Repo: repo, Total: len(tags), Cut: list.Err != nil, Children: map[digest.Digest][]v1.Descriptor{}, Created: map[digest.Digest]time.Time{}}
	for _, tag := range tags {
		if t := k.tags[tag]; t.Digest != "" || t.Err != nil {
			set.Tags = append(set.Tags, t)
		}
	}
	set.Unread = len(unread(k, tags, k.lists, mayList))
	for d, children := range k.lists {
		if len(children) > 0 {
			set.Children[d] = children
		}
	}
	for d, info := range k.images {
		if created(&info) != 0 {
			set.Created[d] = *info.Created
		}
	}
	return set
}
