package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/tagdiff/tagdiff/registry/credentials"
)

// MaxTries limits how often one request is sent with another key. The longest way that is
// of use has six steps: a remembered token, no key, the stored login, the renewed login, no
// login, and the token of a host that the registry redirects to.
const MaxTries = 8

// loginRefusedTime is how long a place is read without a login that it refuses. After that
// the login is tried again: it may have been renewed.
const loginRefusedTime = time.Minute

// negotiation finds the keys of one request: the first ones from what is known, the next
// ones from each answer. The comment of the package describes it.
type negotiation struct {
	*authenticator
	request request
	keys    map[string]key        // by host, for the next try
	tried   map[tried]Response    // what each key was answered with
	stages  map[string]loginStage // by host
	login   credentials.Login     // the last one that was used
	refused string                // the first login that was refused, in words; "" for none
	tries   int
	best    outcome
}

// tried is a key that a host has answered.
type tried struct{ host, header string }

// outcome is a possible end of a negotiation. Of several refusals, that of a login counts.
type outcome struct {
	response  Response
	err       error
	withLogin bool
}

// loginStage is which login is used: the stored one, then up to two that the files and
// helpers have in its place now, then none.
type loginStage int

const (
	storedLogin loginStage = 0
	noLogin     loginStage = 3
)

func (a *authenticator) negotiate(q request) *negotiation {
	return &negotiation{
		authenticator: a, request: q, keys: map[string]key{}, tried: map[tried]Response{}, stages: map[string]loginStage{},
	}
}

func (n *negotiation) registry() place { return place{n.transport.host, n.request.scope} }

// start finds the keys for the first try. It reports false if a token service refused all
// logins.
func (n *negotiation) start(ctx context.Context) (bool, error) {
	for p, c := range n.redirectChallenges(n.request.scope) {
		if k, ok, err := n.answer(ctx, p, c, key{}); ok && err == nil {
			n.keys[p.host] = k
		}
	}
	p := n.registry()
	c, presumed := n.challengeOf(p)
	var k key
	var ok bool
	var err error
	switch {
	case c == nil:
	case presumed:
		k, err = n.presume(ctx, p, c)
	default:
		k, ok, err = n.answer(ctx, p, c, key{})
	}
	n.keys[p.host] = k
	return ok || n.best.err == nil, err
}

// presume makes a key for a challenge that the place has not sent. A token service that issues
// no token is not an error: the place will send its own challenge.
func (n *negotiation) presume(parent context.Context, p place, c *challenge) (key, error) {
	ctx := parent
	if c.remembered {
		short, cancel := context.WithTimeout(parent, n.transport.timeouts.Remembered)
		defer cancel()
		ctx = short
	}
	k, err := n.makeKey(ctx, p, c, storedLogin, "")
	switch {
	case parent.Err() != nil:
		return key{}, parent.Err()
	case errors.Is(err, errAskFirst), errors.Is(err, errNoOtherKey):
		n.dropChallenge(p, c)
		return key{}, nil
	case err != nil && c.remembered, isWrongService(err), isLoginRedirect(err):
		n.dropRemembered()
		return key{}, nil
	case err != nil:
		n.dropChallenge(p, c)
		return key{}, err
	case k.header != "":
		k.presumed, k.tlsOnly = true, c.remembered
	}
	return k, nil
}

// isWrongService reports whether a token service issues no token for a repository that may have
// another one.
func isWrongService(err error) bool {
	e, ok := errors.AsType[*TokenError](err)
	return ok && e.Err == nil && e.Response.Status < http.StatusInternalServerError && !IsTransient(e.Response.Status)
}

