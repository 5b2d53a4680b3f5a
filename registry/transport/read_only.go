package transport

import (
	"errors"
	"net/http"
	"strings"
)

// errNotReadOnly is the error of a request that could write.
var errNotReadOnly = errors.New("refused to send a request that could write")

// tokenRequestKey marks the context of a request to a token service.
type tokenRequestKey struct{}

// isReadOnly reports whether a request can only read. Trading a refresh token for
// an access token takes a POST (docker's token protocol, "oauth2"); it goes to
// the token service and never below /v2/.
func isReadOnly(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		return req.Context().Value(tokenRequestKey{}) != nil && !strings.HasPrefix(req.URL.Path, "/v2/")
	}
	return false
}
