package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
)

// sendOverScheme sends a request over http or https; the first response decides
// for all later ones. Plain http goes first where it is allowed: a TLS server
// refuses it at once, whereas a plain server may wait for the end of a line that
// a TLS greeting does not have. No login leaks: it is sent only after a challenge,
// or over TLS to a registry that sent one before.
func (tr *Transport) sendOverScheme(ctx context.Context, q request, keys map[string]key) (Response, error) {
	if q.isStream { // not the requests for its token
		ctx = context.WithValue(ctx, streamKey{}, true)
	}
	if scheme, ok := tr.scheme.Load().(string); ok {
		return tr.fetch(ctx, q.httpRequest(scheme, keys), q.limit, keys)
	}
	if tr.tlsRemembered.Load() {
		a, err := tr.fetch(ctx, q.httpRequest("https", keys), q.limit, keys)
		if err == nil || usesTLS(err) || ctx.Err() != nil {
			tr.setScheme(a, err)
			return a, err
		}
		tr.tlsRemembered.Store(false) // the registry no longer uses TLS
		tr.auth.dropRemembered()
	}
	a, err := tr.fetch(ctx, q.httpRequest("http", keys), q.limit, keys)
	// Without a port in the reference the two schemes use different ports.
	otherPort := errors.Is(err, syscall.ECONNREFUSED) && q.url.Port() == ""
	if !maybeTLS(a, err) && !otherPort {
		tr.setScheme(a, err)
		return a, err
	}
	b, errTLS := tr.fetch(ctx, q.httpRequest("https", keys), q.limit, keys)
	if errTLS != nil && !usesTLS(errTLS) && ctx.Err() == nil {
		return a, err // the server does not use TLS, so the first response counts
	}
	tr.setScheme(b, errTLS)
	return b, errTLS
}

// usesTLS reports whether a request over https failed although the server uses TLS: a
// certificate, or the version of TLS, is not accepted.
func usesTLS(err error) bool {
	_, bad := errors.AsType[*tls.CertificateVerificationError](err)
	_, alert := TLSAlert(err)
	return bad || alert || IsOldTLS(err)
}

func (tr *Transport) setScheme(a Response, err error) {
	if err == nil {
		tr.scheme.Store(a.scheme)
	}
}

// knownScheme is the scheme of the registry as far as it is known.
func (tr *Transport) knownScheme() string {
	scheme, _ := tr.scheme.Load().(string)
	return scheme
}

// maybeTLS reports whether an answer to plain http may have come from a TLS
// server: net/http, nginx and Apache answer 400 (to HEAD without a body), others
// close the connection or send an alert.
func maybeTLS(a Response, err error) bool {
	if err != nil {
		return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || isNotHTTP(err)
	}
	return a.Status == http.StatusBadRequest
}

// insecureTransports read a registry over plain http, or without a check of its
// certificate, where docker or podman are configured to do so. They are used only after
// TLS has failed, and have no logins.
type insecureTransports struct {
	options  Options     // of the registry; zero if there is no fallback
	verified atomic.Bool // the registry has answered over verified TLS, or where http is allowed

	mu        sync.Mutex
	declared  map[string]string // by repository: the file that declares it insecure, "" for none
	bySetting map[config.TLSConf]*insecureTransport
	current   *insecureTransport // the one that the registry answered; nil before
}

// insecureTransport is a transport without logins.
type insecureTransport struct {
	*Transport

	file string // that declares the registry insecure
}

// RoundTrip serves regclient. The request needs an Exchange in its context.
func (tr *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if next := tr.insecure.known(req); next != nil {
		return next.RoundTrip(req)
	}
	resp, err := tr.roundTrip(req)
	if err != nil {
		return resp, err
	}
	c := exchangeOf(req.Context())
	if c.Err == nil {
		tr.insecure.verified.Store(true)
		return resp, nil
	}
	next := tr.insecure.after(req, c.Err)
	if next == nil {
		return resp, nil
	}
	failed := *c
	other, err := next.RoundTrip(req)
	_, asksForToken := errors.AsType[*TokenError](c.Err)
	answered := err == nil && (c.Response.Status != 0 || asksForToken)
	if !answered || next.knownScheme() == "http" && maybeTLS(c.Response, nil) {
		*c = failed
		return resp, nil // the first failure says more
	}
	tr.insecure.use(next)
	return other, nil
}