// next finds the keys for another try after an answer, and reports whether there are any.
func (n *negotiation) next(ctx context.Context, a Response) (bool, error) {
	p := place{a.url.Host, n.request.scope}
	k := n.keys[p.host]
	if k.tlsOnly && a.url.Scheme != "https" { // it was not sent
		k = key{}
		n.keys[p.host] = k
	}
	n.tried[tried{p.host, k.header}] = a
	n.tries++
	n.count(p, k, a)
	if a.Status == http.StatusOK {
		return n.succeed(ctx, a)
	}
	n.keep(outcome{response: a, withLogin: !k.presumed && !n.keys[n.transport.host].login.IsZero()})
	if n.tries >= MaxTries || !n.isRefusal(p, k, a.Status) {
		return false, nil
	}
	next, ok, err := n.nextKey(ctx, p, k, a)
	if err != nil && !n.isRegistry(p) {
		return false, ctx.Err() // the answer says more than the failure of its token service
	}
	n.keys[p.host] = next
	return ok, err
}

// isRefusal reports whether the answer may be another one with another key. A server may
// answer HEAD with 400 or 403 whatever the key is: the GET after it decides.
func (n *negotiation) isRefusal(p place, k key, status int) bool {
	isHead := n.request.method == http.MethodHead
	switch status {
	case http.StatusUnauthorized:
		return true
	case http.StatusForbidden:
		return k.presumed || !isHead
	case http.StatusNotFound: // some registries hide what needs a login
		return k.presumed || k.header == "" && n.isRegistry(p)
	case http.StatusBadRequest: // public.ecr.aws answers so to a token that has expired
		return k.isToken() && (k.presumed || !isHead)
	}
	return false
}

// nextKey finds the key that follows the refused one.
func (n *negotiation) nextKey(ctx context.Context, p place, refused key, a Response) (_ key, ok bool, _ error) {
	var c *challenge
	if a.Status == http.StatusUnauthorized {
		c = a.challenge()
	}
	switch {
	case c != nil && !n.isRegistry(p) && !n.mayAnswerElsewhere(c):
		return key{}, false, nil
	case c != nil:
		n.setChallenge(p, c)
	case refused.presumed:
		n.dropRemembered()
		_, again := n.tried[tried{p.host, ""}]
		return key{}, !again, nil
	}
	if refused.otherToken != "" && !refused.stored {
		return n.useOtherToken(p, refused), true, nil
	}
	if !refused.presumed {
		n.dropToken(p, refused)
	}
	switch {
	case c != nil:
	case refused.header != "":
		c = refused.challenge
	case n.request.method == http.MethodHead: // the GET after it greets
		return key{}, false, nil
	default:
		var err error
		if c, err = n.greet(ctx, p, a); c == nil {
			return key{}, false, err
		}
	}
	return n.answer(ctx, p, c, refused)
}

// answer finds the next key for a challenge: with the stored login, with the login as it
// is now, and without a login. ok is false if there is none.
func (n *negotiation) answer(ctx context.Context, p place, c *challenge, refused key) (_ key, ok bool, _ error) {
	if refused.header != "" && !refused.stored && !refused.presumed && c.asksSame(refused.challenge, p.scope) {
		n.refuse(p, refused.login)
	}
	for ; n.stage(p) <= noLogin; n.stages[p.host] = n.stage(p) + 1 {
		k, err := n.makeKey(ctx, p, c, n.stage(p), refused.header)
		refusal := tokenRefusal(err)
		known, again := n.tried[tried{p.host, k.header}]
		switch {
		case refusal != nil && refusal.Login != "":
			n.keep(outcome{err: err, withLogin: true})
			n.noteRefused(refusal.Login)
		case isLoginRedirect(err) && n.stage(p) < noLogin:
			n.keep(outcome{err: err, withLogin: true})
			n.stages[p.host] = noLogin - 1 // another login cannot be sent either
		case err != nil:
			return n.withoutKey(ctx, p, c, err)
		case k.header == "": // the stage has no login
		case !again:
			return k, true, nil
		case known.Status == http.StatusNotFound: // the presumed challenge was right, so the answer counts
			n.best.withLogin = false
			n.keep(outcome{response: known})
			return key{}, false, nil
		default: // a token service may issue one token whatever the login
			known.Login, known.Issued = k.login.String(), k.issued
			n.keep(outcome{response: known, withLogin: !k.login.IsZero()})
			n.noteRefused(k.login.String())
		}
	}
	return key{}, false, nil
}

