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

// noAnswer is the trouble of a registry that gave no answer at all.
func (h *host) noAnswer(about model.Ref, err error) error {
	var (
		token  *transport.TokenError
		dns    *net.DNSError
		netErr net.Error
		away   *transport.RedirectError
		own    *model.Trouble
		proxy  *transport.ProxyError
		port   *net.AddrError
	)
	t, name := &model.Trouble{Err: err}, h.name
	if errors.As(err, &away) {
		name = safe.Clip(away.Host) + ", to which " + h.name + " redirects,"
	}
	switch {
	case errors.Is(err, context.Canceled):
		return ended(err)
	case errors.As(err, &token):
		return h.noToken(about, token)
	case errors.As(err, &own): // a certificate's file is unreadable
		h.spoiled.Store(true)
		return own
	case errors.As(err, &proxy):
		proxyTrouble(name, proxy, t)
	case errors.Is(err, http.ErrSchemeMismatch):
		t.Say, t.Next = name+" speaks plain http", "run with --plain-http if you trust the network"
	case errors.Is(err, files.ErrTooLarge):
		t.Say, t.Next = fmt.Sprintf("%s sent more than tagdiff reads (%s)", name, plainError(err)), "check the reference"
	case errors.Is(err, transport.ErrUnsolicited):
		t.Say, t.Next = name+" sends something before it is asked", "check the port: what listens there may be no registry"
	case errors.Is(err, transport.ErrSilent), errors.Is(err, transport.ErrSlow):
		t.Say, t.Next = name+" does not answer in time"+h.inTime(err), "try again, or check the network"
	case errors.As(err, &dns):
		t.Say, t.Next = name+" is not a known host name", "check the name, and the network or VPN"
		if !dns.IsNotFound {
			t.Say = "the name " + strings.TrimSuffix(name, ",") + " cannot be looked up"
		}
	case errors.As(err, &port):
		t.Say, t.Next = strings.TrimSuffix(name, ",")+" is no address: "+safe.Clip(port.Err), "check host and port"
	case files.TooManyOpen(err):
		t.Say = "no connection to " + strings.TrimSuffix(name, ",") + " can be opened: too many files and connections are open"
		t.Next = files.TooManyOpenRemedy
	case errors.Is(err, syscall.ECONNREFUSED):
		t.Say, t.Next = "nobody listens at "+strings.TrimSuffix(name, ","), "check host and port, or start the registry"
	case aboutTLS(hostOf(h.name, away), err, t):
		h.spoiled.Store(true)
	case errors.As(err, &netErr) && netErr.Timeout():
		t.Say, t.Next = name+" does not answer", "check host, port, network and firewall"
	default:
		t.Say, t.Next = fmt.Sprintf("%s cannot be reached: %s", name, safe.Clip(plainError(err))), "check the network, and try again"
	}
	return t
}

// inTime names the timeout that expired.
func (h *host) inTime(err error) string {
	if errors.Is(err, transport.ErrSilent) {
		return fmt.Sprintf(" (silent for %g s)", h.seam.Timeouts().Silence.Seconds())
	}
	return fmt.Sprintf(" (not whole after %g s)", h.seam.Timeouts().Total.Seconds())
}

// hostOf is where it happened.
func hostOf(name string, away *transport.RedirectError) string {
	if away != nil {
		return safe.Clip(away.Host)
	}
	return name
}

// plainError is what err says, without where.
func plainError(err error) string {
	var away *transport.RedirectError
	if errors.As(err, &away) {
		err = away.Err
	}
	return err.Error()
}

