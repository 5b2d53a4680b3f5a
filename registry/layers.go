package registry

import (
	"context"
	"fmt"
	"sync"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Contents reads small layers of a repository concurrently and unpacks them. Layers
// that are larger than model.MaxSmall or cannot be read are left out; the first error
// is also returned.
func (c *Client) Contents(ctx context.Context, repo model.Ref, layers []v1.Descriptor) (map[digest.Digest]model.Contents, error) {
	var mu sync.Mutex
	unpacked := make(map[digest.Digest]model.Contents, len(layers))
	var readers errgroup.Group
	for _, d := range layers {
		readers.Go(func() error {
			defer panics.Catch()
			contents, err := c.layer(ctx, repo, d)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				unpacked[d.Digest] = contents
			}
			return err
		})
	}
	return unpacked, readers.Wait() // the group has no context: one error does not end the others
}

// smallLayers are layers that are unpacked.
var smallLayers = blobKind[model.Contents]{
	name:  "layer",
	limit: func(v1.Descriptor) int64 { return model.MaxSmall },
	parse: func(doc model.Document) (model.Contents, error) { return model.Unpack(doc.Raw) },
}

// layer reads one small layer.
func (c *Client) layer(ctx context.Context, repo model.Ref, d v1.Descriptor) (model.Contents, error) {
	r := repo.AtDigest(d.Digest)
	if err := checkRef(r); err != nil {
		return model.Contents{}, err
	}
	if d.Size > model.MaxSmall && model.IsGzip(d) {
		return c.trailer(ctx, r, d)
	}
	if err := checkLimit(r, smallLayers.name, d, model.MaxSmall); err != nil {
		return model.Contents{}, err
	}
	return smallLayers.read(ctx, c, r, d)
}

// trailer reads the last bytes of a gzip layer with one Range request. They cannot be
// checked against the digest of the blob, so they only show a disagreement.
func (c *Client) trailer(ctx context.Context, r model.Ref, d v1.Descriptor) (model.Contents, error) {
	return byDigest(ctx, c, "trailer", r, model.TrailerSize, func(ctx context.Context) (model.Contents, error) {
		return c.fetchTrailer(ctx, r, d)
	})
}

func (c *Client) fetchTrailer(ctx context.Context, r model.Ref, d v1.Descriptor) (model.Contents, error) {
	e := &transport.Exchange{
		Limit: model.TrailerSize, Bulk: true,
		Range: fmt.Sprintf("bytes=%d-%d", d.Size-model.TrailerSize, d.Size-1),
	}
	err := c.host(r.Registry).getBlobPart(ctx, r, e)
	switch {
	case err != nil:
		return model.Contents{}, err
	case !e.Response.Partial || len(e.Response.Body) != model.TrailerSize:
		return model.Contents{}, malformed(r, "does not send parts of blobs", nil)
	}
	contents := model.Contents{Trailer: model.ParseTrailer(e.Response.Body)}
	c.memory.put(diskcache.Key("trailer", r, d.Digest), contents, model.TrailerSize)
	return contents, nil
}
