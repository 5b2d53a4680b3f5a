package transport

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
)

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
