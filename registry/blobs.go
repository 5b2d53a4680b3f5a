package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

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
