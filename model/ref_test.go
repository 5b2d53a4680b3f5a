package model

import (
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
)

const someDigest = "sha256:4db522e17a5f1bd5a493027fcde26887fdf3237f6db947218274b6a8d6d963e2"

func TestParseRef(t *testing.T) {
	tests := []struct {
		in   string
		want Ref
	}{
		{"app", Ref{"docker.io", "library/app", "", "", ""}},
		{"app:prod", Ref{"docker.io", "library/app", "prod", "", ""}},
		{"team/app", Ref{"docker.io", "team/app", "", "", ""}},
		{"docker.io/team/app:1", Ref{"docker.io", "team/app", "1", "", ""}},
		{"index.docker.io/app", Ref{"docker.io", "library/app", "", "", ""}},
		{"registry-1.docker.io/library/app:1", Ref{"docker.io", "library/app", "1", "", ""}},
		{"registry.hub.docker.com/team/app:1", Ref{"docker.io", "team/app", "1", "", ""}},
		{"registry-1.docker.io.example/app:1", Ref{"registry-1.docker.io.example", "app", "1", "", ""}},
		{"localhost", Ref{"localhost", "", "", "", ""}},
		{"localhost:5000", Ref{"localhost:5000", "", "", "", ""}},
		{"localhost:5000/", Ref{"localhost:5000", "", "", "", ""}},
		{"localhost:5000/app", Ref{"localhost:5000", "app", "", "", ""}},
		{"localhost/app:1", Ref{"localhost", "app", "1", "", ""}},
		{"registry.corp", Ref{"registry.corp", "", "", "", ""}},
		{"registry.corp:443/a/b/c:1.2_x-y", Ref{"registry.corp:443", "a/b/c", "1.2_x-y", "", ""}},
		{"registry/", Ref{"registry", "", "", "", ""}},
		{"10.0.0.1:5000", Ref{"10.0.0.1:5000", "", "", "", ""}},
		{"10.0.0.1/app", Ref{"10.0.0.1", "app", "", "", ""}},
		{"[::1]:5000", Ref{"[::1]:5000", "", "", "", ""}},
		{"[2001:db8::1]:5000/app:1", Ref{"[2001:db8::1]:5000", "app", "1", "", ""}},
		{"app@" + someDigest, Ref{"docker.io", "library/app", "", someDigest, ""}},
		{"localhost:5000/app:1@" + someDigest, Ref{"localhost:5000", "app", "1", someDigest, ""}},
		{"https://ghcr.io/a/b:1", Ref{"ghcr.io", "a/b", "1", "", ""}},
		{"docker://alpine:3", Ref{"docker.io", "library/alpine", "3", "", ""}},
		{"hub.docker.com", Ref{"docker.io", "", "", "", ""}},
		{"  app:1 ", Ref{"docker.io", "library/app", "1", "", ""}},
		{"localhost:5000/app:prod@2026-11-18", Ref{"localhost:5000", "app", "prod", "", "2026-11-18"}},
		{"app@2026-11-18T14:02", Ref{"docker.io", "library/app", "latest", "", "2026-11-18T14:02"}},
		{"app:1@2026-11-18T14:02:11+01:00", Ref{"docker.io", "library/app", "1", "", "2026-11-18T14:02:11+01:00"}},
		{"gcr.io/a/b/", Ref{"gcr.io", "a/b", "", "", ""}},
	}
	for _, tt := range tests {
		got, err := ParseRef(tt.in)
		if err != nil || got != tt.want {
			t.Errorf("%q is %+v, %v; want %+v", tt.in, got, err, tt.want)
		}
	}
}

