package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"syscall"
)

// sendOverScheme sends a request over http or https; the first response decides
// for all later ones. Plain http goes first where it is allowed: a TLS server
// refuses it at once, whereas a plain server may wait for the end of a line that
// a TLS greeting does not have. No login leaks: it is sent only after a challenge,
// or over TLS to a registry that sent one before.
func (tr *Transport) sendOverScheme(ctx context.Context, q request, keys map[string]key) (Response, error) {
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
