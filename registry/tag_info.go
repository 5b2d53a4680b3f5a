package registry

import (
	"context"
	"slices"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

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
		t, err := c.resolveOne(ctx, r, false)
		if err != nil {
			return info, err
		}
		info.Digest, info.MediaType = t.Digest, t.MediaType
		at = r.AtDigest(t.Digest)
		c.markConfirmed(at)
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
	info.Parts, info.Stack = first.Parts(platform), first.Stack()
	return info, nil
}

// platformsOf names the platforms that an index lists.
func platformsOf(m model.Manifest) []string {
	var names []string
	for _, d := range listedImages(m) {
		if d.Platform == nil {
			continue
		}
		if name := model.PlatformName(*d.Platform); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// listedImages returns the images that an index lists.
func listedImages(m model.Manifest) []v1.Descriptor {
	return slices.DeleteFunc(slices.Clone(m.Children), func(d v1.Descriptor) bool {
		role, _ := model.RoleOf(d)
		return role != model.RoleImage
	})
}

// firstPlatform names the platform of the first image that an index lists, fromConfig if
// the index does not.
func firstPlatform(m model.Manifest, fromConfig string) string {
	if images := listedImages(m); len(images) > 0 && images[0].Platform != nil && images[0].Platform.OS != "" {
		return model.PlatformName(*images[0].Platform)
	}
	return fromConfig
}

// firstImage returns the image of m, or the first image that m lists; nil for none.
func (c *Client) firstImage(ctx context.Context, repo model.Ref, m model.Manifest) (*model.Image, error) {
	if images := listedImages(m); m.Kind == model.KindIndex && len(images) > 0 {
		return c.listedImage(ctx, repo, images[0])
	}
	return c.imageOf(ctx, repo, m)
}

// listedImage returns the image of an entry of an index, nil if it is not an image.
func (c *Client) listedImage(ctx context.Context, repo model.Ref, d v1.Descriptor) (*model.Image, error) {
	m, err := c.childManifest(ctx, repo, d)
	if err != nil {
		return nil, err
	}
	return c.imageOf(ctx, repo, m)
}

func (c *Client) imageOf(ctx context.Context, repo model.Ref, m model.Manifest) (*model.Image, error) {
	if m.Kind != model.KindImage && m.Kind != model.KindSchema1 {
		return nil, nil
	}
	return c.image(ctx, repo, m)
}
