package model

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// Schema1 is an image in the schema1 format of 2015: fsLayers and a chain of
// ids. Registries up to distribution 2.8 convert images to it for clients that
// accept no newer format.
type Schema1 struct {
	Name, Tag, Architecture string
	Rows                    []Schema1Row // newest first, as the format lists them

	// WrongSignature means that the signed part of the manifest is not JSON. Raw is then the whole
	// text, and Digest, which is that of the signed part, does not verify the rest.
	WrongSignature bool
	// NamedWhole means that the registry names the manifest by the digest of the whole text, with the
	// signatures. Raw is then this text, and Rows are those of the signed part.
	NamedWhole bool
}

// Schema1Row is one fsLayer with its history.
type Schema1Row struct {
	BlobSum   digest.Digest
	ID        string
	Parent    string
	Throwaway bool // the step changed settings only
	Created   *time.Time
	Command   string
	Origin    Origin
	Compat    string // v1Compatibility as stored, "" when computed
	Preimage  string // the text whose sha256 is ID, without the config that the newest row also hashes; "" unless the ID is derived
}

// Origin is how an id was made.
type Origin string

// The origins of ids.
const (
	Derived  Origin = "derived" // hash of the layer digests: has no build identity
	Native   Origin = "native"  // made at build time
	Broken   Origin = "broken"  // its parent is not the row below
	Unproved Origin = "newest"  // not checkable: the newest id also hashes the config, which schema1 does not contain
)

// ErrNoSchema1 means that the image cannot be translated to schema1, by any
// registry.
var ErrNoSchema1 = errors.New("an image without history, or with a wrong number of layers, has no schema1 view")

// ComputeSchema1 computes the schema1 view that distribution 2.8 makes of an
// image (manifest/schema1/config_builder.go). It sends no request: requesting
// an image by tag without modern Accept types makes old registries store the
// translation.
func ComputeSchema1(img Image) (Schema1, error) {
	c := img.Config
	if len(c.History) == 0 || img.Counts != nil {
		return Schema1{}, ErrNoSchema1
	}
	view := Schema1{Architecture: c.Architecture}
	parent, layer := "", 0
	for i, h := range c.History {
		row := Schema1Row{
			BlobSum: EmptyGzipGo17, Parent: parent, Throwaway: h.EmptyLayer, Created: h.Created, Command: h.CreatedBy, Origin: Derived,
		}
		if !h.EmptyLayer {
			row.BlobSum = img.Manifest.Layers[layer].Digest
			layer++
		}
		row.Preimage = row.BlobSum.Encoded() + " " + parent
		if i == len(c.History)-1 {
			row.ID = hexSHA256(row.Preimage + " " + string(c.Raw))
			row.Preimage += " <config>"
		} else {
			row.ID = hexSHA256(row.Preimage)
		}
		parent = row.ID
		view.Rows = append(view.Rows, row)
	}
	slices.Reverse(view.Rows)
	return view, nil
}

