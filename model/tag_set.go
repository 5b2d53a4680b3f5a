package model

import (
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// Tagged is a tag with the digest it points to.
type Tagged struct {
	Tag       string
	Digest    digest.Digest // "" if Err is set
	MediaType string        // of the manifest, "" if the registry does not report it
	Err       error         // why the digest is unknown
}

// TagSet is the known tags of a repository with their digests.
type TagSet struct {
	Repo          Ref
	Tags          []Tagged                          // resolved so far, in natural order
	Total         int                               // number of tags in the repository; those not in Tags may be the same image
	Truncated     bool                              // the list of tags ended early: there may be more than Total
	Children      map[digest.Digest][]v1.Descriptor // the children of the indexes among the tags, as far as read, by the digest of the index
	UnreadIndexes int                               // number of possible indexes that were not read; they may list the same images
	Created       map[digest.Digest]time.Time       // of the first image, as far as it was read and is a real date; by the digest of the tag
}
