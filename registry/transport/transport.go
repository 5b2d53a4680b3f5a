// Package transport sends the requests for one registry. It chooses http or
// https, logs in, retries, limits the rate and the size of responses, and
// removes secrets from errors. The parsing of manifests and the texts of errors are in
// package registry.
//
// # Logging in
//
// A registry says only in its answers which login or token it accepts. So a request is
// sent with a key, and with other keys as long as the answers lead to one (negotiation).
//
// A key is what a request shows to one host in its Authorization header: nothing, a login, or
// a token. What leads to a key is known for each place, which is a repository at the host
// that answers: the registry, or a host that the registry redirects to. Known are the
// last challenge and the last token.
//
// The first key answers the last challenge of the place. For a place of the registry that has
// sent none, it answers that of another repository, or that of an earlier run (the remembered
// endpoints). Such a presumed key may be wrong: if it is refused with 400, 401, 403 or 404, the
// request is sent without it, before the answer is believed. The token service of an earlier run
// gets only the logins that it got then (mayGet), until the registry names it again.
//
// A key is refused by 401, by 403, and by 400 if it is a token. The next key is the first one
// of these that the request has not had yet:
//
//  1. the second token, if the token service sent two
//  2. the answer to the challenge in the refusal, or else to the one before: a new token if
//     the refused one was stored, then the stored login, then the logins that the files and
//     helpers have now, then no login
//
// If a request without a key is refused without a challenge, which includes 404, the registry
// may send its challenge only for /v2/. If a list of repositories is sent to a request without
// a key, it may have more names for a login. In both cases /v2/ is requested once (greet).
//
// A refused token is dropped. So is a refused login: the next request looks it up again, and
// uses one that was renewed meanwhile. If a place accepts a request without the login that it has
// refused, it is read without the login for loginRefusedTime. If no key is accepted, the
// answer to the last login counts.
//
// A request is sent at most MaxTries times, with at most three logins. A place that has refused
// MaxRefusals logins and tokens in a row gets no other one until a new login is stored: it gets the
// one that it accepted last, or, if it never accepted one, no request. The registry and its
// token service get the login, over http only where the registry itself is read over http. A
// host behind a redirect gets an anonymous token of the token service that it names, over
// TLS, and nothing else.
package transport

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/credentials"
)

// Transport is the http.RoundTripper under regclient for one registry. It
// chooses http or https, logs in, follows redirects, retries, and reads each body
// to its end within limits. The request's context ends all of that.
//
// regclient gets either a response with status 200 or an empty 404: that is the
// one failure for which it neither waits, retries nor slows down later requests.
// The Exchange in the request's context has the true response.
type Transport struct {
	registry     string // its name in references
	host         string // its host in URLs
	pathPrefix   string // between /v2/ and the repository in URLs, "" for none
	roundTripper *roundTripper
	client       *http.Client
	auth         *authenticator
	timeouts     Timeouts
	retry        RetryPolicy
	scheme       atomic.Value // string; unset until the first response shows it

	endpoints     *EndpointFile
	remembered    *endpoint   // from endpoints; nil for none
	tlsRemembered atomic.Bool // the registry spoke TLS in an earlier run
	preconnected  sync.Once

	limiter  *limiter
	insecure insecureTransports
}

// New makes the transport for the registry of opts.Settings. It reads the
// certificates of the registry.
func New(opts Options) (*Transport, error) {
	settings := opts.Settings
	host := cmp.Or(settings.Hostname, settings.Name)
	if settings.Hostname == "" && settings.Name == model.DockerHub {
		host = config.DockerRegistryDNS
	}
	g := &ssrfGuard{}
	first, err := newHostTransport(host, settings, g, opts)
	if err != nil {
		return nil, err
	}
	g.local.Store(IsLoopback(host)) // connections to other hosts may be opened before that to the registry
	s := &Transport{
		registry: settings.Name, host: host, pathPrefix: settings.PathPrefix, timeouts: opts.Timeouts, retry: opts.Retry,
		endpoints: &EndpointFile{},
		limiter:   newLimiter(settings.Name, opts.Concurrency, opts.Retry, opts.Meter),
	}
	others := func(host string) (*hostTransport, error) {
		return newHostTransport(host, hostSettings(opts.Credentials, host), g, opts)
	}
	s.roundTripper = &roundTripper{
		registry: first, others: hostTransports{newTransport: others}, host: host, guard: g, meter: opts.Meter, log: opts.Log,
	}
	s.client = &http.Client{Transport: s.roundTripper, CheckRedirect: checkRedirect}
	if opts.Wrap != nil {
		s.client.Transport = opts.Wrap(s.roundTripper)
	}
	s.auth = &authenticator{transport: s, credentials: opts.Credentials, places: map[place]access{}, stored: map[loginAt]bool{}}
	switch {
	case settings.TLS == config.TLSDisabled:
		s.scheme.Store("http")
	case settings.TLS == config.TLSInsecure || s.registry == model.DockerHub || opts.RequireTLS,
		!opts.PlainHTTP && !IsLoopback(s.registry): // other registries may use either, see sendOverScheme
		s.scheme.Store("https")
	}
	if settings.TLS != config.TLSDisabled && settings.TLS != config.TLSInsecure {
		s.loadRemembered(opts.Remembered)
		if s.registry != model.DockerHub {
			s.insecure.options = opts
		}
	}
	return s, nil
}

