package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/regclient/regclient/types/docker/schema1"
	"github.com/regclient/regclient/types/manifest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// manifest reads a manifest of any kind. By digest it may come from memory or disk; by
// tag it is always requested, since tags move.
func (c *Client) manifest(ctx context.Context, r model.Ref) (model.Manifest, error) {
	return c.manifestWithin(ctx, r, transport.MaxManifest)
}

// maxUnsized limits a document whose descriptor has no size, though it must have
// one.
const maxUnsized = 1 << 20

// sizeLimit is the limit for a document by its descriptor, in bytes.
func sizeLimit(d v1.Descriptor) int64 {
	if d.Size > 0 {
		return d.Size
	}
	return maxUnsized
}

// childManifest reads a manifest that an index lists. It must have the size that the
// index claims, as runtimes require: otherwise it was replaced or is incomplete.
func (c *Client) childManifest(ctx context.Context, repo model.Ref, d v1.Descriptor) (model.Manifest, error) {
	r := repo.AtDigest(d.Digest)
	if err := checkLimit(r, "manifest", d, transport.MaxManifest); err != nil {
		return model.Manifest{}, err
	}
	m, err := c.manifestWithin(ctx, r, sizeLimit(d))
	if err == nil && m.Kind != model.KindSchema1 { // its size may or may not include the signatures
		err = checkSize(r, "manifest", len(m.Raw), d)
	}
	if err != nil {
		return model.Manifest{}, tooLargeError(r, "manifest", d, err)
	}
	return m, nil
}

// checkLimit refuses a document whose size in its descriptor is beyond a limit.
func checkLimit(r model.Ref, what string, d v1.Descriptor, limit int64) error {
	if d.Size <= limit {
		return nil
	}
	return invalid(r, what, model.Limitf("its stated size is %d bytes, tagdiff reads at most %d", d.Size, limit))
}

// checkSize compares the size of a document with that in its descriptor, if it has one.
func checkSize(r model.Ref, what string, got int, d v1.Descriptor) error {
	if d.Size <= 0 || int64(got) == d.Size {
		return nil
	}
	return malformed(r, fmt.Sprintf("sent a %s of %d bytes instead of %d", what, got, d.Size), nil)
}

// tooLargeError words the error of a document that is larger than the size in its
// descriptor.
func tooLargeError(r model.Ref, what string, d v1.Descriptor, err error) error {
	if !errors.Is(err, files.ErrTooLarge) {
		return err
	}
	if d.Size <= 0 {
		return invalid(r, what, model.Limitf("its size is not stated, and tagdiff then reads at most %d bytes", maxUnsized))
	}
	return malformed(r, fmt.Sprintf("sent a %s that is larger than the expected %d bytes", what, d.Size), err)
}

// manifestWithin is manifest with a size limit.
func (c *Client) manifestWithin(ctx context.Context, r model.Ref, limit int64) (model.Manifest, error) {
	if err := checkRef(r); err != nil {
		return model.Manifest{}, err
	}
	if r.Digest == "" {
		return c.fetchManifest(ctx, r, limit)
	}
	return shared(ctx, c, fmt.Sprint(limit, " ", manifestKey(r)), func(ctx context.Context) (model.Manifest, error) {
		m, recent, ok := c.cachedOrDisk(r)
		if ok && !recent {
			var err error
			if ok, err = c.stillExists(ctx, r); err != nil {
				return model.Manifest{}, err
			}
		}
		if ok {
			return m, nil
		}
		return c.fetchManifest(ctx, r, limit)
	})
}

// byDigest returns a document from memory, or runs work for all concurrent
// callers. work puts its result into the caches itself.
func byDigest[T any](
	ctx context.Context, c *Client, what string, r model.Ref, size int64, work func(context.Context) (T, error),
) (T, error) {
	key := diskcache.Key(what, r, r.Digest)
	if v, ok := c.memory.get(key); ok {
		return v.(T), nil
	}
	return shared(ctx, c, fmt.Sprint(size, " ", key), work)
}

// shared runs work once for all concurrent callers with the same key.
func shared[T any](ctx context.Context, c *Client, key string, work func(context.Context) (T, error)) (result T, err error) {
	v, err := c.inflight.Do(ctx, key, func(ctx context.Context) (any, error) { return work(ctx) })
	_, worded := errors.AsType[*model.ReadError](err)
	switch {
	case err == nil:
		return v.(T), nil
	case ctx.Err() != nil && !worded:
		return result, contextError(ctx.Err())
	}
	return result, err
}

