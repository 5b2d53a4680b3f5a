package transport

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/registry/credentials"
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
			scheme: "bearer", realm: known.Realm, params: map[string]string{"service": known.Service}, tls: true,
			remembered: true, earlier: true,
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
// good response over https. k is the key of the registry.
func (tr *Transport) rememberResponse(q request, a Response, k key) {
	if a.Status != http.StatusOK || a.scheme != "https" {
		return
	}
	realm, service := tr.auth.tokenService()
	login := tr.newFingerprint(k)
	tr.endpoints.update(tr.host, func(p *endpoint) {
		p.Realm, p.Service = realm, service
		p.addLogin(login)
		if a.RedirectedTo != "" && strings.Contains(q.url.Path, "/blobs/") {
			p.Blobs = a.RedirectedTo
		}
	})
}

// newFingerprint is the fingerprint of the login that a token service has accepted, if this run
// has not yet stored it; else "".
func (tr *Transport) newFingerprint(k key) string {
	if tr.endpoints.path == "" || !k.issued || k.login.IsZero() {
		return ""
	}
	at := loginAt{k.challenge.realm, k.challenge.params["service"], k.login}
	tr.auth.mu.Lock()
	stored := tr.auth.stored[at]
	if len(tr.auth.stored) >= maxPlaces {
		clear(tr.auth.stored)
	}
	tr.auth.stored[at] = true
	tr.auth.mu.Unlock()
	if stored || tr.remembered.gotLogin(at) {
		return ""
	}
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // it never fails
	return at.fingerprint(salt)
}

// mayGet reports whether a token service may get a login. One that is known only from an earlier
// run may get the logins that it got then: the registry may have another service now, and a
// login that was stored after the change is not for the old one.
func (a *authenticator) mayGet(c *challenge, l credentials.Login) bool {
	return !c.earlier || c.scheme != "bearer" || l.IsZero() || l.BearerToken != "" ||
		a.transport.remembered.gotLogin(loginAt{c.realm, c.params["service"], l})
}

// loginAt is a login and the token service that got it.
type loginAt struct {
	realm, service string
	login          credentials.Login
}

// A fingerprint has so few bits that it does not tell which password it is of: one in 65536
// guesses has the same. So a wrong login has the fingerprint of the right one as rarely.
const (
	fingerprintSize = 2
	saltSize        = 16
	maxLogins       = 4 // fingerprints of one registry: podman may have logins for namespaces
)

// fingerprint is a salted hash of a login and its token service, cut to fingerprintSize, after its
// salt; "" if it cannot be made.
func (l loginAt) fingerprint(salt []byte) string {
	text := strings.Join([]string{l.realm, l.service, l.login.Username, l.login.Password, l.login.RefreshToken}, "\x00")
	const rounds = 1_000 // about 0.2 ms, once for each login and run
	hash, err := pbkdf2.Key(sha256.New, text, salt, rounds, sha256.Size)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(slices.Concat(salt, hash[:fingerprintSize]))
}

// gotLogin reports whether a token service got a login in an earlier run. p may be nil.
func (p *endpoint) gotLogin(l loginAt) bool {
	return p != nil && slices.ContainsFunc(strings.Fields(p.Logins), func(known string) bool {
		raw, err := hex.DecodeString(known)
		return err == nil && len(raw) == saltSize+fingerprintSize && l.fingerprint(raw[:saltSize]) == known
	})
}

