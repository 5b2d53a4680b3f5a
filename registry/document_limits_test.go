package registry

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// documentServer is a registry that holds whatever bytes it is given, under their digests
// or under others.
type documentServer struct {
	*server
	mu        sync.Mutex
	documents map[string]servedDocument // by the last part of a path
}

type servedDocument struct {
	mediaType string
	raw       []byte
}

func newDocumentServer(t testing.TB) *documentServer {
	t.Helper()
	f := &documentServer{server: newServer(t), documents: map[string]servedDocument{}}
	f.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		f.mu.Lock()
		doc, ok := f.documents[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
		f.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return true
		}
		if doc.mediaType != "" {
			w.Header().Set("Content-Type", doc.mediaType)
		}
		_, _ = w.Write(doc.raw)
		return true
	})
	return f
}

// hold keeps a document under its digest, and under names.
func (f *documentServer) hold(mediaType string, raw []byte, names ...string) v1.Descriptor {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	for _, name := range append(names, d.Digest.String()) {
		f.documents[name] = servedDocument{mediaType, raw}
	}
	return d
}

func (f *documentServer) image(t testing.TB, config v1.Descriptor, names ...string) v1.Descriptor {
	t.Helper()
	return f.hold(ociManifest, marshal(t, map[string]any{"schemaVersion": 2, "mediaType": ociManifest, "config": config, "layers": []any{}}), names...)
}

func (f *documentServer) index(t testing.TB, children []v1.Descriptor, names ...string) v1.Descriptor {
	t.Helper()
	return f.hold(v1.MediaTypeImageIndex, marshal(t, map[string]any{"schemaVersion": 2, "mediaType": v1.MediaTypeImageIndex, "manifests": children}), names...)
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	ok(t, err)
	return raw
}

// config is a config with a label of n bytes.
func (f *documentServer) config(n int, own string) v1.Descriptor {
	raw := fmt.Appendf(nil, `{"os":"linux","architecture":"amd64","config":{"Labels":{"own":%q,"x":"%s"}},"rootfs":{"type":"layers","diff_ids":[]}}`, own, strings.Repeat("x", n))
	return f.hold(v1.MediaTypeImageConfig, raw)
}

