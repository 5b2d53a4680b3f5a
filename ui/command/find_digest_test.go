package command

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestPadShortDigests checks which arguments are the first digits of a digest.
func TestPadShortDigests(t *testing.T) {
	const digits = "1b2c3d4e5f60"
	padded := "@" + model.DigestPrefix(digits).Padded().String()
	whole := digest.FromString("x")
	for args, want := range map[string]string{
		"r.example/app@" + digits:                       "r.example/app" + padded + " | 0",
		"r.example/app:1@" + digits + "…":               "r.example/app:1" + padded + " | 0",
		"r.example/app:1 " + digits:                     "r.example/app:1 " + padded + " | 1",
		"r.example/app:1 @" + digits:                    "r.example/app:1 " + padded + " | 1",
		"r.example/app:1 sha256:" + digits:              "r.example/app:1 " + padded + " | 1",
		"r.example/app:1 " + whole.Encoded():            "r.example/app:1 @" + whole.String() + " |",
		"r.example/app@" + digits + " " + digits:        "r.example/app" + padded + " " + padded + " | 0 1",
		"r.example/app:1 " + digits[:11]:                "r.example/app:1 " + digits[:11] + " |",
		"r.example/app:1 library/" + digits:             "r.example/app:1 library/" + digits + " |",
		digits:                                          digits + " |",
		digits + " r.example/app:1":                     digits + " r.example/app:1 |",
		"r.example/app:1 :" + digits:                    "r.example/app:1 :" + digits + " |",
		"r.example/app:1 r.example/b:" + digits:         "r.example/app:1 r.example/b:" + digits + " |",
		"r.example/app:1 r.example/b@" + whole.String(): "r.example/app:1 r.example/b@" + whole.String() + " |",
	} {
		got, short := padShortDigests(strings.Fields(args))
		text := strings.Join(got, " ") + " |"
		for _, s := range short {
			text += fmt.Sprintf(" %d", s.arg)
			if s.prefix != digits {
				t.Errorf("%s: %s", args, s.prefix)
			}
		}
		if text != want {
			t.Errorf("%s:\n%s\nwant %s", args, text, want)
		}
	}
}

// inRepo looks for a prefix in a repository. It returns the name of what was found, or the error.
func inRepo(t *testing.T, s fakereg.Repo, p model.DigestPrefix, names ...string) (found, notes string) {
	t.Helper()
	var out bytes.Buffer
	d, err := digestFinder{s, &out}.inRepository(t.Context(), fakereg.Ref(t, "localhost:5000/app"), p)
	if err != nil {
		if _, ok := errors.AsType[*model.ReadError](err); !ok {
			t.Errorf("%s: %T", p, err)
		}
		return err.Error(), out.String()
	}
	for _, name := range names {
		if fakereg.Named(name) == d {
			return name, out.String()
		}
	}
	return d.String(), out.String()
}

// TestFindDigest checks what the first digits of a digest are found to be, and what is said if they are of nothing or
// of several digests.
func TestFindDigest(t *testing.T) {
	s := fakereg.NewRepo(map[string]string{"1": "a", "latest": "a", "2": "b", "list": "wide"})
	s.Members = map[string][]string{"wide": {"inner", "b"}}
	short := func(name string) model.DigestPrefix { return model.DigestPrefix(fakereg.Short(name)) }
	for p, want := range map[model.DigestPrefix]string{
		short("a"): "a", short("b"): "b", short("wide"): "wide", short("inner"): "inner",
		"123456789012": "no manifest of localhost:5000/app begins with 123456789012: looked at the digests of 4 tags and the entries of 3 indexes; " +
			"an image ID or a layer may begin with it: run tagdiff localhost:5000/app, and press / to find it",
	} {
		if got, notes := inRepo(t, s, p, "a", "b", "wide", "inner"); got != want || notes != "" {
			t.Errorf("%s: %s%s\nwant %s", p, notes, got, want)
		}
	}
}

// TestFindDigest_ambiguous checks that digits of two digests choose none of them. Two digests of one beginning are
// too rare for a test, so it asks for a digit.
func TestFindDigest_ambiguous(t *testing.T) {
	s := fakereg.ManyTags(100)
	got, notes := inRepo(t, s, "5")
	for _, want := range []string{"5 is ambiguous, ", " digests of localhost:5000/app begin with it: sha256:5", "; write more digits"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	if want := "tagdiff: looking for 5 in localhost:5000/app: 100 HEAD requests\n"; notes != want {
		t.Errorf("%q, want %q", notes, want)
	}
	if n := s.Asked.Load(); n != 100 {
		t.Errorf("%d requests, 100 were named", n)
	}
}
