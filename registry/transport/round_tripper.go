package transport

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// roundTripper sends requests to the network, each over the transport for its
// host. It refuses requests that could write, and counts and logs all others.
type roundTripper struct {
	registry *hostTransport // for the registry
	others   hostTransports // for other hosts
	host     string         // of the registry
	guard    *ssrfGuard
	meter    *Meter
	log      *slog.Logger
}

// closeIdle closes the connections that no request uses.
func (rt *roundTripper) closeIdle() {
	rt.registry.closeIdle()
	rt.others.mu.Lock()
	defer rt.others.mu.Unlock()
	for _, r := range rt.others.byHost {
		r.closeIdle()
	}
}

// transportFor is the transport for the host of a request.
func (rt *roundTripper) transportFor(host string) (*hostTransport, error) {
	if host == rt.host {
		return rt.registry, nil
	}
	return rt.others.get(host)
}

func (rt *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if !isReadOnly(req) {
		return nil, errNotReadOnly
	}
	next, err := rt.transportFor(req.URL.Host)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	rt.meter.begin()
	resp, err := next.RoundTrip(rt.guard.markForeign(req, rt.host))
	if err != nil {
		rt.meter.end()
		err = explainHTTPError(redactURLs(asProxyError(req, err)), req)
		rt.logRequest(req, "error", err.Error(), "ms", time.Since(start).Milliseconds())
		return nil, err
	}
	resp.Body = &countedBody{ReadCloser: resp.Body, meter: rt.meter, finish: func(n int64) {
		rt.meter.end()
		rt.logRequest(req, "status", resp.StatusCode, "bytes", n, "ms", time.Since(start).Milliseconds(), "proto", resp.Proto)
	}}
	return resp, nil
}

// logRequest logs a request without its query: signed URLs have secrets there.
func (rt *roundTripper) logRequest(req *http.Request, what ...any) {
	u := *req.URL
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	rt.log.Info("request", append([]any{"method", req.Method, "url", u.String()}, what...)...)
}

// countedBody ends its request when it is read to the end or closed.
type countedBody struct {
	io.ReadCloser
	meter  *Meter
	n      int64
	once   sync.Once
	finish func(n int64)
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	b.meter.received(n)
	if err != nil {
		b.once.Do(func() { b.finish(b.n) })
	}
	return n, err
}

func (b *countedBody) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(func() { b.finish(b.n) })
	return err
}

// errNotReadOnly is the error of a request that could write.
var errNotReadOnly = errors.New("request that could write refused")

// tokenRequestKey marks the context of a request to a token service.
type tokenRequestKey struct{}

// isReadOnly reports whether a request can only read. Trading a refresh token for
// an access token takes a POST (docker's token protocol, "oauth2"); it goes to
// the token service, which may be below /v2/, and never to a repository.
func isReadOnly(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		scope, _ := scopeAndLimit(req.URL.Path)
		return req.Context().Value(tokenRequestKey{}) != nil && scope == ""
	}
	return false
}

// Meter adds up the traffic of all registries.
type Meter struct {
	mu    sync.Mutex
	sum   model.Traffic
	since time.Time // start of the present busy time
}

// NewMeter makes a meter at zero.
func NewMeter() *Meter { return &Meter{} }

func (m *Meter) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum.InFlight == 0 {
		m.since = time.Now()
	}
	m.sum.InFlight++
	m.sum.Requests++
}

func (m *Meter) received(n int) {
	m.mu.Lock()
	m.sum.Bytes += int64(n)
	m.mu.Unlock()
}

func (m *Meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum.InFlight--; m.sum.InFlight == 0 {
		m.sum.Busy += time.Since(m.since)
	}
}

// setPause records that requests to a host wait.
func (m *Meter) setPause(p model.Pause) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.Until.After(m.sum.Pause.Until) {
		m.sum.Pause = p
	}
}

// setQuota records the rate limit of a host.
func (m *Meter) setQuota(q model.Quota) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Quota = q
}

// Traffic returns the sum so far.
func (m *Meter) Traffic() model.Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.sum.Pause.Until.After(time.Now()) {
		m.sum.Pause = model.Pause{}
	}
	t := m.sum
	if t.InFlight > 0 {
		t.Busy += time.Since(m.since)
	}
	return t
}
