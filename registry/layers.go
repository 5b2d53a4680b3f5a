package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Contents reads layers of a repository, or parts of them, concurrently and unpacks the
// whole ones. Whole layers that are larger than model.MaxSmall and layers that cannot be
// read are left out; the first error is also returned. Among the results are a layer that
// was read and cannot be unpacked (its bytes match its digest, so it is broken for everyone)
// and a layer for which the registry answered 404.
func (c *Client) Contents(ctx context.Context, repo model.Ref, layers []model.LayerPart) (map[digest.Digest]model.Contents, error) {
	var mu sync.Mutex
	unpacked := make(map[digest.Digest]model.Contents, len(layers))
	var readers errgroup.Group
	for _, d := range layers {
		readers.Go(func() error {
			defer panics.Catch()
			contents, err := c.layer(ctx, repo, d)
			missing := model.IsMissing(err)
			if missing {
				contents.MissingIn = repo
			}
			if err == nil || missing {
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

// layer reads one small layer, or a part of a layer.
func (c *Client) layer(ctx context.Context, repo model.Ref, d model.LayerPart) (model.Contents, error) {
	r := repo.AtDigest(d.Digest)
	if err := checkRef(r); err != nil {
		return model.Contents{}, err
	}
	switch d.Portion {
	case model.LayerStart:
		return c.layerPart(ctx, r, layerBytes{0, model.StartSize}, model.StartOf)
	case model.LayerEnd:
		return c.layerPart(ctx, r, layerBytes{d.Size - model.TrailerSize, model.TrailerSize}, func(raw []byte) model.Contents {
			return model.Contents{Trailer: model.ParseTrailer(raw)}
		})
	case model.WholeLayer:
	}
	if err := checkLimit(r, smallLayers.name, d.Descriptor, model.MaxSmall); err != nil {
		return model.Contents{}, err
	}
	return smallLayers.read(ctx, c, r, d.Descriptor)
}

// layerBytes is a range of a layer in bytes.
type layerBytes struct{ from, length int64 }

// layerPart reads a range of a layer with one Range request. The bytes cannot be checked
// against the digest of the blob, so a conclusion from them is inferred, not proved.
func (c *Client) layerPart(ctx context.Context, r model.Ref, at layerBytes, parse func([]byte) model.Contents) (model.Contents, error) {
	what := fmt.Sprintf("layer from %d", at.from)
	return byDigest(ctx, c, what, r, at.length, func(ctx context.Context) (model.Contents, error) {
		raw, err := c.host(r.Registry).layerRange(ctx, r, at)
		if err != nil {
			return model.Contents{}, err
		}
		contents := parse(raw)
		c.memory.put(diskcache.Key(what, r, r.Digest), contents, int(at.length))
		return contents, nil
	})
}

// errNoParts is the cause of the error of a registry that sends whole blobs in place of parts.
var errNoParts = errors.New("not a part of the blob")

// startSizes are the bytes that are read of the start of a layer, one after the other. The first program of a
// Debian base is before 128 KiB, and its shell before 512 KiB.
var startSizes = []int64{128 << 10, 512 << 10, 2 << 20}

// startKey is the key of the list of the first bytes of a layer.
func startKey(d v1.Descriptor) string { return "start of " + d.Digest.String() }

// readStart lists what the first bytes of a layer hold, as much of it as is enough.
func (c *Client) readStart(ctx context.Context, r model.Ref, read model.LayerRead, arrived func(model.LayerState)) (*inside.Layer, error) {
	var start []byte
	var l *inside.Layer
	for _, size := range startSizes {
		if d := read.Layer; d.Size > 0 && d.Size <= size {
			return c.readWhole(ctx, r, read, arrived)
		}
		more, err := c.host(r.Registry).layerRange(ctx, r, layerBytes{int64(len(start)), size - int64(len(start))})
		if errors.Is(err, errNoParts) {
			size = startSizes[len(startSizes)-1]
			start = nil
			more, err = c.streamStart(ctx, r, read.Layer, size)
		}
		if err != nil {
			return nil, err
		}
		start = append(start, more...)
		l = inside.ReadStart(start)
		if l.Broken != "" || int64(len(start)) < size || read.Enough(l) {
			break
		}
	}
	c.lists.put(startKey(read.Layer), l, l.Files.Len()*entryCost/3)
	return l, nil
}

// streamStart reads the first bytes of a layer from a registry that sends no parts: it asks for the layer,
// and closes the connection.
func (c *Client) streamStart(ctx context.Context, r model.Ref, d v1.Descriptor, size int64) (start []byte, err error) {
	h, e := c.host(r.Registry), &transport.Exchange{What: "layer"}
	err = h.withStream(ctx, r, d, e, func(s *transport.Stream) (err error) {
		start, err = io.ReadAll(io.LimitReader(s, size))
		return err
	})
	if err != nil {
		return nil, h.layerError(ctx, r, e, err)
	}
	return start, nil
}

// layerRange reads a range of a layer. Its bytes are not verified.
func (h *host) layerRange(ctx context.Context, r model.Ref, at layerBytes) ([]byte, error) {
	e := &transport.Exchange{What: "layer", Limit: at.length, Bulk: true, Range: fmt.Sprintf("bytes=%d-%d", at.from, at.from+at.length-1)}
	err := h.getBlobPart(ctx, r, e)
	switch isWhole := errors.Is(e.Err, files.ErrTooLarge) && !e.Response.Partial; {
	case err != nil && e.Response.Status == http.StatusRequestedRangeNotSatisfiable:
		return nil, malformed(r, "answered 416 to a range of the blob", err)
	case err != nil && !isWhole:
		return nil, err
	case isWhole, !e.Response.Partial || int64(len(e.Response.Body)) != at.length:
		return nil, malformed(r, "does not send parts of blobs", errNoParts)
	}
	return e.Response.Body, nil
}
