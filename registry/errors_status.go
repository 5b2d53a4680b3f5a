package registry

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// webPage is the error of a server that responds with a web page. A server that sent
// documents before is a registry.
func (h *host) webPage(c *transport.Exchange) error {
	name, with, words := h.answeringName(c.Response), "answered with a web page", pageText(c.Response)
	e := &transport.StatusError{Status: c.Response.Status}
	switch {
	case e.Status == http.StatusBadRequest && bytes.Contains(c.Response.Body, []byte(noClientCertificate)):
		return &model.ReadError{
			Message: name.subject + " requires a client certificate",
			Next:    fmt.Sprintf("put client.cert and client.key in %s/%s", certDirs, name.host), Err: e,
		}
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden, h.isRegistry.Load():
		message, next := h.webPageText(name, c.Response, "the "+c.What)
		return &model.ReadError{Message: message, Next: next, Err: e}
	case e.Status != http.StatusOK && words != "":
		with += " (" + e.Error() + `: "` + words + `")`
	case e.Status != http.StatusOK:
		with += fmt.Sprintf(" (%s)", e)
	}
	switch {
	case name.redirected:
		return &model.ReadError{Message: name.subject + " " + with, Next: "check host and port, or " + h.askAdministrator(), Err: e}
	case e.Status == http.StatusNotFound:
		return &model.ReadError{Message: name.subject + " " + with, Next: "check host, port and name: it may not be a registry", Err: e}
	}
	return &model.ReadError{Message: name.subject + " is not a registry: it " + with, Next: "check host and port", Err: e}
}

// webPageText words a web page of a server that usually sends something else: a refusal by a
// proxy, or a page in place of what.
func (h *host) webPageText(name serverName, a transport.Response, what string) (message, next string) {
	e, words := &transport.StatusError{Status: a.Status}, pageText(a)
	switch {
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return name.subject + " denied access and answered with a web page" + quote(words),
			"open " + name.host + " in a browser: a proxy or VPN may require a login"
	case e.Status != http.StatusOK && words != "":
		e.Message = `"` + words + `"`
	}
	with := "answered with a web page"
	if e.Status != http.StatusOK {
		with += fmt.Sprintf(" (%s)", e)
	}
	return fmt.Sprintf("%s %s instead of %s", name.subject, with, what), "check the network and its proxies, or " + h.askAdministrator()
}

// noClientCertificate is in the web page with which nginx asks for a client certificate.
const noClientCertificate = "No required SSL certificate was sent"

// hidesStatus reports whether a web page says more than the status that it came with. The
// statuses for overload and for logins have messages, and proxies put web pages below them.
func hidesStatus(a transport.Response) bool {
	switch a.Status {
	case http.StatusTooManyRequests, http.StatusProxyAuthRequired:
		return false
	case http.StatusUnauthorized:
		return a.Header.Get("WWW-Authenticate") == ""
	}
	return a.Status < http.StatusInternalServerError
}

// answeringName names the server that sent a response: the registry, or one that it
// redirected to.
func (h *host) answeringName(a transport.Response) serverName {
	if a.RedirectedTo == "" {
		return h.registryName()
	}
	return h.registryName().redirectedTo(a.RedirectedTo)
}

// statusError words a response whose status is not 200.
func (h *host) statusError(about model.Ref, a transport.Response) error {
	e := &transport.StatusError{Status: a.Status, Message: errorMessage(a)}
	t, server := &model.ReadError{Err: e}, h.answeringName(a)
	name := server.subject
	if a.RedirectedTo != "" && (a.Status < 500 && !transport.IsTransient(a.Status) && a.Status != http.StatusNotFound) {
		t.Message = fmt.Sprintf("%s refused the request (%s)", name, e)
		if a.Status < 400 {
			t.Message = fmt.Sprintf("%s answered %s", name, e)
		}
		t.Next = "try again, or " + h.askAdministrator()
		return t
	}
	if limitsRequests(a) {
		t.Message, t.Next = name+tooManyRequests(a), h.retryAdvice(a)
		return t
	}
	switch a.Status {
	case http.StatusUnauthorized:
		return h.unauthorized(about, a, e)
	case http.StatusForbidden:
		h.forbidden(about, a, t)
	case http.StatusNotFound:
		t.Missing = true
		t.Message, t.Next = h.notFound(about, a)
		t.Subject = strings.TrimPrefix(t.Message, h.name+" has ")
	case http.StatusProxyAuthRequired:
		t.Message, t.Next = "the proxy for "+server.host+" requires a login", proxyLoginAdvice
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
		if proxy := a.PlainProxy(); proxy != "" && a.Status >= http.StatusBadGateway {
			name, next = fmt.Sprintf("%s, or the proxy %s for it,", name, proxy), next+", or check HTTP_PROXY"
		}
		return fmt.Sprintf("%s failed (%s)", name, e), next
	case a.Status < 400:
		return fmt.Sprintf("%s answered %s", h.name, e), "check host, port and reference"
	}
	next = "check host, port and reference"
	if a.Status == http.StatusPaymentRequired {
		next = h.askAdministrator()
	}
	return fmt.Sprintf("%s refused the request (%s)", h.name, e), next
}

