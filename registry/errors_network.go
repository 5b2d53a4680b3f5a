package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// networkError words a request without a response.
func (h *host) networkError(about model.Ref, err error) error {
	var (
		token    *transport.TokenError
		dns      *net.DNSError
		netErr   net.Error
		redirect *transport.RedirectError
		readErr  *model.ReadError
		proxy    *transport.ProxyError
		port     *net.AddrError
	)
	t, name, host := &model.ReadError{Err: err}, h.name, h.name
	if errors.As(err, &redirect) {
		name, host = redirectedName(redirect.Host, h.name), safe.Clip(redirect.Host)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return contextError(err)
	case errors.As(err, &token):
		return h.tokenError(about, token)
	case errors.As(err, &readErr): // a certificate file cannot be read
		h.staleCertificates.Store(true)
		return readErr
	case errors.As(err, &proxy):
		proxyError(name, proxy, t)
	case errors.Is(err, http.ErrSchemeMismatch):
		t.Message, t.Next = name+" answered with plain http, not https", "run with --plain-http if you trust the network"
	case errors.Is(err, files.ErrTooLarge):
		t.Message, t.Next = fmt.Sprintf("%s sent more data than tagdiff accepts (%s)", name, errorText(err)), "check the reference"
	case errors.Is(err, transport.ErrUnsolicited):
		t.Message, t.Next = name+" sent data before it received a request", "check the port: the server may not be a registry"
	case errors.Is(err, transport.ErrSilent), errors.Is(err, transport.ErrSlow):
		t.Message, t.Next = name+" did not answer in time"+h.timeoutText(err), "try again, or check the network"
	case errors.As(err, &dns):
		t.Message, t.Next = name+" is not a known host name", "check the name, the network and the VPN"
		if !dns.IsNotFound {
			t.Message = "the DNS lookup of " + name + " failed"
		}
	case errors.As(err, &port):
		t.Message, t.Next = name+" is not a valid address: "+safe.Clip(port.Err), "check host and port"
	case files.TooManyOpen(err):
		t.Message = "cannot open a connection to " + name + ": too many files and connections are open"
		t.Next = files.TooManyOpenRemedy
	case errors.Is(err, syscall.ECONNREFUSED):
		t.Message, t.Next = name+" refused the connection", "check host and port, or start the registry"
	case tlsError(host, host, err, t):
		h.staleCertificates.Store(true)
	case errors.As(err, &netErr) && netErr.Timeout():
		t.Message, t.Next = name+" did not answer", "check host, port, network and firewall"
	default:
		t.Message, t.Next = fmt.Sprintf("%s cannot be reached: %s", name, safe.Clip(errorText(err))), "check the network, and try again"
	}
	return t
}

// timeoutText names the timeout that expired.
func (h *host) timeoutText(err error) string {
	if errors.Is(err, transport.ErrSilent) {
		return fmt.Sprintf(" (no data for %g s)", h.transport.Timeouts().Silence.Seconds())
	}
	return fmt.Sprintf(" (incomplete after %g s)", h.transport.Timeouts().Total.Seconds())
}

// redirectedName names a host together with the registry that redirected to it.
func redirectedName(host, registry string) string {
	return safe.Clip(host) + " (redirected by " + registry + ")"
}

// errorText is the text of err, without the host.
func errorText(err error) string {
	if redirect, ok := errors.AsType[*transport.RedirectError](err); ok {
		err = redirect.Err
	}
	return err.Error()
}

