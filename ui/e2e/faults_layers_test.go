package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// This file has registries that send the layers of images wrongly. The images have one layer each,
// which differ in one file.

const layersGroup = "Layers"

var (
	twoLayers  = []string{"HOST/files:odd", ":plain"}
	insideArgs = []string{"--inside"}
	withFiles  = []string{"app/main.py"} // shown if both layers have arrived
	noFiles    = []string{"COPY . /"}    // shown anyway
	fourBreaks = "3 breaks of the connection within 1 MiB"
	askHost    = "ask the administrator of the registry"
	laterAgain = "try again later"
	pushAgain  = "push the image again, or ask the administrator of the registry"
)

// layerFaults are the rows of docs/faults.md about the reading of layers.
var layerFaults = []fault{
	{group: layersGroup, name: "layer torn, the rest answered 200", answer: sendLayer(torn(unlessRange(100_000), ignoreRange)), open: twoLayers, args: insideArgs,
		cause: "app/main.py", doc: "no error: the layer is read", rest: withFiles, code: 1, bound: "the bytes that have arrived are skipped"},
	{group: layersGroup, name: "layer torn every 100 kB", answer: sendLayer(torn(always(100_000))), open: twoLayers, args: insideArgs,
		cause: "app/main.py", doc: "no error: the layer is read", rest: withFiles, code: 1, bound: fourBreaks},
	{group: layersGroup, name: "layer torn every 1000 bytes", answer: sendLayer(torn(always(1000))), open: twoLayers, args: insideArgs,
		cause: "HOST closed the connection in the middle of its answer", next: "try again, or check host, port and network", rest: noFiles, code: 1, bound: fourBreaks},
	{group: layersGroup, name: "layer torn, 206 with another Content-Range", answer: sendLayer(torn(unlessRange(1000), otherRange)), open: twoLayers, args: insideArgs,
		cause: "HOST sent another part of a layer than tagdiff requested", next: askHost, rest: noFiles, code: 1, bound: "1 restart"},
	{group: layersGroup, name: "layer torn, the rest answered 416", answer: sendLayer(torn(unlessRange(1000), refuseRange(416, ""))), open: twoLayers, args: insideArgs,
		cause: "HOST no longer has the rest of a layer", next: askHost, rest: noFiles, code: 1, bound: "1 restart"},
	{group: layersGroup, name: "layer torn, the rest answered 503", answer: sendLayer(torn(unlessRange(1000), refuseRange(503, "UNAVAILABLE"))), open: twoLayers, args: insideArgs,
		cause: "HOST failed (503 Service Unavailable: UNAVAILABLE words of the registry)", next: laterAgain, rest: noFiles, code: 1, bound: threeRequests},
	{group: layersGroup, name: "layer torn, the token expired meanwhile", answer: expiringTokens(sendLayer(torn(unlessRange(100_000)))), open: twoLayers, args: insideArgs,
		cause: "app/main.py", doc: "no error: the layer is read", rest: withFiles, code: 1, bound: "a new token is requested"},
	{group: layersGroup, name: "layer at another host, torn there", answer: sendLayer(elsewhere(torn(unlessRange(100_000)))), open: twoLayers, args: insideArgs,
		cause: "app/main.py", doc: "no error: the layer is read", rest: withFiles, code: 1, bound: "the range is requested there, without the login"},
	{group: layersGroup, name: "layer silent in the middle", answer: sendLayer(stallingLayer), open: twoLayers, args: append([]string{"--inside"}, shortTimeout...),
		cause: "HOST did not answer in time (no data for … s)", next: "try again, or check the network", rest: noFiles, code: 1, bound: silence},
	{group: layersGroup, name: "layer, a byte at a time", answer: sendLayer(drippingLayer), open: twoLayers, args: append([]string{"--inside"}, longerTimeout...),
		cause: "HOST sent less than … bytes in … s", next: "try again, or check the network", rest: noFiles, code: 1, bound: "60,000 bytes in 1 min (2 × --timeout)"},
	{group: layersGroup, name: "layer with other bytes", answer: sendLayer(changedLayer), open: twoLayers, args: insideArgs,
		cause: "HOST sent a layer with the wrong digest sha256:… (files@sha256:…)", next: pushAgain, rest: noFiles, code: 1, bound: oneRequest},
	{group: layersGroup, name: "layer of another size", answer: sendLayer(longerLayer), open: twoLayers, args: insideArgs,
		cause: "HOST sent a layer of … bytes instead of … (files@sha256:…)", next: pushAgain, rest: noFiles, code: 1, bound: oneRequest},
	{group: layersGroup, name: "layer that never ends", answer: sendLayer(endlessLayer), open: twoLayers, args: insideArgs,
		cause: "HOST sent a layer that is larger than the manifest says (files@sha256:…)", next: pushAgain, rest: noFiles, code: 1, bound: "the size in the manifest"},
	{group: layersGroup, name: "layer that the config does not name", answer: layerImages(digest.FromString("another").String()).serve, open: twoLayers, args: insideArgs,
		cause: ":odd is broken: Docker and containerd refuse it", rest: noFiles, code: 1, bound: "the digest of the unpacked layer"},
	{group: layersGroup, name: "web page instead of a layer", answer: sendLayer(func(w http.ResponseWriter, r *http.Request, _ []byte) { pageOf(200)(w, r) }), open: twoLayers, args: insideArgs,
		cause: "HOST answered with a web page instead of the layer", next: "check the network and its proxies, or ask the administrator of HOST", rest: noFiles, code: 1, bound: oneRequest},
	{group: layersGroup, name: "404 of a layer", answer: sendLayer(func(w http.ResponseWriter, r *http.Request, _ []byte) { refuses(404, "BLOB_UNKNOWN")(w, r) }), open: twoLayers, args: insideArgs,
		cause: "HOST has no sha256:… in files", next: "check whether it was deleted or never pushed", rest: noFiles, code: 1, bound: oneRequest},
}

