//go:build linux

package e2e

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tagdiff/tagdiff/model"
)

// dockerClient is the client of Debian's package of the daemon. Another client in PATH may
// lack the plugin for BuildKit.
const dockerClient = "/usr/bin/docker"

// engine is a Docker Engine for one test, without a network and with all its files in
// dir.
type engine struct{ dir string }

func (e engine) socket() string { return filepath.Join(e.dir, "socket") }

// startDocker runs an engine until the test ends.
func startDocker(t *testing.T) engine {
	t.Helper()
	e := engine{t.TempDir()}
	config := filepath.Join(e.dir, "daemon.json") // instead of the settings of the machine
	if err := os.WriteFile(config, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := cleanCommand(context.Background(), t, "dockerd", "--config-file", config, "--experimental", // for --squash
		"--data-root", filepath.Join(e.dir, "data"), "--exec-root", filepath.Join(e.dir, "exec"),
		"--pidfile", filepath.Join(e.dir, "pid"), "--host", "unix://"+e.socket(), "--storage-driver", "vfs",
		"--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--userland-proxy=false")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan string, 1)
	go readLog(log, ready, ended)
	t.Cleanup(func() { e.stop(t, cmd, ended) })
	select {
	case <-ready:
	case text := <-ended:
		ended <- text
		skipOrFail(t, "dockerd does not run here:\n"+text) // it needs more permissions than a container has
	case <-time.After(commandTimeout):
		t.Fatal("dockerd does not start")
	}
	return e
}

// readLog reads the daemon's log to its end and sends it to ended. It closes ready when the
// daemon accepts requests.
func readLog(log io.Reader, ready chan<- struct{}, ended chan<- string) {
	var all strings.Builder
	for lines := bufio.NewScanner(log); lines.Scan(); {
		fmt.Fprintln(&all, lines.Text())
		if ready != nil && strings.Contains(lines.Text(), "API listen on") {
			close(ready)
			ready = nil
		}
	}
	ended <- all.String()
}

// stop ends the daemon with a signal, so that it removes its mounts and its child.
func (engine) stop(t *testing.T, cmd *exec.Cmd, ended <-chan string) {
	t.Helper()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(commandTimeout):
		t.Error("dockerd does not end")
		_ = cmd.Process.Kill()
	}
	_ = cmd.Wait()
}

// docker runs a command of the client and returns its output.
func (e engine) docker(t *testing.T, args ...string) string {
	t.Helper()
	return e.run(t, "DOCKER_BUILDKIT=0", args...)
}

// run runs a command of the client with one more environment variable.
func (e engine) run(t *testing.T, setting string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := cleanCommand(ctx, t, dockerClient, args...)
	cmd.Env = append(cmd.Env, "DOCKER_HOST=unix://"+e.socket(), "DOCKER_CONFIG="+filepath.Join(e.dir, "client"), setting)
	got := runCommand(ctx, t, cmd)
	if got.code != 0 {
		t.Fatalf("docker %q: exit code %d\n%s%s", args, got.code, got.out, got.errors)
	}
	return strings.TrimSpace(got.out)
}

// builder is one of the two builders of a Docker Engine, as an environment variable.
type builder string

const (
	classic  builder = "DOCKER_BUILDKIT=0"
	buildkit builder = "DOCKER_BUILDKIT=1"
)

// build builds an image without the build cache and pushes it.
func (e engine) build(t *testing.T, with builder, context, file, tag string, args ...string) {
	t.Helper()
	all := append([]string{"build", "--quiet", "--no-cache", "--network", "none", "--file", filepath.Join(context, file), "--tag", tag}, args...)
	e.run(t, string(with), append(all, context)...)
	e.docker(t, "push", "--quiet", tag)
}

// pullAndPush pulls a tag and pushes it under another name.
func (e engine) pullAndPush(t *testing.T, from, to string) {
	t.Helper()
	e.docker(t, "pull", "--quiet", from)
	e.docker(t, "tag", from, to)
	e.docker(t, "push", "--quiet", to)
}

