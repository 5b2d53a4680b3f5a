package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// oneRepo is a registry with one repository.
type oneRepo struct {
	Source
	tags     map[string]digest.Digest
	deleted  map[digest.Digest]bool
	created  *time.Time
	requests []model.Ref
}

var errMissing = &model.ReadError{Message: "not here", Missing: true}

func (s *oneRepo) find(ref model.Ref) (digest.Digest, error) {
	s.requests = append(s.requests, ref)
	d := ref.Digest
	if d == "" {
		d = s.tags[ref.Tag]
	}
	if d == "" || s.deleted[d] || ref.At != "" {
		return "", errMissing
	}
	return d, nil
}

func (s *oneRepo) Head(_ context.Context, ref model.Ref) (digest.Digest, error) { return s.find(ref) }

func (s *oneRepo) Peek(_ context.Context, ref model.Ref) (model.TagInfo, error) {
	d, err := s.find(ref)
	return model.TagInfo{Ref: ref, Digest: d, MediaType: listType, Created: s.created}, err
}

func (s *oneRepo) Load(ctx context.Context, ref model.Ref, arrived func(model.Artifact)) (model.Artifact, error) {
	d, err := s.find(ref)
	if err != nil {
		return model.Artifact{Ref: ref}, err
	}
	a := model.Artifact{Ref: ref, Top: model.Manifest{Kind: model.KindImage}}
	a.Top.Digest, a.Top.MediaType = d, imageType
	if arrived != nil {
		arrived(a)
	}
	if ctx.Err() != nil {
		return model.Artifact{}, ctx.Err()
	}
	img := &model.Image{}
	img.Config.Created = s.created
	a.Entries, a.Done = []model.Entry{{Role: model.RoleImage, Image: img}}, true
	if arrived != nil {
		arrived(a)
	}
	return a, nil
}

func (s *oneRepo) Resolve(_ context.Context, repo model.Ref, tags []string, found func([]model.Tagged)) error {
	var batch []model.Tagged
	for _, tag := range tags {
		d, err := s.find(repo.WithTag(tag))
		batch = append(batch, model.Tagged{Tag: tag, Digest: d, Err: err})
	}
	found(batch)
	return nil
}

