package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// MaxRedirects limits the redirects of one request.
const MaxRedirects = 5

// keysKey is the context key of the keys of a request, by host.
type keysKey struct{}

// checkRedirect is the CheckRedirect of the client. It sends no login to another host: that
// gets the anonymous token for its own challenge, over TLS, or nothing.
func checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	req.URL.RawQuery = strings.ReplaceAll(req.URL.RawQuery, " ", "%20") // net/http sends blanks as they are
	refused := func(what string) *ServerError {
		to := safe.Clip(req.URL.Scheme + "://" + req.URL.Host) // the rest may have a signature
		did := fmt.Sprintf("redirects %s to %s, which tagdiff does not follow", what, to)
		return &ServerError{Did: did, Next: askAdministrator, Host: last.URL.Host}
	}
	switch {
	case len(via) > MaxRedirects:
		return &ServerError{Did: manyRedirects(slices.Concat(via, []*http.Request{req})), Next: askAdministrator, Host: via[0].URL.Host}
	case req.URL.Hostname() == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return refused("a request")
	case last.URL.Scheme == "https" && req.URL.Scheme != "https":
		return refused("from https")
	case req.Method == http.MethodPost || last.Method == http.MethodPost:
		err := refused("a login")
		err.redirectsLogin = true
		return err
	}
	if req.URL.Host != via[0].URL.Host {
		req.Header.Del("Authorization")
	}
	keys, _ := req.Context().Value(keysKey{}).(map[string]key)
	if k := keys[req.URL.Host]; req.URL.Host != last.URL.Host && req.URL.Scheme == "https" && k.mayFollow(req, via[0]) {
		req.Header.Set("Authorization", k.header)
	}
	req.Header.Del("Referer") // net/http sends the previous URL, and its query may be a secret
	return nil
}

// keptLogin is the error of a token service that redirected a request with a login to another host,
// which got the request without the login.
func keptLogin(a Response) error {
	to := safe.Clip(a.url.Scheme + "://" + a.url.Host)
	return &ServerError{Did: "redirects to " + to + ", which gets no login", Next: askAdministrator, redirectsLogin: true}
}

// manyRedirects words more redirects than tagdiff follows, with the hosts that they led to.
func manyRedirects(requests []*http.Request) string {
	var others []string
	for _, r := range requests {
		if host := r.URL.Host; host != requests[0].URL.Host && !slices.Contains(others, host) {
			others = append(others, host)
		}
	}
	text := fmt.Sprintf("redirected the request more than %d times, ", MaxRedirects)
	if len(others) == 0 {
		return text + "each time to itself"
	}
	return text + "by way of " + safe.Clip(strings.Join(others, ", "))
}

// mayFollow reports whether a key may be sent to its host after a redirect from another host:
// an anonymous token of a host behind the redirect, and the token of the registry back to the
// repository that it is for.
func (k key) mayFollow(req, first *http.Request) bool {
	scope, _ := scopeAndLimit(req.URL.Path)
	asked, _ := scopeAndLimit(first.URL.Path)
	return k.isToken() && (req.URL.Host != first.URL.Host && k.login.IsZero() || req.URL.Host == first.URL.Host && scope == asked)
}

// RedirectError is a failure at the host that a registry or a token service
// redirected to.
type RedirectError struct {
	Host string
	Err  error
}

func (e *RedirectError) Error() string { return e.Host + ": " + e.Err.Error() }
func (e *RedirectError) Unwrap() error { return e.Err }

// atHost makes err a RedirectError, if host is not the host of the request.
func atHost(host string, req *http.Request, err error) error {
	if err == nil || host == req.URL.Host {
		return err
	}
	return &RedirectError{host, err}
}

// failedHost is the host at which a request failed.
func failedHost(req *http.Request, err error) string {
	if server, ok := errors.AsType[*ServerError](err); ok && server.Host != "" {
		return server.Host
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		if last, err := url.Parse(u.URL); err == nil && last.Host != "" {
			return last.Host
		}
	}
	return req.URL.Host
}
