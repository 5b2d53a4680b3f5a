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

// Digests are the options of a list of tags with their digests.
type Digests struct {
	Match    *regexp.Regexp // list only tags that match; nil for all
	Progress io.Writer      // a terminal that shows progress; nil for none
}

// tagTargets holds the digests of the tags of a repository, as far as known.
type tagTargets struct {
	mu           sync.Mutex
	listed       int // tags in the list so far
	matched      int // of these, to be resolved
	tags         []model.Tagged
	stopped      error
	lastProgress time.Time
}

// digests prints the tags of a repository with their digests.
func (r Request) digests(ctx context.Context, w io.Writer, repo model.Ref) error {
	c, err := r.readTargets(ctx, repo, r.Digests)
	if errors.Is(err, context.Canceled) || err != nil && len(c.tags) == 0 {
		return err
	}
	if errPrint := r.printDigests(w, repo, c); errPrint != nil {
		return errPrint
	}
	if err == nil && c.matched == 0 {
		r.note(r.Digests.emptyText(repo, c.listed))
	}
	return errors.Join(err, r.failures(repo, c.tags))
}

// readTargets lists the tags of a repository and resolves each page while the next one
// loads. It returns the tags in natural order, with an error what came before.
func (r Request) readTargets(ctx context.Context, repo model.Ref, d *Digests) (*tagTargets, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var c tagTargets
	var wait sync.WaitGroup
	errList := r.Registry.Tags(ctx, repo, func(page []string) {
		tags := d.matching(page)
		c.locked(func() { c.listed, c.matched = c.listed+len(page), c.matched+len(tags) })
		if len(tags) == 0 {
			return
		}
		wait.Go(func() {
			defer panics.Catch()
			err := r.Registry.Resolve(ctx, repo, tags, func(found []model.Tagged) {
				c.locked(func() {
					c.tags = append(c.tags, found...)
					d.progress(&c)
				})
			})
			if err != nil {
				c.locked(func() { c.stopped = cmp.Or(c.stopped, err) }) // later errors are consequences of the first
				cancel()                                                // the other pages would fail too
			}
		})
	})
	wait.Wait()
	d.clearProgress(&c)
	slices.SortFunc(c.tags, func(a, b model.Tagged) int { return model.CompareNatural(a.Tag, b.Tag) })
	return &c, cmp.Or(c.stopped, errList)
}

func (d *Digests) matching(tags []string) []string {
	if d.Match == nil {
		return tags
	}
	return slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return !d.Match.MatchString(t) })
}

// locked runs a change under the lock.
func (c *tagTargets) locked(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// progressInterval keeps progress from flooding a slow terminal.
const progressInterval = 100 * time.Millisecond

// progress shows the progress. c is locked.
func (d *Digests) progress(c *tagTargets) {
	if d.Progress == nil || time.Since(c.lastProgress) < progressInterval {
		return
	}
	c.lastProgress = time.Now()
	fmt.Fprintf(d.Progress, "\r%s", safe.Sprintf("%s of %s resolved, %s listed", look.Number(len(c.tags)),
		look.Count(c.matched, safe.Const("tag"), safe.Const("tags")), look.Number(c.listed)))
}

// clearProgress removes the progress from the terminal.
func (d *Digests) clearProgress(c *tagTargets) {
	if d.Progress != nil && !c.lastProgress.IsZero() {
		fmt.Fprint(d.Progress, "\r\x1b[K")
	}
}

// emptyText says why no tag is listed.
func (d *Digests) emptyText(repo model.Ref, listed int) safe.Text {
	if listed == 0 {
		return safe.Sprintf("%s has no tags", repo.String())
	}
	return safe.Sprintf("no tag of %s matches %s", repo.String(), d.Match.String())
}

// failures prints the error of each tag that could not be resolved, and returns an error with
// their number.
func (r Request) failures(repo model.Ref, tags []model.Tagged) error {
	failed := 0
	for _, t := range tags {
		if t.Err == nil {
			continue
		}
		failed++
		if r.Errors != nil {
			fmt.Fprintln(r.Errors, safe.Sprintf("%s: %s", safe.Clean(repo.WithTag(t.Tag).String()), safe.Gate{}.Clean(t.Err.Error())))
		}
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("could not resolve %d of %s", failed, look.Count(len(tags), safe.Const("tag"), safe.Const("tags")))
}

// group holds the tags with one digest.
type group struct {
	Digest digest.Digest `json:"digest"`
	Tags   []string      `json:"tags"`
}

// grouped groups tags by digest. In a group the most specific tag comes first; groups are in
// natural order of their first tag.
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
	groups := grouped(c.tags)
	if r.Format == "json" {
		return writeJSON(w, jsonDigestsOf(repo, c, groups))
	}
	p := newPrinter(w, r.Options)
	for _, g := range groups {
		if name := safe.Clean(string(g.Digest)); r.Format == "markdown" {
			p.line(safe.Const("- "), code(name), safe.Const(": "), safe.Join(each(g.Tags, code), ", "))
		} else {
			p.line(name, safe.Const("  "), safe.Join(each(g.Tags, func(t safe.Text) safe.Text { return t }), " "))
		}
	}
	return p.end()
}

func each(tags []string, format func(safe.Text) safe.Text) []safe.Text {
	out := make([]safe.Text, len(tags))
	for i, t := range tags {
		out[i] = format(safe.Clean(t))
	}
	return out
}

type jsonDigests struct {
	Schema     string       `json:"schema"`
	Repository string       `json:"repository"`
	Listed     int          `json:"listed"` // tags in the repository, including those that do not match
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
