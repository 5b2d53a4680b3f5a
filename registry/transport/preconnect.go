package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model/panics"
)

// preconnector opens the TLS connections of a hostTransport, some of them in
// advance: a handshake takes as long as two requests.
type preconnector struct {
	dialTCP  dialFunc
	own      string // the address that tls is for
	tls      *tls.Config
	timeouts Timeouts

	mu      sync.Mutex
	pending map[string]*pendingConn // by address
}

// pendingConn is a connection that was opened in advance.
type pendingConn struct {
	done chan struct{} // closed when conn and err are set
	conn net.Conn
	err  error
}

// dialFunc opens a connection, as net.Dialer does.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// newPreconnector makes a preconnector for the address own. protocols are the names of those of HTTP
// that it offers to the server, those of net/http if there are none.
func newPreconnector(dialTCP dialFunc, own string, config *tls.Config, t Timeouts, protocols ...string) *preconnector {
	config = config.Clone()
	config.NextProtos = protocols
	if len(protocols) == 0 {
		config.NextProtos = []string{"h2", "http/1.1"} // http.Transport adds them only to its own copy
	}
	return &preconnector{dialTCP: dialTCP, own: own, tls: config, timeouts: t, pending: map[string]*pendingConn{}}
}

// open opens a connection to address in advance. The connection uses the values
// of ctx and outlives it.
func (p *preconnector) open(ctx context.Context, address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pending[address] != nil {
		return
	}
	e := &pendingConn{done: make(chan struct{})}
	p.pending[address] = e
	ctx = context.WithoutCancel(ctx)
	panics.Go(func() {
		e.conn, e.err = p.connect(ctx, address)
		close(e.done)
		time.AfterFunc(p.timeouts.Preconnect, func() {
			if p.take(address, e) != nil {
				e.close()
			}
		})
	})
}

// take removes and returns the connection to address, if there is one and if it is only;
// a nil only means any.
func (p *preconnector) take(address string, only *pendingConn) *pendingConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.pending[address]
	if only != nil && e != only {
		return nil
	}
	delete(p.pending, address)
	return e
}

// closeAll closes all connections that were not used.
func (p *preconnector) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.pending {
		panics.Go(e.close)
	}
	clear(p.pending)
}

// close closes a connection that was not used.
func (c *pendingConn) close() {
	<-c.done
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// dial is a transport's DialTLSContext.
func (p *preconnector) dial(ctx context.Context, _, address string) (net.Conn, error) {
	e := p.take(address, nil)
	if e == nil {
		return p.connect(ctx, address)
	}
	select {
	case <-ctx.Done():
		panics.Go(e.close)
		return nil, ctx.Err()
	case <-e.done:
	}
	if errors.Is(e.err, ErrLocalAddress) { // it was opened before the registry's own connection showed that it is local too
		return p.connect(ctx, address)
	}
	return e.conn, e.err
}

func (p *preconnector) connect(ctx context.Context, address string) (net.Conn, error) {
	raw, err := p.dialTCP(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	config := p.tls.Clone()
	if address != p.own { // that of a proxy, for which http.Transport uses HTTP/1
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.ServerName, _, err = net.SplitHostPort(address)
	conn := tls.Client(raw, config)
	if err == nil {
		err = raw.SetDeadline(time.Now().Add(p.timeouts.Dial))
	}
	if err == nil {
		err = conn.HandshakeContext(ctx)
	}
	if err == nil {
		err = raw.SetDeadline(time.Time{})
	}
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// preconnect opens connections to hosts that later requests need.
func (rt *roundTripper) preconnect(hosts ...string) {
	for _, host := range hosts {
		req := (&http.Request{URL: &url.URL{Scheme: "https", Host: host}}).WithContext(context.Background())
		if proxy, err := http.ProxyFromEnvironment(req); host == "" || err != nil || proxy != nil {
			continue // http.Transport connects to proxies
		}
		if next, err := rt.transportFor(host); err == nil {
			next.preconnector.open(rt.guard.markForeign(req, rt.host).Context(), dialAddress(host))
		}
	}
}
