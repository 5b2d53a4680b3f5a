package registry

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// FuzzManifestAnswer: what is taken for a digest has that digest, whatever it is
// called.
func FuzzManifestAnswer(f *testing.F) {
	for _, name := range []string{"testing.schema1.json", "testing.schema2.json", "prod.schema2.json"} {
		raw, err := os.ReadFile("../testdata/retag/" + name)
		ok(f, err)
		for _, mediaType := range []string{model.MediaTypeSchema1Signed, model.MediaTypeDockerManifest, v1.MediaTypeImageIndex, "application/json"} {
			f.Add(raw, mediaType, digest.FromBytes(raw).String())
		}
	}
	stored := []byte(storedSchema1)
	f.Add(signedSchema1(stored, len(stored)-1, `,"fsLayers":[],`), model.MediaTypeSchema1Signed, digest.FromBytes(stored).String())
	f.Fuzz(func(t *testing.T, body []byte, mediaType, header string) {
		m := &cannedResponse{status: 200, header: http.Header{"Content-Type": {mediaType}, "Docker-Content-Digest": {header}}, body: body}
		c, r := cannedClient(t, m)
		for _, r := range []model.Ref{r, r.AtDigest(digest.Digest(header)), r.AtDigest(digest.FromBytes(body))} {
			got, err := c.manifest(t.Context(), r)
			if err != nil {
				says(t, err)
				continue
			}
			if got.Schema1 != nil && got.Schema1.WrongSignature { // its digest covers only a part
				continue
			}
			if d := got.Digest.Algorithm().FromBytes(got.Raw); d != got.Digest || r.Digest != "" && d != r.Digest {
				t.Errorf("bytes of %s are taken for %s, asked for %q", d, got.Digest, r.Digest)
			}
		}
	})
}

// TestManifest_oneAcceptHeader checks that all accepted types are in the first Accept header,
// since some registries read only that.
func TestManifest_oneAcceptHeader(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	img := image(t, 1)
	s.pushImage(t, r, img)
	mediaType, err := img.MediaType()
	ok(t, err)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/manifests/") && !strings.Contains(r.Header.Get("Accept"), string(mediaType)) {
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	})
	a, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	ok(t, err)
	whole(t, a, 1, 1)
}

// TestLoad_userAgent checks that a firewall that looks for docker in the name of a client lets
// tagdiff pass, and that the name is its own.
func TestLoad_userAgent(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		name := r.Header.Get("User-Agent")
		if strings.HasPrefix(name, "tagdiff ") && strings.Contains(name, "docker") {
			return false
		}
		status(http.StatusForbidden, "<html>Request blocked")(w, r)
		return true
	})
	a, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	ok(t, err)
	whole(t, a, 1, 1)
}
