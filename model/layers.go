package model

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside"
)

// LayerRead is a layer whose files are to be listed.
type LayerRead struct {
	Repo  Ref           // a repository that has a manifest with the layer
	Layer v1.Descriptor // as that manifest has it
	// Keep, unless nil, gets the small text files of the layer. The two layers of one row share it,
	// and are then read at the same time. It gets none of a layer that was read before.
	Keep *inside.Shelf
	Side int // of Keep
	// TOC says that the table of contents of the layer will do, if the manifest states one. Where
	// it cannot be read, the whole layer is, unless that has more than MaxWhole bytes.
	TOC      bool
	MaxWhole int64 // 0 for no limit
	// Packages asks, with TOC, also for the packages that files list, and for those of the programs and jars at the
	// paths of Programs. They are read by ranges of the layer.
	Packages bool
	Programs []string
	// OnlyKnown asks for a list that was made before: without one the layer is not read, and has no state.
	OnlyKnown bool
	// MaxTOC limits the bytes of the table and of the ranges, 0 for no limit below that of every table: the error of
	// more is a *TOCSizeError.
	MaxTOC int64
	// Enough, unless nil, says that the first bytes of the layer will do: more are read, up to 2 MiB,
	// until Enough reports true of their list. A layer that is not larger is read whole.
	Enough func(start *inside.Layer) bool
	// WithNew asks for the entries as they arrive, in LayerState.New.
	WithNew bool
}

// TOCSizeError is the error of a table of contents that is larger than LayerRead allows. eStargz states
// the size in the layer alone.
type TOCSizeError struct{ Size int64 } // of the table, and of the files that are read beside it

func (e *TOCSizeError) Error() string {
	return fmt.Sprintf("the table of contents of a layer has %s, more than was to be read", humanize.Bytes(uint64(max(e.Size, 0))))
}

// LayerState says how far the layer of a digest has been read.
type LayerState struct {
	Digest  digest.Digest // of the blob, as the manifest states it
	Packed  int64         // bytes of the blob
	Entries int
	New     []inside.Entry // since the last state, as the archive has them
	// Restarted is set if the layer was requested a second time from its start: New of the states
	// before do not count.
	Restarted bool
	// Layer is set once the layer has been read. Its bytes match the digest, or those of its table
	// of contents match the annotation in the manifest: see Layer.How.
	Layer *inside.Layer
	Err   error // why the layer was not read
}

// LayerStates are the last states of layers, by the digests of their blobs.
type LayerStates map[digest.Digest]LayerState

// WithCounts returns a final state with the counts of its layer.
func (s LayerState) WithCounts() LayerState {
	if s.Layer == nil {
		return s
	}
	s.Packed, s.Entries = s.Layer.Packed, s.Layer.Files.Recorded()
	return s
}

// FileContent is the content of one file in a layer.
type FileContent struct {
	Bytes []byte
	// Verified is set if the content has the hash that was asked for.
	Verified bool
}

// ContentsOf returns what reading a layer shows of its step: whether it is what the config claims, and
// whether it is empty or broken. It is zero unless the layer was read to its end.
func ContentsOf(d v1.Descriptor, l *inside.Layer) Contents {
	switch {
	case l.IsUnreadable() && l.Blob == d.Digest && IsArchive(d):
		return Contents{Broken: l.Broken}
	case l.How != inside.Full || l.DiffID == "":
		return Contents{}
	}
	packing := l.Format
	if packing == "" && l.Files.Len() > 0 {
		packing = PackingTar
	}
	return Contents{
		Packing: packing, DiffID: l.DiffID, Size: l.Unpacked,
		Empty: l.Files.Len() == 0 && l.Remarks.Hidden == 0, Trailing: l.Remarks.Trailing > 0,
	}
}

// IsEncrypted reports whether a layer is encrypted: its blob is cipher text that only a
// key opens (containers/ocicrypt, "spec.go", media types that end in +encrypted).
func IsEncrypted(d v1.Descriptor) bool { return strings.HasSuffix(d.MediaType, "+encrypted") }

// HasKey reports whether an annotation of an encrypted layer has the key that opens it, wrapped for
// its readers (containers/ocicrypt, "spec.go").
func HasKey(d v1.Descriptor) bool {
	for name := range d.Annotations {
		if strings.HasPrefix(name, "org.opencontainers.image.enc.keys.") {
			return true
		}
	}
	return false
}

// Encrypted returns the steps of an image whose layers are encrypted.
func (img Image) Encrypted() []Step {
	var encrypted []Step
	for _, s := range img.Steps {
		if s.HasLayer && IsEncrypted(s.Layer) {
			encrypted = append(encrypted, s)
		}
	}
	return encrypted
}

// IsChunked reports whether a layer is zstd:chunked, by the annotations of its two dialects.
func IsChunked(d v1.Descriptor) bool { return inside.IsChunked(d.Annotations) }
