package registry

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   []byte
	scheme string // that the registry spoke in the end
	from   string // the host that it redirected to, "" for none
	login  string // whose login was sent along, "" for none
}

// response is the answer as regclient gets it: without Link, which it would
// follow by itself and without end, and with a media type that it knows.
func (a answer) response(req *http.Request) *http.Response {
	h := a.header.Clone()
	for _, name := range []string{"Link", "Retry-After", "Warning", "WWW-Authenticate"} {
		h.Del(name)
	}
	if digest.Digest(h.Get("Docker-Content-Digest")).Validate() != nil {
		h.Del("Docker-Content-Digest") // it would be compared with
	}
	resp := &http.Response{
		Status: "200 OK", StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: http.NoBody, Request: req,
	}
	if req.Method == http.MethodGet {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
		if !strings.Contains(h.Get("Content-Type"), "application/vnd.") && model.LooksLikeJSON(a.body) {
			setPlainType(h, req.URL.Path)
		}
		resp.ContentLength = int64(len(a.body))
		resp.Body = io.NopCloser(bytes.NewReader(a.body))
	}
	return resp
}

// setPlainType helps where a server calls all JSON the same (static files, some
// proxies): regclient tells a manifest's type from its body if none is given.
func setPlainType(h http.Header, path string) {
	if strings.Contains(path, "/manifests/") {
		h.Del("Content-Type")
		return
	}
	h.Set("Content-Type", "application/json")
}

// packed is how a server has packed a body on the way, "" if it has not.
func (a answer) packed() string {
	encoding := strings.ToLower(a.header.Get("Content-Encoding"))
	if encoding == "identity" {
		return ""
	}
	return encoding
}

// isHTML reports whether a server sent a web page.
func (a answer) isHTML() bool {
	t, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	return t == "text/html" || bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(a.body)), []byte("<!doctype html")) ||
		bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(a.body)), []byte("<html"))
}
