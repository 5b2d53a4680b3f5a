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

// Limits for one reference. An index cannot contain its own digest, so there are no
// cycles, but indexes can be deep and wide.
const (
	maxDepth   = 4 // levels of nested indexes
	maxEntries = 2 * model.MaxChildren
	maxLoad    = 32 << 20 // bytes of manifests and configs: 40 images with the largest config in the wild
)

// Snapshots of an index with more than largeIndex entries are taken at most
// once per snapshotPause: each copies the whole list.
const (
	largeIndex    = 100
	snapshotPause = 50 * time.Millisecond
)

// Load reads the manifest of r and then the manifests and configs of all its images
// concurrently, by digest. If the manifest is cached, a HEAD request checks whether r
// still points to it. arrived (which may be nil) is called from the calling goroutine
// with each newer state; the last one is also returned. A child that cannot be read
// has its error in Entry.Err. An error of Load means that the top manifest could not
// be read or that ctx ended.
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
		return model.Artifact{Ref: r}, c.explainDigest(ctx, r, err)
	}
	c.tagDigests.set(r, top.Digest)
	return c.loadTop(ctx, r, top, arrived, nil)
}

// errMoved ends a load from the cache: the reference points to another digest now.
var errMoved = errors.New("moved")

// loadTop reads the children of a top manifest. confirm, unless it is nil, checks
// meanwhile whether r still points to it; arrived is not called before that. With a
// full cache a load is then one round of requests.
func (c *Client) loadTop(
	ctx context.Context, r model.Ref, top model.Manifest, arrived func(model.Artifact), confirm func(context.Context) error,
) (model.Artifact, error) {
	l := &load{client: c, ref: r, top: top, results: make(chan childResult), arrived: arrived}
	// All reads have ended when Load returns, soon after the context: the next call must
	// not share a read that is being cancelled.
	defer l.readers.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.ctx = ctx
	l.start()
	if confirm != nil {
		if err := confirm(ctx); err != nil {
			return model.Artifact{Ref: r}, err
		}
	}
	return l.run()
}

// load is the state of one call of Load. Its fields belong to the goroutine of Load;
// the readers of children only send results.
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

// node is an entry of the tree of nested indexes.
type node struct {
	entry    model.Entry
	children []*node
}

// childResult is the result of reading a child.
type childResult struct {
	node     *node
	manifest model.Manifest
	image    *model.Image
	chart    *model.Document
	err      error
	answers  []model.Answer // of probe; node is nil then
}

// start lists the entries of the top manifest and starts to read them.
func (l *load) start() {
	if l.client.opts.Probe && l.ref.Digest == "" {
		l.begin(func(ctx context.Context) childResult { return childResult{answers: l.client.probe(ctx, l.ref)} })
	}
	if l.top.Kind == model.KindIndex {
		l.roots = l.expand(l.top, 0)
		return
	}
	d := v1.Descriptor{MediaType: l.top.MediaType, Digest: l.top.Digest, Size: int64(len(l.top.Raw)), ArtifactType: l.top.ArtifactType}
	n := &node{entry: model.Entry{Descriptor: d, Role: model.RoleImage}}
	l.roots, l.count = []*node{n}, 1
	if l.top.Kind == model.KindOther {
		n.entry.Role, n.entry.Artifact = model.RoleArtifact, &l.top
		if l.top.Config.MediaType == model.HelmConfigType {
			l.begin(func(ctx context.Context) childResult { return l.chart(ctx, n) })
		}
		return
	}
	l.read(n, func(context.Context) (model.Manifest, error) { return l.top, nil })
}