// TestLoad_tooManyChildren checks that an index with too many children leads to no further requests.
func TestLoad_tooManyChildren(t *testing.T) {
	f := newDocumentServer(t)
	child := f.image(t, f.config(1, ""))
	children := make([]v1.Descriptor, 50_000)
	for i := range children {
		children[i] = child
		children[i].Digest = digest.FromString(fmt.Sprint(i))
		children[i].Annotations = nil
	}
	top := f.index(t, children, "a")
	if top.Size > transport.MaxManifest {
		t.Fatalf("%d bytes: too many for the test", top.Size)
	}
	_, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", "a"), nil)
	says(t, err, "the manifest app:a in "+f.host+" exceeds a limit of tagdiff: it has 50000 entries, tagdiff reads at most 2000; read it with another tool")
	if n := len(f.requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestManifest_millionsOfValues checks that a manifest of millions of empty values is refused before it is
// parsed: parsed it takes a hundred times its size in memory.
func TestManifest_millionsOfValues(t *testing.T) {
	f := newDocumentServer(t)
	f.hold(ociManifest, []byte(`{"schemaVersion":2,"layers":[`+strings.Repeat("{},", transport.MaxManifest/3-100)+`{}]}`), "a")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", "a"), nil)
	runtime.ReadMemStats(&after)
	says(t, err, "exceeds a limit of tagdiff: it has more than 500000 values, tagdiff reads no more")
	if used := after.TotalAlloc - before.TotalAlloc; used > 20*transport.MaxManifest {
		t.Errorf("%d MiB were needed to see that", used>>20)
	}
}

// TestLoad_tooLargeInTotal checks that images beyond the total limit are left out one by one.
func TestLoad_tooLargeInTotal(t *testing.T) {
	f := newDocumentServer(t)
	var children []v1.Descriptor
	for i := range 8 {
		children = append(children, f.image(t, f.config(transport.MaxConfig-200, fmt.Sprint(i))))
	}
	children = append(children, f.image(t, f.config(1, "small")))
	f.index(t, children, "a")
	a, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", "a"), nil)
	ok(t, err)
	shown := 0
	for _, e := range a.Entries {
		if e.Image != nil {
			shown++
			continue
		}
		says(t, e.Err, f.host+" has an index with more than the limit of 32 MiB of manifests and configs", "by its digest")
		isShort(t, e.Err)
	}
	// Which come first is chance, and a manifest too may be what is too much.
	if got := len(f.requests()); shown != 3 && shown != 4 || got < 1+2*shown || got > 1+9+shown {
		t.Errorf("%d are shown of %d requests", shown, got)
	}
}

// TestLoad_nestedIndexLimits checks that the depth and the number of nested indexes are limited.
func TestLoad_nestedIndexLimits(t *testing.T) {
	f := newDocumentServer(t)
	leaf := f.image(t, f.config(1, ""))
	var wide []v1.Descriptor
	for i := range 3 {
		children := make([]v1.Descriptor, model.MaxChildren-i)
		for j := range children {
			children[j] = leaf
			children[j].MediaType, children[j].ArtifactType = ociManifest, "application/x" // not read
		}
		wide = append(wide, f.index(t, children))
	}
	f.index(t, append(wide, leaf), "a")
	a, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", "a"), nil)
	ok(t, err)
	cut := 0
	for _, e := range a.Entries {
		if e.Err != nil {
			cut++
			says(t, e.Err, "the index app:a in "+f.host+" exceeds a limit of tagdiff: ", " entries in all, tagdiff reads at most 4000")
		}
	}
	if last := a.Entries[len(a.Entries)-1]; cut != 2 || last.Image == nil {
		t.Errorf("%d are cut, the last is %+v", cut, last)
	}
}

// TestLoad_wrongSizes checks that a document must have the size of its descriptor.
func TestLoad_wrongSizes(t *testing.T) {
	for name, tt := range map[string]struct {
		manifest, config int64 // added to the true sizes
		say              string
	}{
		"a manifest that should be longer":       {5, 0, "sent a manifest of "},
		"a manifest that should be shorter":      {-5, 0, "sent a manifest that is larger than the expected "},
		"a manifest that is said to be enormous": {1 << 40, 0, "exceeds a limit of tagdiff: its stated size is 109951162"},
		"a config that should be longer":         {0, 5, "sent a config of "},
		"a config that should be shorter":        {0, -5, "sent a config that is larger than the expected "},
		"a config that is said to be enormous":   {0, 1 << 40, "exceeds a limit of tagdiff: its stated size is 109951162"},
		"nothing is wrong":                       {},
	} {
		t.Run(name, func(t *testing.T) {
			f := newDocumentServer(t)
			config := f.config(10, "")
			config.Size += tt.config
			bad := f.image(t, config)
			bad.Size += tt.manifest
			good := f.image(t, f.config(10, "good"))
			f.index(t, []v1.Descriptor{bad, good}, "a")
			a, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", "a"), nil)
			ok(t, err)
			if tt.say == "" {
				if a.Entries[0].Image == nil {
					t.Error("it is not shown: ", a.Entries[0].Err)
				}
			} else {
				says(t, a.Entries[0].Err, tt.say)
			}
			if a.Entries[1].Image == nil {
				t.Error("the other one is not shown: ", a.Entries[1].Err)
			}
		})
	}
}

// TestLoad_unknownSize checks that a document without a known size is limited.
func TestLoad_unknownSize(t *testing.T) {
	f := newDocumentServer(t)
	large, small := f.config(maxUnsized, ""), f.config(10, "")
	large.Size, small.Size = 0, 0
	a, b := f.image(t, large), f.image(t, small)
	a.Size, b.Size = 0, 0
	f.index(t, []v1.Descriptor{a, b}, "a")
	got, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", "a"), nil)
	ok(t, err)
	says(t, got.Entries[0].Err, "exceeds a limit of tagdiff: its size is not stated, and tagdiff then reads at most 1048576 bytes")
	if got.Entries[1].Image == nil {
		t.Error(got.Entries[1].Err)
	}
}

// TestLoad_descriptorURLs checks that the URLs of a descriptor are not requested and its
// embedded data is not used.
func TestLoad_descriptorURLs(t *testing.T) {
	f := newDocumentServer(t)
	other := newServer(t)
	config := f.config(10, "")
	lost := config
	lost.Digest = digest.FromString("lost")
	for _, d := range []*v1.Descriptor{&config, &lost} {
		d.URLs = []string{other.URL + "/config", "file:///etc/passwd"}
		d.Data = []byte(`{"os":"windows"}`)
	}
	children := []v1.Descriptor{f.image(t, config), f.image(t, lost)}
	for i := range children {
		children[i].URLs = []string{other.URL + "/manifest"}
		children[i].Data = []byte(`{}`)
	}
	f.index(t, children, "a")
	c := newClient(t, Options{})
	a, err := c.Load(deadline(t), f.ref("app", "a"), nil)
	ok(t, err)
	if img := a.Entries[0].Image; img == nil || img.Config.OS != "linux" {
		t.Errorf("got %+v, %v", img, a.Entries[0].Err)
	}
	if a.Entries[1].Err == nil {
		t.Error("the bytes in the descriptor are taken")
	}
	layer := f.hold("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", nil)
	layer.Digest, layer.Size, layer.URLs = digest.FromString("foreign"), 20, []string{other.URL + "/layer"}
	_, err = c.Contents(deadline(t), f.ref("app", ""), []model.LayerPart{{Descriptor: layer}})
	says(t, err, "has no sha256:")
	if got := other.requests(); len(got) > 0 {
		t.Errorf("requested %q", got)
	}
}

// signedSchema1 is payload with something else around what is signed: what is
// signed is the first n bytes and the rest of payload.
func signedSchema1(payload []byte, n int, between string) []byte {
	protected := fmt.Sprintf(`{"formatLength":%d,"formatTail":"%s"}`, n, base64.RawURLEncoding.EncodeToString(payload[n:]))
	return fmt.Appendf(nil, `%s%s"signatures":[{"header":{"alg":"ES256"},"signature":"x","protected":"%s"}]}`,
		payload[:n], between, base64.RawURLEncoding.EncodeToString([]byte(protected)))
}

// TestSchema1_unsignedContent checks that content that the signature of a schema1 manifest does not cover is not read.
func TestSchema1_unsignedContent(t *testing.T) {
	true1 := []byte(strings.Replace(storedSchema1, "%s", strings.Repeat("1", 64), 1))
	n := bytes.LastIndexByte(true1, '}')
	evil := `,"fsLayers":[{"blobSum":"sha256:` + strings.Repeat("e", 64) + `"}],"history":[{"v1Compatibility":"{\"id\":\"e\"}"}],`
	for name, tt := range map[string]struct {
		between string
		rows    int
	}{"as it should be": {",", 2}, "other layers": {evil, 2}} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				status(200, string(signedSchema1(true1, n, tt.between)), "Content-Type", model.MediaTypeSchema1Signed)(w, r)
				return true
			})
			dir := t.TempDir()
			for range 2 { // from the registry, then from disk
				c := newClient(t, Options{Documents: dir})
				a, err := c.Load(deadline(t), s.ref("app", "").AtDigest(digest.FromBytes(true1)), nil)
				ok(t, err)
				c.Close()
				if a.Top.Kind != model.KindSchema1 || len(a.Top.Layers) != tt.rows || strings.Contains(a.Top.Layers[0].Digest.String(), "eee") ||
					!bytes.Equal(a.Top.Raw, true1) || a.Top.MediaType != model.MediaTypeSchema1Signed {
					t.Errorf("read %s %q", a.Top.MediaType, a.Top.Raw)
				}
			}
		})
	}

	// An image of today that is said to be signed schema1.
	f := newDocumentServer(t)
	d := f.image(t, f.config(1, ""))
	raw := f.documents[d.Digest.String()].raw
	f.documents[d.Digest.String()] = servedDocument{model.MediaTypeSchema1Signed, signedSchema1(raw, len(raw)-1, evil)}
	_, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", "").AtDigest(d.Digest), nil)
	says(t, err, "sent an invalid manifest: ")

	for _, n := range []string{"-1", "1e99", "999999999999", `"x"`} {
		protected := base64.RawURLEncoding.EncodeToString([]byte(`{"formatLength":` + n + `,"formatTail":"fQ"}`))
		f.documents["odd"] = servedDocument{model.MediaTypeSchema1Signed, []byte(`{"schemaVersion":1,"signatures":[{"protected":"` + protected + `"}]}`)}
		_, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", "odd"), nil)
		says(t, err, "sent an invalid manifest: ")
	}
}

