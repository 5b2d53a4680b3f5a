package registry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
)

// patience is how long a server may take.
type patience struct {
	dial    time.Duration // to accept a connection
	silence time.Duration // between two signs of life
	whole   time.Duration // for one request in all
	tries   int           // per request, when the trouble is of the passing kind
	pause   time.Duration // before the second try, doubled for each more
	longest time.Duration // Retry-After that is waited for; a longer one is told
}

// usualPatience is a person's: registries that fetch from another one first
// are silent for up to 20 s, and nobody waits two minutes for a manifest.
var usualPatience = patience{
	dial: 10 * time.Second, silence: 30 * time.Second, whole: 2 * time.Minute,
	tries: 3, pause: 250 * time.Millisecond, longest: 5 * time.Second,
}

var errWrites = errors.New("refused to send a request that could write")

// wire is the last stop before the network. Whatever the layers above do, only
// reading requests get past it, and all are counted and logged.
type wire struct {
	next  http.RoundTripper
	meter *meter
	log   *slog.Logger
}

// newTransport keeps as many connections as requests may be under way:
// net/http keeps two per host and would open the others again each round.
func newTransport(settings config.Host, p patience, certDirs []string, concurrency int) (*http.Transport, error) {
	tlsConfig, err := newTLS(settings, certDirs)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: p.dial}).DialContext,
		TLSClientConfig:       tlsConfig,
		TLSHandshakeTimeout:   p.dial,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          4 * concurrency,
		MaxIdleConnsPerHost:   concurrency,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true, // digests and sizes are of the bytes as stored
	}, nil
}

type tokenKey struct{}

// reads reports whether a request can only read. Trading a refresh token for
// an access token takes a POST (docker's token protocol, "oauth2"); it goes to
// the token service and never below /v2/.
func reads(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		return req.Context().Value(tokenKey{}) != nil && !strings.HasPrefix(req.URL.Path, "/v2/")
	}
	return false
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if !reads(req) {
		return nil, errWrites
	}
	start := time.Now()
	w.meter.begin()
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		w.meter.end()
		w.trace(req, "error", err.Error(), "ms", time.Since(start).Milliseconds())
		return nil, err
	}
	resp.Body = &countedBody{ReadCloser: resp.Body, meter: w.meter, finish: func(n int64) {
		w.meter.end()
		w.trace(req, "status", resp.StatusCode, "bytes", n, "ms", time.Since(start).Milliseconds(), "proto", resp.Proto)
	}}
	return resp, nil
}

// trace logs a request without its query: signed addresses carry secrets there.
func (w *wire) trace(req *http.Request, what ...any) {
	u := *req.URL
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	w.log.Log(context.Background(), slog.LevelInfo, "request", append([]any{"method", req.Method, "url", u.String()}, what...)...)
}

// countedBody ends its request when it is read to the end or closed.
type countedBody struct {
	io.ReadCloser
	meter  *meter
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

// meter adds up what requests cost.
type meter struct {
	mu    sync.Mutex
	sum   model.Traffic
	since time.Time // start of the present busy time
}

func newMeter() *meter { return &meter{} }

func (m *meter) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum.InFlight == 0 {
		m.since = time.Now()
	}
	m.sum.InFlight++
	m.sum.Requests++
}

func (m *meter) received(n int) {
	m.mu.Lock()
	m.sum.Bytes += int64(n)
	m.mu.Unlock()
}

func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum.InFlight--; m.sum.InFlight == 0 {
		m.sum.Busy += time.Since(m.since)
	}
}

func (m *meter) traffic() model.Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.sum
	if t.InFlight > 0 {
		t.Busy += time.Since(m.since)
	}
	return t
}
