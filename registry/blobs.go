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
	"golang.org/x/sync/errgroup"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// blobsAtOnce is how many blobs are asked for at the same time.
const blobsAtOnce = 16

// CheckBlobs asks whether a repository has blobs, by one HEAD request for each digest. Some
// registries answer HEAD with 404 for blobs that they have, so a 404 counts only if a GET of
// the first byte is answered with 404 too. It calls checked for each answer, one at a time,
// and returns the error of ctx if that ended it.
func (c *Client) CheckBlobs(ctx context.Context, repo model.Ref, blobs []digest.Digest, checked func(model.BlobState)) error {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(blobsAtOnce)
	asked := map[digest.Digest]bool{}
	for _, d := range blobs {
		if asked[d] || ctx.Err() != nil {
			continue
		}
		asked[d] = true
		group.Go(func() error {
			defer panics.Catch()
			missing, err := c.blobMissing(ctx, repo.AtDigest(d))
			if ctx.Err() != nil {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			checked(model.BlobState{Digest: d, Missing: missing, Err: err})
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	return ctx.Err()
}

func (c *Client) blobMissing(ctx context.Context, r model.Ref) (bool, error) {
	if err := checkRef(r); err != nil {
		return false, err
	}
	h := c.host(r.Registry)
	err := h.headBlob(ctx, r, &transport.Exchange{What: "blob", Bulk: true})
	if err == nil || !isNotFound(err) {
		return false, err
	}
	first := &transport.Exchange{What: "blob", Bulk: true, Range: "bytes=0-0", Limit: 1}
	err = h.getBlobPart(ctx, r, first)
	switch {
	case isNotFound(err):
		return true, nil
	case first.Response.Status == http.StatusOK || errors.Is(err, files.ErrTooLarge):
		return false, nil // it exists; the registry may send more than the first byte
	}
	return false, err
}

func isNotFound(err error) bool {
	status, ok := errors.AsType[*transport.StatusError](err)
	return ok && status.Status == http.StatusNotFound
}

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
		owners, read := c.blobOwners(ctx, r)
		next := "open the list of tags and search it there (/ or o)"
		if read > 0 {
			next = fmt.Sprintf("it belongs to none of the %d tags that were read (of an index, only its first image); %s", read, next)
		}
		return &model.ReadError{
			Message: fmt.Sprintf("%s is not a manifest in %s but a blob: the image ID of an image, or a layer", short, r.Repo()),
			Next:    next, Err: err, Missing: true, Blob: r.Digest, Owners: owners,
		}
	}
	if status.Status == http.StatusNotFound {
		if was, ok := errors.AsType[*model.ReadError](err); ok {
			explained := *was
			explained.Absent = r.Digest
			explained.Next += ". Registries do not find an image by the image ID that docker images prints"
			return &explained
		}
	}
	return err
}

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
				return nil // the other tags may be readable
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
