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

// Journal holds earlier sightings of tags.
type Journal interface {
	Timeline(ref model.Ref) (model.Timeline, error)
}

// tagContext collects the other tags and the history of the images of a report. It loads
// them while the images are read.
type tagContext struct {
	r     Request
	repos map[model.Ref]*repoTags
	past  map[model.Ref]*model.Timeline // by tag
	wait  sync.WaitGroup
}

// repoTags holds the tags of one repository.
type repoTags struct {
	set *model.TagSet
	err error // why set is incomplete
}

// startTagContext starts to load the tag context of references.
func (r Request) startTagContext(ctx context.Context, refs ...model.Ref) *tagContext {
	s := &tagContext{r: r, repos: map[model.Ref]*repoTags{}, past: map[model.Ref]*model.Timeline{}}
	for _, ref := range refs {
		if tag := ref.WithTag(ref.Tag); r.Journal != nil && ref == tag && s.past[tag] == nil {
			past := new(model.Timeline)
			s.past[tag] = past
			s.wait.Go(func() {
				defer panics.Catch()
				*past, _ = r.Journal.Timeline(tag) // with an error it returns the readable part
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

// tagSet resolves all tags of a repository.
func (r Request) tagSet(ctx context.Context, repo model.Ref) (*model.TagSet, error) {
	c, err := r.readTargets(ctx, repo, &Digests{})
	if len(c.tags) == 0 {
		return nil, err
	}
	return &model.TagSet{Repo: repo, Tags: c.tags, Total: c.listed, Truncated: err != nil}, err
}

// addTo waits for the tag context and returns c with it. An error reports that the tag
// context is incomplete.
func (s *tagContext) addTo(ctx context.Context, c diff.Comparison) (diff.Comparison, error) {
	s.wait.Wait()
	a, errA := s.side(ctx, c.A)
	b, errB := s.side(ctx, c.B)
	return c.WithTagContext(diff.TagContext{A: a, B: b}), cmp.Or(errA, errB)
}

func (s *tagContext) side(ctx context.Context, art *model.Artifact) (diff.SideContext, error) {
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
	err := cmp.Or(s.r.readMembers(ctx, in.set, *art), s.r.readNamedBases(ctx, in.set, *art))
	n.Tags, n.Moved = in.set, s.r.tagMove(ctx, *art)
	return n, cmp.Or(in.err, err)
}

// maxNamedBases limits how many tags that an image names as its base are read.
const maxNamedBases = 3

// readNamedBases reads the layers of the tags that an image names as its base.
func (r Request) readNamedBases(ctx context.Context, set *model.TagSet, art model.Artifact) error {
	if set.Stacks == nil {
		set.Stacks = map[digest.Digest]model.Stack{}
	}
	named := diff.NamedBaseTags(art, *set)
	for _, t := range named[:min(len(named), maxNamedBases)] {
		base, err := r.Registry.Load(ctx, set.Repo.AtDigest(t.Digest), func(model.Artifact) {})
		if err != nil {
			return unreadable(err)
		}
		for i, e := range base.Images() {
			if e.Image == nil {
				continue
			}
			set.Stacks[e.Descriptor.Digest] = e.Image.Stack()
			if i == 0 {
				set.Stacks[t.Digest] = e.Image.Stack()
			}
		}
	}
	return nil
}

// tagMove resolves a tag again after everything else is read, and returns its move if it has
// moved since.
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
	}) // without an answer no move is known
	return m
}

func listsDigest(art model.Artifact, d digest.Digest) bool {
	return art.Top.Kind == model.KindIndex && slices.ContainsFunc(art.Images(), func(e model.Entry) bool { return e.Descriptor.Digest == d })
}

// Limits for the indexes that readMembers reads.
const (
	maxIndexes    = 200 // per repository
	indexesAtOnce = 16
)

// readMembers reads which images the indexes of a repository list. It starts with those
// whose tags have names like that of art.
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

// unreadIndexes returns the digests that may be indexes. Those whose tags have the longest
// prefix in common with a name come first.
func unreadIndexes(set model.TagSet, name string) []digest.Digest {
	tags := slices.Clone(set.Tags)
	slices.SortStableFunc(tags, func(a, b model.Tagged) int { return cmp.Compare(commonPrefix(b.Tag, name), commonPrefix(a.Tag, name)) })
	var unread []digest.Digest
	added := map[digest.Digest]bool{}
	for _, t := range tags {
		_, read := set.Children[t.Digest]
		_, attached := model.AttachedTo(t.Tag)
		if t.Digest == "" || read || added[t.Digest] || attached != "" || !mayBeIndex(t.MediaType) {
			continue
		}
		added[t.Digest] = true
		unread = append(unread, t.Digest)
	}
	return unread
}

func mayBeIndex(mediaType string) bool {
	return slices.Contains([]string{"", v1.MediaTypeImageIndex, model.MediaTypeDockerList}, mediaType)
}

// commonPrefix returns the length of the common prefix of two names, without a leading v.
func commonPrefix(a, b string) int {
	return firstDifference(strings.TrimPrefix(a, "v"), strings.TrimPrefix(b, "v"))
}
