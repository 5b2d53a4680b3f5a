package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tagdiff/tagdiff/model/files"
)

// ErrUnsolicited is the error of a server that sends before it has a request.
var ErrUnsolicited = errors.New("it sent data before it received a request")

// errNoStatus is the error of a response with a status below 100.
var errNoStatus = errors.New("its response has an invalid status code")

// explainHTTPError replaces the errors of net/http for a header that is too large and
// for an unsolicited response, which are hard to understand.
func explainHTTPError(err error) error {
	text := err.Error()
	for _, words := range []string{"response headers exceeded", "response header list larger", "too many 1xx"} {
		if strings.Contains(text, words) {
			return fmt.Errorf("%w: a header of more than %d bytes", files.ErrTooLarge, MaxHeader)
		}
	}
	if strings.Contains(text, "readLoopPeekFailLocked: %!w") { // net/http formats a nil error with %w
		return ErrUnsolicited
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
