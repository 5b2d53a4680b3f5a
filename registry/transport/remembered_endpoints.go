package transport

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// loadRemembered takes up what an earlier run learned of the registry. Only what was
// said over TLS that proved itself is remembered and believed: on plain http
// anybody can name a token service, and would get the login of a later day.
func (s *Transport) loadRemembered(memory *EndpointFile) {
	s.endpoints = memory
	hint, known := memory.get(s.host)
	if !known {
		return
	}
	s.remembered = &hint
	if s.knownScheme() == "" {
		s.tlsRemembered.Store(true)
	}
	if hint.Realm != "" {
		s.auth.useRemembered(hint)
	}
}

// preconnect opens connections to where the registry's first requests will lead
// while the first of them is still under way.
func (s *Transport) preconnect() {
	s.preconnected.Do(func() {
		if s.remembered == nil {
			return
		}
		hosts := []string{s.host, s.remembered.Blobs}
		if realm, err := url.Parse(s.remembered.Realm); err == nil {
			hosts = append(hosts, realm.Host)
		}
		s.roundTripper.preconnect(hosts...)
	})
}

// rememberResponse notes for the next run what a good answer showed.
func (s *Transport) rememberResponse(q request, a Response) {
	if a.Status != http.StatusOK || a.scheme != "https" {
		return
	}
	realm, service := s.auth.tokenService()
	s.endpoints.update(s.host, func(p *endpoint) {
		p.Realm, p.Service = realm, service
		if a.RedirectedTo != "" && strings.Contains(q.url.Path, "/blobs/") {
			p.Blobs = a.RedirectedTo
		}
	})
}

// useRemembered makes the authority ask for tokens where an earlier run did, before
// the registry has said so in this one.
func (a *authenticator) useRemembered(hint endpoint) {
	a.challenge = &challenge{scheme: "bearer", realm: hint.Realm, params: map[string]string{"service": hint.Service}}
	a.unconfirmed = true
}

// fromRemembered is a key from a remembered token service; the zero key if that does
// not give one soon, and it is not asked again: the registry will say where to.
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

// dropRemembered drops a supposition that has led astray, and all that came from it.
func (a *authenticator) dropRemembered() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.unconfirmed {
		a.challenge, a.unconfirmed = nil, false
		clear(a.tokens)
	}
}

// rejected reports whether a registry refused a key from a supposed token
// service in a way that leads no further, unlike 401, which says who else to
// ask.
func (a *authenticator) rejected(supposed bool, status int) bool {
	switch {
	case !supposed:
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

// tokenService is the token service that the registry named, if any.
func (a *authenticator) tokenService() (realm, service string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.challenge == nil || a.challenge.scheme != "bearer" {
		return "", ""
	}
	return a.challenge.realm, a.challenge.params["service"]
}
