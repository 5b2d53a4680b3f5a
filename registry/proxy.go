package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// proxyError is a failure of the proxy, before anybody else was asked.
type proxyError struct {
	host string
	err  error
}

func (e *proxyError) Error() string { return "the proxy " + e.host + ": " + e.err.Error() }
func (e *proxyError) Unwrap() error { return e.err }

// refusedByProxy is a transport's OnProxyConnectResponse: of a refusal net/http
// keeps nothing but the words behind its number.
func refusedByProxy(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{safe.Clip(proxy.Host), &statusError{code: resp.StatusCode}}
}

// throughProxy tells failures of the proxy from those of whoever is behind it.
func throughProxy(req *http.Request, err error) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "proxyconnect" && !strings.HasPrefix(op.Op, "socks") {
		return err
	}
	proxy, errEnv := http.ProxyFromEnvironment(req)
	if errEnv != nil || proxy == nil {
		return err
	}
	return &proxyError{safe.Clip(proxy.Host), op.Err}
}

// proxyLogin is what to do where a proxy wants to know who asks.
const proxyLogin = "put it before the host in HTTPS_PROXY and HTTP_PROXY"

// proxyTrouble says what is wrong with a proxy, of which a person knows little:
// it stands in the environment, perhaps since years.
func proxyTrouble(name string, e *proxyError, t *model.Trouble) {
	var (
		dns    *net.DNSError
		status *statusError
		netErr net.Error
	)
	proxy := "the proxy " + e.host
	way := fmt.Sprintf("%s, which is the way to %s,", proxy, strings.TrimSuffix(name, ","))
	t.Next = "check HTTPS_PROXY and HTTP_PROXY, or name hosts that need none in NO_PROXY"
	switch {
	case errors.As(e.err, &status) && status.code == http.StatusProxyAuthRequired:
		t.Say, t.Next = way+" wants a login", proxyLogin
	case errors.As(e.err, &status):
		t.Say = fmt.Sprintf("%s refuses it (%s)", way, status)
	case errors.As(e.err, &dns):
		t.Say = way + " is not a known host name"
	case errors.Is(e.err, syscall.ECONNREFUSED):
		t.Say = fmt.Sprintf("nobody listens at %s, which is the way to %s", proxy, strings.TrimSuffix(name, ","))
	case aboutTLS(proxy, e.err, t):
	case errors.As(e.err, &netErr) && netErr.Timeout():
		t.Say = way + " does not answer"
	default:
		t.Say = fmt.Sprintf("%s fails: %s", way, safe.Clip(e.err.Error()))
	}
}
