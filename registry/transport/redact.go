package transport

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// redactions replace net/http errors that quote a URL, which may hold a signature
// or a password. The key is how the error begins.
var redactions = map[string]error{
	"failed to parse Location header": &ServerError{Did: "redirects to an invalid URL", Next: askAdministrator},
	"invalid proxy address":           errors.New("the proxy URL in the environment is not valid"),
}

// redactURLs returns err without the URLs that net/http puts into it.
func redactURLs(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	for start, redacted := range redactions {
		if strings.HasPrefix(err.Error(), start) {
			return redacted
		}
	}
	return err
}

// minSecret is the length in bytes from which a secret is removed: any text may
// contain a shorter one.
const minSecret = 4

// redactCredentials removes the credentials of the request from the body of an error:
// some servers repeat the request in it, and errors quote it.
func redactCredentials(body []byte, req *http.Request) []byte {
	for _, secret := range credentialsIn(req) {
		if len(secret) >= minSecret {
			body = bytes.ReplaceAll(body, []byte(secret), []byte("…"))
			body = bytes.ReplaceAll(body, []byte(url.QueryEscape(secret)), []byte("…"))
		}
	}
	return body
}

// credentialsIn are the secrets that a request sends.
func credentialsIn(req *http.Request) []string {
	_, authorization, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	_, password, _ := req.BasicAuth()
	secrets := []string{authorization, password}
	if req.Response != nil { // a redirect, whose URL may be signed
		secrets = append(secrets, queryValues(req.URL)...)
	}
	if req.GetBody == nil {
		return secrets
	}
	body, err := req.GetBody()
	if err != nil {
		return secrets
	}
	defer body.Close()
	form, err := readPrefix(body, MaxErrorBody)
	if err != nil {
		return secrets
	}
	values, _ := url.ParseQuery(string(form)) // the form of our own request
	return append(secrets, values.Get("refresh_token"))
}

// queryValues are the values in the query of a URL, as they are sent and decoded.
func queryValues(u *url.URL) []string {
	var values []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			value = name
		}
		values = append(values, value)
		if decoded, err := url.QueryUnescape(value); err == nil {
			values = append(values, decoded)
		}
	}
	return values
}
