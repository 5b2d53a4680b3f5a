package registry

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/transport"
)

// proxyLoginAdvice is the remedy where a proxy requires a login.
const proxyLoginAdvice = "put user:password@ before the host in HTTPS_PROXY and HTTP_PROXY"

// proxyError words a failure of the proxy on the way to name, and names the variables
// that set it: the person may not know that there is a proxy.
func proxyError(name string, e *transport.ProxyError, t *model.ReadError) {
	var (
		dns    *net.DNSError
		status *transport.StatusError
		netErr net.Error
	)
	proxy := "the proxy " + e.Host
	proxyFor := fmt.Sprintf("%s for %s", proxy, name)
	t.Next = "check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY"
	switch {
	case errors.As(e.Err, &status) && status.Status == http.StatusProxyAuthRequired:
		t.Message, t.Next = proxyFor+" requires a login", proxyLoginAdvice
	case errors.As(e.Err, &status):
		t.Message = fmt.Sprintf("%s refused the request (%s)", proxyFor, status)
	case errors.As(e.Err, &dns):
		t.Message = proxyFor + " is not a known host name"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		t.Message = proxyFor + " refused the connection"
	case tlsError(proxy, "", e.Err, t):
	case errors.As(e.Err, &netErr) && netErr.Timeout():
		t.Message = proxyFor + " did not answer"
	default:
		t.Message = fmt.Sprintf("%s failed: %s", proxyFor, safe.Clip(e.Err.Error()))
	}
}