// CloseIdleConnections closes the connections that no request uses.
func (tr *Transport) CloseIdleConnections() {
	tr.roundTripper.closeIdle()
	tr.insecure.closeIdle()
}

// Timeouts returns the timeouts of the next requests.
func (tr *Transport) Timeouts() Timeouts { return tr.timeouts }

// SetTimeouts changes the timeouts of later requests. No request may run meanwhile.
func (tr *Transport) SetTimeouts(t Timeouts) { tr.timeouts = t }

// LoginError returns why a login could not be looked up before the last refusal, nil if it
// could.
func (tr *Transport) LoginError() error {
	if err := tr.insecure.loginError(); err != nil {
		return err
	}
	tr.auth.mu.Lock()
	defer tr.auth.mu.Unlock()
	if _, ok := errors.AsType[*credentials.NoLoginError](tr.auth.lookupErr); ok && tr.auth.fileErr != nil {
		return tr.auth.fileErr // which may have the login
	}
	return cmp.Or(tr.auth.lookupErr, tr.auth.fileErr)
}

// RequiresLogin reports whether the registry has asked for a login or a token.
func (tr *Transport) RequiresLogin() bool {
	tr.auth.mu.Lock()
	defer tr.auth.mu.Unlock()
	return tr.auth.last != nil
}

// roundTrip is RoundTrip without the fallback for insecure registries.
func (tr *Transport) roundTrip(req *http.Request) (*http.Response, error) {
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
	q.part = c.Range
	if c.Query != nil {
		q.url.RawQuery = c.Query.Encode()
	}
	q.url.Path += c.SubPath
	c.Response, c.Err = tr.sendWithRetries(req.Context(), q)
	if c.Err == nil {
		c.Err = checkManifest(q, c.Response.Body)
	}
	if c.Err != nil || c.Response.Status != http.StatusOK {
		return &http.Response{ //nolint:nilerr // the exchange has the error
			Status: "404 Not Found", StatusCode: http.StatusNotFound, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, Request: req,
		}, nil
	}
	return c.Response.forRegclient(req), nil
}

// checkedSize is the size in bytes from which a manifest is checked before it is
// parsed: millions of empty entries take a hundred times their size in memory.
const checkedSize = 256 << 10

// checkManifest checks a large manifest before regclient parses it.
func checkManifest(q request, body []byte) error {
	if len(body) <= checkedSize || !strings.Contains(q.url.Path, "/manifests/") || !model.LooksLikeJSON(body) {
		return nil
	}
	if err := model.CheckJSON(body); err != nil {
		return &MalformedError{err}
	}
	return nil
}

// sendWithRetries sends a request as often as the retry policy allows.
func (tr *Transport) sendWithRetries(ctx context.Context, q request) (Response, error) {
	for try := 1; ; try++ {
		a, err := tr.sendWithAuth(ctx, q)
		wait, retry := tr.retry.shouldRetry(try, a, err)
		if !retry || ctx.Err() != nil || tr.limiter.exhausted() {
			return a, err
		}
		select {
		case <-ctx.Done():
			return Response{}, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// sendWithAuth sends a request, and sends it again with another key as long as the answers
// lead to one.
func (tr *Transport) sendWithAuth(ctx context.Context, q request) (Response, error) {
	tr.preconnect()
	n := tr.auth.negotiate(q)
	more, err := n.start(ctx)
	for more && err == nil {
		var a Response
		if a, err = tr.sendOverScheme(ctx, q, n.keys); err != nil {
			n.best = outcome{response: a}
			break
		}
		more, err = n.next(ctx, a)
	}
	a, err := n.end(err)
	if err == nil {
		tr.rememberResponse(q, a, n.keys[tr.host])
	}
	return a, err
}

// DefaultConcurrency lets two images of 16 platforms each be read in three
// rounds. More is not faster: measured at 20 ms, 500 at once are as fast as 64.
const DefaultConcurrency = 64

// Options of a Transport.
type Options struct {
	// Settings of the registry: its name, and the settings of regctl for it.
	Settings config.Host
	// Credentials are the logins, and regctl's settings for other hosts.
	Credentials *credentials.Keychain
	// Remembered has the token service and the blob host from earlier runs.
	Remembered *EndpointFile
	// Meter counts the requests and keeps the rate limits.
	Meter *Meter
	// Warn gets a line where a registry is read without TLS; it may be nil.
	Warn func(string)
	// Log gets one record per request.
	Log *slog.Logger
	// Dial, unless nil, opens the connections in place of a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Wrap, unless nil, wraps the round tripper that sends requests to the network.
	Wrap func(http.RoundTripper) http.RoundTripper

	PlainHTTP   bool // http is allowed for every registry but Docker Hub; loopback hosts may use it always
	RequireTLS  bool // http is not allowed, also not for loopback hosts
	Concurrency int  // requests at once
	CertDirs    []string
	Timeouts    Timeouts
	Retry       RetryPolicy
}
