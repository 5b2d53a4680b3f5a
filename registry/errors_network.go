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
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// serverName names a server in the sentences of errors.
type serverName struct {
	host       string // its folder below /etc/docker/certs.d; "" for a proxy, which has none
	subject    string // before a verb
	object     string // after a preposition
	redirected bool   // the registry or its token service redirected to it
}

// registryName names the registry itself.
func (h *host) registryName() serverName {
	return serverName{host: h.name, subject: h.name, object: h.name}
}

// tokenServiceName names a token service of the registry.
func (h *host) tokenServiceName(host string) serverName {
	if host == h.name {
		return h.registryName()
	}
	object := host + ", the token service of " + h.name
	return serverName{host: host, subject: object + ",", object: object}
}

// redirectedTo names a host that the server redirected to.
func (s serverName) redirectedTo(host string) serverName {
	host = safe.Clip(host)
	return serverName{
		host: host, subject: s.subject + " redirects to " + host + ", which",
		object: host + ", to which " + s.subject + " redirects", redirected: true,
	}
}

// failedAt names the server at which a request to s failed: s, or one that it redirected to.
func (s serverName) failedAt(err error) serverName {
	if redirect, ok := errors.AsType[*transport.RedirectError](err); ok {
		return s.redirectedTo(redirect.Host)
	}
	return s
}

// askAdministrator is the remedy for what only the administrator of the registry can repair.
func (h *host) askAdministrator() string { return "ask the administrator of " + h.name }

// networkError words a request without a whole response. status is that of the response, 0
// if there was none.
func (h *host) networkError(about model.Ref, status int, err error) error {
	var (
		token   *transport.TokenError
		refuses *transport.RefusingError
		readErr *model.ReadError
		proxy   *transport.ProxyError
	)
	t := &model.ReadError{Err: err}
	name := h.registryName().failedAt(err)
	switch {
	case errors.Is(err, context.Canceled):
		return contextError(err)
	case errors.As(err, &token):
		return h.tokenError(about, token)
	case errors.As(err, &refuses):
		h.refusesAll(about, refuses, t)
	case errors.As(err, &readErr): // a certificate file cannot be read
		h.staleCertificates.Store(true)
		return readErr
	case errors.As(err, &proxy):
		h.proxyError(name.host, proxy, t)
	case errors.Is(err, http.ErrSchemeMismatch):
		t.Message, t.Next = name.subject+" answered with plain http, not https", "run with --plain-http if you trust the network"
	case errors.Is(err, files.ErrTooLarge):
		t.Message, t.Next = fmt.Sprintf("%s sent more data than tagdiff accepts (%s)", name.subject, errorText(err)), "check the reference"
	case h.tlsError(name, err, t):
		h.staleCertificates.Store(true)
	case h.connectionError(name, status, err, t):
	case status != 0:
		t.Message = fmt.Sprintf("%s sent a response that cannot be read: %s", name.subject, safe.Clip(errorText(err)))
		t.Next = "try again, or " + h.askAdministrator()
	default:
		t.Message = fmt.Sprintf("%s cannot be reached: %s", name.subject, safe.Clip(errorText(err)))
		t.Next = h.remedy(name, "check the network, and try again")
	}
	return t
}

// remedy is the usual remedy, or whom to ask about a host that the registry redirects to.
func (h *host) remedy(name serverName, usual string) string {
	if !name.redirected {
		return usual
	}
	if strings.HasPrefix(usual, "try again") {
		return "try again, or " + h.askAdministrator()
	}
	return h.askAdministrator()
}

