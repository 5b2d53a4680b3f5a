// Package registry reads container registries: repositories, tags, manifests
// and configs, as values of package model. It never writes to one.
//
// regclient speaks the protocol; this package puts around it what a program
// with a screen needs: its own transport (seam.go, wire.go), logins (auth.go,
// credentials.go), bounds on everything, and errors with a remedy (trouble.go).
package registry

import (
	"log/slog"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/inflight"
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
	// Log gets one record per request on the wire. No credential is ever in it.
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

// DefaultConcurrency and DefaultTimeout are used where Options have 0.
const (
	DefaultConcurrency = transport.DefaultConcurrency
	DefaultTimeout     = transport.DefaultTimeout
)

// Client reads registries. It is safe for concurrent use. Every call returns
// soon after its context is done, and every error it returns is a
// *model.Trouble.
type Client struct {
	opts      Options
	keys      *credentials.Keychain
	meter     *transport.Meter
	transport transport.Options // what the transports of all registries have in common
	trust     time.Duration     // how long a manifest counts as present after the registry last confirmed it
	cache     *cache
	inflight  inflight.Group[any] // reads of manifests, configs and layers
	documents *diskcache.Cache
	pointers  pointers

	mu    sync.Mutex
	hosts map[string]*host
}

// New makes a client. It reads no file and asks nobody.
func New(opts Options) *Client {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Concurrency <= 0 {
		opts.Concurrency = DefaultConcurrency
	}
	if opts.CertDirs == nil {
		opts.CertDirs = transport.DefaultCertDirs()
	}
	keys, meter := credentials.NewKeychain(), transport.NewMeter()
	return &Client{
		opts: opts, keys: keys, meter: meter, trust: usualTrust,
		transport: transport.Options{
			Credentials: keys, Meter: meter, Remembered: transport.NewEndpointFile(opts.Endpoints), Log: opts.Log,
			PlainHTTP: opts.PlainHTTP, Concurrency: opts.Concurrency, CertDirs: opts.CertDirs,
			Timeouts: transport.DefaultTimeouts().WithSilence(opts.Timeout), Retry: transport.DefaultRetryPolicy(),
		},
		cache: newCache(cacheBytes), hosts: map[string]*host{},
		documents: diskcache.New(diskcache.Options{Dir: opts.Documents, MaxDocument: max(transport.MaxManifest, transport.MaxConfig), Warn: opts.Warn}),
	}
}

// usualTrust is how long a manifest that was read is not asked for again.
const usualTrust = time.Hour

// Close waits a little for what is being written to disk, and closes the
// connections that nobody uses. The client can still be used, and keeps nothing
// there any more.
func (c *Client) Close() {
	c.documents.Close(time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.hosts {
		h.closeIdle()
	}
}

// Traffic is what all calls have cost so far.
func (c *Client) Traffic() model.Traffic { return c.meter.Traffic() }

// KnownHosts are the registries that docker, podman or regctl have a login
// for, sorted. It reads their files and runs no credential helper.
func (c *Client) KnownHosts() []string { return c.keys.Hosts() }
