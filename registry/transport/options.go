package transport

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/registry/credentials"
)

// DefaultConcurrency lets two images of 16 platforms each be read in three
// rounds. More gains nothing: measured at 20 ms, 500 at once are as fast as 64.
const DefaultConcurrency = 64

// DefaultTimeout is the longest silence of a registry. Those that fetch from
// another registry first are silent for up to 20 s.
const DefaultTimeout = 30 * time.Second

// Options of a Transport.
type Options struct {
	// Settings of the registry: its name, and what regctl's configuration says
	// about it.
	Settings config.Host
	// Credentials are the logins, and regctl's settings for other hosts.
	Credentials *credentials.Keychain
	// Remembered has the token service and the blob host from earlier runs.
	Remembered *EndpointFile
	// Meter counts the requests and keeps the rate limits.
	Meter *Meter
	// Log gets one record per request.
	Log *slog.Logger
	// Wrap, unless nil, wraps the round tripper that sends requests to the network.
	Wrap func(http.RoundTripper) http.RoundTripper

	PlainHTTP   bool // http is allowed for every registry but Docker Hub; loopback hosts may use it always
	RequireTLS  bool // http is not allowed, also not for loopback hosts
	Concurrency int  // requests at once
	CertDirs    []string
	Timeouts    Timeouts
	Retry       RetryPolicy
}
