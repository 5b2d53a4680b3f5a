package registry

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/chunks"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// ReadLayers reads whole layers and lists the files in them. It returns the last state of each layer
// by the digest of its blob, with a list or an error: the failure of one layer does not end the
// others. Lists that were made before are not made again. It calls progress, unless nil, from one
// goroutine. A layer in several repositories is read once. The largest are read first, at most
// transport.MaxStreams of one registry at once.
func (c *Client) ReadLayers(ctx context.Context, reads []model.LayerRead, progress func(model.LayerState)) model.LayerStates {
	states := newLayerStates()
	read := make(chan struct{})
	panics.Go(func() {
		defer close(read)
		c.readLayers(ctx, reads, states)
	})
	last := model.LayerStates{}
	deliver := func() {
		for _, s := range states.take() {
			last[s.Digest] = s
			if progress != nil {
				progress(s)
			}
		}
	}
	for {
		select {
		case <-states.ready:
			deliver()
		case <-read:
			deliver()
			return last
		}
	}
}

// readLayers reads layers and puts their states into states.
func (c *Client) readLayers(ctx context.Context, reads []model.LayerRead, states *layerStates) {
	toRead := c.knownLayers(reads, states)
	byRegistry := map[string][][]model.LayerRead{}
	for _, layer := range inReadingOrder(toRead) {
		registry := layer[0].Repo.Registry
		byRegistry[registry] = append(byRegistry[registry], layer)
	}
	var registries errgroup.Group
	for _, layers := range byRegistry {
		registries.Go(func() error {
			defer panics.Catch()
			var streams errgroup.Group
			streams.SetLimit(transport.MaxStreams)
			for _, layer := range layers {
				streams.Go(func() error {
					defer panics.Catch()
					states.put(c.listedLayer(ctx, layer, states))
					return nil
				})
			}
			return streams.Wait()
		})
	}
	_ = registries.Wait() // the functions return no error
}

// knownLayers puts the states of layers that need no request into states, and returns the others.
// The text of a file is of use only if that of the other side is read too.
func (c *Client) knownLayers(reads []model.LayerRead, states *layerStates) (others []model.LayerRead) {
	half := map[*inside.Shelf]bool{} // only one side of them is read
	known := map[digest.Digest]model.LayerState{}
	listable := map[digest.Digest]bool{} // as one manifest has the layer
	lists := c.listsOf(reads)
	for i, read := range reads {
		s := model.LayerState{Digest: read.Layer.Digest, Layer: lists[i]}
		if read.OnlyKnown {
			if s.Layer != nil {
				states.put(s.WithCounts())
			}
			continue
		}
		if s.Err = checkListable(read); s.Err == nil {
			listable[s.Digest] = true
		}
		half[read.Keep] = half[read.Keep] || s.Layer != nil || s.Err != nil || read.TOC
		switch {
		case s.Layer != nil, s.Err != nil && !listable[s.Digest]:
			known[s.Digest] = s
		case s.Err == nil:
			others = append(others, read)
		}
	}
	for _, read := range reads {
		if s := known[read.Layer.Digest]; s.Layer != nil && isCheapAgain(read, others) {
			delete(known, s.Digest)
			others, half[read.Keep] = append(others, read), false
		}
	}
	for d, s := range known {
		if s.Layer != nil || !listable[d] {
			states.put(s.WithCounts())
		}
	}
	for i := range others {
		if half[others[i].Keep] {
			others[i].Keep = nil
		}
	}
	return others
}

// listsOf returns the lists of layers that need no request, in the order of reads, nil for the others. It unpacks
// several at once.
func (c *Client) listsOf(reads []model.LayerRead) []*inside.Layer {
	same := map[digest.Digest][]int{} // reads of one layer follow one another: the second finds the list in memory
	for i, read := range reads {
		if read.OnlyKnown || checkListable(read) == nil {
			same[read.Layer.Digest] = append(same[read.Layer.Digest], i)
		}
	}
	lists := make([]*inside.Layer, len(reads))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, of := range same {
		work.Go(func() error {
			defer panics.Catch()
			for _, i := range of {
				lists[i] = c.knownLayer(reads[i])
			}
			return nil
		})
	}
	_ = work.Wait() // the functions return no error
	return lists
}

