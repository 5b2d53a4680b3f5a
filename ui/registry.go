// Package ui is the screens of tagdiff: pages on a stack under a small root.
package ui

import (
	"context"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// Registry is what the screens ask of registries. Every call may take long,
// ends soon after its context does, and is called from commands only.
// Errors are *model.Trouble where something can be done about them.
type Registry interface {
	// Repositories calls page with the names of a registry's repositories as
	// they arrive, without duplicates. page is called from one goroutine.
	Repositories(ctx context.Context, host string, page func(names []string)) error
	// Tags does the same for the tags of a repository.
	Tags(ctx context.Context, repo model.Ref, page func(tags []string)) error
	// Peek reads as little of a tag as a list shows.
	Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error)
	// Load reads what ref leads to, breadth first and by digest. arrived is
	// called with each newer state from one goroutine; the last one is also
	// returned. An error means that not even the top manifest could be read.
	Load(ctx context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error)
	// Contents says what small layers of a repository unpack to, by blob. Those
	// that cannot be read are left out.
	Contents(ctx context.Context, repo model.Ref, layers []v1.Descriptor) (map[digest.Digest]model.Contents, error)
	// Head is the digest that a tag has now.
	Head(ctx context.Context, ref model.Ref) (digest.Digest, error)
	// Traffic is what all calls have cost so far. It does not block.
	Traffic() model.Traffic
}
