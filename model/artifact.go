package model

import (
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Artifact is what a reference led to, as far as it has been read. Each newer
// state of a load is a new value that shares what did not change.
type Artifact struct {
	Ref     Ref // as asked for
	Top     Manifest
	Entries []Entry  // of an index, nested ones flattened in order; a single image has one
	Done    bool     // nothing more will arrive
	Answers []Answer // how other clients are answered for the tag, if that was asked
}

// Answer is what a registry answers a client that accepts less than tagdiff.
type Answer struct {
	Client  string        // what it accepts, in words
	Status  int           // of HTTP
	Refused bool          // it says that there is nothing for such a client
	Digest  digest.Digest // "" if the registry did not say, or refused
}

// Digest is the digest the reference led to.
func (a Artifact) Digest() digest.Digest { return a.Top.Digest }

// Pinned is the reference by digest, which cannot move.
func (a Artifact) Pinned() Ref { return a.Ref.AtDigest(a.Top.Digest) }

// Role says what an entry of an index is.
type Role string

// The roles of entries.
const (
	RoleImage       Role = "image"
	RoleAttestation Role = "attestation" // a receipt of the build, not a platform
	RoleArtifact    Role = "artifact"
	RoleIndex       Role = "index" // nested; its children follow it
)

// Entry is one child of an index, or the image itself when there is no index.
type Entry struct {
	Descriptor v1.Descriptor // Platform as the index labels it
	Role       Role
	About      digest.Digest // the image that an attestation is a receipt of
	Depth      int           // 0 in the top index
	Image      *Image        // nil until it has arrived, and for what is no image
	Err        error         // why it will not arrive
}

// Platform is what the index calls the entry, else what its config says.
// Entries that are no images have none.
func (e Entry) Platform() v1.Platform {
	if p := e.Descriptor.Platform; p != nil && p.OS != "" {
		return Normal(*p)
	}
	if e.Image != nil {
		return e.Image.Platform()
	}
	return v1.Platform{}
}

// Arrived reports whether there is nothing more to wait for.
func (e Entry) Arrived() bool { return e.Role != RoleImage || e.Image != nil || e.Err != nil }

// Images are the entries that are images: the platforms.
func (a Artifact) Images() []Entry {
	var images []Entry
	for _, e := range a.Entries {
		if e.Role == RoleImage {
			images = append(images, e)
		}
	}
	return images
}

// RoleOf tells what a child of an index is from its descriptor alone.
// Receipts are marked by BuildKit (attestation-storage.md); other tools leave
// only the platform unknown/unknown.
func RoleOf(d v1.Descriptor) (role Role, about digest.Digest) {
	if d.Annotations[annotationReferenceType] == attestationType {
		return RoleAttestation, digest.Digest(d.Annotations[annotationReferenceAbout])
	}
	switch d.MediaType {
	case v1.MediaTypeImageIndex, MediaTypeDockerList:
		return RoleIndex, ""
	}
	// ggcr (ko, apko, crane) puts an image's config media type there.
	switch d.ArtifactType {
	case "", v1.MediaTypeImageConfig, MediaTypeDockerConfig:
	default:
		return RoleArtifact, ""
	}
	if p := d.Platform; p != nil && p.OS == "unknown" && p.Architecture == "unknown" {
		return RoleAttestation, ""
	}
	switch d.MediaType {
	case v1.MediaTypeImageManifest, MediaTypeDockerManifest, MediaTypeSchema1, MediaTypeSchema1Signed, "":
		return RoleImage, ""
	}
	return RoleArtifact, ""
}

// TagInfo is what a list of tags shows of one tag.
type TagInfo struct {
	Ref       Ref
	Digest    digest.Digest
	Kind      Kind
	MediaType string
	Platforms []string        // names, in the order of the index
	Created   *time.Time      // of the first image, nil when it does not say
	Size      int64           // bytes of the first image's layers as stored
	Children  []v1.Descriptor // of an index
}

// Traffic is what reading has cost so far.
type Traffic struct {
	Requests int           // on the wire
	Bytes    int64         // of bodies received
	Busy     time.Duration // time with at least one request under way
	InFlight int           // requests under way now
	Pause    Pause         // the longest that a registry has asked for, if it is not over
	Quota    Quota         // what a registry last said is left
}

// Pause is a registry's wish not to be asked. The zero value is none.
type Pause struct {
	Host  string
	Until time.Time
}

// Quota is what a registry says may still be asked of it. The zero value is
// that none has said anything.
type Quota struct {
	Host        string
	Left, Limit int
	Per         time.Duration // 0 if it does not say
}

// Trouble is an error with its remedy: what happened in one line, and what the
// person can do next.
type Trouble struct {
	Say     string
	Next    string
	Err     error         // the cause, may be nil
	Missing bool          // the registry says that there is no such manifest
	NoBlob  digest.Digest // the blob that it says it does not have, of a manifest that it has
}

func (t *Trouble) Error() string {
	if t.Next == "" {
		return t.Say
	}
	return t.Say + "; " + t.Next
}

// Unwrap gives the cause.
func (t *Trouble) Unwrap() error { return t.Err }
