package registry

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/inflight"
)

// authority is how one registry wants its clients to log in. regclient could
// do it, but its token requests and credential helpers know no context, run
// under one lock for the whole registry, and look the registry's name up in
// DNS twice for every request.
type authority struct {
	seam *seam
	keys *credentials.Keychain

	mu     sync.Mutex
	asked  *challenge       // the last one; later requests need no 401 any more
	guess  bool             // asked is from an earlier run, and untried
	tokens map[string]token // by scope as the seam names it
	note   error            // why a login could not be looked up

	fetching inflight.Group[token]
}

func newAuthority(s *seam, keys *credentials.Keychain) *authority {
	return &authority{seam: s, keys: keys, tokens: map[string]token{}}
}

// key is an Authorization header and whose login made it, "" for nobody's.
type key struct {
	header, login string
	private       bool // for TLS alone
}

type token struct {
	key
	expires time.Time
}

// tokenError is a token service that gave no token.
type tokenError struct {
	realm  string // its host
	login  string
	answer answer
	err    error // no answer at all
}

func (e *tokenError) Error() string {
	if e.err != nil {
		return fmt.Sprintf("the token service %s: %v", e.realm, e.err)
	}
	return fmt.Sprintf("the token service %s answered %d", e.realm, e.answer.status)
}

func (e *tokenError) Unwrap() error { return e.err }

// known is the key to send before anybody asked for it, as far as earlier
// answers told, be it in an earlier run; then it is supposed to be the key.
func (a *authority) known(ctx context.Context, scope string) (k key, supposed bool, err error) {
	a.mu.Lock()
	asked, guess := a.asked, a.guess
	a.mu.Unlock()
	switch {
	case asked == nil:
	case guess:
		k, err = a.supposed(ctx, asked, scope)
	case asked.scheme == "basic":
		k, err = a.basic(ctx, scope)
	default:
		k, err = a.bearer(ctx, *asked, scope, scope, "")
	}
	return k, guess && k.header != "", err
}

// answer is the key that a 401 asks for; the zero key when there is none or
// when it is the one that was just refused.
func (a *authority) answer(ctx context.Context, headers []string, scope string, refused key) (key, error) {
	c, ok := pick(parseChallenges(headers))
	if !ok {
		return key{}, nil
	}
	a.mu.Lock()
	a.asked, a.guess = &c, false
	a.mu.Unlock()
	var (
		k   key
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
		return key{}, err
	}
	return k, nil
}

// lookup finds the login for a scope. A helper that fails does not: what is
// public can be read without a login, and if it cannot the note is told.
func (a *authority) lookup(ctx context.Context, scope string) (credentials.Login, error) {
	l, err := a.keys.Lookup(ctx, a.seam.host, scopeRepo(scope))
	if ctx.Err() != nil {
		return credentials.Login{}, ctx.Err()
	}
	a.mu.Lock()
	a.note = err
	a.mu.Unlock()
	return l, nil
}

// wanted reports whether the registry has ever asked for a login or a token.
func (a *authority) wanted() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked != nil
}

// complaint is why a login could not be looked up, nil if it could.
func (a *authority) complaint() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.note
}

func (a *authority) basic(ctx context.Context, scope string) (key, error) {
	l, err := a.lookup(ctx, scope)
	if err != nil || l.Username == "" {
		return key{}, err
	}
	return key{header: basicHeader(l), login: l.String()}, nil
}

// bearer is a token for scope: the one at hand unless that was refused, else a
// new one, fetched once for all who wait for it.
func (a *authority) bearer(ctx context.Context, c challenge, scope, wanted, refused string) (key, error) {
	a.mu.Lock()
	known, ok := a.tokens[scope]
	a.mu.Unlock()
	if ok && known.header != refused && time.Now().Before(known.expires) {
		return known.key, nil
	}
	t, err := a.fetching.Do(ctx, c.realm+" "+scope+" "+refused, func(ctx context.Context) (token, error) {
		t, err := a.fetch(withCall(ctx, nil), c, scope, wanted) // others may wait for it too
		if err == nil {
			a.keep(c.realm, scope, t)
		}
		return t, err
	})
	if err != nil {
		if ctx.Err() == nil {
			a.forsake(c.realm)
		}
		return key{}, err
	}
	return t.key, nil
}

// forsake makes the next request ask the registry first where tokens are made:
// it may have got another service meanwhile, or want no token any more.
func (a *authority) forsake(realm string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked != nil && a.asked.realm == realm {
		a.asked, a.guess = nil, false
	}
}

