package transport

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestRoundTrip_readOnly checks that only requests that read are sent.
func TestRoundTrip_readOnly(t *testing.T) {
	var written atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			written.Add(1)
		}
	}))
	defer s.Close()
	h := testTransport(t, strings.TrimPrefix(s.URL, "http://"))
	for _, method := range []string{"PUT", "POST", "PATCH", "DELETE"} {
		req := httptest.NewRequest(method, s.URL+"/v2/app/manifests/a", nil)
		req.RequestURI = ""
		if _, err := h.RoundTrip(req); !errors.Is(err, errNotReadOnly) {
			t.Errorf("%s through the transport: %v", method, err)
		}
		if _, err := h.client.Do(req); !errors.Is(err, errNotReadOnly) {
			t.Errorf("%s through the round tripper: %v", method, err)
		}
		if _, err := h.client.Do(req.WithContext(context.WithValue(context.Background(), tokenRequestKey{}, true))); !errors.Is(err, errNotReadOnly) {
			t.Errorf("%s as a token request below /v2/: %v", method, err)
		}
	}
	if n := written.Load(); n != 0 {
		t.Errorf("%d writing requests reached the registry", n)
	}
}
