package transport

import (
	"context"
	"encoding/base64"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/inflight"
)

// authenticator knows what one registry, and the hosts that it redirects to, have asked
// for: a challenge and a token for each repository at each host. A negotiation makes the
// keys of a request from that.
//
// regclient could log in, but its token requests and credential helpers ignore the
// context, run under one lock for the whole registry, and look the registry's name up in
// DNS twice for every request.
type authenticator struct {
	transport   *Transport
	credentials *credentials.Keychain

	mu        sync.Mutex
	last      *challenge // of any repository of the registry, or of an earlier run; others presume it
	places    map[place]access
	greeted   bool             // the registry has answered a greeting
	greeting  *challenge       // in that answer, nil for none
	lookupErr error            // why a login could not be looked up
	fileErr   error            // why a file of logins could not be used at the last refusal
	stored    map[loginAt]bool // logins whose fingerprint was stored, see newFingerprint

	greets  inflight.Group[*challenge]
	fetches inflight.Group[token]
}

// place is a repository at a host that answers for it: the registry, or a host that the
// registry redirects to.
type place struct{ host, scope string }

// maxPlaces limits the places that are known at once: a registry may redirect each request
// to another host.
const maxPlaces = 256

// access is what a place has asked for, and what it accepts.
type access struct {
	challenge *challenge // its last one, nil for none
	token     token      // the last one for it, zero for none
	isOpen    bool       // it answers without a key: no challenge is presumed
	noLogin   time.Time  // its login is not used before that: the place refuses it, and answers without it
	accepted  token      // the last key that it accepted, zero for none
	refusals  refusals
	refused   outcome       // of the login that it refused last: see shareRefusal
	turn      chan struct{} // holds a value while a token for it is requested
}

// key is what a request shows to one host: an Authorization header, and where it comes
// from. The zero key shows nothing.
type key struct {
	header     string
	login      credentials.Login // zero for an anonymous token
	challenge  *challenge        // that it answers
	otherToken string            // a second token of the same answer of the token service, "" for none
	issued     bool              // by a token service, which has accepted the login
	stored     bool              // it is a token of an earlier request, and may have expired
	presumed   bool              // challenge is not of the place that the key is for
	tlsOnly    bool              // not to be sent over plain http
}

func (k key) isToken() bool { return strings.HasPrefix(k.header, "Bearer ") }

func (a *authenticator) at(p place) access {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.places[p]
}

func (a *authenticator) change(p place, change func(*access)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, ok := a.places[p]
	if !ok && len(a.places) >= maxPlaces {
		clear(a.places)
	}
	change(&known)
	a.places[p] = known
}

// isRegistry reports whether a place is at the registry. No other host gets a login.
func (a *authenticator) isRegistry(p place) bool { return p.host == a.transport.host }

// challengeOf returns the challenge to answer at a place: its last one, or the one that it
// will probably send; nil for none.
func (a *authenticator) challengeOf(p place) (c *challenge, presumed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.places[p]
	switch {
	case known.challenge != nil:
		return known.challenge, false
	case known.isOpen, !a.isRegistry(p), a.last == nil:
		return nil, false
	}
	c = new(challenge)
	*c = *a.last
	c.params = maps.Clone(c.params)
	delete(c.params, "scope") // that of another repository
	return c, true
}

// setChallenge stores the challenge that a place has sent.
func (a *authenticator) setChallenge(p place, c *challenge) {
	a.change(p, func(known *access) {
		known.challenge, known.isOpen = c, false
		if a.isRegistry(p) {
			a.last = c
		}
	})
}

// accept stores that the registry answers a request with a key.
func (n *negotiation) accept(p place, k key) {
	n.change(p, func(known *access) {
		switch {
		case n.refused != "" && k.login.IsZero(): // a public repository
			known.noLogin = wallClock().Add(loginRefusedTime)
			if known.token.expires.After(known.noLogin) {
				known.token.expires = known.noLogin
			}
		case known.challenge != nil:
		case k.header == "":
			known.isOpen = true
		default: // the key answers a challenge that the place has not sent
			confirmed := *k.challenge
			confirmed.remembered = false
			known.challenge, known.isOpen = &confirmed, false
			if n.last != nil && n.last.remembered {
				n.last = &confirmed
			}
		}
	})
}

// dropToken makes the next request to a place get a new token in place of a refused one.
func (a *authenticator) dropToken(p place, k key) {
	a.change(p, func(known *access) {
		known.noLogin = time.Time{}
		if known.token.header == k.header {
			known.token = token{}
		}
	})
}

// useOtherToken stores and returns the second token of an answer that had two.
func (a *authenticator) useOtherToken(p place, refused key) key {
	other := refused
	other.header, other.otherToken = "Bearer "+refused.otherToken, ""
	a.change(p, func(known *access) {
		if known.token.header == refused.header {
			known.token.key = other
		}
	})
	return other
}

// dropChallenge makes the next request to a place have no authorization, so that it sends
// a challenge again: its token service may have changed.
func (a *authenticator) dropChallenge(p place, c *challenge) {
	a.change(p, func(known *access) {
		if known.challenge != nil && known.challenge.realm == c.realm {
			known.challenge = nil
		}
		if a.last != nil && a.last.realm == c.realm {
			a.last = nil
		}
	})
}

// redirectChallenges are the challenges of hosts behind redirects for a scope.
func (a *authenticator) redirectChallenges(scope string) map[place]*challenge {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[place]*challenge{}
	for p, known := range a.places {
		if p.scope == scope && !a.isRegistry(p) && known.challenge != nil {
			all[p] = known.challenge
		}
	}
	return all
}

// lookup finds the login for a place. The failure of a helper is not an error here:
// public repositories need no login. LoginError returns it.
func (a *authenticator) lookup(ctx context.Context, p place) (credentials.Login, error) {
	l, err := a.credentials.Lookup(ctx, a.transport.registry, repositoryOf(p.scope))
	if ctx.Err() != nil {
		return credentials.Login{}, ctx.Err()
	}
	a.mu.Lock()
	a.lookupErr = err
	a.mu.Unlock()
	return l, nil
}

func (a *authenticator) setFileError(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fileErr = err
}

// basicKey is the key for a basic challenge; zero without a user.
func basicKey(c *challenge, l credentials.Login) key {
	if l.Username == "" {
		return key{}
	}
	return key{header: basicHeader(l), login: l, challenge: c}
}

func basicHeader(l credentials.Login) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.Username+":"+l.Password))
}
