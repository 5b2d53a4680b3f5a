package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/version"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// Digests asks for a list of tags with where each points.
type Digests struct {
	Match    *regexp.Regexp // only tags that it matches, nil for all
	Errors   io.Writer      // for a line about each tag that could not be asked
	Progress io.Writer      // a terminal on which to say how far it is; nil for none
}

// tagTargets is where the tags of a repository point, as far as known.
type tagTargets struct {
	mu      sync.Mutex
	listed  int
	wanted  int
	tags    []model.Tagged
	stopped error
	told    time.Time // when progress was last said
}

// digests lists the tags of a repository and asks where they point while the
// list still comes.
func (r Request) digests(ctx context.Context, w io.Writer, repo model.Ref) error {
	c, err := r.readTargets(ctx, repo, r.Digests)
	if isCancel(err) || err != nil && len(c.tags) == 0 {
		return err
	}
	if errPrint := r.printDigests(w, repo, c); errPrint != nil {
		return errPrint
	}
	return errors.Join(err, r.Digests.failures(repo, c.tags))
}

// readTargets asks where the tags of a repository point. What came before an error
// is in it.
func (r Request) readTargets(ctx context.Context, repo model.Ref, d *Digests) (*tagTargets, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var c tagTargets
	var asks sync.WaitGroup
	errList := r.Registry.Tags(ctx, repo, func(page []string) {
		tags := d.wanted(page)
		c.add(len(page), len(tags))
		if len(tags) == 0 {
			return
		}
		asks.Go(func() {
			defer panics.Catch()
			err := r.Registry.Resolve(ctx, repo, tags, func(found []model.Tagged) {
				c.take(found)
				d.progress(&c)
			})
			if err != nil {
				c.stop(err)
				cancel() // the others would fare the same
			}
		})
	})
	asks.Wait()
	d.clearProgress(&c)
	return &c, cmp.Or(c.stopped, errList)
}

// inOrder puts the tags in natural order.
func (c *tagTargets) inOrder() {
	slices.SortFunc(c.tags, func(a, b model.Tagged) int { return model.CompareNatural(a.Tag, b.Tag) })
}

func (d *Digests) wanted(tags []string) []string {
	if d.Match == nil {
		return tags
	}
	return slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return !d.Match.MatchString(t) })
}

func (c *tagTargets) add(listed, wanted int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listed += listed
	c.wanted += wanted
}

func (c *tagTargets) take(found []model.Tagged) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tags = append(c.tags, found...)
}

// stop notes the first reason to stop; those after it follow from it.
func (c *tagTargets) stop(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped == nil {
		c.stopped = err
	}
}

// progressPause keeps a slow line from being filled with numbers.
const progressPause = 100 * time.Millisecond

func (d *Digests) progress(c *tagTargets) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.Progress == nil || time.Since(c.told) < progressPause {
		return
	}
	c.told = time.Now()
	fmt.Fprintf(d.Progress, "\r%s", safe.Sprintf("%s of %s asked, %s listed", look.Number(len(c.tags)),
		look.Count(c.wanted, safe.Const("tag"), safe.Const("tags")), look.Number(c.listed)))
}

// clearProgress leaves no trace of progress on the terminal.
func (d *Digests) clearProgress(c *tagTargets) {
	if d.Progress != nil && !c.told.IsZero() {
		fmt.Fprint(d.Progress, "\r\x1b[K")
	}
}

// failures says of each tag why it could not be asked, and gives the sum of it.
func (d *Digests) failures(repo model.Ref, tags []model.Tagged) error {
	failed := 0
	for _, t := range tags {
		if t.Err == nil {
			continue
		}
		failed++
		if d.Errors != nil {
			fmt.Fprintln(d.Errors, safe.Sprintf("%s: %s", safe.Clean(repo.WithTag(t.Tag).String()), safe.Gate{}.Clean(t.Err.Error())))
		}
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d tags could not be asked where they point", failed, len(tags))
}

// group is the tags of one image.
type group struct {
	Digest digest.Digest `json:"digest"`
	Tags   []string      `json:"tags"`
}

// grouped puts tags of one image together, the one that says most first, and
// the groups in natural order of those.
func grouped(tags []model.Tagged) []group {
	by := map[digest.Digest][]string{}
	for _, t := range tags {
		if t.Err == nil {
			by[t.Digest] = append(by[t.Digest], t.Tag)
		}
	}
	groups := make([]group, 0, len(by))
	for _, d := range slices.Sorted(maps.Keys(by)) {
		groups = append(groups, group{d, mostSpecificFirst(by[d])})
	}
	slices.SortFunc(groups, func(a, b group) int { return model.CompareNatural(a.Tags[0], b.Tags[0]) })
	return groups
}

func mostSpecificFirst(tags []string) []string {
	if len(tags) == 1 {
		return tags
	}
	versions := make(map[string]version.Version, len(tags))
	for _, t := range tags {
		versions[t] = version.Parse(t)
	}
	slices.SortFunc(tags, func(a, b string) int {
		return cmp.Or(versions[b].Compare(versions[a]), model.CompareNatural(a, b))
	})
	return tags
}

func (r Request) printDigests(w io.Writer, repo model.Ref, c *tagTargets) error {
	c.inOrder()
	groups := grouped(c.tags)
	if r.Form == "json" {
		return writeJSON(w, jsonDigestsOf(repo, c, groups))
	}
	p := newPrinter(w, r.Options)
	for _, g := range groups {
		if r.Form == "markdown" {
			p.line(safe.Const("- "), code(safe.Clean(string(g.Digest))), safe.Const(": "), safe.Join(each(g.Tags, code), ", "))
			continue
		}
		p.line(safe.Clean(string(g.Digest)), safe.Const("  "), safe.Join(each(g.Tags, asIs), " "))
	}
	return p.end()
}

func each(tags []string, dress func(safe.Text) safe.Text) []safe.Text {
	out := make([]safe.Text, len(tags))
	for i, t := range tags {
		out[i] = dress(safe.Clean(t))
	}
	return out
}

func asIs(t safe.Text) safe.Text { return t }

type jsonDigests struct {
	Schema     string       `json:"schema"`
	Repository string       `json:"repository"`
	Listed     int          `json:"listed"` // tags in the repository, those left out by a match included
	Tags       []jsonTagged `json:"tags"`
	Groups     []group      `json:"groups"`
}

type jsonTagged struct {
	Tag       string         `json:"tag"`
	Digest    *digest.Digest `json:"digest"`
	MediaType *string        `json:"mediaType"`
	Error     string         `json:"error,omitempty"`
}

func jsonDigestsOf(repo model.Ref, c *tagTargets, groups []group) jsonDigests {
	out := jsonDigests{Schema: schema, Repository: repo.String(), Listed: c.listed, Tags: []jsonTagged{}, Groups: groups}
	for _, t := range c.tags {
		j := jsonTagged{Tag: t.Tag, Digest: orNull(t.Digest), MediaType: orNull(t.MediaType)}
		if t.Err != nil {
			j.Error = safe.Gate{}.Mask(t.Err.Error())
		}
		out.Tags = append(out.Tags, j)
	}
	return out
}
