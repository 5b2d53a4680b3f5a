package registry

import (
	"context"
	"fmt"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/regclient/regclient/types/descriptor"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// config reads an image's config, whose descriptor comes from a manifest.
func (c *Client) config(ctx context.Context, repo model.Ref, d v1.Descriptor) (model.Config, error) {
	r := repo.AtDigest(d.Digest)
	if err := checkRef(r); err != nil {
		return model.Config{}, err
	}
	if d.Size > transport.MaxConfig {
		what := fmt.Sprintf("has a config of %d bytes, but tagdiff reads at most %d", d.Size, transport.MaxConfig)
		return model.Config{}, malformed(r, what, nil)
	}
	v, err := c.byDigest(ctx, "config", r, d.Size, func(ctx context.Context) (any, error) {
		if config, ok := c.configOnDisk(r, d); ok {
			return config, nil
		}
		return c.fetchConfig(ctx, r, d)
	})
	if err == nil {
		err = checkSize(r, "config", len(v.(model.Config).Raw), d)
	}
	if err != nil {
		return model.Config{}, tooLargeError(r, "config", d, err)
	}
	return v.(model.Config), nil
}

// fetchConfig reads a config from the registry.
func (c *Client) fetchConfig(ctx context.Context, r model.Ref, d v1.Descriptor) (model.Config, error) {
	h := c.host(r.Registry)
	var raw []byte
	err := h.do(ctx, r, &transport.Exchange{Limit: sizeLimit(d)}, func(ctx context.Context) error {
		// The descriptor has no URLs, since regclient would request them instead, and no
		// size, since regclient would retry when it differs.
		b, err := h.rc.BlobGet(ctx, regRef(r), descriptor.Descriptor{MediaType: d.MediaType, Digest: d.Digest})
		if err != nil {
			return err
		}
		defer func() { _ = b.Close() }() // releases regclient's slot
		raw, err = b.RawBody()
		return err
	})
	if err != nil {
		return model.Config{}, err
	}
	if got := d.Digest.Algorithm().FromBytes(raw); got != d.Digest {
		return model.Config{}, malformed(r, "sent a config with the wrong digest "+model.ShortDigest(got), nil)
	}
	config, err := model.ParseConfig(model.Document{Digest: d.Digest, MediaType: d.MediaType, Raw: raw})
	if err != nil {
		return config, malformed(r, "sent an invalid config: "+safe.Clip(err.Error()), err)
	}
	c.memory.put(diskcache.Key("config", r, d.Digest), config, len(raw))
	c.disk.Put(diskcache.Document{Kind: "config", Repo: r.Repo(), Digest: d.Digest, MediaType: d.MediaType, Raw: raw})
	return config, nil
}

// configOnDisk is a config from an earlier run.
func (c *Client) configOnDisk(r model.Ref, d v1.Descriptor) (model.Config, bool) {
	doc, lastUsed, ok := c.disk.Get("config", r)
	if !ok {
		return model.Config{}, false
	}
	config, err := model.ParseConfig(model.Document{Digest: d.Digest, MediaType: d.MediaType, Raw: doc.Raw})
	if err != nil {
		return config, false // the registry sent it so; reading it again reports the error
	}
	if time.Since(lastUsed) > diskcache.TouchInterval {
		c.disk.Touch("config", r)
	}
	c.memory.put(diskcache.Key("config", r, d.Digest), config, len(doc.Raw))
	return config, true
}
