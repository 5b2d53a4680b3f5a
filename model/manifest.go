// Package model holds the content of a registry as plain values: references,
// manifests, indexes, images with their steps, the schema1 view. It parses
// bytes into values and knows neither the network nor the screen.
package model

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// Media types of Docker's formats; those of OCI are in image-spec.
const (
	MediaTypeDockerManifest  = "application/vnd.docker.distribution.manifest.v2+json"
	MediaTypeDockerList      = "application/vnd.docker.distribution.manifest.list.v2+json"
	MediaTypeDockerConfig    = "application/vnd.docker.container.image.v1+json"
	MediaTypeSchema1         = "application/vnd.docker.distribution.manifest.v1+json"
	MediaTypeSchema1Signed   = "application/vnd.docker.distribution.manifest.v1+prettyjws"
	mediaTypeOCIArtifact     = "application/vnd.oci.artifact.manifest.v1+json"
	AttestationType          = "attestation-manifest"
	AnnotationReferenceType  = "vnd.docker.reference.type"
	annotationReferenceAbout = "vnd.docker.reference.digest"
)

// Limits for untrusted documents. Real images stay far below them: runtimes stack
// at most 127 layers, and the largest indexes list some dozens of images.
const (
	MaxLayers   = 2_000
	MaxChildren = 2_000
	MaxHistory  = 10_000
	MaxTotal    = 1 << 50 // bytes: sum of the sizes in all descriptors of a manifest
)

// Kind is the kind of a manifest. The values are used in the JSON report.
type Kind string

// The kinds of manifest. KindOther is an artifact or an unknown media type.
const (
	KindImage   Kind = "image"
	KindIndex   Kind = "index"
	KindSchema1 Kind = "schema1"
	KindOther   Kind = "other"
)

// Document is the bytes of a manifest or config, with the digest they were
// verified against.
type Document struct {
	Digest    digest.Digest
	MediaType string
	Raw       []byte
}

// Manifest is a parsed manifest of any kind.
type Manifest struct {
	Document
	Kind         Kind
	ArtifactType string          // the artifactType; of an artifact without one, the media type of its config
	Config       v1.Descriptor   // KindImage and most of KindOther
	Layers       []v1.Descriptor // oldest first; KindSchema1 has no sizes
	Children     []v1.Descriptor // KindIndex
	Subject      *v1.Descriptor  // the manifest that this one is attached to (OCI referrers)
	Annotations  map[string]string
	Schema1      *Schema1 // KindSchema1
}

// manifestJSON is the union of the fields of all manifest formats except
// schema1.
type manifestJSON struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        *v1.Descriptor    `json:"config"`
	Layers        []v1.Descriptor   `json:"layers"`
	Manifests     []v1.Descriptor   `json:"manifests"`
	Blobs         []v1.Descriptor   `json:"blobs"`
	Subject       *v1.Descriptor    `json:"subject"`
	Annotations   map[string]string `json:"annotations"`
	FSLayers      json.RawMessage   `json:"fsLayers"`
}

// ParseManifest parses a manifest of any kind. It returns an error if the bytes
// do not fit their media type: not JSON, an invalid digest, a negative size,
// more entries than the limits allow.
func ParseManifest(doc Document) (Manifest, error) {
	m := Manifest{Document: doc, Kind: KindOther}
	if len(bytes.TrimSpace(doc.Raw)) == 0 {
		return m, errors.New("it is empty")
	}
	caseErr, err := checkJSON(doc.Raw, manifestShape)
	if err != nil {
		return m, err
	}
	var w manifestJSON
	if err := json.Unmarshal(doc.Raw, &w); err != nil {
		return m, PlainJSON(err)
	}
	m.MediaType = cmp.Or(doc.MediaType, w.MediaType)
	m.Kind = kindOf(m.MediaType, w)
	if caseErr != nil && m.Kind != KindSchema1 { // writers of schema1 used any case
		return m, caseErr
	}
	if err := w.checkKind(m.Kind); err != nil {
		return m, err
	}
	if w.isEmpty(m.Kind) {
		return m, errors.New("it has no config, no layers, no images and no artifact type")
	}
	if m.Kind == KindSchema1 {
		return parseSchema1Manifest(m)
	}
	m.Children, m.Layers, m.Subject, m.Annotations = w.Manifests, w.Layers, w.Subject, w.Annotations
	if len(w.Blobs) > 0 {
		m.Layers = w.Blobs
	}
	if w.Config != nil {
		m.Config = *w.Config
	}
	m.ArtifactType = w.ArtifactType
	if m.ArtifactType == "" && m.Kind == KindOther {
		m.ArtifactType = m.Config.MediaType
		if t := m.Config.MediaType; len(m.Layers) > 0 && (t == v1.MediaTypeImageConfig || t == MediaTypeDockerConfig) {
			m.ArtifactType = m.Layers[0].MediaType
		}
	}
	return m, m.check()
}

func kindOf(mediaType string, w manifestJSON) Kind {
	switch mediaType {
	case MediaTypeSchema1, MediaTypeSchema1Signed:
		return KindSchema1
	case v1.MediaTypeImageIndex, MediaTypeDockerList:
		return KindIndex
	case v1.MediaTypeImageManifest, MediaTypeDockerManifest:
		return imageOrArtifact(w)
	case mediaTypeOCIArtifact:
		return KindOther
	}
	switch {
	case w.SchemaVersion == 1 && w.FSLayers != nil:
		return KindSchema1
	case len(w.Manifests) > 0 && w.Config == nil:
		return KindIndex
	}
	return imageOrArtifact(w)
}