// withoutKey ends an answer to a challenge for which no key could be made. The request is sent
// without one if the registry must send its challenge first.
func (n *negotiation) withoutKey(ctx context.Context, p place, c *challenge, err error) (_ key, ok bool, _ error) {
	_, again := n.tried[tried{p.host, ""}]
	switch {
	case ctx.Err() != nil:
		return key{}, false, err
	case errors.Is(err, errAskFirst):
		n.dropChallenge(p, c)
		n.stages[p.host] = storedLogin
		return key{}, !again, nil
	case isRefusing(err):
		if !n.best.withLogin {
			n.keep(outcome{err: err, withLogin: true})
		}
		return key{}, false, nil
	case errors.Is(err, errNoOtherKey), n.refused != "", n.best.err != nil:
		return key{}, false, nil //nolint:nilerr // the refusal says more
	}
	n.dropChallenge(p, c)
	return key{}, false, err
}

// errAskFirst is the error of a login that a token service may not get before the registry has
// named the service, see mayGet.
var errAskFirst = errors.New("the registry must name its token service first")

// isLoginRedirect reports whether a token service redirects the login, which was not followed.
func isLoginRedirect(err error) bool {
	e, ok := errors.AsType[*ServerError](err)
	return ok && e.redirectsLogin
}

// mayAnswerElsewhere reports whether a challenge of a host behind a redirect may be answered,
// with an anonymous token. It must come over TLS, and not name the token service of the
// registry, which may issue a token that the host must not get.
func (a *authenticator) mayAnswerElsewhere(c *challenge) bool {
	realm, err := url.Parse(c.realm)
	if err != nil || c.scheme != "bearer" || !c.tls || realm.Host == a.transport.host {
		return false
	}
	own, _ := a.tokenService()
	known, err := url.Parse(own)
	return err == nil && realm.Host != known.Host
}

// refuse ends the stage of a login that was refused.
func (n *negotiation) refuse(p place, l credentials.Login) {
	n.stages[p.host] = n.stage(p) + 1
	if n.isRegistry(p) {
		n.login = l
		n.noteRefused(l.String())
	}
}

func (n *negotiation) noteRefused(login string) {
	if n.refused == "" {
		n.refused = login
	}
}

// stage is the stage of the logins for a place. No host but the registry gets a login.
func (n *negotiation) stage(p place) loginStage {
	if !n.isRegistry(p) {
		return max(n.stages[p.host], noLogin)
	}
	return n.stages[p.host]
}

// makeKey makes the key of one stage for a challenge; zero if there is none. A stored token
// is used unless it is the refused one.
func (n *negotiation) makeKey(ctx context.Context, p place, c *challenge, stage loginStage, refused string) (key, error) {
	t := n.at(p).token
	if (stage == storedLogin || stage == noLogin && t.login.IsZero()) && t.isUsable(c, p.scope) && t.header != refused {
		return t.key, nil
	}
	if stage > storedLogin && n.isRegistry(p) && n.login.IsZero() {
		return key{}, nil // the stored login was none already
	}
	l, err := n.loginOf(ctx, p, stage)
	if err != nil || l.IsZero() && stage > storedLogin && stage < noLogin {
		return key{}, err
	}
	if k, ok, err := n.afterRefusals(p); ok || err != nil {
		return k, err
	}
	switch {
	case c.scheme == "basic":
		return basicKey(c, l), nil
	case !n.mayGet(c, l):
		return key{}, errAskFirst
	}
	return n.newToken(ctx, p, c, l, refused)
}

