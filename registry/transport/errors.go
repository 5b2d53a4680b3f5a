package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
)

// ServerError is what a server did in place of a valid response.
type ServerError struct {
	Did  string // in words that follow the name of the server
	Next string // the remedy
	Host string // the server, if that is not the host of the request

	redirectsLogin bool // it redirected a login to another host, which did not get it
}

func (e *ServerError) Error() string { return "the server " + e.Did }

const (
	checkPort        = "check the port: the server may not be a registry"
	askAdministrator = "ask the administrator of the registry"
	brokenConnection = "transport connection broken: " // how net/http begins an error
	notHTTP          = "malformed HTTP "               // and the part: response, version, status code
)

// errNoStatus is the error of a response with a status below 100.
var errNoStatus = &ServerError{Did: "sent an invalid HTTP response: its status code is below 100", Next: checkPort}

// explainHTTPError replaces errors of net/http that are hard to understand: for a header
// that is too large, for an unsolicited response, and for one that is not HTTP.
func explainHTTPError(err error, req *http.Request) error {
	if IsConnectionLost(err) {
		return err
	}
	text := string(redactCredentials([]byte(err.Error()), req)) // some quote what the server sent
	if req.URL.RawQuery != "" {
		text = strings.ReplaceAll(text, req.URL.RawQuery, "…")
	}
	for _, words := range []string{"response headers exceeded", "response header list larger", "too many 1xx"} {
		if strings.Contains(text, words) {
			return fmt.Errorf("%w: a header of more than %d bytes", files.ErrTooLarge, MaxHeader)
		}
	}
	if strings.Contains(text, "readLoopPeekFailLocked: %!w") { // net/http formats a nil error with %w
		return &ServerError{Did: "sent data before it received a request", Next: checkPort}
	}
	if _, part, ok := strings.Cut(text, notHTTP); ok {
		return &ServerError{Did: "does not speak HTTP: it sent the " + safe.Clip(part), Next: checkPort}
	}
	if _, problem, ok := strings.Cut(text, brokenConnection); ok {
		return &ServerError{Did: "sent an invalid HTTP response: " + safe.Clip(problem), Next: checkPort}
	}
	return err
}

// cancelCause is the cause of the cancellation of parent or ctx, else err.
func cancelCause(parent, ctx context.Context, err error) error {
	if parent.Err() != nil {
		return parent.Err()
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// StatusError is a response whose status is not 200.
type StatusError struct {
	Status  int
	Message string // from the body, clipped
}

func (e *StatusError) Error() string {
	status := strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
	if e.Message == "" {
		return status
	}
	return status + ": " + e.Message
}

// MalformedError is the error of content that cannot be used. The registry may
// still serve other content.
type MalformedError struct{ Err error }

func (e *MalformedError) Error() string {
	if e.Err == nil {
		return "invalid data"
	}
	return e.Err.Error()
}

func (e *MalformedError) Unwrap() error { return e.Err }

// isNotHTTP reports whether a server sent something else than HTTP.
func isNotHTTP(err error) bool {
	server, ok := errors.AsType[*ServerError](err)
	return ok && strings.HasPrefix(server.Did, "does not speak HTTP")
}
