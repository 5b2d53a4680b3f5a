package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Source reads from registries.
type Source interface {
	Repositories(ctx context.Context, host string, page func(names []string)) error
	Tags(ctx context.Context, repo model.Ref, page func(tags []string)) error
	Load(ctx context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error)
	Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error
	Children(ctx context.Context, ref model.Ref) ([]v1.Descriptor, error)
	Contents(ctx context.Context, repo model.Ref, layers []model.LayerPart) (map[digest.Digest]model.Contents, error)
	CheckBlobs(ctx context.Context, repo model.Ref, blobs []v1.Descriptor, checked func(model.BlobState)) error
	ReadLayers(ctx context.Context, reads []model.LayerRead, progress func(model.LayerState)) model.LayerStates
	LineCounts(a, b digest.Digest) inside.LineCounts
	KeepLineCounts(a, b digest.Digest, counts inside.LineCounts)
}

// Request describes a report.
type Request struct {
	Registry Source
	Format   string    // text, markdown or json
	Platform string    // compare this platform only; "" for all
	Exact    bool      // images are the same only if their digests are equal
	Expect   []string  // platforms that one image must have, as diff.ParseExpected returns them
	Digests  *Digests  // list tags with their digests; nil for names only
	Siblings bool      // also resolve the other tags of the repositories
	Inside   *Inside   // read the layers that differ, of one image all; nil for none
	Programs *Programs // read for which machines programs are; nil for nothing
	Journal  Journal   // earlier sightings of the tags; may be nil
	Options  Options
	Errors   io.Writer // gets a line for each tag that could not be resolved, and one if a list is empty; may be nil
}

// Write prints the report on refs: two images are compared, one image is described,
// a repository or a registry is listed. same decides between exit codes 0 and 1; it
// is true if nothing was compared. If a part cannot be read, Write prints the report
// on the rest and returns the error, which has precedence over same.
func (r Request) Write(ctx context.Context, w io.Writer, refs []model.Ref) (same bool, err error) {
	switch {
	case len(refs) == 0:
		return false, &model.ReadError{Message: "no image is given", Next: "name a registry, a repository or an image"}
	case len(refs) == 2:
		return r.compare(ctx, w, refs[0], refs[1])
	case len(r.Expect) > 0:
		return r.expect(ctx, w, refs[0])
	case r.Digests != nil:
		return true, r.digests(ctx, w, refs[0])
	case refs[0].Names() == model.NamesManifest:
		return true, r.describe(ctx, w, refs[0])
	}
	return true, r.list(ctx, w, refs[0])
}

// compare loads both sides at the same time and prints the comparison.
func (r Request) compare(ctx context.Context, w io.Writer, a, b model.Ref) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var arts [2]model.Artifact
	var errs [2]error
	tags := r.startTagContext(ctx, a, b)
	var wait sync.WaitGroup
	for i, ref := range []model.Ref{a, b} {
		wait.Go(func() {
			defer panics.Catch()
			arts[i], errs[i] = r.Registry.Load(ctx, ref, func(model.Artifact) {})
		})
	}
	wait.Wait() // also after an error of one side: the other one may fail, too
	for i, err := range errs {
		errs[i] = diff.Identified(err, readOrNil(arts[0], errs[0]), readOrNil(arts[1], errs[1]))
	}
	if err := bothErrors(errs[0], errs[1]); err != nil {
		return false, err
	}
	c := r.readContents(ctx, diff.PairUp(arts[0], arts[1]))
	c, errTags := tags.addTo(ctx, diff.Recompare(c, *c.A, *c.B))
	c, layers, err := r.readInside(ctx, c)
	if err != nil {
		return false, err
	}
	if c, err = r.readPrograms(ctx, c); err != nil {
		return false, err
	}
	if c, err = r.restrict(c); err != nil {
		return false, err
	}
	if err := r.withCost(layers).print(w, c); err != nil {
		return false, err
	}
	same, errInside := r.judgeInside(c, c.Same(r.Exact), layers)
	if r.Exact && !same && c.Same(false) {
		r.note(safe.Const("--exact: the digests differ, so the exit code is 1"))
	}
	return same, cmp.Or(r.unread(c), errInside, r.packagesKnown(c, layers), errTags)
}

// readOrNil returns what was read, nil after an error.
func readOrNil(a model.Artifact, err error) *model.Artifact {
	if err != nil {
		return nil
	}
	return &a
}