// checkListable returns why a layer cannot be listed, nil if it can.
func checkListable(read model.LayerRead) error {
	return cmp.Or(unlistable(read.Layer), checkRef(read.Repo.AtDigest(read.Layer.Digest)))
}

// maxReadAgain is the size of a known layer that is read again, in bytes, if the other layer of its row is
// read: then the lines of both can be compared.
const maxReadAgain = 1 << 20

// isCheapAgain reports whether a known layer is read again, since a shelf waits for its texts beside those
// of a layer that is read.
func isCheapAgain(read model.LayerRead, others []model.LayerRead) bool {
	return read.Keep != nil && read.Layer.Size > 0 && read.Layer.Size <= maxReadAgain &&
		slices.ContainsFunc(others, func(o model.LayerRead) bool { return o.Keep == read.Keep && !o.TOC })
}

// inReadingOrder groups reads of the same layer, the largest layer first. The other layer of a row
// follows at once, since the two are read at the same time.
func inReadingOrder(reads []model.LayerRead) [][]model.LayerRead {
	byDigest := map[digest.Digest]int{}
	var layers [][]model.LayerRead
	rowSize := map[*inside.Shelf]int64{}
	for _, read := range reads {
		if read.Keep != nil {
			rowSize[read.Keep] = max(rowSize[read.Keep], read.Layer.Size)
		}
		if i, ok := byDigest[read.Layer.Digest]; ok {
			layers[i] = append(layers[i], read)
			continue
		}
		byDigest[read.Layer.Digest] = len(layers)
		layers = append(layers, []model.LayerRead{read})
	}
	size := func(layer []model.LayerRead) int64 { return max(layer[0].Layer.Size, rowSize[layer[0].Keep]) }
	slices.SortStableFunc(layers, func(a, b []model.LayerRead) int { return cmp.Compare(size(b), size(a)) })
	return layers
}

// unlistable returns why a layer is not read, nil if it is.
func unlistable(d v1.Descriptor) error {
	because := ""
	switch {
	case model.IsEncrypted(d):
		because = "it is encrypted"
	case model.IsExternal(d):
		because = "it is not for distribution, and registries need not have it"
	case d.Annotations[nydusBlob] != "":
		because = "it is a nydus blob"
	case d.Annotations[overlaybdBlob] != "":
		because = "it is an overlaybd disk"
	case d.MediaType != "" && model.ClaimedPacking(d.MediaType) == "":
		because = fmt.Sprintf("its media type is %q", safe.Clip(d.MediaType))
	default:
		return nil
	}
	return &model.ReadError{Message: fmt.Sprintf("the files in layer %s cannot be listed: %s", model.ShortDigest(d.Digest), because)}
}

// Annotations of layers that have the media type of an archive and are none
// (nydus-snapshotter pkg/label, accelerated-container-image pkg/label).
const (
	nydusBlob     = "containerd.io/snapshot/nydus-blob"
	overlaybdBlob = "containerd.io/snapshot/overlaybd/blob-digest"
)

// knownLayer returns the list of a layer from memory or from disk, nil if there is none. If the
// manifest states another size for the layer, the registry is asked.
func (c *Client) knownLayer(read model.LayerRead) *inside.Layer {
	d := read.Layer
	if read.Enough != nil {
		if known, ok := c.lists.get(startKey(d)); ok && read.Enough(known.(*inside.Layer)) {
			return known.(*inside.Layer)
		}
		return nil // what is found does not depend on lists on disk
	}
	if l := c.knownList(d.Digest); l != nil && l.How == inside.Full && l.Blob == d.Digest && (d.Size <= 0 || l.Packed == d.Size) {
		return l
	}
	if plan, ok := inside.PlanTOC(d); ok && read.TOC {
		l := c.knownList(tocKey(d, plan))
		if l != nil && l.How == inside.TOC && (!read.Packages || l.HasPackagesOf(read.Programs)) {
			return l
		}
	}
	return nil
}

