package model

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

var captures = []string{"testing.schema1.json", "testing.schema2.json", "prod.schema1.json", "prod.schema2.json", "published.json"}

func FuzzParseManifest(f *testing.F) {
	for _, name := range captures {
		f.Add(fixture(f, filepath.Base(name)), "")
	}
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"digest":"sha256:x","size":-1}]}`), MediaTypeDockerList)
	f.Add([]byte(`{"schemaVersion":2,"config":{},"layers":[{}]}`), MediaTypeDockerManifest)
	f.Fuzz(func(t *testing.T, raw []byte, mediaType string) {
		doc := document(raw)
		doc.MediaType = mediaType
		m, err := ParseManifest(doc)
		if err != nil {
			return
		}
		for _, d := range m.descriptors() {
			if d.Digest.Validate() != nil || d.Size < 0 {
				t.Fatalf("%+v is accepted", d)
			}
		}
		if m.Kind == KindSchema1 {
			checkSteps(t, Schema1Image(m), nil, len(m.Schema1.Rows))
		}
	})
}

func FuzzParseConfig(f *testing.F) {
	config := fixture(f, "config-a694bf29e765.json")
	manifest := fixture(f, "prod.schema2.json")
	f.Add(manifest, config)
	f.Add(manifest, []byte(`{"created":"no date","rootfs":{"diff_ids":[]},"history":[{},{"empty_layer":true}]}`))
	f.Fuzz(func(t *testing.T, rawManifest, rawConfig []byte) {
		c, err := ParseConfig(document(rawConfig))
		if err != nil {
			return
		}
		m, err := ParseManifest(document(rawManifest))
		if err != nil {
			return
		}
		img := NewImage(m, c)
		layers := max(len(m.Layers), len(c.RootFS.DiffIDs))
		checkSteps(t, img, nil, 0)
		with := 0
		for i, s := range img.Steps {
			if s.HasLayer {
				with++
			}
			if slices.Contains(img.Twins(i), i) {
				t.Fatalf("step %d is its own twin", i)
			}
		}
		if with != layers {
			t.Fatalf("%d steps have a layer, there are %d", with, layers)
		}
		if _, err := ComputeSchema1(img); err == nil && img.Counts != nil {
			t.Fatal("a view of an image with wrong counts")
		}
		img.Created()
		PlatformName(img.Platform())
	})
}

// checkSteps checks that steps are numbered in order, and that there are n if n
// is given.
func checkSteps(t *testing.T, img Image, err error, n int) {
	t.Helper()
	if err != nil {
		return
	}
	if n > 0 && len(img.Steps) != n {
		t.Fatalf("%d steps, want %d", len(img.Steps), n)
	}
	for i, s := range img.Steps {
		if s.Index != i {
			t.Fatalf("step %d has index %d", i, s.Index)
		}
	}
}

// TestParseManifest_cosignSignature checks that a signature, which cosign
// pushes with the config media type of an image, is not an image.
func TestParseManifest_cosignSignature(t *testing.T) {
	const d = `"sha256:4db522e17a5f1bd5a493027fcde26887fdf3237f6db947218274b6a8d6d963e2"`
	for layer, want := range map[string]Kind{
		"application/vnd.dev.cosign.simplesigning.v1+json": KindOther,
		"application/vnd.oci.image.layer.v1.tar+gzip":      KindImage,
		"application/octet-stream":                         KindImage,
	} {
		raw := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
			"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":` + d + `,"size":2},
			"layers":[{"mediaType":"` + layer + `","digest":` + d + `,"size":2}]}`
		m, err := ParseManifest(Document{Raw: []byte(raw)})
		if err != nil || m.Kind != want {
			t.Errorf("%s makes it %q (%v), want %q", layer, m.Kind, err, want)
		}
		if want == KindOther && m.ArtifactType != layer {
			t.Errorf("it calls itself %q", m.ArtifactType)
		}
	}
}

// TestParseManifest_artifactType checks that an image with an artifactType is an image, by the
// media types of config and layers, and that an SBOM, a model or a manifest without a config is not.
func TestParseManifest_artifactType(t *testing.T) {
	const (
		config = "application/vnd.oci.image.config.v1+json"
		layer  = "application/vnd.oci.image.layer.v1.tar+gzip"
		some   = "sha256:4db522e17a5f1bd5a493027fcde26887fdf3237f6db947218274b6a8d6d963e2"
	)
	for name, tt := range map[string]struct {
		config, digest, layer string
		want                  Kind
	}{
		"an image":                 {config, some, layer, KindImage},
		"Docker's types":           {MediaTypeDockerConfig, some, "application/vnd.docker.image.rootfs.diff.tar.gzip", KindImage},
		"an SBOM":                  {config, some, "application/spdx+json", KindOther},
		"a model":                  {config, some, "application/vnd.cncf.model.weight.v1.tar", KindOther},
		"a chart, packed":          {"application/vnd.cncf.helm.config.v1+json", some, layer, KindOther},
		"the empty config":         {"application/vnd.oci.empty.v1+json", some, layer, KindOther},
		"empty under a false type": {config, v1.DescriptorEmptyJSON.Digest.String(), layer, KindOther},
	} {
		raw := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x",
			"config":{"mediaType":"` + tt.config + `","digest":"` + tt.digest + `","size":2},
			"layers":[{"mediaType":"` + tt.layer + `","digest":"` + some + `","size":2}]}`
		if m, err := ParseManifest(Document{Raw: []byte(raw)}); err != nil || m.Kind != tt.want || m.ArtifactType != "application/x" {
			t.Errorf("%s is %q of type %q (%v), want %q", name, m.Kind, m.ArtifactType, err, tt.want)
		}
	}
}

// TestRoleOf_attestation: clients choose an entry by its platform, so that an annotation does not make an
// attestation of what is listed for one.
func TestRoleOf_attestation(t *testing.T) {
	annotations := map[string]string{AnnotationReferenceType: AttestationType}
	for name, tt := range map[string]struct {
		platform *v1.Platform
		want     Role
	}{
		"without a platform":      {nil, RoleAttestation},
		"for an unknown platform": {&v1.Platform{OS: "unknown", Architecture: "unknown"}, RoleAttestation},
		"for a platform":          {&v1.Platform{OS: "linux", Architecture: "arm64"}, RoleImage},
	} {
		d := v1.Descriptor{MediaType: v1.MediaTypeImageManifest, Platform: tt.platform, Annotations: annotations}
		if role, _ := RoleOf(d); role != tt.want {
			t.Errorf("%s: %s, want %s", name, role, tt.want)
		}
	}
}

// TestNewImage_emptyClaim: a layer that is too large for an archive without files is not one, though the
// config claims it.
func TestNewImage_emptyClaim(t *testing.T) {
	for size, want := range map[int64]bool{32: true, 10240: true, 100_000: false} {
		m := Manifest{Layers: []v1.Descriptor{{Digest: digest.FromString("x"), Size: size}}}
		c := Config{}
		c.RootFS.DiffIDs = []digest.Digest{EmptyTar}
		if img := NewImage(m, c); img.Steps[0].Empty != want {
			t.Errorf("%d bytes: empty %t, want %t", size, img.Steps[0].Empty, want)
		}
	}
}