// commitContainers pushes images from docker commit and docker import.
func (e engine) commitContainers(t *testing.T, app string) {
	t.Helper()
	commit := func(container, tag string) {
		e.docker(t, "commit", container, app+tag)
		e.docker(t, "push", "--quiet", app+tag)
	}
	hotfix := filepath.Join(t.TempDir(), "app.conf")
	if err := os.WriteFile(hotfix, []byte("listen 9090\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"classic", "kit"} {
		container := e.docker(t, "create", "--network", "none", app+from)
		commit(container, from+"-untouched")
		e.docker(t, "cp", hotfix, container+":/etc/app.conf")
		commit(container, from+"-patched")
		ran := "ran-" + from
		e.docker(t, "run", "--name", ran, "--network", "none", app+from, "/bin/sh", "-c", "echo 9090 >/etc/port")
		commit(ran, from+"-ran")
		e.docker(t, "start", "--attach", ran)
		// docker export writes only files, not the settings of the image.
		exported := filepath.Join(t.TempDir(), "rootfs.tar")
		e.docker(t, "export", "--output", exported, container)
		e.docker(t, "import", exported, app+from+"-imported")
		e.docker(t, "push", "--quiet", app+from+"-imported")
		e.docker(t, "import", "--change", `CMD ["/bin/sh"]`, "--message", "flat", exported, app+from+"-imported-cmd")
		e.docker(t, "push", "--quiet", app+from+"-imported-cmd")
	}
}

// rootfs writes a tar with only a shell and returns its path.
func rootfs(t *testing.T, dir string) string {
	t.Helper()
	shell, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	modTime := time.Unix(1700000000, 0)
	for _, h := range []tar.Header{
		{Typeflag: tar.TypeDir, Name: "bin/", Mode: 0o755, ModTime: modTime},
		{Typeflag: tar.TypeReg, Name: "bin/sh", Mode: 0o755, ModTime: modTime, Size: int64(len(shell))},
		{Typeflag: tar.TypeDir, Name: "etc/", Mode: 0o755, ModTime: modTime},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			_, err = w.Write(shell)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "rootfs.tar")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// pushDockerImages pushes the images of docker/app.
func pushDockerImages(t *testing.T, e engine, host, elsewhere string) {
	t.Helper()
	push2016Image(t, e, elsewhere)
	dir := t.TempDir()
	base := host + "/docker/base:1"
	e.docker(t, "import", rootfs(t, t.TempDir()), base)
	e.docker(t, "push", "--quiet", base)
	write := func(name string, lines ...string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	write("app.conf", "listen 8080")
	settings := []string{"ENV MODE=fast", "LABEL org.example.team=payments", `CMD ["/bin/sh"]`}
	write("Full", append([]string{"FROM " + base, "WORKDIR /etc", "COPY app.conf app.conf", "RUN echo built >built"}, settings...)...)
	write("Noop", append([]string{"FROM " + base, "WORKDIR /etc"}, settings...)...)
	write("Copy", append([]string{"FROM " + base, "COPY app.conf /etc/app.conf"}, settings...)...)
	app := host + "/docker/app:"
	for _, file := range []string{"Full", "Noop", "Copy"} {
		tag := map[string]string{"Full": "", "Noop": "-noop", "Copy": "-copy"}[file]
		for _, suffix := range []string{"", "-again"} {
			e.build(t, classic, dir, file, app+"classic"+tag+suffix)
			e.build(t, buildkit, dir, file, app+"kit"+tag+suffix)
		}
	}
	e.build(t, classic, dir, "Full", app+"classic-squash", "--squash")
	e.commitContainers(t, app)
	e.pullAndPush(t, app+"kit", app+"kit-retag")
	e.pullAndPush(t, app+"kit-copy", elsewhere+"/docker/app:kit-copy")
	// From a file.
	saved := filepath.Join(t.TempDir(), "saved.tar")
	e.docker(t, "save", "--output", saved, app+"kit")
	runTool(t, "skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", "docker-archive:"+saved, "docker://"+app+"kit-saved")
	// Converted by other tools.
	skopeo(t, app+"kit", app+"kit-oci", "--format", "oci")
	skopeo(t, app+"classic", app+"classic-oci", "--format", "oci")
	unpacked := "dir:" + filepath.Join(t.TempDir(), "app")
	skopeo(t, app+"kit", unpacked, "--dest-decompress")
	skopeo(t, unpacked, app+"kit-skopeo")
	skopeo(t, unpacked, app+"kit-zstd", "--dest-compress-format", "zstd", "--format", "oci")
	e.pullAndPush(t, app+"kit-skopeo", elsewhere+"/docker/app:kit-skopeo")
	e.pullAndPush(t, app+"kit-oci", app+"kit-oci-moved")
	// Platforms.
	e.build(t, buildkit, dir, "Copy", app+"kit-arm64", "--platform", "linux/arm64")
	e.docker(t, "manifest", "create", "--insecure", app+"many", app+"kit-copy", app+"kit-arm64")
	e.docker(t, "manifest", "push", "--insecure", app+"many")
	e.pullAndPush(t, app+"many", app+"flattened")
	e.pullAndPush(t, app+"kit", elsewhere+"/deploy/app:prod")
	pushBuildahImages(t, host, dir)
	pushSchema1(t, host)
}

// push2016Image makes the engine push an image with the empty layer of Go 1.7. After that
// the engine uses this blob for every empty layer that it pushes there.
func push2016Image(t *testing.T, e engine, host string) {
	t.Helper()
	img, err := mutate.Append(empty.Image, mutate.Addendum{
		Layer:   emptyOf2016{static.NewLayer(emptyGzip2016, types.DockerLayer)},
		History: v1.History{CreatedBy: "/bin/sh -c #(nop) WORKDIR /"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.NewTag(host+"/deploy/app:2016", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	e.pullAndPush(t, ref.Name(), host+"/deploy/app:2017")
}

// emptyGzip2016 is sha256:a3ed95ca…: 1024 NUL bytes, compressed by Docker before 17.06.
var emptyGzip2016 = []byte("\x1f\x8b\b\x00\x00\tn\x88\x00\xffb\x18\x05\xa3`\x14\x8cX\x00\b\x00\x00\xff\xff.\xaf\xb5\xef\x00\x04\x00\x00")

type emptyOf2016 struct{ v1.Layer }

func (emptyOf2016) DiffID() (v1.Hash, error) { return v1.NewHash(model.EmptyTar.String()) }

// pushBuildahImages builds the same Dockerfiles, and commits from Docker's image.
func pushBuildahImages(t *testing.T, host, dir string) {
	t.Helper()
	b := buildahStore{t.TempDir()}
	if err := os.Symlink(dir, filepath.Join(b.dir, "context")); err != nil {
		t.Fatal(err)
	}
	app := host + "/docker/app:"
	for _, file := range []string{"Full", "Noop", "Copy"} {
		tag := strings.ToLower("buildah-" + file)
		b.bud(t, "--layers", "--tls-verify=false", "--file", filepath.Join(dir, file), "--tag", tag)
		b.buildah(t, "push", "--quiet", "--tls-verify=false", tag, "docker://"+app+tag)
		b.buildah(t, "push", "--quiet", "--tls-verify=false", "--format", "v2s2", tag, "docker://"+app+tag+"-docker")
	}
	b.bud(t, "--squash", "--tls-verify=false", "--file", filepath.Join(dir, "Full"), "--tag", "squash")
	b.buildah(t, "push", "--quiet", "--tls-verify=false", "squash", "docker://"+app+"buildah-bud-squash")
	b.buildah(t, "from", "--quiet", "--name", "work", "--tls-verify=false", "docker://"+app+"kit")
	b.buildah(t, "commit", "--quiet", "--tls-verify=false", "work", "docker://"+app+"buildah-commit")
	b.buildah(t, "commit", "--quiet", "--tls-verify=false", "--squash", "work", "docker://"+app+"buildah-squash")
}

// pushSchema1 pushes an image in the format of 2015 with skopeo, and two that the registry
// computes for clients that only accept this format.
func pushSchema1(t *testing.T, host string) {
	t.Helper()
	app := host + "/docker/app:"
	skopeo(t, app+"kit", app+"kit-schema1", "--format", "v2s1")
	const format = "application/vnd.docker.distribution.manifest.v1+prettyjws"
	request := func(method, tag string, body io.Reader) []byte {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+host+"/v2/docker/app/manifests/"+tag, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", format)
		r.Header.Set("Content-Type", format)
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		all, err := io.ReadAll(got.Body)
		if err != nil || got.StatusCode > 299 {
			t.Fatalf("%s: %v %s", got.Status, err, all)
		}
		return all
	}
	for _, tag := range []string{"kit", "classic"} {
		request(http.MethodPut, tag+"-computed", bytes.NewReader(request(http.MethodGet, tag, http.NoBody)))
	}
}

// dockerPairs are pairs in docker/. "elsewhere/" is the second registry.
var dockerPairs = []imagePair{
	// Built twice: files have the date of the build, so BuildKit only writes the same
	// bytes if no step writes files.
	{"app:classic", ":classic-again", "same-recipe", 1, "same settings substituted substituted settings settings settings", "D4 !A7 !G3 !D12 !D14"},
	{"app:kit", ":kit-again", "same-recipe", 1, "same same substituted substituted settings settings settings", "D4 !A7 !G3 !D12 !D14"},
	{"app:classic-noop", ":classic-noop-again", "same-files-other-settings", 1, "", "!D12 !D14"},
	{"app:kit-noop", ":kit-noop-again", "identical", 0, "", "!D12"},
	// The other builder: a WORKDIR that already exists makes an empty layer.
	{"app:classic-noop", ":kit-noop", "same-files-recorded-differently", 1, "same both-empty settings settings settings", "A6 G3 !D5 !D12"},
	{"app:classic", ":kit", "same-recipe", 1, "same both-empty substituted substituted settings settings settings", "A7 G3 !D5"},
	{"app:kit", ":buildah-full", "same-recipe", 1, "repacked both-empty substituted substituted settings settings settings", "A7 G3 !D5"},
	{"app:classic", ":buildah-full", "same-recipe", 1, "repacked settings substituted substituted settings settings settings", "G3"},
	{"app:classic-noop", ":buildah-noop", "same-files-other-settings", 1, "repacked settings settings settings settings", "G3"},
	{"app:kit-noop", ":buildah-noop", "same-files-recorded-differently", 1, "repacked both-empty settings settings settings", "G3"},
	// Flattened.
	{"app:classic", ":classic-squash", "same-base", 1, "", "D12 !D5 !D14"},
	{"app:classic", ":classic-imported", "unrelated", 1, "", "D12 E1 E3 !D4 !D14"},
	{"app:kit", ":kit-imported-cmd", "unrelated", 1, "", "D12 !E1 !D14"},
	{"app:buildah-full", ":buildah-bud-squash", "unrelated", 1, "", "D12 !G1 !D5"},
	{"app:kit", ":buildah-squash", "unrelated", 1, "", "D12"},
	// From a container: unchanged, with a copied file, after a command.
	{"app:classic", ":classic-untouched", "same-files-other-settings", 1, "", "!D14 !E1"},
	{"app:kit", ":kit-untouched", "same-files-other-settings", 1, "", "!D14 !E1 !G3"},
	{"app:classic", ":classic-patched", "same-base", 1, "same settings same same settings settings settings added", "D14 !D12"},
	{"app:kit", ":kit-patched", "same-base", 1, "", "D14 !G3"},
	{"app:classic", ":classic-ran", "same-base", 1, "", "D14 E1"},
	{"app:kit", ":kit-ran", "same-base", 1, "", "D14 E1 !G3"},
	{"app:kit", ":buildah-commit", "same-files-recorded-differently", 1, "", "A4"},
	// Pulled, tagged, pushed: docker writes the same manifest again if docker wrote the
	// first. It compresses blobs again unless it knows that the registry has them.
	{"app:kit", ":kit-retag", "identical", 0, "", "A1"},
	{"app:kit-copy", "elsewhere/docker/app:kit-copy", "identical", 0, "", ""},
	{"app:kit-copy", ":flattened", "identical", 0, "", ""},
	{"app:kit-skopeo", "elsewhere/docker/app:kit-skopeo", "same-image-packed-differently", 0, "repacked both-empty repacked repacked settings settings settings", "A3 A4"},
	{"app:kit-oci", ":kit-oci-moved", "same-image-other-envelope", 0, "", "A8 !A3"},
	// The incident: this engine has pushed the empty layer of 2016 to the repository.
	{"app:kit", "elsewhere/deploy/app:prod", "same-image-packed-differently", 0, "same both-empty same same settings settings settings", "A4 !A3 !D3"},
	// Copied and translated by skopeo.
	{"app:kit", ":kit-saved", "same-image-packed-differently", 0, "", "A3 A4"},
	{"app:kit", ":kit-skopeo", "same-image-packed-differently", 0, "", "A3 A4"},
	{"app:kit", ":kit-oci", "same-image-reprinted", 0, "", "A8 A12 !A3"},
	{"app:classic", ":classic-oci", "same-image-reprinted", 0, "", "A8 A12 !E7"},
	{"app:kit", ":kit-zstd", "same-image-reprinted", 0, "repacked both-empty repacked repacked settings settings settings", "A3 A4 A8 D10"},
	{"app:buildah-full", ":buildah-full-docker", "same-image-other-envelope", 0, "", "A8"},
	// arm64 built FROM an image for amd64, which BuildKit allows.
	{"app:many", ":flattened", "same-image-other-envelope", 1, "", "A10 C4"},
	{"app:flattened", ":many", "same-image-other-envelope", 1, "", "A10 C4"},
	{"app:many", ":kit-arm64", "same-image-other-envelope", 1, "", "A10 C4 !A11"},
	{"app:kit-copy", ":kit-arm64", "same-recipe", 1, "", "!A7"},
	// The format of 2015, from skopeo, which stores it and so is B4, and computed
	// by the registry.
	{"app:kit", ":kit-schema1", "same-image-reprinted", 1, "", "B1 B4"},
	{"app:kit", ":kit-computed", "same-image-reprinted", 1, "", ""},
	{"app:classic", ":classic-computed", "same-image-reprinted", 1, "", ""},
	{"app:kit-schema1", ":kit-computed", "same-image-reprinted", 1, "", ""},
	{"app:classic", ":kit-computed", "same-base", 1, "", "B1 G3"},
	{"base:1", "app:kit", "same-base", 1, "", "E1 !D14"},
}

// TestRealDocker makes images with a Docker Engine, with Dockerfiles and from containers,
// and compares them.
func TestRealDocker(t *testing.T) {
	t.Parallel()
	requireInstalled(t, "dockerd", dockerClient, "busybox", "skopeo", "buildah", "docker-registry", "registry")
	e := startDocker(t)
	host, elsewhere := realRegistries[0].start(t), realRegistries[1].start(t)
	pushDockerImages(t, e, host, elsewhere)
	for _, p := range dockerPairs {
		t.Run(p.a+" "+p.b, func(t *testing.T) {
			p.compare(t, host+"/docker/"+p.a, secondRef(p.b, host, elsewhere))
		})
	}
}

// secondRef returns the reference of the second side of a pair.
func secondRef(b, host, elsewhere string) string {
	switch at, other := strings.CutPrefix(b, "elsewhere/"); {
	case other:
		return elsewhere + "/" + at
	case strings.HasPrefix(b, ":"):
		return b
	}
	return host + "/docker/" + b
}
