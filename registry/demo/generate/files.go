package main

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/registry/demo/layout"
)

// files returns the generated files of the layout, by path.
func (s store) files() map[string][]byte {
	all := map[string][]byte{}
	repositories, fillers := map[string]layout.Repository{}, map[digest.Digest][]layout.Filler{}
	manifests := map[digest.Digest]v1.Descriptor{}
	for name, r := range s {
		repositories[name] = r.listed()
		for d, m := range r.manifests {
			entry := describe(m.mediaType, m.raw)
			entry.ArtifactType = m.artifactType
			manifests[d] = entry
			all[blobPath("blobs", d)] = m.raw
		}
		for d, b := range r.blobs {
			stored, cut := cutFiller(b)
			if len(cut) == 0 {
				all[blobPath("blobs", d)] = b
				continue
			}
			all[blobPath("cut", d)] = stored
			fillers[d] = cut
		}
	}
	index := v1.Index{MediaType: v1.MediaTypeImageIndex}
	index.SchemaVersion = 2
	for _, d := range slices.Sorted(maps.Keys(manifests)) {
		index.Manifests = append(index.Manifests, manifests[d])
	}
	all[v1.ImageLayoutFile] = compact(v1.ImageLayout{Version: v1.ImageLayoutVersion})
	all[v1.ImageIndexFile] = lines(index)
	all["repositories.json"] = lines(repositories)
	all["filler.json"] = lines(fillers)
	return all
}

func blobPath(dir string, d digest.Digest) string {
	return dir + "/" + d.Algorithm().String() + "/" + d.Encoded()
}

// listed describes the repository for repositories.json, in sorted order.
func (r *repository) listed() layout.Repository {
	tags := map[digest.Digest][]string{}
	for _, tag := range slices.Sorted(maps.Keys(r.tags)) {
		tags[r.tags[tag]] = append(tags[r.tags[tag]], tag)
	}
	listed := layout.Repository{Blobs: slices.Sorted(maps.Keys(r.blobs))}
	for _, d := range slices.Sorted(maps.Keys(r.manifests)) {
		listed.Manifests = append(listed.Manifests, layout.Manifest{Digest: d, Subject: r.manifests[d].subject, Tags: tags[d]})
	}
	return listed
}

// lines is a value as JSON on many lines, so that a change is a small diff.
func lines(v any) []byte {
	b, err := json.MarshalIndent(v, "", " ")
	must(err)
	return append(b, '\n')
}
