package diskcache

import (
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestCache_wrongDigestNotStored checks that content that does not match its digest is not
// stored, such as a signed schema1 manifest, whose digest is not that of its bytes.
func TestCache_wrongDigestNotStored(t *testing.T) {
	dir := t.TempDir()
	d := New(Options{Dir: dir, MaxDocument: testMaxDocument})
	repo := model.Ref{Registry: "here", Repository: "app"}
	d.Put(Document{Kind: "manifest", Repo: repo, Digest: digest.FromString("other"), Raw: []byte("{}")})
	d.Put(Document{Kind: "manifest", Repo: repo, Digest: digest.FromString("{}"), Raw: []byte("{}")})
	d.Close(time.Minute)
	if all, _ := registrytest.CacheFiles(t, dir); len(all) != 1 {
		t.Errorf("%d documents", len(all))
	}
}

func FuzzDocument(f *testing.F) {
	r := model.Ref{Registry: "here", Repository: "app", Digest: digest.FromString("{}")}
	f.Add([]byte(`{"repository":"here/app","digest":"` + r.Digest.String() + `","mediaType":"x"}` + "\n{}"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		doc, err := parseDocument(content, "manifest", r)
		if err == nil && (string(doc.Raw) != "{}" || doc.Digest != r.Digest) {
			t.Errorf("%q is taken for %s", doc.Raw, r.Digest)
		}
	})
}
