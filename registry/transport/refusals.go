package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/credentials"
)

// MaxRefusals limits the logins and tokens that a place refuses in a row. A request that is refused
// takes two or three: the stored token, the token of a login, and that of no login.
const MaxRefusals = 16

// refusals are the logins and tokens that a place has not accepted since it accepted the last one.
type refusals struct {
	count int
	login credentials.Login // the last one of them, zero for none
	last  Response          // the last refusal
}

// RefusingError is the error of a request that was not sent, since its place has refused
// MaxRefusals logins and tokens in a row, and never accepted one.
type RefusingError struct {
	Host     string   // of the place
	Login    string   // the last one of them, "" for none
	Response Response // the last refusal
}

func (e *RefusingError) Error() string {
	return fmt.Sprintf("%s accepted no login and no token", e.Host)
}

// errNoOtherKey is the error of a place that gets no key but the one that it accepted last.
var errNoOtherKey = errors.New("no other login or token after many refusals")

// refusingError is the error of a place that gets no other login or token, nil if it may get
// one.
func (known access) refusingError(p place) error {
	switch {
	case known.refusals.count < MaxRefusals:
		return nil
	case known.accepted.header != "":
		return errNoOtherKey
	}
	r := known.refusals
	return &RefusingError{Host: safe.Clip(p.host), Login: r.login.String(), Response: r.last}
}

// takeTurn waits until no other token for a place is requested: the next request may have no
// reason then. The caller calls done.
func (a *authenticator) takeTurn(ctx context.Context, p place) (done func(), _ error) {
	var turn chan struct{}
	a.change(p, func(known *access) {
		if known.turn == nil {
			known.turn = make(chan struct{}, 1)
		}
		turn = known.turn
	})
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// countRefusal counts a login or token that a place has not accepted yet.
func (known *access) countRefusal(l credentials.Login) {
	known.refusals.count++
	if !l.IsZero() {
		known.refusals.login = l
	}
}

func isRefusing(err error) bool {
	_, ok := errors.AsType[*RefusingError](err)
	return ok
}

// count counts the logins and tokens that a place refuses in a row. A registry that redirects has
// accepted its key.
func (n *negotiation) count(p place, k key, a Response) {
	if !n.isRegistry(p) {
		n.countAccepted(n.registry(), n.keys[n.transport.host])
	}
	switch a.Status {
	case http.StatusOK:
		n.countAccepted(p, k)
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		if k.header == "" {
			return
		}
		n.change(p, func(known *access) {
			known.refusals.last = a
			isNew := !k.stored && !k.isToken() // a new token was counted when it was issued
			if isNew || k.stored && known.accepted.header == "" {
				known.countRefusal(k.login)
			}
		})
	default: // such as 404: the key was good enough
		if k.header != "" {
			n.change(p, func(known *access) { known.refusals = refusals{} })
		}
	}
}

// countAccepted ends a row of refusals.
func (n *negotiation) countAccepted(p place, k key) {
	if k.header == "" {
		return
	}
	n.change(p, func(known *access) {
		accepted := token{key: k}
		if known.token.header == k.header {
			accepted.expires = known.token.expires
		}
		accepted.stored, accepted.presumed = true, false
		known.accepted, known.refusals = accepted, refusals{}
	})
}

// afterRefusals returns the key for a place that has refused MaxRefusals logins and tokens in a
// row: the one that it accepted last. ok is false if the place may get another one. Then the row
// starts again: there is a new login, or the accepted token has expired.
func (n *negotiation) afterRefusals(p place) (_ key, ok bool, _ error) {
	known := n.at(p)
	err := known.refusingError(p)
	if err == nil {
		return key{}, false, nil
	}
	good := known.accepted
	_, again := n.tried[tried{p.host, good.header}]
	switch {
	case n.isRegistry(p) && !n.login.IsZero() && n.login != known.refusals.login, good.isToken() && !wallClock().Before(good.expires):
		n.change(p, func(known *access) { known.refusals, known.accepted = refusals{}, token{} })
		return key{}, false, nil
	case good.header == "" || again:
		return key{}, true, err
	}
	return good.key, true, nil
}