// keep keeps a token for others, unless the registry has named another realm
// meanwhile.
func (a *authority) keep(realm, scope string, t token) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked != nil && a.asked.realm == realm {
		a.tokens[scope] = t
	}
}

// fetch asks the token service.
func (a *authority) fetch(ctx context.Context, c challenge, scope, wanted string) (token, error) {
	l, err := a.lookup(ctx, scope)
	if err != nil {
		return token{}, err
	}
	if l.BearerToken != "" {
		return token{key: key{header: "Bearer " + l.BearerToken, login: l.String()}, expires: time.Now().Add(time.Hour)}, nil
	}
	req, err := a.tokenRequest(ctx, c, wanted, l)
	if err != nil {
		return token{}, &tokenError{realm: safe.Clip(c.realm), login: l.String(), err: err}
	}
	ans, err := a.seam.fetch(context.WithValue(ctx, tokenKey{}, true), req, maxToken, key{})
	if err != nil || ans.status != http.StatusOK {
		return token{}, &tokenError{realm: safe.Clip(req.URL.Host), login: l.String(), answer: ans, err: err}
	}
	t, err := parseToken(ans.body, time.Now())
	if err != nil {
		return token{}, &tokenError{realm: safe.Clip(req.URL.Host), login: l.String(), answer: ans, err: err}
	}
	t.login = l.String()
	return t, nil
}

// tokenRequest is a GET, with the login in its header if there is one; a
// refresh token goes in a POST, as the protocol has it.
func (a *authority) tokenRequest(ctx context.Context, c challenge, wanted string, l credentials.Login) (*http.Request, error) {
	u, err := url.Parse(c.realm)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("its address is not one")
	}
	if n := len(c.realm) + len(c.params["service"]) + len(wanted); n > maxChallenge {
		return nil, fmt.Errorf("its address, service and scope have %d bytes, tagdiff sends %d", n, maxChallenge)
	}
	if a.seam.speaks() == "https" && u.Scheme != "https" {
		return nil, errors.New("it does not use https although the registry does")
	}
	q := u.Query()
	set := func(k, v string) {
		if v != "" {
			q.Set(k, v)
		}
	}
	set("service", c.params["service"])
	set("scope", wanted)
	set("client_id", userAgent)
	if l.RefreshToken != "" {
		set("grant_type", "refresh_token")
		set("refresh_token", l.RefreshToken)
		u.RawQuery = ""
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(q.Encode()))
		if err == nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("User-Agent", userAgent)
		}
		return req, err
	}
	set("account", l.Username)
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err == nil {
		req.Header.Set("User-Agent", userAgent)
		if l.Username != "" {
			req.Header.Set("Authorization", basicHeader(l))
		}
	}
	return req, err
}

// maxTokenSize bounds a token, in bytes: it goes along with every request. Those
// of large services are some 5 KiB long, and few servers take more than 64.
const maxTokenSize = 64 << 10

// parseToken reads a token service's answer. A token lives 60 s unless it says
// otherwise (the specification's default); it is renewed a little early.
func parseToken(body []byte, now time.Time) (token, error) {
	var w struct {
		Token       string          `json:"token"`
		AccessToken string          `json:"access_token"`
		ExpiresIn   json.RawMessage `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return token{}, errors.New("its answer is not JSON")
	}
	if w.Token == "" {
		w.Token = w.AccessToken
	}
	switch {
	case w.Token == "" || strings.ContainsFunc(w.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return token{}, errors.New("its answer has no token")
	case len(w.Token) > maxTokenSize:
		return token{}, fmt.Errorf("its token is %d bytes long, and tagdiff takes %d", len(w.Token), maxTokenSize)
	}
	var seconds float64 // some write it as text, and 60 s is right for what is no number
	_ = json.Unmarshal(bytes.Trim(w.ExpiresIn, `"`), &seconds)
	seconds = min(max(seconds, minTokenLife), maxTokenLife)
	return token{key: key{header: "Bearer " + w.Token}, expires: now.Add(time.Duration(seconds*0.9) * time.Second)}, nil
}

// Bounds on how long a token is believed to live, in seconds.
const (
	minTokenLife = 60
	maxTokenLife = 24 * 3600
)

func basicHeader(l credentials.Login) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.Username+":"+l.Password))
}

// scopeRepo is the repository that a scope is for, "" for the catalog's.
func scopeRepo(scope string) string {
	repo, ok := strings.CutPrefix(scope, "repository:")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(repo, ":pull")
}
