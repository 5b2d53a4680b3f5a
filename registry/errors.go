package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/regclient/regclient/types/errs"

	"github.com/tagdiff/tagdiff/model"
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

// malformed is the error of content that cannot be used. what follows the name of the
// registry in the message.
func malformed(r model.Ref, what string, err error) error {
	return &model.ReadError{
		Message: fmt.Sprintf("%s %s (%s)", r.Registry, what, subject(r)),
		Next:    "push the image again, or ask the administrator of the registry", Err: &transport.MalformedError{Err: err},
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
		return malformed(about, "sent invalid data: "+safe.Clip(bad.Error()), bad)
	case c.Err != nil:
		return h.networkError(about, c.Err)
	case c.Response.Status == 0:
		return &model.ReadError{
			Message: "cannot send a request to " + h.name + ": " + safe.Clip(err.Error()), Next: "check the reference", Err: err,
		}
	case c.Response.Status != http.StatusOK:
		return h.statusError(about, c.Response)
	case c.Response.IsHTML():
		return h.notARegistry(err)
	case c.Response.Encoding() != "":
		encoding := safe.Clip(c.Response.Encoding())
		return malformed(about, "sent Content-Encoding "+encoding+", which tagdiff did not request", err)
	case errors.Is(err, errs.ErrDigestMismatch):
		return malformed(about, "sent content that does not match its digest", err)
	}
	return malformed(about, "sent invalid data: "+safe.Clip(err.Error()), err)
}

// loginCommand is the command that logs in to the registry. Docker Hub needs no name in it.
func (h *host) loginCommand() string {
	if h.name == model.DockerHub {
		return "docker login"
	}
	return "docker login " + h.name
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
