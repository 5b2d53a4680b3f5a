package transport

import (
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
		tr.auth.last = &challenge{
			scheme: "bearer", realm: known.Realm, params: map[string]string{"service": known.Service}, tls: true, remembered: true,
		}
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

// dropRemembered drops a remembered token service that fails.
func (a *authenticator) dropRemembered() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last != nil && a.last.remembered {
		a.last = nil
	}
}

// tokenService is the token service of the last challenge, if any.
func (a *authenticator) tokenService() (realm, service string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil || a.last.scheme != "bearer" {
		return "", ""
	}
	return a.last.realm, a.last.params["service"]
}
