package registry

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// awayError is a failure at another host than the one that was asked: one that
// it redirected to.
type awayError struct {
	host string
	err  error
}

func (e *awayError) Error() string { return e.host + ": " + e.err.Error() }
func (e *awayError) Unwrap() error { return e.err }

// at is err with the host where it happened, if that is not who was asked.
func at(host string, req *http.Request, err error) error {
	if err == nil || host == req.URL.Host {
		return err
	}
	return &awayError{host, err}
}

// reached is the host at which a request failed.
func reached(req *http.Request, err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		if last, err := url.Parse(u.URL); err == nil && last.Host != "" {
			return last.Host
		}
	}
	return req.URL.Host
}

// whispers are errors of net/http that quote an address, with what is said in
// their place: a redirect may carry a signature, a proxy's address a password.
var whispers = map[string]string{
	"failed to parse Location header": "it redirects to what is no address",
	"invalid proxy address":           "the address of the proxy in the environment is none",
}

// discreet is err without the addresses that net/http puts into it.
func discreet(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	for start, said := range whispers {
		if strings.HasPrefix(err.Error(), start) {
			return errors.New(said)
		}
	}
	return err
}

// shortestSecret is how long in bytes a secret must be to be looked for: what is
// shorter stands in any text.
const shortestSecret = 4

// scrub removes from an error's body the login that was sent: some servers
// repeat what they were asked, and what they say is shown.
func scrub(body []byte, req *http.Request) []byte {
	for _, secret := range secretsOf(req) {
		if len(secret) >= shortestSecret {
			body = bytes.ReplaceAll(body, []byte(secret), []byte("…"))
			body = bytes.ReplaceAll(body, []byte(url.QueryEscape(secret)), []byte("…"))
		}
	}
	return body
}

func secretsOf(req *http.Request) []string {
	_, sent, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	_, password, _ := req.BasicAuth()
	secrets := []string{sent, password}
	if req.GetBody == nil {
		return secrets
	}
	body, err := req.GetBody()
	if err != nil {
		return secrets
	}
	defer body.Close()
	form, err := readSome(body, maxProblem)
	if err != nil {
		return secrets
	}
	values, _ := url.ParseQuery(string(form)) // our own
	return append(secrets, values.Get("refresh_token"))
}
