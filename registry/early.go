package registry

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

// opener makes a transport's TLS connections, some of them before they are
// wanted: a handshake takes as long as two requests.
type opener struct {
	dialer   *net.Dialer
	own      string // the address that tls is for
	tls      *tls.Config
	timeouts timeouts

	mu    sync.Mutex
	early map[string]*early // by address
}

// early is a connection that waits to be taken.
type early struct {
	done chan struct{} // closed when conn and err are set
	conn net.Conn
	err  error
}

func newOpener(dialer *net.Dialer, own string, config *tls.Config, t timeouts) *opener {
	config = config.Clone()
	config.NextProtos = []string{"h2", "http/1.1"} // the transport adds them to its own copy alone
	return &opener{dialer: dialer, own: own, tls: config, timeouts: t, early: map[string]*early{}}
}

// open begins a connection to address for whoever dials it first. ctx gives
// its values and does not end it.
func (o *opener) open(ctx context.Context, address string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.early[address] != nil {
		return
	}
	e := &early{done: make(chan struct{})}
	o.early[address] = e
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer panics.Catch()
		e.conn, e.err = o.connect(ctx, address)
		close(e.done)
		time.AfterFunc(o.timeouts.Preconnect, func() {
			if o.take(address, e) {
				e.drop()
			}
		})
	}()
}

// take removes e, and reports whether it was still there to be removed.
func (o *opener) take(address string, e *early) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e == nil || o.early[address] != e {
		return false
	}
	delete(o.early, address)
	return true
}

func (o *opener) waiting(address string) *early {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.early[address]
}

// drop lets go of all connections that wait.
func (o *opener) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.early {
		go func() {
			defer panics.Catch()
			e.drop()
		}()
	}
	clear(o.early)
}

// drop closes a connection that nobody wants.
func (e *early) drop() {
	<-e.done
	if e.conn != nil {
		_ = e.conn.Close()
	}
}

// dial is a transport's DialTLSContext.
func (o *opener) dial(ctx context.Context, _, address string) (net.Conn, error) {
	e := o.waiting(address)
	if !o.take(address, e) {
		return o.connect(ctx, address)
	}
	select {
	case <-ctx.Done():
		go func() {
			defer panics.Catch()
			e.drop()
		}()
		return nil, ctx.Err()
	case <-e.done:
	}
	if errors.Is(e.err, errNearby) { // it came before the registry's own showed that this is all right
		return o.connect(ctx, address)
	}
	return e.conn, e.err
}

func (o *opener) connect(ctx context.Context, address string) (net.Conn, error) {
	raw, err := o.dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	config := o.tls.Clone()
	if address != o.own { // a proxy's, to which the transport speaks HTTP/1
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.ServerName, _, err = net.SplitHostPort(address)
	conn := tls.Client(raw, config)
	if err == nil {
		err = raw.SetDeadline(time.Now().Add(o.timeouts.Dial))
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

// openEarly begins connections to hosts that the coming requests will want.
func (w *wire) openEarly(hosts ...string) {
	for _, host := range hosts {
		req := (&http.Request{URL: &url.URL{Scheme: "https", Host: host}}).WithContext(context.Background())
		if proxy, err := http.ProxyFromEnvironment(req); host == "" || err != nil || proxy != nil {
			continue // a proxy's connections are the transport's business
		}
		if next, err := w.road(host); err == nil {
			next.opener.open(w.guard.mark(req, w.host).Context(), addressOf(host))
		}
	}
}
