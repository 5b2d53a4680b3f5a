package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestTLS_proxy checks that the TLS settings of a registry do not apply to a proxy.
func TestTLS_proxy(t *testing.T) {
	authority := registrytest.NewCertAuthority(t)
	cert, key := authority.Pair(t)
	proxy, shown := authority.Serve(t, http.NotFoundHandler(), tls.RequestClientCert)
	settings := config.Host{Name: "reg.example", TLS: config.TLSInsecure, RegCert: string(authority.PEM()), ClientCert: string(cert), ClientKey: string(key)}
	way, err := newHostTransport("reg.example", settings, &ssrfGuard{}, Options{Timeouts: DefaultTimeouts(), Concurrency: 1})
	registrytest.OK(t, err)
	at, err := url.Parse(proxy.URL)
	registrytest.OK(t, err)
	way.Proxy = http.ProxyURL(at)
	req, err := http.NewRequestWithContext(registrytest.Deadline(t), http.MethodGet, "https://reg.example/v2/", nil)
	registrytest.OK(t, err)
	resp, err := way.RoundTrip(req)
	if err == nil {
		registrytest.OK(t, resp.Body.Close())
	}
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) || shown() > 0 {
		t.Errorf("got %v, %d client certificates shown", err, shown())
	}
}
