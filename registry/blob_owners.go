package registry

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
)

// Limits of a search for the tags that a blob belongs to. It follows an error, so it must
// not cost much.
const (
	ownerTags = 32
	ownerTime = 5 * time.Second
)

// blobOwners finds the tags whose first image has a blob as its config or as a layer. It
// reads the last tags in natural order, which are the newest versions, and returns how
// many it read.
func (c *Client) blobOwners(ctx context.Context, blob model.Ref) (owners []model.Owner, read int) {
	ctx, cancel := context.WithTimeout(ctx, ownerTime)
	defer cancel()
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(blobsAtOnce)
	for _, tag := range c.someTags(ctx, blob.Repo()) {
		group.Go(func() error {
			defer panics.Catch()
			ref := blob.Repo().WithTag(tag)
			info, err := c.Peek(ctx, ref)
			if err != nil {
				return nil //nolint:nilerr // the other tags may be readable
			}
			mu.Lock()
			defer mu.Unlock()
			read++
			for _, part := range info.Parts {
				if part.Digest == blob.Digest {
					owners = append(owners, model.Owner{Part: part, Ref: ref})
				}
			}
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	slices.SortFunc(owners, func(a, b model.Owner) int {
		return cmp.Or(model.CompareNatural(a.Ref.Tag, b.Ref.Tag), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Step, b.Step))
	})
	return owners, read
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
