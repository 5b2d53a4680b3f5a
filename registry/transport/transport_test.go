package transport

import (
	"log/slog"
	"testing"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// testTransport is a transport for a host, without logins and settings.
func testTransport(t testing.TB, host string) *Transport {
	t.Helper()
	s, err := New(Options{
		Settings: config.Host{Name: host}, Credentials: credentials.NewStatic(), Remembered: &EndpointFile{}, Meter: NewMeter(), Log: slog.New(slog.DiscardHandler),
		Concurrency: 1, Timeouts: DefaultTimeouts(), Retry: DefaultRetryPolicy(),
	})
	registrytest.OK(t, err)
	return s
}
