package registry

import (
	"context"

	"github.com/tagdiff/tagdiff/model"
)

// Peek reads the data that a list of tags shows: the digest of the tag with HEAD, then
// the manifest, and the manifest and config of its first image. Tags of the same image
// take one HEAD each; the rest is read once. If a later step fails, the result still
// has the data of the steps before, above all the digest.
func (c *Client) Peek(ctx context.Context, r model.Ref) (model.TagInfo, error) {
	info := model.TagInfo{Ref: r}
	if r.Names() != model.NamesManifest {
		return info, notAManifest(r)
	}
	at := r
	if r.Digest == "" {
		t, found, err := c.head(ctx, r, false)
		if err != nil {
			return info, err
		}
		if found {
			info.Digest, info.MediaType = t.Digest, t.MediaType
			at = r.AtDigest(t.Digest)
			c.markConfirmed(at)
		}
	}
	top, err := c.manifest(ctx, at)
	if err != nil {
		return info, err
	}
	c.tagDigests.set(r, top.Digest)
	info.Digest, info.Kind, info.MediaType, info.Children = top.Digest, top.Kind, top.MediaType, top.Children
	info.Platforms = platformsOf(top)
	first, err := c.firstImage(ctx, r.Repo(), top)
	switch {
	case ctx.Err() != nil:
		return info, contextError(ctx.Err())
	case err != nil || first == nil:
		return info, nil //nolint:nilerr // the result is useful without it, see above
	}
	info.Size, info.Created = first.Manifest.LayerSize(), first.Created()
	platform := ""
	switch name := model.PlatformName(first.Platform()); {
	case top.Kind == model.KindIndex:
		platform = firstPlatform(top, name)
	case name != "":
		info.Platforms = []string{name}
	}
	info.Parts = first.Parts(platform)
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

// firstPlatform names the platform of the first image that an index lists, fromConfig if
// the index does not.
func firstPlatform(m model.Manifest, fromConfig string) string {
	for _, d := range m.Children {
		if role, _ := model.RoleOf(d); role == model.RoleImage {
			if d.Platform != nil && d.Platform.OS != "" {
				return model.PlatformName(*d.Platform)
			}
			break
		}
	}
	return fromConfig
}

// firstImage returns the image of m, or the first image that m lists; nil for none.
func (c *Client) firstImage(ctx context.Context, repo model.Ref, m model.Manifest) (*model.Image, error) {
	for _, d := range m.Children {
		if role, _ := model.RoleOf(d); role == model.RoleImage && m.Kind == model.KindIndex {
			child, err := c.childManifest(ctx, repo, d)
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
