// Package fakereg has registries and a journal in memory, for tests of screens. For
// registries with HTTP see registry/demo and the tests in ui/e2e.
package fakereg

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/inside"
)

// Images is a registry of complete images.
type Images struct {
	RepoNames, TagNames []string
	ByTag               map[string]model.Artifact
	Heads               map[string]digest.Digest          // digest of a tag after it was read; "" if it is deleted
	Layers              map[digest.Digest]model.Contents  // contents of small layers
	Insides             map[digest.Digest]*inside.Layer   // lists of the files in layers; a layer that is not there is missing
	Known               map[digest.Digest]bool            // layers whose lists cost nothing, of those in Insides
	Tables              map[digest.Digest]*inside.Layer   // lists in tables of contents, where those are asked for
	TableErrs           map[digest.Digest]error           // why tables of contents cannot be read
	Files               map[inside.Hash][]byte            // contents of files by their hashes
	Blobs               map[digest.Digest]model.BlobState // answers of CheckBlobs; a blob that is not there exists
	Err                 error                             // of Repositories and Tags
	Peeks               *int                              // counts calls of Peek; may be nil
}

// Repositories passes RepoNames to page.
func (f Images) Repositories(_ context.Context, _ string, page func([]string)) error {
	page(f.RepoNames)
	return f.Err
}

// Tags passes TagNames to page, 1000 at a time.
func (f Images) Tags(_ context.Context, _ model.Ref, page func([]string)) error {
	for i := 0; i < len(f.TagNames); i += 1000 {
		page(f.TagNames[i:min(i+1000, len(f.TagNames))])
	}
	return f.Err
}

// Peek returns what a list shows of a tag.
func (f Images) Peek(_ context.Context, ref model.Ref) (model.TagInfo, error) {
	if f.Peeks != nil {
		*f.Peeks++
	}
	a, ok := f.ByTag[ref.Tag]
	if !ok {
		return model.TagInfo{}, &model.ReadError{Message: "no such tag", Next: "look again"}
	}
	info := model.TagInfo{Ref: ref, Digest: a.Digest(), Kind: a.Top.Kind, Platforms: []string{"linux/amd64"}, Size: 42}
	if img := a.Entries[0].Image; img != nil {
		info.Stack = img.Stack()
	}
	return info, nil
}

// Load passes an image to arrived without its config and then with it.
func (f Images) Load(_ context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error) {
	a, ok := f.ByTag[ref.Tag]
	if !ok {
		return a, &model.ReadError{Message: "there is no " + ref.String(), Next: "check the name", Missing: true}
	}
	a.Ref = ref
	partial := a
	partial.Done, partial.Entries = false, nil
	for _, e := range a.Entries {
		partial.Entries = append(partial.Entries, model.Entry{Descriptor: e.Descriptor, Role: e.Role})
	}
	arrived(partial)
	arrived(a)
	return a, nil
}

// Head returns the digest of a tag, from Heads or else from ByTag.
func (f Images) Head(_ context.Context, ref model.Ref) (digest.Digest, error) {
	d, ok := f.Heads[ref.Tag]
	if !ok {
		d = f.ByTag[ref.Tag].Digest()
	}
	if d == "" {
		return "", &model.ReadError{Message: "there is no " + ref.String(), Missing: true}
	}
	return d, nil
}

// Resolve is Head for many tags.
func (f Images) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	return resolve(ctx, f.Head, repo, tags, found)
}

// Children returns nothing: there is no index.
func (f Images) Children(context.Context, model.Ref) ([]v1.Descriptor, error) { return nil, nil }

// Contents returns the contents of layers that Layers has.
func (f Images) Contents(_ context.Context, _ model.Ref, layers []model.LayerPart) (map[digest.Digest]model.Contents, error) {
	contents := map[digest.Digest]model.Contents{}
	for _, d := range layers {
		if c, ok := f.Layers[d.Digest]; ok {
			contents[d.Digest] = c
		}
	}
	return contents, nil
}

// ReadLayers answers with Insides: a state with half of the layer, and then the whole.
func (f Images) ReadLayers(ctx context.Context, reads []model.LayerRead, progress func(model.LayerState)) model.LayerStates {
	last := model.LayerStates{}
	for _, read := range reads {
		if read.OnlyKnown && !f.Known[read.Layer.Digest] {
			continue
		}
		s := model.LayerState{Digest: read.Layer.Digest, Layer: f.Insides[read.Layer.Digest]}
		if read.TOC {
			s.Layer = f.Tables[read.Layer.Digest]
		}
		if read.Packages && s.Layer != nil {
			with := *s.Layer
			with.HasRecords, with.Opened, s.Layer = true, read.Programs, &with
		}
		switch {
		case read.TOC && f.TableErrs[read.Layer.Digest] != nil:
			s.Layer, s.Err = nil, f.TableErrs[read.Layer.Digest]
		case read.TOC && s.Layer != nil && read.MaxTOC > 0 && s.Layer.Packed > read.MaxTOC:
			s.Layer, s.Err = nil, &model.TOCSizeError{Size: s.Layer.Packed}
		case ctx.Err() != nil:
			s.Layer, s.Err = nil, &model.ReadError{Message: "cancelled", Err: ctx.Err()}
		case s.Layer == nil:
			s.Err = &model.ReadError{Message: "there is no layer " + model.ShortDigest(s.Digest), Missing: true}
		}
		s = s.WithCounts()
		if progress != nil {
			if s.Layer != nil {
				progress(model.LayerState{Digest: s.Digest, Packed: s.Packed / 2, Entries: s.Entries / 2})
			}
			progress(s)
		}
		last[s.Digest] = s
	}
	return last
}

