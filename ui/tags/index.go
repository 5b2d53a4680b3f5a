package tags

import (
	"maps"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// index is what is known about the tags of a repository. Copies of a page share
// its maps, and only Update writes them. Adding an answer costs the same however
// much is known already.
type index struct {
	requested map[string]bool                   // tags
	read      map[digest.Digest]bool            // images requested by digest
	failed    map[digest.Digest]bool            // images in read whose request failed and may be repeated
	tags      map[string]model.Tagged           // where tags point
	images    map[digest.Digest]model.TagInfo   // what a list shows of an image
	parts     map[digest.Digest][]model.Part    // image IDs, layers and diff_ids that were read of an image or an index
	stacks    map[digest.Digest]model.Stack     // layers of the first image that was read of a target
	children  map[digest.Digest][]v1.Descriptor // entries of indexes; empty for other manifests
	entries   map[digest.Digest][]model.Part    // entries of indexes whose manifests a comparison has read
	byDigest  map[digest.Digest][]string        // tags by target, in natural order
	byImageID map[digest.Digest][]digest.Digest // targets of a single image by its image ID
	listedIn  map[digest.Digest][]digest.Digest // indexes by the images they list
	attached  map[digest.Digest][]string        // kinds of what is attached to an image: sig, att …
	moves     map[string]movedTag
	filled    *filledColumns
}

// movedTag is the last sighting of a tag before it moved.
type movedTag struct {
	from model.Sighting
	now  bool // it moved while the page was open
}

func newIndex() index {
	return index{
		requested: map[string]bool{}, read: map[digest.Digest]bool{}, failed: map[digest.Digest]bool{}, tags: map[string]model.Tagged{},
		images: map[digest.Digest]model.TagInfo{}, parts: map[digest.Digest][]model.Part{}, stacks: map[digest.Digest]model.Stack{},
		children: map[digest.Digest][]v1.Descriptor{}, entries: map[digest.Digest][]model.Part{},
		byDigest: map[digest.Digest][]string{}, byImageID: map[digest.Digest][]digest.Digest{},
		listedIn: map[digest.Digest][]digest.Digest{}, attached: map[digest.Digest][]string{},
		moves: map[string]movedTag{}, filled: &filledColumns{},
	}
}

// hasErrors reports whether a tag could not be read.
func (x index) hasErrors() bool {
	for _, t := range x.tags {
		if t.Err != nil {
			return true
		}
	}
	return false
}

// setTarget records where a tag points. It returns the previous target, "" if that
// was unknown or is the same.
func (x index) setTarget(t model.Tagged) (before digest.Digest) {
	x.requested[t.Tag] = true
	old := x.tags[t.Tag]
	switch {
	case t.Err != nil && old.Digest != "" && !model.IsMissing(t.Err):
		return "" // keep the known target: this error may pass
	case old.Digest == t.Digest && old.Digest != "":
		return ""
	}
	if old.Digest != "" {
		x.byDigest[old.Digest] = slices.DeleteFunc(x.byDigest[old.Digest], func(tag string) bool { return tag == t.Tag })
	}
	x.tags[t.Tag] = t
	if t.Digest != "" && !model.IsAttached(t.Tag) {
		at, _ := slices.BinarySearchFunc(x.byDigest[t.Digest], t.Tag, model.CompareNatural)
		x.byDigest[t.Digest] = slices.Insert(x.byDigest[t.Digest], at, t.Tag)
	}
	return old.Digest
}

// addImage records what was read of an image.
func (x index) addImage(info model.TagInfo) {
	if info.Digest == "" {
		return
	}
	x.addChildren(info.Digest, info.Children)
	parts := info.Parts
	info.Parts = nil // x.parts has them
	x.read[info.Digest] = true
	delete(x.failed, info.Digest)
	x.images[info.Digest] = info
	x.filled.created = x.filled.created || info.Created != nil
	x.filled.size = x.filled.size || info.Size > 0
	x.addParts(info.Digest, parts)
	x.addStack(info.Digest, info.Stack)
}

// addStack records the layers of the first image of a target.
func (x index) addStack(of digest.Digest, s model.Stack) {
	if len(s.DiffIDs) > 0 {
		x.stacks[of] = s
	}
}

// retry allows another request for an image that could not be read.
func (x index) retry(d digest.Digest) {
	if x.failed[d] {
		delete(x.failed, d)
		delete(x.read, d)
	}
}

// addChildren records the entries of an index, none for other manifests.
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

// unresolved returns the tags without an answer yet and, with failed, also those
// whose request failed and may be repeated.
func (x index) unresolved(tags []string, failed bool) []string {
	var left []string
	for _, tag := range tags {
		switch t := x.tags[tag]; {
		case t.Err == nil && t.Digest == "", failed && t.Err != nil && !model.IsMissing(t.Err):
			left = append(left, tag)
		}
	}
	return left
}

// unread returns the targets of tags that are not in known, each once. Only tags
// that pass the filter count.
func unread[T any](x index, tags []string, known map[digest.Digest]T, filter func(model.Tagged) bool) []digest.Digest {
	var left []digest.Digest
	seen := map[digest.Digest]bool{}
	for _, tag := range tags {
		t := x.tags[tag]
		if _, ok := known[t.Digest]; !ok && t.Digest != "" && !seen[t.Digest] && filter(t) {
			seen[t.Digest] = true
			left = append(left, t.Digest)
		}
	}
	return left
}

// mayBeIndex reports whether a tag may point to an index, judged by the media
// type that its registry reported.
func mayBeIndex(t model.Tagged) bool {
	return slices.Contains([]string{"", v1.MediaTypeImageIndex, model.MediaTypeDockerList}, t.MediaType)
}

func anyTag(model.Tagged) bool { return true }

// addAttached records the tags of signatures and attestations of images.
func (x index) addAttached(tags []string) {
	for _, tag := range tags {
		if image, what := model.AttachedTo(tag); what != "" && !slices.Contains(x.attached[image], what) {
			x.attached[image] = append(x.attached[image], what)
		}
	}
}

// lookup returns the target of a tag and what was read of it, nil if nothing was.
func (x index) lookup(tag string) (model.Tagged, *model.TagInfo) {
	t := x.tags[tag]
	if info, ok := x.images[t.Digest]; ok {
		return t, &info
	}
	return t, nil
}

// infoOf returns what was read of the target of a tag, nil if nothing was.
func (x index) infoOf(tag string) *model.TagInfo {
	_, info := x.lookup(tag)
	return info
}

// createdSeconds returns the Unix time at which the first image was built, 0 if
// it is unknown or not a real date.
func createdSeconds(info *model.TagInfo) int64 {
	if info == nil || model.RealDate(info.Created) == nil {
		return 0
	}
	return info.Created.Unix()
}

// sortKey returns the sort key of a tag, without its version.
func (x index) sortKey(tag string) sortKey {
	t, info := x.lookup(tag)
	p := sortKey{tag: tag, image: t.Digest, imageID: x.imageID(t.Digest), created: createdSeconds(info), specific: countNumbers(tag)}
	if info != nil {
		p.size = info.Size
	}
	if image, what := model.AttachedTo(tag); what != "" {
		p.image, p.specific = image, -1
	}
	return p
}

// tagSet returns what is known about the listed tags, in natural order. Findings
// on the tags as a whole come from it.
func (x index) tagSet(repo model.Ref, list widget.NameList) model.TagSet {
	tags := list.All
	set := model.TagSet{Repo: repo, Total: len(tags), Truncated: list.Err != nil, Children: map[digest.Digest][]v1.Descriptor{},
		Created: map[digest.Digest]time.Time{}, Stacks: maps.Clone(x.stacks)}
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
