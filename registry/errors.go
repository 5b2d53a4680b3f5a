package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/regclient/regclient/types/errs"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// contextError words the error of a call whose context is done. errors.Is finds
// context.Canceled and context.DeadlineExceeded in it.
func contextError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &model.ReadError{Message: "the request timed out", Next: "try again", Err: err}
	}
	return &model.ReadError{Message: "cancelled", Err: err}
}

// malformed is the error of content that cannot be used, now or later. what follows the name of the
// registry in the message.
func malformed(r model.Ref, what string, err error) *model.ReadError {
	t := &model.ReadError{
		Message: fmt.Sprintf("%s %s (%s)", r.Registry, what, subject(r)),
		Next:    "push the image again, or ask the administrator of the registry", Err: &transport.MalformedError{Err: err},
		Subject: subject(r), Corrupt: true,
	}
	if r.Names() != model.NamesManifest { // of a list, which a push does not repair
		t.Next = "ask the administrator of " + r.Registry
	}
	if r.Repository == "" {
		t.Message = r.Registry + " " + what
	}
	return t
}

// invalid is the error of a document that was read and cannot be used. what is its kind,
// err the reason.
func invalid(r model.Ref, what string, err error) error {
	if limit, ok := errors.AsType[*model.LimitError](err); ok {
		return &model.ReadError{
			Message: fmt.Sprintf("the %s %s in %s exceeds a limit of tagdiff: %s", what, subject(r), r.Registry, limit.Text),
			Next:    "read it with another tool, such as crane or skopeo", Err: &transport.MalformedError{Err: err},
		}
	}
	return malformed(r, fmt.Sprintf("sent an invalid %s: %s", what, safe.Clip(model.PlainJSON(err).Error())), err)
}

// unknownType is the error of a document with a media type that regclient does not know.
func unknownType(r model.Ref, what string, a transport.Response, err error) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(a.Body, &object); err != nil {
		return invalid(r, what, err)
	}
	return &model.ReadError{
		Message: fmt.Sprintf("%s has a %s of the unknown type %q (%s)",
			r.Registry, what, safe.Clip(a.Header.Get("Content-Type")), subject(r)),
		Next: "check the reference", Err: &transport.MalformedError{Err: err},
	}
}

// notAManifest is the error of a reference that names a registry or a repository.
func notAManifest(r model.Ref) error {
	return &model.ReadError{Message: safe.Clip(r.String()) + " is not an image", Next: "add a tag, for example :latest"}
}

// errorOf words the failure of an exchange.
func (h *host) errorOf(ctx context.Context, about model.Ref, c *transport.Exchange, err error) error {
	var bad *transport.MalformedError
	switch {
	case ctx.Err() != nil:
		return contextError(ctx.Err())
	case errors.As(c.Err, &bad):
		return invalid(about, c.What, bad)
	case c.Response.IsHTML() && errors.Is(c.Err, files.ErrTooLarge): // larger than the document
		return h.webPage(c)
	case c.Err != nil:
		return h.networkError(about, c.Response.Status, c.Err)
	case c.Response.Status == 0:
		return &model.ReadError{
			Message: "cannot send a request to " + h.name + ": " + safe.Clip(err.Error()), Next: "check the reference", Err: err,
		}
	case c.Response.IsHTML() && hidesStatus(c.Response):
		return h.webPage(c)
	case c.Response.Status != http.StatusOK:
		return h.statusError(about, c.Response)
	case c.Response.Encoding() != "":
		encoding := safe.Clip(c.Response.Encoding())
		return malformed(about, "sent Content-Encoding "+encoding+", which tagdiff did not request", err)
	case errors.Is(err, errs.ErrDigestMismatch):
		return malformed(about, "sent content that does not match its digest", err)
	case errors.Is(err, errs.ErrUnsupportedMediaType):
		return unknownType(about, c.What, c.Response, err)
	}
	return invalid(about, c.What, err)
}

// subject names what a request was about.
func subject(r model.Ref) string {
	if r.Repository == "" {
		return "its list of repositories"
	}
	if r.Digest != "" {
		return safe.Clip(r.Repository + "@" + model.ShortDigest(r.Digest))
	}
	return safe.Clip(r.Repository + r.Short())
}

// contextErrorOf is the error of a context that is done, else nil.
func contextErrorOf(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return contextError(err)
	}
	return nil
}
