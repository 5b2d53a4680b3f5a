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

// Head is the digest that a reference has now. It costs one HEAD request,
// which Docker Hub does not meter, and a GET where the HEAD does not tell.
func (c *Client) Head(ctx context.Context, r model.Ref) (digest.Digest, error) {
	t, err := c.point(ctx, r, false)
	return t.Digest, err
}

// point asks where a reference leads.
func (c *Client) point(ctx context.Context, r model.Ref, bulk bool) (model.Tagged, error) {
	t, told, err := c.head(ctx, r, bulk)
	if told || err != nil {
		return t, err
	}
	m, err := c.manifest(ctx, r)
	t.Digest, t.MediaType = m.Digest, m.MediaType
	return t, err
}

// head asks with HEAD where a reference leads. told is false if that does not
// say, whereas a GET may.
func (c *Client) head(ctx context.Context, r model.Ref, bulk bool) (_ model.Tagged, told bool, _ error) {
	t := model.Tagged{Tag: r.Tag}
	if err := valid(r); err != nil {
		return t, false, err
	}
	if r.Names() != model.NamesManifest {
		return t, false, noManifest(r)
	}
	h := c.host(r.Registry)
	cl := transport.Exchange{Bulk: bulk}
	err := h.ask(ctx, r, &cl, func(ctx context.Context) error {
		_, err := h.rc.ManifestHead(ctx, regRef(r))
		return err
	})
	if cl.Err == nil && cl.Response.Status == http.StatusOK {
		t.MediaType = manifestType(cl.Response.Header)
		t.Digest, err = digest.Parse(cl.Response.Header.Get("Docker-Content-Digest"))
		return t, err == nil, ctxEnded(ctx)
	}
	if err != nil && headRefused(cl) {
		err = nil
	}
	return t, false, err
}

// manifestType is the media type of a manifest, "" if the server calls all of
// them the same.
func manifestType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(t, "application/vnd.") {
		return ""
	}
	return t
}

// headRefused reports whether a server answers HEAD with something that says
// nothing about GET. Some that stand before a registry forbid all but GET.
func headRefused(cl transport.Exchange) bool {
	switch cl.Response.Status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusNotAcceptable, http.StatusForbidden:
		return cl.Err == nil
	}
	return false
}

// Peek reads what a list of tags shows: where the tag points, by HEAD, then the
// manifest, and of its first image the manifest and config. Tags of one image
// cost one HEAD each and the rest once. What it can tell without the rest it
// tells even if that fails, the digest above all.
func (c *Client) Peek(ctx context.Context, r model.Ref) (model.TagInfo, error) {
	info := model.TagInfo{Ref: r}
	if r.Names() != model.NamesManifest {
		return info, noManifest(r)
	}
	at := r
	if r.Digest == "" {
		t, told, err := c.head(ctx, r, false)
		if err != nil {
			return info, err
		}
		if told {
			info.Digest, info.MediaType = t.Digest, t.MediaType
			at = r.AtDigest(t.Digest)
			c.saw(at)
		}
	}
	top, err := c.manifest(ctx, at)
	if err != nil {
		return info, err
	}
	c.pointers.note(r, top.Digest)
	info.Digest, info.Kind, info.MediaType, info.Children = top.Digest, top.Kind, top.MediaType, top.Children
	info.Platforms = platformsOf(top)
	first, err := c.firstImage(ctx, r.Repo(), top)
	switch {
	case ctx.Err() != nil:
		return info, ended(ctx.Err())
	case err != nil || first == nil:
		return info, nil
	}
	info.Size, info.Created = first.Manifest.LayerSize(), first.Created()
	if name := model.PlatformName(first.Platform()); top.Kind != model.KindIndex && name != "" {
		info.Platforms = []string{name}
	}
	return info, nil
}

// platformsOf names the platforms that an index lists.
func platformsOf(m model.Manifest) []string {
	var names []string
	for _, d := range m.Children {
		role, _ := model.RoleOf(d)
		if role != model.RoleImage || d.Platform == nil {
			continue
		}
		if name := model.PlatformName(*d.Platform); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// firstImage is the image that m describes, or the first that it lists; nil if
// there is none.
func (c *Client) firstImage(ctx context.Context, repo model.Ref, m model.Manifest) (*model.Image, error) {
	for _, d := range m.Children {
		if role, _ := model.RoleOf(d); role == model.RoleImage && m.Kind == model.KindIndex {
			child, err := c.child(ctx, repo, d)
			if err != nil {
				return nil, err
			}
			m = child
			break
		}
	}
	if m.Kind != model.KindImage && m.Kind != model.KindSchema1 {
		return nil, nil
	}
	return c.image(ctx, repo, m)
}
