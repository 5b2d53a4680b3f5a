package transport

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
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
	RefusedLogin string // that was refused before this answer without it, "" for none

	scheme string    // of the registry, after redirects
	url    *url.URL  // that was answered, after redirects
	proxy  string    // that passed on plain http, or answered in the place of the registry
	open   *openBody // of a stream, in place of Body; nil for other requests
}

// PlainProxy returns the proxy that sent a response over plain http, "" for none. Nothing tells
// whether the proxy or the server behind it made the response. Over https a proxy makes none.
func (r Response) PlainProxy() string { return r.proxy }

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
		if model.LooksLikeJSON(r.Body) {
			setContentType(h, req.URL.Path)
		}
		resp.ContentLength = int64(len(r.Body))
		resp.Body = io.NopCloser(bytes.NewReader(r.Body))
	}
	return resp
}

// setContentType replaces types that regclient does not accept for JSON. Lists have one
// form, whatever their type. For manifests, static files and proxies have generic types:
// regclient then detects the type from the body.
func setContentType(h http.Header, path string) {
	switch {
	case !strings.Contains(path, "/manifests/"):
		h.Set("Content-Type", "application/json")
	case !strings.Contains(h.Get("Content-Type"), "application/vnd."):
		h.Del("Content-Type")
	}
}

// gzipOverhead is more than gzip adds to content that it cannot compress, for documents.
const gzipOverhead = 8 << 10

// uncompress replaces a gzip body by its content of at most limit bytes. Some servers store
// documents compressed and send them so to all clients. A body that has the digest in the
// path, such as a layer, stays as it is.
func (r *Response) uncompress(path string, limit int64) error {
	if r.Encoding() != "gzip" || len(r.Body) == 0 {
		return nil
	}
	r.Header.Del("Content-Encoding")
	d := digest.Digest(path[strings.LastIndexByte(path, '/')+1:])
	if d.Validate() == nil && d.Algorithm().FromBytes(r.Body) == d {
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(r.Body))
	if err != nil {
		return &MalformedError{errDamagedGzip}
	}
	r.Body, err = files.ReadLimit(z, limit)
	switch {
	case errors.Is(err, files.ErrTooLarge):
		return fmt.Errorf("%w: more than %d bytes", err, limit)
	case err != nil:
		return &MalformedError{errDamagedGzip}
	}
	return nil
}

var errDamagedGzip = errors.New("its gzip compression is damaged")

// Encoding returns the Content-Encoding of a response, "" for none.
func (r Response) Encoding() string {
	encoding := strings.ToLower(r.Header.Get("Content-Encoding"))
	switch encoding {
	case "identity":
		return ""
	case "x-gzip": // its name in RFC 2068
		return "gzip"
	}
	return encoding
}

// IsHTML reports whether a server sent a web page.
func (r Response) IsHTML() bool {
	t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return t == "text/html" || bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(r.Body)), []byte("<!doctype html")) ||
		bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(r.Body)), []byte("<html"))
}
