package registry

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/tagdiff/tagdiff/model"
)

// realRegistry starts Debian's docker-registry (distribution 2.8): the kind
// that translates to schema1 and lists tags unsorted. Without the program the
// test is skipped, unless TAGDIFF_REQUIRE_REAL is set.
func realRegistry(t *testing.T) (host string) {
	t.Helper()
	prog, err := exec.LookPath("docker-registry")
	if err != nil {
		if os.Getenv("TAGDIFF_REQUIRE_REAL") != "" {
			t.Fatal("docker-registry is not installed (Debian package docker-registry)")
		}
		t.Skip("docker-registry is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	host = l.Addr().String()
	ok(t, l.Close())
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yml")
	ok(t, os.WriteFile(file, fmt.Appendf(nil,
		"version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %s}\n", dir, host), 0o600))
	var said bytes.Buffer
	cmd := exec.Command(prog, "serve", file)
	cmd.Stdout, cmd.Stderr = &said, &said
	ok(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	ctx := deadline(t)
	for {
		resp, err := http.Get("http://" + host + "/v2/")
		if err == nil {
			_ = resp.Body.Close()
			return host
		}
		if ctx.Err() != nil {
			t.Fatalf("docker-registry does not come up: %s", said.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestDockerRegistry_compatible checks the client against distribution 2.8, if it is installed.
func TestDockerRegistry_compatible(t *testing.T) {
	host := realRegistry(t)
	img, idx := image(t, 2), eightPlatforms(t)
	for _, tag := range []string{"b", "a", "c"} {
		ref, err := name.NewTag(host+"/team/app:"+tag, name.Insecure)
		ok(t, err)
		ok(t, remote.Write(ref, img))
	}
	many, err := name.NewTag(host+"/team/many:latest", name.Insecure)
	ok(t, err)
	ok(t, remote.WriteIndex(many, idx))

	c := newClient(t, Options{})
	repo := model.Ref{Registry: host, Repository: "team/app"}
	var tags, repos []string
	ok(t, c.Tags(deadline(t), repo, func(n []string) { tags = append(tags, n...) }))
	ok(t, c.Repositories(deadline(t), host, func(n []string) { repos = append(repos, n...) }))
	slices.Sort(tags)
	if !slices.Equal(tags, []string{"a", "b", "c"}) || !slices.Equal(repos, []string{"team/app", "team/many"}) {
		t.Errorf("tags %q, repositories %q", tags, repos)
	}

	one, err := c.Load(deadline(t), repo.WithTag("a"), nil)
	ok(t, err)
	whole(t, one, 1, 1)
	want, _ := img.Digest()
	d, err := c.Head(deadline(t), repo.WithTag("b"))
	ok(t, err)
	if one.Digest().String() != want.String() || d != one.Digest() || one.Top.Kind != model.KindImage {
		t.Errorf("loaded %s (%s), head %s, pushed %s", one.Digest(), one.Top.MediaType, d, want)
	}

	all, err := c.Load(deadline(t), model.Ref{Registry: host, Repository: "team/many", Tag: "latest"}, nil)
	ok(t, err)
	whole(t, all, 16, 8)

	_, err = c.Load(deadline(t), repo.WithTag("nothere"), nil)
	says(t, err, "has no tag nothere in team/app")
	says(t, c.Tags(deadline(t), model.Ref{Registry: host, Repository: "nobody"}, func([]string) {}), "has no repository nobody")
}