// sentLayer answers a request for the layer of the tag "odd".
type sentLayer func(w http.ResponseWriter, r *http.Request, blob []byte)

// layerImages is a registry with two tags, odd and plain, of images with one layer each. diffID, unless
// it is "", is what the config of odd names in place of its layer.
func layerImages(diffID string) shelf {
	s := shelf{}
	for tag, program := range map[string]string{"odd": "run\n", "plain": "run\nend\n"} {
		archive, blob := layerWith(program)
		id := digest.FromBytes(archive).String()
		if tag == "odd" && diffID != "" {
			id = diffID
		}
		config := `{"created":"2024-05-01T12:00:00Z","architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["` + id + `"]},"history":[{"created_by":"COPY . /"}]}`
		layer := fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, layerType, digest.FromBytes(blob), len(blob))
		manifest := strings.NewReplacer("CONFIG", digest.FromString(config).String(), "SIZE", strconv.Itoa(len(config))).Replace(manifestOf("CONFIG", 0, layer))
		s.put(digest.FromBytes(blob).String(), "application/octet-stream", string(blob))
		s.put(digest.FromString(config).String(), "application/octet-stream", config)
		s.put(digest.FromString(manifest).String(), imageType, manifest)
		s.put(tag, imageType, manifest)
	}
	return s
}

// layerWith is a layer of about 300 kB, unpacked and packed.
var layerWith = func() func(program string) (archive, blob []byte) {
	large := make([]byte, 300_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(large) // it does not compress
	return func(program string) (archive, blob []byte) {
		archive = insidetest.Tar(insidetest.File("app/data", string(large)), insidetest.File("app/main.py", program))
		return archive, insidetest.Gzip(archive)
	}
}()

// sendLayer is a registry that sends the layer of the tag "odd" with send, and all else rightly.
func sendLayer(send sentLayer) http.HandlerFunc {
	s := layerImages("")
	_, blob := layerWith("run\n")
	name := digest.FromBytes(blob).String()
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/"+name) {
			send(w, r, blob)
			return
		}
		s.serve(w, r)
	}
}

// torn sends the layer, or the range of it that is requested, and breaks the connection after some
// bytes: after returns how many, 0 for all. change may change or answer the request before.
func torn(after func(r *http.Request) int, change ...func(w http.ResponseWriter, r *http.Request) (answered bool)) sentLayer {
	return func(w http.ResponseWriter, r *http.Request, blob []byte) {
		n := after(r)
		for _, c := range change {
			if c(w, r) {
				return
			}
		}
		if n > 0 {
			w = &tearingWriter{w, n}
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(blob))
	}
}

