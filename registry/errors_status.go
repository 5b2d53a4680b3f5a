package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// webPage is the error of a server that responds with a web page. A server that sent
// documents before is a registry.
func (h *host) webPage(c *transport.Exchange) error {
	name, with := answeringName(c.Response, h.name), "answered with a web page"
	e := &transport.StatusError{Status: c.Response.Status}
	if c.Response.Status != http.StatusOK {
		with += fmt.Sprintf(" (%s)", e)
	}
	if h.isRegistry.Load() {
		return &model.ReadError{
			Message: fmt.Sprintf("%s %s instead of the %s", name, with, c.What),
			Next:    "check the network and its proxies, or ask the administrator of " + h.name, Err: e,
		}
	}
	return &model.ReadError{Message: name + " is not a registry: it " + with, Next: "check host and port", Err: e}
}

// answeringName names the host that sent a response: the registry, or one that it
// redirected to.
func answeringName(a transport.Response, registry string) string {
	if a.RedirectedTo == "" {
		return registry
	}
	return redirectedName(a.RedirectedTo, registry)
}

// statusError words a response whose status is not 200.
func (h *host) statusError(about model.Ref, a transport.Response) error {
	e := &transport.StatusError{Status: a.Status, Message: errorMessage(a)}
	t, name := &model.ReadError{Err: e}, answeringName(a, h.name)
	if a.RedirectedTo != "" && (a.Status < 500 && !transport.IsTransient(a.Status) && a.Status != http.StatusNotFound) {
		t.Message = fmt.Sprintf("%s refused the request (%s)", name, e)
		t.Next = "try again, or ask the administrator of " + h.name
		return t
	}
	switch a.Status {
	case http.StatusUnauthorized:
		return h.unauthorized(about, a, e)
	case http.StatusForbidden:
		t.Message = fmt.Sprintf("%s denies access to %s", h.name, subject(about))
		t.Next = "run " + h.loginCommand() + " with an account that has access"
		if a.Login != "" {
			t.Message += " with " + a.Login
		} else if problem := h.loginError(); problem != nil {
			t.Message, t.Next = t.Message+", and "+problem.Message, problem.Next
		}
	case http.StatusNotFound:
		t.Missing = true
		t.Message, t.Next = h.notFound(about, a)
	case http.StatusTooManyRequests:
		t.Message, t.Next = name+" reports too many requests"+pauseText(a), h.retryAdvice(a)
	case http.StatusProxyAuthRequired:
		t.Message, t.Next = "the proxy for "+name+" requires a login", proxyLoginAdvice
	case http.StatusRequestTimeout:
		t.Message, t.Next = fmt.Sprintf("%s timed out while it waited for the request (%s)", name, e), "try again, or check the network"
	case http.StatusMethodNotAllowed, http.StatusGone, http.StatusNotImplemented:
		t.Message, t.Next = fmt.Sprintf("%s does not support this request (%s)", h.name, e), "check host and port"
	default:
		t.Message, t.Next = h.otherStatus(name, a, e)
	}
	return t
}

// otherStatus words all statuses that have no other message.
func (h *host) otherStatus(name string, a transport.Response, e error) (message, next string) {
	switch {
	case a.Status >= 500:
		next = "try again later"
		if d := a.RetryAfter(); d > 0 && d < transport.RetryNever {
			next = "try again at " + retryTime(d)
		}
		return fmt.Sprintf("%s failed (%s)", name, e), next
	case a.Status < 400:
		return fmt.Sprintf("%s answered %s", h.name, e), "check host, port and reference"
	}
	return fmt.Sprintf("%s refused the request (%s)", h.name, e), "check host, port and reference"
}

