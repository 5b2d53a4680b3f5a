package journal

import (
	"context"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
)

// Source reads registries for screens and reports, see page.Registry.
type Source interface {
	Repositories(ctx context.Context, host string, page func(names []string)) error
	Tags(ctx context.Context, repo model.Ref, page func(tags []string)) error
	Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error)
	Load(ctx context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error)
	Contents(ctx context.Context, repo model.Ref, layers []model.LayerPart) (map[digest.Digest]model.Contents, error)
	ReadLayers(ctx context.Context, reads []model.LayerRead, progress func(model.LayerState)) model.LayerStates
	LineCounts(a, b digest.Digest) inside.LineCounts
	KeepLineCounts(a, b digest.Digest, counts inside.LineCounts)
	ReadFile(ctx context.Context, repo model.Ref, layer v1.Descriptor, want inside.Entry, limit int64) (model.FileContent, error)
	ExtractFile(
		ctx context.Context, repo model.Ref, layer v1.Descriptor, want inside.Entry, path string, progress func(read int64),
	) (written string, verified bool, err error)
	CheckBlobs(ctx context.Context, repo model.Ref, blobs []v1.Descriptor, checked func(model.BlobState)) error
	Head(ctx context.Context, ref model.Ref) (digest.Digest, error)
	Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error
	Children(ctx context.Context, ref model.Ref) ([]v1.Descriptor, error)
	ForgetLogins(registry string)
	Traffic() model.Traffic
}

// Registry is a Source that records every observation of a tag in a journal. It
// resolves a tag at a moment to the digest that the journal has for it.
type Registry struct {
	Source
	Journal *Journal // nil records nothing
}

// Peek calls Source.Peek and records the digest.
func (r Registry) Peek(ctx context.Context, ref model.Ref) (model.TagInfo, error) {
	if ref.At != "" {
		return atMoment(r, ref, func(at model.Ref) (model.TagInfo, error) {
			info, err := r.Source.Peek(ctx, at)
			info.Ref = ref
			return info, err
		})
	}
	at := time.Now()
	info, err := r.Source.Peek(ctx, ref)
	r.note(ref, Record{Digest: info.Digest, MediaType: info.MediaType, Created: info.Created, At: at})
	return info, err
}

// Load calls Source.Load and records the digest. The artifact of a tag at a moment
// has a Ref with tag, moment and digest.
func (r Registry) Load(ctx context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error) {
	if arrived == nil {
		arrived = func(model.Artifact) {}
	}
	if ref.At != "" {
		return atMoment(r, ref, func(at model.Ref) (model.Artifact, error) {
			named := func(a model.Artifact) model.Artifact {
				a.Ref = ref
				a.Ref.Digest = at.Digest
				return a
			}
			a, err := r.Source.Load(ctx, at, func(a model.Artifact) { arrived(named(a)) })
			return named(a), err
		})
	}
	var last model.Artifact
	var at time.Time
	a, err := r.Source.Load(ctx, ref, func(a model.Artifact) {
		if last = a; at.IsZero() {
			at = time.Now()
		}
		arrived(a)
	})
	r.note(ref, Record{Digest: last.Digest(), MediaType: last.Top.MediaType, Created: last.Created(), At: at})
	return a, err
}

// Head calls Source.Head and records the digest. A tag at a moment needs no request:
// its digest never changes.
func (r Registry) Head(ctx context.Context, ref model.Ref) (digest.Digest, error) {
	if ref.At != "" {
		return atMoment(r, ref, func(at model.Ref) (digest.Digest, error) { return at.Digest, nil })
	}
	at := time.Now()
	d, err := r.Source.Head(ctx, ref)
	r.note(ref, Record{Digest: d, At: at})
	return d, err
}

// Resolve calls Source.Resolve and records the digests.
func (r Registry) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	return r.Source.Resolve(ctx, repo, tags, func(batch []model.Tagged) {
		r.noteAll(repo, batch)
		found(batch)
	})
}

func (r Registry) noteAll(repo model.Ref, batch []model.Tagged) {
	at := time.Now()
	records := make([]Record, 0, len(batch))
	for _, t := range batch {
		if t.Err == nil {
			records = append(records, Record{Tag: t.Tag, Digest: t.Digest, MediaType: t.MediaType, At: at})
		}
	}
	r.Journal.Record(repo, records)
}

// note records an observation, if ref is a tag.
func (r Registry) note(ref model.Ref, record Record) {
	if ref.Tag == "" || ref.Digest != "" || record.Digest == "" {
		return
	}
	record.Tag = ref.Tag
	r.Journal.Record(ref.Repo(), []Record{record})
}
