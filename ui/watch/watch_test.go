package watch

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

var prod = model.Ref{Registry: "localhost:5000", Repository: "app", Tag: "prod"}

// source is a Source made of functions.
type source struct {
	head     func(context.Context) (digest.Digest, error)
	children func(model.Ref) ([]v1.Descriptor, error)
}

func (s source) Head(ctx context.Context, _ model.Ref) (digest.Digest, error) { return s.head(ctx) }

func (s source) Children(_ context.Context, ref model.Ref) ([]v1.Descriptor, error) {
	return s.children(ref)
}

func dig(s string) digest.Digest { return digest.FromString(s) }

// The events of one tag, request by request.
func TestCheck(t *testing.T) {
	missing := &model.ReadError{Message: "not here", Missing: true}
	down := errors.New("down")
	for name, tt := range map[string]struct {
		past    string
		answers []any // the name of a digest, or an error
		want    []string
	}{
		"unchanged":                    {"", []any{"a", "a", "a"}, []string{"is a"}},
		"as last seen":                 {"a", []any{"a"}, []string{"is a"}},
		"moved since it was last seen": {"z", []any{"a", "b"}, []string{"is a since z", "moved a b"}},
		"does not exist yet":           {"", []any{missing, missing, "a"}, []string{"gone", "appeared a"}},
		"deleted and pushed":           {"", []any{"a", missing, "b", missing, "b"}, []string{"is a", "gone a", "appeared b from a", "gone b", "appeared b from b"}},
		"deleted before the start":     {"z", []any{missing, "z"}, []string{"gone since z", "appeared z from z"}},
		"errors in between":            {"", []any{down, "a", down, "a", down, "b"}, []string{"is a", "moved a b"}},
		"to an image of the index":     {"", []any{"list", "member"}, []string{"is list", "moved list member (member)"}},
		"to another image":             {"", []any{"list", "other"}, []string{"is list", "moved list other"}},
		"index cannot be read":         {"", []any{"lost", "member"}, []string{"is lost", "moved lost member"}},
	} {
		t.Run(name, func(t *testing.T) {
			next := 0
			names := map[digest.Digest]string{}
			for _, n := range []string{"a", "b", "z", "list", "member", "other", "lost"} {
				names[dig(n)] = n
			}
			s := source{
				head: func(context.Context) (digest.Digest, error) {
					a := tt.answers[next]
					next++
					if err, failed := a.(error); failed {
						return "", err
					}
					return dig(a.(string)), nil
				},
				children: func(ref model.Ref) ([]v1.Descriptor, error) {
					if ref == prod.AtDigest(dig("list")) {
						return []v1.Descriptor{{Digest: dig("member")}}, nil
					}
					return nil, down
				},
			}
			tag := watchedTag{Watch: Watch{Source: s}, ref: prod}
			if tt.past != "" {
				tag.past = model.Sighting{Digest: dig(tt.past), Last: time.Unix(1, 0)}
			}
			var got []string
			for range tt.answers {
				e, _ := tag.check(t.Context())
				if e.Kind != "" {
					got = append(got, brief(e, names))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func brief(e Event, names map[digest.Digest]string) string {
	s := e.Kind
	switch {
	case e.Kind == Moved || e.Kind == Gone && e.From != "" && e.Since.IsZero():
		s += " " + names[e.From]
	case e.Kind == Appeared:
	}
	if e.To != "" {
		s += " " + names[e.To]
	}
	if e.Kind == Appeared && e.From != "" {
		s += " from " + names[e.From]
	}
	if !e.Since.IsZero() {
		s += " since " + names[e.From]
	}
	if e.ToMember {
		s += " (member)"
	}
	return s
}

// Run ends at once, even during a request.
func TestRun_cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{})
	w := Watch{Refs: []model.Ref{prod}, Every: time.Hour, Source: source{head: func(ctx context.Context) (digest.Digest, error) {
		close(started)
		<-ctx.Done()
		return "", ctx.Err()
	}}, OnEvent: func(Event) error { return errors.New("unexpected event") }, OnOutage: func(o Outage) { t.Error(o) }}
	go func() {
		<-started
		cancel()
	}()
	if _, err := w.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// An error of Tell ends Run.
func TestRun_tellFails(t *testing.T) {
	closed := errors.New("closed")
	w := Watch{Refs: []model.Ref{prod}, Every: time.Hour, Source: source{head: func(context.Context) (digest.Digest, error) { return dig("a"), nil }},
		OnEvent: func(Event) error { return closed }}
	if _, err := w.Run(t.Context()); !errors.Is(err, closed) {
		t.Error(err)
	}
}

// An outage is reported once when it begins and once when it ends.
func TestOutages(t *testing.T) {
	refused := &model.ReadError{Message: "localhost:5000 cannot be reached: connection refused"}
	cut := &model.ReadError{Message: "localhost:5000 cannot be reached: unexpected EOF"}
	failing := &model.ReadError{Message: "localhost:5000 failed (503 Service Unavailable)"}
	private := &model.ReadError{Message: "localhost:5000 requires a login"}
	elsewhere := prod
	elsewhere.Registry = "example.com"
	refs := map[string]model.Ref{"a": prod, "b": prod.WithTag("b"), "c": elsewhere}
	type step struct {
		tag  string
		err  error
		want string // begins, ends or nothing
	}
	for name, steps := range map[string][]step{
		"one":                {{"a", nil, ""}, {"a", refused, "begins"}, {"a", cut, ""}, {"a", nil, "ends"}, {"a", nil, ""}, {"a", refused, "begins"}},
		"two of one":         {{"a", refused, "begins"}, {"b", cut, ""}, {"a", nil, ""}, {"b", nil, "ends"}},
		"two":                {{"a", refused, "begins"}, {"c", refused, "begins"}, {"a", nil, "ends"}, {"c", nil, "ends"}},
		"one without access": {{"a", private, "begins"}, {"b", nil, ""}, {"b", failing, "begins"}, {"b", nil, "ends"}, {"b", failing, "begins"}},
		"cancelled":          {{"a", context.Canceled, ""}, {"a", fmt.Errorf("%w", context.Canceled), ""}},
	} {
		t.Run(name, func(t *testing.T) {
			o := outages{}
			for i, s := range steps {
				got := ""
				if outage, changed := o.update(result{ref: refs[s.tag], err: s.err}); changed {
					if got = "begins"; outage.Err == nil {
						got = "ends"
					}
					if outage.Registry != refs[s.tag].Registry {
						t.Errorf("step %d: outage of %s", i, outage.Registry)
					}
				}
				if got != s.want {
					t.Errorf("step %d: %q, not %q", i, got, s.want)
				}
			}
		})
	}
}

func TestJitter(t *testing.T) {
	for range 1000 {
		if d := jitter(time.Minute); d < 57*time.Second || d > 63*time.Second {
			t.Fatal(d)
		}
	}
	if d := jitter(1); d < 1 || d > 2 {
		t.Error(d)
	}
}

// TestCheck_refused: Refused is called for each refusal, so that the next request has the login
// of that time, and for no other error.
func TestCheck_refused(t *testing.T) {
	var answer error
	s := source{head: func(context.Context) (digest.Digest, error) { return dig("a"), answer }}
	var calls []string
	tag := watchedTag{Watch: Watch{Source: s, Refused: func(registry string) { calls = append(calls, registry) }}, ref: prod}
	for _, tt := range []struct {
		answer error
		calls  int
	}{
		{nil, 0}, {errors.New("down"), 0}, {&model.ReadError{Message: "gone", Missing: true}, 0},
		{&model.ReadError{Message: "log in", Refused: true}, 1}, {&model.ReadError{Message: "log in", Refused: true}, 2}, {nil, 2},
	} {
		answer = tt.answer
		_, _ = tag.check(t.Context())
		if len(calls) != tt.calls || tt.calls > 0 && calls[0] != prod.Registry {
			t.Errorf("%v: calls %q", tt.answer, calls)
		}
	}
}
