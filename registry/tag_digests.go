package registry

import (
	"context"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// maxTagDigests limits the tags whose digests are kept.
const maxTagDigests = 10_000

// tagDigests are the last known digests of tags.
type tagDigests struct {
	mu    sync.Mutex
	byTag map[string]digest.Digest
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

// likelyManifest is the cached manifest of the last known digest of r, if any.
func (c *Client) likelyManifest(r model.Ref) (model.Manifest, bool) {
	d, ok := r.Digest, r.Digest != ""
	if !ok {
		d, ok = c.tagDigests.get(r)
	}
	if !ok && c.opts.Known != nil {
		d, ok = c.opts.Known(r)
	}
	if !ok || checkRef(r.AtDigest(d)) != nil {
		return model.Manifest{}, false
	}
	m, _, ok := c.cachedOrDisk(r.AtDigest(d))
	return m, ok
}

// stillCurrent asks the registry whether m is still the manifest of r. If not, at
// is what to read instead.
func (c *Client) stillCurrent(ctx context.Context, r model.Ref, m model.Manifest) (still bool, at model.Ref, err error) {
	if r.Digest != "" {
		exists, err := c.stillExists(ctx, r)
		return exists, r, err
	}
	t, found, err := c.head(ctx, r, false)
	switch {
	case found && t.Digest == m.Digest:
		c.tagDigests.set(r, t.Digest)
		c.markConfirmed(r.AtDigest(t.Digest))
		return true, r, nil
	case found:
		return false, r.AtDigest(t.Digest), nil
	case model.IsMissing(err): // the error of a GET is more precise
		return false, r, nil
	}
	return false, r, err
}