// TestSchema1_namedWhole checks that a schema1 manifest is read by the digest of its whole text, also
// from disk, beside the same manifest by the digest of its signed part.
func TestSchema1_namedWhole(t *testing.T) {
	text := []byte(strings.Replace(storedSchema1, "%s", strings.Repeat("1", 64), 1))
	evil := `,"fsLayers":[{"blobSum":"sha256:` + strings.Repeat("e", 64) + `"}],"history":[{"v1Compatibility":"{\"id\":\"e\"}"}],`
	for name, between := range map[string]string{"as it should be": ",", "other layers": evil} {
		t.Run(name, func(t *testing.T) {
			body := signedSchema1(text, bytes.LastIndexByte(text, '}'), between)
			whole, signed := digest.FromBytes(body), digest.FromBytes(text)
			s := newServer(t)
			stated := whole
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				status(200, string(body), "Content-Type", model.MediaTypeSchema1Signed, "Docker-Content-Digest", stated.String())(w, r)
				return true
			})
			dir := t.TempDir()
			for _, tt := range []struct {
				r    model.Ref
				want digest.Digest
			}{
				{s.ref("app", "a"), whole}, {s.ref("app", "").AtDigest(whole), whole}, {s.ref("app", "").AtDigest(signed), signed},
				{s.ref("app", "").AtDigest(whole), whole}, {s.ref("app", "").AtDigest(signed), signed}, // from disk
			} {
				c := newClient(t, Options{Documents: dir})
				a, err := c.Load(deadline(t), tt.r, nil)
				ok(t, err)
				c.Close()
				if top := a.Top; top.Digest != tt.want || digest.FromBytes(top.Raw) != tt.want || len(top.Layers) != 2 ||
					strings.Contains(top.Layers[0].Digest.String(), "eee") || top.Schema1.NamedWhole != (tt.want == whole) ||
					top.MediaType != model.MediaTypeSchema1Signed {
					t.Errorf("%s: read %+v", tt.r, top)
				}
			}
			isHead := func(request string) bool { return strings.HasPrefix(request, "HEAD ") }
			if got := slices.DeleteFunc(s.requests(), isHead); len(got) != 2 { // by tag, and by the digest of the signed part
				t.Errorf("requested %q", got)
			}
			if a, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "").AtDigest(digest.FromString("other")), nil); err == nil {
				t.Errorf("another digest: read %s", a.Top.Digest)
			}
			stated = digest.FromString("other")
			if a, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil); err == nil {
				t.Errorf("the registry states another digest: read %s", a.Top.Digest)
			}
		})
	}
}