func TestParseRefErrors(t *testing.T) {
	const usual = "; write host/repository:tag or host/repository@sha256:…"
	const badTag = "a tag has at most 128 letters, digits, _, . and -, and begins with a letter, a digit or _" + usual
	tests := []struct{ in, want string }{
		{"", "empty reference"},
		{"   ", "empty reference"},
		{"ftp://x/y", "a reference does not begin with ftp://"},
		{"App:1", `"App:1" is not a reference: repository names are lower case` + usual},
		{"r.example/a:tag with blank", "it has a space; give two images as two arguments"},
		{"r.example/a:x :y", "it has a space; give two images as two arguments"},

		{"app:", `the tag after ":" is empty` + usual},
		{"app:@" + someDigest, `the tag after ":" is empty`},
		{"app:-x", badTag},
		{"app::x", badTag},
		{"app:" + strings.Repeat("x", 129), badTag},

		{"app@", `the digest after "@" is empty` + usual},
		{"app:prod@yesterday", `the text after "@" is neither a digest nor a date; write @sha256:…, @2026-11-18 or @2026-11-18T14:02 (UTC)`},
		{"app:prod@abc", "is neither a digest nor a date"},
		{"app@sha256:123", "a digest needs all 64 digits; run tagdiff app and press / to find one by its first 12"},
		{"r.example/app@sha256:4db522e17a5f", "a digest needs all 64 digits; run tagdiff r.example/app and press /"},
		{"localhost:5000/app:1@4db522e17a5f", "a digest needs all 64 digits; run tagdiff localhost:5000/app and press /"},
		{"app@sha256:" + strings.Repeat("Z", 64), "a digest of sha256 has 64 digits of 0-9 and a-f" + usual},
		{"app@" + someDigest + "0", "a digest of sha256 has 64 digits of 0-9 and a-f"},
		{"app@sha512:" + strings.Repeat("a", 64), "a digest of sha512 has 128 digits of 0-9 and a-f"},
		{"app@md5:d41d8cd98f00b204e9800998ecf8427e", `"md5" is not an algorithm that tagdiff knows; use a digest of sha256 or sha512`},
		{"@sha256:123", "run tagdiff host/repository and press /"},
		{"joe:secret@r.example/app:1", `"…@r.example/app:1" is not a reference: it has a user name or a password before the host; ` +
			"write r.example/app:1, and log in with docker login"},
		{"https://joe:secret@r.example/app:1", `"…@r.example/app:1" is not a reference`},
		{"joe@r.example:5000/app", "write r.example:5000/app, and log in"},
		{"joe:se@cret@r.example", "write r.example, and log in"},
		{someDigest, "a digest alone has no repository; write host/repository@sha256:…"},
		{someDigest[len("sha256:"):], "a digest alone has no repository"},
		{"sha256:4db5", "a digest alone has no repository"},

		{"/tmp/x.tar", "tagdiff reads registries, not files" + usual},
		{"./dir", "tagdiff reads registries, not files"},
		{"oci:/tmp/x", "tagdiff reads registries, not files"},

		{":", `the tag after ":" is empty`},
		{":x", "it has no repository" + usual},
		{"/", `"/" is not a reference: tagdiff reads registries, not files`},
		{"r.example/:x", "it has no repository"},
		{"r.example/a/:x", "the repository has an empty part" + usual},
		{"r.example/a//b", "the repository has an empty part"},
		{"Shop//image:x", "the repository has an empty part"},
		{"-app", "a repository has parts of a-z and 0-9"},
		{"host/../x", "a repository has parts of a-z and 0-9"},
		{"host/a\x1b[31m", "a repository has parts of a-z and 0-9"},
		{strings.Repeat("a", 256), "a repository has at most 255 characters"},

		{"127.0.0.1:abc/app", `the port "abc" is not a number` + usual},
		{"127.0.0.1:/app:1", `the port after ":" is empty`},
		{"[::1]:abc/app", `the port "abc" is not a number`},
		{"[::1/app", `the "]" after the address is missing`},

		{"app:1@2026-13-01", `"2026-13-01" is not a date: month out of range; write 2026-11-18`},
		{"app:1@2026-11-31", "not a date: day out of range"},
		{"app:1@2026-11-18T25:00", "not a date: hour out of range"},
		{"app:1@2026-", "is not a date or time; write 2026-11-18"},
		{"app@" + someDigest + "@2026-11-18", "never moves"},
		{"localhost:5000@2026-11-18", "is a registry"},
	}
	for _, tt := range tests {
		r, err := ParseRef(tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q is %+v, %v; want an error with %q", tt.in, r, err, tt.want)
		}
	}
}

