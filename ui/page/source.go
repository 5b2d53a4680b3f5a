package page

import (
	"context"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
)

// Registry is what the screens read from registries. Every call can take long, returns
// soon after its context is cancelled, and runs only in commands. An error is a
// *model.ReadError if the user can do something about it.
type Registry interface {
	// Repositories calls page with the names of the repositories of a registry as they
	// arrive, without duplicates. page is called from one goroutine.
	Repositories(ctx context.Context, host string, page func(names []string)) error
	// Tags does the same for the tags of a repository.
	Tags(ctx context.Context, repo model.Ref, page func(tags []string)) error
	// Peek reads only what a list shows about a tag.
	Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error)
	// Load reads the artifact of ref, breadth first and by digest. It calls arrived with
	// each new state, from one goroutine, and returns the last state. An error means
	// that not even the top manifest could be read.
	Load(ctx context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error)
	// Contents reads small layers of a repository and returns what they unpack to, by
	// blob digest. Layers that cannot be read are left out, except missing ones.
	Contents(ctx context.Context, repo model.Ref, layers []model.LayerPart) (map[digest.Digest]model.Contents, error)
	// ReadLayers reads whole layers and lists their files. It calls progress with the states of each
	// layer, from one goroutine, and returns the last ones by blob digest, each with a list or an
	// error. progress may be nil.
	ReadLayers(ctx context.Context, reads []model.LayerRead, progress func(model.LayerState)) model.LayerStates
	// LineCounts returns how the lines of texts in two layers differ, as KeepLineCounts got it in this or
	// an earlier run, nil if that is not known. Both are for commands.
	LineCounts(a, b digest.Digest) inside.LineCounts
	KeepLineCounts(a, b digest.Digest, counts inside.LineCounts)
	// ReadFile reads the content of one file of a layer, up to limit bytes. want is its entry in the
	// list of the layer.
	ReadFile(ctx context.Context, repo model.Ref, layer v1.Descriptor, want inside.Entry, limit int64) (model.FileContent, error)
	// ExtractFile writes one file of a layer to a new file on disk, and removes it after an error. progress
	// is called with the bytes of the layer that were read. verified says that the content has the hash of
	// its entry.
	ExtractFile(
		ctx context.Context, repo model.Ref, layer v1.Descriptor, want inside.Entry, path string, progress func(read int64),
	) (written string, verified bool, err error)
	// CheckBlobs asks whether a repository has blobs. It calls checked with each answer,
	// one at a time; each digest is asked for once.
	CheckBlobs(ctx context.Context, repo model.Ref, blobs []v1.Descriptor, checked func(model.BlobState)) error
	// Head returns the current digest of a tag.
	Head(ctx context.Context, ref model.Ref) (digest.Digest, error)
	// Resolve reads the digests of tags: one HEAD request each, many at once, in the
	// given order. It calls found with batches of answers, from one goroutine. A tag
	// that cannot be read has its error in the batch. An error of Resolve means that it
	// stopped, because the other tags would fail in the same way.
	Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error
	// Children returns the entries of the index at a digest, nil if it is not an index.
	Children(ctx context.Context, ref model.Ref) ([]v1.Descriptor, error)
	// ForgetLogins makes the next requests to a registry read the logins again. It does not block.
	ForgetLogins(registry string)
	// Traffic returns the cost of all calls so far. It does not block.
	Traffic() model.Traffic
}

// Journal is the recorded history of tags. Its methods may access the disk.
type Journal interface {
	// History returns all sightings of the tags of a repository, by tag. With an error
	// it still returns what could be read.
	History(repo model.Ref) (map[string]model.Timeline, error)
	// Timeline returns all sightings of one tag. It is faster than History.
	Timeline(ref model.Ref) (model.Timeline, error)
}

// Places stores the places that the user visited, newest first. Both methods may access
// the disk.
type Places interface {
	Recent() []string
	Remember(place string)
}

// Env holds what pages need to create commands and other pages.
type Env struct {
	Context  context.Context
	Registry Registry
	Places   Places
	Journal  Journal
	Hosts    func() []string
	OwnHosts []string // registries that the user wants on the home page
	TagOrder string   // first order of a list of tags, one of TagOrders; "" for the usual one
	Platform string
	// MaxExtract limits the size of a file that is written to disk, 0 for the usual limit.
	MaxExtract int64
	Inside     bool          // read the layers that differ without asking, and show their files first
	Packages   bool          // read the layers that the packages need, and show the packages first
	Crane      string        // the crane command of shell commands, with its flags
	Recheck    time.Duration // interval between checks of the tags on screen
	Now        func() time.Time
	// Lists are how lists of tags were sorted and filtered when they were last changed, by repository. Only the
	// root changes it.
	Lists map[model.Ref]any
}
