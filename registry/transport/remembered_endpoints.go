package transport

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// loadRemembered loads what an earlier run learned about the registry. Only what
// came over verified TLS is remembered and used: over plain http an attacker
// could name a token service, which would get the login in a later run.
func (tr *Transport) loadRemembered(file *EndpointFile) {
	tr.endpoints = file
	known, ok := file.get(tr.host)
	if !ok {
		return
	}
	tr.remembered = &known
	if tr.knownScheme() == "" {
		tr.tlsRemembered.Store(true)
	}
	if known.Realm != "" {
		// It is used before the registry has sent a challenge.
		tr.auth.challenge = &challenge{scheme: "bearer", realm: known.Realm, params: map[string]string{"service": known.Service}}
		tr.auth.unconfirmed = true
	}
}

// preconnect opens connections to the hosts that the first requests need, while
// the first of them still runs.
func (tr *Transport) preconnect() {
	tr.preconnected.Do(func() {
		if tr.remembered == nil {
			return
		}
		hosts := []string{tr.host, tr.remembered.Blobs}
		if realm, err := url.Parse(tr.remembered.Realm); err == nil {
			hosts = append(hosts, realm.Host)
		}
		tr.roundTripper.preconnect(hosts...)
	})
}

// rememberResponse stores the token service and the blob host for the next run, after a
// good response over https.
func (tr *Transport) rememberResponse(q request, a Response) {
	if a.Status != http.StatusOK || a.scheme != "https" {
		return
	}
	realm, service := tr.auth.tokenService()
	tr.endpoints.update(tr.host, func(p *endpoint) {
		p.Realm, p.Service = realm, service
		if a.RedirectedTo != "" && strings.Contains(q.url.Path, "/blobs/") {
			p.Blobs = a.RedirectedTo
		}
	})
}

// fromRemembered returns the authorization from a remembered token service; zero if
// the service does not issue a token in time. It is then dropped: the registry will
// name its present one.
func (a *authenticator) fromRemembered(ctx context.Context, c *challenge, scope string) (authorization, error) {
	short, cancel := context.WithTimeout(ctx, a.transport.timeouts.Remembered)
	defer cancel()
	k, err := a.bearer(short, *c, scope, scope, "")
	if err == nil {
		k.tlsOnly = true
		return k, nil
	}
	if ctx.Err() != nil {
		return authorization{}, ctx.Err()
	}
	a.dropRemembered()
	return authorization{}, nil
}

// dropRemembered drops a remembered token service that fails, and its tokens.
func (a *authenticator) dropRemembered() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.unconfirmed {
		a.challenge, a.unconfirmed = nil, false
		clear(a.tokens)
	}
}

// rejected reports whether a registry refused a token of a remembered token
// service without a challenge, unlike 401, which has one.
func (a *authenticator) rejected(unconfirmed bool, status int) bool {
	switch {
	case !unconfirmed:
	case status == http.StatusBadRequest, status == http.StatusForbidden:
		a.dropRemembered()
		return true
	case status == http.StatusOK:
		a.mu.Lock()
		a.unconfirmed = false
		a.mu.Unlock()
	}
	return false
}

// tokenService is the token service of the last challenge, if any.
func (a *authenticator) tokenService() (realm, service string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.challenge == nil || a.challenge.scheme != "bearer" {
		return "", ""
	}
	return a.challenge.realm, a.challenge.params["service"]
}
