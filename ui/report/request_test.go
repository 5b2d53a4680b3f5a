package report

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
)

// artifacts is a registry in memory, by tag.
type artifacts map[string]model.Artifact

func (s artifacts) Load(_ context.Context, ref model.Ref, _ func(model.Artifact)) (model.Artifact, error) {
	for _, a := range s {
		if ref.Tag == "" && a.Top.Digest == ref.Digest {
			return a, nil
		}
	}
	return s[ref.Tag], nil
}

func (s artifacts) CheckBlobs(context.Context, model.Ref, []v1.Descriptor, func(model.BlobState)) error {
	return nil
}

func (s artifacts) Contents(context.Context, model.Ref, []model.LayerPart) (map[digest.Digest]model.Contents, error) {
	return nil, nil
}

func (s artifacts) ReadLayers(context.Context, []model.LayerRead, func(model.LayerState)) model.LayerStates {
	return nil
}

func (artifacts) LineCounts(_, _ digest.Digest) inside.LineCounts            { return nil }
func (artifacts) KeepLineCounts(_, _ digest.Digest, _ inside.LineCounts)     {}
func (artifacts) Repositories(context.Context, string, func([]string)) error { return nil }
func (artifacts) Tags(context.Context, model.Ref, func([]string)) error      { return nil }
func (s artifacts) ref(tag string) model.Ref                                 { return s[tag].Ref }
func (s artifacts) put(tag string, a model.Artifact)                         { a.Ref.Tag = tag; s[tag] = a }
func (s artifacts) putUnread(tag string, a model.Artifact, err error, at ...int) {
	s.put(tag, failed(a, err, at...))
}

// failed is an artifact some of whose images could not be read.
func failed(a model.Artifact, err error, at ...int) model.Artifact {
	a.Entries = append([]model.Entry{}, a.Entries...)
	for _, i := range at {
		a.Entries[i].Image, a.Entries[i].Err = nil, err
	}
	return a
}

var errUnavailable = errors.New("the registry is not available (503) for https://me:hunter2@host/x")

// If a part cannot be read, the rest is reported and the error returned.
func TestWrite_unread(t *testing.T) {
	run := step{text: "RUN make", files: "made", size: 10}
	amd, amdOther := image(t, "amd64", nil, run), image(t, "amd64", nil, run, run)
	arm := image(t, "arm64", nil, run)
	s := artifacts{}
	s.put("one", single("localhost:5000/app:x", amd))
	s.put("other", single("localhost:5000/app:x", amdOther))
	s.putUnread("bad", single("localhost:5000/app:x", amdOther), errUnavailable, 0)
	s.put("both", index(t, "localhost:5000/app:x", amd, arm))
	s.put("bothOther", index(t, "localhost:5000/app:x", amdOther, arm))
	s.put("only arm", index(t, "localhost:5000/app:x", arm))
	s.putUnread("corrupt", single("localhost:5000/app:x", amdOther), &model.ReadError{Message: "other bytes", Corrupt: true, Err: errUnavailable}, 0)
	s.putUnread("bad amd", index(t, "localhost:5000/app:x", amdOther, arm), errUnavailable, 0)
	s.putUnread("gone amd", index(t, "localhost:5000/app:x", amdOther, arm), &model.ReadError{Message: "it is not there", Missing: true}, 0)
	s.putUnread("amd twice", index(t, "localhost:5000/app:x", amd, arm, amdOther), errUnavailable, 2)
	noConfig := func(d string) error {
		return &model.ReadError{Message: "no config " + d, MissingBlob: digest.FromString(d), Err: errUnavailable}
	}
	noManifest := &model.ReadError{Message: "no manifest", Missing: true, Err: errUnavailable}
	s.putUnread("no config", single("localhost:5000/app:x", amd), noConfig("1"), 0)
	s.putUnread("no other config", single("localhost:5000/app:x", amdOther), noConfig("2"), 0)
	s.putUnread("no images", index(t, "localhost:5000/app:x", amd, arm), noManifest, 0, 1)
	s.putUnread("no other images", index(t, "localhost:5000/app:x", amdOther, arm), noManifest, 0, 1)
	s.putUnread("no arm", index(t, "localhost:5000/app:x", arm), noManifest, 0)
	s.putUnread("no amd", index(t, "localhost:5000/app:x", amd), noManifest, 0)
	s.putUnread("bad arm", index(t, "localhost:5000/app:x", amdOther, arm), errUnavailable, 1)
	s.putUnread("all bad", index(t, "localhost:5000/app:x", amdOther, arm), errUnavailable, 0, 1)
	nested := index(t, "localhost:5000/app:x", amd, arm)
	nested.Entries[1].Role = model.RoleIndex
	s.putUnread("bad nested", nested, errUnavailable, 1)
	tests := []struct {
		a, b, platform string
		same, fails    bool
		want           string
	}{
		{a: "one", b: "one", same: true, want: "Identical"},
		{a: "one", b: "other", want: "step 2"},
		{a: "one", b: "bad", fails: true, want: "could not be read"},
		{a: "bad", b: "one", fails: true, want: "could not be read"},
		{a: "bad", b: "bad", same: true, want: "Identical"}, // by digest
		{a: "bad", b: "corrupt", same: true, fails: true, want: "Identical"},
		{a: "both", b: "bad amd", fails: true, want: "linux/amd64: :bad amd could not be read"},
		{a: "both", b: "bad amd", platform: "arm64", same: true, want: "Identical"},
		{a: "both", b: "bad amd", platform: "amd64", fails: true, want: "could not be read"},
		{a: "both", b: "bad arm", want: "linux/amd64"}, // arm64 is the same digest, and amd64 differs
		{a: "only arm", b: "bad amd", want: "linux/amd64 only in :bad amd"},
		{a: "bothOther", b: "bad nested", fails: true, want: "An index in the index of :bad nested could not be"},
		{a: "bothOther", b: "bad nested", platform: "amd64", want: "step 2"},
		{a: "no config", b: "no config", want: "Identical, with a fault: A and B cannot be pulled"}, // nothing can be pulled, but the answer is known
		{a: "no images", b: "no images", want: "Identical, with a fault: linux/amd64 and linux/arm64 of this index are missing"},
		{a: "no config", b: "no other config", fails: true, want: "Neither :no config nor :no other config can be pulled"},
		{a: "no config", b: "one", want: "Identical, with a fault: :no config cannot be pulled"},
		{a: "no config", b: "other", fails: true, want: ":no config cannot be pulled"},
		{a: "no images", b: "no other images", fails: true, want: "Images of :no images and of :no other images are missing"},
		{a: "both", b: "amd twice", fails: true, want: ":amd twice lists linux/amd64 more than once; not all"},
		{a: "no arm", b: "no amd", want: "No platform in common"},
		{a: "one", same: true, want: "linux/amd64"},
		{a: "bad", same: true, fails: true, want: "(503)"},
		{a: "bad amd", same: true, fails: true, want: "(503)"},
		{a: "bad nested", same: true, fails: true, want: "linux/amd64"},
		{a: "gone amd", same: true, want: "is not in the registry"},
		{a: "all bad", same: true, fails: true, want: "(503)"},
	}
	for _, tt := range tests {
		for _, form := range []string{"text", "markdown", "json"} {
			refs := []model.Ref{s.ref(tt.a)}
			if tt.b != "" {
				refs = append(refs, s.ref(tt.b))
			}
			var out bytes.Buffer
			same, err := Request{Registry: s, Format: form, Platform: tt.platform}.Write(t.Context(), &out, refs)
			if same != tt.same || errors.Is(err, errUnavailable) != tt.fails || err != nil && !tt.fails {
				t.Errorf("%s and %q of %q as %s: same %v, error %v", tt.a, tt.b, tt.platform, form, same, err)
			}
			if form == "text" && !strings.Contains(out.String(), tt.want) {
				t.Errorf("%s and %q of %q lack %q:\n%s", tt.a, tt.b, tt.platform, tt.want, out.String())
			}
			if out.Len() == 0 || strings.Contains(out.String(), "hunter2") {
				t.Errorf("%s and %q as %s:\n%s", tt.a, tt.b, form, out.String())
			}
		}
	}
}

