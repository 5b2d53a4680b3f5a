package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	gv1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// loadBoth loads two references at the same time.
func loadBoth(t testing.TB, c *Client, a, b model.Ref) (x, y model.Artifact) {
	t.Helper()
	ctx := deadline(t)
	var wg sync.WaitGroup
	var errA, errB error
	wg.Go(func() { x, errA = c.Load(ctx, a, nil) })
	wg.Go(func() { y, errB = c.Load(ctx, b, nil) })
	wg.Wait()
	ok(t, errors.Join(errA, errB))
	return x, y
}

// TestLoad_requestsAndRounds checks that two tags of eight platforms take 34 requests in three rounds.
func TestLoad_requestsAndRounds(t *testing.T) {
	s := newServer(t)
	a, b := s.ref("app", "a"), s.ref("app", "b")
	s.pushIndex(t, a, eightPlatforms(t))
	s.pushIndex(t, b, eightPlatforms(t))
	waves(t, s, 2, 16, 16)

	c := newClient(t, Options{})
	x, y := loadBoth(t, c, a, b)
	for _, got := range []model.Artifact{x, y} {
		whole(t, got, 16, 8)
	}
	if n, d := len(s.requests()), s.depth(); n != 34 || d != 3 {
		t.Errorf("%d requests in %d rounds, want 34 in 3", n, d)
	}
	if got := c.Traffic(); got.Requests != 34 || got.InFlight != 0 || got.Bytes == 0 || got.Busy == 0 {
		t.Errorf("traffic %+v", got)
	}
}

// TestLoad_roundsWithToken checks that with a token two tags take five rounds.
func TestLoad_roundsWithToken(t *testing.T) {
	s := newServer(t)
	a, b := s.ref("app", "a"), s.ref("app", "b")
	s.pushIndex(t, a, eightPlatforms(t))
	s.pushIndex(t, b, eightPlatforms(t))
	askToken(s, "me", "secret")
	waves(t, s, 2, 1, 2, 16, 16)

	c := newClient(t, Options{})
	logIn(t, c, s.host, "me", "secret")
	x, y := loadBoth(t, c, a, b)
	whole(t, x, 16, 8)
	whole(t, y, 16, 8)
	if n, d := len(s.requests()), s.depth(); n != 37 || d != 5 {
		t.Errorf("%d requests in %d rounds, want 37 in 5: two 401 and a token", n, d)
	}
}

// whole checks an index whose images have all arrived.
func whole(t testing.TB, a model.Artifact, entries, images int) {
	t.Helper()
	if !a.Done || len(a.Entries) != entries || len(a.Images()) != images {
		t.Fatalf("done %v, %d entries, %d images; want %d and %d", a.Done, len(a.Entries), len(a.Images()), entries, images)
	}
	for _, e := range a.Images() {
		if e.Err != nil || e.Image == nil || len(e.Image.Steps) == 0 {
			t.Fatalf("%s has not arrived: %v", e.Descriptor.Digest, e.Err)
		}
	}
}

// TestLoad_sharedContentOnce checks that content that two tags share is read once.
func TestLoad_sharedContentOnce(t *testing.T) {
	s := newServer(t)
	a, b := s.ref("app", "a"), s.ref("app", "b")
	idx := eightPlatforms(t)
	s.pushIndex(t, a, idx)
	s.pushIndex(t, b, mutate.Annotations(idx, map[string]string{"k": "v"}).(gv1.ImageIndex))
	waves(t, s, 2, 8, 8)

	c := newClient(t, Options{})
	x, y := loadBoth(t, c, a, b)
	if x.Digest() == y.Digest() {
		t.Fatal("the test needs two indexes")
	}
	if n := len(s.requests()); n != 18 {
		t.Errorf("%d requests, want 18", n)
	}
}

// TestLoad_partialResults checks that Load reports each state as results arrive.
func TestLoad_partialResults(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushIndex(t, r, eightPlatforms(t))
	var states []model.Artifact
	got, err := newClient(t, Options{}).Load(deadline(t), r, func(a model.Artifact) { states = append(states, a) })
	ok(t, err)
	first, last := states[0], states[len(states)-1]
	if first.Done || len(first.Entries) != 16 || first.Entries[0].Image != nil {
		t.Error("the first state must list all entries and have none read")
	}
	whole(t, last, 16, 8)
	if len(got.Entries) != len(last.Entries) || !got.Done {
		t.Error("the last state must be the one returned")
	}
	for i := 1; i < len(states); i++ {
		for j, e := range states[i-1].Entries {
			if e.Arrived() && !states[i].Entries[j].Arrived() {
				t.Fatalf("state %d lost entry %d", i, j)
			}
		}
	}
}

