package transport

import (
	"net/http"
	"net/url"
)

// UserAgent is what every request sends.
const UserAgent = "tagdiff"

// request is what the Transport sends, possibly several times.
type request struct {
	method string
	url    url.URL
	accept []string
	scope  string // of the token that it needs
	limit  int64  // bytes of body
}

func (q request) httpRequest(scheme string, key authorization) *http.Request {
	u := q.url
	u.Scheme = scheme
	req := &http.Request{Method: q.method, URL: &u, Host: u.Host, Header: http.Header{"User-Agent": {UserAgent}}}
	if len(q.accept) > 0 {
		req.Header["Accept"] = q.accept
	}
	if key.header != "" && !(key.tlsOnly && scheme != "https") {
		req.Header.Set("Authorization", key.header)
	}
	return req
}
