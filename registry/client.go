// Package registry reads container registries: repositories, tags, manifests
// and configs, as values of package model. It never writes to one.
//
// regclient speaks the protocol; this package puts around it what a program
// with a screen needs: its own transport (seam.go, wire.go), logins (auth.go,
// credentials.go), bounds on everything, and errors with a remedy (trouble.go).
package registry

import (
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/regclient/regclient"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/inflight"
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

// DefaultConcurrency lets two images of 16 platforms each be read in three
// rounds. More gains nothing: measured at 20 ms, 500 at once are as fast as 64.
const DefaultConcurrency = 64

// DefaultTimeout is a person's patience: registries that fetch from another one
// first are silent for up to 20 s.
const DefaultTimeout = 30 * time.Second

// Client reads registries. It is safe for concurrent use. Every call returns
// soon after its context is done, and every error it returns is a
// *model.Trouble.
type Client struct {
	opts      Options
	keys      *credentials.Keychain
	meter     *meter
	transport transportOptions // what the transports of all registries have in common
	trust     time.Duration    // how long a manifest counts as present after the registry last confirmed it
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
		opts.CertDirs = usualCertDirs()
	}
	keys, meter := credentials.NewKeychain(), newMeter()
	return &Client{
		opts: opts, keys: keys, meter: meter, trust: usualTrust,
		transport: transportOptions{
			Credentials: keys, Traffic: meter, Endpoints: newEndpoints(opts.Endpoints), Log: opts.Log,
			PlainHTTP: opts.PlainHTTP, Concurrency: opts.Concurrency, CertDirs: opts.CertDirs,
			Timeouts: usualTimeouts().withSilence(opts.Timeout), Retry: usualRetry(),
		},
		cache: newCache(cacheBytes), hosts: map[string]*host{},
		documents: diskcache.New(diskcache.Options{Dir: opts.Documents, MaxDocument: max(maxManifest, maxConfig), Warn: opts.Warn}),
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
func (c *Client) Traffic() model.Traffic { return c.meter.traffic() }

// KnownHosts are the registries that docker, podman or regctl have a login
// for, sorted. It reads their files and runs no credential helper.
func (c *Client) KnownHosts() []string { return c.keys.Hosts() }

// usualCertDirs are where docker (also rootless) and podman look, in the
// manuals dockerd(8) and containers-certs.d(5).
func usualCertDirs() []string {
	dirs := []string{regclient.DockerCertDir, "/etc/containers/certs.d"}
	if config, err := os.UserConfigDir(); err == nil {
		dirs = append(dirs, filepath.Join(config, "docker", "certs.d"), filepath.Join(config, "containers", "certs.d"))
	}
	return dirs
}
