package transport

import (
	"cmp"
	"context"
	"encoding/base64"
	"sync"

	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/inflight"
)

// authenticator answers the challenges of one registry with a login or a token.
// regclient could do it, but its token requests and credential helpers ignore
// the context, run under one lock for the whole registry, and look the
// registry's name up in DNS twice for every request.
type authenticator struct {
	transport   *Transport
	credentials *credentials.Keychain

	mu          sync.Mutex
	challenge   *challenge       // the last one; later requests use it without a new 401
	unconfirmed bool             // challenge is from an earlier run and not yet used
	tokens      map[string]token // by scope, see scopeAndLimit
	lookupErr   error            // why a login could not be looked up

	fetching inflight.Group[token]
}

// authorization is an Authorization header and the login it comes from; login is
// "" for an anonymous token.
type authorization struct {
	header, login string
	issued        bool // a token service has accepted the login
	tlsOnly       bool // not to be sent over plain http
}

// preemptive returns the authorization for a request before its own challenge, from
// the last challenge. unconfirmed is true if that comes from an earlier run only.
func (a *authenticator) preemptive(ctx context.Context, scope string) (k authorization, unconfirmed bool, err error) {
	a.mu.Lock()
	c, unconfirmed := a.challenge, a.unconfirmed
	a.mu.Unlock()
	switch {
	case c == nil:
	case unconfirmed:
		k, err = a.fromRemembered(ctx, c, scope)
	case c.scheme == "basic":
		k, err = a.basic(ctx, scope)
	default:
		k, err = a.bearer(ctx, *c, scope, scope, "")
	}
	return k, unconfirmed && k.header != "", err
}

// answerChallenge returns the authorization for a challenge; zero if there is none or
// if it is the refused one.
func (a *authenticator) answerChallenge(ctx context.Context, headers []string, scope string, refused authorization) (authorization, error) {
	c, ok := pickChallenge(parseChallenges(headers))
	if !ok {
		return authorization{}, nil
	}
	a.mu.Lock()
	a.challenge, a.unconfirmed = &c, false
	a.mu.Unlock()
	var k authorization
	var err error
	if c.scheme == "basic" {
		k, err = a.basic(ctx, scope)
	} else {
		k, err = a.bearer(ctx, c, scope, cmp.Or(c.params["scope"], scope), refused.header)
	}
	if err != nil || k.header == refused.header {
		return authorization{}, err
	}
	return k, nil
}

// lookup finds the login for a scope. The failure of a helper is not an error here:
// public repositories need no login. LoginError returns it.
func (a *authenticator) lookup(ctx context.Context, scope string) (credentials.Login, error) {
	l, err := a.credentials.Lookup(ctx, a.transport.registry, repositoryOf(scope))
	if ctx.Err() != nil {
		return credentials.Login{}, ctx.Err()
	}
	a.mu.Lock()
	a.lookupErr = err
	a.mu.Unlock()
	return l, nil
}

func (a *authenticator) basic(ctx context.Context, scope string) (authorization, error) {
	l, err := a.lookup(ctx, scope)
	if err != nil || l.Username == "" {
		return authorization{}, err
	}
	return authorization{header: basicHeader(l), login: l.String()}, nil
}

// ForgetTokens makes the next request get a new token, with the login of that time.
func (tr *Transport) ForgetTokens() {
	tr.auth.mu.Lock()
	defer tr.auth.mu.Unlock()
	clear(tr.auth.tokens)
}

func basicHeader(l credentials.Login) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.Username+":"+l.Password))
}