// parseSchema1Manifest parses a stored schema1 manifest. It separates derived
// ids from native ones with the formula of ComputeSchema1.
func parseSchema1Manifest(m Manifest) (Manifest, error) {
	var w struct {
		Name         string `json:"name"`
		Tag          string `json:"tag"`
		Architecture string `json:"architecture"`
		FSLayers     []struct {
			BlobSum digest.Digest `json:"blobSum"`
		} `json:"fsLayers"`
		History []struct {
			V1Compatibility string `json:"v1Compatibility"`
		} `json:"history"`
	}
	if err := json.Unmarshal(m.Raw, &w); err != nil {
		return m, PlainJSON(err)
	}
	if len(w.FSLayers) != len(w.History) || len(w.FSLayers) == 0 {
		return m, fmt.Errorf("it has %d fsLayers and %d history entries", len(w.FSLayers), len(w.History))
	}
	if len(w.FSLayers) > MaxLayers {
		return m, tooMany(len(w.FSLayers), "fsLayers", MaxLayers)
	}
	view := Schema1{Name: w.Name, Tag: w.Tag, Architecture: w.Architecture}
	for i, l := range w.FSLayers {
		row, err := parseSchema1Row(l.BlobSum, w.History[i].V1Compatibility)
		if err != nil {
			return m, err
		}
		view.Rows = append(view.Rows, row)
		m.Layers = append(m.Layers, v1.Descriptor{Digest: l.BlobSum, MediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip"})
	}
	slices.Reverse(m.Layers)
	view.classifyIDs()
	m.Schema1 = &view
	return m, m.check()
}

// v1Compat is the JSON in the v1Compatibility of a history entry. encoding/json
// ignores the case of names, as the writers of the format did.
type v1Compat struct {
	ID              string                 `json:"id"`
	Parent          string                 `json:"parent"`
	Created         *time.Time             `json:"created"`
	Throwaway       bool                   `json:"throwaway"`
	Architecture    string                 `json:"architecture"`
	OS              string                 `json:"os"`
	Author          string                 `json:"author"`
	Comment         string                 `json:"comment"`
	DockerVersion   string                 `json:"docker_version"`
	ContainerConfig struct{ Cmd []string } `json:"container_config"`
	Config          *v1.ImageConfig        `json:"config"`
}

func parseSchema1Row(blob digest.Digest, compat string) (Schema1Row, error) {
	if err := blob.Validate(); err != nil {
		return Schema1Row{}, fmt.Errorf("it names an invalid digest %q", blob)
	}
	var c v1Compat
	if err := json.Unmarshal([]byte(compat), &c); err != nil {
		return Schema1Row{}, fmt.Errorf("a history entry of it is not valid: %w", PlainJSON(err))
	}
	if err := CheckJSON([]byte(compat)); err != nil {
		return Schema1Row{}, fmt.Errorf("a history entry of it is not valid: %w", err)
	}
	return Schema1Row{
		BlobSum: blob, ID: c.ID, Parent: c.Parent, Throwaway: c.Throwaway, Created: c.Created, Compat: compat,
		Command: strings.Join(c.ContainerConfig.Cmd, " "),
	}, nil
}

// classifyIDs sets the origin of every id.
func (s *Schema1) classifyIDs() {
	for i := range s.Rows {
		row := &s.Rows[i]
		below := ""
		if i+1 < len(s.Rows) {
			below = s.Rows[i+1].ID
		}
		switch preimage := row.BlobSum.Encoded() + " " + row.Parent; {
		case row.Parent != below:
			row.Origin = Broken
		case hexSHA256(preimage) == row.ID:
			row.Origin, row.Preimage = Derived, preimage
		case i == 0 && len(s.Rows) > 1:
			row.Origin = Unproved
		default:
			row.Origin = Native
		}
	}
	// The newest id also hashes the config and cannot be checked. It has the
	// origin of the ids below.
	if len(s.Rows) > 1 && s.Rows[0].Origin == Unproved && s.Rows[1].Origin == Native {
		s.Rows[0].Origin = Native
	}
}

// Schema1Image converts a stored schema1 manifest to an Image: steps oldest
// first, settings from the newest entry. It has no diff_ids.
func Schema1Image(m Manifest) Image {
	img := Image{Manifest: m}
	rows := m.Schema1.Rows
	for i := range rows {
		row := rows[len(rows)-1-i]
		s := NewStep(i, row.Command)
		s.Created = row.Created
		if !row.Throwaway {
			s.HasLayer, s.Layer = true, m.Layers[i]
			_, s.Empty = EmptyPacker(row.BlobSum)
		}
		img.Steps = append(img.Steps, s)
	}
	img.Config.Architecture, img.Config.OS = m.Schema1.Architecture, "linux"
	img.Config.Created = rows[0].Created
	var c v1Compat
	if json.Unmarshal([]byte(rows[0].Compat), &c) == nil {
		if c.Config != nil {
			img.Config.Image.Config = *c.Config
		}
		img.Config.OS = cmp.Or(c.OS, "linux")
		img.Config.Author, img.Config.DockerVersion = c.Author, c.DockerVersion
	}
	return img
}

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
