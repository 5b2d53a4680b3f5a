package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tagdiff/tagdiff/model/files"
)

// ErrUnsolicited is of a server that sends something before it is asked.
var ErrUnsolicited = errors.New("it sends something before it is asked")

// errNoStatus is of a server that answers 000 or the like.
var errNoStatus = errors.New("its answer has a status that is none")

// explainHTTPError is err where net/http has only words of its own insides: for a header
// that is too large, and for an answer that came before its question.
func explainHTTPError(err error) error {
	said := err.Error()
	for _, words := range []string{"response headers exceeded", "response header list larger", "too many 1xx"} {
		if strings.Contains(said, words) {
			return fmt.Errorf("%w: a header of more than %d bytes", files.ErrTooLarge, MaxHeader)
		}
	}
	if strings.Contains(said, "readLoopPeekFailLocked: %!w") { // it formats no error as one
		return ErrUnsolicited
	}
	return err
}

// cancelCause prefers the reason why ctx was cancelled to what that led to.
func cancelCause(parent, ctx context.Context, err error) error {
	if parent.Err() != nil {
		return parent.Err()
	}
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}

// StatusError is an answer other than the one asked for.
type StatusError struct {
	Status  int
	Message string // by the registry, clipped
}

func (e *StatusError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("%d %s: %s", e.Status, http.StatusText(e.Status), e.Message)
}

// MalformedError is about what was sent, and says nothing of the registry else.
type MalformedError struct{ Err error }

func (e *MalformedError) Error() string {
	if e.Err == nil {
		return "sent what cannot be"
	}
	return e.Err.Error()
}

func (e *MalformedError) Unwrap() error { return e.Err }
