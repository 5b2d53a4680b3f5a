package model

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
)

// Artifact is the content that a reference resolves to, as far as it has been
// read. Each later state of a load is a new value that shares the unchanged
// parts with the one before.
type Artifact struct {
	Ref     Ref // as requested
	Top     Manifest
	Entries []Entry  // the children of an index, nested ones flattened in order; a single image has one entry
	Done    bool     // nothing more will arrive
	Answers []Answer // how the registry answers other clients for this tag, if that was requested
}

// Answer is the response of a registry to a client that accepts fewer formats
// than tagdiff.
type Answer struct {
	Client  string        // the formats that it accepts, in words
	Status  int           // HTTP status code
	Refused bool          // the registry has no manifest in a format that this client accepts
	Digest  digest.Digest // "" if the registry sent none, or refused
}

// Digest returns the digest that the reference resolved to.
func (a Artifact) Digest() digest.Digest { return a.Top.Digest }

// Pinned returns the reference by digest, which cannot move.
func (a Artifact) Pinned() Ref { return a.Ref.AtDigest(a.Top.Digest) }

// Role is the kind of an entry of an index.
type Role string

// The roles of entries.
const (
	RoleImage       Role = "image"
	RoleAttestation Role = "attestation" // build attestation (provenance, SBOM), not a platform
	RoleArtifact    Role = "artifact"
	RoleIndex       Role = "index"   // nested index; its children follow it
	RoleUnknown     Role = "unknown" // platform unknown/unknown, and nothing says what it is
)

// Entry is one child of an index, or the image itself when there is no index.
type Entry struct {
	Descriptor v1.Descriptor // Platform as given in the index
	Role       Role
	Subject    digest.Digest // the image that an attestation describes
	Depth      int           // 0 in the top index
	Artifact   *Manifest     // the manifest of an artifact that was read, nil for others
	Chart      *Document     // the config of a Helm chart, which has its version; nil for others, or if it was not read
	Image      *Image        // nil until it has arrived, and for an entry that is not an image
	Err        error         // the reason why it will not arrive
}

// Platform returns the platform from the index, or from the config if the index
// has none. It is the zero value for an entry that is not an image.
func (e Entry) Platform() v1.Platform {
	if p := e.Descriptor.Platform; p != nil && p.OS != "" {
		return Normal(*p)
	}
	if e.Image != nil {
		return e.Image.Platform()
	}
	return v1.Platform{}
}

// Arrived reports whether the entry is complete or has failed: nothing more
// will arrive for it.
func (e Entry) Arrived() bool { return e.Role != RoleImage || e.Image != nil || e.Err != nil }

// ArtifactType is what an artifact calls itself, in its manifest or in the descriptor. Of an entry of
// an index that is not called a manifest, it is the media type.
func (e Entry) ArtifactType() string {
	switch {
	case e.Artifact != nil && e.Artifact.ArtifactType != "":
		return e.Artifact.ArtifactType
	case !IsManifestType(e.Descriptor.MediaType):
		return e.Descriptor.MediaType
	}
	return e.Descriptor.ArtifactType
}

// IsManifestType reports whether clients know a media type as that of a manifest or an index. An
// entry of an index may have none.
func IsManifestType(mediaType string) bool {
	return slices.Contains([]string{
		"", v1.MediaTypeImageManifest, v1.MediaTypeImageIndex, MediaTypeDockerManifest, MediaTypeDockerList, MediaTypeSchema1,
		MediaTypeSchema1Signed, mediaTypeOCIArtifact,
	}, mediaType)
}

// Images returns the entries that are images, one per platform.
func (a Artifact) Images() []Entry {
	return slices.DeleteFunc(slices.Clone(a.Entries), func(e Entry) bool { return e.Role != RoleImage })
}

// Created returns the build date of the first image that states one, nil if none does.
func (a Artifact) Created() *time.Time {
	for _, e := range a.Images() {
		if e.Image != nil && e.Image.Created() != nil {
			return e.Image.Created()
		}
	}
	return nil
}

// RoleOf returns the role of a child of an index, only from its descriptor,
// and for an attestation the image that it describes. BuildKit marks
// attestations with annotations (attestation-storage.md) and the platform unknown/unknown, which
// does not make one alone: an image can be listed so, too. What is listed for a platform is none, since
// clients choose it by the platform, whatever annotations say.
func RoleOf(d v1.Descriptor) (role Role, about digest.Digest) {
	isListed := d.Platform != nil && d.Platform.OS != "" && d.Platform.OS != "unknown"
	if d.Annotations[AnnotationReferenceType] == AttestationType && !isListed {
		return RoleAttestation, digest.Digest(d.Annotations[annotationReferenceAbout])
	}
	switch d.MediaType {
	case v1.MediaTypeImageIndex, MediaTypeDockerList:
		return RoleIndex, ""
	}
	// go-containerregistry (ko, apko, crane) sets it to the config media type of an image.
	if !slices.Contains([]string{"", v1.MediaTypeImageConfig, MediaTypeDockerConfig}, d.ArtifactType) {
		return RoleArtifact, ""
	}
	if p := d.Platform; p != nil && p.OS == "unknown" && p.Architecture == "unknown" {
		if d.Annotations[AnnotationReferenceType] == "" {
			return RoleUnknown, ""
		}
		return RoleAttestation, ""
	}
	switch d.MediaType {
	case v1.MediaTypeImageManifest, MediaTypeDockerManifest, MediaTypeSchema1, MediaTypeSchema1Signed, "":
		return RoleImage, ""
	}
	return RoleArtifact, ""
}