// knownList returns a list from memory or from disk, nil if there is none.
func (c *Client) knownList(key digest.Digest) *inside.Layer {
	if known, ok := c.lists.get(key.String()); ok {
		return known.(*inside.Layer)
	}
	content, ok := c.disk.List(key)
	if !ok {
		return nil
	}
	l := new(inside.Layer)
	if l.UnmarshalBinary(content) != nil {
		return nil // of another version, or damaged: the next list replaces it
	}
	c.rememberList(key, l)
	return l
}

// tocKey is the key of the list of a table of contents. The table is not verified by the digest of
// the layer, but by that in the manifest.
func tocKey(d v1.Descriptor, plan inside.TOCPlan) digest.Digest {
	return digest.FromString(fmt.Sprintf("table of contents %v of %s", plan, d.Digest))
}

// keepList keeps a list in memory and on disk.
func (c *Client) keepList(key digest.Digest, l *inside.Layer) {
	c.rememberList(key, l)
	c.disk.PutList(key, l.MarshalBinary)
}

// entryCost is about the memory that an entry of a list takes, in bytes.
const entryCost = 90

// rememberList keeps a list in memory.
func (c *Client) rememberList(key digest.Digest, l *inside.Layer) {
	if size := l.Files.Len() * entryCost; size < maxMemory/4 { // a larger one would push out all others
		c.lists.put(key.String(), l, size/3) // put takes the size of documents before they are parsed
	}
}

// LineCounts returns how the lines of texts in two layers differ, as KeepLineCounts got it in this or an
// earlier run; nil if nothing is known. It may read the disk.
func (c *Client) LineCounts(a, b digest.Digest) inside.LineCounts {
	key := countsKey(a, b)
	if known, ok := c.lists.get(key.String()); ok {
		return known.(inside.LineCounts)
	}
	var counts inside.LineCounts
	if content, ok := c.disk.List(key); ok && counts.UnmarshalBinary(content) == nil {
		c.rememberCounts(key, counts)
	}
	return counts
}

// KeepLineCounts keeps how the lines of texts in two layers differ, in memory and on disk. It does not
// wait for the disk.
func (c *Client) KeepLineCounts(a, b digest.Digest, counts inside.LineCounts) {
	key := countsKey(a, b)
	c.rememberCounts(key, counts)
	c.disk.PutList(key, counts.MarshalBinary)
}

func (c *Client) rememberCounts(key digest.Digest, counts inside.LineCounts) {
	const size = 2*sha256.Size + 40                       // of one in memory
	c.lists.put(key.String(), counts, len(counts)*size/3) // as rememberList
}

// countsKey is the key of the counts of two layers, which is not that of a layer.
func countsKey(a, b digest.Digest) digest.Digest {
	return digest.FromString(fmt.Sprintf("lines of %s and %s", a, b))
}

// listedLayer reads a layer that one or several manifests name. Where the first repository does
// not have it, the next one may.
func (c *Client) listedLayer(ctx context.Context, reads []model.LayerRead, states *layerStates) model.LayerState {
	s := model.LayerState{Digest: reads[0].Layer.Digest}
	for _, read := range reads {
		s.Layer, s.Err = c.sharedLayer(ctx, read, states)
		if s.Err == nil || ctx.Err() != nil {
			break
		}
	}
	if s.Err != nil { // of a layer that is known and was read again
		if l := c.knownLayer(reads[0]); l != nil {
			s.Layer, s.Err = l, nil
		}
	}
	return s.WithCounts()
}

