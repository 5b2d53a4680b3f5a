package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
)

// Journal is what was seen of tags before.
type Journal interface {
	Timeline(ref model.Ref) (model.Timeline, error)
}

// tagContext are what is known around the images of a report. The lists of
// tags are asked for while the images are read.
type tagContext struct {
	r     Request
	repos map[model.Ref]*repoTags
	past  map[model.Ref]*model.Timeline // of tags
	wait  sync.WaitGroup
}

// repoTags is what is known of the tags of one.
type repoTags struct {
	set *model.TagSet
	err error // why not all of its tags are known
}

// startTagContext begins to look around references.
func (r Request) startTagContext(ctx context.Context, refs ...model.Ref) *tagContext {
	s := &tagContext{r: r, repos: map[model.Ref]*repoTags{}, past: map[model.Ref]*model.Timeline{}}
	for _, ref := range refs {
		if tag := ref.WithTag(ref.Tag); r.Journal != nil && ref == tag && s.past[tag] == nil {
			past := new(model.Timeline)
			s.past[tag] = past
			s.wait.Go(func() {
				defer panics.Catch()
				*past, _ = r.Journal.Timeline(tag) // what could be read comes with the error
			})
		}
		if s.repos[ref.Repo()] != nil {
			continue
		}
		in := &repoTags{}
		s.repos[ref.Repo()] = in
		if r.Siblings {
			s.wait.Go(func() {
				defer panics.Catch()
				in.set, in.err = r.tagSet(ctx, ref.Repo())
			})
		}
	}
	return s
}

// tagSet is where all tags of a repository point.
func (r Request) tagSet(ctx context.Context, repo model.Ref) (*model.TagSet, error) {
	c, err := r.readTargets(ctx, repo, &Digests{})
	if len(c.tags) == 0 {
		return nil, err
	}
	c.inOrder()
	return &model.TagSet{Repo: repo, Tags: c.tags, Total: c.listed, Truncated: err != nil}, err
}

// addTo is c with what is known around it. An error means that this is not all
// that was asked for.
func (s *tagContext) addTo(ctx context.Context, c diff.Comparison) (diff.Comparison, error) {
	s.wait.Wait()
	a, errA := s.tagNeighbours(ctx, c.A)
	b, errB := s.tagNeighbours(ctx, c.B)
	return c.WithTagContext(diff.TagContext{A: a, B: b}), cmp.Or(errA, errB)
}

func (s *tagContext) tagNeighbours(ctx context.Context, art *model.Artifact) (diff.SideContext, error) {
	if art == nil || s.repos[art.Ref.Repo()] == nil {
		return diff.SideContext{}, nil
	}
	in := s.repos[art.Ref.Repo()]
	n := diff.SideContext{}
	if past := s.past[art.Ref]; past != nil {
		n.History = *past
	}
	if in.set == nil {
		return n, in.err
	}
	err := s.r.readMembers(ctx, in.set, *art)
	n.Tags, n.Moved = in.set, s.r.tagMove(ctx, *art)
	return n, cmp.Or(in.err, err)
}

// tagMove asks where a tag points once all else is read.
func (r Request) tagMove(ctx context.Context, art model.Artifact) diff.Move {
	if art.Ref.Tag == "" || art.Ref.Digest != "" || art.Ref.At != "" {
		return diff.Move{}
	}
	var m diff.Move
	_ = r.Registry.Resolve(ctx, art.Ref.Repo(), []string{art.Ref.Tag}, func(found []model.Tagged) {
		for _, t := range found {
			if t.Err == nil && t.Digest != art.Top.Digest {
				m = diff.Move{To: t.Digest, At: time.Now(), ToMember: listsDigest(art, t.Digest)}
			}
		}
	}) // where nobody answers nothing has been seen to move
	return m
}

func listsDigest(art model.Artifact, d digest.Digest) bool {
	return art.Top.Kind == model.KindIndex && slices.ContainsFunc(art.Images(), func(e model.Entry) bool { return e.Descriptor.Digest == d })
}

// Of the indexes of a repository maxIndexes are read, those first whose tags
// are called most like the one at hand, indexesAtOnce at a time.
const (
	maxIndexes    = 200
	indexesAtOnce = 16
)

// readMembers reads what the indexes among some tags list.
func (r Request) readMembers(ctx context.Context, set *model.TagSet, art model.Artifact) error {
	if set.Children == nil {
		set.Children = map[digest.Digest][]v1.Descriptor{}
	}
	set.Children[art.Top.Digest] = art.Top.Children
	unread := unreadIndexes(*set, art.Ref.Tag)
	read := min(len(unread), max(maxIndexes-len(set.Children)+1, 0))
	set.UnreadIndexes, unread = len(unread)-read, unread[:read]
	var mu sync.Mutex
	var reads errgroup.Group
	reads.SetLimit(indexesAtOnce)
	for _, d := range unread {
		reads.Go(func() error {
			defer panics.Catch()
			children, err := r.Registry.Children(ctx, set.Repo.AtDigest(d))
			if err != nil {
				return unreadable(err)
			}
			mu.Lock()
			defer mu.Unlock()
			set.Children[d] = children
			return nil
		})
	}
	return reads.Wait()
}

// unreadIndexes are the digests that may be indexes, in the order of how much
// the names of their tags begin like one.
func unreadIndexes(set model.TagSet, like string) []digest.Digest {
	tags := slices.Clone(set.Tags)
	slices.SortStableFunc(tags, func(a, b model.Tagged) int { return cmp.Compare(commonPrefix(b.Tag, like), commonPrefix(a.Tag, like)) })
	var unread []digest.Digest
	seen := map[digest.Digest]bool{}
	for _, t := range tags {
		_, read := set.Children[t.Digest]
		_, attached := model.AttachedTo(t.Tag)
		if t.Digest == "" || read || seen[t.Digest] || attached != "" || !mayBeIndex(t.MediaType) {
			continue
		}
		seen[t.Digest] = true
		unread = append(unread, t.Digest)
	}
	return unread
}

func mayBeIndex(mediaType string) bool {
	switch mediaType {
	case "", v1.MediaTypeImageIndex, model.MediaTypeDockerList:
		return true
	}
	return false
}

// commonPrefix is how many bytes two names have in common at their beginning.
func commonPrefix(a, b string) int {
	a, b = strings.TrimPrefix(a, "v"), strings.TrimPrefix(b, "v")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