// expand makes nodes of the children of an index and starts to read those that are
// images or indexes, or may be attestations. Attestations and other artifacts are read only
// on request: Docker Hub counts each manifest.
func (l *load) expand(index model.Manifest, depth int) []*node {
	var nodes []*node
	for _, d := range index.Children {
		role, about := model.RoleOf(d)
		if role == model.RoleArtifact && model.MayBeImage(d) {
			role = model.RoleImage // until it is read
		}
		n := &node{entry: model.Entry{Descriptor: d, Role: role, Subject: about, Depth: depth}}
		nodes = append(nodes, n)
		l.count++
		if role == model.RoleImage || role == model.RoleIndex || role == model.RoleUnknown {
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

// read reads the manifest of a child and, for an image, its config.
func (l *load) read(n *node, manifest func(context.Context) (model.Manifest, error)) {
	d, isImage := n.entry.Descriptor, n.entry.Role != model.RoleUnknown
	l.begin(func(ctx context.Context) childResult {
		result := childResult{node: n}
		result.err = catchPanic(func() (err error) {
			result.manifest, err = manifest(ctx)
			if err == nil && isImage && (result.manifest.Kind == model.KindImage || result.manifest.Kind == model.KindSchema1) {
				if err = l.reserve(result.manifest.Config); err == nil {
					result.image, err = l.client.image(ctx, l.ref.Repo(), result.manifest)
				}
			}
			return missingPart(err, l.ref, d)
		})
		return result
	})
}

// chart reads the config of a Helm chart. If it cannot be read, the chart has no version, and
// the load goes on.
func (l *load) chart(ctx context.Context, n *node) childResult {
	result := childResult{node: n}
	if config, err := l.client.config(ctx, l.ref.Repo(), l.top.Config); err == nil {
		result.chart = &config.Document
	}
	return result
}

// begin runs read in a goroutine, which sends the result.
func (l *load) begin(read func(context.Context) childResult) {
	l.pending++
	ctx := l.ctx
	l.readers.Go(func() {
		defer panics.Catch()
		result := read(ctx)
		select {
		case l.results <- result:
		case <-ctx.Done():
		}
	})
}

// reserve adds the size in a descriptor to the total and returns an error if the total
// exceeds maxLoad: a hundred images with the largest configs would fill the memory. A
// single document that is too large is refused when it is read.
func (l *load) reserve(d v1.Descriptor) error {
	n := sizeLimit(d)
	if n > max(transport.MaxManifest, transport.MaxConfig) || l.reserved.Add(n) <= maxLoad {
		return nil
	}
	l.reserved.Add(-n) // a smaller document may still be read
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
		case result := <-l.results:
			l.addResult(result)
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
		case result := <-l.results:
			l.addResult(result)
		default:
			return
		}
	}
}

// addResult puts the result of one child into the tree. The kind of the manifest
// replaces the kind that the index claims.
func (l *load) addResult(result childResult) {
	l.pending--
	if result.node == nil {
		l.answers = result.answers
		return
	}
	e := &result.node.entry
	if e.Role == model.RoleUnknown { // clients do not take it, so a failure to read it stops nothing
		if result.err == nil && result.manifest.IsAttestation() {
			e.Role, e.Artifact = model.RoleAttestation, &result.manifest
		}
		return
	}
	e.Err, e.Chart = result.err, result.chart
	if result.manifest.Digest == "" {
		return
	}
	if result.image != nil && result.image.IsArtifact() {
		result.manifest.Kind = model.KindOther
	}
	switch result.manifest.Kind {
	case model.KindImage, model.KindSchema1:
		e.Role, e.Image = model.RoleImage, result.image
	case model.KindOther:
		e.Role, e.Artifact = model.RoleArtifact, &result.manifest
		if l.top.Kind != model.KindIndex {
			l.top = result.manifest
		}
	case model.KindIndex:
		e.Role = model.RoleIndex
		if n := l.count + len(result.manifest.Children); n > maxEntries {
			e.Err = invalid(l.ref, "index", model.Limitf("it has %d entries in all, tagdiff reads at most %d", n, maxEntries))
			return
		}
		if e.Depth+1 >= maxDepth {
			e.Err = invalid(l.ref, "index", model.Limitf("it is nested more than %d deep, tagdiff reads no deeper", maxDepth))
			return
		}
		result.node.children = l.expand(result.manifest, e.Depth+1)
	}
}

// snapshot copies the present state.
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
