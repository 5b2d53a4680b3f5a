// Package registry reads container registries: repositories, tags, manifests
// and configs, as values of package model. It never writes to one.
//
// regclient speaks the protocol. This package adds the loading of whole indexes,
// lists of any length, caches, limits, and errors with a remedy. Requests are sent
// by package transport, logins are found by package credentials.
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

// Client reads registries. It is safe for concurrent use. Every call returns
// soon after its context is done, and every error it returns is a
// *model.ReadError.
type Client struct {
	opts         Options
	credentials  *credentials.Keychain
	meter        *transport.Meter
	transport    transport.Options // what the transports of all registries have in common
	confirmAfter time.Duration     // how long a manifest counts as present after the registry last confirmed it
	memory       *lru
	lists        *lru      // of the files in layers
	listeners    listeners // to the reads of layers
	extractions  extractions
	inflight     inflight.Group[any] // reads of manifests, configs and layers
	disk         *diskcache.Cache
	tagDigests   tagDigests
	warnedOf     sync.Map // repositories whose list of tags has digests
	forgotten    sync.Map // registries whose logins are to be read again

	mu    sync.Mutex
	hosts map[string]*host
}

// New makes a client. It reads no file and sends no request.
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
		opts: opts, credentials: keys, meter: meter, confirmAfter: defaultConfirmAfter,
		transport: transport.Options{
			Credentials: keys, Meter: meter, Remembered: transport.NewEndpointFile(opts.Endpoints), Warn: opts.Warn, Log: opts.Log,
			PlainHTTP: opts.PlainHTTP, Concurrency: opts.Concurrency, CertDirs: opts.CertDirs,
			Timeouts: transport.DefaultTimeouts().WithSilence(opts.Timeout), Retry: transport.DefaultRetryPolicy(),
		},
		memory: newLRU(maxMemory), lists: newLRU(maxMemory), hosts: map[string]*host{},
		disk: diskcache.New(diskcache.Options{
			Dir: opts.Documents, MaxDocument: max(transport.MaxManifest, transport.MaxConfig), Warn: opts.Warn,
		}),
	}
}

// defaultConfirmAfter is the time after which the registry must confirm a cached
// manifest.
const defaultConfirmAfter = time.Hour

// Close ends calls of ExtractFile, so that they leave no part of a file. It waits up to a second for the
// disk cache, and closes idle connections. The client can still be used, but writes nothing to disk any
// more.
func (c *Client) Close() {
	c.extractions.close()
	c.disk.Close(time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.hosts {
		h.closeIdle()
	}
}

// Traffic returns the requests and bytes of all calls so far, and the rate limits.
func (c *Client) Traffic() model.Traffic { return c.meter.Traffic() }

// KnownHosts returns the registries for which docker, podman or regctl have a login,
// sorted. It reads their files and runs no credential helper.
func (c *Client) KnownHosts() []string { return c.credentials.Hosts() }

// ForgetLogins makes the next requests to a registry read the files of logins and run the
// helpers again, and ask for new tokens: the person may have logged in after a refusal. It
// does not block.
func (c *Client) ForgetLogins(registry string) { c.forgotten.Store(registry, true) }

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
	// login or a token, but 16 bits of a hash of each login.
	Endpoints string
	// Documents is the folder of the disk cache for manifests, configs and small
	// layers, which are immutable by digest; "" means no disk cache.
	Documents string
	// Warn is called with a line about a harmless problem, such as a damaged file of
	// the cache or digests among tags, from any goroutine; it may be nil.
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
