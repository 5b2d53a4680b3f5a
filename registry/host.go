package registry

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/distribution/reference"
	"github.com/regclient/regclient"
	"github.com/regclient/regclient/config"
	"github.com/regclient/regclient/scheme/reg"
	"github.com/regclient/regclient/types/ref"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/transport"
)

const (
	unbounded = 1 << 20 // requests at once, as far as regclient knows
)

// host is one registry: a regclient of its own on a seam of its own, so that
// settings of one registry (TLS above all) never leak to another.
type host struct {
	name string
	rc   *regclient.RegClient
	seam *transport.Transport
	keys *credentials.Keychain
	err  error // why it cannot be asked at all: its certificates are unreadable
	// spoiled is set when its certificates did not do: the next call reads them
	// anew, since the person may have put one there.
	spoiled atomic.Bool
}

// host returns the one host of a name. It reads the TLS settings the first
// time and so belongs on a command's goroutine.
func (c *Client) host(name string) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h, ok := c.hosts[name]; ok && h.err == nil && !h.spoiled.Load() {
		return h
	}
	c.hosts[name].closeIdle() // its requests come over others now
	settings := c.keys.HostSettings(name)
	h := &host{name: name, keys: c.keys}
	opts := c.transport
	opts.Settings = settings
	h.seam, h.err = transport.New(opts)
	if h.err == nil {
		h.rc = newRegclient(settings, h.seam)
	}
	c.hosts[name] = h
	return h
}

// CloseIdleConnections closes the connections that nobody uses. There may be no host.
func (h *host) closeIdle() {
	if h != nil && h.err == nil {
		h.seam.CloseIdleConnections()
	}
}

// newRegclient makes a regclient that leaves waiting, retries and logins to
// the seam: its own back-off slows every later request of the host, its own
// logins ignore the context, and its own queue does not know what is urgent.
func newRegclient(settings config.Host, seam http.RoundTripper) *regclient.RegClient {
	return regclient.New(
		regclient.WithConfigHost(config.Host{
			Name: settings.Name, Hostname: settings.Hostname, PathPrefix: settings.PathPrefix,
			TLS: config.TLSEnabled, ReqConcurrent: unbounded,
		}),
		regclient.WithUserAgent(transport.UserAgent),
		regclient.WithRegOpts(
			reg.WithDelay(time.Millisecond, time.Millisecond),
			reg.WithRetryLimit(1),
			reg.WithManifestMax(transport.MaxManifest, transport.MaxManifest),
			reg.WithHTTPClient(&http.Client{Transport: seam}),
		),
	)
}

// ask runs one regclient call. An error is a *model.Trouble made from what the
// seam saw; regclient's own error counts only when the seam saw none.
func (h *host) ask(ctx context.Context, about model.Ref, cl *transport.Exchange, do func(context.Context) error) error {
	if h.err != nil {
		return h.err
	}
	if err := ctx.Err(); err != nil {
		return ended(err)
	}
	err := safely(func() error { return do(transport.WithExchange(ctx, cl)) })
	// Without an error no answer is fine too: regclient knows some blobs by heart.
	if err == nil && cl.Err == nil && (cl.Response.Status == http.StatusOK || cl.Response.Status == 0) {
		return nil
	}
	return h.trouble(ctx, about, cl, err)
}

// safely turns a panic into an error: what a registry sends must not be able
// to end the program, and regclient has parsers of its own.
func safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading it failed: %v", p)
		}
	}()
	return do()
}

// valid refuses references that would not survive being put into an address.
// Everything that is sent is checked here, also what a registry itself listed.
func valid(r model.Ref) error {
	if r.When != "" {
		return &model.Trouble{Say: "registries keep no past: nobody can ask one for " + safe.Clip(r.String()), Next: "leave the moment out, or give the digest"}
	}
	_, err := repository(r)
	if err == nil && r.Tag != "" && !isTag(r.Tag) {
		err = reference.ErrTagInvalidFormat
	}
	if err == nil && r.Digest != "" {
		err = r.Digest.Validate()
	}
	if err == nil {
		return nil
	}
	return &model.Trouble{Say: fmt.Sprintf("%q is not a reference", safe.Clip(r.String())), Next: "write host/repository:tag", Err: err}
}

// repository is r's, if registry and repository are each what they claim to
// be: joined by a slash "a/b" and "c" are a valid name too.
func repository(r model.Ref) (reference.Named, error) {
	named, err := reference.WithName(r.Registry + "/" + r.Repository)
	if err != nil {
		return nil, err
	}
	if reference.Domain(named) != r.Registry {
		return nil, reference.ErrReferenceInvalidFormat
	}
	return named, nil
}

func regRef(r model.Ref) ref.Ref {
	out := ref.Ref{Scheme: "reg", Registry: r.Registry, Repository: r.Repository, Tag: r.Tag}
	if r.Digest != "" {
		out.Tag, out.Digest = "", r.Digest.String()
	}
	out.Reference = out.CommonName()
	return out
}