// sharedLayer reads a layer once for all concurrent calls with the same shelf.
func (c *Client) sharedLayer(ctx context.Context, read model.LayerRead, states *layerStates) (*inside.Layer, error) {
	r := read.Repo.AtDigest(read.Layer.Digest)
	key := fmt.Sprintf("list %t %d %p %t %t %q %d %d %s", read.Enough != nil, read.Layer.Size, read.Keep, read.TOC,
		read.Packages, read.Programs, read.MaxWhole, read.MaxTOC, r)
	leave := c.listeners.join(key, listener{states, read.WithNew})
	defer leave()
	return shared(ctx, c, key, func(ctx context.Context) (*inside.Layer, error) {
		return c.readLayer(ctx, r, read, func(s model.LayerState) { c.listeners.tell(key, s) })
	})
}

// readLayer lists the files of a layer from its table of contents or from all of it.
func (c *Client) readLayer(ctx context.Context, r model.Ref, read model.LayerRead, arrived func(model.LayerState)) (*inside.Layer, error) {
	if read.Enough != nil {
		return c.readStart(ctx, r, read, arrived)
	}
	if plan, ok := inside.PlanTOC(read.Layer); ok && read.TOC {
		l, err := c.readTOC(ctx, r, read, plan)
		if err == nil || ctx.Err() != nil {
			return l, err
		}
		if read.MaxWhole > 0 && read.Layer.Size > read.MaxWhole {
			return nil, err
		}
		return c.readAfterTable(ctx, r, read, arrived, err)
	}
	return c.readWhole(ctx, r, read, arrived)
}

// readAfterTable reads the whole layer after its table of contents did not do for a reason. The list says why, if the
// packages were wanted.
func (c *Client) readAfterTable(
	ctx context.Context, r model.Ref, read model.LayerRead, arrived func(model.LayerState), because error,
) (*inside.Layer, error) {
	l, err := c.readWhole(ctx, r, read, arrived)
	if err != nil || !read.Packages {
		return l, err
	}
	after := *l // others share it
	after.TableProblem = because
	return &after, nil
}

// readTOC lists the files of a layer from its table of contents, and reads those that list packages if they are wanted.
func (c *Client) readTOC(ctx context.Context, r model.Ref, read model.LayerRead, plan inside.TOCPlan) (*inside.Layer, error) {
	key := tocKey(read.Layer, plan)
	known, _ := c.lists.get(key.String())
	l, ok := known.(*inside.Layer)
	if !ok || !l.HasChunks() {
		var err error
		if l, err = c.readTable(ctx, r, read, plan); err != nil {
			return nil, err
		}
	}
	if read.Packages {
		var err error
		if l, err = c.readPackages(ctx, r, read, l); err != nil {
			return nil, err
		}
	}
	c.keepList(key, l)
	return l, nil
}

// readPackages reads the files of a layer that list packages, by the ranges that its table of contents states.
func (c *Client) readPackages(ctx context.Context, r model.Ref, read model.LayerRead, table *inside.Layer) (*inside.Layer, error) {
	cost := func(bytes int64) error {
		if size := table.Packed + bytes; read.MaxTOC > 0 && size > read.MaxTOC {
			return &model.TOCSizeError{Size: size}
		}
		return nil
	}
	l, err := table.WithPackages(read.Programs, cost, func(from, length int64) ([]byte, error) {
		return c.host(r.Registry).layerRange(ctx, r, layerBytes{from, length})
	})
	switch {
	case errors.Is(err, chunks.ErrSpread) && read.MaxTOC > 0:
		return nil, &model.TOCSizeError{Size: read.Layer.Size}
	case errors.Is(err, chunks.ErrSpread):
		return nil, &model.ReadError{Message: fmt.Sprintf("layer %s has files of packages in most of its bytes",
			model.ShortDigest(r.Digest)), Corrupt: true, Err: err}
	case errors.Is(err, inside.ErrNoChunks):
		return nil, malformed(r, "has a layer whose files cannot be read one by one: "+safe.Clip(err.Error()), err)
	}
	return l, err
}

