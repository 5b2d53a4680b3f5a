package registry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

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
		t.Message, t.Next = name+" has a certificate for another name: "+safe.Clip(other.Error()), "use a name that is in the certificate"
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
