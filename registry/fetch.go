package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/regclient/regclient/types/descriptor"
	"github.com/regclient/regclient/types/docker/schema1"
	"github.com/regclient/regclient/types/manifest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// manifest reads a manifest of any kind. By digest it comes from memory or disk
// if it can; by tag it is always asked for, since tags move.
func (c *Client) manifest(ctx context.Context, r model.Ref) (model.Manifest, error) {
	return c.manifestUpTo(ctx, r, transport.MaxManifest)
}

// unsized is how much is read, in bytes, of a document of which nobody has said
// how large it is, though a descriptor must.
const unsized = 1 << 20

// sizeOf is how large a document may be by its descriptor.
func sizeOf(d v1.Descriptor) int64 {
	if d.Size > 0 {
		return d.Size
	}
	return unsized
}

// child reads a manifest that an index lists. One of another size than the index
// says no runtime takes: it is what somebody put there instead, or half of it.
func (c *Client) child(ctx context.Context, repo model.Ref, d v1.Descriptor) (model.Manifest, error) {
	r := repo.AtDigest(d.Digest)
	if d.Size > transport.MaxManifest {
		return model.Manifest{}, garbled(r, fmt.Sprintf("has a manifest of %d bytes, tagdiff reads %d", d.Size, transport.MaxManifest), nil)
	}
	m, err := c.manifestUpTo(ctx, r, sizeOf(d))
	if err == nil && m.Kind != model.KindSchema1 { // whose signatures may or may not count
		err = sameSize(r, "manifest", len(m.Raw), d)
	}
	if err != nil {
		return model.Manifest{}, tooLong(r, "manifest", d, err)
	}
	return m, nil
}

// sameSize compares a document with its descriptor, as far as that says.
func sameSize(r model.Ref, what string, got int, d v1.Descriptor) error {
	if d.Size <= 0 || int64(got) == d.Size {
		return nil
	}
	return garbled(r, fmt.Sprintf("sent a %s of %d bytes, not of %d", what, got, d.Size), nil)
}

// tooLong says of what was left since it was longer than its descriptor says
// just that.
func tooLong(r model.Ref, what string, d v1.Descriptor, err error) error {
	if !errors.Is(err, files.ErrTooLarge) {
		return err
	}
	return garbled(r, fmt.Sprintf("sent more than the %d bytes of a %s", sizeOf(d), what), err)
}

func (c *Client) manifestUpTo(ctx context.Context, r model.Ref, limit int64) (model.Manifest, error) {
	if err := valid(r); err != nil {
		return model.Manifest{}, err
	}
	if r.Digest == "" {
		return c.getManifest(ctx, r, limit)
	}
	if m, fresh, ok := c.inMemory(r); ok && fresh {
		return m, nil
	}
	v, err := c.shared(ctx, fmt.Sprint(limit, " ", diskcache.Key("manifest", r, r.Digest)), func(ctx context.Context) (any, error) {
		m, fresh, ok := c.atHand(r)
		if !ok {
			return c.getManifest(ctx, r, limit)
		}
		if fresh {
			return m, nil
		}
		return c.confirmed(ctx, r, m, limit)
	})
	if err != nil {
		return model.Manifest{}, err
	}
	return v.(model.Manifest), nil
}

// byDigest serves from the cache, or lets work get it for all who wait; what
// work gets, it puts into the cache itself.
func (c *Client) byDigest(ctx context.Context, what string, r model.Ref, size int64, work func(context.Context) (any, error)) (any, error) {
	key := diskcache.Key(what, r, r.Digest)
	if v, ok := c.cache.get(key); ok {
		return v, nil
	}
	return c.shared(ctx, fmt.Sprint(size, " ", key), work)
}

// shared does work once for all who want it at the same time.
func (c *Client) shared(ctx context.Context, key string, work func(context.Context) (any, error)) (any, error) {
	v, err := c.inflight.Do(ctx, key, work)
	var t *model.Trouble
	if err != nil && ctx.Err() != nil && !errors.As(err, &t) {
		return nil, ended(ctx.Err())
	}
	return v, err
}

func (c *Client) getManifest(ctx context.Context, r model.Ref, limit int64) (model.Manifest, error) {
	h := c.host(r.Registry)
	var got manifest.Manifest
	err := h.ask(ctx, r, &transport.Exchange{Limit: limit}, func(ctx context.Context) (err error) {
		got, err = h.rc.ManifestGet(ctx, regRef(r))
		return err
	})
	if err != nil {
		return model.Manifest{}, err
	}
	m, err := manifestOf(r, got)
	if err == nil {
		c.keep(r, m)
	}
	return m, err
}

