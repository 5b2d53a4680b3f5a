package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

const storedSchema1 = `{"schemaVersion":1,"name":"app","tag":"old","architecture":"amd64",
 "fsLayers":[{"blobSum":"sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"},{"blobSum":"sha256:` + "%s" + `"}],
 "history":[{"v1Compatibility":"{\"id\":\"b\",\"parent\":\"a\",\"os\":\"linux\",\"throwaway\":true,\"container_config\":{\"Cmd\":[\"CMD x\"]}}"},
            {"v1Compatibility":"{\"id\":\"a\",\"container_config\":{\"Cmd\":[\"ADD y\"]}}"}]}`

func TestDemo_schema1AndArtifacts(t *testing.T) {
	s := newServer(t)
	body, mediaType := strings.Replace(storedSchema1, "%s", strings.Repeat("1", 64), 1), model.MediaTypeSchema1
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		status(200, body, "Content-Type", mediaType)(w, r)
		return true
	})
	a, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "old"), nil)
	ok(t, err)
	whole(t, a, 1, 1)
	if a.Top.Kind != model.KindSchema1 || len(a.Entries[0].Image.Steps) != 2 || len(s.requests()) != 1 {
		t.Errorf("kind %s, %d requests", a.Top.Kind, len(s.requests()))
	}
	info, err := newClient(t, Options{}).Peek(deadline(t), s.ref("app", "old"))
	ok(t, err)
	if len(info.Platforms) != 1 || info.Platforms[0] != "linux/amd64" {
		t.Errorf("got %+v", info)
	}

	body, mediaType = `{"schemaVersion":2,"mediaType":"`+ociManifest+`","artifactType":"application/x","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:`+strings.Repeat("1", 64)+`","size":2},"layers":[]}`, ociManifest
	s.reset()
	a, err = newClient(t, Options{}).Load(deadline(t), s.ref("app", "chart"), nil)
	ok(t, err)
	if len(a.Entries) != 1 || a.Entries[0].Role != model.RoleArtifact || !a.Done || a.Entries[0].Descriptor.ArtifactType != "application/x" || len(s.requests()) != 1 {
		t.Errorf("got %+v", a.Entries)
	}
}