// readContents reads the layers of the requested platform, or parts of them, whose bytes affect
// the result. For a layer that cannot be read, the claim of the config stays.
func (r Request) readContents(ctx context.Context, c diff.Comparison) diff.Comparison {
	for _, wanted := range []func(diff.Comparison) map[diff.Side][]model.LayerPart{diff.UnverifiedLayers, diff.DoubtfulLayers} {
		restricted, err := r.restrict(c)
		parts := wanted(restricted)
		if err != nil || len(parts) == 0 {
			break
		}
		c = c.WithContents(r.contents(ctx, c, parts))
	}
	return c
}

// contents reads parts of layers of both sides. Those that cannot be read are left out,
// except missing ones.
func (r Request) contents(ctx context.Context, c diff.Comparison, parts map[diff.Side][]model.LayerPart) map[digest.Digest]model.Contents {
	var mu sync.Mutex
	read := map[digest.Digest]model.Contents{}
	var wait sync.WaitGroup
	for side, layers := range parts {
		repo := c.A.Ref.Repo()
		if side == diff.SideB {
			repo = c.B.Ref.Repo()
		}
		wait.Go(func() {
			defer panics.Catch()
			contents, _ := r.Registry.Contents(ctx, repo, layers)
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(read, contents) // each digest is asked for on one side
		})
	}
	wait.Wait()
	return read
}

// unread returns why the comparison is incomplete, or nil. A platform that only one side has
// need not be read, since it differs anyway, unless its name is unknown. Nor need images with
// equal digests, unless the registry sent other bytes for one.
func (r Request) unread(c diff.Comparison) error {
	for _, p := range c.Pairs {
		if onOneSide := p.A == nil || p.B == nil; onOneSide && p.Platform != "" && !onBothSides(c, p.Platform) {
			continue
		}
		for _, err := range []error{errorOf(p.A), errorOf(p.B)} {
			if err != nil && (p.Verdict.Code != diff.Identical || model.IsCorrupt(err)) {
				return err
			}
		}
	}
	if r.Platform != "" || c.Verdict.Code == diff.Identical {
		return nil
	}
	return cmp.Or(unreadIndex(c.A), unreadIndex(c.B))
}

// onBothSides reports whether both sides have an image for a platform, so that another entry for it
// decides which image clients take.
func onBothSides(c diff.Comparison, platform string) bool {
	return slices.ContainsFunc(c.Pairs, func(p diff.Pair) bool { return p.A != nil && p.B != nil && p.Platform == platform })
}

// unreadIndex returns the error of an index inside an artifact that could not be read, or
// nil. Its platforms are unknown.
func unreadIndex(a *model.Artifact) error {
	for _, e := range a.Entries {
		if e.Role == model.RoleIndex && e.Err != nil {
			return e.Err
		}
	}
	return nil
}

func errorOf(e *model.Entry) error {
	if e == nil {
		return nil
	}
	return e.Err
}

// bothErrors returns the errors of A and B as one, A's first. What both have is said once. It is
// nil if both are.
func bothErrors(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	if both, ok := model.MergeErrors(a, b); ok {
		return both
	}
	return fmt.Errorf("%w; and %w", a, b)
}

func (r Request) describe(ctx context.Context, w io.Writer, ref model.Ref) error {
	c, layers, errTags, err := r.describeArtifact(ctx, ref)
	if err != nil {
		return err
	}
	switch {
	case r.Inside != nil && r.Inside.Packages && r.Format == "text":
		err = r.listPackages(w, c)
	case r.Options.Programs && r.Format == "text":
		err = ProgramList(w, c, r.Options)
	default:
		err = r.withCost(layers).print(w, c)
	}
	if err != nil {
		return err
	}
	errPackages := r.packagesKnown(c, layers)
	if errPackages == nil && r.Inside != nil && r.Inside.Packages {
		r.noteNoPackages(c)
	}
	if layers != nil && errPackages == nil {
		r.noteNotRead(layers)
	}
	return cmp.Or(notRead(c), errPackages, errTags)
}

// describeArtifact reads one image and its tag context. errTags reports that the tag context
// is incomplete.
func (r Request) describeArtifact(ctx context.Context, ref model.Ref) (c diff.Comparison, layers *layersRead, errTags, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tags := r.startTagContext(ctx, ref)
	art, err := r.Registry.Load(ctx, ref, func(model.Artifact) {})
	if err != nil {
		return c, nil, nil, diff.Identified(err, nil, nil)
	}
	c, errTags = tags.addTo(ctx, r.readContents(ctx, diff.Describe(art)))
	if c, layers, err = r.readInside(ctx, c); err != nil {
		return c, nil, nil, err
	}
	if c, err = r.readPrograms(ctx, c); err != nil {
		return c, nil, nil, err
	}
	c, err = r.restrict(c)
	return c, layers, errTags, err
}

