package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"sync"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
)

// Source is what a report asks of registries.
type Source interface {
	Repositories(ctx context.Context, host string, page func(names []string)) error
	Tags(ctx context.Context, repo model.Ref, page func(tags []string)) error
	Load(ctx context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error)
	Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error
	Children(ctx context.Context, ref model.Ref) ([]v1.Descriptor, error)
	Contents(ctx context.Context, repo model.Ref, layers []v1.Descriptor) (map[digest.Digest]model.Contents, error)
}

// Request is a report to be written.
type Request struct {
	Registry Source
	Form     string   // text, markdown or json
	Platform string   // only this one, if set
	Exact    bool     // only equal digests are the same
	Expect   []string // platforms that one image must have, as diff.ParseExpected gives them
	Digests  *Digests // list tags with where they point, nil for their names alone
	Siblings bool     // also ask where the other tags of the repositories point
	Journal  Journal  // what was seen of the tags before, nil if nobody remembers
	Options  Options
}

// Write reads what refs name and prints the report: two are compared, one is
// described or listed. same is what the exit code says; it is true where
// nothing was compared. When a part could not be read the report of the rest
// is printed and the error returned: trouble weighs more than a difference.
func (r Request) Write(ctx context.Context, w io.Writer, refs []model.Ref) (same bool, err error) {
	switch {
	case len(refs) == 0:
		return false, &model.ReadError{Message: "there is nothing to report on", Next: "name a registry, a repository or an image"}
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

// compare loads both sides at once and prints how they compare.
func (r Request) compare(ctx context.Context, w io.Writer, a, b model.Ref) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var arts [2]model.Artifact
	var errs [2]error
	near := r.startTagContext(ctx, a, b)
	var wait sync.WaitGroup
	for i, ref := range []model.Ref{a, b} {
		wait.Go(func() {
			defer panics.Catch()
			if arts[i], errs[i] = r.load(ctx, ref); errs[i] != nil {
				cancel() // one side is not enough
			}
		})
	}
	wait.Wait()
	if err := firstCause(errs); err != nil {
		return false, err
	}
	c, errAround := near.addTo(ctx, diff.Compare(arts[0], arts[1]))
	c, err := r.readContents(ctx, c)
	if err != nil {
		return false, err
	}
	if err := r.print(w, c); err != nil {
		return false, err
	}
	return c.Same(r.Exact), cmp.Or(r.unread(c), errAround)
}

// readContents narrows the comparison to what was asked for, once the small layers
// whose contents decide something there have been read. What cannot be read
// stays as its config claims it to be.
func (r Request) readContents(ctx context.Context, c diff.Comparison) (diff.Comparison, error) {
	narrowed, err := r.restrict(c)
	doubts := diff.UnverifiedLayers(narrowed)
	if err != nil || len(doubts) == 0 {
		return narrowed, err
	}
	var mu sync.Mutex
	seen := map[digest.Digest]model.Contents{}
	var wait sync.WaitGroup
	for side, layers := range doubts {
		repo := c.A.Ref.Repo()
		if side == diff.SideB {
			repo = c.B.Ref.Repo()
		}
		wait.Go(func() {
			defer panics.Catch()
			contents, _ := r.Registry.Contents(ctx, repo, layers)
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(seen, contents) // a digest is proof wherever it was read
		})
	}
	wait.Wait()
	return r.restrict(c.WithContents(seen))
}

// unread is why the comparison is not of all that was asked for, or nil. What
// is equal by digest need not be read, and a platform that only one side has
// differs whatever is in it; unless nobody can tell which platform it is.
func (r Request) unread(c diff.Comparison) error {
	for _, p := range c.Pairs {
		onOneSide := p.A == nil || p.B == nil
		if p.Verdict.Code == diff.Identical || onOneSide && p.Platform != "" {
			continue
		}
		if err := cmp.Or(errorOf(p.A), errorOf(p.B)); err != nil {
			return err
		}
	}
	if r.Platform != "" || c.Verdict.Code == diff.Identical {
		return nil
	}
	return cmp.Or(unreadIndex(c.A), unreadIndex(c.B))
}

// unreadIndex is why an index inside an artifact could not be read, or nil:
// nobody knows which platforms it has.
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

// firstCause is the error that was not caused by the other one's cancel.
func firstCause(errs [2]error) error {
	for _, err := range errs {
		if err != nil && !isCancel(err) {
			return err
		}
	}
	if errs[0] != nil {
		return errs[0]
	}
	return errs[1]
}

func (r Request) load(ctx context.Context, ref model.Ref) (model.Artifact, error) {
	return r.Registry.Load(ctx, ref, func(model.Artifact) {})
}

func (r Request) describe(ctx context.Context, w io.Writer, ref model.Ref) error {
	c, errAround, err := r.alone(ctx, ref)
	if err != nil {
		return err
	}
	if err := r.print(w, c); err != nil {
		return err
	}
	return cmp.Or(notRead(c), errAround)
}

// alone reads one image, and looks around it. errAround means that not all of
// that could be read.
func (r Request) alone(ctx context.Context, ref model.Ref) (c diff.Comparison, errAround, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	near := r.startTagContext(ctx, ref)
	art, err := r.load(ctx, ref)
	if err != nil {
		return c, nil, err
	}
	c, errAround = near.addTo(ctx, diff.Describe(art))
	c, err = r.readContents(ctx, c)
	return c, errAround, err
}

// expect describes an image and says whether it is what a pipeline expects.
func (r Request) expect(ctx context.Context, w io.Writer, ref model.Ref) (bool, error) {
	c, errAround, err := r.alone(ctx, ref)
	if err != nil {
		return false, err
	}
	e := diff.Expect(c, r.Expect)
	r.Options.Expectation = &e
	if err := r.print(w, c); err != nil {
		return false, err
	}
	return e.Met(), cmp.Or(e.Unread(), unreadable(unreadIndex(c.A)), errAround)
}

// unreadable is an error that is no answer: that an index within the index is
// not there is one, finding C11.
func unreadable(err error) error {
	var t *model.ReadError
	if errors.As(err, &t) && t.Missing {
		return nil
	}
	return err
}

// notRead is why the images that are described are not all that there are, or
// nil. A list that lacks the images of some platforms, as mirrors keep them, is
// described all the same.
func notRead(c diff.Comparison) error {
	var missing, other error
	some := false
	for _, p := range c.Pairs {
		err := errorOf(p.A)
		some = some || err == nil
		missing, other = cmp.Or(missing, err), cmp.Or(other, unreadable(err))
	}
	if some {
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

func (r Request) print(w io.Writer, c diff.Comparison) error {
	switch r.Form {
	case "text":
		return Text(w, c, r.Options)
	case "markdown":
		return Markdown(w, c, r.Options)
	case "json":
		return JSON(w, c, r.Options)
	}
	return fmt.Errorf("there is no report in the form %q", r.Form)
}

// list prints the repositories of a registry or the tags of a repository. What
// came before an error is printed too: a list cut short is still worth having.
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
	return errors.Join(Names(w, r.Form, ref, all, r.Options), err)
}