// TestSchema1_wrongSignature checks that a schema1 manifest is read though its signed part is
// not JSON: its digest is that of this part.
func TestSchema1_wrongSignature(t *testing.T) {
	text := []byte(strings.Replace(storedSchema1, "%s", strings.Repeat("1", 64), 1))
	n := bytes.Index(text, []byte("app")) + 1 // inside a string
	protected := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"formatLength":%d,"formatTail":"Cn0"}`, n))
	body := fmt.Sprintf(`%s,"signatures":[{"header":{"alg":"ES256"},"signature":"x","protected":"%s"}]}`, bytes.TrimSuffix(text, []byte("}")), protected)
	d := digest.FromString(body[:n] + "\n}")
	s := newServer(t)
	var stated digest.Digest
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		status(200, body, "Content-Type", model.MediaTypeSchema1Signed, "Docker-Content-Digest", stated.String())(w, r)
		return true
	})
	dir := t.TempDir()
	for _, r := range []model.Ref{s.ref("app", "a"), s.ref("app", "").AtDigest(d), s.ref("app", "").AtDigest(d)} {
		c := newClient(t, Options{Documents: dir})
		a, err := c.Load(deadline(t), r, nil)
		ok(t, err)
		c.Close()
		if top := a.Top; top.Kind != model.KindSchema1 || top.Digest != d || len(top.Layers) != 2 || !top.Schema1.WrongSignature {
			t.Errorf("%s: read %+v", r, top)
		}
	}
	_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "").AtDigest(digest.FromString("other")), nil)
	says(t, err, "sent an invalid manifest: ")
	stated = digest.FromString("other")
	_, err = newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, "sent an invalid manifest: ")
}

// TestManifest_unusableSchema1 checks the reasons that are given for signed schema1 manifests that
// cannot be read.
func TestManifest_unusableSchema1(t *testing.T) {
	signature := func(n int, tail string) string {
		protected := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"formatLength":%d,"formatTail":"%s"}`, n, base64.RawURLEncoding.EncodeToString([]byte(tail))))
		return fmt.Sprintf(`[{"header":{"alg":"ES256"},"signature":"x","protected":"%s"}]`, protected)
	}
	const text = `{"schemaVersion":1,"name":"app","tag":"a","architecture":"amd64","fsLayers":%s,"history":%s,"signatures":%s}`
	const layers, history = `[{"blobSum":"sha256:` + "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef" + `"}]`, `[{"v1Compatibility":"{}"}]`
	for want, body := range map[string]string{
		"sent an invalid manifest: its signed part is not JSON (app:a)":                                fmt.Sprintf(text, "[]", "[]", signature(0, "\n}")),
		"sent an invalid manifest: it has 0 fsLayers and 0 history entries in its signed part (app:a)": fmt.Sprintf(text, layers, history, signature(0, `{"schemaVersion":1,"fsLayers":[],"history":[]}`)),
		`sent an invalid manifest: its "signatures" is a number (app:a)`:                               fmt.Sprintf(text, layers, history, "1"),
		"sent an invalid manifest: it is not JSON (app:a)":                                             fmt.Sprintf(text, layers, history, "?"),
	} {
		s := newServer(t)
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			status(200, body, "Content-Type", model.MediaTypeSchema1Signed)(w, r)
			return true
		})
		_, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
		says(t, err, want)
	}
}