// fetchManifest reads a manifest from the registry.
func (c *Client) fetchManifest(ctx context.Context, r model.Ref, limit int64) (model.Manifest, error) {
	h := c.host(r.Registry)
	var m model.Manifest
	var invalidErr error
	exchange := &transport.Exchange{What: "manifest", Limit: limit}
	err := h.do(ctx, r, exchange, func(ctx context.Context) error {
		got, err := h.rc.ManifestGet(ctx, regRef(r))
		if err != nil {
			var ok bool
			if m, ok = wronglySigned(r, exchange.Response); ok {
				return nil
			}
			if m, ok = namedWholeIn(r, exchange.Response); ok {
				return nil
			}
			return signedError(exchange.Response, err)
		}
		m, invalidErr = manifestOf(r, got)
		return nil
	})
	if err = cmp.Or(err, invalidErr); err != nil {
		return model.Manifest{}, err
	}
	c.storeManifest(r, m)
	return m, nil
}

// wronglySigned reads a schema1 manifest whose signed part is not JSON, which regclient refuses.
// The text around this part may be usable. The digest is still that of the signed part.
func wronglySigned(r model.Ref, response transport.Response) (m model.Manifest, ok bool) {
	var signed schema1.SignedManifest
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.Status != http.StatusOK || mediaType != model.MediaTypeSchema1Signed ||
		json.Unmarshal(response.Body, &signed) == nil || len(signed.Canonical) == 0 || json.Valid(signed.Canonical) {
		return m, false
	}
	d := digest.FromBytes(signed.Canonical)
	if stated := digest.Digest(response.Header.Get("Docker-Content-Digest")); d != cmp.Or(r.Digest, stated, d) {
		return m, false
	}
	m, err := model.ParseManifest(model.Document{Digest: d, MediaType: mediaType, Raw: response.Body})
	if err != nil {
		return m, false
	}
	m.Schema1.WrongSignature = true
	return m, true
}

// namedWholeIn is namedWhole for a response, with the digest that was asked for, or that the
// registry states.
func namedWholeIn(r model.Ref, response transport.Response) (m model.Manifest, ok bool) {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.Status != http.StatusOK || mediaType != model.MediaTypeSchema1Signed {
		return m, false
	}
	named := cmp.Or(r.Digest, digest.Digest(response.Header.Get("Docker-Content-Digest")))
	return namedWhole(model.Document{Digest: named, MediaType: mediaType, Raw: response.Body})
}

// namedWhole reads a signed schema1 manifest whose digest is that of the whole text, signatures
// included. Registries of 2015 named it so; later ones, and regclient, leave the signatures out. The
// layers are those of the signed part, as clients read them.
func namedWhole(doc model.Document) (m model.Manifest, ok bool) {
	var signed schema1.SignedManifest
	if doc.Digest.Validate() != nil || doc.Digest.Algorithm().FromBytes(doc.Raw) != doc.Digest ||
		json.Unmarshal(doc.Raw, &signed) != nil {
		return m, false
	}
	m, err := model.ParseManifest(model.Document{Digest: doc.Digest, MediaType: doc.MediaType, Raw: signed.Canonical})
	if err != nil || m.Schema1 == nil {
		return m, false
	}
	m.Raw, m.Schema1.NamedWhole = doc.Raw, true
	return m, true
}

// signedError is the reason why a signed schema1 manifest cannot be read, where regclient does not
// tell it; else err.
func signedError(response transport.Response, err error) error {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if response.Status != http.StatusOK || mediaType != model.MediaTypeSchema1Signed {
		return err
	}
	var whole struct {
		Signatures []json.RawMessage `json:"signatures"`
	}
	if err := json.Unmarshal(response.Body, &whole); err != nil {
		return err
	}
	var signed schema1.SignedManifest
	if json.Unmarshal(response.Body, &signed) != nil && !json.Valid(signed.Canonical) {
		return errors.New("its signed part is not JSON")
	}
	return err
}

// manifestOf is the manifest that regclient has read, checked.
func manifestOf(r model.Ref, got manifest.Manifest) (model.Manifest, error) {
	d := got.GetDescriptor()
	raw, err := got.RawBody()
	// An empty body passes regclient's check of the digest.
	if err != nil || !got.IsSet() || len(raw) == 0 {
		return model.Manifest{}, malformed(r, "sent an empty manifest", err)
	}
	// The digest of a signed manifest covers only the signed part. The rest could be
	// anything, such as other layers.
	signed, isSigned := got.GetOrig().(schema1.SignedManifest)
	if isSigned {
		raw = signed.Canonical
	}
	if r.Digest != "" && d.Digest != r.Digest {
		return model.Manifest{}, malformed(r, "sent a manifest with the wrong digest "+model.ShortDigest(d.Digest), nil)
	}
	m, err := model.ParseManifest(model.Document{Digest: d.Digest, MediaType: d.MediaType, Raw: raw})
	if err != nil && isSigned {
		err = fmt.Errorf("%w in its signed part", err)
	}
	if err != nil {
		return m, invalid(r, "manifest", err)
	}
	return m, nil
}
