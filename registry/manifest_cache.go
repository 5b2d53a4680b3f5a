package registry

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/regclient/regclient/types/manifest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/diskcache"
)

// cachedManifest is a manifest at hand, and when its registry last showed to have it.
// What was read long ago must not hide that it has lost it since.
type cachedManifest struct {
	manifest  model.Manifest
	confirmed atomic.Int64 // in Unix nanoseconds
}

func manifestKey(r model.Ref) string { return diskcache.Key("manifest", r, r.Digest) }

// storeManifest keeps a manifest that a registry has sent for r, in memory and on disk.
func (c *Client) storeManifest(r model.Ref, m model.Manifest) {
	at := r.AtDigest(m.Digest)
	c.tagDigests.set(r, m.Digest)
	c.cacheManifest(at, m, time.Now())
	c.disk.Put(diskcache.Document{Kind: "manifest", Repo: r.Repo(), Digest: m.Digest, MediaType: m.MediaType, Raw: m.Raw})
}

func (c *Client) cacheManifest(r model.Ref, m model.Manifest, seen time.Time) {
	h := &cachedManifest{manifest: m}
	h.confirmed.Store(seen.UnixNano())
	c.memory.drop(manifestKey(r))
	c.memory.put(manifestKey(r), h, len(m.Raw))
}

// cachedOrDisk is the manifest of a digest from memory or disk. fresh is false if its
// registry has not shown for a while to have it.
func (c *Client) cachedOrDisk(r model.Ref) (m model.Manifest, fresh, ok bool) {
	if m, fresh, ok := c.manifestInMemory(r); ok {
		return m, fresh, ok
	}
	doc, seen, ok := c.disk.Get("manifest", r)
	if !ok {
		return m, false, false
	}
	m, err := manifestOnDisk(doc)
	if err != nil {
		c.disk.SetAside("manifest", r)
		return m, false, false
	}
	c.cacheManifest(r, m, seen)
	return c.manifestInMemory(r)
}

func (c *Client) manifestInMemory(r model.Ref) (m model.Manifest, fresh, ok bool) {
	v, ok := c.memory.get(manifestKey(r))
	if !ok {
		return m, false, false
	}
	h := v.(*cachedManifest)
	age := time.Since(time.Unix(0, h.confirmed.Load()))
	return h.manifest, age < c.confirmAfter, true
}

// manifestOnDisk is a manifest from disk, checked as if it came from a registry.
func manifestOnDisk(doc diskcache.Document) (model.Manifest, error) {
	r, mediaType := doc.Repo.AtDigest(doc.Digest), doc.MediaType
	if mediaType == model.MediaTypeSchema1Signed {
		mediaType = model.MediaTypeSchema1 // it is kept without its signatures
	}
	got, err := manifest.New(manifest.WithRef(regRef(r)), manifest.WithRaw(doc.Raw), manifest.WithHeader(http.Header{"Content-Type": {mediaType}}))
	if err != nil {
		return model.Manifest{}, err
	}
	m, err := manifestOf(r, got)
	m.MediaType = doc.MediaType
	return m, err
}

// markConfirmed notes that a registry has just shown to have a manifest.
func (c *Client) markConfirmed(r model.Ref) {
	if v, ok := c.memory.get(manifestKey(r)); ok {
		v.(*cachedManifest).confirmed.Store(time.Now().UnixNano())
	}
	c.disk.Touch("manifest", r)
}

// confirmManifest is a manifest at hand, unless its registry has it no more: then
// that is as if it had never been there.
func (c *Client) confirmManifest(ctx context.Context, r model.Ref, m model.Manifest, limit int64) (model.Manifest, error) {
	there, err := c.stillExists(ctx, r)
	switch {
	case err != nil:
		return model.Manifest{}, err
	case there:
		return m, nil
	}
	return c.fetchManifest(ctx, r, limit)
}

// stillExists asks whether a registry still has a manifest that is at hand, and
// drops that if not. Whoever cannot be asked is believed to have it. err is
// only that ctx ended.
func (c *Client) stillExists(ctx context.Context, r model.Ref) (bool, error) {
	_, told, err := c.head(ctx, r, false)
	if ended := contextErrorOf(ctx); ended != nil {
		return false, ended
	}
	var t *model.Trouble
	if errors.As(err, &t) && t.Missing {
		c.memory.drop(manifestKey(r))
		c.disk.Remove("manifest", r)
		return false, nil
	}
	if told {
		c.markConfirmed(r)
	}
	return true, nil
}

func (p *tagDigests) set(r model.Ref, d digest.Digest) {
	if r.Tag == "" || r.Digest != "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byTag == nil || len(p.byTag) >= maxTagDigests {
		p.byTag = map[string]digest.Digest{}
	}
	p.byTag[r.String()] = d
}

func (p *tagDigests) get(r model.Ref) (digest.Digest, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, ok := p.byTag[r.String()]
	return d, ok
}
