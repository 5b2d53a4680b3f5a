package transport

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/credentials"
)

// token is a bearer token of a token service.
type token struct {
	key
	expires time.Time // by the wall clock, see wallClock
}

// isUsable reports whether a token answers a challenge and has not expired.
func (t token) isUsable(c *challenge, scope string) bool {
	return wallClock().Before(t.expires) && c.asksSame(t.challenge, scope)
}

// wallClock is the time without the monotonic reading, which stands still while the machine
// sleeps: tokens expire meanwhile.
func wallClock() time.Time { return time.Now().Round(0) }

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

// newToken gets a new token for a place. Concurrent callers share one request.
func (a *authenticator) newToken(ctx context.Context, p place, c *challenge, l credentials.Login, refused string) (key, error) {
	requested := cmp.Or(c.params["scope"], p.scope)
	shared := strings.Join([]string{p.host, p.scope, c.realm, c.params["service"], requested, basicHeader(l), l.RefreshToken, refused}, "\n")
	t, err := a.fetches.Do(ctx, shared, func(ctx context.Context) (token, error) {
		done, err := a.takeTurn(ctx, p)
		if err != nil {
			return token{}, err
		}
		defer done()
		// Another caller may have stored one after this caller looked.
		known := a.at(p)
		if t := known.token; t.isUsable(c, p.scope) && t.login == l && t.header != refused {
			return t, nil
		}
		if err := known.refusingError(p); err != nil {
			return token{}, err
		}
		t, err := a.fetchToken(WithExchange(ctx, nil), c, requested, l) // not a bulk request: other callers may wait for it
		refusal := tokenRefusal(err)
		a.change(p, func(known *access) {
			switch {
			case t.header != "":
				t.challenge = c
				known.token = t
				known.token.stored = true
				known.countRefusal(l) // until the place accepts it
			case refusal != nil && refusal.Login != "":
				known.countRefusal(l)
				known.refusals.last = refusal.Response
			}
		})
		return t, err
	})
	return t.key, err
}

// fetchToken requests a token from the token service. If that redirects to another host, there may
// be a token without a login beside the error.
func (a *authenticator) fetchToken(ctx context.Context, c *challenge, requested string, l credentials.Login) (token, error) {
	if l.BearerToken != "" {
		return token{key: key{header: "Bearer " + l.BearerToken, login: l}, expires: wallClock().Add(time.Hour)}, nil
	}
	var e *TokenError
	for _, method := range tokenMethods(l) {
		req, err := tokenRequest(ctx, method, c, requested, l)
		if err != nil {
			return token{}, &TokenError{Host: safe.Clip(c.realm), Login: l.String(), Err: err}
		}
		e = &TokenError{Host: safe.Clip(req.URL.Host), Login: l.String()}
		e.Response, e.Err = a.transport.fetch(context.WithValue(ctx, tokenRequestKey{}, true), req, MaxTokenResponse, nil)
		if e.Err == nil && e.Response.Status == http.StatusOK {
			t, err := parseToken(e.Response.Body, wallClock())
			switch {
			case err == nil && isKept(e.Response, l):
				t.issued = true
				return t, &TokenError{Host: e.Host, Login: e.Login, Err: keptLogin(e.Response)}
			case err == nil:
				t.login, t.issued = l, true
				return t, nil
			}
			e.Err = err
		}
		if isKept(e.Response, l) {
			return token{}, &TokenError{Host: e.Host, Login: e.Login, Err: keptLogin(e.Response)}
		}
		if e.Err != nil || !lacksPost(e.Response.Status, l) {
			break
		}
	}
	return token{}, e
}

// isKept reports whether the answer to a request with a login is of another host, which did not get
// the login.
func isKept(a Response, l credentials.Login) bool { return a.RedirectedTo != "" && !l.IsZero() }

// lacksPost reports whether a token service answered POST as one that only has GET. 401 is
// such an answer where GET has another secret to send.
func lacksPost(status int, l credentials.Login) bool {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return true
	}
	return status == http.StatusUnauthorized && l.Password != ""
}

// tokenMethods are the methods of a token request, in order. A refresh token needs a POST. A
// token service without POST gets the login with GET (docker's "Token Authentication
// Specification").
func tokenMethods(l credentials.Login) []string {
	switch {
	case l.RefreshToken == "":
		return []string{http.MethodGet}
	case l.Username == "":
		return []string{http.MethodPost}
	}
	return []string{http.MethodPost, http.MethodGet}
}

// tokenRequest is a GET with the login, if any, in its header, or a POST with a refresh
// token in its body.
func tokenRequest(ctx context.Context, method string, c *challenge, requested string, l credentials.Login) (*http.Request, error) {
	u, err := url.Parse(c.realm)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("its URL is not valid")
	}
	if n := len(c.realm) + len(c.params["service"]) + len(requested); n > MaxChallenge {
		return nil, fmt.Errorf("its URL, service and scope have %d bytes, tagdiff sends at most %d", n, MaxChallenge)
	}
	if c.tls && u.Scheme != "https" {
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
	var body io.Reader
	if method == http.MethodPost {
		set("grant_type", "refresh_token")
		set("refresh_token", l.RefreshToken)
		u.RawQuery = ""
		body = strings.NewReader(q.Encode())
	} else {
		set("account", l.Username)
		u.RawQuery = q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", UserAgent)
	switch {
	case method == http.MethodPost:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case l.Username != "":
		l.Password = cmp.Or(l.Password, l.RefreshToken)
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
	case !isToken(w.Token):
		return token{}, errors.New("its response has no token")
	case len(w.Token) > MaxToken:
		return token{}, fmt.Errorf("its token has %d bytes, tagdiff accepts at most %d", len(w.Token), MaxToken)
	}
	var seconds float64 // some services send text; 60 s for anything that is not a number
	_ = json.Unmarshal(bytes.Trim(w.ExpiresIn, `"`), &seconds)
	seconds = min(max(seconds, minTokenLife), maxTokenLife)
	t := token{key: key{header: "Bearer " + w.Token}, expires: now.Add(time.Duration(seconds*0.9) * time.Second)}
	if w.AccessToken != w.Token && isToken(w.AccessToken) && len(w.AccessToken) <= MaxToken {
		t.otherToken = w.AccessToken
	}
	return t, nil
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
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
