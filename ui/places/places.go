// Package places keeps the references that were opened last in one file. Package
// journal keeps the digests of tags.
package places

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/tagdiff/tagdiff/model/files"
)

// MaxPlaces is the number of places that are kept.
const MaxPlaces = 20

// maxFile is the number of bytes that are read of the file. References are short.
const maxFile = 64 << 10

// Store is a list of places in a file. Errors of the file are ignored: the list is a
// convenience.
type Store struct {
	path string
	mu   sync.Mutex
}

// At returns the store in a file.
func At(path string) *Store { return &Store{path: path} }

// Recent returns the places, newest first.
func (s *Store) Recent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read()
}

// Remember puts a place first in the list.
func (s *Store) Remember(place string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	places := slices.DeleteFunc(s.read(), func(p string) bool { return p == place })
	places = append([]string{place}, places...)
	s.write(places[:min(len(places), MaxPlaces)])
}

func (s *Store) read() []string {
	raw, err := files.Read(s.path, maxFile)
	var places []string
	if err != nil || json.Unmarshal(raw, &places) != nil {
		return nil
	}
	return places[:min(len(places), MaxPlaces)]
}

// write replaces the file by rename, so that a crash or a second process never leaves a
// part of a list.
func (s *Store) write(places []string) {
	raw, err := json.MarshalIndent(places, "", " ")
	if err != nil || os.MkdirAll(filepath.Dir(s.path), 0o700) != nil {
		return
	}
	_ = files.Replace(s.path, ".places-", raw) // best effort: nothing depends on the file
}
