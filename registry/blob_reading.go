package registry

import (
	"context"
	"io"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/regclient/regclient/types/descriptor"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// blobKind is a kind of blob that is read whole and kept parsed as T.
type blobKind[T any] struct {
	name  string // in messages and in the caches
	limit func(v1.Descriptor) int64
	parse func(model.Document) (T, error)
}

// read returns the blob of r from memory, from disk or from the registry.
func (k blobKind[T]) read(ctx context.Context, c *Client, r model.Ref, d v1.Descriptor) (T, error) {
	return byDigest(ctx, c, k.name, r, d.Size, func(ctx context.Context) (T, error) {
		if parsed, ok := k.onDisk(c, r, d); ok {
			return parsed, nil
		}
		return k.fetch(ctx, c, r, d)
	})
}

// onDisk is a blob from an earlier run.
func (k blobKind[T]) onDisk(c *Client, r model.Ref, d v1.Descriptor) (T, bool) {
	var none T
	doc, lastUsed, ok := c.disk.Get(k.name, r)
	if !ok {
		return none, false
	}
	parsed, err := k.parse(model.Document{Digest: d.Digest, MediaType: d.MediaType, Raw: doc.Raw})
	if err != nil {
		return none, false // the registry sent it so; reading it again reports the error
	}
	if time.Since(lastUsed) > diskcache.TouchInterval {
		c.disk.Touch(k.name, r)
	}
	c.memory.put(diskcache.Key(k.name, r, d.Digest), parsed, len(doc.Raw))
	return parsed, true
}

// fetch reads a blob from the registry and puts it into the caches.
func (k blobKind[T]) fetch(ctx context.Context, c *Client, r model.Ref, d v1.Descriptor) (parsed T, err error) {
	var raw []byte
	err = c.host(r.Registry).getBlob(ctx, r, &transport.Exchange{What: k.name, Limit: k.limit(d)}, func(b io.Reader) (err error) {
		raw, err = io.ReadAll(b)
		return err
	})
	if err != nil {
		return parsed, err
	}
	if got := d.Digest.Algorithm().FromBytes(raw); got != d.Digest {
		return parsed, malformed(r, "sent a "+k.name+" with the wrong digest "+model.ShortDigest(got), nil)
	}
	if parsed, err = k.parse(model.Document{Digest: d.Digest, MediaType: d.MediaType, Raw: raw}); err != nil {
		return parsed, invalid(r, k.name, err)
	}
	c.memory.put(diskcache.Key(k.name, r, d.Digest), parsed, len(raw))
	c.disk.Put(diskcache.Document{Kind: k.name, Repo: r.Repo(), Digest: d.Digest, MediaType: d.MediaType, Raw: raw})
	return parsed, nil
}

// getBlob requests a blob with GET and passes it to read.
func (h *host) getBlob(ctx context.Context, r model.Ref, e *transport.Exchange, read func(io.Reader) error) error {
	return h.do(ctx, r, e, func(ctx context.Context) error {
		// The descriptor has no URLs, since regclient would request them instead, and no
		// size, since regclient would retry when it differs.
		b, err := h.rc.BlobGet(ctx, regRef(r), descriptor.Descriptor{Digest: r.Digest})
		if err != nil {
			return err
		}
		defer func() { _ = b.Close() }() // releases regclient's slot
		return read(b)
	})
}

// getBlobPart is getBlob for a part, which the exchange has: regclient would hash it as
// the whole.
func (h *host) getBlobPart(ctx context.Context, r model.Ref, e *transport.Exchange) error {
	return h.getBlob(ctx, r, e, func(io.Reader) error { return nil })
}

// headBlob requests a blob with HEAD.
func (h *host) headBlob(ctx context.Context, r model.Ref, e *transport.Exchange) error {
	return h.do(ctx, r, e, func(ctx context.Context) error {
		_, err := h.rc.BlobHead(ctx, regRef(r), descriptor.Descriptor{Digest: r.Digest})
		return err
	})
}
