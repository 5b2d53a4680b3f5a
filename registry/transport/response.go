package transport

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

// Response is a response with its whole body.
type Response struct {
	Partial      bool // the body is the part that Range asked for; Status is 200 then
	Status       int
	Header       http.Header
	Body         []byte
	RedirectedTo string // the host that sent it, if that is not the host of the request
	Login        string // that the request was sent with, "" for none
	Issued       bool   // a token service has accepted the login
	scheme       string // of the registry, after redirects
}

// forRegclient is the response for regclient: without Link, which regclient would
// follow without limit, and with a media type that it knows.
func (r Response) forRegclient(req *http.Request) *http.Response {
	h := r.Header.Clone()
	for _, name := range []string{"Link", "Retry-After", "Warning", "WWW-Authenticate"} {
		h.Del(name)
	}
	if digest.Digest(h.Get("Docker-Content-Digest")).Validate() != nil {
		h.Del("Docker-Content-Digest") // regclient would compare it with the content
	}
	resp := &http.Response{
		Status: "200 OK", StatusCode: r.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: http.NoBody, Request: req,
	}
	if req.Method == http.MethodGet {
		h.Set("Content-Length", strconv.Itoa(len(r.Body)))
		if !strings.Contains(h.Get("Content-Type"), "application/vnd.") && model.LooksLikeJSON(r.Body) {
			setContentType(h, req.URL.Path)
		}
		resp.ContentLength = int64(len(r.Body))
		resp.Body = io.NopCloser(bytes.NewReader(r.Body))
	}
	return resp
}

// setContentType replaces the generic type that some servers (static files, proxies)
// send for JSON: regclient detects the type of a manifest from its body if there is
// none.
func setContentType(h http.Header, path string) {
	if strings.Contains(path, "/manifests/") {
		h.Del("Content-Type")
		return
	}
	h.Set("Content-Type", "application/json")
}

// Encoding returns the Content-Encoding of a response, "" for none.
func (r Response) Encoding() string {
	encoding := strings.ToLower(r.Header.Get("Content-Encoding"))
	if encoding == "identity" {
		return ""
	}
	return encoding
}

// IsHTML reports whether a server sent a web page.
func (r Response) IsHTML() bool {
	t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return t == "text/html" || bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(r.Body)), []byte("<!doctype html")) ||
		bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(r.Body)), []byte("<html"))
}
