package transport

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/credentials"
)

// token is a bearer token of a token service.
type token struct {
	authorization
	expires time.Time
}

// TokenError is the failure to get a token.
type TokenError struct {
	Host     string   // of the token service
	Login    string   // that was sent, "" for none
	Response Response // of the token service, if Err is nil
	Err      error
}

func (e *TokenError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("the token service %s: %v", e.Host, e.Err)
	}
	return fmt.Sprintf("the token service %s answered %d", e.Host, e.Response.Status)
}

func (e *TokenError) Unwrap() error { return e.Err }

// bearer returns a token for scope: the stored one unless it was refused, else a new
// one. requested is the scope in the token request. Concurrent callers share one
// request.
func (a *authenticator) bearer(ctx context.Context, c challenge, scope, requested, refused string) (authorization, error) {
	a.mu.Lock()
	known, ok := a.tokens[scope]
	a.mu.Unlock()
	if ok && known.header != refused && time.Now().Before(known.expires) {
		return known.authorization, nil
	}
	t, err := a.fetching.Do(ctx, c.realm+" "+scope+" "+refused, func(ctx context.Context) (token, error) {
		t, err := a.fetchToken(WithExchange(ctx, nil), c, scope, requested) // not a bulk request: other callers may wait for it
		if err == nil {
			a.storeToken(c.realm, scope, t)
		}
		return t, err
	})
	if err != nil {
		if ctx.Err() == nil {
			a.dropChallenge(c.realm)
		}
		return authorization{}, err
	}
	return t.authorization, nil
}

// dropChallenge makes the next request have no authorization, so that the registry
// sends a challenge again: its token service may have changed.
func (a *authenticator) dropChallenge(realm string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.challenge != nil && a.challenge.realm == realm {
		a.challenge, a.unconfirmed = nil, false
	}
}

// storeToken stores a token for later requests, unless the last challenge has another
// realm.
func (a *authenticator) storeToken(realm, scope string, t token) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.challenge != nil && a.challenge.realm == realm {
		a.tokens[scope] = t
	}
}

// fetchToken requests a token from the token service.
func (a *authenticator) fetchToken(ctx context.Context, c challenge, scope, requested string) (token, error) {
	l, err := a.lookup(ctx, scope)
	if err != nil {
		return token{}, err
	}
	if l.BearerToken != "" {
		return token{authorization: authorization{header: "Bearer " + l.BearerToken, login: l.String()}, expires: time.Now().Add(time.Hour)}, nil
	}
	req, err := a.tokenRequest(ctx, c, requested, l)
	if err != nil {
		return token{}, &TokenError{Host: safe.Clip(c.realm), Login: l.String(), Err: err}
	}
	resp, err := a.transport.fetch(context.WithValue(ctx, tokenRequestKey{}, true), req, MaxTokenResponse, authorization{})
	if err != nil || resp.Status != http.StatusOK {
		return token{}, &TokenError{Host: safe.Clip(req.URL.Host), Login: l.String(), Response: resp, Err: err}
	}
	t, err := parseToken(resp.Body, time.Now())
	if err != nil {
		return token{}, &TokenError{Host: safe.Clip(req.URL.Host), Login: l.String(), Response: resp, Err: err}
	}
	t.login, t.issued = l.String(), true
	return t, nil
}

// tokenRequest is a GET with the login, if any, in its header. A refresh token needs
// a POST (docker's "Token Authentication Specification").
func (a *authenticator) tokenRequest(ctx context.Context, c challenge, requested string, l credentials.Login) (*http.Request, error) {
	u, err := url.Parse(c.realm)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("its URL is not valid")
	}
	if n := len(c.realm) + len(c.params["service"]) + len(requested); n > MaxChallenge {
		return nil, fmt.Errorf("its URL, service and scope have %d bytes, tagdiff sends at most %d", n, MaxChallenge)
	}
	if a.transport.knownScheme() == "https" && u.Scheme != "https" {
		return nil, errors.New("it does not use https although the registry does")
	}
	q := u.Query()
	set := func(k, v string) {
		if v != "" {
			q.Set(k, v)
		}
	}
	set("service", c.params["service"])
	set("scope", requested)
	set("client_id", "tagdiff")
	var req *http.Request
	if l.RefreshToken != "" {
		set("grant_type", "refresh_token")
		set("refresh_token", l.RefreshToken)
		u.RawQuery = ""
		req, err = http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(q.Encode()))
	} else {
		set("account", l.Username)
		u.RawQuery = q.Encode()
		req, err = http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	}
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", UserAgent)
	switch {
	case l.RefreshToken != "":
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case l.Username != "":
		req.Header.Set("Authorization", basicHeader(l))
	}
	return req, nil
}

// MaxToken limits a token, in bytes: each request carries it. Tokens of
// large services have some 5 KiB, and few servers accept more than 64 KiB.
const MaxToken = 64 << 10

// parseToken parses the response of a token service. A token without expires_in is
// valid for 60 s (the default in the specification). It is renewed a little early.
func parseToken(body []byte, now time.Time) (token, error) {
	var w struct {
		Token       string          `json:"token"`
		AccessToken string          `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return token{}, errors.New("its response is not JSON")
	}
	w.Token = cmp.Or(w.Token, w.AccessToken)
	switch {
	case w.Token == "" || strings.ContainsFunc(w.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return token{}, errors.New("its response has no token")
	case len(w.Token) > MaxToken:
		return token{}, fmt.Errorf("its token has %d bytes, tagdiff accepts at most %d", len(w.Token), MaxToken)
	}
	var seconds float64 // some services send text; 60 s for anything that is not a number
	_ = json.Unmarshal(bytes.Trim(w.ExpiresIn, `"`), &seconds)
	seconds = min(max(seconds, minTokenLife), maxTokenLife)
	return token{authorization: authorization{header: "Bearer " + w.Token}, expires: now.Add(time.Duration(seconds*0.9) * time.Second)}, nil
}

// The limits of a token's lifetime, in seconds.
const (
	minTokenLife = 60
	maxTokenLife = 24 * 3600
)

// repositoryOf is the repository that a scope is for, "" for the catalog's.
func repositoryOf(scope string) string {
	if repo, ok := strings.CutPrefix(scope, "repository:"); ok {
		return strings.TrimSuffix(repo, ":pull")
	}
	return ""
}