// connectionError words the failure of a connection with a server, by the type of the
// error, and reports whether err is one.
func (h *host) connectionError(name serverName, status int, err error, t *model.ReadError) bool {
	var (
		server *transport.ServerError
		dns    *net.DNSError
		port   *net.AddrError
		netErr net.Error
		op     *net.OpError
	)
	var did, next string
	switch {
	case errors.As(err, &server):
		did, next = server.Did, server.Next
	case errors.Is(err, transport.ErrSilent), errors.Is(err, transport.ErrSlow):
		did, next = "did not answer in time"+h.timeoutText(err), "try again, or check the network"
	case errors.Is(err, transport.ErrRate):
		p := h.transport.Timeouts()
		did, next = fmt.Sprintf("sent less than %d bytes in %g s", p.MinRate, p.Rate.Seconds()), "try again, or check the network"
	case errors.As(err, &dns):
		t.Message, next = "cannot find the address of "+name.object+" (DNS)", "check the name, the network and the VPN"
		if !dns.IsNotFound {
			t.Message = "the DNS lookup of " + name.object + " failed"
		}
	case errors.As(err, &port):
		did, next = "is not a valid address: "+safe.Clip(port.Err), "check host and port"
	case files.TooManyOpen(err):
		t.Message = "cannot open a connection to " + name.object + ": too many files and connections are open"
		t.Next = files.TooManyOpenRemedy
		return true
	case errors.Is(err, syscall.ECONNREFUSED):
		did, next = "refused the connection", "check host and port, or start the registry"
	case errors.As(err, &netErr) && netErr.Timeout():
		did, next = "did not answer", "check host, port, network and firewall"
	case transport.IsConnectionLost(err):
		did, next = "closed the connection before it answered", "try again, or check host, port and network"
		if status != 0 {
			did = "closed the connection in the middle of its answer"
		}
	case errors.As(err, &op): // its text has the addresses, which change from run to run
		did, next = "cannot be reached: "+safe.Clip(op.Err.Error()), "check the network, and try again"
	default:
		return false
	}
	if did != "" {
		t.Message = name.subject + " " + did
	}
	t.Next = h.remedy(name, next)
	if bad := transport.BadProxy(""); bad != "" && errors.As(err, &op) && op.Op == "dial" && !transport.IsLoopback(h.name) {
		t.Next = bad + " is not the URL of a proxy and has no effect: write http://host:port"
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
	name := h.tokenServiceName(e.Host).failedAt(e.Err)
	if e.Response.RedirectedTo != "" {
		name = name.redirectedTo(e.Response.RedirectedTo)
	}
	code := e.Response.Status
	if e.Err != nil {
		code = 0
	}
	switch {
	case e.Response.IsHTML() && hidesStatus(e.Response):
		t.Message, t.Next = h.webPageText(name, e.Response, "a token")
	case e.Err == nil && limitsRequests(e.Response):
		a := e.Response
		a.Login = e.Login
		t.Message, t.Next = name.subject+tooManyRequests(a), h.retryAdvice(a)
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusBadRequest && e.Login != "":
		return h.tokenRefused(about, name, e)
	case errors.As(e.Err, &proxy):
		h.proxyError(name.host, proxy, t)
	case e.Err != nil && h.tlsError(name, e.Err, t):
		h.staleCertificates.Store(true)
	case e.Err != nil && h.connectionError(name, e.Response.Status, e.Err, t):
		if name.host != h.name && !name.redirected && !strings.HasPrefix(t.Next, "ask ") {
			t.Next = "try again, check the network, or " + h.askAdministrator()
		}
	default:
		t.Message = fmt.Sprintf("%s did not issue a token: %s", name.subject, safe.Clip(tokenErrorText(e)))
		t.Next = h.askAdministrator()
		if code >= http.StatusInternalServerError {
			t.Next = "try again later"
		}
	}
	return t
}

// tokenRefused words the refusal of a token service, or of a server that it redirects to.
func (h *host) tokenRefused(about model.Ref, name serverName, e *transport.TokenError) error {
	t := &model.ReadError{Err: e}
	switch {
	case name.redirected:
		t.Message = fmt.Sprintf("%s refused the request (%s)", name.subject, safe.Clip(tokenErrorText(e)))
		t.Next = h.askAdministrator()
	case e.Login != "" && e.Response.Status != http.StatusForbidden:
		t.Message = fmt.Sprintf("%s rejected %s%s", e.Host, e.Login, reasonText(e.Response))
		t.Next = h.logInAgain(e.Login)
	default:
		refusal := e.Response
		refusal.Login, refusal.Issued = e.Login, true
		return h.unauthorized(about, refusal, e)
	}
	return t
}

// refusesAll words the error of a request that was not sent, since the server accepted no login
// and no token.
func (h *host) refusesAll(about model.Ref, e *transport.RefusingError, t *model.ReadError) {
	what := "its list of repositories"
	if about.Repository != "" {
		what = safe.Clip(about.Repository)
	}
	t.Message = fmt.Sprintf("%s accepted no login and no token for %s%s, so tagdiff sends no more",
		h.answeringName(e.Response).subject, what, reasonText(e.Response))
	switch {
	case e.Response.RedirectedTo != "":
		t.Next = h.askAdministrator()
	case e.Login != "":
		t.Next = "check the name, or " + h.logInAgain(e.Login)
	default:
		t.Next = "check the name, or " + h.logIn("")
	}
}

func tokenErrorText(e *transport.TokenError) string {
	if e.Err != nil {
		return errorText(e.Err)
	}
	return (&transport.StatusError{Status: e.Response.Status, Message: errorMessage(e.Response)}).Error()
}

// proxyLoginAdvice is the remedy where a proxy requires a login.
const proxyLoginAdvice = "put user:password@ before the host in HTTPS_PROXY and HTTP_PROXY"

// proxyError words a failure of the proxy on the way to a host, and names the variables
// that set it: the person may not know that there is a proxy.
func (h *host) proxyError(host string, e *transport.ProxyError, t *model.ReadError) {
	var status *transport.StatusError
	proxy := serverName{subject: "the proxy " + e.Host, object: "the proxy " + e.Host}
	proxyFor := serverName{subject: proxy.subject + " for " + host, object: proxy.object + " for " + host}
	next := "check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY"
	switch bad := transport.BadProxy(e.Host); {
	case errors.As(e.Err, &status) && status.Status == http.StatusProxyAuthRequired:
		t.Message, next = proxyFor.subject+" requires a login", proxyLoginAdvice
	case errors.As(e.Err, &status):
		t.Message = fmt.Sprintf("%s refused the request (%s)", proxyFor.subject, status)
	case bad != "":
		t.Message, next = bad+" is not the URL of a proxy", "write http://host:port"
	case h.tlsError(proxy, e.Err, t):
		return
	case h.connectionError(proxyFor, 0, e.Err, t):
	default:
		t.Message = fmt.Sprintf("%s failed: %s", proxyFor.subject, safe.Clip(e.Err.Error()))
	}
	t.Next = next
}

// tlsError words a failed TLS connection with a server, and reports whether err is one.
func (h *host) tlsError(name serverName, err error, t *model.ReadError) bool {
	var (
		unknown x509.UnknownAuthorityError
		other   x509.HostnameError
		invalid x509.CertificateInvalidError
		failed  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknown):
		t.Message = name.subject + " has a certificate from an authority that this machine does not trust"
		t.Next = "name the authority's certificate in SSL_CERT_FILE"
		if name.host != "" {
			t.Next = fmt.Sprintf("put the authority's certificate at %s/%s/ca.crt, or name it in SSL_CERT_FILE", certDirs, name.host)
		}
	case errors.As(err, &other) && namesNoHost(other.Certificate):
		t.Message = name.subject + " has a certificate without a subject alternative name (SAN) for a host" + commonNameText(other.Certificate)
		t.Next = h.remedy(name, "replace it with one that has "+altNameOf(other.Host))
	case errors.As(err, &other):
		t.Message = name.subject + " has a certificate for another name: " + certificateNames(other)
		t.Next = h.remedy(name, "use a name that is in the certificate")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		t.Message = name.subject + " has a certificate " + validityText(invalid)
		t.Next = h.remedy(name, "renew the certificate, or correct the clock of this machine")
	case errors.As(err, &failed):
		t.Message = name.subject + " has an invalid certificate: " + safe.Clip(failed.Err.Error())
		t.Next = h.remedy(name, "replace the certificate of the server")
	case transport.IsOldTLS(err):
		t.Message, t.Next = name.subject+" supports only TLS 1.1 or older", h.administratorOf(name)
	case errors.As(err, &record):
		t.Message = name.subject + " does not use https"
		t.Next = h.remedy(name, "check the port, or run with --plain-http if you trust the network")
	default:
		return h.tlsAlert(name, err, t)
	}
	return true
}

