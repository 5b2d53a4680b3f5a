package transport

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
)

// Transport is the transport under regclient for one registry. It chooses http or
// https, logs in, follows redirects, tries again, and reads each body whole
// within bounds, all ended by the request's context.
//
// regclient sees either a good answer or an empty 404: that is the one failure
// for which it neither waits, retries nor slows down later requests. What
// really happened is in the call.
type Transport struct {
	registry     string // as references name the registry
	host         string // as its address is
	roundTripper *roundTripper
	client       *http.Client
	auth         *authenticator
	timeouts     Timeouts
	retry        RetryPolicy
	scheme       atomic.Value // string; unset while the first answer must tell

	endpoints     *EndpointFile
	remembered    *endpoint   // from it, nil for none
	tlsRemembered atomic.Bool // it spoke TLS in an earlier run
	preconnected  sync.Once

	limiter *limiter
}

func New(opts Options) (*Transport, error) {
	settings := opts.Settings
	own := settings.Hostname
	if own == "" && settings.Name == model.DockerHub {
		own = config.DockerRegistryDNS
	} else if own == "" {
		own = settings.Name
	}
	g := &ssrfGuard{}
	first, err := newHostTransport(own, settings, g, opts)
	if err != nil {
		return nil, err
	}
	g.local.Store(isLoopback(own)) // connections elsewhere may be opened before its own
	s := &Transport{
		registry: settings.Name, host: own, timeouts: opts.Timeouts, retry: opts.Retry, endpoints: &EndpointFile{},
		limiter: newLimiter(settings.Name, opts.Concurrency, opts.Retry, opts.Meter),
	}
	others := func(host string) (*hostTransport, error) {
		return newHostTransport(host, hostSettings(opts.Credentials, host), g, opts)
	}
	s.roundTripper = &roundTripper{registry: first, others: hostTransports{newTransport: others}, host: own, guard: g, meter: opts.Meter, log: opts.Log}
	s.client = &http.Client{Transport: s.roundTripper, CheckRedirect: checkRedirect}
	if opts.Wrap != nil {
		s.client.Transport = opts.Wrap(s.roundTripper)
	}
	s.auth = newAuthenticator(s, opts.Credentials)
	switch {
	case settings.TLS == config.TLSDisabled:
		s.scheme.Store("http")
	case settings.TLS == config.TLSInsecure || s.registry == model.DockerHub || opts.RequireTLS:
		s.scheme.Store("https")
	case opts.PlainHTTP || isLoopback(s.registry): // see send
	default:
		s.scheme.Store("https")
	}
	if settings.TLS != config.TLSDisabled && settings.TLS != config.TLSInsecure {
		s.loadRemembered(opts.Remembered)
	}
	return s, nil
}

// CloseIdleConnections closes the connections that no request uses.
func (s *Transport) CloseIdleConnections() { s.roundTripper.closeIdle() }

// Timeouts are the timeouts of the next requests.
func (s *Transport) Timeouts() Timeouts { return s.timeouts }

// SetTimeouts changes the timeouts of later requests.
func (s *Transport) SetTimeouts(t Timeouts) { s.timeouts = t }

// LoginError is why a login could not be looked up, nil if it could.
func (s *Transport) LoginError() error { return s.auth.loginError() }

// RequiresLogin reports whether the registry has asked for a login or a token.
func (s *Transport) RequiresLogin() bool { return s.auth.hasChallenge() }

// RoundTrip serves regclient.
func (s *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	c := exchangeOf(req.Context())
	if c == nil || (req.Method != http.MethodGet && req.Method != http.MethodHead) || req.Body != nil && req.Body != http.NoBody {
		return nil, errNotReadOnly
	}
	q := request{method: req.Method, url: *req.URL, accept: req.Header.Values("Accept")}
	q.scope, q.limit = scopeAndLimit(q.url.Path)
	if c.Accept != nil {
		q.accept = c.Accept
	}
	if c.Limit > 0 {
		q.limit = c.Limit
	}
	if c.Query != nil {
		q.url.RawQuery = c.Query.Encode()
	}
	c.Response, c.Err = s.sendWithRetries(req.Context(), q)
	if c.Err == nil && len(c.Response.Body) > checkedSize && strings.Contains(q.url.Path, "/manifests/") && model.LooksLikeJSON(c.Response.Body) {
		if err := model.CheckJSON(c.Response.Body); err != nil { // before regclient parses it
			c.Err = &MalformedError{err}
		}
	}
	if c.Err != nil || c.Response.Status != http.StatusOK {
		return &http.Response{
			Status: "404 Not Found", StatusCode: http.StatusNotFound, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, Request: req,
		}, nil
	}
	return c.Response.forRegclient(req), nil
}

// checkedSize is from how many bytes on a manifest is looked over before
// anybody parses it: millions of empty entries take a hundred times their size.
const checkedSize = 256 << 10

// sendWithRetries asks until there is an answer that waiting will not change.
func (s *Transport) sendWithRetries(ctx context.Context, q request) (Response, error) {
	for try := 1; ; try++ {
		a, err := s.sendWithAuth(ctx, q)
		wait, again := s.retry.shouldRetry(try, a, err)
		if !again || ctx.Err() != nil || s.limiter.exhausted() {
			return a, err
		}
		if err := sleep(ctx, wait); err != nil {
			return Response{}, err
		}
	}
}

// sendWithAuth asks once, and a second time with a login if that is wanted.
func (s *Transport) sendWithAuth(ctx context.Context, q request) (Response, error) {
	s.preconnect()
	k, supposed, err := s.auth.preemptive(ctx, q.scope)
	if err != nil {
		return Response{}, err
	}
	a, err := s.sendOverScheme(ctx, q, k)
	if err == nil && s.auth.rejected(supposed, a.Status) {
		k = authorization{}
		a, err = s.sendOverScheme(ctx, q, k)
	}
	// A host that the registry redirected to may not say who gets the login.
	if err == nil && a.Status == http.StatusUnauthorized && a.RedirectedTo == "" {
		next, errKey := s.auth.answerChallenge(ctx, a.Header.Values("WWW-Authenticate"), q.scope, k)
		if errKey != nil || next.header == "" {
			return a, errKey
		}
		a, err = s.sendOverScheme(ctx, q, next)
	}
	if err == nil {
		s.rememberResponse(q, a)
	}
	return a, err
}
