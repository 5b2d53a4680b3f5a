package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// tagLists is a registry with pages of tags and their digests.
type tagLists struct {
	artifacts
	pages   [][]string
	at      map[string]model.Tagged
	errList error
	errAsk  error
}

func (p tagLists) Tags(_ context.Context, _ model.Ref, page func([]string)) error {
	for _, tags := range p.pages {
		page(tags)
	}
	return p.errList
}

func (p tagLists) Resolve(_ context.Context, _ model.Ref, tags []string, found func([]model.Tagged)) error {
	if p.errAsk != nil {
		return p.errAsk
	}
	for _, tag := range tags {
		t := p.at[tag]
		t.Tag = tag
		found([]model.Tagged{t})
	}
	return nil
}

func (artifacts) Children(context.Context, model.Ref) ([]v1.Descriptor, error) { return nil, nil }
func (artifacts) Resolve(context.Context, model.Ref, []string, func([]model.Tagged)) error {
	return nil
}

var repo = model.Ref{Registry: "localhost:5000", Repository: "app"}

func someTags() tagLists {
	old, current := digest.FromString("old"), digest.FromString("new")
	return tagLists{pages: [][]string{{"latest", "1.10", "1.9"}, {"1", "1.10.2", "gone"}}, at: map[string]model.Tagged{
		"latest": {Digest: current}, "1.10": {Digest: current, MediaType: "application/vnd.oci.image.index.v1+json"}, "1.9": {Digest: old},
		"1": {Digest: current}, "1.10.2": {Digest: current}, "gone": {Err: errors.New("it has no tag gone\x1b[2J")},
	}}
}

func digestsOf(t *testing.T, p tagLists, form string, d Digests) (out, errs string, err error) {
	t.Helper()
	var w, e bytes.Buffer
	_, err = Request{Registry: p, Format: form, Digests: &d, Errors: &e}.Write(t.Context(), &w, []model.Ref{repo})
	return w.String(), e.String(), err
}

func TestDigests(t *testing.T) {
	old, current := digest.FromString("old"), digest.FromString("new")
	for form, want := range map[string]string{
		"text":     fmt.Sprintf("%s  1.9\n%s  1.10.2 1.10 1 latest\n", old, current),
		"markdown": fmt.Sprintf("- `%s`: `1.9`\n- `%s`: `1.10.2`, `1.10`, `1`, `latest`\n", old, current),
	} {
		out, errs, err := digestsOf(t, someTags(), form, Digests{})
		if out != want {
			t.Errorf("%s:\n%s\nwant\n%s", form, out, want)
		}
		if err == nil || !strings.Contains(err.Error(), "1 of 6 tags") {
			t.Errorf("%s: error %v", form, err)
		}
		if !strings.Contains(errs, "localhost:5000/app:gone: it has no tag gone") || strings.Contains(errs, "\x1b") {
			t.Errorf("%s: %q", form, errs)
		}
	}
}

func TestDigests_json(t *testing.T) {
	out, _, err := digestsOf(t, someTags(), "json", Digests{})
	if err == nil {
		t.Error("want the error of one tag")
	}
	var got struct {
		Schema, Repository string
		Listed             int
		Tags               []struct{ Tag, Digest, MediaType, Error string }
		Groups             []struct {
			Digest string
			Tags   []string
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got.Schema != "tagdiff/1" || got.Repository != "localhost:5000/app" || got.Listed != 6 || len(got.Tags) != 6 || len(got.Groups) != 2 {
		t.Errorf("got %+v", got)
	}
	if first, last := got.Tags[0], got.Tags[5]; first.Tag != "1" || first.Digest == "" || last.Tag != "latest" || got.Tags[4].Error == "" || got.Tags[4].Digest != "" {
		t.Errorf("tags %+v", got.Tags)
	}
	if strings.Join(got.Groups[1].Tags, " ") != "1.10.2 1.10 1 latest" {
		t.Errorf("groups %+v", got.Groups)
	}
}

func TestDigests_match(t *testing.T) {
	out, _, err := digestsOf(t, someTags(), "text", Digests{Match: regexp.MustCompile(`^1\.`)})
	if err != nil || strings.Contains(out, "latest") || !strings.Contains(out, "1.10.2 1.10\n") {
		t.Errorf("%v\n%s", err, out)
	}
	out, errs, err := digestsOf(t, someTags(), "json", Digests{Match: regexp.MustCompile(`none`)})
	if err != nil || !strings.Contains(out, `"tags": []`) || !strings.Contains(out, `"groups": []`) {
		t.Errorf("%v\n%s", err, out)
	}
	if want := "tagdiff: no tag of localhost:5000/app matches none\n"; errs != want {
		t.Errorf("%q, want %q", errs, want)
	}
}

// TestEmptyLists: a list without a name says so on standard error.
func TestEmptyLists(t *testing.T) {
	out, errs, err := digestsOf(t, tagLists{}, "text", Digests{})
	if want := "tagdiff: localhost:5000/app has no tags\n"; err != nil || out != "" || errs != want {
		t.Errorf("%v %q %q", err, out, errs)
	}
	var w, e bytes.Buffer
	r := Request{Registry: tagLists{}, Format: "text", Errors: &e}
	if _, err := r.Write(t.Context(), &w, []model.Ref{repo}); err != nil || e.String() != "tagdiff: localhost:5000/app has no tags\n" {
		t.Errorf("%v %q", err, e.String())
	}
	e.Reset()
	const none = "tagdiff: localhost:5000 has no repositories, or it lists none to you\n"
	if _, err := r.Write(t.Context(), &w, []model.Ref{{Registry: "localhost:5000"}}); err != nil || e.String() != none {
		t.Errorf("%v %q", err, e.String())
	}
}

// The digests known before an error are printed.
func TestDigests_errors(t *testing.T) {
	p := someTags()
	p.errList = errUnavailable
	out, _, err := digestsOf(t, p, "text", Digests{})
	if !errors.Is(err, errUnavailable) || !strings.Contains(out, "1.10.2") {
		t.Errorf("%v\n%s", err, out)
	}
	p = someTags()
	p.errAsk = errUnavailable
	out, _, err = digestsOf(t, p, "text", Digests{})
	if !errors.Is(err, errUnavailable) || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestDigests_progressIsCleared(t *testing.T) {
	var terminal bytes.Buffer
	if _, _, err := digestsOf(t, someTags(), "text", Digests{Match: regexp.MustCompile(`^1`), Progress: &terminal}); err != nil {
		t.Fatal(err)
	}
	if got := terminal.String(); !strings.HasPrefix(got, "\r1 of ") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("%q", got)
	}
}
