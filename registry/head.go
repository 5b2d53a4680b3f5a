package registry

import (
	"context"
	"mime"
	"net/http"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Head returns the digest that a reference points to now. It sends one HEAD request,
// which Docker Hub does not count, and a GET if the response to HEAD has no digest.
func (c *Client) Head(ctx context.Context, r model.Ref) (digest.Digest, error) {
	t, err := c.resolveOne(ctx, r, false)
	return t.Digest, err
}

// resolveOne finds the digest of a reference with HEAD, and with GET if HEAD does not find it.
// Some registries, such as Nexus, answer 404 to HEAD and send the manifest to GET: a tag is
// missing only if GET says so. A digest is missing if HEAD says so.
func (c *Client) resolveOne(ctx context.Context, r model.Ref, bulk bool) (model.Tagged, error) {
	t, found, err := c.head(ctx, r, bulk)
	missing := r.Digest == "" && model.IsMissing(err)
	switch {
	case found:
		c.host(r.Registry).wrongHeads.Store(0)
		return t, nil
	case err != nil && !missing:
		return t, err
	}
	m, err := c.manifest(ctx, r)
	if err == nil {
		c.host(r.Registry).wrongHeads.Add(1)
	}
	return model.Tagged{Tag: r.Tag, Digest: m.Digest, MediaType: m.MediaType}, err
}

// head finds the digest of a reference with HEAD. found is false if the response has no
// digest or if the server refuses HEAD; a GET may then work.
func (c *Client) head(ctx context.Context, r model.Ref, bulk bool) (_ model.Tagged, found bool, _ error) {
	t := model.Tagged{Tag: r.Tag}
	if err := checkRef(r); err != nil {
		return t, false, err
	}
	if r.Names() != model.NamesManifest {
		return t, false, notAManifest(r)
	}
	if r.Digest == "" && c.host(r.Registry).wrongHeads.Load() >= maxWrongHeads {
		return t, false, nil
	}
	cl := transport.Exchange{What: "manifest", Bulk: bulk}
	err := c.headManifest(ctx, r, &cl)
	if cl.Err == nil && cl.Response.Status == http.StatusOK {
		t.MediaType = manifestType(cl.Response.Header)
		t.Digest, err = digest.Parse(cl.Response.Header.Get("Docker-Content-Digest"))
		return t, err == nil, contextErrorOf(ctx)
	}
	if err != nil && headRefused(cl) {
		err = nil
	}
	return t, false, err
}

// headManifest requests a manifest with HEAD.
func (c *Client) headManifest(ctx context.Context, r model.Ref, e *transport.Exchange) error {
	h := c.host(r.Registry)
	return h.do(ctx, r, e, func(ctx context.Context) error {
		_, err := h.rc.ManifestHead(ctx, regRef(r))
		return err
	})
}

// getManifest requests a manifest with GET and does not parse it.
func (c *Client) getManifest(ctx context.Context, r model.Ref, e *transport.Exchange) error {
	h := c.host(r.Registry)
	return h.do(ctx, r, e, func(ctx context.Context) error {
		_, err := h.rc.ManifestGet(ctx, regRef(r))
		return err
	})
}

// manifestType is the media type of a manifest, "" if the server sends a generic type.
func manifestType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(t, "application/vnd.") {
		return ""
	}
	return t
}

// maxWrongHeads is how many wrong answers to HEAD in a row end its use at a registry. One may
// be due to a tag that was pushed between HEAD and GET.
const maxWrongHeads = 2

// headRefused reports whether the status of a response to HEAD says nothing about GET.
// Some proxies in front of registries forbid all methods but GET.
func headRefused(cl transport.Exchange) bool {
	switch cl.Response.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
		http.StatusInternalServerError, http.StatusNotImplemented:
		return cl.Err == nil
	case http.StatusUnauthorized:
		return cl.Err == nil && cl.Response.Header.Get("WWW-Authenticate") == ""
	case http.StatusNotFound: // of a proxy, or of a registry that answers so to HEAD
		return cl.Err == nil && cl.Response.IsHTML()
	}
	return false
}
