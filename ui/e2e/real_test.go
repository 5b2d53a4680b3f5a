package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// commandTimeout limits a run of a program. Only failing tests wait that long.
const commandTimeout = 2 * time.Minute

// slowCommandTimeout is commandTimeout for programs that download or build a system.
const slowCommandTimeout = 10 * time.Minute

// exitTrouble is the exit code for an error, as in diff(1).
const exitTrouble = 2

// runResult is the result of a run without a terminal.
type runResult struct {
	code        int
	out, errors string
}

// cli runs the compiled program without a terminal and without logins.
func cli(t *testing.T, args ...string) runResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	return runCommand(ctx, t, cleanCommand(ctx, t, uitest.Build(t), args...))
}

// runCommand runs cmd to its end.
func runCommand(ctx context.Context, t *testing.T, cmd *exec.Cmd) runResult {
	t.Helper()
	return startCommand(ctx, t, cmd)()
}

// startCommand starts cmd. The function that it returns waits for the end of cmd.
func startCommand(ctx context.Context, t *testing.T, cmd *exec.Cmd) (end func() runResult) {
	t.Helper()
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Start(); err != nil {
		t.Fatalf("%q: %v", cmd.Args, err)
	}
	return func() runResult {
		t.Helper()
		err := cmd.Wait()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
			t.Fatalf("%q: %v, %v\n%s", cmd.Args, err, ctx.Err(), problems.String())
		}
		return runResult{cmd.ProcessState.ExitCode(), out.String(), problems.String()}
	}
}

// cleanCommand returns a command without the settings of the developer. Each has a new
// home, because skopeo caches blob locations there, which must not affect another run.
func cleanCommand(ctx context.Context, t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = home
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "LANG=C.UTF-8", "TZ=UTC",
		"XDG_RUNTIME_DIR=" + home, "XDG_CONFIG_HOME=" + home, "XDG_CACHE_HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_STATE_HOME=" + home,
		"_CONTAINERS_ROOTLESS_UID=1000", // skopeo of root then has its cache in XDG_DATA_HOME too
	}
	return cmd
}

// runTool runs a program that pushes or copies images. It fails the test on an error.
func runTool(t *testing.T, name string, args ...string) {
	t.Helper()
	toolOutput(t, nil, name, args...)
}

// toolOutput runs a program with more environment, and returns what it prints. It fails the test on an
// error.
func toolOutput(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	return slowToolOutput(t, commandTimeout, env, name, args...)
}

// slowToolOutput is toolOutput with another limit of time.
func slowToolOutput(t *testing.T, limit time.Duration, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := cleanCommand(ctx, t, name, args...)
	cmd.Env = append(cmd.Env, env...)
	got := runCommand(ctx, t, cmd)
	if got.code != 0 {
		t.Fatalf("%s %q: exit code %d\n%s%s", name, args, got.code, got.out, got.errors)
	}
	return got.out
}

// requireInstalled skips the test if a program is missing; see skipOrFail.
func requireInstalled(t *testing.T, programs ...string) {
	t.Helper()
	reason := ""
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			reason = p + " is not installed"
		}
	}
	if reason == "" && slices.Contains(programs, "buildah") && os.Geteuid() != 0 {
		reason = "buildah leaves files that only root can remove"
	}
	if reason != "" {
		skipOrFail(t, reason)
	}
}

// skipOrFail skips the test, or fails it if TAGDIFF_REQUIRE_REAL is set.
func skipOrFail(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("TAGDIFF_REQUIRE_REAL") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// realRegistry is the program of a real registry.
type realRegistry struct {
	name, program, config string
	schema1               bool // accepts images in that format
}

var realRegistries = []realRegistry{
	{"distribution 2.8", "docker-registry", "compatibility: {schema1: {enabled: true}}", true},
	{"distribution 3.1", "registry", "", false},
}

var listenLine = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

// start runs the registry on a free port until the test ends.
func (r realRegistry) start(t *testing.T) (host string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yml")
	config := fmt.Sprintf(`version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: %q}}
http: {addr: "127.0.0.1:0"}
validation: {manifests: {urls: {allow: ["^https://mcr\\.microsoft\\.com/"]}}} # layers of Windows
%s
`, filepath.Join(dir, "data"), r.config)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := cleanCommand(context.Background(), t, r.program, "serve", file)
	cmd.Env = append(cmd.Env, "OTEL_TRACES_EXPORTER=none")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var all strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if m := listenLine.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, log) //nolint:errcheck // ends with the registry
			return m[1]
		}
		fmt.Fprintln(&all, lines.Text())
	}
	t.Fatalf("%s does not start:\n%s", r.program, all.String())
	return ""
}