// readTable lists the files of a layer from its table of contents.
func (c *Client) readTable(ctx context.Context, r model.Ref, read model.LayerRead, plan inside.TOCPlan) (*inside.Layer, error) {
	ok := true
	if plan.IsFooter {
		footer, err := c.host(r.Registry).layerRange(ctx, r, layerBytes{plan.From, plan.Length})
		if err != nil {
			return nil, err
		}
		plan, ok = plan.WithFooter(footer)
	}
	if !ok {
		return nil, malformed(r, "has a layer without the table of contents that its manifest states", nil)
	}
	if read.MaxTOC > 0 && plan.Length > read.MaxTOC {
		return nil, &model.TOCSizeError{Size: plan.Length}
	}
	raw, err := c.host(r.Registry).layerRange(ctx, r, layerBytes{plan.From, plan.Length})
	if err != nil {
		return nil, err
	}
	l, err := plan.ReadTOC(raw)
	if err != nil {
		return nil, malformed(r, "has a layer that cannot be listed: "+safe.Clip(err.Error()), err)
	}
	return l, nil
}

// readWhole lists the files of a layer from all of it.
func (c *Client) readWhole(ctx context.Context, r model.Ref, read model.LayerRead, arrived func(model.LayerState)) (*inside.Layer, error) {
	h, d := c.host(r.Registry), read.Layer
	isSecond := false
	o := inside.Options{Keep: read.Keep, Side: read.Side, Arrived: func(p inside.Progress) {
		arrived(model.LayerState{Digest: d.Digest, Packed: p.Packed, Entries: p.Entries, New: p.New, Restarted: isSecond})
	}}
	l, e, err := h.streamLayer(ctx, r, d, o)
	if _, isSecond = errors.AsType[*transport.RestartError](err); isSecond {
		l, e, err = h.streamLayer(ctx, r, d, o)
	}
	if err != nil {
		return nil, h.layerError(ctx, r, e, err)
	}
	if l.Blob != d.Digest {
		return nil, malformed(r, "sent a layer with the wrong digest "+model.ShortDigest(l.Blob), nil)
	}
	c.keepList(l.Blob, l)
	return l, nil
}

// streamLayer reads a layer as it arrives. Its list is complete only without an error.
func (h *host) streamLayer(
	ctx context.Context, r model.Ref, d v1.Descriptor, o inside.Options,
) (l *inside.Layer, e *transport.Exchange, err error) {
	e = &transport.Exchange{What: "layer"}
	err = h.withStream(ctx, r, d, e, func(s *transport.Stream) error {
		body, sum := io.Reader(s), hash.Hash(nil)
		if o.Keep != nil {
			paced, end := o.Keep.Paced(o.Side, s.Size(), s)
			defer end()
			body = paced
		}
		if d.Digest.Algorithm() != digest.SHA256 { // which the list has anyway
			sum = d.Digest.Algorithm().Hash()
			body = io.TeeReader(body, sum)
		}
		l, err = inside.Read(body, o)
		if err == nil && sum != nil {
			l.Blob = digest.NewDigest(d.Digest.Algorithm(), sum)
		}
		return err
	})
	return l, e, err
}

