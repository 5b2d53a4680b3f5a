package registry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// proxyLoginAdvice is the remedy where a proxy requires a login.
const proxyLoginAdvice = "put it before the host in HTTPS_PROXY and HTTP_PROXY"

// proxyError words a failure of the proxy, and where the person finds it: the
// proxy is set in the environment, perhaps for years.
func proxyError(name string, e *transport.ProxyError, t *model.ReadError) {
	var (
		dns    *net.DNSError
		status *transport.StatusError
		netErr net.Error
	)
	proxy := "the proxy " + e.Host
	way := fmt.Sprintf("%s, which is the way to %s,", proxy, strings.TrimSuffix(name, ","))
	t.Next = "check HTTPS_PROXY and HTTP_PROXY, or name hosts that need none in NO_PROXY"
	switch {
	case errors.As(e.Err, &status) && status.Status == http.StatusProxyAuthRequired:
		t.Message, t.Next = way+" wants a login", proxyLoginAdvice
	case errors.As(e.Err, &status):
		t.Message = fmt.Sprintf("%s refuses it (%s)", way, status)
	case errors.As(e.Err, &dns):
		t.Message = way + " is not a known host name"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		t.Message = fmt.Sprintf("nobody listens at %s, which is the way to %s", proxy, strings.TrimSuffix(name, ","))
	case tlsError(proxy, e.Err, t):
	case errors.As(e.Err, &netErr) && netErr.Timeout():
		t.Message = way + " does not answer"
	default:
		t.Message = fmt.Sprintf("%s fails: %s", way, safe.Clip(e.Err.Error()))
	}
}
