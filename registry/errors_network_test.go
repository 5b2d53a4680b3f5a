package registry

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// TestNetworkError_text checks the words for errors of the network, by their types.
func TestNetworkError_text(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 51624}
	read := &net.OpError{Op: "read", Net: "tcp", Source: local, Addr: local, Err: os.NewSyscallError("read", syscall.ENETUNREACH)}
	cert := func(ip net.IP, names ...string) error {
		c := &x509.Certificate{DNSNames: names}
		if ip != nil {
			c.IPAddresses = []net.IP{ip}
		}
		return x509.HostnameError{Certificate: c, Host: "reg.example"}
	}
	common := &x509.Certificate{Subject: pkix.Name{CommonName: "reg.example"}}
	both := &x509.Certificate{Subject: pkix.Name{CommonName: "reg.example"}, DNSNames: []string{"a.example"}}
	noHost := dial(&net.DNSError{Err: "no such host", Name: "x", Server: "10.0.0.1:53", IsNotFound: true})
	token := func(err error) error { return &transport.TokenError{Host: "auth.example", Err: err} }
	redirect := func(err error) error { return &transport.RedirectError{Host: "cdn.example", Err: err} }
	alert := func(number uint8) error { return &net.OpError{Op: "remote error", Err: tls.AlertError(number)} }
	now := time.Now()
	valid := func(from, to int) *x509.Certificate {
		return &x509.Certificate{NotBefore: now.AddDate(0, 0, from), NotAfter: now.AddDate(0, 0, to)}
	}
	day := func(n int) string { return model.TimeText(now.AddDate(0, 0, n)) }
	const service = "auth.example, the token service of reg.example, "
	for name, tt := range map[string]struct {
		err    error
		status int
		proxy  string
		want   string
	}{
		"reset":              {syscall.ECONNRESET, 0, "", "reg.example closed the connection before it answered; try again, or check host, port and network"},
		"reset in a body":    {syscall.ECONNRESET, 200, "", "reg.example closed the connection in the middle of its answer; try again, or check host, port and network"},
		"a kept connection":  {errors.New("http: server closed idle connection"), 0, "", "reg.example closed the connection before it answered; try again, or check host, port and network"},
		"no address":         {read, 0, "", "reg.example cannot be reached: read: network is unreachable; check the network, and try again"},
		"no host":            {noHost, 0, "", "cannot find the address of reg.example (DNS); check the name, the network and the VPN"},
		"no host, no proxy":  {noHost, 0, "::bad::", "cannot find the address of reg.example (DNS); HTTPS_PROXY is not the URL of a proxy and has no effect: write http://host:port"},
		"no host, a proxy":   {noHost, 0, "proxy.example:3128", "cannot find the address of reg.example (DNS); check the name, the network and the VPN"},
		"a proxy of nothing": {&transport.ProxyError{Host: ":", Err: dial(syscall.ECONNREFUSED)}, 0, "://me:hunter22@", "HTTPS_PROXY is not the URL of a proxy; write http://host:port"},
		"a proxy refuses": {&transport.ProxyError{Host: "p:1", Err: dial(syscall.ECONNREFUSED)}, 0, "p:1",
			"the proxy p:1 for reg.example refused the connection; check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY"},
		"a redirect that fails": {redirect(noHost), 0, "",
			"cannot find the address of cdn.example, to which reg.example redirects (DNS); ask the administrator of reg.example"},
		"a redirect to a closed port": {redirect(dial(syscall.ECONNREFUSED)), 0, "",
			"reg.example redirects to cdn.example, which refused the connection; ask the administrator of reg.example"},
		"a redirect to silence": {redirect(transport.ErrSilent), 0, "",
			"reg.example redirects to cdn.example, which did not answer in time (no data for 30 s); try again, or ask the administrator of reg.example"},
		"a redirect, reset": {redirect(syscall.ECONNRESET), 0, "",
			"reg.example redirects to cdn.example, which closed the connection before it answered; try again, or ask the administrator of reg.example"},
		"a redirect to no address": {redirect(read), 0, "",
			"reg.example redirects to cdn.example, which cannot be reached: read: network is unreachable; ask the administrator of reg.example"},
		"a redirect to this machine": {redirect(transport.ErrLocalAddress), 0, "",
			"reg.example redirects to cdn.example, which cannot be reached: " + transport.ErrLocalAddress.Error() + "; ask the administrator of reg.example"},
		"a redirect to another name": {redirect(cert(nil, "a.example")), 0, "",
			"reg.example redirects to cdn.example, which has a certificate for another name: it is valid for a.example, not for reg.example; ask the administrator of reg.example"},
		"a redirect to an unknown authority": {redirect(x509.UnknownAuthorityError{}), 0, "",
			"reg.example redirects to cdn.example, which has a certificate from an authority that this machine does not trust; " +
				"put the authority's certificate at /etc/docker/certs.d/cdn.example/ca.crt, or name it in SSL_CERT_FILE"},
		"a redirect with too many files": {redirect(dial(os.NewSyscallError("socket", syscall.EMFILE))), 0, "",
			"cannot open a connection to cdn.example, to which reg.example redirects: too many files and connections are open; " + files.TooManyOpenRemedy},
		"a redirect behind a proxy": {redirect(&transport.ProxyError{Host: "p:1", Err: dial(syscall.ECONNREFUSED)}), 0, "p:1",
			"the proxy p:1 for cdn.example refused the connection; check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY"},
		"a redirect of a token service": {token(redirect(dial(syscall.ECONNREFUSED))), 0, "",
			"auth.example, the token service of reg.example, redirects to cdn.example, which refused the connection; ask the administrator of reg.example"},
		"a certificate that has expired": {x509.CertificateInvalidError{Reason: x509.Expired, Cert: valid(-2, -1)}, 0, "",
			"reg.example has a certificate that expired on " + day(-1) + "; renew the certificate, or correct the clock of this machine"},
		"a certificate of the future": {x509.CertificateInvalidError{Reason: x509.Expired, Cert: valid(1, 2)}, 0, "",
			"reg.example has a certificate that is not valid before " + day(1) + "; renew the certificate, or correct the clock of this machine"},
		"old TLS": {alert(70), 0, "", "reg.example supports only TLS 1.1 or older; ask its administrator"},
		"old TLS that is chosen": {errors.New("tls: server selected unsupported protocol version 302"), 0, "",
			"reg.example supports only TLS 1.1 or older; ask its administrator"},
		"no client certificate": {alert(116), 0, "",
			"reg.example requires a client certificate; put client.cert and client.key in /etc/docker/certs.d/reg.example"},
		"a client certificate, perhaps": {alert(40), 0, "", "reg.example refused the TLS connection (handshake failure); " +
			"if it requires a client certificate, put client.cert and client.key in /etc/docker/certs.d/reg.example"},
		"another alert": {alert(112), 0, "", "reg.example refused the TLS connection (unrecognized name); ask its administrator"},
		"a redirect to old TLS": {redirect(alert(70)), 0, "",
			"reg.example redirects to cdn.example, which supports only TLS 1.1 or older; ask the administrator of reg.example"},
		"a proxy wants a certificate": {&transport.ProxyError{Host: "p:1", Err: alert(116)}, 0, "p:1",
			"the proxy p:1 requires a client certificate; ask the administrator of the proxy"},
		"a proxy without a host":  {&transport.ProxyError{Host: "nonsense:", Err: noHost}, 0, "nonsense://", "HTTPS_PROXY is not the URL of a proxy; write http://host:port"},
		"a proxy of another kind": {&transport.ProxyError{Host: "p.example:1", Err: noHost}, 0, "nonsense://p.example:1", "HTTPS_PROXY is not the URL of a proxy; write http://host:port"},
		"a proxy of SOCKS": {&transport.ProxyError{Host: "p.example:1", Err: noHost}, 0, "socks5://p.example:1",
			"cannot find the address of the proxy p.example:1 for reg.example (DNS); check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY"},
		"another proxy": {&transport.ProxyError{Host: "q.example:1", Err: noHost}, 0, "nonsense://p.example:1",
			"cannot find the address of the proxy q.example:1 for reg.example (DNS); check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY"},
		"a token service on another host": {&transport.TokenError{Host: "reg.example", Response: transport.Response{Status: http.StatusBadGateway}}, 0, "",
			"reg.example did not issue a token: 502 Bad Gateway; try again later"},
		"a closed token service on another host": {&transport.TokenError{Host: "reg.example", Err: dial(syscall.ECONNREFUSED)}, 0, "",
			"reg.example refused the connection; check host and port, or start the registry"},
		"other names": {cert(nil, "a.example", "b.example"), 0, "",
			"reg.example has a certificate for another name: it is valid for a.example, b.example, not for reg.example; use a name that is in the certificate"},
		"many names": {cert(net.IPv4(192, 0, 2, 2), "a", "b", "c"), 0, "",
			"reg.example has a certificate for another name: it is valid for a, b, c, 1 more, not for reg.example; use a name that is in the certificate"},
		"no names": {cert(nil), 0, "", "reg.example has a certificate without a subject alternative name (SAN) for a host; " +
			"replace it with one that has subjectAltName=DNS:reg.example (openssl req: -addext)"},
		"only a common name": {x509.HostnameError{Certificate: common, Host: "reg.example"}, 0, "",
			"reg.example has a certificate without a subject alternative name (SAN) for a host, and its common name (reg.example) does not count as one; " +
				"replace it with one that has subjectAltName=DNS:reg.example (openssl req: -addext)"},
		"only a common name, an address": {x509.HostnameError{Certificate: common, Host: "[2001:db8::1]"}, 0, "",
			"reg.example has a certificate without a subject alternative name (SAN) for a host, and its common name (reg.example) does not count as one; " +
				"replace it with one that has subjectAltName=IP:2001:db8::1 (openssl req: -addext)"},
		"a redirect to only a common name": {redirect(x509.HostnameError{Certificate: common, Host: "cdn.example"}), 0, "",
			"reg.example redirects to cdn.example, which has a certificate without a subject alternative name (SAN) for a host, " +
				"and its common name (reg.example) does not count as one; ask the administrator of reg.example"},
		"a common name beside another name": {x509.HostnameError{Certificate: both, Host: "reg.example"}, 0, "",
			"reg.example has a certificate for another name: it is valid for a.example, not for reg.example; use a name that is in the certificate"},
		"a token service without a name": {token(noHost), 0, "",
			"cannot find the address of auth.example, the token service of reg.example (DNS); try again, check the network, or ask the administrator of reg.example"},
		"a token service that refuses": {token(dial(syscall.ECONNREFUSED)), 0, "",
			service + "refused the connection; try again, check the network, or ask the administrator of reg.example"},
		"a token service with a wrong URL": {token(errors.New("its URL is not valid")), 0, "",
			service + "did not issue a token: its URL is not valid; ask the administrator of reg.example"},
		"a token service that fails": {&transport.TokenError{Host: "auth.example", Response: transport.Response{Status: http.StatusBadGateway}}, 0, "",
			service + "did not issue a token: 502 Bad Gateway; try again later"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, v := range []string{"https_proxy", "HTTP_PROXY", "http_proxy"} {
				t.Setenv(v, "")
			}
			t.Setenv("HTTPS_PROXY", tt.proxy)
			c := newClient(t, Options{})
			err := c.host("reg.example").networkError(model.Ref{}, tt.status, tt.err)
			if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}