func TestWrite_revealsErrors(t *testing.T) {
	s := artifacts{}
	s.putUnread("bad", index(t, "localhost:5000/app:x", image(t, "amd64", nil), image(t, "arm64", nil)), errUnavailable, 0)
	var out bytes.Buffer
	r := Request{Registry: s, Format: "text", Options: Options{Gate: safe.Gate{Reveal: true}}}
	if _, err := r.Write(t.Context(), &out, []model.Ref{s.ref("bad")}); !errors.Is(err, errUnavailable) || !strings.Contains(out.String(), "hunter2") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// failing is a registry that has no image. Both requests run at the same time.
type failing struct {
	artifacts
	errs map[string]error
}

func (f failing) Load(_ context.Context, ref model.Ref, _ func(model.Artifact)) (model.Artifact, error) {
	return f.artifacts[ref.Tag], f.errs[ref.Tag]
}

// TestCompare_bothFail: the error names both sides, A first.
func TestCompare_bothFail(t *testing.T) {
	lacks := func(tag, next string) error {
		return &model.ReadError{Message: "localhost:5000 has no tag " + tag, Next: next, Missing: true}
	}
	s := failing{artifacts{}, map[string]error{
		"x": lacks("x", "check the name"), "y": lacks("y", "check the name"), "z": lacks("z", "log in"),
		"off1": errUnavailable, "off2": errUnavailable, "stopped": &model.ReadError{Message: "cancelled", Err: context.Canceled},
	}}
	s.put("one", single("localhost:5000/app:x", image(t, "amd64", nil)))
	for _, tt := range []struct{ a, b, want string }{
		{"x", "y", "localhost:5000 has no tag x, and localhost:5000 has no tag y; check the name"},
		{"y", "x", "localhost:5000 has no tag y, and localhost:5000 has no tag x; check the name"},
		{"x", "z", "localhost:5000 has no tag x; check the name; and localhost:5000 has no tag z; log in"},
		{"x", "one", "localhost:5000 has no tag x; check the name"},
		{"one", "y", "localhost:5000 has no tag y; check the name"},
		{"off1", "off2", errUnavailable.Error()},
		{"stopped", "stopped", "cancelled"},
	} {
		ref := func(tag string) model.Ref { return repo.WithTag(tag) }
		_, err := Request{Registry: s, Format: "text"}.Write(t.Context(), &bytes.Buffer{}, []model.Ref{ref(tt.a), ref(tt.b)})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s and %s: %v", tt.a, tt.b, err)
		}
		if tt.a == "stopped" && !errors.Is(err, context.Canceled) {
			t.Errorf("%v is not a cancellation", err)
		}
	}
}
