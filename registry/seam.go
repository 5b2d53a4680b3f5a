package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/credentials"
)

// seam is the transport under regclient for one registry. It chooses http or
// https, logs in, follows redirects, tries again, and reads each body whole
// within bounds, all ended by the request's context.
//
// regclient sees either a good answer or an empty 404: that is the one failure
// for which it neither waits, retries nor slows down later requests. What
// really happened is in the call.
type seam struct {
	host     string // as references name the registry
	own      string // as its address is
	wire     *wire
	client   *http.Client
	auth     *authority
	timeouts timeouts
	retry    retryPolicy
	scheme   atomic.Value // string; unset while the first answer must tell

	memory    *endpoints
	hint      *endpoint   // from it, nil for none
	likelyTLS atomic.Bool // it spoke TLS in an earlier run
	begun     sync.Once

	limiter *limiter
}

// transportOptions are what a transport for one registry needs.
type transportOptions struct {
	// Settings of the registry: its name, and what regctl's configuration says
	// about it.
	Settings config.Host
	// Credentials are the logins, and regctl's settings for other hosts.
	Credentials *credentials.Keychain
	// Endpoints are remembered from earlier runs.
	Endpoints *endpoints
	// Traffic counts the requests.
	Traffic *meter
	// Log gets one record per request.
	Log *slog.Logger
	// Wrap, unless nil, wraps what sends requests to the network.
	Wrap func(http.RoundTripper) http.RoundTripper

	PlainHTTP   bool // http is allowed for every registry but Docker Hub; loopback hosts may use it always
	RequireTLS  bool // http is not allowed, also not for loopback hosts
	Concurrency int  // requests at once
	CertDirs    []string
	Timeouts    timeouts
	Retry       retryPolicy
}

func newSeam(opts transportOptions) (*seam, error) {
	settings := opts.Settings
	own := settings.Hostname
	if own == "" && settings.Name == model.DockerHub {
		own = config.DockerRegistryDNS
	} else if own == "" {
		own = settings.Name
	}
	g := &guard{}
	first, err := newRoad(own, settings, g, opts)
	if err != nil {
		return nil, err
	}
	g.near.Store(isLoopback(own)) // connections elsewhere may be opened before its own
	s := &seam{
		host: settings.Name, own: own, timeouts: opts.Timeouts, retry: opts.Retry, memory: &endpoints{},
		limiter: newLimiter(settings.Name, opts.Concurrency, opts.Retry, opts.Traffic),
	}
	others := func(host string) (*road, error) {
		return newRoad(host, settingsOf(opts.Credentials, host), g, opts)
	}
	s.wire = &wire{own: first, roads: roads{build: others}, host: own, guard: g, meter: opts.Traffic, log: opts.Log}
	s.client = &http.Client{Transport: s.wire, CheckRedirect: checkRedirect}
	if opts.Wrap != nil {
		s.client.Transport = opts.Wrap(s.wire)
	}
	s.auth = newAuthority(s, opts.Credentials)
	switch {
	case settings.TLS == config.TLSDisabled:
		s.scheme.Store("http")
	case settings.TLS == config.TLSInsecure || s.host == model.DockerHub || opts.RequireTLS:
		s.scheme.Store("https")
	case opts.PlainHTTP || isLoopback(s.host): // see send
	default:
		s.scheme.Store("https")
	}
	if settings.TLS != config.TLSDisabled && settings.TLS != config.TLSInsecure {
		s.remember(opts.Endpoints)
	}
	return s, nil
}

// closeIdle closes the connections that no request uses.
func (s *seam) closeIdle() { s.wire.closeIdle() }

// setTimeouts changes the timeouts of later requests.
func (s *seam) setTimeouts(t timeouts) { s.timeouts = t }

// loginError is why a login could not be looked up, nil if it could.
func (s *seam) loginError() error { return s.auth.complaint() }

// requiresLogin reports whether the registry has asked for a login or a token.
func (s *seam) requiresLogin() bool { return s.auth.wanted() }

// question is a request as the seam sends it, perhaps more than once.
type question struct {
	method string
	url    url.URL
	accept []string
	scope  string // of the token that it takes
	limit  int64  // bytes of body
}

// RoundTrip serves regclient.
func (s *seam) RoundTrip(req *http.Request) (*http.Response, error) {
	c := callOf(req.Context())
	if c == nil || (req.Method != http.MethodGet && req.Method != http.MethodHead) || req.Body != nil && req.Body != http.NoBody {
		return nil, errWrites
	}
	q := question{method: req.Method, url: *req.URL, accept: req.Header.Values("Accept")}
	q.scope, q.limit = purpose(q.url.Path)
	if c.accept != nil {
		q.accept = c.accept
	}
	if c.limit > 0 {
		q.limit = c.limit
	}
	if c.query != nil {
		q.url.RawQuery = c.query.Encode()
	}
	c.answer, c.err = s.exchange(req.Context(), q)
	if c.err == nil && len(c.answer.body) > largeManifest && strings.Contains(q.url.Path, "/manifests/") && model.LooksLikeJSON(c.answer.body) {
		if err := model.CheckJSON(c.answer.body); err != nil { // before regclient parses it
			c.err = &garbledError{err}
		}
	}
	if c.err != nil || c.answer.status != http.StatusOK {
		return &http.Response{
			Status: "404 Not Found", StatusCode: http.StatusNotFound, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, Request: req,
		}, nil
	}
	return c.answer.response(req), nil
}