// TestRegistry_records checks that each way to read a tag records it, and nothing else
// does.
func TestRegistry_records(t *testing.T) {
	created := at(-1000)
	s := &oneRepo{tags: map[string]digest.Digest{"loaded": dig("a"), "peeked": dig("b"), "headed": dig("c"), "resolved": dig("d"), "left": dig("e"), "silent": dig("f")}, created: &created}
	r := Registry{Source: s, Journal: Memory(nil)}
	ctx := t.Context()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	var arrived int
	_, err1 := r.Load(ctx, app.WithTag("loaded"), func(model.Artifact) { arrived++ })
	_, err2 := r.Load(ctx, app.WithTag("silent"), nil)
	_, err3 := r.Peek(ctx, app.WithTag("peeked"))
	_, err4 := r.Head(ctx, app.WithTag("headed"))
	err5 := r.Resolve(ctx, app, []string{"resolved", "none"}, func([]model.Tagged) { arrived++ })
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil || arrived != 3 {
		t.Fatal(err, arrived)
	}
	if _, err := r.Load(ended, app.WithTag("left"), nil); err == nil {
		t.Error("a load that was cancelled succeeds")
	}
	pinned := app.WithTag("pinned")
	pinned.Digest = dig("a")
	for _, ref := range []model.Ref{pinned, app.AtDigest(dig("a")), app.WithTag("none")} {
		_, _ = r.Load(ctx, ref, nil)
		_, _ = r.Peek(ctx, ref)
		_, _ = r.Head(ctx, ref)
	}
	h, err := r.Journal.History(app)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for tag, line := range h {
		got[tag] = fmt.Sprint(brief(line[:1])[:1], " ", line[0].MediaType, " ", line[0].Created != nil, " ", time.Since(line[0].Last) < time.Hour)
	}
	want := map[string]string{
		"loaded": "a " + imageType + " true true", "silent": "f " + imageType + " true true", "peeked": "b " + listType + " true true",
		"headed": "c  false true", "resolved": "d  false true", "left": "e " + imageType + " false true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// wasABC returns a registry whose tag prod pointed to a, then b, and now c.
func wasABC() (*oneRepo, Registry) {
	line := model.Timeline{
		{Digest: dig("a"), MediaType: imageType, First: at(0), Last: at(10)},
		{Digest: dig("b"), First: at(20), Last: at(30)},
		{Digest: dig("c"), First: at(40), Last: at(50)},
	}
	s := &oneRepo{tags: map[string]digest.Digest{"prod": dig("c")}}
	return s, Registry{Source: s, Journal: Memory(func() map[model.Ref]map[string]model.Timeline {
		return map[model.Ref]map[string]model.Timeline{app: {"prod": line}}
	})}
}

// when returns prod at a moment.
func when(moment time.Time) model.Ref {
	r := app.WithTag("prod")
	r.At = moment.Format("2006-01-02T15:04:05Z07:00")
	return r
}

// TestRegistry_atMoment checks what is read for a tag at a moment.
func TestRegistry_atMoment(t *testing.T) {
	for minutes, content := range map[int]string{0: "a", 5: "a", 10: "a", 15: "a", 20: "b", 35: "b", 40: "c", 1000: "c"} {
		s, r := wasABC()
		ref := when(at(minutes))
		var arrived []model.Artifact
		a, err := r.Load(t.Context(), ref, func(a model.Artifact) { arrived = append(arrived, a) })
		if err != nil {
			t.Errorf("after %d minutes: %v", minutes, err)
			continue
		}
		want := ref
		want.Digest = dig(content)
		if a.Ref != want || a.Digest() != dig(content) || len(arrived) != 2 || arrived[0].Ref != want {
			t.Errorf("after %d minutes it is %s of %+v", minutes, a.Digest(), a.Ref)
		}
		if d, err := r.Head(t.Context(), ref); err != nil || d != dig(content) {
			t.Errorf("after %d minutes Head returns %s, %v", minutes, d, err)
		}
		if info, err := r.Peek(t.Context(), ref); err != nil || info.Digest != dig(content) || info.Ref != ref {
			t.Errorf("after %d minutes Peek returns %+v, %v", minutes, info, err)
		}
		for _, request := range s.requests {
			if request != app.AtDigest(dig(content)) {
				t.Errorf("request for %+v", request)
			}
		}
		h, _ := r.Journal.History(app)
		wantBrief(t, h["prod"], "a 0-10, b 20-30, c 40-50")
	}
}

func TestRegistry_atMomentErrors(t *testing.T) {
	s, r := wasABC()
	s.deleted = map[digest.Digest]bool{dig("a"): true}
	unknown := when(at(0)).WithTag("other")
	unknown.At = "2026-11-18"
	dayBefore := when(at(-1))
	dayBefore.At = "2026-11-17"
	future := when(at(0))
	future.At = "2999-01-01"
	for name, tt := range map[string]struct {
		r       Registry
		ref     model.Ref
		text    string
		missing bool
	}{
		"future":  {r, future, "2999-01-01 is in the future; leave out @2999-01-01, or give a past time", false},
		"gone":    {r, when(at(15)), "the registry no longer has " + dig("a").String()[:19] + ", which prod was on 18 Nov 2026 12:10 UTC; ", true},
		"before":  {r, when(at(-1)), "prod was first recorded on 18 Nov 2026 12:00 UTC; give this time or a later one, or a digest", false},
		"a day":   {r, dayBefore, "prod was first recorded on 18 Nov 2026 12:00 UTC; give this time or a later one, or a digest", false},
		"never":   {r, unknown, "this machine has no record of localhost:5000/app:other; leave out @2026-11-18, or give a digest", false},
		"off":     {Registry{Source: s}, when(at(15)), "localhost:5000/app:prod@2026-11-18T12:15:00Z can only come from the journal, which is off; run without --no-journal", false},
		"garbled": {r, model.Ref{Registry: "x", Repository: "y", Tag: "z", At: "soon"}, `"soon" is not a date or time; `, false},
	} {
		_, err := tt.r.Load(t.Context(), tt.ref, nil)
		var read *model.ReadError
		if !errors.As(err, &read) || !strings.HasPrefix(err.Error(), tt.text) || read.Next == "" || read.Missing != tt.missing {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRegistry_noJournal checks that a Registry works without a journal.
func TestRegistry_noJournal(t *testing.T) {
	s, _ := wasABC()
	r := Registry{Source: s}
	if d, err := r.Head(t.Context(), app.WithTag("prod")); err != nil || d != dig("c") {
		t.Error(d, err)
	}
	if a, err := r.Load(t.Context(), app.WithTag("prod"), nil); err != nil || a.Digest() != dig("c") {
		t.Error(a.Digest(), err)
	}
	if err := r.Resolve(t.Context(), app, []string{"prod"}, func([]model.Tagged) {}); err != nil {
		t.Error(err)
	}
}
