// Package layout holds the data of the demo registry: an OCI image layout,
// embedded in the program. README.md in this directory describes the files.
// registry/demo/generate writes them.
package layout

import (
	"embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

//go:embed oci-layout index.json repositories.json filler.json blobs cut
var files embed.FS

// Repository is what a registry holds under one name.
type Repository struct {
	Manifests []Manifest      `json:"manifests"`
	Blobs     []digest.Digest `json:"blobs"` // configs and layers
}

// Manifest is a manifest of a repository.
type Manifest struct {
	Descriptor v1.Descriptor `json:"-"` // from index.json
	Digest     digest.Digest `json:"digest"`
	Subject    digest.Digest `json:"subject,omitempty"` // the manifest that it refers to
	Tags       []string      `json:"tags,omitempty"`
}

// Filler is a run of pseudo-random bytes that is cut out of a layer. At is its
// offset in the stored bytes. It is Size bytes long and begins at byte From of
// the output of splitmix64 for Seed.
type Filler struct {
	At   int    `json:"at"`
	Seed uint64 `json:"seed"`
	From int    `json:"from"`
	Size int    `json:"size"`
}

// Repositories returns all repositories by name.
func Repositories() (map[string]Repository, error) {
	var index v1.Index
	repositories := map[string]Repository{}
	if err := errors.Join(read("index.json", &index), read("repositories.json", &repositories)); err != nil {
		return nil, err
	}
	descriptors := map[digest.Digest]v1.Descriptor{}
	for _, d := range index.Manifests {
		descriptors[d.Digest] = d
	}
	for _, r := range repositories {
		for i, m := range r.Manifests {
			r.Manifests[i].Descriptor = descriptors[m.Digest]
		}
	}
	return repositories, nil
}

func read(name string, v any) error {
	raw, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Blob returns the bytes of a manifest, a config or a layer.
func Blob(d digest.Digest) ([]byte, error) {
	path := string(d.Algorithm()) + "/" + d.Encoded()
	blob, err := files.ReadFile("blobs/" + path)
	if !errors.Is(err, fs.ErrNotExist) {
		return blob, err
	}
	stored, err := files.ReadFile("cut/" + path)
	if err != nil {
		return nil, err
	}
	fillers, err := allFillers()
	if err != nil {
		return nil, err
	}
	return Fill(stored, fillers[d]), nil
}

var allFillers = sync.OnceValues(func() (map[digest.Digest][]Filler, error) {
	all := map[digest.Digest][]Filler{}
	return all, read("filler.json", &all)
})

// Fill returns the stored bytes of a layer with its filler put back. The
// fillers are in order of their offset.
func Fill(stored []byte, fillers []Filler) []byte {
	size := len(stored)
	for _, f := range fillers {
		size += f.Size
	}
	blob, done := make([]byte, 0, size), 0
	for _, f := range fillers {
		blob = append(blob, stored[done:f.At]...)
		blob = append(blob, Noise(f.Seed, f.From, f.Size)...)
		done = f.At
	}
	return append(blob, stored[done:]...)
}

// Noise returns size bytes of the output of splitmix64 for a seed, from an
// offset on. Source: https://prng.di.unimi.it/splitmix64.c, words little-endian.
func Noise(seed uint64, from, size int) []byte {
	const gamma = 0x9e3779b97f4a7c15
	state := seed + uint64(from/8)*gamma
	skip := from % 8
	noise := make([]byte, 0, skip+size+8)
	for len(noise) < skip+size {
		state += gamma
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		noise = binary.LittleEndian.AppendUint64(noise, z^z>>31)
	}
	return noise[skip : skip+size]
}
