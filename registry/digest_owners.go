package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// explainDigest replaces the error of a digest that is not a manifest if the registry has
// a blob of that name. Docker prints the digest of a config as the image ID, and people
// look for it in a registry. It costs one HEAD request, and only after a failure.
func (c *Client) explainDigest(ctx context.Context, r model.Ref, err error) error {
	var status *transport.StatusError
	if r.Digest == "" || ctx.Err() != nil || !errors.As(err, &status) || status.Status != http.StatusNotFound && status.Status < 500 {
		return err
	}
	e := &transport.Exchange{What: "blob"}
	failed := c.host(r.Registry).headBlob(ctx, r, e)
	short := model.ShortDigest(r.Digest)
	if failed == nil && e.Response.Status == http.StatusOK {
		found := c.digestOwners(ctx, r)
		next := "open the list of tags and search it there (/ or o)"
		if found.tags > 0 {
			next = fmt.Sprintf("it belongs to no image of %s; %s", found, next)
		}
		return &model.ReadError{
			Message: fmt.Sprintf("%s is not a manifest in %s but a blob: the image ID of an image, or a layer", short, r.Repo()),
			Next:    next, Err: err, Missing: true, Blob: r.Digest, Owners: found.owners,
		}
	}
	if status.Status == http.StatusNotFound {
		if was, ok := errors.AsType[*model.ReadError](err); ok {
			explained := *was
			explained.Absent, explained.Owners = r.Digest, c.digestOwners(ctx, r).owners
			explained.Next += ". Registries do not find an image by the image ID that docker images prints"
			return &explained
		}
	}
	return err
}

// Limits of a search for the tags that a digest belongs to. It follows an error, so it must
// not cost much.
const (
	ownerTags   = 32
	ownerImages = 32 // other images of their indexes
	ownerTime   = 5 * time.Second
)

// ownerSearch is a search for the tags that a digest belongs to.
type ownerSearch struct {
	digest  digest.Digest
	mu      sync.Mutex
	owners  []model.Owner
	tags    int             // tags that were read
	indexes []model.TagInfo // tags among them that list several images
	skipped bool            // images of indexes were not read
}

// String names what was read.
func (s *ownerSearch) String() string {
	text := "the tag that was read"
	if s.tags > 1 {
		text = fmt.Sprintf("the %d tags that were read", s.tags)
	}
	if s.skipped {
		text += " (of an index, not all images)"
	}
	return text
}

// add adds the parts of an artifact that have the digest.
func (s *ownerSearch) add(ref model.Ref, parts []model.Part) {
	for _, part := range parts {
		if part.Digest == s.digest {
			s.owners = append(s.owners, model.Owner{Part: part, Ref: ref})
		}
	}
}

// digestOwners finds the tags whose images have a digest as their config, as a layer or as a
// diff_id. It reads the last tags in natural order, which are the newest versions, and of an
// index the first image. The other images follow if that finds nothing.
func (c *Client) digestOwners(ctx context.Context, of model.Ref) *ownerSearch {
	ctx, cancel := context.WithTimeout(ctx, ownerTime)
	defer cancel()
	s := &ownerSearch{digest: of.Digest}
	var group errgroup.Group
	group.SetLimit(blobsAtOnce)
	for _, tag := range c.someTags(ctx, of.Repo()) {
		group.Go(func() error {
			defer panics.Catch()
			ref := of.Repo().WithTag(tag)
			info, err := c.Peek(ctx, ref)
			if err != nil || info.Kind == model.KindImage && len(info.Parts) == 0 {
				return nil // the other tags may be readable
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.tags++
			s.add(ref, info.Parts)
			if info.Kind == model.KindIndex {
				s.indexes = append(s.indexes, info)
				s.skipped = s.skipped || slices.ContainsFunc(info.Children, isNestedIndex)
			}
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	if len(s.owners) == 0 {
		c.otherOwners(ctx, s)
	}
	slices.SortFunc(s.owners, func(a, b model.Owner) int {
		return cmp.Or(model.CompareNatural(a.Ref.Tag, b.Ref.Tag), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Step, b.Step))
	})
	return s
}

// otherOwners searches the other images of the indexes, those of the newest versions first.
func (c *Client) otherOwners(ctx context.Context, s *ownerSearch) {
	slices.SortFunc(s.indexes, func(a, b model.TagInfo) int { return model.CompareNatural(b.Ref.Tag, a.Ref.Tag) })
	var group errgroup.Group
	group.SetLimit(blobsAtOnce)
	asked := map[digest.Digest]bool{}
	for _, info := range s.indexes {
		for i, d := range listedImages(model.Manifest{Children: info.Children}) {
			if i == 0 && len(info.Parts) > 0 {
				continue
			}
			mayAsk := asked[d.Digest] || len(asked) < ownerImages
			if mayAsk {
				asked[d.Digest] = true
			}
			group.Go(func() error {
				defer panics.Catch()
				var img *model.Image // nil too if the entry is not an image
				if mayAsk {
					img, _ = c.listedImage(ctx, info.Ref.Repo(), d) // the other images may be readable
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				if img == nil {
					s.skipped = true
					return nil
				}
				platform := img.Platform()
				if d.Platform != nil {
					platform = *d.Platform
				}
				s.add(info.Ref, img.Parts(model.PlatformName(platform)))
				return nil
			})
		}
	}
	_ = group.Wait() // the functions return no error
}

func isNestedIndex(d v1.Descriptor) bool {
	role, _ := model.RoleOf(d)
	return role == model.RoleIndex
}

// someTags returns the last tags of the first page, without those of signatures.
func (c *Client) someTags(ctx context.Context, repo model.Ref) []string {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var tags []string
	_ = c.Tags(ctx, repo, func(page []string) { // an error comes after the tags that could be read
		if len(tags) == 0 {
			tags = slices.DeleteFunc(slices.Clone(page), model.IsAttached)
		}
		cancel()
	})
	slices.SortFunc(tags, model.CompareNatural)
	return tags[max(len(tags)-ownerTags, 0):]
}