// unauthorized words a 401: a missing login, a rejected login, or something that is
// private or does not exist. Registries do not distinguish these.
func (h *host) unauthorized(about model.Ref, a transport.Response, e error) error {
	problem := h.loginError()
	h.credentials.Forget()
	t := &model.ReadError{Next: "run " + h.loginCommand(), Err: e}
	switch {
	case a.Login != "" && a.Issued: // the token service has accepted it
		t.Message = fmt.Sprintf("%s denies access to %s with %s", h.name, subject(about), a.Login)
		t.Next = "check the name, or run " + h.loginCommand() + " again"
	case a.Login != "":
		t.Message = fmt.Sprintf("%s rejected %s for %s", h.name, a.Login, subject(about))
		t.Next = "run " + h.loginCommand() + " again, or check the name"
	case problem != nil:
		t.Message, t.Next = fmt.Sprintf("%s requires a login, and %s", h.name, problem.Message), problem.Next
	default:
		t.Message = fmt.Sprintf("%s requires a login for %s, or it does not exist", h.name, subject(about))
	}
	return t
}

// loginError is why a login could not be looked up, nil if it could.
func (h *host) loginError() *model.ReadError {
	for _, err := range []error{h.transport.LoginError(), h.credentials.FileError()} {
		if t, ok := errors.AsType[*model.ReadError](err); ok {
			return t
		}
	}
	return nil
}

// notFound words a 404. It mentions a login only if the registry has asked for one:
// other registries have no private repositories.
func (h *host) notFound(about model.Ref, a transport.Response) (message, next string) {
	next = "check the name"
	if a.Login == "" && h.transport.RequiresLogin() {
		next += ", or run " + h.loginCommand() + " if it is private"
	}
	switch code, _, _ := firstError(a); {
	case about.Repository == "":
		return h.name + " does not support this request", "check host and port"
	case about.Names() == model.NamesRepository || code == "NAME_UNKNOWN":
		return fmt.Sprintf("%s has no repository %s", h.name, about.Repository), next
	case about.Digest != "":
		return fmt.Sprintf("%s has no %s in %s", h.name, model.ShortDigest(about.Digest), about.Repository),
			"check whether it was deleted or never pushed"
	}
	return fmt.Sprintf("%s has no tag %s in %s", h.name, about.Tag, about.Repository), next
}

// retryAdvice is what to do after a 429: when to try again, and the login for a
// higher limit.
func (h *host) retryAdvice(a transport.Response) string {
	next := "try again in a minute"
	if d := a.RetryAfter(); d >= transport.RetryNever {
		next = "ask the administrator"
	} else if d > 0 {
		next = "try again at " + retryTime(d)
	}
	if a.Login == "" {
		next += ", or " + h.loginCommand() + " for a higher limit"
	}
	return next
}

// pauseText is the pause that a response asks for, "" for none.
func pauseText(a transport.Response) string {
	switch d := a.RetryAfter(); {
	case d <= 0:
		return ""
	case d < 2*time.Minute:
		return fmt.Sprintf(": it asks for a pause of %d s", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf(": it asks for a pause of %d min", int(d.Round(time.Minute).Minutes()))
	case d < transport.RetryNever:
		return fmt.Sprintf(": it asks for a pause of %d h", int(d.Round(time.Hour).Hours()))
	}
	return ": it asks for a pause of a month or more"
}

// retryTime is the time of day after a pause, and the day if that is another.
func retryTime(d time.Duration) string {
	now := time.Now().UTC()
	then := now.Add(d)
	switch {
	case d < time.Minute:
		return then.Format("15:04:05 UTC")
	case then.YearDay() == now.YearDay() && d < 24*time.Hour:
		return then.Add(59 * time.Second).Format("15:04 UTC") // rounded up: not too early
	}
	return model.TimeText(then.Add(59 * time.Second))
}

// errorMessage is the registry's own error text in one line, clipped; "" for none.
func errorMessage(a transport.Response) string {
	if code, message, ok := firstError(a); ok {
		return safe.Clip(strings.TrimSpace(code + " " + message))
	}
	if a.IsHTML() || model.LooksLikeJSON(a.Body) {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(a.Body)), "\n")
	return safe.Clip(strings.ToValidUTF8(line, ""))
}

// firstError reads the body of an error (distribution-spec, "Error Codes").
func firstError(a transport.Response) (code, message string, ok bool) {
	var w struct {
		Errors []struct{ Code, Message string }
	}
	if json.Unmarshal(a.Body, &w) != nil || len(w.Errors) == 0 {
		return "", "", false
	}
	return w.Errors[0].Code, w.Errors[0].Message, true
}
