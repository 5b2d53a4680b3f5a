package registry

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// remember takes up what an earlier run learned of the registry. Only what was
// said over TLS that proved itself is remembered and believed: on plain http
// anybody can name a token service, and would get the login of a later day.
func (s *seam) remember(memory *endpoints) {
	s.memory = memory
	hint, known := memory.get(s.own)
	if !known {
		return
	}
	s.hint = &hint
	if s.speaks() == "" {
		s.likelyTLS.Store(true)
	}
	if hint.Realm != "" {
		s.auth.suppose(hint)
	}
}

// begin opens connections to where the registry's first requests will lead
// while the first of them is still under way.
func (s *seam) begin() {
	s.begun.Do(func() {
		if s.hint == nil {
			return
		}
		hosts := []string{s.own, s.hint.Blobs}
		if realm, err := url.Parse(s.hint.Realm); err == nil {
			hosts = append(hosts, realm.Host)
		}
		s.wire.openEarly(hosts...)
	})
}

// learn notes for the next run what a good answer showed.
func (s *seam) learn(q question, a answer) {
	if a.status != http.StatusOK || a.scheme != "https" {
		return
	}
	realm, service := s.auth.told()
	s.memory.update(s.own, func(p *endpoint) {
		p.Realm, p.Service = realm, service
		if a.from != "" && strings.Contains(q.url.Path, "/blobs/") {
			p.Blobs = a.from
		}
	})
}

// suppose makes the authority ask for tokens where an earlier run did, before
// the registry has said so in this one.
func (a *authority) suppose(hint endpoint) {
	a.asked = &challenge{scheme: "bearer", realm: hint.Realm, params: map[string]string{"service": hint.Service}}
	a.guess = true
}

// supposed is a key from a remembered token service; the zero key if that does
// not give one soon, and it is not asked again: the registry will say where to.
func (a *authority) supposed(ctx context.Context, c *challenge, scope string) (key, error) {
	short, cancel := context.WithTimeout(ctx, a.seam.timeouts.Remembered)
	defer cancel()
	k, err := a.bearer(short, *c, scope, scope, "")
	if err == nil {
		k.private = true
		return k, nil
	}
	if ctx.Err() != nil {
		return key{}, ctx.Err()
	}
	a.doubt()
	return key{}, nil
}

// doubt drops a supposition that has led astray, and all that came from it.
func (a *authority) doubt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.guess {
		a.asked, a.guess = nil, false
		clear(a.tokens)
	}
}

// misled reports whether a registry refused a key from a supposed token
// service in a way that leads no further, unlike 401, which says who else to
// ask.
func (a *authority) misled(supposed bool, status int) bool {
	switch {
	case !supposed:
	case status == http.StatusBadRequest, status == http.StatusForbidden:
		a.doubt()
		return true
	case status == http.StatusOK:
		a.mu.Lock()
		a.guess = false
		a.mu.Unlock()
	}
	return false
}

// told is the token service that the registry named, if any.
func (a *authority) told() (realm, service string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked == nil || a.asked.scheme != "bearer" {
		return "", ""
	}
	return a.asked.realm, a.asked.params["service"]
}