// TestLoad_singleImage checks that a single image is one entry.
func TestLoad_singleImage(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "one")
	img := image(t, 3)
	s.pushImage(t, r, img)
	a, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	ok(t, err)
	whole(t, a, 1, 1)
	e := a.Entries[0]
	want, _ := img.Digest()
	if e.Descriptor.Digest.String() != want.String() || e.Descriptor.Platform != nil || e.Descriptor.Size == 0 || e.Descriptor.MediaType == "" {
		t.Errorf("descriptor %+v", e.Descriptor)
	}
	if got := s.requests(); len(got) != 2 || pathOf(t, got[0]) != "/v2/app/manifests/one" {
		t.Errorf("requests %q", got)
	}
}

// TestLoad_nestedIndexes checks that the entries of a nested index follow the entry of that index.
func TestLoad_nestedIndexes(t *testing.T) {
	s := newServer(t)
	inner := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image(t, 1)}, mutate.IndexAddendum{Add: image(t, 2)})
	outer := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image(t, 1)}, mutate.IndexAddendum{Add: inner}, mutate.IndexAddendum{Add: image(t, 1)})
	r := s.ref("app", "nested")
	s.pushIndex(t, r, outer)
	a, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	ok(t, err)
	var got []string
	for _, e := range a.Entries {
		got = append(got, strings.Repeat(">", e.Depth)+string(e.Role))
	}
	if s := strings.Join(got, " "); s != "image index >image >image image" {
		t.Errorf("entries %s", s)
	}
	whole(t, a, 5, 4)
}

// TestLoad_unknownPlatform checks that in-toto layers make an entry with platform
// unknown/unknown an attestation, and that an image listed so stays unknown.
func TestLoad_unknownPlatform(t *testing.T) {
	s := newServer(t)
	statement, err := mutate.AppendLayers(empty.Image, static.NewLayer([]byte("{}"), "application/vnd.in-toto+json"))
	ok(t, err)
	unknown := gv1.Descriptor{Platform: &gv1.Platform{OS: "unknown", Architecture: "unknown"}}
	r := s.ref("app", "unknown")
	s.pushIndex(t, r, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image(t, 1)},
		mutate.IndexAddendum{Add: statement, Descriptor: unknown}, mutate.IndexAddendum{Add: image(t, 1), Descriptor: unknown}))
	a, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	ok(t, err)
	var got []string
	for _, e := range a.Entries {
		got = append(got, string(e.Role))
	}
	if s := strings.Join(got, " "); s != "image attestation unknown" {
		t.Errorf("entries %s", s)
	}
}

// TestLoad_endlessIndexes checks that nested indexes are not followed without end.
func TestLoad_endlessIndexes(t *testing.T) {
	s := newServer(t)
	deep := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image(t, 1)})
	for range 10 {
		deep = mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: deep})
	}
	r := s.ref("app", "deep")
	s.pushIndex(t, r, deep)
	a, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	ok(t, err)
	last := a.Entries[len(a.Entries)-1]
	if len(a.Entries) != maxDepth || last.Role != model.RoleIndex || last.Depth != maxDepth-1 {
		t.Fatalf("%d entries, last %+v", len(a.Entries), last)
	}
	says(t, last.Err, "it is nested more than 4 deep, tagdiff reads no deeper")
}