// skopeo copies between loopback registries and folders ("dir:PATH"), with args before the
// two references.
func skopeo(t *testing.T, from, to string, args ...string) {
	t.Helper()
	all := append([]string{"--insecure-policy", "copy", "--quiet"}, args...)
	for side, ref := range map[string]*string{"src": &from, "dest": &to} {
		if !strings.HasPrefix(*ref, "dir:") {
			all = append(all, "--"+side+"-tls-verify=false")
			*ref = "docker://" + *ref
		}
	}
	runTool(t, "skopeo", append(all, from, to)...)
}

// buildahStore is a store of buildah with built images.
type buildahStore struct{ dir string }

func (b buildahStore) buildah(t *testing.T, args ...string) {
	t.Helper()
	store := []string{"--root", filepath.Join(b.dir, "root"), "--runroot", filepath.Join(b.dir, "run"), "--storage-driver", "vfs"}
	slowToolOutput(t, slowCommandTimeout, nil, "buildah", append(store, args...)...)
}

// bud builds an image from the current files of the context.
func (b buildahStore) bud(t *testing.T, args ...string) {
	t.Helper()
	b.buildah(t, slices.Concat([]string{"bud", "--quiet", "--isolation", "chroot"}, args, []string{filepath.Join(b.dir, "context")})...)
}