func (h *host) noToken(about model.Ref, e *transport.TokenError) error {
	var proxy *transport.ProxyError
	t := &model.Trouble{Err: e}
	code := e.Response.Status
	if e.Err != nil {
		code = 0
	}
	switch {
	case e.Login != "" && (code == http.StatusUnauthorized || code == http.StatusBadRequest):
		h.keys.Forget()
		t.Say = fmt.Sprintf("%s does not accept the login %s", e.Host, e.Login)
		t.Next = h.login() + " again"
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return h.unauthorized(about, e.Login, e)
	case code == http.StatusTooManyRequests:
		t.Say, t.Next = e.Host+", which checks logins for "+h.name+", wants fewer requests"+howLong(e.Response), h.whenAgain(e.Response)
	case errors.Is(e.Err, transport.ErrSilent), errors.Is(e.Err, transport.ErrSlow):
		t.Say, t.Next = e.Host+", which checks logins for "+h.name+", does not answer in time"+h.inTime(e.Err), "try again, or check the network"
	case errors.As(e.Err, &proxy):
		proxyTrouble(e.Host+", which checks logins for "+h.name, proxy, t)
	case e.Err != nil && aboutTLS(e.Host, e.Err, t):
		h.spoiled.Store(true)
		t.Say = strings.Replace(t.Say, e.Host, e.Host+", which checks logins for "+h.name+",", 1)
	default:
		t.Say = fmt.Sprintf("%s, which checks logins for %s, gives no token: %s", e.Host, h.name, safe.Clip(tokenSaid(e)))
		t.Next = "try again in a while"
	}
	return t
}

func tokenSaid(e *transport.TokenError) string {
	if e.Err != nil {
		return plainError(e.Err)
	}
	return (&transport.StatusError{Status: e.Response.Status, Message: saidBy(e.Response)}).Error()
}

// aboutTLS explains a failed handshake.
func aboutTLS(name string, err error, t *model.Trouble) bool {
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
		t.Say = name + " has a certificate of an authority that this machine does not know"
		t.Next = fmt.Sprintf("put the authority's certificate at /etc/docker/certs.d/%s/ca.crt, or name it in SSL_CERT_FILE", name)
	case errors.As(err, &other):
		t.Say, t.Next = name+" has a certificate for another name: "+safe.Clip(other.Error()), "use a name that is in the certificate"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		t.Say, t.Next = name+" has a certificate that is out of date", "have it renewed, or set this machine's clock"
	case errors.As(err, &failed):
		t.Say, t.Next = name+" has a certificate that is not valid: "+safe.Clip(failed.Err.Error()), "have it repaired"
	case errors.As(err, &alert):
		t.Say = fmt.Sprintf("%s refuses the TLS connection (%s)", name, safe.Clip(alert.Error()))
		t.Next = fmt.Sprintf("if it wants a client certificate, put client.cert and client.key into /etc/docker/certs.d/%s/", name)
	case errors.As(err, &record):
		t.Say, t.Next = name+" does not speak https", "check the port, or run with --plain-http if you trust the network"
	default:
		return false
	}
	return true
}

// proxyLogin is what to do where a proxy wants to know who asks.
const proxyLogin = "put it before the host in HTTPS_PROXY and HTTP_PROXY"

// proxyTrouble says what is wrong with a proxy, of which a person knows little:
// it stands in the environment, perhaps since years.
func proxyTrouble(name string, e *transport.ProxyError, t *model.Trouble) {
	var (
		dns    *net.DNSError
		status *transport.StatusError
		netErr net.Error
	)
	proxy := "the proxy " + e.Host
	way := fmt.Sprintf("%s, which is the way to %s,", proxy, strings.TrimSuffix(name, ","))
	t.Next = "check HTTPS_PROXY and HTTP_PROXY, or name hosts that need none in NO_PROXY"
	switch {
	case errors.As(e.Err, &status) && status.Status == http.StatusProxyAuthRequired:
		t.Say, t.Next = way+" wants a login", proxyLogin
	case errors.As(e.Err, &status):
		t.Say = fmt.Sprintf("%s refuses it (%s)", way, status)
	case errors.As(e.Err, &dns):
		t.Say = way + " is not a known host name"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		t.Say = fmt.Sprintf("nobody listens at %s, which is the way to %s", proxy, strings.TrimSuffix(name, ","))
	case aboutTLS(proxy, e.Err, t):
	case errors.As(e.Err, &netErr) && netErr.Timeout():
		t.Say = way + " does not answer"
	default:
		t.Say = fmt.Sprintf("%s fails: %s", way, safe.Clip(e.Err.Error()))
	}
}