// withStream opens a blob and passes it to read. Content from a registry must not be able to end
// the program.
func (h *host) withStream(
	ctx context.Context, r model.Ref, d v1.Descriptor, e *transport.Exchange, read func(*transport.Stream) error,
) error {
	var s *transport.Stream
	err := h.do(ctx, r, e, func(ctx context.Context) (err error) {
		s, err = h.transport.Open(ctx, e, r.Repository, d.Digest, d.Size)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // it ends the request
	return catchPanic(func() error { return read(s) })
}

// layerError words why a layer was not read.
func (h *host) layerError(ctx context.Context, about model.Ref, e *transport.Exchange, err error) error {
	size, isSize := errors.AsType[*transport.SizeError](e.Err)
	worded, isWorded := errors.AsType[*model.ReadError](err)
	switch {
	case ctx.Err() != nil:
		return contextError(ctx.Err())
	case isSize && e.Response.IsHTML():
		return h.webPage(e)
	case isSize:
		return malformed(about, fmt.Sprintf("sent a layer of %d bytes instead of %d", size.Got, size.Want), nil)
	case errors.Is(e.Err, files.ErrTooLarge):
		return malformed(about, "sent a layer that is larger than the manifest says", e.Err)
	case isWorded:
		return worded
	}
	err = h.errorOf(ctx, about, e, err)
	if worded, ok := errors.AsType[*model.ReadError](err); ok && isRefused(e) {
		worded.Refused = true
	}
	return err
}

// ReadFile reads the content of a file in a layer: up to limit bytes, without reading the rest of the
// layer. want is its entry in the list of the layer. An entry with a hash is found by the hash,
// and its content is verified then.
func (c *Client) ReadFile(
	ctx context.Context, repo model.Ref, layer v1.Descriptor, want inside.Entry, limit int64,
) (content model.FileContent, err error) {
	err = c.withFile(ctx, repo, layer, func(s *transport.Stream) (err error) {
		content.Bytes, err = inside.Content(s, want, limit)
		return err
	})
	content.Verified = err == nil && want.Sum != inside.Hash{}
	return content, err
}

// withFile passes the stream of a layer to a function that looks for a file in it.
func (c *Client) withFile(ctx context.Context, repo model.Ref, layer v1.Descriptor, find func(*transport.Stream) error) error {
	r := repo.AtDigest(layer.Digest)
	if err := cmp.Or(unlistable(layer), checkRef(r)); err != nil {
		return err
	}
	h, e := c.host(r.Registry), &transport.Exchange{What: "layer"}
	err := h.withStream(ctx, r, layer, e, find)
	missing, isMissing := errors.AsType[*inside.ContentError](err)
	sink, isSink := errors.AsType[*inside.SinkError](err)
	switch {
	case isMissing:
		return &model.ReadError{
			Message: fmt.Sprintf("layer %s %s", model.ShortDigest(layer.Digest), missing), Next: "read the layer again", Err: err,
		}
	case isSink:
		return &model.ReadError{Message: sink.Error(), Err: err}
	case err != nil:
		return h.layerError(ctx, r, e, err)
	}
	return nil
}

// ExtractFile writes a file of a layer to a new file on disk, for its owner only. want is its entry in the
// list of the layer: a content with a hash is verified, and verified says so. The file has its name only
// when it is whole; there is nothing of it after an error. progress, unless nil, is called with the bytes
// of the layer that were read. An error is a *model.ReadError.
func (c *Client) ExtractFile(
	ctx context.Context, repo model.Ref, layer v1.Descriptor, want inside.Entry, path string, progress func(read int64),
) (written string, verified bool, err error) {
	ctx, done, ok := c.extractions.begin(ctx)
	if !ok {
		return "", false, contextError(context.Canceled)
	}
	defer done()
	if free, known := files.FreeSpace(filepath.Dir(path)); known && want.Size > free {
		return "", false, &model.ReadError{Message: fmt.Sprintf("the disk has room for %s, and the file has %s",
			humanize.Bytes(uint64(max(free, 0))), humanize.Bytes(uint64(max(want.Size, 0))))} //nolint:gosec // not negative
	}
	to, err := files.CreateNew(path)
	if err != nil {
		return "", false, localError(path, err)
	}
	if err := c.writeFile(ctx, repo, layer, want, to, progress); err != nil {
		to.Discard()
		return "", false, err
	}
	if written, err = to.Commit(); err != nil {
		return "", false, localError(path, err)
	}
	return written, want.Sum != inside.Hash{}, nil
}

// localError words an error of a file on this computer.
func localError(path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return &model.ReadError{Message: fmt.Sprintf("%s exists in this folder", safe.Clean(filepath.Base(path))), Err: err}
	}
	return &model.ReadError{Message: err.Error(), Err: err}
}

// writeFile writes the content of a file in a layer to a sink.
func (c *Client) writeFile(
	ctx context.Context, repo model.Ref, layer v1.Descriptor, want inside.Entry, to inside.Sink, progress func(read int64),
) error {
	return c.withFile(ctx, repo, layer, func(s *transport.Stream) error {
		return inside.WriteContent(&countingReader{s, 0, progress}, want, to)
	})
}

// countingReader tells progress how much was read.
type countingReader struct {
	io.Reader
	read     int64
	progress func(int64)
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.read += int64(n); r.progress != nil {
		r.progress(r.read)
	}
	return n, err
}

// extractions are the calls of ExtractFile that have not ended.
type extractions struct {
	mu     sync.Mutex
	closed bool
	ends   map[*context.CancelFunc]struct{}
	all    sync.WaitGroup
}

// begin reports false if there are to be no more. done must be called at the end.
func (e *extractions) begin(ctx context.Context) (_ context.Context, done func(), ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ctx, nil, false
	}
	ctx, cancel := context.WithCancel(ctx)
	if e.ends == nil {
		e.ends = map[*context.CancelFunc]struct{}{}
	}
	e.ends[&cancel] = struct{}{}
	e.all.Add(1)
	return ctx, func() {
		cancel()
		e.mu.Lock()
		delete(e.ends, &cancel)
		e.mu.Unlock()
		e.all.Done()
	}, true
}

