package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Bounds on what one reference may lead to. A digest cannot be part of itself,
// so indexes have no cycles, but they can be deep and wide.
const (
	maxDepth   = 4 // indexes within indexes
	maxEntries = 2 * model.MaxChildren
	maxLoad    = 32 << 20 // bytes of manifests and configs: 40 images with the largest config in the wild
)

// Snapshots of an index with more than largeIndex entries are taken at most
// once per snapshotPause: each copies the whole list.
const (
	largeIndex    = 100
	snapshotPause = 50 * time.Millisecond
)

// Load reads what ref leads to: the top manifest once, then everything by
// digest, all at once. If it is known what ref led to, it asks with HEAD whether
// it still does. arrived (which may be nil) is called with each newer
// state, from the calling goroutine; the last one is also returned. A child
// that cannot be read has its trouble in Entry.Err; an error of Load means
// that the top manifest could not be read, or that ctx ended.
func (c *Client) Load(ctx context.Context, r model.Ref, arrived func(model.Artifact)) (model.Artifact, error) {
	if r.Names() != model.NamesManifest {
		return model.Artifact{Ref: r}, notAManifest(r)
	}
	if err := checkRef(r); err != nil {
		return model.Artifact{Ref: r}, err
	}
	if arrived == nil {
		arrived = func(model.Artifact) {}
	}
	at := r
	if top, ok := c.likelyManifest(r); ok {
		a, err := c.loadTop(ctx, r, top, arrived, func(ctx context.Context) (err error) {
			var still bool
			if still, at, err = c.stillCurrent(ctx, r, top); err == nil && !still {
				err = errMoved
			}
			return err
		})
		if !errors.Is(err, errMoved) {
			return a, err
		}
	}
	top, err := c.manifest(ctx, at)
	if err != nil {
		return model.Artifact{Ref: r}, err
	}
	c.tagDigests.set(r, top.Digest)
	return c.loadTop(ctx, r, top, arrived, nil)
}

// errMoved is why a load is of no use: its reference does not lead there any
// more.
var errMoved = errors.New("moved")

// loadTop reads what a top manifest leads to. sure, unless it is nil, is asked
// meanwhile whether r still leads to it, and arrived is not called before: with
// a full cache a load is then one round of requests.
func (c *Client) loadTop(
	ctx context.Context, r model.Ref, top model.Manifest, arrived func(model.Artifact), sure func(context.Context) error,
) (model.Artifact, error) {
	l := &load{client: c, ref: r, top: top, results: make(chan childResult), arrived: arrived}
	// When Load returns nothing of it goes on: who asks again at once must not
	// be given what is being cancelled. All readers end soon after the context.
	defer l.readers.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.ctx = ctx
	l.start()
	if sure != nil {
		if err := sure(ctx); err != nil {
			return model.Artifact{Ref: r}, err
		}
	}
	return l.run()
}

// load is one Load under way. All its fields belong to Load's goroutine; those
// that read children only send results.
type load struct {
	client   *Client
	ctx      context.Context
	ref      model.Ref
	top      model.Manifest
	roots    []*node
	count    int // entries in all
	pending  int // children being read
	reserved atomic.Int64
	readers  sync.WaitGroup
	results  chan childResult
	arrived  func(model.Artifact)
	answers  []model.Answer
}

// node is an entry in the tree that an index of indexes is.
type node struct {
	entry    model.Entry
	children []*node
}

// childResult is the result of reading a child.
type childResult struct {
	node     *node
	manifest model.Manifest
	image    *model.Image
	err      error
	answers  []model.Answer // of probing; there is no node then
}

// start lists what the top manifest says and begins to read it.
func (l *load) start() {
	if l.client.opts.Probe && l.ref.Digest == "" {
		l.probe()
	}
	if l.top.Kind == model.KindIndex {
		l.roots = l.expand(l.top, 0)
		return
	}
	d := v1.Descriptor{MediaType: l.top.MediaType, Digest: l.top.Digest, Size: int64(len(l.top.Raw)), ArtifactType: l.top.ArtifactType}
	n := &node{entry: model.Entry{Descriptor: d, Role: model.RoleImage}}
	l.roots, l.count = []*node{n}, 1
	if l.top.Kind == model.KindOther {
		n.entry.Role = model.RoleArtifact
		return
	}
	l.read(n, func(context.Context) (model.Manifest, error) { return l.top, nil })
}

// expand makes nodes of an index's children and begins to read those that are
// images or indexes. Attestations and artifacts are left until asked for:
// Docker Hub meters each manifest.
func (l *load) expand(index model.Manifest, depth int) []*node {
	var nodes []*node
	for _, d := range index.Children {
		role, about := model.RoleOf(d)
		n := &node{entry: model.Entry{Descriptor: d, Role: role, Subject: about, Depth: depth}}
		nodes = append(nodes, n)
		l.count++
		if role == model.RoleImage || role == model.RoleIndex {
			l.read(n, func(ctx context.Context) (model.Manifest, error) {
				if err := l.reserve(d); err != nil {
					return model.Manifest{}, err
				}
				return l.client.childManifest(ctx, l.ref.Repo(), d)
			})
		}
	}
	return nodes
}

