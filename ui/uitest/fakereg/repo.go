package fakereg

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// Repo is a registry with one repository, which has tags and digests but no manifests.
// An image has a name; its digest is Named(name).
type Repo struct {
	Images
	Points  map[string]string   // tag to name of the image
	Members map[string][]string // name of an index to names of its images
	IDs     map[string]string   // name of an image to the name of its config
	Created map[string]time.Time
	Gone    map[string]bool // names of images that are deleted
	Asked   *atomic.Int64   // counts HEAD requests
}

// NewRepo returns a registry of tags. points maps a tag to the name of its image.
func NewRepo(points map[string]string) Repo {
	s := Repo{Points: points, Asked: new(atomic.Int64), Members: map[string][]string{}, Created: map[string]time.Time{}}
	for tag := range points {
		s.TagNames = append(s.TagNames, tag)
	}
	return s
}

// ManyTags returns a registry of n tags, each of a different image.
func ManyTags(n int) Repo {
	points := map[string]string{}
	for i := range n {
		points[fmt.Sprintf("1.%d", i)] = fmt.Sprint(i)
	}
	return NewRepo(points)
}

// Named returns the digest of the image with a name.
func Named(s string) digest.Digest { return digest.FromString(s) }

// Short returns the digest of the image with a name, as a list shows it.
func Short(name string) string { return Named(name).Encoded()[:12] }

// Head returns the digest of a tag.
func (s Repo) Head(_ context.Context, ref model.Ref) (digest.Digest, error) {
	s.Asked.Add(1)
	for name := range s.Gone {
		if Named(name) == ref.Digest {
			return "", &model.ReadError{Message: "there is no " + ref.String(), Missing: true}
		}
	}
	if ref.Digest != "" {
		return ref.Digest, nil
	}
	to, ok := s.Points[ref.Tag]
	if !ok {
		return "", &model.ReadError{Message: "there is no " + ref.String(), Missing: true}
	}
	return Named(to), nil
}

// Resolve is Head for many tags.
func (s Repo) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	return resolve(ctx, s.Head, repo, tags, found)
}

type headFunc func(context.Context, model.Ref) (digest.Digest, error)

func resolve(ctx context.Context, head headFunc, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	for _, tag := range tags {
		d, err := head(ctx, repo.WithTag(tag))
		found([]model.Tagged{{Tag: tag, Digest: d, Err: err}})
	}
	return nil
}

// List returns the descriptors of the index with a digest.
func (s Repo) List(d digest.Digest) []v1.Descriptor {
	var list []v1.Descriptor
	for index, members := range s.Members {
		for _, m := range members {
			if Named(index) == d {
				list = append(list, v1.Descriptor{Digest: Named(m), MediaType: v1.MediaTypeImageManifest,
					Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}})
			}
		}
	}
	return list
}

// Children returns the descriptors of the index that ref names by digest.
func (s Repo) Children(_ context.Context, ref model.Ref) ([]v1.Descriptor, error) {
	return s.List(ref.Digest), nil
}

// Peek returns what a list shows of a tag.
func (s Repo) Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error) {
	d, err := s.Head(ctx, ref)
	info := model.TagInfo{Ref: ref, Digest: d, Kind: model.KindImage, Children: s.List(d), Size: 1000}
	for name, config := range s.IDs {
		if Named(name) == d {
			info.Parts = []model.Part{{Digest: Named(config), Kind: model.PartImageID},
				{Digest: Named(config + " layer"), Kind: model.PartLayer, Step: 1}, {Digest: Named(config + " files"), Kind: model.PartDiffID, Step: 1}}
		}
	}
	for name, at := range s.Created {
		if Named(name) == d {
			info.Created = &at
		}
	}
	return info, err
}

// Journal is a journal in memory.
type Journal map[string]model.Timeline

// History returns the whole journal.
func (j Journal) History(model.Ref) (map[string]model.Timeline, error) { return j, nil }

// Timeline returns the timeline of one tag.
func (j Journal) Timeline(ref model.Ref) (model.Timeline, error) { return j[ref.Tag], nil }
