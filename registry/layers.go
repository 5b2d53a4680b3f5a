package registry

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/regclient/regclient/types/descriptor"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Contents reads small layers of a repository concurrently and unpacks them. Layers
// that are larger than model.MaxSmall or cannot be read are left out; the first error
// is also returned.
func (c *Client) Contents(ctx context.Context, repo model.Ref, layers []v1.Descriptor) (map[digest.Digest]model.Contents, error) {
	var mu sync.Mutex
	var first error
	unpacked := make(map[digest.Digest]model.Contents, len(layers))
	var readers sync.WaitGroup
	for _, d := range layers {
		readers.Go(func() {
			defer panics.Catch()
			contents, err := c.layer(ctx, repo, d)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				unpacked[d.Digest] = contents
			case first == nil:
				first = err
			}
		})
	}
	readers.Wait()
	return unpacked, first
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
	if d.Size > model.MaxSmall {
		return model.Contents{}, malformed(r, fmt.Sprintf("has a layer of %d bytes, but tagdiff reads at most %d", d.Size, model.MaxSmall), nil)
	}
	v, err := c.byDigest(ctx, "contents", r, d.Size, func(ctx context.Context) (any, error) {
		if contents, ok := c.layerOnDisk(r); ok {
			return contents, nil
		}
		return c.fetchLayer(ctx, r, d)
	})
	if err != nil {
		return model.Contents{}, err
	}
	return v.(model.Contents), nil
}

// layerOnDisk unpacks a layer that an earlier run has stored.
func (c *Client) layerOnDisk(r model.Ref) (model.Contents, bool) {
	doc, lastUsed, ok := c.disk.Get("layer", r)
	if !ok {
		return model.Contents{}, false
	}
	contents, err := model.Unpack(doc.Raw)
	if err != nil {
		return contents, false // the registry sent it so; reading it again reports the error
	}
	if time.Since(lastUsed) > diskcache.TouchInterval {
		c.disk.Touch("layer", r)
	}
	c.memory.put(diskcache.Key("contents", r, r.Digest), contents, len(doc.Raw))
	return contents, true
}

// fetchLayer reads a layer from the registry.
func (c *Client) fetchLayer(ctx context.Context, r model.Ref, d v1.Descriptor) (model.Contents, error) {
	h := c.host(r.Registry)
	var raw []byte
	err := h.do(ctx, r, &transport.Exchange{Limit: model.MaxSmall}, func(ctx context.Context) error {
		b, err := h.rc.BlobGet(ctx, regRef(r), descriptor.Descriptor{MediaType: d.MediaType, Digest: d.Digest})
		if err != nil {
			return err
		}
		defer func() { _ = b.Close() }() // releases regclient's slot
		raw, err = io.ReadAll(b)
		return err
	})
	if err != nil {
		return model.Contents{}, err
	}
	if got := d.Digest.Algorithm().FromBytes(raw); got != d.Digest {
		return model.Contents{}, malformed(r, "sent a layer with the wrong digest "+model.ShortDigest(got), nil)
	}
	contents, err := model.Unpack(raw)
	if err != nil {
		return model.Contents{}, malformed(r, "sent an invalid layer: "+safe.Clip(err.Error()), err)
	}
	c.memory.put(diskcache.Key("contents", r, d.Digest), contents, len(raw))
	c.disk.Put(diskcache.Document{Kind: "layer", Repo: r.Repo(), Digest: d.Digest, MediaType: d.MediaType, Raw: raw})
	return contents, nil
}
