package registry

import (
	"log/slog"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// Options of a Client. The zero value is what most people want.
type Options struct {
	// PlainHTTP lets every registry but Docker Hub speak http. Loopback hosts
	// may without it.
	PlainHTTP bool
	// Probe also asks how clients that accept less are answered for a tag: two
	// requests more for each.
	Probe bool
	// Log gets one record per request. No credential is ever in it.
	Log *slog.Logger
	// Concurrency is how many requests to one registry may be under way at
	// once; 0 means DefaultConcurrency.
	Concurrency int
	// Timeout is how long a registry may show no sign of life, four times as
	// long for one answer in all; 0 means DefaultTimeout.
	Timeout time.Duration
	// CertDirs hold a folder per registry with *.crt (authorities), *.cert and
	// *.key (client certificates); nil means where docker and podman look.
	CertDirs []string
	// Endpoints is a file in which to remember, per registry, where it has its
	// tokens made and to which host its blobs redirect, so that the next run
	// need not ask; "" remembers nothing. No login or token is ever in it.
	Endpoints string
	// Documents is a folder in which to keep manifests and configs, which are
	// immutable by digest, for the next run; "" keeps nothing.
	Documents string
	// Warn gets a line about what is amiss and does no harm, such as a damaged
	// file; nil hears nothing. It is called from any goroutine.
	Warn func(string)
	// Known is the digest that a tag is likely to have still, from an earlier
	// run; nil knows none.
	Known func(model.Ref) (digest.Digest, bool)
}

// DefaultConcurrency and DefaultTimeout replace 0 in Options.
const (
	DefaultConcurrency = transport.DefaultConcurrency
	DefaultTimeout     = transport.DefaultTimeout
)
