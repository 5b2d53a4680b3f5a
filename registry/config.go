package registry

import (
	"context"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

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
