package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// blobsAtOnce is how many blobs are asked for at the same time.
const blobsAtOnce = 16

// maxPage is the size in bytes up to which a layer may be a web page or an error message that
// was pushed as a layer. Its start is read: that is one request, like HEAD. That of a larger one
// is not, since a registry that is a cache would fetch the whole layer for it.
const maxPage = 1 << 20

// CheckBlobs asks whether a repository has blobs, by one request for each digest: HEAD, or a GET
// of the first bytes of a small layer. Some registries answer HEAD with 404 for blobs that they
// have, or with a wrong size, so such an answer counts only if that of a GET of the first bytes
// is the same. It calls checked for each answer, one at a time, and returns the error of ctx if
// that ended it.
func (c *Client) CheckBlobs(ctx context.Context, repo model.Ref, blobs []v1.Descriptor, checked func(model.BlobState)) error {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(blobsAtOnce)
	asked := map[digest.Digest]bool{}
	for _, d := range blobs {
		if asked[d.Digest] || ctx.Err() != nil {
			continue
		}
		asked[d.Digest] = true
		group.Go(func() error {
			defer panics.Catch()
			state := c.blobState(ctx, repo.AtDigest(d.Digest), d)
			if ctx.Err() != nil {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			checked(state)
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	return ctx.Err()
}

func (c *Client) blobState(ctx context.Context, r model.Ref, d v1.Descriptor) model.BlobState {
	if err := checkRef(r); err != nil {
		return model.BlobState{Digest: d.Digest, Err: err}
	}
	h := c.host(r.Registry)
	if model.IsArchive(d) && d.Size > 0 && d.Size <= maxPage {
		return h.blobStart(ctx, r, d)
	}
	e := &transport.Exchange{What: "blob", Bulk: true}
	err := h.headBlob(ctx, r, e)
	if isNotFound(err) || err == nil && (statedSize(e.Response, d.Size) != d.Size || e.Response.IsHTML()) {
		return h.blobStart(ctx, r, d)
	}
	return model.BlobState{Digest: d.Digest, Err: err}
}

// blobStart requests the first bytes of a blob, which tell whether it exists, how large it is and
// what it is.
func (h *host) blobStart(ctx context.Context, r model.Ref, d v1.Descriptor) model.BlobState {
	length := min(max(d.Size, 1), model.StartSize)
	e := &transport.Exchange{What: "blob", Bulk: true, Range: fmt.Sprintf("bytes=0-%d", length-1), Limit: length}
	state := model.BlobState{Digest: d.Digest}
	err := h.getBlobPart(ctx, r, e)
	switch {
	case isNotFound(err):
		state.Missing = true
		return state
	case err != nil && e.Response.IsHTML(), e.Response.Status != http.StatusOK && !errors.Is(err, files.ErrTooLarge):
		state.Err = err
		return state
	}
	if size := statedSize(e.Response, d.Size); size != d.Size {
		state.Size = size
	}
	if err == nil && model.IsArchive(d) {
		state.Start = model.StartOf(e.Response.Body)
	}
	return state
}

// statedSize is the size of a blob by the header of a response, or size if it states none.
func statedSize(a transport.Response, size int64) int64 {
	stated := a.Header.Get("Content-Length")
	if a.Partial {
		_, stated, _ = strings.Cut(a.Header.Get("Content-Range"), "/")
	}
	if n, err := strconv.ParseInt(stated, 10, 64); err == nil && n > 0 && size > 0 && a.Encoding() == "" {
		return n
	}
	return size
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