// tlsAlert words the alert with which a server ended a TLS connection, and reports whether
// err is one.
func (h *host) tlsAlert(name serverName, err error, t *model.ReadError) bool {
	alert, ok := transport.TLSAlert(err)
	if !ok {
		return false
	}
	t.Next = h.administratorOf(name)
	files := fmt.Sprintf("put client.cert and client.key in %s/%s", certDirs, name.host)
	switch {
	case alert == transport.CertificateRequired:
		t.Message = name.subject + " requires a client certificate"
		if name.host != "" {
			t.Next = files
		}
		return true
	case alert.OfClientCertificate() && name.host != "":
		t.Next = "if it requires a client certificate, " + files
	}
	t.Message = fmt.Sprintf("%s refused the TLS connection (%s)", name.subject, alert)
	return true
}

// certDirs is where docker keeps certificates. transport.DefaultCertDirs has all folders.
const certDirs = "/etc/docker/certs.d"

// administratorOf is the remedy for what only the administrator of a server can repair.
func (h *host) administratorOf(name serverName) string {
	if name.host == "" {
		return "ask the administrator of the proxy"
	}
	return h.remedy(name, "ask its administrator")
}

// validityText says since when a certificate is not valid, or from when it is.
func validityText(err x509.CertificateInvalidError) string {
	if time.Now().Before(err.Cert.NotBefore) {
		return "that is not valid before " + model.TimeText(err.Cert.NotBefore)
	}
	return "that expired on " + model.TimeText(err.Cert.NotAfter)
}