func (b buildahStore) write(t *testing.T, name string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, "context", name), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// buildImages builds app:1; app:2 with one changed file; app:3 with one more step; app:4
// like app:3 with a changed setting; and app:many for two platforms.
func buildImages(t *testing.T) buildahStore {
	t.Helper()
	b := buildahStore{t.TempDir()}
	if err := os.Mkdir(filepath.Join(b.dir, "context"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.write(t, "app.conf", "listen 8080")
	b.write(t, "app", "one")
	recipe := []string{"FROM scratch", "COPY app.conf /etc/app.conf", "COPY app /app/app", "ENV MODE=fast", "LABEL org.example.team=payments"}
	b.write(t, "Containerfile", append(recipe, `CMD ["/app/app"]`)...)
	b.bud(t, "--layers", "--tag", "app:1")
	b.bud(t, "--platform", "linux/amd64,linux/arm64", "--manifest", "app:many")
	b.write(t, "app", "two")
	b.bud(t, "--layers", "--tag", "app:2")
	recipe = append(recipe, "COPY app.conf /etc/second.conf")
	b.write(t, "Containerfile", append(recipe, `CMD ["/app/app"]`)...)
	b.bud(t, "--layers", "--tag", "app:3")
	b.write(t, "Containerfile", append(recipe, `CMD ["/app/app", "-v"]`)...)
	b.bud(t, "--layers", "--tag", "app:4")
	return b
}

// push pushes the images to team/app.
func (b buildahStore) push(t *testing.T, host string) {
	t.Helper()
	to := "docker://" + host + "/team/app:"
	for _, tag := range []string{"1", "2", "3", "4"} {
		b.buildah(t, "push", "--quiet", "--tls-verify=false", "app:"+tag, to+tag)
	}
	b.buildah(t, "push", "--quiet", "--tls-verify=false", "--compression-format", "zstd", "app:1", to+"1-zstd")
	b.buildah(t, "push", "--quiet", "--tls-verify=false", "--format", "v2s2", "app:1", to+"1-docker")
	b.buildah(t, "manifest", "push", "--quiet", "--all", "--tls-verify=false", "app:many", to+"many")
}

// demoPairs are pairs of tags that the test copies from the demo.
var demoPairs = [][2]string{
	{"shop/image-name:20231001.155532z", ":prod"},
	{"shop/api:build-1041", ":build-1042"},
	{"uis/tool:v1.3", ":main"},
	{"shop/worker:build-311", ":build-312"},
	{"team/payments:1.42.0", ":1.42.0-zstd"},
}

// convertImages copies and converts images with skopeo, as mirrors and tools do.
func convertImages(t *testing.T, from, host string) {
	t.Helper()
	for _, pair := range demoPairs {
		repo, _, _ := strings.Cut(pair[0], ":")
		skopeo(t, from+"/"+pair[0], host+"/"+pair[0], "--all", "--preserve-digests")
		skopeo(t, from+"/"+repo+pair[1], host+"/"+repo+pair[1], "--all", "--preserve-digests")
	}
	// Eight platforms. One is Windows, whose base layers are in no registry.
	skopeo(t, from+"/library/python:2.7", host+"/library/python:2.7", "--all", "--preserve-digests")
	app := host + "/team/app:"
	skopeo(t, app+"1", app+"retag")
	skopeo(t, app+"1", host+"/mirror/app:1")
	skopeo(t, app+"1", app+"docker", "--format", "v2s2")
	skopeo(t, app+"docker", app+"back", "--format", "oci")
	skopeo(t, app+"many", app+"many-docker", "--format", "v2s2", "--all")
	skopeo(t, app+"many", app+"amd64", "--override-os", "linux", "--override-arch", "amd64")
	skopeo(t, host+"/shop/image-name:prod", host+"/mirror/image-name:oci", "--format", "oci")
	unpacked := "dir:" + filepath.Join(t.TempDir(), "app")
	skopeo(t, app+"1", unpacked, "--dest-decompress")
	skopeo(t, unpacked, app+"zstd", "--dest-compress-format", "zstd")
}

// generateImages pushes images of go-containerregistry.
func generateImages(t *testing.T, host string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	img, err := random.Image(200, 3)
	must(err)
	labelled, err := mutate.Config(img, v1.Config{Labels: map[string]string{"team": "payments"}})
	must(err)
	layer, err := random.Layer(200, "application/vnd.docker.image.rootfs.diff.tar.gzip")
	must(err)
	more, err := mutate.AppendLayers(img, layer)
	must(err)
	for tag, i := range map[string]v1.Image{"a": img, "labelled": labelled, "more": more} {
		ref, err := name.NewTag(host+"/team/made:"+tag, name.Insecure)
		must(err)
		must(remote.Write(ref, i))
	}
	platform := func(arch string) mutate.IndexAddendum {
		i, err := random.Image(200, 2)
		must(err)
		return mutate.IndexAddendum{Add: i, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}}
	}
	one := mutate.AppendManifests(empty.Index, platform("amd64"))
	for tag, i := range map[string]v1.ImageIndex{"one": one, "two": mutate.AppendManifests(one, platform("arm64"))} {
		ref, err := name.NewTag(host+"/team/made:"+tag, name.Insecure)
		must(err)
		must(remote.WriteIndex(ref, i))
	}
}

// imagePair is a pair of images with the expected comparison.
type imagePair struct {
	a, b, verdict string
	code          int
	steps         string // expected classes, oldest first; "" for any
	findings      string // IDs of expected findings; after "!" of findings that must be absent
}

var registryPairs = []imagePair{
	// The same manifest under another name.
	{"team/app:1", ":retag", "identical", 0, "same same settings settings settings", ""},
	{"team/app:1", "mirror/app:1", "identical", 0, "", "A1"},
	// The same config in a manifest of the other format.
	{"team/app:1", ":1-docker", "same-image-other-envelope", 0, "same same settings settings settings", ""},
	{"team/app:1", ":docker", "same-image-other-envelope", 0, "", "A8"},
	{"team/app:docker", ":back", "same-image-other-envelope", 0, "", ""},
	{"team/app:many", ":many-docker", "same-image-other-envelope", 0, "", ""},
	// skopeo writes a new config when it converts from Docker's format to OCI. Here it
	// omits a null, which means the same (catalogue A8).
	{"shop/image-name:prod", "mirror/image-name:oci", "same-image-reprinted", 0, "", "A8 A12"},
	// The same config, layers compressed again.
	{"team/app:1", ":1-zstd", "same-image-packed-differently", 0, "repacked repacked settings settings settings", ""},
	{"team/app:1", ":zstd", "same-image-packed-differently", 0, "repacked repacked settings settings settings", ""},
	{"team/app:zstd", ":docker", "same-image-packed-differently", 0, "", "A3 A8 D10"},
	// An index and one of its images: the other platform is missing.
	{"team/app:many", ":amd64", "same-image-other-envelope", 1, "", "A10 !C4"},
	// Built again.
	{"team/app:1", ":2", "same-recipe", 1, "same substituted settings settings settings", "A7 D4"},
	{"team/app:2", ":3", "same-base", 1, "same same settings settings added settings", ""},
	{"team/app:3", ":4", "same-files-other-settings", 1, "", "A5 E1"},
	{"team/app:1", "team/made:a", "unrelated", 1, "", ""},
	// Images of a library, without a Dockerfile.
	{"team/made:a", ":labelled", "same-files-other-settings", 1, "", ""},
	{"team/made:a", ":more", "same-base", 1, "same same same added", ""},
	{"team/made:one", ":two", "same-image-other-envelope", 1, "", "C2 !C4"},
}

// jsonReport is the part of a JSON report that these tests use.
type jsonReport struct {
	Schema    string
	A, B      struct{ Kind string }
	Verdict   struct{ Code, Headline, Because string }
	Findings  []jsonFinding
	Platforms []struct {
		Steps    []struct{ Class string }
		Findings []jsonFinding
	}
}

type jsonFinding struct{ ID, Say string }

// findingIDs returns the IDs of all findings, in the order of the report.
func (r jsonReport) findingIDs() []string {
	var ids []string
	all := [][]jsonFinding{r.Findings}
	for _, p := range r.Platforms {
		all = append(all, p.Findings)
	}
	for _, f := range slices.Concat(all...) {
		if !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func (p imagePair) check(t *testing.T, host string) {
	t.Helper()
	a, b := host+"/"+p.a, p.b
	if b[0] != ':' {
		b = host + "/" + b
	}
	p.compare(t, a, b)
}

// compare compares a and b with the program, checks the result and logs it.
func (p imagePair) compare(t *testing.T, a, b string) {
	t.Helper()
	got := cli(t, "-o", "json", a, b)
	var r jsonReport
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.errors != "" {
		t.Fatalf("%v: %s%s", err, got.out, got.errors)
	}
	t.Logf("| %s %s | %s | %d | %s |", p.a, p.b, r.Verdict.Code, got.code, strings.Join(r.findingIDs(), " "))
	if r.Schema != "tagdiff/1" || r.Verdict.Code != p.verdict || got.code != p.code {
		t.Errorf("%s: %s with exit code %d, want %s with %d\n%s", r.Schema, r.Verdict.Code, got.code, p.verdict, p.code, cli(t, "-o", "text", a, b).out)
	}
	for _, f := range strings.Fields(p.findings) {
		id, absent := strings.CutPrefix(f, "!")
		if slices.Contains(r.findingIDs(), id) == absent {
			t.Errorf("findings %s, want %s:\n%s", r.findingIDs(), p.findings, cli(t, "-o", "text", a, b).out)
		}
	}
	if p.steps == "" {
		return
	}
	var steps []string
	for _, s := range r.Platforms[0].Steps {
		steps = append(steps, s.Class)
	}
	if strings.Join(steps, " ") != p.steps {
		t.Errorf("steps %q, want %q", steps, p.steps)
	}
}

// TestRealRegistries pushes images to real registries with common tools and compares
// them.
func TestRealRegistries(t *testing.T) {
	t.Parallel()
	requireInstalled(t, "skopeo", "buildah")
	source, err := demo.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close() })
	images := buildImages(t)
	for _, r := range realRegistries {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			requireInstalled(t, r.program)
			host := r.start(t)
			images.push(t, host)
			convertImages(t, source.Host(), host)
			generateImages(t, host)
			for _, p := range registryPairs {
				t.Run(p.a+" "+p.b, func(t *testing.T) { p.check(t, host) })
			}
			for _, pair := range demoPairs {
				t.Run(pair[0]+" as in the demo", func(t *testing.T) { sameReport(t, pair, source.Host(), host) })
			}
			t.Run("exactly", func(t *testing.T) {
				for b, want := range map[string]int{":retag": 0, ":docker": 1, ":zstd": 1} {
					if got := cli(t, "-o", "json", "--exact", host+"/team/app:1", b); got.code != want {
						t.Errorf("%s: exit code %d, want %d: %s", b, got.code, want, got.errors)
					}
				}
			})
			t.Run("across", func(t *testing.T) {
				if got := cli(t, "-o", "json", host+"/library/python:2.7", source.Host()+"/library/python:2.7.17"); got.code != 0 || !strings.Contains(got.out, `"identical"`) {
					t.Errorf("exit code %d: %s%s", got.code, got.out, got.errors)
				}
			})
			if r.schema1 {
				t.Run("schema1", func(t *testing.T) { checkSchema1(t, host) })
			}
			t.Run("screens", func(t *testing.T) { checkScreens(t, host) })
		})
	}
}

