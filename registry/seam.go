package registry

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/regclient/regclient/config"
)

// Bounds on bodies, in bytes. Registries take manifests of up to 4 MiB
// (distribution's maxManifestBodySize); the largest config seen in the wild is
// below 1 MiB; 16 MiB hold a million tags.
const (
	maxManifest = 8 << 20
	maxConfig   = 8 << 20
	maxList     = 16 << 20
	maxToken    = 1 << 20
	maxProblem  = 64 << 10 // of an error's body; the rest is not read
)

const maxRedirects = 5

var (
	errSilent   = errors.New("no sign of life")
	errSlow     = errors.New("too slow")
	errTooLarge = errors.New("too large")
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
	client   *http.Client
	auth     *authority
	patience patience
	maybe    bool         // may speak plain http: found out by the first answer
	scheme   atomic.Value // string, once it is known

	mu    sync.Mutex
	quiet time.Time // no request before: the registry asked for a pause
}

func newSeam(c *Client, settings config.Host) (*seam, error) {
	transport, err := newTransport(settings, c.patience, c.opts.CertDirs, c.opts.Concurrency)
	if err != nil {
		return nil, err
	}
	s := &seam{host: settings.Name, patience: c.patience}
	s.client = &http.Client{
		Transport:     &wire{next: transport, meter: c.meter, log: c.opts.Log},
		CheckRedirect: checkRedirect,
	}
	s.auth = newAuthority(s, c.keys)
	switch {
	case settings.TLS == config.TLSDisabled:
		s.scheme.Store("http")
	case settings.TLS == config.TLSInsecure || s.host == dockerHub:
		s.scheme.Store("https")
	case c.opts.PlainHTTP || isLoopback(s.host):
		s.maybe = true
	default:
		s.scheme.Store("https")
	}
	return s, nil
}

// question is a request as the seam sends it, perhaps more than once.
type question struct {
	method string
	url    url.URL
	accept []string
	scope  string // of the token that it takes
	limit  int64  // bytes of body
}

// answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   []byte
	scheme string // spoken in the end
	login  string // whose login was sent along, "" for none
}

// RoundTrip serves regclient.
func (s *seam) RoundTrip(req *http.Request) (*http.Response, error) {
	c := callOf(req.Context())
	if c == nil || (req.Method != http.MethodGet && req.Method != http.MethodHead) || req.Body != nil && req.Body != http.NoBody {
		return nil, errWrites
	}
	q := question{method: req.Method, url: *req.URL, accept: req.Header.Values("Accept")}
	q.scope, q.limit = purpose(q.url.Path)
	if c.query != nil {
		q.url.RawQuery = c.query.Encode()
	}
	c.answer, c.err = s.exchange(req.Context(), q)
	if c.err != nil || c.answer.status != http.StatusOK {
		return &http.Response{
			Status: "404 Not Found", StatusCode: http.StatusNotFound, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: http.NoBody, Request: req,
		}, nil
	}
	return c.answer.response(req), nil
}

// purpose tells from a path what token and how large a body to expect.
func purpose(path string) (scope string, limit int64) {
	rest := strings.TrimPrefix(path, "/v2/")
	if rest == "_catalog" {
		return "registry:catalog:*", maxList
	}
	for part, limit := range map[string]int64{"/tags/list": maxList, "/manifests/": maxManifest, "/blobs/": maxConfig} {
		if i := strings.LastIndex(rest, part); i > 0 {
			return "repository:" + rest[:i] + ":pull", limit
		}
	}
	return "", maxProblem
}

// exchange asks until there is an answer that waiting will not change.
func (s *seam) exchange(ctx context.Context, q question) (answer, error) {
	for try := 1; ; try++ {
		if err := s.holdBack(ctx); err != nil {
			return answer{}, err
		}
		a, err := s.attempt(ctx, q)
		wait, again := s.patience.again(try, a, err)
		if !again || ctx.Err() != nil {
			return a, err
		}
		if a.status == http.StatusTooManyRequests {
			s.holdAll(wait)
		}
		if err := sleep(ctx, wait); err != nil {
			return answer{}, err
		}
	}
}

// holdAll keeps all requests to the registry back: those under way at once
// would all be told the same.
func (s *seam) holdAll(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until := time.Now().Add(d); until.After(s.quiet) {
		s.quiet = until
	}
}

func (s *seam) holdBack(ctx context.Context) error {
	s.mu.Lock()
	wait := time.Until(s.quiet)
	s.mu.Unlock()
	return sleep(ctx, wait)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// again says whether to ask once more, and when. Timeouts are not repeated:
// the person has waited once.
func (p patience) again(try int, a answer, err error) (time.Duration, bool) {
	var token *tokenError
	if errors.As(err, &token) {
		a, err = token.answer, token.err
	}
	if try >= p.tries {
		return 0, false
	}
	wait := p.pause << (try - 1)
	if err != nil {
		cut := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
		return wait, cut
	}
	switch a.status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if asked, ok := retryAfter(a.header, time.Now()); ok {
			wait = max(asked, wait)
		}
		return wait, wait <= p.longest
	}
	return 0, false
}

