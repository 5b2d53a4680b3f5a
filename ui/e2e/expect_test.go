package e2e

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/registry/demo"
)

// TestExpect checks the third incident in a pipeline: the labels are right, but the image
// is not.
func TestExpect(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(demo.Handler())
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	right := cli(t, "--expect", "linux/amd64,linux/arm64", "-o", "json", host+"/uis/tool:v1.3")
	if right.code != 0 || !strings.Contains(right.out, `"met": true`) {
		t.Errorf("v1.3: exit code %d: %s%s", right.code, right.out, right.errors)
	}
	wrong := cli(t, "--expect", "linux/amd64,linux/arm64", host+"/uis/tool:main")
	if wrong.code != 1 || !strings.HasPrefix(wrong.out, "Not as expected: all platforms exist, but one finding fails the check: In") || !strings.Contains(wrong.out, "C4 borrowed-base") {
		t.Errorf("main: exit code %d: %s%s", wrong.code, wrong.out, wrong.errors)
	}
	missing := cli(t, "--expect", "linux/amd64,linux/s390x", "-o", "markdown", host+"/uis/tool:v1.3")
	if missing.code != 1 || !strings.Contains(missing.out, "linux/s390x` is missing") && !strings.Contains(missing.out, "linux/s390x is missing") {
		t.Errorf("missing: exit code %d: %s%s", missing.code, missing.out, missing.errors)
	}
}

// TestMetadata: the digest in the metadata file of a build counts, not the tag.
func TestMetadata(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(demo.Handler())
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	got := cli(t, "-o", "json", host+"/uis/tool:v1.3")
	_, rest, _ := strings.Cut(got.out, `"digest": "`)
	built, _, _ := strings.Cut(rest, `"`)
	file := filepath.Join(t.TempDir(), "build.json")
	if err := os.WriteFile(file, []byte(`{"containerimage.digest": "`+built+`", "image.name": "`+host+`/uis/tool:main"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if ok := cli(t, "--metadata", file, "--expect", "linux/amd64,linux/arm64"); ok.code != 0 || !strings.Contains(ok.out, built) {
		t.Errorf("exit code %d: %s%s", ok.code, ok.out, ok.errors)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--metadata", filepath.Join(t.TempDir(), "none.json")}, "no such file"},
		{[]string{"--metadata", file, host + "/a:1", ":2"}, "--metadata already names the image"},
		{[]string{"--expect", "", host + "/a:1"}, "--expect names no platform"},
		{[]string{"--metadata", "", host + "/a:1"}, "--metadata names no file"},
		{[]string{"--metadata", file, host + "/uis/tool@sha256:" + strings.Repeat("0", 64)}, "not the digest in the argument"},
		{[]string{"--expect", "linux/amd64", host + "/edge/broken:config-is-html"}, "config"},
		{[]string{"--expect", "linux/amd64"}, "give its tag or digest"},
		{[]string{"--expect", "linux/amd64", host + "/a:1", ":2"}, "one image"},
		{[]string{"--expect", "x y", host + "/a:1"}, "separate platforms with commas"},
		{[]string{"--expect", "linux/amd46", host + "/uis/tool:v1.3"}, `"amd46" is not a known architecture; the image has linux/amd64 and linux/arm64`},
		{[]string{"-p", "linux/amd64,linux/arm64", host + "/a:1"}, "--platform takes one platform; leave it out to compare all"},
		{[]string{"-p", "linux/amd64", host + "/a"}, "--platform needs an image; add a tag to " + host + "/a"},
		{[]string{"--siblings", host + "/a"}, "--siblings needs an image; add a tag to " + host + "/a"},
		{[]string{"--digests", host}, "is a registry; add a repository, for example " + host + "/app"},
		{[]string{host + "/shop/image-name", ":prod"}, "has no tag latest in shop/image-name; check the name (" + host + "/shop/image-name has no tag, so it means :latest; add a tag)"},
		{[]string{"--metadata", file, host + "/uis/none"}, "(the metadata file names " + host + "/uis/tool:main, the argument " + host + "/uis/none)"},
		{[]string{"--expect", "linux/amd64", "-o", "tui", host + "/a:1"}, "use -o text"},
		{[]string{"--expect", "linux/amd64", "-p", "linux/amd64", host + "/a:1"}, "leave out --platform"},
	} {
		if got := cli(t, tt.args...); got.code != 2 || got.out != "" && !strings.HasPrefix(got.out, "Unknown") || strings.Count(got.errors, "\n") != 1 || !strings.Contains(got.errors, tt.want) {
			t.Errorf("%q: exit code %d: %s%s", tt.args, got.code, got.out, got.errors)
		}
	}
}
