package registrytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// CertAuthority issues certificates that no system trusts.
type CertAuthority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewCertAuthority makes a certificate authority with a new key.
func NewCertAuthority(t testing.TB) CertAuthority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	OK(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	OK(t, err)
	cert, err := x509.ParseCertificate(raw)
	OK(t, err)
	return CertAuthority{cert, key}
}

// PEM is the certificate of the authority.
func (a CertAuthority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Pair is a certificate for 127.0.0.1, for servers and clients, with its key.
func (a CertAuthority) Pair(t testing.TB) (cert, key []byte) {
	t.Helper()
	cert, key, err := a.issue(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	OK(t, err)
	return cert, key
}

// certificate is a certificate for a name.
func (a CertAuthority) certificate(name string) (*tls.Certificate, error) {
	cert, key, err := a.issue(&x509.Certificate{DNSNames: []string{name}})
	if err != nil {
		return nil, err
	}
	both, err := tls.X509KeyPair(cert, key)
	return &both, err
}

// issue issues a certificate with the names in template, and its key.
func (a CertAuthority) issue(template *x509.Certificate) (cert, key []byte, err error) {
	template.SerialNumber, template.NotAfter = big.NewInt(2), time.Now().Add(time.Hour)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, own.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(own)
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	return cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}

// Serve serves h with a certificate of the authority. shown is how many
// client certificates the server has got.
func (a CertAuthority) Serve(t testing.TB, h http.Handler, wants tls.ClientAuthType) (s *httptest.Server, shown func() int) {
	t.Helper()
	cert, key := a.Pair(t)
	both, err := tls.X509KeyPair(cert, key)
	OK(t, err)
	var mu sync.Mutex
	n := 0
	s = httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{both}, ClientAuth: wants, VerifyConnection: func(state tls.ConnectionState) error {
		mu.Lock()
		defer mu.Unlock()
		n += len(state.PeerCertificates)
		return nil
	}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, func() int { mu.Lock(); defer mu.Unlock(); return n }
}