// TestLoad_missingChild checks that a missing child affects its own entry only.
func TestLoad_missingChild(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	idx := eightPlatforms(t)
	s.pushIndex(t, r, idx)
	m, err := idx.IndexManifest()
	ok(t, err)
	gone := m.Manifests[2].Digest.String()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, gone) {
			http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`, http.StatusNotFound)
			return true
		}
		return false
	})
	a, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	ok(t, err)
	for i, e := range a.Images() {
		if e.Descriptor.Digest.String() == gone {
			says(t, e.Err, " image ("+gone[:len("sha256:")+12]+") of app:a is missing in "+s.host)
		} else if e.Err != nil || e.Image == nil {
			t.Errorf("image %d: %v", i, e.Err)
		}
	}
}

// TestLoad_contextEnds checks that Load ends with its context.
func TestLoad_contextEnds(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushIndex(t, r, eightPlatforms(t))
	ctx, cancel := context.WithCancel(deadline(t))
	s.setFront(func(w http.ResponseWriter, req *http.Request) bool {
		if strings.Contains(req.URL.Path, "/blobs/") {
			cancel()
			<-req.Context().Done() // never answers
			return true
		}
		return false
	})
	c := newClient(t, Options{})
	_, err := c.Load(ctx, r, nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	says(t, err, "cancelled")

	// What was under way has ended, and nothing that it held is still held.
	s.plain.Store(true)
	a, err := c.Load(deadline(t), r, nil)
	ok(t, err)
	whole(t, a, 16, 8)
}

// TestLoad_oneOfTwoCancelled checks that cancelling one load does not end another one of the same reference.
func TestLoad_oneOfTwoCancelled(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	ctx, cancel := context.WithCancel(deadline(t))
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.setFront(func(w http.ResponseWriter, req *http.Request) bool {
		if strings.Contains(req.URL.Path, "/blobs/") {
			once.Do(func() { close(arrived) })
			<-release
		}
		return false
	})
	c := newClient(t, Options{})
	errs := make(chan error, 2)
	go func() { _, err := c.Load(ctx, r, nil); errs <- err }()
	<-arrived
	go func() { a, err := c.Load(deadline(t), r, nil); errs <- errors.Join(err, a.Entries[0].Err) }()
	for c.inflight.Callers() < 2 {
		runtime.Gosched()
	}
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	close(release)
	ok(t, <-errs)
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d requests, want 3: the tag twice and one config", n)
	}
}

// TestLoad_artifactTypeOnImage checks that a manifest with an artifactType is an image if its
// config is one, and that an entry of an index with such a type is read to tell.
func TestLoad_artifactTypeOnImage(t *testing.T) {
	s := newServer(t)
	push := func(tag, config string) string {
		s.putBlob(t, "app", []byte(config))
		s.putBlob(t, "app", []byte("layer"))
		raw := fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"artifactType":"application/x",
			"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},
			"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":%q,"size":5}]}`,
			ociManifest, digest.FromString(config), len(config), digest.FromString("layer"))
		s.put(t, http.MethodPut, "/v2/app/manifests/"+tag, ociManifest, []byte(raw))
		return fmt.Sprintf(`{"mediaType":%q,"artifactType":"application/x","digest":%q,"size":%d,"platform":{"os":"linux","architecture":"amd64"}}`,
			ociManifest, digest.FromString(raw), len(raw))
	}
	image := push("image", `{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["`+digest.FromString("files").String()+`"]}}`)
	artifact := push("artifact", `{"name":"a model"}`)
	soci := strings.ReplaceAll(strings.ReplaceAll(image, "application/x", model.SOCIType+"v2+json"), "amd64", "arm64")
	index := `{"schemaVersion":2,"mediaType":"` + v1.MediaTypeImageIndex + `","manifests":[` + image + "," + artifact + "," + soci + `]}`
	s.put(t, http.MethodPut, "/v2/app/manifests/index", v1.MediaTypeImageIndex, []byte(index))

	for tag, want := range map[string]struct {
		roles    []model.Role
		kind     model.Kind
		requests int
	}{
		"image":    {[]model.Role{model.RoleImage}, model.KindImage, 2},
		"artifact": {[]model.Role{model.RoleArtifact}, model.KindOther, 2},
		"index":    {[]model.Role{model.RoleImage, model.RoleArtifact, model.RoleArtifact}, model.KindIndex, 5},
	} {
		s.reset()
		a, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", tag), nil)
		ok(t, err)
		var roles []model.Role
		for _, e := range a.Entries {
			roles = append(roles, e.Role)
		}
		if !slices.Equal(roles, want.roles) || a.Top.Kind != want.kind || len(s.requests()) != want.requests {
			t.Errorf("%s: %v, kind %s, %d requests", tag, roles, a.Top.Kind, len(s.requests()))
		}
	}
}

// TestLoad_helmChart checks that the config of a Helm chart is read, and that a chart whose
// config is missing is loaded without a version.
func TestLoad_helmChart(t *testing.T) {
	s := newServer(t)
	config := `{"name":"app","version":"0.1.0"}`
	s.putBlob(t, "app", []byte(config))
	for tag, size := range map[string]int{"chart": len(config), "wrong": len(config) + 1} {
		s.put(t, http.MethodPut, "/v2/app/manifests/"+tag, ociManifest, fmt.Appendf(nil,
			`{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":%q,"digest":%q,"size":%d},"layers":[]}`,
			ociManifest, model.HelmConfigType, digest.FromString(config), size))
	}
	for tag, want := range map[string]string{"chart": config, "wrong": ""} {
		a, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", tag), nil)
		ok(t, err)
		got := ""
		if e := a.Entries[0]; e.Chart != nil {
			got = string(e.Chart.Raw)
		}
		if got != want || a.Entries[0].Err != nil || a.Entries[0].Role != model.RoleArtifact || !a.Done {
			t.Errorf("%s: %q, %+v", tag, got, a.Entries[0])
		}
	}
}