// loginOf is the login of a stage, zero for none.
func (n *negotiation) loginOf(ctx context.Context, p place, stage loginStage) (l credentials.Login, err error) {
	known := n.at(p)
	switch {
	case stage == noLogin:
	case stage > storedLogin:
		return n.lookupAgain(ctx, p)
	case !wallClock().Before(known.noLogin):
		if n.tries == 0 && isRefusing(known.refusingError(p)) { // the person may have logged in since
			n.credentials.Forget(n.transport.registry)
		}
		if l, err = n.lookup(ctx, p); l.IsZero() {
			n.shareRefusal(p)
		}
		n.login = l
	}
	return l, err
}

// shareRefusal makes a refusal the answer if another request found it while this one was sent: the
// login is not looked up again before that request ends. Its words may be about another tag.
func (n *negotiation) shareRefusal(p place) {
	o := n.at(p).refused
	if !o.withLogin || !n.credentials.IsRefused(n.transport.registry, repositoryOf(p.scope)) {
		return
	}
	o.response.Body = nil
	n.keep(o)
	login := o.response.Login
	if e := tokenRefusal(o.err); e != nil {
		login = e.Login
	}
	n.noteRefused(login)
}

// lookupAgain reads the files and helpers again after n.login was refused. It returns zero if
// they have no other login.
func (n *negotiation) lookupAgain(ctx context.Context, p place) (credentials.Login, error) {
	n.change(p, func(known *access) { known.refused = n.best })
	n.credentials.Refuse(n.transport.registry, repositoryOf(p.scope), n.login)
	l, err := n.lookup(ctx, p)
	if err != nil || l.IsZero() || l == n.login {
		return credentials.Login{}, err
	}
	n.login = l
	return l, nil
}

// tokenRefusal is the refusal of a token service in an error, nil for any other error.
func tokenRefusal(err error) *TokenError {
	if e, ok := errors.AsType[*TokenError](err); ok && e.Err == nil {
		switch e.Response.Status {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
			return e
		}
	}
	return nil
}

// keep stores a refusal, unless one of a login is known, or a good answer.
func (n *negotiation) keep(o outcome) {
	if n.best.response.Status != http.StatusOK && (o.withLogin || !n.best.withLogin) {
		n.best = o
	}
}

// succeed stores what a good answer shows, and reports whether to ask again: a catalog may
// have more names for a login that was not asked for.
func (n *negotiation) succeed(ctx context.Context, a Response) (bool, error) {
	p := n.registry()
	k := n.keys[p.host]
	n.best = outcome{response: a}
	n.accept(p, k)
	if n.request.scope != catalogScope || k.header != "" || n.refused != "" || a.RedirectedTo != "" {
		return false, nil
	}
	c, err := n.greet(ctx, p, a)
	if c == nil {
		return false, err
	}
	if l, err := n.lookup(ctx, p); err != nil || l.IsZero() {
		return false, err
	}
	next, ok, _ := n.answer(ctx, p, c, key{}) // the list without a login is an answer too
	n.keys[p.host] = next
	return ok && !next.login.IsZero(), ctx.Err()
}

// end returns the best answer, or the error that explains why there is none. After a refusal
// the next request reads the files and helpers again: the person may log in.
func (n *negotiation) end(err error) (Response, error) {
	a := n.best.response
	if err == nil {
		err = n.best.err
	}
	if err == nil && a.Status == http.StatusOK && a.Login == "" && n.refused != "" {
		a.RefusedLogin = n.refused
		n.accept(n.registry(), key{})
	}
	k := n.keys[n.transport.host]
	isRefused := tokenRefusal(err) != nil || a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden ||
		a.Status == http.StatusBadRequest && k.isToken()
	if isRefused {
		n.setFileError(n.credentials.FileError())
	}
	hasNewLogin := err == nil && a.Status == http.StatusOK && !k.login.IsZero()
	isBeforeGet := n.request.method == http.MethodHead && n.refused == "" // which needs the same login
	if isRefused && !isBeforeGet || n.refused != "" && !hasNewLogin {
		n.credentials.Forget(n.transport.registry)
	}
	return a, err
}
