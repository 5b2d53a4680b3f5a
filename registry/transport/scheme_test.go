package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"

	"github.com/regclient/regclient/config"
)

// TestInsecureSetting checks which failures lead to another connection with a registry that is
// declared insecure: those of TLS at the registry itself, and of the port of https if http has
// another one.
func TestInsecureSetting(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	certificate := &tls.CertificateVerificationError{Err: errors.New("unknown authority")}
	const none = config.TLSUndefined
	for name, tt := range map[string]struct {
		failure error
		host    string
		want    config.TLSConf
	}{
		"a certificate":                   {certificate, "reg.example", config.TLSInsecure},
		"no TLS":                          {http.ErrSchemeMismatch, "reg.example:5000", config.TLSDisabled},
		"no TLS, another record":          {tls.RecordHeaderError{}, "reg.example:5000", config.TLSDisabled},
		"closed at once":                  {io.EOF, "reg.example:5000", config.TLSDisabled},
		"no answer to a TLS greeting":     {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "reg.example:5000", config.TLSDisabled},
		"refused":                         {dial(syscall.ECONNREFUSED), "reg.example", config.TLSDisabled},
		"refused, with a port":            {dial(syscall.ECONNREFUSED), "reg.example:5000", none},
		"no answer":                       {dial(os.ErrDeadlineExceeded), "reg.example", config.TLSDisabled},
		"no such host":                    {dial(&net.DNSError{IsNotFound: true}), "reg.example", none},
		"silence":                         {ErrSilent, "reg.example", none},
		"cancelled":                       {context.Canceled, "reg.example", none},
		"another host's certificate":      {&RedirectError{Host: "cdn.example", Err: certificate}, "reg.example", none},
		"a token service's":               {&TokenError{Host: "auth.example", Err: certificate}, "reg.example", none},
		"a proxy's":                       {&ProxyError{Host: "p.example", Err: certificate}, "reg.example", none},
		"a client certificate is missing": {&net.OpError{Op: "remote error", Err: tls.AlertError(116)}, "reg.example", none},
	} {
		got, ok := insecureSetting(tt.failure, config.Host{Name: tt.host})
		if !ok {
			got = none
		}
		if got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}
