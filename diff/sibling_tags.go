package diff

import (
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// SiblingTags are the known tags of a repository that lead to the same image as a
// digest.
type SiblingTags struct {
	Same   []string // tags of the digest itself, in the order of the set
	Shared []Shared // tags of other digests that have an image in common with it
}

// Shared is a group of images that the same other tags contain.
type Shared struct {
	Platforms []string // names of the images, in the order of the index
	Images    []digest.Digest
	Tags      []string
}

// Siblings returns the tags with the digest d, and the tags that share an image
// with it: indexes that list the same images, indexes that list d, images that
// d lists. Tags of attachments are left out.
func Siblings(set model.TagSet, d digest.Digest) SiblingTags {
	var kin SiblingTags
	own := membersOf(set, d)
	var images []v1.Descriptor // shared images, with the platform from an index
	tags := map[digest.Digest][]string{}
	for _, t := range set.Tags {
		if t.Digest == "" || model.IsAttached(t.Tag) {
			continue
		}
		if t.Digest == d {
			kin.Same = append(kin.Same, t.Tag)
			continue
		}
		for _, image := range own.inCommon(t.Digest, set.Children[t.Digest]) {
			if tags[image.Digest] == nil {
				images = append(images, image)
			}
			tags[image.Digest] = append(tags[image.Digest], t.Tag)
		}
	}
	slices.SortStableFunc(images, func(a, b v1.Descriptor) int { return own.at[a.Digest] - own.at[b.Digest] })
	for _, image := range images {
		kin.Shared = addShared(kin.Shared, image, tags[image.Digest])
	}
	return kin
}

// members are the images of a digest: those that an index lists, or the image
// itself.
type members struct {
	images []v1.Descriptor
	at     map[digest.Digest]int
}

func membersOf(set model.TagSet, d digest.Digest) members {
	m := members{at: map[digest.Digest]int{}}
	children := set.Children[d]
	if len(children) == 0 {
		children = []v1.Descriptor{{Digest: d}}
	}
	for _, c := range children {
		_, twice := m.at[c.Digest]
		if role, _ := model.RoleOf(c); role == model.RoleImage && !twice {
			m.at[c.Digest] = len(m.images)
			m.images = append(m.images, c)
		}
	}
	return m
}

// inCommon returns the images that another digest contains too, with the
// platform that an index gives them. children is the list of that digest, empty
// if it is an image.
func (m members) inCommon(d digest.Digest, children []v1.Descriptor) []v1.Descriptor {
	if len(children) == 0 {
		if i, ok := m.at[d]; ok {
			return m.images[i : i+1]
		}
		return nil
	}
	var both []v1.Descriptor
	for _, child := range children {
		i, ok := m.at[child.Digest]
		if !ok || slices.ContainsFunc(both, func(o v1.Descriptor) bool { return o.Digest == child.Digest }) {
			continue
		}
		if child.Platform == nil {
			child = m.images[i]
		}
		both = append(both, child)
	}
	return both
}

// addShared adds an image and the tags that contain it to the groups. Images
// with the same tags form one group.
func addShared(all []Shared, image v1.Descriptor, tags []string) []Shared {
	platform := ""
	if image.Platform != nil {
		platform = model.PlatformName(*image.Platform)
	}
	i := slices.IndexFunc(all, func(s Shared) bool { return slices.Equal(s.Tags, tags) })
	if i < 0 {
		return append(all, Shared{Platforms: []string{platform}, Images: []digest.Digest{image.Digest}, Tags: tags})
	}
	all[i].Platforms, all[i].Images = append(all[i].Platforms, platform), append(all[i].Images, image.Digest)
	return all
}