// close cancels all calls and waits until they have removed their files, but not for a disk that hangs.
func (e *extractions) close() {
	e.mu.Lock()
	e.closed = true
	for cancel := range e.ends {
		(*cancel)()
	}
	e.mu.Unlock()
	ended := make(chan struct{})
	panics.Go(func() {
		defer close(ended)
		e.all.Wait()
	})
	const most = 2 * time.Second
	select {
	case <-ended:
	case <-time.After(most):
	}
}

// layerStates are the latest states of layers that were not delivered yet.
type layerStates struct {
	ready chan struct{} // gets a value when there are some

	mu      sync.Mutex
	waiting []model.LayerState // one for each digest
}

func newLayerStates() *layerStates { return &layerStates{ready: make(chan struct{}, 1)} }

// put replaces the state of a layer. It never waits.
func (l *layerStates) put(s model.LayerState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.waiting, func(w model.LayerState) bool { return w.Digest == s.Digest })
	switch {
	case i < 0:
		l.waiting = append(l.waiting, s)
	default:
		if earlier := l.waiting[i]; !s.Restarted || earlier.Restarted {
			s.New = append(earlier.New, s.New...)
		}
		l.waiting[i] = s
	}
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

// take returns the waiting states and removes them.
func (l *layerStates) take() []model.LayerState {
	l.mu.Lock()
	defer l.mu.Unlock()
	states := l.waiting
	l.waiting = nil
	return states
}

// listeners are the calls that wait for layers, by the key of the shared read.
type listeners struct {
	mu    sync.Mutex
	byKey map[string][]listener
}

// listener gets the states of a layer.
type listener struct {
	states  *layerStates
	withNew bool
}

// join adds a listener. leave removes it.
func (l *listeners) join(key string, of listener) (leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byKey == nil {
		l.byKey = map[string][]listener{}
	}
	l.byKey[key] = append(l.byKey[key], of)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		rest := l.byKey[key]
		i := slices.Index(rest, of)
		if l.byKey[key] = slices.Delete(rest, i, i+1); len(l.byKey[key]) == 0 {
			delete(l.byKey, key)
		}
	}
}

// tell passes a state on. Its New is valid only during the call.
func (l *listeners) tell(key string, s model.LayerState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	arrived := s.New
	for _, of := range l.byKey[key] {
		s.New = nil
		if of.withNew {
			s.New = slices.Clone(arrived)
		}
		of.states.put(s)
	}
}
