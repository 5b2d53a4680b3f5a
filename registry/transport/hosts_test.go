package transport

import (
	"fmt"
	"net/http"
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