// known returns the transport for a request to a registry that has been read insecurely,
// nil for none.
func (t *insecureTransports) known(req *http.Request) *insecureTransport {
	t.mu.Lock()
	next := t.current
	t.mu.Unlock()
	if next == nil || t.declaredIn(req) == "" {
		return nil
	}
	return next
}

// after returns the transport for a request that has failed, nil for none.
func (t *insecureTransports) after(req *http.Request, failure error) *insecureTransport {
	setting, ok := insecureSetting(failure, t.options.Settings)
	if !ok || t.verified.Load() {
		return nil
	}
	file := t.declaredIn(req)
	if file == "" {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if known := t.bySetting[setting]; known != nil {
		return known
	}
	opts := t.options
	opts.Settings.TLS = setting
	opts.Credentials = opts.Credentials.WithoutLogins()
	tr, err := New(opts)
	if err != nil {
		return nil
	}
	if t.bySetting == nil {
		t.bySetting = map[config.TLSConf]*insecureTransport{}
	}
	t.bySetting[setting] = &insecureTransport{tr, file}
	return t.bySetting[setting]
}

// use makes next the transport of later requests, and says so at the first time.
func (t *insecureTransports) use(next *insecureTransport) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != next && t.options.Warn != nil {
		t.options.Warn(fmt.Sprintf("%s is read %s and without a login: %s declares it insecure", next.registry, next.how(), next.file))
	}
	t.current = next
}

// how says how a registry is read.
func (t *insecureTransport) how() string {
	if t.knownScheme() == "http" {
		return "over plain http"
	}
	return "without a check of its certificate"
}

// declaredIn returns the file that declares the repository of a request insecure, "" for none.
func (t *insecureTransports) declaredIn(req *http.Request) string {
	scope, _ := scopeAndLimit(req.URL.Path)
	repo := repositoryOf(scope)
	t.mu.Lock()
	file, known := t.declared[repo]
	t.mu.Unlock()
	if known || t.options.Credentials == nil {
		return file
	}
	file = t.options.Credentials.Insecure(req.Context(), t.options.Settings.Name, repo)
	if req.Context().Err() != nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.declared == nil {
		t.declared = map[string]string{}
	}
	t.declared[repo] = file
	return file
}

// closeIdle closes the connections that no request uses.
func (t *insecureTransports) closeIdle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.bySetting {
		tr.CloseIdleConnections()
	}
}

// loginError is why no login is sent to a registry that asks for one.
func (t *insecureTransports) loginError() error {
	t.mu.Lock()
	tr := t.current
	t.mu.Unlock()
	if tr == nil {
		return nil
	}
	e := &model.ReadError{
		Message: fmt.Sprintf("tagdiff sends none over plain http (%s declares the registry insecure)", tr.file),
		Next:    "run with --plain-http if you trust the network",
	}
	if tr.knownScheme() == "https" {
		e.Message = fmt.Sprintf("tagdiff sends none where it cannot verify the certificate (%s declares the registry insecure)", tr.file)
		e.Next = fmt.Sprintf("put the authority's certificate at /etc/docker/certs.d/%s/ca.crt, or name it in SSL_CERT_FILE", tr.registry)
	}
	return e
}

// insecureSetting returns the setting with which a registry may answer after a failure of
// TLS at the registry itself: without a check of the certificate, or without TLS.
func insecureSetting(failure error, settings config.Host) (setting config.TLSConf, ok bool) {
	var (
		redirect *RedirectError
		token    *TokenError
		proxy    *ProxyError
		badCert  *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		op       *net.OpError
	)
	switch {
	case errors.As(failure, &redirect), errors.As(failure, &token), errors.As(failure, &proxy), errors.Is(failure, context.Canceled):
		return 0, false
	case errors.As(failure, &badCert):
		return config.TLSInsecure, true
	case errors.Is(failure, http.ErrSchemeMismatch), errors.As(failure, &record), IsConnectionLost(failure):
		return config.TLSDisabled, true
	case errors.As(failure, &op) && op.Op == "read" && op.Timeout(): // it waits for the end of a line
		return config.TLSDisabled, true
	case errors.As(failure, &op) && op.Op == "dial" && !strings.Contains(settings.Name, ":"): // http has another port then
		return config.TLSDisabled, op.Timeout() || errors.Is(failure, syscall.ECONNREFUSED)
	}
	return 0, false
}
