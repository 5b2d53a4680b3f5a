package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// tagRegistry is a registry with tags and indexes.
type tagRegistry struct {
	tagLists
	mu       *sync.Mutex
	children map[digest.Digest][]v1.Descriptor
	reads    map[digest.Digest]int
	errRead  error
	moved    map[string]digest.Digest // of tags that move before they are resolved again
}

func (s tagRegistry) Children(_ context.Context, ref model.Ref) ([]v1.Descriptor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[ref.Digest]++
	return s.children[ref.Digest], s.errRead
}

func (s tagRegistry) Resolve(ctx context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(tags) == 1 && s.moved[tags[0]] != "" {
		found([]model.Tagged{{Tag: tags[0], Digest: s.moved[tags[0]]}})
		return nil
	}
	return s.tagLists.Resolve(ctx, repo, tags, found)
}

// pythonTags is a repository with an index 2.7, and another index 2.7-buster that has one of
// its images.
func pythonTags(t *testing.T) tagRegistry {
	t.Helper()
	amd, arm := image(t, "amd64", nil), image(t, "arm64", nil)
	both, one := index(t, "localhost:5000/app:2.7", amd, arm), index(t, "localhost:5000/app:2.7-buster", amd)
	s := tagRegistry{
		mu: &sync.Mutex{}, reads: map[digest.Digest]int{}, moved: map[string]digest.Digest{},
		children: map[digest.Digest][]v1.Descriptor{both.Top.Digest: both.Top.Children, one.Top.Digest: one.Top.Children},
		tagLists: tagLists{artifacts: artifacts{}, pages: [][]string{{"2.6", "2.7", "2.7-buster", "2.7.17", "old"}}, at: map[string]model.Tagged{
			"2.7": {Digest: both.Top.Digest}, "2.7.17": {Digest: both.Top.Digest}, "2.7-buster": {Digest: one.Top.Digest},
			"2.6": {Digest: amd.Manifest.Digest, MediaType: v1.MediaTypeImageManifest}, "old": {Err: errors.New("it is gone")},
		}},
	}
	s.put("2.7", both)
	s.put("2.7-buster", one)
	return s
}

func write(t *testing.T, r Request, form string, refs ...model.Ref) (string, error) {
	t.Helper()
	var out bytes.Buffer
	r.Format = form
	_, err := r.Write(t.Context(), &out, refs)
	return strings.Join(strings.Fields(out.String()), " "), err
}

func TestSiblings(t *testing.T) {
	s := pythonTags(t)
	for form, want := range map[string]string{
		"text":     "fact :2.7 is the same index as :2.7.17; it has the same linux/amd64 as :2.6 and :2.7-buster. (F4 siblings, proved)",
		"markdown": "is the same index as `:2.7.17`",
		"json":     `"say": ":2.7 is the same index as :2.7.17; it has the same linux/amd64 as :2.6 and :2.7-buster.",`,
	} {
		for _, refs := range [][]model.Ref{{s.ref("2.7")}, {s.ref("2.7"), s.ref("2.7-buster")}} {
			out, err := write(t, Request{Registry: s, Siblings: true}, form, refs...)
			if err != nil || !strings.Contains(out, want) {
				t.Errorf("%s: %v\n%s", form, err, out)
			}
			out, err = write(t, Request{Registry: s}, form, refs...)
			if err != nil || strings.Contains(out, "F4") {
				t.Errorf("%s, without Siblings: %v\n%s", form, err, out)
			}
		}
	}
	for d, n := range s.reads {
		if d == s.children[s.at["2.7"].Digest][0].Digest {
			t.Errorf("%s was read %d times, but is not an index", d, n)
		}
	}
}

