package transport

import (
	"context"
	"encoding/base64"
	"sync"

	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/inflight"
)

// authenticator is how one registry wants its clients to log in. regclient could
// do it, but its token requests and credential helpers know no context, run
// under one lock for the whole registry, and look the registry's name up in
// DNS twice for every request.
type authenticator struct {
	transport   *Transport
	credentials *credentials.Keychain

	mu          sync.Mutex
	challenge   *challenge       // the last one; later requests need no 401 any more
	unconfirmed bool             // asked is from an earlier run, and untried
	tokens      map[string]token // by scope as the seam names it
	lookupErr   error            // why a login could not be looked up

	fetching inflight.Group[token]
}

func newAuthenticator(s *Transport, keys *credentials.Keychain) *authenticator {
	return &authenticator{transport: s, credentials: keys, tokens: map[string]token{}}
}

// authorization is an Authorization header and whose login made it, "" for nobody's.
type authorization struct {
	header, login string
	tlsOnly       bool // for TLS alone
}

// preemptive is the key to send before anybody asked for it, as far as earlier
// answers told, be it in an earlier run; then it is supposed to be the key.
func (a *authenticator) preemptive(ctx context.Context, scope string) (k authorization, supposed bool, err error) {
	a.mu.Lock()
	asked, guess := a.challenge, a.unconfirmed
	a.mu.Unlock()
	switch {
	case asked == nil:
	case guess:
		k, err = a.fromRemembered(ctx, asked, scope)
	case asked.scheme == "basic":
		k, err = a.basic(ctx, scope)
	default:
		k, err = a.bearer(ctx, *asked, scope, scope, "")
	}
	return k, guess && k.header != "", err
}

// answerChallenge is the key that a 401 asks for; the zero key when there is none or
// when it is the one that was just refused.
func (a *authenticator) answerChallenge(ctx context.Context, headers []string, scope string, refused authorization) (authorization, error) {
	c, ok := pickChallenge(parseChallenges(headers))
	if !ok {
		return authorization{}, nil
	}
	a.mu.Lock()
	a.challenge, a.unconfirmed = &c, false
	a.mu.Unlock()
	var (
		k   authorization
		err error
	)
	if c.scheme == "basic" {
		k, err = a.basic(ctx, scope)
	} else {
		wanted := c.params["scope"]
		if wanted == "" {
			wanted = scope
		}
		k, err = a.bearer(ctx, c, scope, wanted, refused.header)
	}
	if err != nil || k.header == refused.header {
		return authorization{}, err
	}
	return k, nil
}

// lookup finds the login for a scope. A helper that fails does not: what is
// public can be read without a login, and if it cannot the note is told.
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

// hasChallenge reports whether the registry has ever asked for a login or a token.
func (a *authenticator) hasChallenge() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.challenge != nil
}

// loginError is why a login could not be looked up, nil if it could.
func (a *authenticator) loginError() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lookupErr
}

func (a *authenticator) basic(ctx context.Context, scope string) (authorization, error) {
	l, err := a.lookup(ctx, scope)
	if err != nil || l.Username == "" {
		return authorization{}, err
	}
	return authorization{header: basicHeader(l), login: l.String()}, nil
}

// Bounds on how long a token is believed to live, in seconds.

func basicHeader(l credentials.Login) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.Username+":"+l.Password))
}
