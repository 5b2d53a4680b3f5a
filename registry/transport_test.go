package registry

import (
	"log/slog"
	"testing"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// testSeam is a transport for a host, without logins and settings.
func testSeam(t testing.TB, host string) *seam {
	t.Helper()
	s, err := newSeam(transportOptions{
		Settings: config.Host{Name: host}, Credentials: credentials.NewStatic(), Endpoints: &endpoints{}, Traffic: newMeter(), Log: slog.New(slog.DiscardHandler),
		Concurrency: 1, Timeouts: usualTimeouts(), Retry: usualRetry(),
	})
	registrytest.OK(t, err)
	return s
}