// SOCIType is how the types of SOCI indexes start, which lie beside the image they are for
// (soci-snapshotter, soci/soci_index.go).
const SOCIType = "application/vnd.amazon.soci.index."

// HelmConfigType is the media type of the config of a Helm chart: its Chart.yaml as JSON.
const HelmConfigType = "application/vnd.cncf.helm.config.v1+json"

// MayBeImage reports whether a child of an index with an artifact type can be an image: it has
// the label of a machine that runs images. OCI 1.1 allows the type on images, so only the
// manifest decides.
func MayBeImage(d v1.Descriptor) bool {
	p := d.Platform
	return d.MediaType == v1.MediaTypeImageManifest && !strings.HasPrefix(d.ArtifactType, SOCIType) && p != nil &&
		p.OS != "" && p.OS != "unknown" && p.Architecture != "" && p.Architecture != "wasm" && len(p.OSFeatures) == 0
}

// TagInfo is one row of a list of tags.
type TagInfo struct {
	Ref       Ref
	Digest    digest.Digest
	Kind      Kind
	MediaType string
	Platforms []string        // names, in the order of the index
	Created   *time.Time      // of the first image, nil if it has no real date
	Size      int64           // bytes of the first image's layers as stored (compressed)
	Children  []v1.Descriptor // of an index
	Parts     []Part          // the image ID, layers and diff_ids of the first image
	Stack     Stack           // of the first image
}

// Traffic counts the requests and bytes of all reads so far.
type Traffic struct {
	Requests int           // sent to registries
	Bytes    int64         // of response bodies
	Busy     time.Duration // time with at least one request in flight
	InFlight int           // requests in flight now
	Pause    Pause         // the longest pause of requests to a registry, if it is not over
	Quota    Quota         // the remaining requests that a registry reported last
}

// Pause is the time until which no requests are sent to a registry that reports too many
// of them. The zero value means no pause.
type Pause struct {
	Host      string
	Until     time.Time
	Requested bool // by the registry (Retry-After)
}

// Quota is the rate limit that a registry reported. The zero value means that
// none was reported.
type Quota struct {
	Host        string
	Left, Limit int
	Per         time.Duration // 0 if it is not reported
}

// ReadError is an error with a remedy: Say is what happened, in one line, Next is
// what the user can do.
type ReadError struct {
	Message     string
	Next        string
	Subject     string        // the part of Message that names what was asked for, "" if it does not
	Err         error         // the cause, may be nil
	Missing     bool          // the registry reports that this manifest does not exist
	Refused     bool          // the registry requires a login, or refuses the one that it got
	MissingBlob digest.Digest // the blob that the registry reports as missing, of a manifest that exists
	Blob        digest.Digest // the digest asked for, if it is not that of a manifest but of a part of an image
	Absent      digest.Digest // the digest asked for, if the registry has neither a manifest nor a blob of it
	NoList      bool          // the registry does not list its repositories, whatever the login
	Corrupt     bool          // the registry sent bytes that cannot be used: of another digest or size, or not valid
	Owners      []Owner       // tags of the repository that Asked belongs to, as far as they were read
}

// Asked is the digest that was asked for and is not that of a manifest, "" for other errors.
// The registry has a blob of it, or has nothing: it can be a diff_id then.
func (t *ReadError) Asked() digest.Digest {
	return cmp.Or(t.Blob, t.Absent)
}

func (t *ReadError) Error() string {
	if t.Next == "" {
		return t.Message
	}
	return t.Message + "; " + t.Next
}

// Unwrap returns the cause.
func (t *ReadError) Unwrap() error { return t.Err }

// IsMissing reports whether the registry answered that a manifest does not exist.
func IsMissing(err error) bool {
	t, ok := errors.AsType[*ReadError](err)
	return ok && t.Missing
}

// IsRefused reports whether a login, or another one, may help.
func IsRefused(err error) bool {
	t, ok := errors.AsType[*ReadError](err)
	return ok && t.Refused
}

// HasNoList reports whether the registry does not list its repositories, whatever the login.
func HasNoList(err error) bool {
	t, ok := errors.AsType[*ReadError](err)
	return ok && t.NoList
}

// IsCorrupt reports whether the registry sent bytes that cannot be used.
func IsCorrupt(err error) bool {
	t, ok := errors.AsType[*ReadError](err)
	return ok && t.Corrupt
}

// ShortError returns the message of an error without the next step. It is untrusted text.
func ShortError(err error) string {
	if t, ok := errors.AsType[*ReadError](err); ok {
		return t.Message
	}
	return err.Error()
}

// MergeErrors returns the errors of two sides as one, if it says no sentence twice: their texts are
// the same, or differ only in what was asked for, or have the same next step.
func MergeErrors(a, b error) (_ error, ok bool) {
	if a.Error() == b.Error() {
		return a, true
	}
	readA, okA := errors.AsType[*ReadError](a)
	readB, okB := errors.AsType[*ReadError](b)
	if !okA || !okB || readA.Next != readB.Next {
		return nil, false
	}
	both := &ReadError{Message: readA.Message + ", and " + readB.Message, Next: readA.Next, Err: errors.Join(a, b)}
	if readA.Subject != "" && strings.Replace(readA.Message, readA.Subject, readB.Subject, 1) == readB.Message {
		both.Message = readA.Message + ", and the same for " + readB.Subject
		if strings.HasSuffix(readA.Message, readA.Subject) {
			both.Message = readA.Message + " and " + readB.Subject
		}
	}
	return both, true
}