// sameReport checks that a pair and its copy have the same report.
func sameReport(t *testing.T, pair [2]string, from, to string) {
	t.Helper()
	want := cli(t, "-o", "json", from+"/"+pair[0], pair[1])
	got := cli(t, "-o", "json", to+"/"+pair[0], pair[1])
	want.out = strings.ReplaceAll(want.out, from, to)
	if got != want || got.errors != "" || len(got.out) == 0 {
		t.Errorf("the copies compare with %+v\nthe originals with %+v", got, want)
	}
}

// checkSchema1 pushes an image in the format of 2015 and compares it.
func checkSchema1(t *testing.T, host string) {
	t.Helper()
	skopeo(t, host+"/team/app:docker", host+"/team/app:schema1", "--format", "v2s1")
	imagePair{"team/app:docker", ":schema1", "same-image-reprinted", 1, "", ""}.check(t, host)
	var r jsonReport
	if err := json.Unmarshal([]byte(cli(t, "-o", "json", host+"/team/app:schema1").out), &r); err != nil || r.A.Kind != "schema1" {
		t.Errorf("%v: the kind is %q", err, r.A.Kind)
	}
}

// checkScreens goes from the list of repositories to a comparison and back.
func checkScreens(t *testing.T, host string) {
	t.Helper()
	term := uitest.Start(t, small, host)
	play(t, term, []step{
		{"", []string{"library/python", "mirror/app", "team/made"}, ""},
		{"/ team/app enter", []string{"› team/app"}, ""},
		{"enter", []string{"›  1  ", "many-docker", "index", "arm64", "linux/amd64"}, ""},
		{"a / 2 enter", []string{"compare A :1 with :2"}, ""},
		{"b", []string{"A :1 ", "B :2 ", "Same recipe, built again; step 2 was given other files"}, ""},
		{"3 n", []string{"›≠    2", "other files given"}, ""},
		{"s", []string{"A :2 ", "B :1 ", "Step 2: 1 file changed: app/app"}, ""},
		{"esc", []string{"/2", "created"}, ""}, // the list is unchanged
		{"q", nil, ""},
	})
	if code := term.Wait(); code != 0 {
		t.Errorf("q ended the program with %d", code)
	}
	for _, form := range []string{"text", "markdown"} {
		got := cli(t, "-o", form, host+"/team/app:1", ":2")
		if got.code != 1 || !strings.Contains(got.out, "Same recipe, built again; step 2 was given other files") {
			t.Errorf("%s with exit code %d:\n%s%s", form, got.code, got.out, got.errors)
		}
	}
}