// TestManifest_invalidDigests checks that a manifest with an invalid digest is refused.
func TestManifest_invalidDigests(t *testing.T) {
	hex := strings.Repeat("a", 64)
	odd := []string{"", "sha256:", "sha256:" + hex[1:], "sha256:" + hex + "a", "SHA256:" + hex, "sha256:" + strings.ToUpper(hex), "sha256:" + hex[1:] + "g",
		"md5:" + hex[:32], "sha1:" + hex[:40], "blake3:" + hex, "sha256+b64:" + hex, "sha512:" + hex, "sha256:../../" + hex[6:], hex}
	f := newDocumentServer(t)
	for _, d := range odd {
		f.hold(v1.MediaTypeImageIndex, marshal(t, map[string]any{"schemaVersion": 2, "manifests": []any{map[string]any{"mediaType": ociManifest, "digest": d, "size": 5}}}), "index")
		f.hold(ociManifest, marshal(t, map[string]any{"schemaVersion": 2, "config": map[string]any{"digest": d, "size": 5}, "layers": []any{}}), "image")
		for _, tag := range []string{"index", "image"} {
			_, err := newClient(t, Options{}).Load(deadline(t), f.ref("app", tag), nil)
			says(t, err, "sent an invalid manifest: it names an invalid digest")
		}
	}
	if n := len(f.requests()); n != 2*len(odd) {
		t.Errorf("%d requests", n)
	}

	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	for _, d := range odd {
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			s.real.ServeHTTP(&retold{w, d}, r)
			return true
		})
		c := newClient(t, Options{})
		got, err := c.Head(deadline(t), s.ref("app", "a"))
		if err != nil || got.Validate() != nil {
			t.Errorf("%q: %q, %v", d, got, err)
		}
		a, err := c.Load(deadline(t), s.ref("app", "a"), nil)
		if err != nil {
			t.Errorf("%q: %v", d, err)
			continue
		}
		whole(t, a, 1, 1)
	}
}

// retold answers with another digest in the header.
type retold struct {
	http.ResponseWriter
	digest string
}

func (r *retold) WriteHeader(code int) {
	r.Header().Set("Docker-Content-Digest", r.digest)
	r.ResponseWriter.WriteHeader(code)
}
