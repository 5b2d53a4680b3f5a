package registry

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

func TestLoopbackWithTLSNeedsNoFlagButTrust(t *testing.T) {
	s, certs := newTLSServer(t)
	r := s.ref("app", "a")
	s.pushIndex(t, r, eightPlatforms(t))

	_, err := newClient(t, Options{}).Load(deadline(t), r, nil)
	says(t, err, "authority that this machine does not know", "/etc/docker/certs.d/"+s.host+"/ca.crt", "SSL_CERT_FILE")
	_, err = newClient(t, Options{}).Head(deadline(t), r)
	says(t, err, "authority that this machine does not know")

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

func TestRegctlsSettingsCount(t *testing.T) {
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

func TestUnreadableCertificatesAreNamed(t *testing.T) {
	s, certs := newTLSServer(t)
	file := filepath.Join(certs, s.host, "ca.crt")
	ok(t, os.WriteFile(file, []byte("not a certificate"), 0o600))
	c := newClient(t, Options{CertDirs: []string{certs}})
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, file, "repair or remove")
}

func TestACertificatePutThereAfterARefusalCounts(t *testing.T) {
	s, certs := newTLSServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	file := filepath.Join(certs, s.host, "ca.crt")
	pem, err := os.ReadFile(file)
	ok(t, err)
	ok(t, os.Remove(file))
	c := newClient(t, Options{CertDirs: []string{certs}})
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, "authority that this machine does not know")
	ok(t, os.WriteFile(file, []byte("broken"), 0o600))
	_, err = c.Load(deadline(t), r, nil)
	says(t, err, "cannot use the certificates")
	ok(t, os.WriteFile(file, pem, 0o600))
	_, err = c.Load(deadline(t), r, nil)
	ok(t, err)
}
