package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestHostSettings_notAHost checks that a host name from a registry cannot name another certificate folder.
func TestHostSettings_notAHost(t *testing.T) {
	k := credentials.NewStatic()
	for host, named := range map[string]bool{
		"cdn.example": true, "cdn.example:8443": true, "127.0.0.1:5000": true, "[::1]:5000": true,
		"": false, ".": false, "..": false, "../x": false, "a/b": false, `a\b`: false, "x%2fy": false,
	} {
		if got := hostSettings(k, host).Name != ""; got != named {
			t.Errorf("%q: %v", host, got)
		}
	}
}

// TestHostTransports_limit checks that the number of transports for other hosts is limited.
func TestHostTransports_limit(t *testing.T) {
	r := hostTransports{newTransport: func(string) (*hostTransport, error) { return &hostTransport{Transport: &http.Transport{}}, nil }}
	for i := range 3 * MaxOtherHosts {
		_, err := r.get(fmt.Sprint(i, ".example"))
		registrytest.OK(t, err)
		if len(r.byHost) > MaxOtherHosts {
			t.Fatalf("%d hosts", len(r.byHost))
		}
	}
}

// TestDialAddress_hosts checks the address for hosts with and without a port.
func TestDialAddress_hosts(t *testing.T) {
	for host, want := range map[string]string{
		"reg.example": "reg.example:443", "reg.example:5000": "reg.example:5000", "[::1]": "[::1]:443", "[::1]:5000": "[::1]:5000", "127.0.0.1:1": "127.0.0.1:1",
	} {
		if got := dialAddress(host); got != want {
			t.Errorf("%s: got %s", host, got)
		}
	}
}

// TestHostTransport_lostAlert checks when a request is sent again with HTTP/1.1, and whose error counts.
func TestHostTransport_lostAlert(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	alert := func(a Alert) error { return &net.OpError{Op: "remote error", Err: errors.New("tls: " + string(a))} }
	of := func(op string, err error) error { return &net.OpError{Op: op, Net: "tcp", Err: err} }
	broken, lost := of("write", syscall.EPIPE), errors.New(notEstablished)
	for name, tt := range map[string]struct {
		http2, http1, want error // http1 nil: the server answers
		once               bool  // HTTP/1.1 is not asked
	}{
		"the write failed":                  {http2: broken, http1: alert(CertificateRequired), want: alert(CertificateRequired)},
		"the connection was closed":         {http2: lost, http1: alert(CertificateRequired), want: alert(CertificateRequired)},
		"an answer":                         {http2: lost},
		"a server with HTTP/2 only":         {http2: lost, http1: alert(noApplicationProtocol), want: lost},
		"closed with HTTP/1.1, too":         {http2: broken, http1: of("read", syscall.ECONNRESET), want: broken},
		"an alert that was not lost":        {http2: alert(CertificateRequired), want: alert(CertificateRequired), once: true},
		"no connection":                     {http2: of("dial", syscall.ECONNREFUSED), want: of("dial", syscall.ECONNREFUSED), once: true},
		"closed after the request was sent": {http2: of("read", syscall.ECONNRESET), want: of("read", syscall.ECONNRESET), once: true},
	} {
		t.Run(name, func(t *testing.T) {
			http1 := server.Client().Transport.(*http.Transport).Clone()
			http1.DisableKeepAlives = true
			if tt.http1 != nil || tt.once {
				http1.DialTLSContext = func(context.Context, string, string) (net.Conn, error) {
					if tt.once {
						t.Error("HTTP/1.1 was asked")
					}
					return nil, tt.http1
				}
			}
			h := &hostTransport{http1: http1, Transport: &http.Transport{
				DialTLSContext: func(context.Context, string, string) (net.Conn, error) { return nil, tt.http2 },
			}}
			req, err := http.NewRequestWithContext(registrytest.Deadline(t), http.MethodGet, server.URL, nil)
			registrytest.OK(t, err)
			resp, err := h.RoundTrip(req)
			if err == nil {
				registrytest.OK(t, resp.Body.Close())
			}
			if fmt.Sprint(err) != fmt.Sprint(tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
