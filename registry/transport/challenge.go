package transport

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// challenge is a WWW-Authenticate header: RFC 7235, and docker's "Token
// Authentication Specification" for bearer.
type challenge struct {
	scheme string // in lower case; tagdiff knows "basic" and "bearer"
	name   string // the scheme as the server spells it
	realm  string // of bearer: the URL of the token service
	params map[string]string

	tls        bool // it came over TLS, so its token service must use TLS too
	remembered bool // it is from an earlier run, and not yet confirmed
	earlier    bool // it is from an earlier run, and the registry has not sent it in this one: see mayGet
}

// MaxChallenge limits what a challenge adds to the URL of a token request, in
// bytes: most servers accept URLs of 8 KiB.
const MaxChallenge = 8 << 10

// MaxChallengeParts limits the parts that are read of one header: a challenge has
// some five.
const MaxChallengeParts = 100

// challengePart matches name=value, name="value", or a single word, which is a scheme.
var challengePart = regexp.MustCompile(`([A-Za-z0-9_\-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([A-Za-z0-9_\-]+)`)

func parseChallenges(headers []string) []challenge {
	var all []challenge
	for _, h := range headers {
		for _, m := range challengePart.FindAllStringSubmatch(h, MaxChallengeParts) {
			if m[4] != "" {
				all = append(all, challenge{scheme: strings.ToLower(m[4]), name: m[4], params: map[string]string{}})
				continue
			}
			if len(all) == 0 {
				continue
			}
			value := m[3]
			if m[2] != "" {
				value = strings.ReplaceAll(strings.ReplaceAll(m[2], `\"`, `"`), `\\`, `\`)
			}
			all[len(all)-1].params[strings.ToLower(m[1])] = value
		}
	}
	return all
}

// pickChallenge prefers bearer: registries that offer both have basic for old clients.
func pickChallenge(all []challenge) (challenge, bool) {
	for _, scheme := range []string{"bearer", "basic"} {
		for _, c := range all {
			if c.scheme == scheme && (scheme == "basic" || c.params["realm"] != "") {
				c.realm = c.params["realm"]
				return c, true
			}
		}
	}
	return challenge{}, false
}

// challenge returns the challenge to answer in a response, nil for none.
func (r Response) challenge() *challenge {
	c, ok := pickChallenge(parseChallenges(r.Header.Values("WWW-Authenticate")))
	if !ok {
		return nil
	}
	c.tls = r.url.Scheme == "https"
	if c.scheme == "bearer" {
		c.realm = realmURL(c.realm, r.url)
	}
	return &c
}

// realmURL is the URL of a token service that a server at base names: a relative one is at
// the server. A server behind a proxy that ends TLS may name itself with http; it is asked
// over https then.
func realmURL(realm string, base *url.URL) string {
	u, err := base.Parse(realm)
	if err != nil {
		return realm
	}
	isServer := strings.EqualFold(dialAddress(strings.TrimSuffix(u.Host, ":80")), dialAddress(base.Host))
	if base.Scheme == "https" && u.Scheme == "http" && isServer {
		u.Scheme, u.Host = base.Scheme, base.Host
	}
	return u.String()
}

// asksSame reports whether two challenges for a scope ask for the same key.
func (c *challenge) asksSame(other *challenge, scope string) bool {
	return other != nil && c.scheme == other.scheme && c.realm == other.realm && c.params["service"] == other.params["service"] &&
		cmp.Or(c.params["scope"], scope) == cmp.Or(other.params["scope"], scope)
}

// UnsupportedScheme returns the first scheme of the challenges in a 401, such as Negotiate,
// if tagdiff knows none of them; "" if it knows one, or if there is none.
func (r Response) UnsupportedScheme() string {
	all := parseChallenges(r.Header.Values("WWW-Authenticate"))
	known := func(c challenge) bool { return c.scheme == "bearer" || c.scheme == "basic" }
	if r.Status != http.StatusUnauthorized || len(all) == 0 || slices.ContainsFunc(all, known) {
		return ""
	}
	return all[0].name
}

// greet asks the registry for /v2/ and returns the challenge in its answer: some registries
// send it only there. It asks once. The challenge is nil if there is none, or if the answer
// of the request gives no reason to greet.
func (a *authenticator) greet(ctx context.Context, p place, answer Response) (*challenge, error) {
	if !a.isRegistry(p) || !a.isReasonToGreet(answer) {
		return nil, nil
	}
	a.mu.Lock()
	greeted, c := a.greeted, a.greeting
	a.mu.Unlock()
	if greeted {
		return c, nil
	}
	return a.greets.Do(ctx, "", func(ctx context.Context) (*challenge, error) {
		q := request{method: http.MethodGet, url: url.URL{Host: p.host, Path: "/v2/"}, limit: MaxErrorBody}
		resp, err := a.transport.sendOverScheme(WithExchange(ctx, nil), q, nil)
		if err != nil {
			return nil, nil // the answer of the request counts
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.greeted = true
		switch {
		case resp.RedirectedTo != "":
			return nil, nil
		case resp.Status == http.StatusUnauthorized && resp.asksNothing() && resp.url.Scheme == "https":
			a.greeting = &challenge{scheme: "basic", tls: true} // some proxies do not say so
		default:
			a.greeting = resp.challenge()
		}
		a.last = cmp.Or(a.last, a.greeting)
		return a.greeting, nil
	})
}

// asksNothing reports whether a registry answers without any challenge. A web page is not the
// answer of a registry.
func (r Response) asksNothing() bool {
	return r.Header.Get("WWW-Authenticate") == "" && !r.IsHTML()
}

// isReasonToGreet reports whether a login may change an answer to a request without a key,
// although nothing asks for one.
func (a *authenticator) isReasonToGreet(answer Response) bool {
	if answer.Status == http.StatusUnauthorized {
		return answer.asksNothing()
	}
	return slices.Contains(a.credentials.Hosts(), a.transport.registry) // which runs no helper
}