// manifestOf is what regclient has read, if that can be.
func manifestOf(r model.Ref, got manifest.Manifest) (model.Manifest, error) {
	d := got.GetDescriptor()
	raw, err := got.RawBody()
	// An empty body passes regclient's check with the digest that was asked for.
	if err != nil || !got.IsSet() || len(raw) == 0 {
		return model.Manifest{}, garbled(r, "sent an empty manifest", err)
	}
	// The digest of a signed one is that of what is signed. Around it anything may
	// stand: other layers, in an answer to whatever digest.
	if signed, ok := got.GetOrig().(schema1.SignedManifest); ok {
		raw = signed.Canonical
	}
	if r.Digest != "" && d.Digest != r.Digest {
		return model.Manifest{}, garbled(r, "sent a manifest with another digest, "+shortDigest(d.Digest), nil)
	}
	m, err := model.ParseManifest(model.Document{Digest: d.Digest, MediaType: d.MediaType, Raw: raw})
	if err != nil {
		return m, garbled(r, "sent a manifest that cannot be read: "+safe.Clip(err.Error()), err)
	}
	return m, nil
}

// config reads an image's config, whose descriptor comes from a manifest.
func (c *Client) config(ctx context.Context, repo model.Ref, d v1.Descriptor) (model.Config, error) {
	r := repo.AtDigest(d.Digest)
	if err := valid(r); err != nil {
		return model.Config{}, err
	}
	if d.Size > transport.MaxConfig {
		return model.Config{}, garbled(r, fmt.Sprintf("has a config of %d bytes, tagdiff reads %d", d.Size, transport.MaxConfig), nil)
	}
	v, err := c.byDigest(ctx, "config", r, d.Size, func(ctx context.Context) (any, error) {
		if config, ok := c.configOnDisk(r, d); ok {
			return config, nil
		}
		return c.getConfig(ctx, r, d)
	})
	if err == nil {
		err = sameSize(r, "config", len(v.(model.Config).Raw), d)
	}
	if err != nil {
		return model.Config{}, tooLong(r, "config", d, err)
	}
	return v.(model.Config), nil
}

func (c *Client) getConfig(ctx context.Context, r model.Ref, d v1.Descriptor) (model.Config, error) {
	h := c.host(r.Registry)
	var raw []byte
	err := h.ask(ctx, r, &transport.Exchange{Limit: sizeOf(d)}, func(ctx context.Context) error {
		// Neither URLs, to which regclient would go instead, nor the size, for
		// which it would try again.
		b, err := h.rc.BlobGet(ctx, regRef(r), descriptor.Descriptor{MediaType: d.MediaType, Digest: d.Digest})
		if err != nil {
			return err
		}
		defer func() { _ = b.Close() }() // the slot must be given back in any case
		raw, err = b.RawBody()
		return err
	})
	if err != nil {
		return model.Config{}, err
	}
	if got := d.Digest.Algorithm().FromBytes(raw); got != d.Digest {
		return model.Config{}, garbled(r, "sent a config with another digest, "+shortDigest(got), nil)
	}
	config, err := model.ParseConfig(model.Document{Digest: d.Digest, MediaType: d.MediaType, Raw: raw})
	if err != nil {
		return config, garbled(r, "sent a config that cannot be read: "+safe.Clip(err.Error()), err)
	}
	c.cache.put(diskcache.Key("config", r, d.Digest), config, len(raw))
	c.documents.Put(diskcache.Document{Kind: "config", Repo: r.Repo(), Digest: d.Digest, MediaType: d.MediaType, Raw: raw})
	return config, nil
}

// image reads the image that a manifest describes.
func (c *Client) image(ctx context.Context, repo model.Ref, m model.Manifest) (*model.Image, error) {
	if m.Kind == model.KindSchema1 {
		img, err := model.Schema1Image(m)
		if err != nil {
			return nil, garbled(repo.AtDigest(m.Digest), "sent a manifest that cannot be read: "+safe.Clip(err.Error()), err)
		}
		return &img, nil
	}
	config, err := c.config(ctx, repo, m.Config)
	if err != nil {
		return nil, noBlob(err, m.Config.Digest)
	}
	img := model.NewImage(m, config)
	return &img, nil
}

// noBlob tells a blob that is not there from a manifest that is not.
func noBlob(err error, d digest.Digest) error {
	var t *model.Trouble
	if !errors.As(err, &t) || !t.Missing {
		return err
	}
	other := *t
	other.Missing, other.NoBlob = false, d
	return &other
}
