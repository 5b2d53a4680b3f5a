package registry

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/regclient/regclient"
	"github.com/regclient/regclient/config"
	"github.com/regclient/regclient/scheme/reg"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/transport"
)

const (
	noLimit = 1 << 20 // requests at once, as far as regclient knows
)

// host is one registry: a regclient of its own on a seam of its own, so that
// settings of one registry (TLS above all) never leak to another.
type host struct {
	name        string
	rc          *regclient.RegClient
	transport   *transport.Transport
	credentials *credentials.Keychain
	err         error // why it cannot be asked at all: its certificates are unreadable
	// staleCertificates is set when its certificates did not do: the next call reads them
	// anew, since the person may have put one there.
	staleCertificates atomic.Bool
}

// host returns the one host of a name. It reads the TLS settings the first
// time and so belongs on a command's goroutine.
func (c *Client) host(name string) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, ok := c.hosts[name]; ok && h.err == nil && !h.staleCertificates.Load() {
		return h
	}
	c.hosts[name].closeIdle() // its requests come over others now
	settings := c.credentials.HostSettings(name)
	h := &host{name: name, credentials: c.credentials}
	opts := c.transport
	opts.Settings = settings
	h.transport, h.err = transport.New(opts)
	if h.err == nil {
		h.rc = newRegclient(settings, h.transport)
	}
	c.hosts[name] = h
	return h
}

// CloseIdleConnections closes the connections that nobody uses. There may be no host.
func (h *host) closeIdle() {
	if h != nil && h.err == nil {
		h.transport.CloseIdleConnections()
	}
}

// newRegclient makes a regclient that leaves waiting, retries and logins to
// the seam: its own back-off slows every later request of the host, its own
// logins ignore the context, and its own queue does not know what is urgent.
func newRegclient(settings config.Host, seam http.RoundTripper) *regclient.RegClient {
	return regclient.New(
		regclient.WithConfigHost(config.Host{
			Name: settings.Name, Hostname: settings.Hostname, PathPrefix: settings.PathPrefix,
			TLS: config.TLSEnabled, ReqConcurrent: noLimit,
		}),
		regclient.WithUserAgent(transport.UserAgent),
		regclient.WithRegOpts(
			reg.WithDelay(time.Millisecond, time.Millisecond),
			reg.WithRetryLimit(1),
			reg.WithManifestMax(transport.MaxManifest, transport.MaxManifest),
			reg.WithHTTPClient(&http.Client{Transport: seam}),
		),
	)
}

// do runs one regclient call. An error is a *model.Trouble made from what the
// seam saw; regclient's own error counts only when the seam saw none.
func (h *host) do(ctx context.Context, about model.Ref, cl *transport.Exchange, do func(context.Context) error) error {
	if h.err != nil {
		return h.err
	}
	if err := ctx.Err(); err != nil {
		return contextError(err)
	}
	err := catchPanic(func() error { return do(transport.WithExchange(ctx, cl)) })
	// Without an error no answer is fine too: regclient knows some blobs by heart.
	if err == nil && cl.Err == nil && (cl.Response.Status == http.StatusOK || cl.Response.Status == 0) {
		return nil
	}
	return h.errorOf(ctx, about, cl, err)
}

// catchPanic turns a panic into an error: what a registry sends must not be able
// to end the program, and regclient has parsers of its own.
func catchPanic(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading it failed: %v", p)
		}
	}()
	return do()
}
