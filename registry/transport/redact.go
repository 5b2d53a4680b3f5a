package transport

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// redactions are errors of net/http that quote an address, with what is said in
// their place: a redirect may carry a signature, a proxy's address a password.
var redactions = map[string]string{
	"failed to parse Location header": "it redirects to what is no address",
	"invalid proxy address":           "the address of the proxy in the environment is none",
}

// redactURLs is err without the addresses that net/http puts into it.
func redactURLs(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	for start, said := range redactions {
		if strings.HasPrefix(err.Error(), start) {
			return errors.New(said)
		}
	}
	return err
}

// minSecret is how long in bytes a secret must be to be looked for: what is
// shorter stands in any text.
const minSecret = 4

// redactCredentials removes from an error's body the login that was sent: some servers
// repeat what they were asked, and what they say is shown.
func redactCredentials(body []byte, req *http.Request) []byte {
	for _, secret := range credentialsIn(req) {
		if len(secret) >= minSecret {
			body = bytes.ReplaceAll(body, []byte(secret), []byte("…"))
			body = bytes.ReplaceAll(body, []byte(url.QueryEscape(secret)), []byte("…"))
		}
	}
	return body
}

func credentialsIn(req *http.Request) []string {
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
	form, err := readPrefix(body, MaxErrorBody)
	if err != nil {
		return secrets
	}
	values, _ := url.ParseQuery(string(form)) // our own
	return append(secrets, values.Get("refresh_token"))
}
