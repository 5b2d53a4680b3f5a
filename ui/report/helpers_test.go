package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// step is one line of a test image's Dockerfile; files is "" for a setting.
type step struct {
	text, files, packing string
	size                 int64
}

func image(t *testing.T, arch string, config map[string]any, steps ...step) model.Image {
	t.Helper()
	var diffIDs []digest.Digest
	layers, history := []v1.Descriptor{}, []v1.History{}
	for _, s := range steps {
		history = append(history, v1.History{CreatedBy: s.text, EmptyLayer: s.files == ""})
		if s.files == "" {
			continue
		}
		diffIDs = append(diffIDs, digest.FromString(s.files))
		layers = append(layers, v1.Descriptor{
			MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.FromString("packed " + s.packing + s.files), Size: s.size,
		})
	}
	c := encode(t, map[string]any{
		"os": "linux", "architecture": arch, "config": config, "history": history,
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs},
	})
	m := encode(t, map[string]any{
		"schemaVersion": 2, "mediaType": model.MediaTypeDockerManifest, "layers": layers,
		"config": v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: digest.FromBytes(c), Size: int64(len(c))},
	})
	return parse(t, m, c)
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t *testing.T, manifest, config []byte) model.Image {
	t.Helper()
	m, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(manifest), MediaType: model.MediaTypeDockerManifest, Raw: manifest})
	if err != nil {
		t.Fatal(err)
	}
	c, err := model.ParseConfig(model.Document{Digest: digest.FromBytes(config), Raw: config})
	if err != nil {
		t.Fatal(err)
	}
	return model.NewImage(m, c)
}

func single(ref string, img model.Image) model.Artifact {
	r, err := model.ParseRef(ref)
	if err != nil {
		panic(err)
	}
	d := v1.Descriptor{Digest: img.Manifest.Digest, MediaType: img.Manifest.MediaType}
	return model.Artifact{Ref: r, Top: img.Manifest, Done: true, Entries: []model.Entry{{Descriptor: d, Role: model.RoleImage, Image: &img}}}
}

func index(t *testing.T, ref string, images ...model.Image) model.Artifact {
	t.Helper()
	r, err := model.ParseRef(ref)
	if err != nil {
		t.Fatal(err)
	}
	a := model.Artifact{Ref: r, Done: true}
	var children []v1.Descriptor
	for _, img := range images {
		p := img.Platform()
		d := v1.Descriptor{Digest: img.Manifest.Digest, MediaType: v1.MediaTypeImageManifest, Platform: &p}
		children = append(children, d)
		a.Entries = append(a.Entries, model.Entry{Descriptor: d, Role: model.RoleImage, Image: &img})
	}
	raw := encode(t, map[string]any{"schemaVersion": 2, "mediaType": v1.MediaTypeImageIndex, "manifests": children})
	a.Top, err = model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: v1.MediaTypeImageIndex, Raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// artifact is a model that is attached to an image.
func artifact(t *testing.T, ref string) model.Artifact {
	t.Helper()
	a := single(ref, model.Image{})
	raw := encode(t, map[string]any{
		"schemaVersion": 2, "config": v1.Descriptor{MediaType: "application/vnd.cncf.model.config.v1+json", Digest: digest.FromString("config"), Size: 291},
		"layers": []v1.Descriptor{{
			MediaType: "application/vnd.cncf.model.weight.v1.tar", Digest: digest.FromString("weights"), Size: 4_000_000,
			Annotations: map[string]string{v1.AnnotationTitle: "model.gguf"},
		}},
		"subject": v1.Descriptor{MediaType: v1.MediaTypeImageManifest, Digest: digest.FromString("image"), Size: 700},
	})
	var err error
	if a.Top, err = model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: v1.MediaTypeImageManifest, Raw: raw}); err != nil {
		t.Fatal(err)
	}
	a.Entries[0] = model.Entry{Descriptor: v1.Descriptor{Digest: a.Top.Digest, MediaType: a.Top.MediaType}, Role: model.RoleArtifact, Artifact: &a.Top}
	return a
}

// captured is a tag of the retag fixtures.
func captured(t *testing.T, tag string) model.Artifact {
	t.Helper()
	read := func(name string) []byte {
		raw, err := os.ReadFile(filepath.Join("..", "..", "testdata", "retag", name))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	return single("localhost:5000/svc:"+tag, parse(t, read(tag+".schema2.json"), read("config-a694bf29e765.json")))
}
