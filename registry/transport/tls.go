package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regclient/regclient"
	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
)

// newTLS returns the TLS settings of one registry, from the authorities of the system,
// the certificate folder with its name, and the settings of regctl.
func newTLS(settings config.Host, certDirs []string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	// The person has set this for the registry with regctl.
	c.InsecureSkipVerify = settings.TLS == config.TLSInsecure
	if settings.RegCert != "" {
		if err := addAuthority(c, []byte(settings.RegCert), "regctl's settings for "+settings.Name); err != nil {
			return nil, err
		}
	}
	if settings.ClientCert != "" && settings.ClientKey != "" {
		pair, err := tls.X509KeyPair([]byte(settings.ClientCert), []byte(settings.ClientKey))
		if err != nil {
			return nil, certificateError("regctl's client certificate for "+settings.Name, err)
		}
		c.Certificates = append(c.Certificates, pair)
	}
	if settings.Name == "" {
		return c, nil
	}
	for _, dir := range certDirs {
		if err := addCertDir(c, filepath.Join(dir, settings.Name)); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// addCertDir adds *.crt as authorities and pairs of *.cert and *.key as client
// certificates, as dockerd does.
func addCertDir(c *tls.Config, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return certificateError(dir, err)
	}
	for _, f := range entries {
		path := filepath.Join(dir, f.Name())
		switch filepath.Ext(path) {
		case ".crt":
			pem, err := files.Read(path, MaxCertFile)
			if err != nil {
				return certificateError(path, err)
			}
			if err := addAuthority(c, pem, path); err != nil {
				return err
			}
		case ".cert":
			pair, err := readPair(path, strings.TrimSuffix(path, ".cert")+".key")
			if err != nil {
				return certificateError(path, err)
			}
			c.Certificates = append(c.Certificates, pair)
		}
	}
	return nil
}

// MaxCertFile limits a file of certificates, in bytes: those of all public
// authorities are 250 KiB.
const MaxCertFile = 4 << 20

func readPair(cert, key string) (pair tls.Certificate, err error) {
	certPEM, err := files.Read(cert, MaxCertFile)
	if err != nil {
		return pair, err
	}
	keyPEM, err := files.Read(key, MaxCertFile)
	if err != nil {
		return pair, err
	}
	return tls.X509KeyPair(certPEM, keyPEM)
}

func addAuthority(c *tls.Config, pem []byte, from string) error {
	if c.RootCAs == nil {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		c.RootCAs = pool
	}
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return certificateError(from, errors.New("no certificate in PEM form"))
	}
	return nil
}

func certificateError(where string, err error) error {
	t := &model.ReadError{
		Message: fmt.Sprintf("cannot use the certificates of %s: %v", where, err),
		Next:    "repair or remove that file", Err: err,
	}
	if files.TooManyOpen(err) {
		t.Next = files.TooManyOpenRemedy
	}
	return t
}

// Alert is an alert with which a server ended a TLS connection.
type Alert string

// CertificateRequired is the alert of TLS 1.3 for a missing client certificate.
var CertificateRequired = alertOf(116)

// noApplicationProtocol is the alert of a server that has no version of HTTP that the client offers (RFC 7301).
var noApplicationProtocol = alertOf(120)

// clientCertificateAlerts are the alerts of servers that miss or reject a client
// certificate (RFC 5246 and 8446); handshake_failure also has other causes.
var clientCertificateAlerts = []Alert{
	alertOf(40), alertOf(42), alertOf(43), alertOf(44), alertOf(45), alertOf(46), alertOf(48), alertOf(49), CertificateRequired,
}

// alertOf is the alert with a number. Package tls exports only the alerts of QUIC, which
// have the same texts as those of TCP.
func alertOf(number uint8) Alert {
	return Alert(strings.TrimPrefix(tls.AlertError(number).Error(), "tls: "))
}

// OfClientCertificate reports whether the cause may be the client certificate.
func (a Alert) OfClientCertificate() bool { return slices.Contains(clientCertificateAlerts, a) }

// TLSAlert returns the alert with which a server ended a TLS connection.
func TLSAlert(err error) (_ Alert, ok bool) {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return "", false
	}
	return Alert(strings.TrimPrefix(op.Err.Error(), "tls: ")), true
}

// IsOldTLS reports whether a server supports no version of TLS that tagdiff accepts.
func IsOldTLS(err error) bool {
	alert, _ := TLSAlert(err)
	return alert == alertOf(70) || strings.Contains(err.Error(), "tls: server selected unsupported protocol version")
}

// DefaultCertDirs returns the certificate folders of docker (also rootless), podman and
// Docker Desktop, as in the manuals dockerd(8) and containers-certs.d(5).
func DefaultCertDirs() []string {
	dirs := []string{regclient.DockerCertDir, "/etc/containers/certs.d"}
	if config, err := os.UserConfigDir(); err == nil {
		dirs = append(dirs, filepath.Join(config, "docker", "certs.d"), filepath.Join(config, "containers", "certs.d"))
	}
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".docker", "certs.d"))
	}
	return dirs
}