// If tags cannot be resolved, the rest is reported and the error returned.
func TestSiblings_errors(t *testing.T) {
	failing := errors.New("the registry is not available")
	unlisted, unresolved, unread, gone := pythonTags(t), pythonTags(t), pythonTags(t), pythonTags(t)
	unlisted.errList, unlisted.pages = failing, nil
	unresolved.errAsk = failing
	unread.errRead = failing
	gone.errRead = &model.ReadError{Message: "it is not there", Missing: true}
	for name, tt := range map[string]struct {
		s     tagRegistry
		fails bool
	}{"tags": {unlisted, true}, "where they point": {unresolved, true}, "an index": {unread, true}, "an index that is gone": {gone, false}} {
		out, err := write(t, Request{Registry: tt.s, Siblings: true}, "text", tt.s.ref("2.7"), tt.s.ref("2.7-buster"))
		if errors.Is(err, failing) != tt.fails || err != nil && !tt.fails || !strings.Contains(out, "linux/arm64") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// The finding names the number of indexes that were not read: they may list the same image.
func TestSiblings_unreadIndexes(t *testing.T) {
	for more, want := range map[int]string{
		maxIndexes + 2: "linux/amd64 as :2.6 and :2.7-buster. 3 more indexes were not read. (F4",
		maxIndexes:     "One more index was not read. (F4",
		maxIndexes - 1: "linux/amd64 as :2.6 and :2.7-buster. (F4",
	} {
		s := pythonTags(t)
		for i := range more {
			tag := fmt.Sprintf("z%d", i)
			s.pages[0] = append(s.pages[0], tag)
			s.at[tag] = model.Tagged{Digest: digest.FromString(tag), MediaType: v1.MediaTypeImageIndex}
		}
		out, err := write(t, Request{Registry: s, Siblings: true}, "text", s.ref("2.7"))
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%d more: %v\n%s", more, err, out)
		}
	}
}

// The same applies if no known tag has the image.
func TestSiblings_noneAmongReadIndexes(t *testing.T) {
	s := pythonTags(t)
	delete(s.at, "2.7.17")
	s.pages = [][]string{{"2.7"}}
	for i := range maxIndexes + 1 {
		tag := fmt.Sprintf("z%d", i)
		s.pages[0] = append(s.pages[0], tag)
		s.at[tag] = model.Tagged{Digest: digest.FromString(tag), MediaType: v1.MediaTypeImageIndex}
	}
	out, err := write(t, Request{Registry: s, Siblings: true}, "text", s.ref("2.7"))
	if err != nil || !strings.Contains(out, "No other known tag has this index. One more index was not read. (F4") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The layers of a tag that an image names as its base are read: those of the platform of the image.
func TestSiblings_namedBase(t *testing.T) {
	root, own := step{"ADD root /", "root of arm64", "", 1000}, step{"COPY app /", "app", "", 1000}
	base := index(t, "localhost:5000/app:base", image(t, "amd64", nil, step{"ADD root /", "root of amd64", "", 1000}), image(t, "arm64", nil, root))
	for name, tt := range map[string]struct {
		steps       []step
		want, alone string
	}{
		"its layers are the first": {[]step{root, own},
			"The first layer of :1.0 is that of :base, which an index annotation names: it is the base. (G9", "(G10 base-named, inferred)"},
		"others are the first": {[]step{own},
			"The index annotation of :1.0 names :base as its base, without a digest; the layers of :base are not the first ones of :1.0", "(G10 base-named, inferred)"},
	} {
		app := single("localhost:5000/app:1.0", image(t, "arm64", nil, tt.steps...))
		app.Entries[0].Descriptor.Annotations = map[string]string{v1.AnnotationBaseImageName: "localhost:5000/app:base"}
		s := tagRegistry{
			mu: &sync.Mutex{}, reads: map[digest.Digest]int{}, moved: map[string]digest.Digest{},
			children: map[digest.Digest][]v1.Descriptor{base.Top.Digest: base.Top.Children},
			tagLists: tagLists{artifacts: artifacts{}, pages: [][]string{{"1.0", "base"}}, at: map[string]model.Tagged{
				"1.0": {Digest: app.Top.Digest}, "base": {Digest: base.Top.Digest},
			}},
		}
		s.put("1.0", app)
		s.put("base", base)
		if out, err := write(t, Request{Registry: s, Siblings: true}, "text", app.Ref); err != nil || !strings.Contains(out, tt.want) {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		out, err := write(t, Request{Registry: s}, "text", app.Ref)
		if err != nil || !strings.Contains(out, tt.alone) || strings.Contains(out, "G9") || strings.Contains(out, "G11") {
			t.Errorf("%s, without Siblings: %v\n%s", name, err, out)
		}
	}
}

func TestSiblings_tagMovesMeanwhile(t *testing.T) {
	s := pythonTags(t)
	s.moved["2.7"] = s.at["2.6"].Digest
	out, err := write(t, Request{Registry: s, Siblings: true}, "text", s.ref("2.7"))
	if err != nil || !strings.Contains(out, "A push of :2.7 seems to be in progress") {
		t.Errorf("%v\n%s", err, out)
	}
}

// fakeJournal is a journal in memory. Timeline also returns an error.
type fakeJournal map[string]model.Timeline

func (d fakeJournal) Timeline(ref model.Ref) (model.Timeline, error) {
	return d[ref.Tag], errors.New("a part of it is damaged")
}

func TestWrite_journal(t *testing.T) {
	s := pythonTags(t)
	before := time.Date(2019, 10, 3, 12, 0, 0, 0, time.UTC)
	j := fakeJournal{"2.7": {{Digest: digest.FromString("old"), First: before, Last: before}}}
	out, err := write(t, Request{Registry: s, Journal: j}, "text", s.ref("2.7"))
	if err != nil || !strings.Contains(out, ":2.7 moved: on 3 Oct 2019 12:00 UTC it was") {
		t.Errorf("%v\n%s", err, out)
	}
	if len(s.reads) > 0 {
		t.Error("it read indexes without Siblings")
	}
}

func TestUnreadIndexes(t *testing.T) {
	set := model.TagSet{Children: map[digest.Digest][]v1.Descriptor{"read": nil}}
	for _, tag := range []string{"1.0", "2.7-alpine", "2.7.1=read", "2.7.18", "v2.7.17-slim", "sha256-" + strings.Repeat("a", 64)} {
		name, d, _ := strings.Cut(tag, "=")
		if d == "" {
			d = "of " + name
		}
		set.Tags = append(set.Tags, model.Tagged{Tag: name, Digest: digest.Digest(d)})
	}
	set.Tags = append(set.Tags, model.Tagged{Tag: "2.7.17", Digest: "image", MediaType: v1.MediaTypeImageManifest}, model.Tagged{Tag: "2.7.17-x", Err: errors.New("gone")})
	want := []digest.Digest{"of v2.7.17-slim", "of 2.7.18", "of 2.7-alpine", "of 1.0"}
	if got := unreadIndexes(set, "2.7.17"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