// addLogin adds a fingerprint, unless it is "", in place of the oldest if there are too many.
func (p *endpoint) addLogin(fingerprint string) {
	all := append(strings.Fields(p.Logins), strings.Fields(fingerprint)...)
	p.Logins = strings.Join(all[max(len(all)-maxLogins, 0):], " ")
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

// Limits of the file.
const (
	maxEndpoints    = 64
	maxEndpointFile = 64 << 10
	maxEndpointName = 512                 // bytes of a URL or a name
	endpointAge     = 30 * 24 * time.Hour // an older one is ignored
	endpointRefresh = 24 * time.Hour      // how often the time of an unchanged endpoint is updated
)

// endpoint has the token service and the blob host that a registry named over https.
// With it a first request takes 6 round trips instead of 11.
type endpoint struct {
	Realm   string    `json:"realm,omitempty"`   // URL of its token service
	Service string    `json:"service,omitempty"` // name of the registry at the token service
	Logins  string    `json:"logins,omitempty"`  // fingerprints of the logins that the token service got, see loginAt
	Blobs   string    `json:"blobs,omitempty"`   // host to which its blobs redirect
	Seen    time.Time `json:"seen"`
}

// EndpointFile remembers the endpoints of registries in a file, from one run to
// the next. A missing, damaged or outdated file only costs time. The file has no
// login, token or signed URL, but fingerprints of logins.
type EndpointFile struct {
	path string // "" remembers nothing

	mu     sync.Mutex
	byHost map[string]endpoint // nil until read
}

// NewEndpointFile uses the file at path; "" remembers nothing.
func NewEndpointFile(path string) *EndpointFile { return &EndpointFile{path: path} }

// get returns the remembered endpoint of a host.
func (e *EndpointFile) get(host string) (endpoint, bool) {
	if e.path == "" {
		return endpoint{}, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byHost == nil {
		e.byHost = e.read()
	}
	p, ok := e.byHost[host]
	return p, ok
}

// update changes the remembered endpoint of a host, and writes the file if the
// endpoint has changed or is old.
func (e *EndpointFile) update(host string, change func(*endpoint)) {
	if e.path == "" || !isHost(host) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.byHost == nil {
		e.byHost = e.read()
	}
	old, known := e.byHost[host]
	p := old
	change(&p)
	p.clean()
	now := time.Now().UTC().Truncate(time.Second)
	if known && p == old && now.Sub(old.Seen) < endpointRefresh {
		return
	}
	p.Seen = now
	e.byHost[host] = p
	all := e.read() // another process may have written it meanwhile
	all[host] = p
	e.write(all)
}

// read returns the valid entries of the file.
func (e *EndpointFile) read() map[string]endpoint {
	raw, err := files.Read(e.path, maxEndpointFile)
	if err != nil {
		return map[string]endpoint{}
	}
	return parseEndpoints(raw, time.Now())
}

func parseEndpoints(raw []byte, now time.Time) map[string]endpoint {
	var all map[string]endpoint
	if json.Unmarshal(raw, &all) != nil || all == nil {
		return map[string]endpoint{}
	}
	maps.DeleteFunc(all, func(host string, p endpoint) bool {
		age := now.Sub(p.Seen)
		return !isHost(host) || age > endpointAge || age < -time.Hour
	})
	for host, p := range all {
		p.clean()
		all[host] = p
	}
	return all
}

// write replaces the file. When several processes write at once, the last one
// counts, and none reads a part of a file.
func (e *EndpointFile) write(all map[string]endpoint) {
	for len(all) > maxEndpoints {
		delete(all, slices.MinFunc(slices.Collect(maps.Keys(all)), func(a, b string) int { return all[a].Seen.Compare(all[b].Seen) }))
	}
	raw, err := json.MarshalIndent(all, "", " ")
	if err != nil || os.MkdirAll(filepath.Dir(e.path), 0o700) != nil {
		return
	}
	_ = files.Replace(e.path, ".endpoints-", raw) // best effort: nothing depends on the file
}

// clean removes invalid values, and URLs that may contain a secret: in the query or
// the user.
func (p *endpoint) clean() {
	if !isRealm(p.Realm) || len(p.Service) > maxEndpointName {
		p.Realm, p.Service = "", ""
	}
	if !isHost(p.Blobs) {
		p.Blobs = ""
	}
	if len(p.Logins) > maxEndpointName {
		p.Logins = ""
	}
}

// isRealm reports whether s is the https URL of a token service without user, query
// and fragment.
func isRealm(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxEndpointName && u.Scheme == "https" && isHost(u.Host) &&
		u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// isHost reports whether s is a host with an optional port.
func isHost(s string) bool {
	u, err := url.Parse("https://" + s)
	return err == nil && s != "" && len(s) <= maxEndpointName && u.Host == s && u.Hostname() != "" &&
		u.User == nil && !strings.ContainsAny(s, " %")
}
