package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// image reads the image that a manifest describes.
func (c *Client) image(ctx context.Context, repo model.Ref, m model.Manifest) (*model.Image, error) {
	if m.Kind == model.KindSchema1 {
		img := model.Schema1Image(m)
		return &img, nil
	}
	config, err := c.config(ctx, repo, m.Config)
	if err != nil {
		return nil, missingBlob(err, m.Config.Digest)
	}
	img := model.NewImage(m, config)
	return &img, nil
}

// missingBlob turns the error of a missing blob into one that names the blob: Missing
// means a missing manifest.
func missingBlob(err error, d digest.Digest) error {
	t, ok := errors.AsType[*model.ReadError](err)
	if !ok || !t.Missing {
		return err
	}
	other := *t
	other.Missing, other.MissingBlob = false, d
	return &other
}

// missingPart says of which part of an image, or of which image of an index, a registry
// reports that it is missing. d is the descriptor of the image.
func missingPart(err error, of model.Ref, d v1.Descriptor) error {
	t, ok := errors.AsType[*model.ReadError](err)
	if !ok || !t.Missing && t.MissingBlob == "" {
		return err
	}
	image := "the image"
	if role, _ := model.RoleOf(d); role == model.RoleIndex {
		image = "the index"
	} else if d.Platform != nil {
		image = safe.Clip(strings.TrimSuffix("the "+model.PlatformName(*d.Platform), " ")) + " image"
	}
	part := fmt.Sprintf("%s (%s)", image, model.ShortDigest(d.Digest))
	if t.MissingBlob != "" {
		part = fmt.Sprintf("the config (%s)", model.ShortDigest(t.MissingBlob))
		if d.Platform != nil {
			part += " of " + image
		}
	}
	other := *t
	other.Message = fmt.Sprintf("%s of %s is missing in %s", part, subject(of), of.Registry)
	other.Next = "push the image again"
	return &other
}

// configs are the configs of images.
var configs = blobKind[model.Config]{name: "config", limit: sizeLimit, parse: model.ParseConfig}

// config reads an image's config, whose descriptor comes from a manifest.
func (c *Client) config(ctx context.Context, repo model.Ref, d v1.Descriptor) (model.Config, error) {
	r := repo.AtDigest(d.Digest)
	if err := checkRef(r); err != nil {
		return model.Config{}, err
	}
	if err := checkLimit(r, configs.name, d, transport.MaxConfig); err != nil {
		return model.Config{}, err
	}
	config, err := configs.read(ctx, c, r, d)
	if err == nil {
		err = checkSize(r, configs.name, len(config.Raw), d)
	}
	if err != nil {
		return model.Config{}, tooLargeError(r, configs.name, d, err)
	}
	return config, nil
}
