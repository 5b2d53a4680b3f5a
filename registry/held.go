package registry

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/regclient/regclient/types/manifest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/diskcache"
)

// held is a manifest at hand, and when its registry last showed to have it.
// What was read long ago must not hide that it has lost it since.
type held struct {
	manifest model.Manifest
	seen     atomic.Int64 // in Unix nanoseconds
}

func manifestKey(r model.Ref) string { return diskcache.Key("manifest", r, r.Digest) }

// keep keeps a manifest that a registry has sent for r, in memory and on disk.
func (c *Client) keep(r model.Ref, m model.Manifest) {
	at := r.AtDigest(m.Digest)
	c.pointers.note(r, m.Digest)
	c.remember(at, m, time.Now())
	c.documents.Put(diskcache.Document{Kind: "manifest", Repo: r.Repo(), Digest: m.Digest, MediaType: m.MediaType, Raw: m.Raw})
}

func (c *Client) remember(r model.Ref, m model.Manifest, seen time.Time) {
	h := &held{manifest: m}
	h.seen.Store(seen.UnixNano())
	c.cache.drop(manifestKey(r))
	c.cache.put(manifestKey(r), h, len(m.Raw))
}

// atHand is the manifest of a digest from memory or disk. fresh is false if its
// registry has not shown for a while to have it.
func (c *Client) atHand(r model.Ref) (m model.Manifest, fresh, ok bool) {
	if m, fresh, ok := c.inMemory(r); ok {
		return m, fresh, ok
	}
	doc, seen, ok := c.documents.Get("manifest", r)
	if !ok {
		return m, false, false
	}
	m, err := manifestOnDisk(doc)
	if err != nil {
		c.documents.SetAside("manifest", r)
		return m, false, false
	}
	c.remember(r, m, seen)
	return c.inMemory(r)
}

func (c *Client) inMemory(r model.Ref) (m model.Manifest, fresh, ok bool) {
	v, ok := c.cache.get(manifestKey(r))
	if !ok {
		return m, false, false
	}
	h := v.(*held)
	age := time.Since(time.Unix(0, h.seen.Load()))
	return h.manifest, age < c.trust, true
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

// saw notes that a registry has just shown to have a manifest.
func (c *Client) saw(r model.Ref) {
	if v, ok := c.cache.get(manifestKey(r)); ok {
		v.(*held).seen.Store(time.Now().UnixNano())
	}
	c.documents.Touch("manifest", r)
}

// confirmed is a manifest at hand, unless its registry has it no more: then
// that is as if it had never been there.
func (c *Client) confirmed(ctx context.Context, r model.Ref, m model.Manifest, limit int64) (model.Manifest, error) {
	there, err := c.stillThere(ctx, r)
	switch {
	case err != nil:
		return model.Manifest{}, err
	case there:
		return m, nil
	}
	return c.getManifest(ctx, r, limit)
}

// stillThere asks whether a registry still has a manifest that is at hand, and
// drops that if not. Whoever cannot be asked is believed to have it. err is
// only that ctx ended.
func (c *Client) stillThere(ctx context.Context, r model.Ref) (bool, error) {
	_, told, err := c.head(ctx, r, false)
	if ended := ctxEnded(ctx); ended != nil {
		return false, ended
	}
	var t *model.Trouble
	if errors.As(err, &t) && t.Missing {
		c.cache.drop(manifestKey(r))
		c.documents.Remove("manifest", r)
		return false, nil
	}
	if told {
		c.saw(r)
	}
	return true, nil
}

// configOnDisk is a config from an earlier run.
func (c *Client) configOnDisk(r model.Ref, d v1.Descriptor) (model.Config, bool) {
	doc, seen, ok := c.documents.Get("config", r)
	if !ok {
		return model.Config{}, false
	}
	config, err := model.ParseConfig(model.Document{Digest: d.Digest, MediaType: d.MediaType, Raw: doc.Raw})
	if err != nil {
		return config, false // a registry's fault, and told by asking it again
	}
	if time.Since(seen) > diskcache.TouchInterval {
		c.documents.Touch("config", r)
	}
	c.cache.put(diskcache.Key("config", r, d.Digest), config, len(doc.Raw))
	return config, true
}

// maxPointers bounds how many tags are remembered with their digests.
const maxPointers = 10_000

// pointers are the digests that tags had when last asked for.
type pointers struct {
	mu    sync.Mutex
	byTag map[string]digest.Digest
}

func (p *pointers) note(r model.Ref, d digest.Digest) {
	if r.Tag == "" || r.Digest != "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byTag == nil || len(p.byTag) >= maxPointers {
		p.byTag = map[string]digest.Digest{}
	}
	p.byTag[r.String()] = d
}

func (p *pointers) get(r model.Ref) (digest.Digest, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d, ok := p.byTag[r.String()]
	return d, ok
}

// likely is the manifest that r led to when last asked, if it is at hand.
func (c *Client) likely(r model.Ref) (model.Manifest, bool) {
	d, ok := r.Digest, r.Digest != ""
	if !ok {
		d, ok = c.pointers.get(r)
	}
	if !ok && c.opts.Known != nil {
		d, ok = c.opts.Known(r)
	}
	if !ok || valid(r.AtDigest(d)) != nil {
		return model.Manifest{}, false
	}
	m, _, ok := c.atHand(r.AtDigest(d))
	return m, ok
}

// stillLeads finds out whether r leads to the manifest at hand. If not, at is
// what to read instead.
func (c *Client) stillLeads(ctx context.Context, r model.Ref, m model.Manifest) (still bool, at model.Ref, err error) {
	if r.Digest != "" {
		there, err := c.stillThere(ctx, r)
		return there, r, err
	}
	t, told, err := c.head(ctx, r, false)
	var trouble *model.Trouble
	switch {
	case told && t.Digest == m.Digest:
		c.pointers.note(r, t.Digest)
		c.saw(r.AtDigest(t.Digest))
		return true, r, nil
	case told:
		return false, r.AtDigest(t.Digest), nil
	case errors.As(err, &trouble) && trouble.Missing: // a GET says better what is missing
		return false, r, nil
	}
	return false, r, err
}
