package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// MaxRedirects limits the redirects of one request.
const MaxRedirects = 5

// checkRedirect is the CheckRedirect of the client. It sends no login to another
// host.
func checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	req.URL.RawQuery = strings.ReplaceAll(req.URL.RawQuery, " ", "%20") // net/http sends blanks as they are
	refused := func(what string) error {
		to := safe.Clip(req.URL.Scheme + "://" + req.URL.Host) // the rest may have a signature
		did := fmt.Sprintf("redirects %s to %s, which tagdiff does not follow", what, to)
		return &ServerError{Did: did, Next: askAdministrator, Host: last.URL.Host}
	}
	switch {
	case len(via) > MaxRedirects:
		return &ServerError{Did: fmt.Sprintf("redirected more than %d times", MaxRedirects), Next: askAdministrator, Host: last.URL.Host}
	case req.URL.Hostname() == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return refused("a request")
	case last.URL.Scheme == "https" && req.URL.Scheme != "https":
		return refused("from https")
	case req.Method == http.MethodPost || last.Method == http.MethodPost:
		return refused("a login")
	}
	if req.URL.Host != via[0].URL.Host {
		req.Header.Del("Authorization")
	}
	req.Header.Del("Referer") // net/http sends the previous URL, and its query may be a secret
	return nil
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