// checkKind refuses a manifest that is of two kinds at once. A client that goes
// by the media type and one that goes by the members would read two different
// images (CVE-2021-41190).
func (w manifestJSON) checkKind(k Kind) error {
	index, image := w.Manifests != nil, w.Layers != nil || w.Config != nil
	old := len(w.FSLayers) > 0 && string(w.FSLayers) != "null"
	switch {
	case index && image:
		return errors.New(`it is an image and an index at once: it has "manifests" beside "layers" or "config"`)
	case old && (index || image):
		return errors.New(`it has two formats at once: it has "fsLayers" beside members of another format`)
	case k == KindIndex && (image || old):
		return errors.New("it is an image with the media type of an index")
	case k != KindIndex && k != KindSchema1 && index:
		return errors.New("it is an index with the media type of an image")
	}
	return nil
}

// isEmpty reports whether a manifest has nothing that an image, an index or an artifact
// has. Writers in Go give an index without images null in place of a list.
func (w manifestJSON) isEmpty(k Kind) bool {
	return k != KindSchema1 && w.Config == nil && w.Layers == nil && w.Blobs == nil && w.Subject == nil && w.ArtifactType == "" &&
		w.Manifests == nil && (k != KindIndex || w.SchemaVersion != 2)
}

// imageOrArtifact separates images from charts, signatures and other artifacts
// that use the image manifest (image-spec, "Guidelines for Artifact Usage").
func imageOrArtifact(w manifestJSON) Kind {
	if w.Config == nil || w.ArtifactType != "" && !w.canRun() {
		return KindOther
	}
	isUsual := slices.Contains([]string{v1.MediaTypeImageConfig, MediaTypeDockerConfig, ""}, w.Config.MediaType)
	isOdd := slices.Contains(oddConfigTypes, w.Config.MediaType) && len(w.Layers) > 0 && !slices.ContainsFunc(w.Layers, isNotRootFS)
	if !isUsual && !isOdd {
		return KindOther
	}
	// Signatures of cosign use the config media type of an image.
	if len(w.Layers) > 0 && !slices.ContainsFunc(w.Layers, isLayer) {
		return KindOther
	}
	return KindImage
}

// canRun reports whether config and layers have the media types of an image. Such a manifest is
// an image whatever its artifactType: OCI 1.1 allows one on images, and runtimes ignore it.
func (w manifestJSON) canRun() bool {
	isConfig := w.Config.MediaType == v1.MediaTypeImageConfig || w.Config.MediaType == MediaTypeDockerConfig
	return isConfig && w.Config.Digest != v1.DescriptorEmptyJSON.Digest && len(w.Layers) > 0 && !slices.ContainsFunc(w.Layers, isNotRootFS)
}

// oddConfigTypes are media types that old clients wrote for the config of an image, and
// that Docker accepts (moby, distribution/registry.go, ImageTypes).
var oddConfigTypes = []string{"application/octet-stream", "application/json", "text/html"}

// HasOddConfigType reports whether an image has one of the media types for its config that
// only some clients accept.
func (m Manifest) HasOddConfigType() bool {
	return m.Kind == KindImage && slices.Contains(oddConfigTypes, m.Config.MediaType)
}

// IsAttestation reports whether a manifest holds only in-toto statements, as those that
// BuildKit attaches to an image.
func (m Manifest) IsAttestation() bool {
	isOther := func(d v1.Descriptor) bool { return !strings.HasPrefix(d.MediaType, "application/vnd.in-toto") }
	return len(m.Layers) > 0 && !slices.ContainsFunc(m.Layers, isOther)
}

// isNotRootFS reports whether a descriptor has another media type than those of the layers
// of a root filesystem.
func isNotRootFS(d v1.Descriptor) bool {
	return !strings.HasPrefix(d.MediaType, v1.MediaTypeImageLayer) && !strings.HasPrefix(d.MediaType, "application/vnd.docker.image.rootfs.")
}

// isLayer reports whether a descriptor can be a filesystem layer. Old clients
// wrote application/octet-stream (distribution#1771).
func isLayer(d v1.Descriptor) bool {
	return d.MediaType == "" || d.MediaType == "application/octet-stream" ||
		strings.Contains(d.MediaType, "tar") || strings.Contains(d.MediaType, "layer") || strings.Contains(d.MediaType, "rootfs")
}

// check verifies the limits and the descriptors of m. Client libraries skip
// verification for descriptors that fail these checks.
func (m Manifest) check() error {
	if len(m.Layers) > MaxLayers {
		return tooMany(len(m.Layers), "layers", MaxLayers)
	}
	if len(m.Children) > MaxChildren {
		return tooMany(len(m.Children), "entries", MaxChildren)
	}
	var total int64
	for _, d := range m.descriptors() {
		if err := d.Digest.Validate(); err != nil {
			return fmt.Errorf("it names an invalid digest %q", d.Digest)
		}
		if d.Size < 0 {
			return fmt.Errorf("it gives a size of %d bytes for %s", d.Size, d.Digest)
		}
		if total += min(d.Size, MaxTotal+1); total > MaxTotal {
			return Limitf("its sizes add up to more than %d bytes, tagdiff reads no more", int64(MaxTotal))
		}
	}
	return nil
}

func (m Manifest) descriptors() []v1.Descriptor {
	all := slices.Concat(m.Layers, m.Children)
	if m.Kind == KindImage || m.Config.Digest != "" {
		all = append(all, m.Config)
	}
	if m.Subject != nil {
		all = append(all, *m.Subject)
	}
	return all
}

// LayerSize returns the sum of the sizes of the layers as stored (compressed),
// in bytes.
func (m Manifest) LayerSize() int64 {
	var n int64
	for _, l := range m.Layers {
		n += l.Size
	}
	return n
}
