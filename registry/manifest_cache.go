package registry

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/regclient/regclient/types/manifest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/diskcache"
)

// cachedManifest is a manifest in memory, with the time at which its registry last
// confirmed it. The cache must not hide for long that a registry has lost it.
type cachedManifest struct {
	manifest  model.Manifest
	confirmed atomic.Int64 // in Unix nanoseconds
}

func manifestKey(r model.Ref) string { return diskcache.Key("manifest", r, r.Digest) }

// storeManifest caches the manifest that a registry sent for r, in memory and on
// disk, where every document must have its digest.
func (c *Client) storeManifest(r model.Ref, m model.Manifest) {
	at := r.AtDigest(m.Digest)
	c.tagDigests.set(r, m.Digest)
	c.cacheManifest(at, m, time.Now())
	if m.Schema1 != nil && m.Schema1.WrongSignature {
		return
	}
	c.disk.Put(diskcache.Document{Kind: "manifest", Repo: r.Repo(), Digest: m.Digest, MediaType: m.MediaType, Raw: m.Raw})
}

// cacheManifest caches a manifest in memory.
func (c *Client) cacheManifest(r model.Ref, m model.Manifest, confirmed time.Time) {
	h := &cachedManifest{manifest: m}
	h.confirmed.Store(confirmed.UnixNano())
	c.memory.drop(manifestKey(r))
	c.memory.put(manifestKey(r), h, len(m.Raw))
}

// cachedOrDisk returns the manifest of a digest from memory or disk. recent is false
// if the registry must confirm it again.
func (c *Client) cachedOrDisk(r model.Ref) (m model.Manifest, recent, ok bool) {
	if m, recent, ok := c.manifestInMemory(r); ok {
		return m, recent, ok
	}
	doc, confirmed, ok := c.disk.Get("manifest", r)
	if !ok {
		return m, false, false
	}
	m, err := manifestOnDisk(doc)
	if err != nil {
		c.disk.SetAside("manifest", r)
		return m, false, false
	}
	c.cacheManifest(r, m, confirmed)
	return c.manifestInMemory(r)
}

// manifestInMemory is cachedOrDisk without the disk.
func (c *Client) manifestInMemory(r model.Ref) (m model.Manifest, recent, ok bool) {
	v, ok := c.memory.get(manifestKey(r))
	if !ok {
		return m, false, false
	}
	h := v.(*cachedManifest)
	age := time.Since(time.Unix(0, h.confirmed.Load()))
	return h.manifest, age < c.confirmAfter, true
}

// manifestOnDisk parses a manifest from disk with the same checks as one from a
// registry.
func manifestOnDisk(doc diskcache.Document) (model.Manifest, error) {
	r, mediaType := doc.Repo.AtDigest(doc.Digest), doc.MediaType
	if mediaType == model.MediaTypeSchema1Signed {
		if m, ok := namedWhole(model.Document{Digest: doc.Digest, MediaType: mediaType, Raw: doc.Raw}); ok {
			return m, nil
		}
		mediaType = model.MediaTypeSchema1 // it is stored without its signatures
	}
	got, err := manifest.New(
		manifest.WithRef(regRef(r)), manifest.WithRaw(doc.Raw), manifest.WithHeader(http.Header{"Content-Type": {mediaType}}),
	)
	if err != nil {
		return model.Manifest{}, err
	}
	m, err := manifestOf(r, got)
	m.MediaType = doc.MediaType
	return m, err
}

// markConfirmed records that a registry has just confirmed a manifest.
func (c *Client) markConfirmed(r model.Ref) {
	if v, ok := c.memory.get(manifestKey(r)); ok {
		v.(*cachedManifest).confirmed.Store(time.Now().UnixNano())
	}
	c.disk.Touch("manifest", r)
}

// stillExists asks the registry whether it still has a cached manifest, and removes it
// from the caches if not. A registry that does not respond counts as having it. err
// is only that of ctx.
func (c *Client) stillExists(ctx context.Context, r model.Ref) (bool, error) {
	_, found, err := c.head(ctx, r, false)
	if ended := contextErrorOf(ctx); ended != nil {
		return false, ended
	}
	if model.IsMissing(err) {
		c.memory.drop(manifestKey(r))
		c.disk.Remove("manifest", r)
		return false, nil
	}
	if found {
		c.markConfirmed(r)
	}
	return true, nil
}