func TestParseImage(t *testing.T) {
	if r, err := ParseImage("localhost:5000/app"); err != nil || r.Tag != "latest" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := ParseImage("localhost:5000"); err == nil || !strings.Contains(err.Error(), "is a registry") {
		t.Errorf("%v", err)
	}
}

func TestParseBeside(t *testing.T) {
	beside := Ref{Registry: "localhost:5000", Repository: "app", Tag: "1"}
	tests := []struct {
		in, want string
		beside   Ref
	}{
		{":prod", "localhost:5000/app:prod", beside},
		{"@" + someDigest, "localhost:5000/app@" + someDigest, beside},
		{"@2026-11-18", "localhost:5000/app:1@2026-11-18", beside},
		{":2@2026-11-18", "localhost:5000/app:2@2026-11-18", beside},
		{"@2026-11-18", "", beside.Repo().AtDigest(someDigest)},
		{"other:1", "docker.io/library/other:1", beside},
		{":prod", "", Ref{Registry: "localhost:5000"}},
		{":", "", beside},
	}
	for _, tt := range tests {
		r, err := ParseBeside(tt.beside, tt.in)
		if (err == nil) != (tt.want != "") || err == nil && r.String() != tt.want {
			t.Errorf("%q is %q, %v; want %q", tt.in, r, err, tt.want)
		}
	}
}

func TestRefForms(t *testing.T) {
	r := Ref{Registry: "localhost:5000", Repository: "app", Tag: "1", Digest: someDigest}
	for got, want := range map[string]string{
		r.String(): "localhost:5000/app:1@" + someDigest, r.Short(): ":1@" + someDigest, r.Repo().String(): "localhost:5000/app",
		r.WithTag("2").String(): "localhost:5000/app:2", r.AtDigest(someDigest).String(): "localhost:5000/app@" + someDigest,
		r.Names(): NamesManifest, r.Repo().Names(): NamesRepository, Ref{Registry: "x"}.Names(): NamesRegistry,
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// FuzzParseRef checks that the printed form of an accepted reference parses to
// the same reference.
func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"app", "localhost:5000/a/b:c@" + someDigest, "[::1]:5000", "10.0.0.1/", "https://x.y/z", ":x", "@", "registry/", "app:1@2026-11-18T14:02:11Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRef(s)
		if err != nil {
			return
		}
		if r.Registry == "" || r.Repository == "" && (r.Tag != "" || r.Digest != "") {
			t.Fatalf("%q is %+v", s, r)
		}
		again := r.String()
		if r.Names() == NamesRegistry {
			again += "/"
		}
		if back, err := ParseRef(again); err != nil || back != r {
			t.Fatalf("%q is %+v, %q is %+v, %v", s, r, again, back, err)
		}
	})
}

func TestMoment(t *testing.T) {
	for when, want := range map[string]string{
		"2026-11-18":                "2026-11-18T23:59:59.999999999Z",
		"2026-11-18T14:02":          "2026-11-18T14:02:59.999999999Z",
		"2026-11-18T14:02:11":       "2026-11-18T14:02:11.999999999Z",
		"2026-11-18T14:02:11Z":      "2026-11-18T14:02:11.999999999Z",
		"2026-11-18T14:02+01:00":    "2026-11-18T13:02:59.999999999Z",
		"2026-11-18T14:02:11-05:00": "2026-11-18T19:02:11.999999999Z",
	} {
		if got, ok := (Ref{At: when}).Moment(); !ok || got.UTC().Format(time.RFC3339Nano) != want {
			t.Errorf("%s is %v, want %s", when, got, want)
		}
	}
	if _, ok := (Ref{}).Moment(); ok {
		t.Error("no moment is expected without When")
	}
}

func TestTimelineAt(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 18, hour, 0, 0, 0, time.UTC) }
	line := Timeline{{Digest: "a", First: at(3), Last: at(5)}, {Digest: "b", First: at(8), Last: at(9)}}
	for hour, want := range map[int]digest.Digest{2: "", 3: "a", 6: "a", 8: "b", 20: "b"} {
		if got, ok := line.At(at(hour)); got.Digest != want || ok != (want != "") {
			t.Errorf("at %d it was %q, %v; want %q", hour, got.Digest, ok, want)
		}
	}
}
