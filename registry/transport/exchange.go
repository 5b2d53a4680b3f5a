package transport

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Exchange is one request to a registry and its response. It travels in the
// context through regclient to the Transport, which fills Response or Err.
// regclient itself gets a simplified response.
type Exchange struct {
	What    string     // the document that is requested, for errors
	Query   url.Values // replaces the query of regclient, unless nil
	SubPath string     // goes after the path of regclient
	Accept  []string   // replaces the media types of regclient, unless nil
	Limit   int64      // bytes of the body; 0 means the limit for the path
	Bulk    bool       // one of thousands: other requests have priority
	Range   string     // the header Range, for a part of a blob; "" for the whole

	Response Response
	Err      error
}

type exchangeKey struct{}

// WithExchange attaches an exchange to the context of a request.
func WithExchange(ctx context.Context, e *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

// exchangeOf is the exchange in a context, nil for none.
func exchangeOf(ctx context.Context) *Exchange {
	e, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return e
}

// UserAgent is what every request sends. Some firewalls let only clients pass whose name has
// a word such as docker.
const UserAgent = "tagdiff (docker registry client)"

// request is what the Transport sends, possibly several times.
type request struct {
	method string
	url    url.URL
	accept []string
	scope  string // of the token that it needs
	limit  int64  // bytes of body
	part   string // the header Range, "" for none

	isStream bool // the body of a good answer stays open
}

// httpRequest makes the request with the key for its host.
func (q request) httpRequest(scheme string, keys map[string]key) *http.Request {
	u := q.url
	u.Scheme = scheme
	k := keys[u.Host]
	req := &http.Request{Method: q.method, URL: &u, Host: u.Host, Header: http.Header{"User-Agent": {UserAgent}}}
	if len(q.accept) > 0 {
		req.Header.Set("Accept", strings.Join(q.accept, ", ")) // some registries read only the first header
	}
	if q.part != "" {
		req.Header.Set("Range", q.part)
	}
	if k.header != "" && !(k.tlsOnly && scheme != "https") {
		req.Header.Set("Authorization", k.header)
	}
	return req
}

// pathKinds are the parts after the repository in the path, with the size limit of the body.
var pathKinds = []struct {
	part  string
	limit int64
}{{"/tags/list", MaxList}, {"/manifests/", MaxManifest}, {"/blobs/", MaxConfig}}

// catalogScope is the scope of the list of repositories.
const catalogScope = "registry:catalog:*"

// scopeAndLimit are the token scope and the size limit of the body for a path. The
// last match counts: a repository may be called team/blobs/app, whereas tags and
// digests have no slash.
func scopeAndLimit(path string) (scope string, limit int64) {
	rest := strings.TrimPrefix(path, "/v2/")
	if rest == "_catalog" {
		return catalogScope, MaxList
	}
	last := 0
	limit = MaxErrorBody
	for _, e := range pathKinds {
		if i := strings.LastIndex(rest, e.part); i > last {
			last, scope, limit = i, "repository:"+rest[:i]+":pull", e.limit
		}
	}
	return scope, limit
}
