package main

import "github.com/opencontainers/go-digest"

// store is everything that the registry holds, by repository name.
type store map[string]*repository

// repository is the manifests, tags and blobs under one name.
type repository struct {
	manifests map[digest.Digest]manifest
	tags      map[string]digest.Digest
	blobs     map[digest.Digest][]byte
}

// repo returns the repository of a name, which it creates if needed.
func (s store) repo(name string) *repository {
	r := s[name]
	if r == nil {
		r = &repository{manifests: map[digest.Digest]manifest{}, tags: map[string]digest.Digest{}, blobs: map[digest.Digest][]byte{}}
		s[name] = r
	}
	return r
}

// tag pushes a manifest with its children and blobs, under one or more tags.
func (r *repository) tag(m manifest, tags ...string) {
	r.push(m)
	for _, t := range tags {
		r.tags[t] = m.digest
	}
}

// push adds a manifest with its children and blobs. Blobs that live elsewhere
// are left out.
func (r *repository) push(m manifest) {
	if _, known := r.manifests[m.digest]; known {
		return
	}
	r.manifests[m.digest] = m
	for _, c := range m.children {
		r.push(c)
	}
	for _, b := range m.blobs {
		if b.away == "" {
			r.blobs[b.digest] = b.blob
		}
	}
}

// lose removes a manifest, as clean-up jobs do that do not know indexes.
func (r *repository) lose(m manifest) { delete(r.manifests, m.digest) }

// loseBlob removes a blob.
func (r *repository) loseBlob(d digest.Digest) { delete(r.blobs, d) }