// tokenError words the failure to get a token from the registry's token service.
func (h *host) tokenError(about model.Ref, e *transport.TokenError) error {
	var proxy *transport.ProxyError
	t := &model.ReadError{Err: e}
	code, service := e.Response.Status, e.Host+", the token service of "+h.name
	if e.Err != nil {
		code = 0
	}
	switch {
	case e.Login != "" && (code == http.StatusUnauthorized || code == http.StatusBadRequest):
		h.credentials.Forget()
		t.Message = fmt.Sprintf("%s rejected the login %s", e.Host, e.Login)
		t.Next = "run " + h.loginCommand() + " again"
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return h.unauthorized(about, e.Login, e)
	case code == http.StatusTooManyRequests:
		t.Message, t.Next = service+", reports too many requests"+pauseText(e.Response), h.retryAdvice(e.Response)
	case errors.Is(e.Err, transport.ErrSilent), errors.Is(e.Err, transport.ErrSlow):
		t.Message = service + ", did not answer in time" + h.timeoutText(e.Err)
		t.Next = "try again, or check the network"
	case errors.As(e.Err, &proxy):
		proxyError(service, proxy, t)
	case e.Err != nil && tlsError(e.Host, e.Host, e.Err, t):
		h.staleCertificates.Store(true)
		t.Message = strings.Replace(t.Message, e.Host, service+",", 1)
	default:
		t.Message = fmt.Sprintf("%s, did not issue a token: %s", service, safe.Clip(tokenErrorText(e)))
		t.Next = "try again later"
	}
	return t
}

func tokenErrorText(e *transport.TokenError) string {
	if e.Err != nil {
		return errorText(e.Err)
	}
	return (&transport.StatusError{Status: e.Response.Status, Message: errorMessage(e.Response)}).Error()
}

// proxyLoginAdvice is the remedy where a proxy requires a login.
const proxyLoginAdvice = "put user:password@ before the host in HTTPS_PROXY and HTTP_PROXY"

// proxyError words a failure of the proxy on the way to name, and names the variables
// that set it: the person may not know that there is a proxy.
func proxyError(name string, e *transport.ProxyError, t *model.ReadError) {
	var (
		dns    *net.DNSError
		status *transport.StatusError
		netErr net.Error
	)
	proxy := "the proxy " + e.Host
	proxyFor := fmt.Sprintf("%s for %s", proxy, name)
	t.Next = "check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY"
	switch {
	case errors.As(e.Err, &status) && status.Status == http.StatusProxyAuthRequired:
		t.Message, t.Next = proxyFor+" requires a login", proxyLoginAdvice
	case errors.As(e.Err, &status):
		t.Message = fmt.Sprintf("%s refused the request (%s)", proxyFor, status)
	case errors.As(e.Err, &dns):
		t.Message = proxyFor + " is not a known host name"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		t.Message = proxyFor + " refused the connection"
	case tlsError(proxy, "", e.Err, t):
	case errors.As(e.Err, &netErr) && netErr.Timeout():
		t.Message = proxyFor + " did not answer"
	default:
		t.Message = fmt.Sprintf("%s failed: %s", proxyFor, safe.Clip(e.Err.Error()))
	}
}

// tlsError words a failed TLS handshake with the server called name, and reports
// whether err is one. certDir is the server's folder below /etc/docker/certs.d, ""
// for a proxy: those folders are not used for proxies.
func tlsError(name, certDir string, err error, t *model.ReadError) bool {
	var (
		unknown x509.UnknownAuthorityError
		other   x509.HostnameError
		invalid x509.CertificateInvalidError
		failed  *tls.CertificateVerificationError
		alert   tls.AlertError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown):
		t.Message = name + " has a certificate from an authority that this machine does not trust"
		t.Next = fmt.Sprintf("put the authority's certificate at /etc/docker/certs.d/%s/ca.crt, or name it in SSL_CERT_FILE", certDir)
		if certDir == "" {
			t.Next = "name the authority's certificate in SSL_CERT_FILE"
		}
	case errors.As(err, &other):
		t.Message, t.Next = name+" has a certificate for another name: "+safe.Clip(other.Error()), "use a name that is in the certificate"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		t.Message, t.Next = name+" has a certificate that has expired or is not yet valid",
			"renew the certificate, or correct the clock of this machine"
	case errors.As(err, &failed):
		t.Message, t.Next = name+" has an invalid certificate: "+safe.Clip(failed.Err.Error()), "replace the certificate of the server"
	case errors.As(err, &alert):
		t.Message = fmt.Sprintf("%s refused the TLS connection (%s)", name, safe.Clip(alert.Error()))
		if certDir != "" {
			t.Next = fmt.Sprintf("if it requires a client certificate, put client.cert and client.key into /etc/docker/certs.d/%s/", certDir)
		}
	case errors.As(err, &record):
		t.Message, t.Next = name+" does not use https", "check the port, or run with --plain-http if you trust the network"
	default:
		return false
	}
	return true
}
