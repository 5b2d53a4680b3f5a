package e2e

import (
	"debug/elf"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/program/programtest"
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
	if wrong.code != 1 || !strings.HasPrefix(wrong.out, "Not as expected: all platforms exist, but 2 findings fail the check:\nlinux/arm64 of :main starts a program for amd64 (C5)") || !strings.Contains(wrong.out, "C4 borrowed-base") {
		t.Errorf("main: exit code %d: %s%s", wrong.code, wrong.out, wrong.errors)
	}
	missing := cli(t, "--expect", "linux/amd64,linux/s390x", "-o", "markdown", host+"/uis/tool:v1.3")
	if missing.code != 1 || !strings.Contains(missing.out, "linux/s390x` is missing") && !strings.Contains(missing.out, "linux/s390x is missing") {
		t.Errorf("missing: exit code %d: %s%s", missing.code, missing.out, missing.errors)
	}
}

// TestExpect_hides has images for arm64 that hide what they start. None may pass while that is for amd64.
func TestExpect_hides(t *testing.T) {
	t.Parallel()
	type items = []insidetest.Item
	run := func(name, body string) insidetest.Item { return insidetest.File(name, body).As(0o755, 0, 0) }
	right, wrong := string(programtest.ELF{Machine: elf.EM_AARCH64}.Bytes()), string(programtest.ELF{Machine: elf.EM_X86_64}.Bytes())
	const notDecided = "Not decided: it is not known for which machine"
	b, host := startBuilds(t)
	for i, tt := range []struct {
		name  string
		start []string
		items items
		code  int
		says  string
	}{
		{"nothing", []string{"/run"}, items{run("run", right)}, 0, "As expected"},
		{"the class and the byte order", []string{"/run"}, items{run("run", wrong[:4]+"\x00\x00\x00"+wrong[7:])}, 1, "starts a program for amd64 (C5)"},
		{"behind a zero byte", []string{"/run"}, items{run("x", wrong), run("run", "#!/x\x00\n")}, 1, "starts a program for amd64 (C5)"},
		{"behind env", []string{"/env", "-iS", "A=1 /run"}, items{run("env", right), run("run", wrong)}, 1, "starts a program for amd64 (C5)"},
		{"nothing but the root", []string{"/"}, items{run("run", right)}, 1, "/ is to be started and is not a file"},
		{"behind a hard link to env", []string{"/e", "/run"}, items{run("env", right), insidetest.Hardlink("e", "env").As(0o755, 0, 0), run("run", wrong)}, 1, "starts a program for amd64 (C5)"},
		{"behind a loader", []string{"/lib/ld-linux-aarch64.so.1", "--argv0", "x", "/run"}, items{run("lib/ld-linux-aarch64.so.1", right), run("run", wrong)}, 1, "starts a program for amd64 (C5)"},
		{"behind flags of a loader", []string{"/ld.so", "--new", "/run"}, items{run("ld.so", right), run("run", wrong)}, 2, notDecided},
		{"behind a variable of env", []string{"/env", "-S", "${X}"}, items{run("env", right), run("run", wrong)}, 2, notDecided},
		{"behind /proc", []string{"/proc/self/cwd/run"}, items{run("sh", right), run("run", wrong)}, 2, notDecided},
		{"below another entry", []string{"/run"}, items{run("x", wrong), insidetest.Hardlink("run", "x").As(0o755, 0, 0), run("x", right)}, 2, notDecided},
		{"under another name", []string{"/bin/run"}, items{insidetest.Symlink("bin", "usr"), run("usr/run", right), run("bin/run", wrong)}, 1, "amd64 (C5)"},
	} {
		archive := insidetest.Tar(tt.items...)
		blob := insidetest.Gzip(archive)
		config := encodeJSON(t, v1.Image{
			Platform: v1.Platform{OS: "linux", Architecture: "arm64"}, Config: v1.ImageConfig{Entrypoint: tt.start},
			RootFS:  v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(archive)}},
			History: []v1.History{{CreatedBy: "COPY . /"}},
		})
		manifest := encodeJSON(t, v1.Manifest{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest,
			Config: v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: b.put(config), Size: int64(len(config))},
			Layers: []v1.Descriptor{{MediaType: v1.MediaTypeImageLayerGzip, Digest: b.put(blob), Size: int64(len(blob))}},
		})
		tag := "t" + strconv.Itoa(i)
		b.put(manifest)
		b.change(func() { b.blobs[tag] = manifest })
		got := cli(t, "--expect", "linux/arm64", "-o", "json", host+"/app:"+tag)
		if got.code != tt.code || !strings.Contains(got.out, tt.says) {
			t.Errorf("%s: exit code %d: %s%s", tt.name, got.code, got.out, got.errors)
		}
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
