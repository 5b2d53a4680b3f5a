package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regclient/regclient"
	"github.com/regclient/regclient/config"
	"github.com/regclient/regclient/scheme/reg"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// noLimit is the limit of concurrent requests in regclient. The transport has its own
// limit.
const noLimit = 1 << 20

// host is one registry with its own regclient and its own transport, so that
// settings of one registry (TLS above all) never apply to another.
type host struct {
	name       string
	rc         *regclient.RegClient
	transport  *transport.Transport
	err        error        // of reading its certificates; then no request is possible
	isRegistry atomic.Bool  // it has sent a document
	wrongHeads atomic.Int64 // HEAD requests in a row without a digest that GET found
	// refusedLogins are the logins that warn was called for.
	refusedLogins sync.Map
	warn          func(string)
	// staleCertificates is set after a TLS failure: the next call reads the
	// certificates again, since the person may have added one.
	staleCertificates atomic.Bool
}

// host returns the host of a name. The first call reads TLS settings from disk, so
// it must not run on a screen's goroutine.
func (c *Client) host(name string) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, forget := c.forgotten.LoadAndDelete(name)
	if h, ok := c.hosts[name]; ok && h.err == nil && !h.staleCertificates.Load() && !forget {
		return h
	}
	if forget {
		c.credentials.Forget(name)
	}
	c.hosts[name].closeIdle() // the new host has other connections
	settings := c.credentials.HostSettings(name)
	h := &host{name: name, warn: c.opts.Warn}
	opts := c.transport
	opts.Settings = settings
	h.transport, h.err = transport.New(opts)
	if h.err == nil {
		h.rc = newRegclient(settings, h.transport)
	}
	c.hosts[name] = h
	return h
}

// closeIdle closes the connections that no request uses. h may be nil.
func (h *host) closeIdle() {
	if h != nil && h.err == nil {
		h.transport.CloseIdleConnections()
	}
}

// newRegclient makes a regclient that leaves waiting, retries and logins to the
// transport: regclient's back-off slows every later request of the host, its
// logins ignore the context, and its queue has no priorities.
func newRegclient(settings config.Host, t http.RoundTripper) *regclient.RegClient {
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
			reg.WithHTTPClient(&http.Client{Transport: t}),
		),
	)
}

// do runs one call of regclient. An error is a *model.ReadError made from the
// exchange; regclient's error counts only if the exchange has none.
func (h *host) do(ctx context.Context, about model.Ref, cl *transport.Exchange, do func(context.Context) error) error {
	if h.err != nil {
		return h.err
	}
	if err := ctx.Err(); err != nil {
		return contextError(err)
	}
	err := catchPanic(func() error { return do(transport.WithExchange(ctx, cl)) })
	// There may be no response without an error: regclient knows some blobs, such as {}.
	if err == nil && cl.Err == nil && (cl.Response.Status == http.StatusOK || cl.Response.Status == 0) {
		h.isRegistry.Store(true)
		h.warnRefusedLogin(about, cl.Response.RefusedLogin)
		return nil
	}
	err = h.errorOf(ctx, about, cl, err)
	if t, ok := errors.AsType[*model.ReadError](err); ok && isRefused(cl) {
		t.Subject, t.Refused = subject(about), true
	}
	return err
}

// warnRefusedLogin says, once for each login, that the registry did not accept a login and
// answered without it.
func (h *host) warnRefusedLogin(about model.Ref, login string) {
	if _, known := h.refusedLogins.LoadOrStore(login, true); login == "" || known || h.warn == nil {
		return
	}
	h.warn(fmt.Sprintf("%s did not accept %s, so %s was read without a login; %s", h.name, login, subject(about), h.logInAgain(login)))
}

// isRefused reports whether a login, or another one, may help with an exchange that failed.
func isRefused(cl *transport.Exchange) bool {
	status, rejected := cl.Response.Status, false
	if token, ok := errors.AsType[*transport.TokenError](cl.Err); ok && token.Err == nil {
		status = token.Response.Status
		rejected = token.Login != "" && status == http.StatusBadRequest // for a refresh token (RFC 6749)
	} else if cl.Err != nil {
		_, refuses := errors.AsType[*transport.RefusingError](cl.Err)
		return refuses
	}
	return rejected || status == http.StatusUnauthorized || status == http.StatusForbidden
}

// catchPanic turns a panic into an error: content from a registry must not be able to
// end the program, and regclient parses it too.
func catchPanic(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("parsing the response failed: %v", p)
		}
	}()
	return do()
}