// retryAfter reads the header of that name: seconds or a date (RFC 9110).
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(now), 0), true
	}
	return 0, false
}

// attempt asks once, and a second time with a login if that is wanted.
func (s *seam) attempt(ctx context.Context, q question) (answer, error) {
	key, err := s.auth.known(ctx, q.scope)
	if err != nil {
		return answer{}, err
	}
	a, err := s.send(ctx, q, key)
	if err != nil || a.status != http.StatusUnauthorized {
		return a, err
	}
	key, err = s.auth.answer(ctx, a.header.Values("WWW-Authenticate"), q.scope, key)
	if err != nil || key.header == "" {
		return a, err
	}
	return s.send(ctx, q, key)
}

// send settles the scheme with the first answer. Plain http goes first where
// it is allowed: a TLS server refuses it at once, whereas a plain server may
// wait for the end of a line that a TLS greeting does not have. Nothing is
// given away: logins are sent only after an answer asked for one.
func (s *seam) send(ctx context.Context, q question, key key) (answer, error) {
	if scheme, ok := s.scheme.Load().(string); ok {
		return s.fetch(ctx, q.request(scheme, key), q.limit, key)
	}
	a, err := s.fetch(ctx, q.request("http", key), q.limit, key)
	if !wantsTLS(a, err) {
		s.settle(a, err)
		return a, err
	}
	b, errTLS := s.fetch(ctx, q.request("https", key), q.limit, key)
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
	if key.header != "" {
		req.Header.Set("Authorization", key.header)
	}
	return req
}

// fetch sends one request and reads the body whole, so that the connection can
// be used again. It ends when ctx does, when the server is silent too long or
// slow in all, and when the body is larger than limit.
func (s *seam) fetch(parent context.Context, req *http.Request, limit int64, key key) (answer, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	silence := time.AfterFunc(s.patience.silence, func() { cancel(errSilent) })
	defer silence.Stop()
	defer time.AfterFunc(s.patience.whole, func() { cancel(errSlow) }).Stop()

	resp, err := s.client.Do(req.WithContext(ctx))
	if err != nil {
		return answer{}, cause(parent, ctx, err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header, scheme: resp.Request.URL.Scheme, login: key.login}
	if resp.StatusCode != http.StatusOK {
		a.body, err = readSome(resp.Body, maxProblem)
	} else {
		alive := func() { silence.Reset(s.patience.silence) }
		a.body, err = readWhole(resp, limit, alive)
	}
	if err != nil {
		return a, cause(parent, ctx, err)
	}
	return a, nil
}

// cause prefers the reason why ctx was cancelled to what that led to.
func cause(parent, ctx context.Context, err error) error {
	if parent.Err() != nil {
		return parent.Err()
	}
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}

func readWhole(resp *http.Response, limit int64, alive func()) ([]byte, error) {
	if resp.Request.Method == http.MethodHead {
		return nil, nil
	}
	if resp.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes", errTooLarge, resp.ContentLength)
	}
	var b bytes.Buffer
	b.Grow(int(max(resp.ContentLength, 0)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(watched{resp.Body, alive}, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%w: more than %d bytes", errTooLarge, limit)
	}
	return b.Bytes(), err
}

// readSome reads the start of an error's body; that it is cut does not matter.
func readSome(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return b, err
}

type watched struct {
	io.Reader
	alive func()
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.alive()
	}
	return n, err
}

// checkRedirect follows a few redirects and takes no login to another address.
func checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return errors.New("too many redirects")
	case last.URL.Scheme == "https" && req.URL.Scheme != "https":
		return errors.New("redirect from https to http refused")
	case req.Method == http.MethodPost || last.Method == http.MethodPost:
		return errors.New("redirect of a login refused")
	}
	if req.URL.Host != via[0].URL.Host {
		req.Header.Del("Authorization")
	}
	return nil
}

// response is the answer as regclient gets it: without Link, which it would
// follow by itself and without end, and with a media type that it knows.
func (a answer) response(req *http.Request) *http.Response {
	h := a.header.Clone()
	for _, name := range []string{"Link", "Retry-After", "Warning", "WWW-Authenticate"} {
		h.Del(name)
	}
	resp := &http.Response{
		Status: "200 OK", StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: http.NoBody, Request: req,
	}
	if req.Method == http.MethodGet {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
		if !strings.Contains(h.Get("Content-Type"), "application/vnd.") && looksLikeJSON(a.body) {
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

func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '{'
}

// isHTML reports whether a server sent a web page.
func (a answer) isHTML() bool {
	t, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	return t == "text/html" || bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(a.body)), []byte("<!doctype html")) ||
		bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(a.body)), []byte("<html"))
}