// certificateNames says for which names a certificate is valid, and for which it is not.
func certificateNames(err x509.HostnameError) string {
	names := slices.Clone(err.Certificate.DNSNames)
	for _, ip := range err.Certificate.IPAddresses {
		names = append(names, ip.String())
	}
	host := safe.Clip(err.Host)
	if n := len(names); n > maxCertificateNames {
		names = append(names[:maxCertificateNames], fmt.Sprintf("%d more", n-maxCertificateNames))
	}
	return fmt.Sprintf("it is valid for %s, not for %s", safe.Clip(strings.Join(names, ", ")), host)
}

const maxCertificateNames = 3

// namesNoHost reports whether a certificate is valid for no host.
func namesNoHost(c *x509.Certificate) bool { return len(c.DNSNames) == 0 && len(c.IPAddresses) == 0 }

// commonNameText explains the common name of a certificate: older clients took it for the host.
func commonNameText(c *x509.Certificate) string {
	if c.Subject.CommonName == "" {
		return ""
	}
	return ", and its common name (" + safe.Clip(c.Subject.CommonName) + ") does not count as one"
}

// altNameOf is a subject alternative name as openssl req -addext takes it.
func altNameOf(host string) string {
	kind := "DNS"
	if net.ParseIP(strings.Trim(host, "[]")) != nil {
		kind, host = "IP", strings.Trim(host, "[]")
	}
	return "subjectAltName=" + kind + ":" + safe.Clip(host) + " (openssl req: -addext)"
}