// read gets a child's manifest and, if that is an image's, its config.
func (l *load) read(n *node, manifest func(context.Context) (model.Manifest, error)) {
	l.pending++
	ctx, repo, out := l.ctx, l.ref.Repo(), l.results
	l.readers.Go(func() {
		defer panics.Catch()
		it := childResult{node: n}
		it.err = catchPanic(func() (err error) {
			it.manifest, err = manifest(ctx)
			if err == nil && (it.manifest.Kind == model.KindImage || it.manifest.Kind == model.KindSchema1) {
				if err = l.reserve(it.manifest.Config); err == nil {
					it.image, err = l.client.image(ctx, repo, it.manifest)
				}
			}
			return err
		})
		select {
		case out <- it:
		case <-ctx.Done():
		}
	})
}

// reserve counts a document that is to be read, by what its descriptor says, and
// refuses what would be too much in all: a hundred images with the largest
// configs would fill the memory. A document that is too large by itself is
// refused when it is read.
func (l *load) reserve(d v1.Descriptor) error {
	n := sizeLimit(d)
	if n > max(transport.MaxManifest, transport.MaxConfig) || l.reserved.Add(n) <= maxLoad {
		return nil
	}
	l.reserved.Add(-n) // a smaller one may still be read
	return &model.ReadError{
		Message: fmt.Sprintf("%s has an index with more than the limit of %d MiB of manifests and configs", l.ref.Registry, maxLoad>>20),
		Next:    "open this image by its digest", Err: &transport.MalformedError{Err: files.ErrTooLarge},
	}
}

// run adds results until no read is pending.
func (l *load) run() (model.Artifact, error) {
	state := l.snapshot()
	l.arrived(state)
	var pause <-chan time.Time
	for l.pending > 0 {
		select {
		case <-l.ctx.Done():
			return state, contextError(l.ctx.Err())
		case it := <-l.results:
			l.addResult(it)
			l.addReady()
			if l.ctx.Err() != nil {
				return state, contextError(l.ctx.Err())
			}
			if l.pending > 0 && l.count > largeIndex {
				if pause == nil {
					pause = time.After(snapshotPause)
				}
				continue
			}
		case <-pause:
			pause = nil
		}
		state = l.snapshot()
		l.arrived(state)
	}
	return state, nil
}

// addReady adds all other results that have arrived: one snapshot serves for all.
func (l *load) addReady() {
	for {
		select {
		case it := <-l.results:
			l.addResult(it)
		default:
			return
		}
	}
}

// probe asks how other clients are answered, beside everything else.
func (l *load) probe() {
	l.pending++
	ctx, out := l.ctx, l.results
	l.readers.Go(func() {
		defer panics.Catch()
		select {
		case out <- childResult{answers: l.client.probe(ctx, l.ref)}:
		case <-ctx.Done():
		}
	})
}

// addResult puts the result of one child into the tree. What the manifest is counts more
// than what the index called it.
func (l *load) addResult(it childResult) {
	l.pending--
	if it.node == nil {
		l.answers = it.answers
		return
	}
	e := &it.node.entry
	e.Err = it.err
	if it.manifest.Digest == "" {
		return
	}
	switch it.manifest.Kind {
	case model.KindImage, model.KindSchema1:
		e.Role, e.Image = model.RoleImage, it.image
	case model.KindOther:
		e.Role = model.RoleArtifact
	case model.KindIndex:
		e.Role = model.RoleIndex
		if n := l.count + len(it.manifest.Children); n > maxEntries {
			e.Err = malformed(l.ref, fmt.Sprintf("has nested indexes with %d entries in total, but tagdiff reads at most %d", n, maxEntries), nil)
			return
		}
		if e.Depth+1 >= maxDepth {
			e.Err = malformed(l.ref, fmt.Sprintf("has indexes that are nested too deeply: tagdiff reads at most %d levels", maxDepth), nil)
			return
		}
		it.node.children = l.expand(it.manifest, e.Depth+1)
	}
}

// snapshot is the present state as a value that nobody changes.
func (l *load) snapshot() model.Artifact {
	a := model.Artifact{Ref: l.ref, Top: l.top, Done: l.pending == 0, Answers: l.answers, Entries: make([]model.Entry, 0, l.count)}
	var walk func([]*node)
	walk = func(nodes []*node) {
		for _, n := range nodes {
			a.Entries = append(a.Entries, n.entry)
			walk(n.children)
		}
	}
	walk(l.roots)
	return a
}
