package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
)

// This file has registries that are broken or malicious, each in one way.

const (
	imageType  = "application/vnd.oci.image.manifest.v1+json"
	indexType  = "application/vnd.oci.image.index.v1+json"
	configType = "application/vnd.oci.image.config.v1+json"
	layerType  = "application/vnd.oci.image.layer.v1.tar+gzip"

	ok200 = "HTTP/1.1 200 OK\r\nContent-Type: " + imageType + "\r\n"
)

// says responds with a body.
func says(mediaType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		io.WriteString(w, body) //nolint:errcheck // the client may be gone
	}
}

// manifestSays responds with body as a manifest.
func manifestSays(body string) http.HandlerFunc { return says(imageType, body) }

// refuses responds with a status, the error body of a registry and headers in pairs.
func refuses(status int, code string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":[{"code":%q,"message":"words of the registry"}]}`, code)
	}
}

func pageOf(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, "<!DOCTYPE html>\n<html><body><h1>Welcome!</h1></body></html>\n") //nolint:errcheck // as above
	}
}

func redirects(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
}

func cutOff(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "500")
	manifestSays(`{"schemaVersion":2,"mediaTy`)(w, r)
}

// endless sends spaces until the client closes the connection.
func endless(mediaType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		pour(w, strings.Repeat(" ", 64<<10))
	}
}

func endlessError(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusBadRequest)
	pour(w, strings.Repeat("no ", 16<<10))
}

func endlessHeaders(w http.ResponseWriter, r *http.Request) {
	conn := hijack(w)
	defer conn.Close()
	io.WriteString(conn, ok200) //nolint:errcheck // as above
	pour(conn, "X-Pad: "+strings.Repeat("x", 4<<10)+"\r\n")
}

// pour writes text again and again until that fails.
func pour(w io.Writer, text string) {
	for {
		if _, err := io.WriteString(w, text); err != nil {
			return
		}
	}
}

// hangs sends no response.
func hangs(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// hijack takes over the connection of a request without a body.
func hijack(w http.ResponseWriter) *net.TCPConn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	return conn.(*net.TCPConn)
}

// stalls sends the start of a response, and then nothing until the client closes the connection.
func stalls(start string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn := hijack(w)
		defer conn.Close()
		io.WriteString(conn, start) //nolint:errcheck // as above
		io.Copy(io.Discard, conn)   //nolint:errcheck // until it ends
	}
}

// drips sends the start of a response, and then a little more every 20 ms.
func drips(start, more string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn := hijack(w)
		defer conn.Close()
		_, err := io.WriteString(conn, start)
		for err == nil {
			time.Sleep(20 * time.Millisecond)
			_, err = io.WriteString(conn, more)
		}
	}
}

// resets sends the start of a response and resets the connection.
func resets(start string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn := hijack(w)
		io.WriteString(conn, start) //nolint:errcheck // as above
		conn.SetLinger(0)           //nolint:errcheck // otherwise the connection would be closed in order
		conn.Close()
	}
}

// tokens is a registry that requires a token of the service.
func tokens(service http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			service(w, r)
			return
		}
		refuses(401, "UNAUTHORIZED", "WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="here"`)(w, r)
	}
}

// piece is an image for linux/arm64 with a fault. CONFIG in its manifest is replaced
// by the digest of its config, SIZE by the size.
type piece struct {
	manifest, config         string // "" for the usual content
	sentManifest, sentConfig string // sent instead
}

func manifestOf(configDigest string, size int, layers string) string {
	if configDigest == "CONFIG" {
		configDigest = `"CONFIG"`
	}
	text := fmt.Sprint(size)
	if size == 0 {
		text = "SIZE"
	}
	return `{"schemaVersion":2,"mediaType":"` + imageType + `","config":{"mediaType":"` + configType + `","digest":` + configDigest + `,"size":` + text + `},"layers":[` + layers + `]}`
}

