package page

import (
	"context"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// Registry is what the screens ask of registries. Every call may take long,
// ends soon after its context does, and is called from commands only.
// Errors are *model.ReadError where something can be done about them.
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
	// Resolve asks where tags of a repository point: one HEAD each, many at once,
	// in the given order. found gets the answers in batches from one goroutine;
	// tags that cannot be read are in them with their error. An error of Resolve
	// means that it stopped: the rest would have fared the same.
	Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error
	// Children are what the index at a digest lists, nil for what is no index.
	Children(ctx context.Context, ref model.Ref) ([]v1.Descriptor, error)
	// Traffic is what all calls have cost so far. It does not block.
	Traffic() model.Traffic
}

// Journal is what was seen of tags before. Its calls may touch the disk.
type Journal interface {
	// History is every look at the tags of a repository, by tag. An error comes
	// with what could be read all the same.
	History(repo model.Ref) (map[string]model.Timeline, error)
	// Timeline is every look at one tag, and quicker.
	Timeline(ref model.Ref) (model.Timeline, error)
}
