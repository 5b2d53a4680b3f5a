package registry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// tlsError explains a failed handshake.
func tlsError(name string, err error, t *model.ReadError) bool {
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
		t.Message = name + " has a certificate of an authority that this machine does not know"
		t.Next = fmt.Sprintf("put the authority's certificate at /etc/docker/certs.d/%s/ca.crt, or name it in SSL_CERT_FILE", name)
	case errors.As(err, &other):
		t.Message, t.Next = name+" has a certificate for another name: "+safe.Clip(other.Error()), "use a name that is in the certificate"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		t.Message, t.Next = name+" has a certificate that is out of date", "have it renewed, or set this machine's clock"
	case errors.As(err, &failed):
		t.Message, t.Next = name+" has a certificate that is not valid: "+safe.Clip(failed.Err.Error()), "have it repaired"
	case errors.As(err, &alert):
		t.Message = fmt.Sprintf("%s refuses the TLS connection (%s)", name, safe.Clip(alert.Error()))
		t.Next = fmt.Sprintf("if it wants a client certificate, put client.cert and client.key into /etc/docker/certs.d/%s/", name)
	case errors.As(err, &record):
		t.Message, t.Next = name+" does not speak https", "check the port, or run with --plain-http if you trust the network"
	default:
		return false
	}
	return true
}