// tearingWriter breaks the connection after some bytes of the body.
type tearingWriter struct {
	http.ResponseWriter
	left int
}

func (w *tearingWriter) Write(p []byte) (int, error) {
	n, _ := w.ResponseWriter.Write(p[:min(w.left, len(p))])
	if w.left -= n; w.left == 0 {
		http.NewResponseController(w.ResponseWriter).Flush() //nolint:errcheck // the client may be gone
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

func always(n int) func(*http.Request) int { return func(*http.Request) int { return n } }

// unlessRange breaks only connections of requests for the whole layer.
func unlessRange(n int) func(*http.Request) int {
	return func(r *http.Request) int {
		if r.Header.Get("Range") != "" {
			return 0
		}
		return n
	}
}

func ignoreRange(_ http.ResponseWriter, r *http.Request) bool { r.Header.Del("Range"); return false }

func otherRange(_ http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Range") != "" {
		r.Header.Set("Range", "bytes=0-9")
	}
	return false
}

func refuseRange(status int, code string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") == "" {
			return false
		}
		refuses(status, code)(w, r)
		return true
	}
}

// elsewhere redirects requests for the layer to another name of this machine, without the login.
func elsewhere(send sentLayer) sentLayer {
	return func(w http.ResponseWriter, r *http.Request, blob []byte) {
		_, port, _ := strings.Cut(r.Host, ":")
		switch {
		case !strings.HasPrefix(r.Host, "localhost"):
			http.Redirect(w, r, "http://localhost:"+port+r.URL.Path, http.StatusTemporaryRedirect)
		case r.Header.Get("Authorization") != "":
			w.WriteHeader(http.StatusBadRequest)
		default:
			send(w, r, blob)
		}
	}
}

// expiringTokens is a registry that requires a token, and accepts each for one request for a whole
// layer only.
func expiringTokens(next http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	issued, used := 0, map[string]bool{}
	accepted := func(r *http.Request) bool {
		token := r.Header.Get("Authorization")
		mu.Lock()
		defer mu.Unlock()
		ok := strings.HasPrefix(token, "Bearer t") && !(used[token] && r.Header.Get("Range") != "")
		used[token] = used[token] || strings.Contains(r.URL.Path, "/blobs/")
		return ok
	}
	registry := tokens(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		issued++
		n := issued
		mu.Unlock()
		says("application/json", fmt.Sprintf(`{"token":"t%d"}`, n))(w, r)
	})
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" && accepted(r) {
			next(w, r)
			return
		}
		registry(w, r)
	}
}

// startLayer sends the header of a response with the layer and its first bytes.
func startLayer(w http.ResponseWriter, blob []byte, length int) {
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.Write(blob[:1000])                  //nolint:errcheck // the client may be gone
	http.NewResponseController(w).Flush() //nolint:errcheck // as above
}

func stallingLayer(w http.ResponseWriter, r *http.Request, blob []byte) {
	startLayer(w, blob, len(blob))
	<-r.Context().Done()
}

func drippingLayer(w http.ResponseWriter, r *http.Request, blob []byte) {
	startLayer(w, blob, len(blob))
	for i := 1000; i < len(blob) && r.Context().Err() == nil; i++ {
		time.Sleep(20 * time.Millisecond)
		w.Write(blob[i : i+1])                //nolint:errcheck // as above
		http.NewResponseController(w).Flush() //nolint:errcheck // as above
	}
}

func changedLayer(w http.ResponseWriter, r *http.Request, blob []byte) {
	other := bytes.Clone(blob)
	other[len(other)/2] ^= 1
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(other))
}

func longerLayer(w http.ResponseWriter, _ *http.Request, blob []byte) {
	startLayer(w, blob, len(blob)+1)
	w.Write(append(bytes.Clone(blob[1000:]), 0)) //nolint:errcheck // as above
}

func endlessLayer(w http.ResponseWriter, _ *http.Request, blob []byte) {
	http.NewResponseController(w).Flush() //nolint:errcheck // as above
	if _, err := w.Write(blob); err == nil {
		pour(w, strings.Repeat("\x00", 64<<10))
	}
}