// largeManifest is from how many bytes on a manifest is looked over before
// anybody parses it: millions of empty entries take a hundred times their size.
const largeManifest = 256 << 10

// endings are what stands behind the repository in a path, and how large a
// body that makes.
var endings = []struct {
	part  string
	limit int64
}{{"/tags/list", maxList}, {"/manifests/", maxManifest}, {"/blobs/", maxConfig}}

// purpose tells from a path what token and how large a body to expect. The
// last ending counts: a repository may be called team/blobs/app, whereas tags
// and digests have no slash.
func purpose(path string) (scope string, limit int64) {
	rest := strings.TrimPrefix(path, "/v2/")
	if rest == "_catalog" {
		return "registry:catalog:*", maxList
	}
	last := 0
	limit = maxProblem
	for _, e := range endings {
		if i := strings.LastIndex(rest, e.part); i > last {
			last, scope, limit = i, "repository:"+rest[:i]+":pull", e.limit
		}
	}
	return scope, limit
}

// exchange asks until there is an answer that waiting will not change.
func (s *seam) exchange(ctx context.Context, q question) (answer, error) {
	for try := 1; ; try++ {
		a, err := s.attempt(ctx, q)
		wait, again := s.retry.again(try, a, err)
		if !again || ctx.Err() != nil || s.limiter.hopeless() {
			return a, err
		}
		if err := sleep(ctx, wait); err != nil {
			return answer{}, err
		}
	}
}

// attempt asks once, and a second time with a login if that is wanted.
func (s *seam) attempt(ctx context.Context, q question) (answer, error) {
	s.begin()
	k, supposed, err := s.auth.known(ctx, q.scope)
	if err != nil {
		return answer{}, err
	}
	a, err := s.send(ctx, q, k)
	if err == nil && s.auth.misled(supposed, a.status) {
		k = key{}
		a, err = s.send(ctx, q, k)
	}
	// A host that the registry redirected to may not say who gets the login.
	if err == nil && a.status == http.StatusUnauthorized && a.from == "" {
		next, errKey := s.auth.answer(ctx, a.header.Values("WWW-Authenticate"), q.scope, k)
		if errKey != nil || next.header == "" {
			return a, errKey
		}
		a, err = s.send(ctx, q, next)
	}
	if err == nil {
		s.learn(q, a)
	}
	return a, err
}

// send settles the scheme with the first answer. Plain http goes first where
// it is allowed: a TLS server refuses it at once, whereas a plain server may
// wait for the end of a line that a TLS greeting does not have. Nothing is
// given away: logins are sent only after an answer asked for one, or over TLS
// where one has asked before.
func (s *seam) send(ctx context.Context, q question, k key) (answer, error) {
	if scheme, ok := s.scheme.Load().(string); ok {
		return s.fetch(ctx, q.request(scheme, k), q.limit, k)
	}
	if s.likelyTLS.Load() {
		a, err := s.fetch(ctx, q.request("https", k), q.limit, k)
		if err == nil || isCertificate(err) || ctx.Err() != nil {
			s.settle(a, err)
			return a, err
		}
		s.likelyTLS.Store(false) // no TLS there any more
		s.auth.doubt()
	}
	a, err := s.fetch(ctx, q.request("http", k), q.limit, k)
	// Without a port the two schemes have different ones.
	elsewhere := errors.Is(err, syscall.ECONNREFUSED) && q.url.Port() == ""
	if !wantsTLS(a, err) && !elsewhere {
		s.settle(a, err)
		return a, err
	}
	b, errTLS := s.fetch(ctx, q.request("https", k), q.limit, k)
	if errTLS != nil && !isCertificate(errTLS) && ctx.Err() == nil {
		return a, err // no TLS there: it was a plain server's answer
	}
	s.settle(b, errTLS)
	return b, errTLS
}

// isCertificate reports whether TLS was spoken and only trust is missing.
func isCertificate(err error) bool {
	var (
		bad   *tls.CertificateVerificationError
		alert tls.AlertError
	)
	return errors.As(err, &bad) || errors.As(err, &alert)
}

func (s *seam) settle(a answer, err error) {
	if err == nil {
		s.scheme.Store(a.scheme)
	}
}

// speaks is the scheme of the registry as far as it is known.
func (s *seam) speaks() string {
	scheme, _ := s.scheme.Load().(string)
	return scheme
}

// wantsTLS reports whether an answer to plain http may have come from a TLS
// server: net/http, nginx and Apache answer 400 (to HEAD without a word), others
// hang up or send an alert.
func wantsTLS(a answer, err error) bool {
	if err != nil {
		return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || strings.Contains(err.Error(), "malformed HTTP")
	}
	return a.status == http.StatusBadRequest
}

func (q question) request(scheme string, key key) *http.Request {
	u := q.url
	u.Scheme = scheme
	req := &http.Request{Method: q.method, URL: &u, Host: u.Host, Header: http.Header{"User-Agent": {userAgent}}}
	if len(q.accept) > 0 {
		req.Header["Accept"] = q.accept
	}
	if key.header != "" && !(key.private && scheme != "https") {
		req.Header.Set("Authorization", key.header)
	}
	return req
}
