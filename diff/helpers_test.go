package diff

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// layer is a layer of a test image: its content and its packing.
type layer struct {
	content, packing string
	size             int64
}

var nothing = layer{content: "(nothing)"}

func files(content string) layer        { return layer{content: content, size: 1000} }
func (l layer) packed(how string) layer { l.packing = how; return l }
func (l layer) sized(bytes int64) layer { l.size = bytes; return l }
func (l layer) diffID() digest.Digest {
	if l.content == nothing.content {
		return model.EmptyTar
	}
	return digest.FromString("content " + l.content)
}

func (l layer) descriptor() v1.Descriptor {
	d := digest.FromString("blob " + l.content + l.packing)
	switch {
	case l.content == nothing.content && l.packing == "":
		d = model.EmptyGzipGo18
	case l.content == nothing.content && l.packing == "old":
		d = model.EmptyGzipGo17
	}
	size := l.size
	if l.content == nothing.content {
		size = 32
	}
	return v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: d, Size: size}
}

// step is one line of the Dockerfile of a test image; without a layer it
// changes a setting.
type step struct {
	text    string
	layer   *layer
	comment string
	created string // RFC 3339
	author  string
}

func does(text string, l layer) step { return step{text: text, layer: &l} }
func sets(text string) step          { return step{text: text} }

// ofFile is an image whose root was given the same files in every build. Its layer differs.
func ofFile(content string) build {
	return build{created: "2024-0" + content + "-01T10:00:00Z", steps: []step{
		does("/bin/sh -c #(nop) ADD file:"+strings.Repeat("a", 64)+" in / ", files("root "+content)).at("2024-0" + content + "-01T10:00:00Z"),
		sets(`CMD ["sh"]`), does("COPY app /", files("app")).at("2024-05-01T10:00:00Z"),
	}}
}

func (s step) noted(comment string) step { s.comment = comment; return s }
func (s step) at(date string) step       { s.created = date; return s }

// build is a test image.
type build struct {
	os, arch, variant string
	config            map[string]any
	created           string
	steps             []step
	extra             map[string]any // members of the manifest
	more              map[string]any // members of the config document
}

func (b build) image(t testing.TB) model.Image {
	t.Helper()
	rawManifest, rawConfig := b.raw(t)
	return parseImage(t, rawManifest, rawConfig)
}

func (b build) raw(t testing.TB) (manifest, config []byte) {
	t.Helper()
	diffIDs, layers, history := []digest.Digest{}, []v1.Descriptor{}, []v1.History{}
	for _, s := range b.steps {
		h := v1.History{CreatedBy: s.text, EmptyLayer: s.layer == nil, Comment: s.comment, Author: s.author}
		if s.created != "" {
			at, err := time.Parse(time.RFC3339, s.created)
			if err != nil {
				t.Fatal(err)
			}
			h.Created = &at
		}
		if s.layer != nil {
			diffIDs, layers = append(diffIDs, s.layer.diffID()), append(layers, s.layer.descriptor())
		}
		history = append(history, h)
	}
	c := map[string]any{
		"os": orElse(b.os, "linux"), "architecture": orElse(b.arch, "amd64"),
		"config": b.config, "history": history, "rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs},
	}
	if b.variant != "" {
		c["variant"] = b.variant
	}
	if b.created != "" {
		c["created"] = b.created
	}
	for k, v := range b.more {
		c[k] = v
	}
	config = mustJSON(t, c)
	m := map[string]any{
		"schemaVersion": 2, "mediaType": v1.MediaTypeImageManifest, "layers": layers,
		"config": v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: digest.FromBytes(config), Size: int64(len(config))},
	}
	for k, v := range b.extra {
		m[k] = v
	}
	return mustJSON(t, m), config
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parseImage(t testing.TB, manifest, config []byte) model.Image {
	t.Helper()
	m, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(manifest), Raw: manifest})
	if err != nil {
		t.Fatal(err)
	}
	if m.Kind == model.KindSchema1 {
		return model.Schema1Image(m)
	}
	c, err := model.ParseConfig(model.Document{Digest: digest.FromBytes(config), Raw: config})
	if err != nil {
		t.Fatal(err)
	}
	return model.NewImage(m, c)
}

// single is the artifact of an image without an index.
func single(tag string, img model.Image) model.Artifact {
	return model.Artifact{
		Ref: ref(tag), Top: img.Manifest, Done: true,
		Entries: []model.Entry{{
			Descriptor: v1.Descriptor{Digest: img.Manifest.Digest, MediaType: img.Manifest.MediaType}, Role: model.RoleImage, Image: &img,
		}},
	}
}

func ref(tag string) model.Ref {
	return model.Ref{Registry: "localhost:5000", Repository: "app", Tag: tag}
}

// entry is a child of an index, with the platform of its config.
func entry(img model.Image) model.Entry {
	p := img.Platform()
	return model.Entry{
		Descriptor: v1.Descriptor{Digest: img.Manifest.Digest, MediaType: v1.MediaTypeImageManifest, Platform: &p},
		Role:       model.RoleImage, Image: &img,
	}
}

func labelled(e model.Entry, os, arch, variant string) model.Entry {
	e.Descriptor.Platform = &v1.Platform{OS: os, Architecture: arch, Variant: variant}
	return e
}

func pending(e model.Entry) model.Entry { e.Image = nil; return e }

func receipt(of model.Entry) model.Entry {
	return model.Entry{
		Role: model.RoleAttestation, Subject: of.Descriptor.Digest,
		Descriptor: v1.Descriptor{
			Digest: digest.FromString("receipt of " + string(of.Descriptor.Digest)), MediaType: v1.MediaTypeImageManifest,
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{model.AnnotationReferenceType: model.AttestationType},
		},
	}
}

// unmarked is an entry with platform unknown/unknown and no annotation.
func unmarked(e model.Entry) model.Entry {
	e = labelled(e, "unknown", "unknown", "")
	e.Descriptor.Annotations, e.Role, e.Image, e.Subject = nil, model.RoleUnknown, nil, ""
	return e
}

func index(t testing.TB, tag string, entries ...model.Entry) model.Artifact {
	t.Helper()
	var children []v1.Descriptor
	for _, e := range entries {
		children = append(children, e.Descriptor)
	}
	raw := mustJSON(t, map[string]any{"schemaVersion": 2, "mediaType": v1.MediaTypeImageIndex, "manifests": children})
	top, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: v1.MediaTypeImageIndex, Raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	return model.Artifact{Ref: ref(tag), Top: top, Entries: entries, Done: true}
}

// captured is an image of the retag fixtures, as stored or as translated to
// schema1.
func captured(t testing.TB, tag, format string) model.Artifact {
	t.Helper()
	manifest := fixture(t, tag+"."+format+".json")
	img := parseImage(t, manifest, fixture(t, "config-a694bf29e765.json"))
	a := single(tag, img)
	a.Ref = model.Ref{Registry: "localhost:5000", Repository: "svc", Tag: tag}
	return a
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "retag", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func doc(raw []byte) model.Document {
	return model.Document{Digest: digest.FromBytes(raw), Raw: raw}
}
