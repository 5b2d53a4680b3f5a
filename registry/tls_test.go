package registry

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// newTLSServer is a registry with a certificate that no machine knows; certs
// is a folder that has it, as docker wants it.
func newTLSServer(t *testing.T) (s *server, certs string) {
	t.Helper()
	s = newServer(t)
	secure := httptest.NewUnstartedServer(s.Config.Handler)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(secure.Close)
	s.host = strings.TrimPrefix(secure.URL, "https://")
	certs = t.TempDir()
	ok(t, os.Mkdir(filepath.Join(certs, s.host), 0o700))
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	ok(t, os.WriteFile(filepath.Join(certs, s.host, "ca.crt"), block, 0o600))
	return s, certs
}

// TestTLS_loopback checks that a registry on loopback may use TLS without a flag, with a trusted certificate.
func TestTLS_loopback(t *testing.T) {
	s, certs := newTLSServer(t)
	r := s.ref("app", "a")
	s.pushIndex(t, r, eightPlatforms(t))

	_, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	says(t, err, "authority that this machine does not trust", "/etc/docker/certs.d/"+s.host+"/ca.crt", "SSL_CERT_FILE")
	_, err = newClient(t, Options{}).Head(deadline(t), r)
	says(t, err, "authority that this machine does not trust")

	c := newClient(t, Options{CertDirs: []string{certs}})
	a, err := c.Load(deadline(t), r, nil)
	ok(t, err)
	whole(t, a, 16, 8)
	if n := len(s.requests()); n != 17 {
		t.Errorf("%d requests, want 17", n)
	}
	if n := c.Traffic().Requests; n != 18 {
		t.Errorf("%d requests counted, want one more: the one in plain http", n)
	}
}

// TestTLS_regctlSettings checks that the TLS settings of regctl are used.
func TestTLS_regctlSettings(t *testing.T) {
	s, _ := newTLSServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	c := newClient(t, Options{})
	c.credentials.AddRegctlConfig("regctl.json", fmt.Appendf(nil, `{"hosts":{%q:{"tls":"insecure"}}}`, s.host))
	_, err := c.Load(deadline(t), r, nil)
	ok(t, err)

	c = newClient(t, Options{})
	c.credentials.AddRegctlConfig("regctl.json", fmt.Appendf(nil, `{"hosts":{%q:{"tls":"disabled"}}}`, s.host))
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, "refused the request (400", "HTTPS server")
}

// TestTLS_certificateFolders checks that the authority of a registry is found in each folder of
// a user.
func TestTLS_certificateFolders(t *testing.T) {
	s, certs := newTLSServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	pem, err := os.ReadFile(filepath.Join(certs, s.host, "ca.crt"))
	ok(t, err)
	for _, dir := range []string{".docker", ".config/docker", ".config/containers"} {
		home(t, map[string]string{filepath.Join(dir, "certs.d", s.host, "ca.crt"): string(pem)})
		_, err := New(Options{}).Load(deadline(t), r, nil)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// TestTLS_unreadableCertificate checks that the error of an unreadable certificate names the file.
func TestTLS_unreadableCertificate(t *testing.T) {
	s, certs := newTLSServer(t)
	file := filepath.Join(certs, s.host, "ca.crt")
	ok(t, os.WriteFile(file, []byte("not a certificate"), 0o600))
	c := newClient(t, Options{CertDirs: []string{certs}})
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, file, "repair or remove")
}

// TestTLS_certificateAddedLater checks that a certificate that is added after a refusal is used.
func TestTLS_certificateAddedLater(t *testing.T) {
	s, certs := newTLSServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	file := filepath.Join(certs, s.host, "ca.crt")
	pem, err := os.ReadFile(file)
	ok(t, err)
	ok(t, os.Remove(file))
	c := newClient(t, Options{CertDirs: []string{certs}})
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, "authority that this machine does not trust")
	ok(t, os.WriteFile(file, []byte("broken"), 0o600))
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, "cannot use the certificates")
	ok(t, os.WriteFile(file, pem, 0o600))
	_, err = c.Load(deadline(t), r, nil)
	ok(t, err)
}

// TestTLS_alerts checks that a server that wants a client certificate or an old version of
// TLS is reported as such, and not as a server that cannot be reached.
func TestTLS_alerts(t *testing.T) {
	const put = "put client.cert and client.key in /etc/docker/certs.d/"
	for name, tt := range map[string]struct {
		config *tls.Config
		say    string
	}{
		"client certificate":          {&tls.Config{ClientAuth: tls.RequireAnyClientCert}, " requires a client certificate; " + put},
		"client certificate, TLS 1.2": {&tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, " refused the TLS connection (handshake failure); if it requires a client certificate, " + put},
		"TLS 1.1":                     {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, " supports only TLS 1.1 or older; ask its administrator"}, //nolint:gosec // what is tested
	} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprint(name, http2), func(t *testing.T) {
				secure := httptest.NewUnstartedServer(http.NotFoundHandler())
				secure.TLS, secure.EnableHTTP2 = tt.config.Clone(), http2
				secure.Config.ErrorLog = log.New(io.Discard, "", 0)
				secure.StartTLS()
				t.Cleanup(secure.Close)
				host := strings.TrimPrefix(secure.URL, "https://")
				c := newClient(t, Options{})
				c.credentials.AddRegctlConfig("regctl.json", fmt.Appendf(nil, `{"hosts":{%q:{"tls":"insecure"}}}`, host))
				_, err := c.Load(deadline(t), model.Ref{Registry: host, Repository: "app", Tag: "a"}, nil)
				says(t, err, host+tt.say)
			})
		}
	}
}