// expect describes an image and reports whether it has the expected platforms.
func (r Request) expect(ctx context.Context, w io.Writer, ref model.Ref) (bool, error) {
	c, layers, errTags, err := r.describeArtifact(ctx, ref)
	if err != nil {
		return false, err
	}
	c, errBlobs := r.checkBlobs(ctx, c)
	e := diff.Expect(c, r.Expect)
	e.SawPrograms = r.Programs != nil
	if err := e.UnknownPlatform(c); err != nil {
		return false, err
	}
	r.Options.Expectation = &e
	if err := r.withCost(layers).print(w, c); err != nil {
		return false, err
	}
	errInside := r.checkInside(c, e.Met(), layers)
	return e.Met(), cmp.Or(e.Unread(), unreadable(unreadIndex(c.A)), errInside, errTags, errBlobs, e.Undecided())
}

// checkBlobs asks the registry whether it has every config and layer of the images for the expected
// platforms, and looks at what can be seen of them. The error is that of a blob whose state is unknown.
func (r Request) checkBlobs(ctx context.Context, c diff.Comparison) (diff.Comparison, error) {
	var blobs []v1.Descriptor
	for _, e := range c.ImagesOf(r.Expect) {
		if e.Image != nil {
			blobs = append(blobs, e.Image.Blobs()...)
		}
	}
	states := map[digest.Digest]model.BlobState{}
	var unknown error
	err := r.Registry.CheckBlobs(ctx, c.A.Ref.Repo(), blobs, func(s model.BlobState) {
		if unknown = cmp.Or(unknown, s.Err); s.Err == nil {
			states[s.Digest] = s
		}
	})
	known := diff.Describe(c.A.WithBlobStates(states)).WithTagContext(c.TagContext)
	return known.WithInside(c.Inside).WithPrograms(c.Programs), cmp.Or(err, unknown)
}

// unreadable returns err, or nil for the error of a missing manifest: it is a result, which
// finding C11 reports.
func unreadable(err error) error {
	if model.IsMissing(err) {
		return nil
	}
	return err
}

// notRead returns why the description is incomplete, or nil. Missing images are no error
// as long as others exist: some mirrors keep an index without all of its images.
func notRead(c diff.Comparison) error {
	var missing, other error
	anyRead := false
	for _, p := range c.Pairs {
		err := errorOf(p.A)
		anyRead = anyRead || err == nil
		missing, other = cmp.Or(missing, err), cmp.Or(other, unreadable(err))
	}
	if anyRead {
		missing = nil
	}
	return cmp.Or(other, unreadable(unreadIndex(c.A)), missing)
}

func (r Request) restrict(c diff.Comparison) (diff.Comparison, error) {
	if r.Platform == "" {
		return c, nil
	}
	return c.ForPlatform(r.Platform)
}

// withCost returns r with what was read of layers in its options.
func (r Request) withCost(layers *layersRead) Request {
	if layers != nil {
		r.Options.Cost = &layers.cost
	}
	return r
}

func (r Request) print(w io.Writer, c diff.Comparison) error { return Write(w, r.Format, c, r.Options) }

// Write prints a comparison in a format: text, markdown or json.
func Write(w io.Writer, format string, c diff.Comparison, o Options) error {
	switch format {
	case "text":
		return Text(w, c, o)
	case "markdown":
		return Markdown(w, c, o)
	case "json":
		return JSON(w, c, o)
	}
	return fmt.Errorf("unknown report format %q", format)
}

// list prints the repositories of a registry or the tags of a repository. If an error
// interrupts the list, it prints the names before it and returns the error.
func (r Request) list(ctx context.Context, w io.Writer, ref model.Ref) error {
	var all []string
	add := func(page []string) { all = append(all, page...) }
	var err error
	if ref.Names() == model.NamesRegistry {
		err = r.Registry.Repositories(ctx, ref.Registry, add)
	} else {
		err = r.Registry.Tags(ctx, ref, add)
	}
	if err != nil && len(all) == 0 {
		return err
	}
	if err == nil && len(all) == 0 {
		why := safe.Const("has no tags")
		if ref.Names() == model.NamesRegistry {
			why = safe.Const("has no repositories, or it lists none to you")
		}
		r.note(safe.Sprintf("%s %s", ref.String(), why))
	}
	return errors.Join(Names(w, r.Format, ref, all, r.Options), err)
}

// note writes a line about the result that is not an error.
func (r Request) note(why safe.Text) {
	if r.Errors != nil {
		fmt.Fprintln(r.Errors, safe.Sprintf("tagdiff: %s", why))
	}
}