func layersOf(n int) string {
	one := `{"mediaType":"` + layerType + `","digest":"` + digest.FromString("layer").String() + `","size":1}`
	return one + strings.Repeat(","+one, n-1)
}

// craft is a registry with two tags of an index for linux/amd64 and arm64: the
// tag "odd" has the piece for linux/arm64, the tag "plain" has no fault.
func craft(p piece) http.HandlerFunc {
	if p.config == "" && p.manifest == "" {
		p.config = `{"architecture":"arm64","os":"linux","author":"odd"}`
	}
	r := shelf{}
	amd, arm := r.image(piece{}, "amd64"), r.image(piece{}, "arm64")
	r.tag("plain", indexOf(amd, arm))
	r.tag("odd", indexOf(amd, r.image(p, "arm64")))
	return r.serve
}

// manyChildren is a registry with an index of n images, all of one platform.
func manyChildren(n int) http.HandlerFunc {
	r := shelf{}
	amd := r.image(piece{}, "amd64")
	r.tag("plain", indexOf(amd))
	r.tag("odd", indexOf(strings.Repeat(amd+",", n-1)+amd))
	return r.serve
}

// shelf has the content of a crafted registry, by tag or digest.
type shelf map[string]struct{ mediaType, body string }

func (s shelf) put(name, mediaType, body string) {
	s[name] = struct{ mediaType, body string }{mediaType, body}
}

func (s shelf) tag(name, index string) {
	s.put(name, indexType, index)
	s.put(digest.FromString(index).String(), indexType, index)
}

// image puts an image on the shelf and returns its descriptor.
func (s shelf) image(p piece, arch string) string {
	or := func(text, usual string) string {
		if text == "" {
			return usual
		}
		return text
	}
	config := or(p.config, `{"architecture":"`+arch+`","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]},"history":[]}`)
	manifest := or(p.manifest, manifestOf("CONFIG", 0, ""))
	of := digest.FromString(config).String()
	manifest = strings.NewReplacer("CONFIG", of, "SIZE", fmt.Sprint(len(config))).Replace(manifest)
	d := digest.FromString(manifest).String()
	s.put(of, "application/octet-stream", or(p.sentConfig, config))
	s.put(d, imageType, or(p.sentManifest, manifest))
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d,"platform":{"os":"linux","architecture":%q}}`, imageType, d, len(manifest), arch)
}

func indexOf(children ...string) string {
	return `{"schemaVersion":2,"mediaType":"` + indexType + `","manifests":[` + strings.Join(children, ",") + `]}`
}

func (s shelf) serve(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if name == "" {
		return // the client checks whether this is a registry
	}
	it, ok := s[name]
	if !ok {
		refuses(404, "MANIFEST_UNKNOWN")(w, r)
		return
	}
	w.Header().Set("Content-Type", it.mediaType)
	w.Header().Set("Content-Length", fmt.Sprint(len(it.body)))
	if strings.Contains(r.URL.Path, "/manifests/") && !strings.Contains(name, ":") {
		w.Header().Set("Docker-Content-Digest", digest.FromString(it.body).String())
	}
	if r.Method != http.MethodHead {
		io.WriteString(w, it.body) //nolint:errcheck // as above
	}
}

// pages is a registry whose lists always have a next page; of returns the n-th.
func pages(of func(n int) []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n := 0
		fmt.Sscan(r.URL.Query().Get("page"), &n) //nolint:errcheck // the first page has no number
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Link", fmt.Sprintf(`<%s?page=%d>; rel="next"`, r.URL.Path, n+1))
		list(w, of(n))
	}
}

// listOf responds with n tags on one page.
func listOf(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		says("application/json", `{"tags":["first"`+strings.Repeat(`,"tag-000000000001"`, n)+`]}`)(w, r)
	}
}

func list(w io.Writer, names []string) {
	json.NewEncoder(w).Encode(map[string]any{"name": "shop/image-name", "tags": names}) //nolint:errcheck // as above
}
