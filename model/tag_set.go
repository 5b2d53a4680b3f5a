package model

import (
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// Tagged is where a tag points.
type Tagged struct {
	Tag       string
	Digest    digest.Digest // "" with Err
	MediaType string        // of the manifest, "" if the registry does not say
	Err       error         // why it is not known
}

// TagSet is what is known of where the tags of a repository point.
type TagSet struct {
	Repo     Ref
	Tags     []Tagged                          // asked for so far, in natural order
	Total    int                               // how many tags there are; more than len(Tags) means that others may be the same
	Cut      bool                              // the list of tags ended early: there may be more than Total
	Children map[digest.Digest][]v1.Descriptor // what the indexes among them list, as far as read, by the index's digest
	Unread   int                               // how many that may be indexes have not been read: these may list the same images
	Created  map[digest.Digest]time.Time       // of the first image, as far as read and as far as it is a real date
}