// LineCounts knows nothing.
func (f Images) LineCounts(_, _ digest.Digest) inside.LineCounts { return nil }

// KeepLineCounts keeps nothing.
func (f Images) KeepLineCounts(_, _ digest.Digest, _ inside.LineCounts) {}

// ReadFile answers with Files.
func (f Images) ReadFile(_ context.Context, _ model.Ref, layer v1.Descriptor, want inside.Entry, _ int64) (model.FileContent, error) {
	content, ok := f.Files[want.Sum]
	if !ok {
		return model.FileContent{}, &model.ReadError{Message: "layer " + model.ShortDigest(layer.Digest) + " has no such file"}
	}
	return model.FileContent{Bytes: content, Verified: true}, nil
}

// ExtractFile writes what ReadFile answers, after it has told a progress of half the layer.
func (f Images) ExtractFile(
	ctx context.Context, repo model.Ref, layer v1.Descriptor, want inside.Entry, path string, progress func(read int64),
) (written string, verified bool, err error) {
	progress(layer.Size / 2)
	got, err := f.ReadFile(ctx, repo, layer, want, want.Size)
	if err != nil {
		return "", false, err
	}
	to, err := files.CreateNew(path)
	if err != nil {
		return "", false, &model.ReadError{Message: path + " exists in this folder", Err: err}
	}
	if _, err := to.Write(got.Bytes); err != nil {
		to.Discard()
		return "", false, err
	}
	written, err = to.Commit()
	return written, err == nil, err
}

// CheckBlobs answers with Blobs.
func (f Images) CheckBlobs(ctx context.Context, _ model.Ref, blobs []v1.Descriptor, checked func(model.BlobState)) error {
	for _, d := range blobs {
		s := f.Blobs[d.Digest]
		s.Digest = d.Digest
		checked(s)
	}
	return ctx.Err()
}

// ForgetLogins does nothing: there are no logins.
func (f Images) ForgetLogins(string) {}

// Traffic returns the zero Traffic.
func (f Images) Traffic() model.Traffic { return model.Traffic{} }

// Retag returns a registry with the captured incident: the tags testing and prod of one repository.
func Retag(t testing.TB) Images {
	t.Helper()
	images := map[string]model.Artifact{}
	for _, tag := range []string{"testing", "prod"} {
		images[tag] = Captured(t, tag)
	}
	return Images{RepoNames: []string{"app"}, TagNames: []string{"testing", "prod"}, ByTag: images}
}

// Captured returns one image of that incident.
func Captured(t testing.TB, tag string) model.Artifact {
	t.Helper()
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join(moduleRoot(t), "testdata", "retag", name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	raw, conf := read(tag+".schema2.json"), read("config-a694bf29e765.json")
	m, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: model.MediaTypeDockerManifest, Raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	c, err := model.ParseConfig(model.Document{Digest: digest.FromBytes(conf), Raw: conf})
	if err != nil {
		t.Fatal(err)
	}
	img := model.NewImage(m, c)
	return model.Artifact{Top: m, Done: true, Entries: []model.Entry{{
		Descriptor: v1.Descriptor{Digest: m.Digest, MediaType: m.MediaType}, Role: model.RoleImage, Image: &img,
	}}}
}

// Labelled is an image that an index lists under a platform.
type Labelled struct {
	Platform v1.Platform
	Image    model.Artifact
}

// Index returns an index of images.
func Index(t testing.TB, images ...Labelled) model.Artifact {
	t.Helper()
	a := model.Artifact{Done: true}
	list := v1.Index{MediaType: v1.MediaTypeImageIndex}
	list.SchemaVersion = 2
	for _, i := range images {
		e := i.Image.Entries[0]
		e.Descriptor.Platform = &i.Platform
		a.Entries = append(a.Entries, e)
		list.Manifests = append(list.Manifests, e.Descriptor)
	}
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	a.Top, err = model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: list.MediaType, Raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// moduleRoot returns the folder of go.mod. Tests run in the folder of their package.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("there is no go.mod above the test")
		}
		dir = up
	}
}

// Ref parses a reference.
func Ref(t testing.TB, s string) model.Ref {
	t.Helper()
	r, err := model.ParseRef(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
