package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// networkError words a request without a whole response. status is that of the response, 0
// if there was none.
func (h *host) networkError(about model.Ref, status int, err error) error {
	var (
		token   *transport.TokenError
		readErr *model.ReadError
		proxy   *transport.ProxyError
	)
	t := &model.ReadError{Err: err}
	name, certDir := failedName(h.name, err)
	switch {
	case errors.Is(err, context.Canceled):
		return contextError(err)
	case errors.As(err, &token):
		return h.tokenError(about, token)
	case errors.As(err, &readErr): // a certificate file cannot be read
		h.staleCertificates.Store(true)
		return readErr
	case errors.As(err, &proxy):
		h.proxyError(name, proxy, t)
	case errors.Is(err, http.ErrSchemeMismatch):
		t.Message, t.Next = name+" answered with plain http, not https", "run with --plain-http if you trust the network"
	case errors.Is(err, files.ErrTooLarge):
		t.Message, t.Next = fmt.Sprintf("%s sent more data than tagdiff accepts (%s)", name, errorText(err)), "check the reference"
	case tlsError(name, certDir, err, t):
		h.staleCertificates.Store(true)
	case h.connectionError(name, status, err, t):
	case status != 0:
		t.Message = fmt.Sprintf("%s sent a response that cannot be read: %s", name, safe.Clip(errorText(err)))
		t.Next = "try again, or ask the administrator of " + h.name
	default:
		t.Message, t.Next = fmt.Sprintf("%s cannot be reached: %s", name, safe.Clip(errorText(err))), "check the network, and try again"
	}
	return t
}

// failedName names the host that a request failed at: the registry or token service, or
// one that it redirected to. host is its name alone.
func failedName(of string, err error) (name, host string) {
	if redirect, ok := errors.AsType[*transport.RedirectError](err); ok {
		return redirectedName(redirect.Host, of), safe.Clip(redirect.Host)
	}
	return of, of
}

// connectionError words the failure of a connection with the server called name, by the
// type of the error, and reports whether err is one.
func (h *host) connectionError(name string, status int, err error, t *model.ReadError) bool {
	var (
		server *transport.ServerError
		dns    *net.DNSError
		port   *net.AddrError
		netErr net.Error
		op     *net.OpError
	)
	switch {
	case errors.As(err, &server):
		t.Message, t.Next = name+" "+server.Did, server.Next
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
		t.Message = "cannot open a connection to " + strings.TrimSuffix(name, ",") + ": too many files and connections are open"
		t.Next = files.TooManyOpenRemedy
	case errors.Is(err, syscall.ECONNREFUSED):
		t.Message, t.Next = name+" refused the connection", "check host and port, or start the registry"
	case errors.As(err, &netErr) && netErr.Timeout():
		t.Message, t.Next = name+" did not answer", "check host, port, network and firewall"
	case transport.IsConnectionLost(err):
		t.Message, t.Next = name+" closed the connection before it answered", "try again, or check host, port and network"
		if status != 0 {
			t.Message = name + " closed the connection in the middle of its answer"
		}
	case errors.As(err, &op): // its text has the addresses, which change from run to run
		t.Message, t.Next = fmt.Sprintf("%s cannot be reached: %s", name, safe.Clip(op.Err.Error())), "check the network, and try again"
	default:
		return false
	}
	if errors.As(err, &op) && op.Op == "dial" && transport.BadProxy() != "" && !transport.IsLoopback(h.name) {
		t.Next = transport.BadProxy() + " is not the URL of a proxy and has no effect: write http://host:port"
	}
	return true
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
	name, certDir := failedName(e.Host, e.Err)
	code, service := e.Response.Status, name+", the token service of "+h.name
	if e.Err != nil {
		code = 0
	}
	switch {
	case e.Login != "" && (code == http.StatusUnauthorized || code == http.StatusBadRequest):
		h.credentials.Forget()
		t.Message = fmt.Sprintf("%s rejected %s", e.Host, e.Login)
		t.Next = "run " + h.loginCommand() + " again"
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return h.unauthorized(about, transport.Response{Login: e.Login, Issued: true}, e)
	case code == http.StatusTooManyRequests:
		t.Message, t.Next = service+", reports too many requests"+pauseText(e.Response), h.retryAdvice(e.Response)
	case errors.As(e.Err, &proxy):
		h.proxyError(service, proxy, t)
	case e.Err != nil && tlsError(service+",", certDir, e.Err, t):
		h.staleCertificates.Store(true)
	case e.Err != nil && h.connectionError(service+",", e.Response.Status, e.Err, t):
		t.Next = "try again, check the network, or ask the administrator of " + h.name
	default:
		t.Message = fmt.Sprintf("%s, did not issue a token: %s", service, safe.Clip(tokenErrorText(e)))
		t.Next = "ask the administrator of " + h.name
		if code >= http.StatusInternalServerError {
			t.Next = "try again later"
		}
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
func (h *host) proxyError(name string, e *transport.ProxyError, t *model.ReadError) {
	var status *transport.StatusError
	proxy := "the proxy " + e.Host
	proxyFor := fmt.Sprintf("%s for %s", proxy, name)
	next := "check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY"
	switch {
	case strings.HasPrefix(e.Host, ":") && transport.BadProxy() != "":
		t.Message, next = transport.BadProxy()+" is not the URL of a proxy", "write http://host:port"
	case errors.As(e.Err, &status) && status.Status == http.StatusProxyAuthRequired:
		t.Message, next = proxyFor+" requires a login", proxyLoginAdvice
	case errors.As(e.Err, &status):
		t.Message = fmt.Sprintf("%s refused the request (%s)", proxyFor, status)
	case tlsError(proxy, "", e.Err, t):
		return
	case h.connectionError(proxyFor, 0, e.Err, t):
	default:
		t.Message = fmt.Sprintf("%s failed: %s", proxyFor, safe.Clip(e.Err.Error()))
	}
	t.Next = next
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
		t.Message, t.Next = name+" has a certificate for another name: "+certificateNames(other), "use a name that is in the certificate"
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

// certificateNames says for which names a certificate is valid, and for which it is not.
func certificateNames(err x509.HostnameError) string {
	names := slices.Clone(err.Certificate.DNSNames)
	for _, ip := range err.Certificate.IPAddresses {
		names = append(names, ip.String())
	}
	host := safe.Clip(err.Host)
	switch n := len(names); {
	case n == 0:
		return "it is valid for no host, so not for " + host
	case n > maxCertificateNames:
		names = append(names[:maxCertificateNames], fmt.Sprintf("%d more", n-maxCertificateNames))
	}
	return fmt.Sprintf("it is valid for %s, not for %s", safe.Clip(strings.Join(names, ", ")), host)
}

const maxCertificateNames = 3
