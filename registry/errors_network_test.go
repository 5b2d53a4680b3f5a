package registry

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"

	"github.com/tagdiff/tagdiff/model"
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
	noHost := dial(&net.DNSError{Err: "no such host", Name: "x", Server: "10.0.0.1:53", IsNotFound: true})
	token := func(err error) error { return &transport.TokenError{Host: "auth.example", Err: err} }
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
		"no host":            {noHost, 0, "", "reg.example is not a known host name; check the name, the network and the VPN"},
		"no host, no proxy":  {noHost, 0, "::bad::", "reg.example is not a known host name; HTTPS_PROXY is not the URL of a proxy and has no effect: write http://host:port"},
		"no host, a proxy":   {noHost, 0, "proxy.example:3128", "reg.example is not a known host name; check the name, the network and the VPN"},
		"a proxy of nothing": {&transport.ProxyError{Host: ":", Err: dial(syscall.ECONNREFUSED)}, 0, "://me:hunter22@", "HTTPS_PROXY is not the URL of a proxy; write http://host:port"},
		"a proxy refuses": {&transport.ProxyError{Host: "p:1", Err: dial(syscall.ECONNREFUSED)}, 0, "p:1",
			"the proxy p:1 for reg.example refused the connection; check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY"},
		"a redirect that fails": {&transport.RedirectError{Host: "cdn.example", Err: noHost}, 0, "",
			"cdn.example (redirected by reg.example) is not a known host name; check the name, the network and the VPN"},
		"other names": {cert(nil, "a.example", "b.example"), 0, "",
			"reg.example has a certificate for another name: it is valid for a.example, b.example, not for reg.example; use a name that is in the certificate"},
		"many names": {cert(net.IPv4(192, 0, 2, 2), "a", "b", "c"), 0, "",
			"reg.example has a certificate for another name: it is valid for a, b, c, 1 more, not for reg.example; use a name that is in the certificate"},
		"no names": {cert(nil), 0, "",
			"reg.example has a certificate for another name: it is valid for no host, so not for reg.example; use a name that is in the certificate"},
		"a token service without a name": {token(noHost), 0, "",
			service + "is not a known host name; try again, check the network, or ask the administrator of reg.example"},
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
