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
)

var errWrites = errors.New("refused to send a request that could write")

// wire is the last stop before the network. Whatever the layers above do, only
// reading requests get past it, and all are counted and logged.
type wire struct {
	own   *road  // to the registry
	roads roads  // to the others
	host  string // the registry's, as it stands in addresses
	guard *guard
	meter *meter
	log   *slog.Logger
}

// newRoad keeps as many connections as requests may be under way: net/http
// keeps two per host and would open the others again each round.
func newRoad(host string, settings config.Host, g *guard, opts transportOptions) (*road, error) {
	p := opts.Timeouts
	tlsConfig, err := newTLS(settings, opts.CertDirs)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: p.Dial, ControlContext: g.control}
	opener := newOpener(dialer, addressOf(host), tlsConfig, p)
	return &road{opener: opener, Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: refusedByProxy,
		DialContext:            dialer.DialContext,
		DialTLSContext:         opener.dial,
		TLSClientConfig:        tlsConfig, // behind a proxy
		TLSHandshakeTimeout:    p.Dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           4 * opts.Concurrency,
		MaxIdleConnsPerHost:    opts.Concurrency,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true, // digests and sizes are of the bytes as stored
		// A connection that a sleep or a lost VPN has cut must not serve again.
		HTTP2: &http.HTTP2Config{SendPingTimeout: p.Dial, PingTimeout: p.Dial / 2},

		MaxResponseHeaderBytes: maxHeader,
	}}, nil
}

// closeIdle closes the connections that nobody uses.
func (w *wire) closeIdle() {
	w.own.closeIdle()
	w.roads.mu.Lock()
	defer w.roads.mu.Unlock()
	for _, r := range w.roads.byHost {
		r.closeIdle()
	}
}

// road is the one to the host of a request.
func (w *wire) road(host string) (*road, error) {
	if host == w.host {
		return w.own, nil
	}
	return w.roads.to(host)
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
	next, err := w.road(req.URL.Host)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	w.meter.begin()
	resp, err := next.RoundTrip(w.guard.mark(req, w.host))
	if err != nil {
		w.meter.end()
		err = discreet(throughProxy(req, err))
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
	if !w.log.Enabled(context.Background(), slog.LevelInfo) {
		return
	}
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