// forbidden words a 403.
func (h *host) forbidden(about model.Ref, a transport.Response, t *model.ReadError) {
	problem := h.loginError()
	helper, step := h.helperWithoutLogin()
	with := "without a login"
	if a.Login != "" {
		with = "with " + a.Login
	}
	t.Message = fmt.Sprintf("%s denies access to %s %s%s", h.name, subject(about), with, reasonText(a))
	t.Next = h.useOtherAccount(a.Login)
	switch {
	case a.Login == "" && problem != nil:
		t.Message, t.Next = t.Message+", and "+problem.Message, problem.Next
	case a.Login == "" && helper != "":
		t.Message, t.Next = t.Message+", and the credential helper "+helper+" has none", step
	case a.Login == "":
	case loginExpired(a):
		t.Next = h.renewLogin(a.Login)
	}
}

// expiredLogin matches the reasons of registries whose logins are valid for some hours,
// such as ECR: "Your authorization token has expired. Reauthenticate and try again."
var expiredLogin = regexp.MustCompile(`(?i)\b(token|credential|login|session|password)s?( has| have| is| are)? expired\b`)

// loginExpired reports whether a registry says that the login has expired.
func loginExpired(a transport.Response) bool { return expiredLogin.MatchString(reasonText(a)) }

// unauthorized words a 401: a missing login, a rejected login, or something that is
// private or does not exist. Registries do not distinguish these.
func (h *host) unauthorized(about model.Ref, a transport.Response, e error) error {
	problem := h.loginError()
	helper, step := h.helperWithoutLogin()
	t := &model.ReadError{Next: h.logIn(""), Err: e}
	scheme := a.UnsupportedScheme()
	switch {
	case scheme != "":
		t.Message = fmt.Sprintf("%s uses %s to log in, which tagdiff does not support", h.name, safe.Clip(scheme))
		t.Next = h.askAdministrator() + " for a login with a password or a token"
	case a.Login != "" && a.Issued: // the token service has accepted it
		t.Message = fmt.Sprintf("%s denies access to %s with %s%s", h.name, subject(about), a.Login, reasonText(a))
		t.Next = "check the name, or " + h.useOtherAccount(a.Login)
		if loginExpired(a) {
			t.Next = h.renewLogin(a.Login)
		}
	case a.Login != "":
		t.Message = fmt.Sprintf("%s rejected %s for %s%s", h.name, a.Login, subject(about), reasonText(a))
		t.Next = "check the name, or " + h.logInAgain(a.Login)
	case problem != nil:
		t.Message, t.Next = fmt.Sprintf("%s requires a login, and %s", h.name, problem.Message), problem.Next
	case helper != "":
		t.Message = fmt.Sprintf("%s requires a login for %s, and the credential helper %s has none", h.name, subject(about), helper)
		t.Next = step
	default:
		t.Message = fmt.Sprintf("%s requires a login for %s, or it does not exist", h.name, subject(about))
	}
	return t
}

// loginError is why a login could not be looked up, nil if it could.
func (h *host) loginError() *model.ReadError {
	t, _ := errors.AsType[*model.ReadError](h.transport.LoginError())
	return t
}

// notFound words a 404. It mentions a login only if the registry has asked for one:
// other registries have no private repositories.
func (h *host) notFound(about model.Ref, a transport.Response) (message, next string) {
	next = "check the name"
	if a.Login == "" && h.transport.RequiresLogin() {
		next += ", or " + h.logIn("if it is private")
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

// limitsRequests reports whether a server sent an error since there were too many requests.
// GitHub answers 403 with Retry-After.
func limitsRequests(a transport.Response) bool {
	return a.Status == http.StatusTooManyRequests || a.Status == http.StatusForbidden && a.RetryAfter() > 0
}

// tooManyRequests words a 429, after the name of the server.
func tooManyRequests(a transport.Response) string {
	if window, ok := a.LimitUsedUp(); ok {
		return " says that its pull limit is used up: 0 left in " + windowText(window) + reasonText(a)
	}
	return " reports too many requests" + reasonText(a) + pauseText(a)
}

// windowText is the window of a rate limit, such as "6 hours".
func windowText(d time.Duration) string {
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		switch n := d / unit.length; {
		case d == unit.length:
			return "1 " + unit.name
		case d%unit.length == 0:
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return d.String()
}

// retryAdvice is what to do after a 429: when to try again, and the login for a
// higher limit.
func (h *host) retryAdvice(a transport.Response) string {
	next := "try again in a minute"
	_, usedUp := a.LimitUsedUp()
	switch d := a.RetryAfter(); {
	case usedUp:
		next = "try again later"
	case d >= transport.RetryNever:
		next = "ask the administrator"
	case d > 0:
		next = "try again at " + retryTime(d)
	}
	if a.Login == "" && a.RedirectedTo == "" { // no other host gets a login
		next += ", or " + h.logIn("for a higher limit")
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

// retryTime is the time of day after a pause, and the day if the pause is half a day or longer.
func retryTime(d time.Duration) string {
	then := time.Now().UTC().Add(d)
	switch {
	case d < time.Minute:
		return then.Format("15:04:05 UTC")
	case d < 12*time.Hour:
		return then.Add(59 * time.Second).Format("15:04 UTC") // rounded up: not too early
	}
	return model.TimeText(then.Add(59 * time.Second))
}
