package registry

import (
	"log/slog"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Options of a Client. The zero value has the defaults.
type Options struct {
	// PlainHTTP allows http for every registry but Docker Hub. Loopback hosts may
	// always use http.
	PlainHTTP bool
	// Probe also requests each tag as clients that accept fewer types do: two more
	// requests for each tag.
	Probe bool
	// Log gets one record per request. No credential is ever in it.
	Log *slog.Logger
	// Concurrency limits the concurrent requests to one registry; 0 means
	// DefaultConcurrency.
	Concurrency int
	// Timeout is how long a registry may send nothing. One response may take four
	// times as long. 0 means DefaultTimeout.
	Timeout time.Duration
	// CertDirs hold a folder per registry with *.crt (authorities), *.cert and
	// *.key (client certificates); nil means the folders of docker and podman.
	CertDirs []string
	// Endpoints is a file for the token service and the blob host of each registry,
	// which saves the next run some requests; "" remembers nothing. It never has a
	// login or a token.
	Endpoints string
	// Documents is the folder of the disk cache for manifests, configs and small
	// layers, which are immutable by digest; "" means no disk cache.
	Documents string
	// Warn is called with a line about a harmless problem, such as a damaged file of
	// the cache, from any goroutine; it may be nil.
	Warn func(string)
	// Known returns the digest that a tag had in an earlier run and probably still
	// has; it may be nil.
	Known func(model.Ref) (digest.Digest, bool)
}

// DefaultConcurrency and DefaultTimeout replace 0 in Options.
const (
	DefaultConcurrency = transport.DefaultConcurrency
	DefaultTimeout     = transport.DefaultTimeout
)
