package registry

import (
	"context"
	"fmt"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/regclient/regclient/types/descriptor"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// trailer reads the last bytes of a gzip layer with one Range request. They cannot be
// checked against the digest of the blob, so they only show a disagreement.
func (c *Client) trailer(ctx context.Context, r model.Ref, d v1.Descriptor) (model.Contents, error) {
	v, err := c.byDigest(ctx, "trailer", r, model.TrailerSize, func(ctx context.Context) (any, error) {
		return c.fetchTrailer(ctx, r, d)
	})
	if err != nil {
		return model.Contents{}, err
	}
	return v.(model.Contents), nil
}

func (c *Client) fetchTrailer(ctx context.Context, r model.Ref, d v1.Descriptor) (model.Contents, error) {
	h := c.host(r.Registry)
	e := &transport.Exchange{
		Limit: model.TrailerSize, Bulk: true,
		Range: fmt.Sprintf("bytes=%d-%d", d.Size-model.TrailerSize, d.Size-1),
	}
	err := h.do(ctx, r, e, func(ctx context.Context) error {
		b, err := h.rc.BlobGet(ctx, regRef(r), descriptor.Descriptor{MediaType: d.MediaType, Digest: d.Digest})
		if err != nil {
			return err
		}
		return b.Close() // the exchange has the part; regclient would hash it as the whole
	})
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
