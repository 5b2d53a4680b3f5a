package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// TestProbe: a registry that gives old clients a member of the list, and those
// that know no OCI nothing. It is asked so only on demand, never without any
// modern type, and with GET only after HEAD was answered with 404.
func TestProbe(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushIndex(t, r, eightPlatforms(t))
	member := digest.FromString("a member")
	s.setFront(func(w http.ResponseWriter, req *http.Request) bool {
		accept := strings.Join(req.Header.Values("Accept"), ",")
		if !strings.HasSuffix(req.URL.Path, "/manifests/a") {
			return false
		}
		if !strings.Contains(accept, v1.MediaTypeImageManifest) && !strings.Contains(accept, model.MediaTypeDockerManifest) {
			t.Errorf("asked without modern types: %q", accept)
		}
		switch {
		case strings.Contains(accept, v1.MediaTypeImageIndex):
			return false
		case req.Method != http.MethodHead && strings.Contains(accept, v1.MediaTypeImageManifest):
			t.Errorf("%s with %q", req.Method, accept)
		case strings.Contains(accept, v1.MediaTypeImageManifest):
			w.Header().Set("Content-Type", v1.MediaTypeImageManifest)
			w.Header().Set("Docker-Content-Digest", member.String())
			w.Header().Set("Content-Length", "1234")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
		return true
	})
	got, err := newClient(t, Options{Probe: true}).Load(deadline(t), r, nil)
	ok(t, err)
	want := []model.Answer{{Client: "Docker's formats only", Status: http.StatusNotFound, Refused: true}, {Client: "single images only", Status: http.StatusOK, Digest: member}}
	if len(got.Answers) != 2 || got.Answers[0] != want[0] || got.Answers[1] != want[1] || !got.Done {
		t.Errorf("%+v", got.Answers)
	}
	if n := len(s.requests()); n != 17+3 {
		t.Errorf("%d requests", n)
	}
	s.reset()
	plain, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	ok(t, err)
	if n := len(s.requests()); plain.Answers != nil || n != 17 {
		t.Errorf("unasked: %d requests, %+v", n, plain.Answers)
	}
}

// TestProbe_headIsWrong checks that a registry that answers HEAD with 404 is not taken for one
// that refuses older clients.
func TestProbe_headIsWrong(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	img := image(t, 1)
	s.pushImage(t, r, img)
	headIs404(s)
	got, err := newClient(t, Options{Probe: true}).Load(deadline(t), r, nil)
	ok(t, err)
	want, _ := img.Digest()
	for _, answer := range got.Answers {
		if answer.Refused || answer.Digest.String() != want.String() {
			t.Errorf("%+v", answer)
		}
	}
	if len(got.Answers) != 2 {
		t.Errorf("%+v", got.Answers)
	}
}
