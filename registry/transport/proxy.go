package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// proxySchemes are the schemes of proxies that net/http supports. It treats all others as
// http.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// BadProxy returns the name of a variable for a proxy whose value is not the URL of one and
// contains host, "" for none. net/http ignores some of these values.
func BadProxy(host string) string {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		value := os.Getenv(name)
		if value == "" || !strings.Contains(value, host) {
			continue
		}
		text := value
		if !strings.Contains(text, "://") {
			text = "http://" + text
		}
		if u, err := url.Parse(text); err != nil || u.Hostname() == "" || !slices.Contains(proxySchemes, u.Scheme) {
			return name
		}
	}
	return ""
}

// ProxyError is a failure of the proxy itself.
type ProxyError struct {
	Host string
	Err  error
}

func (e *ProxyError) Error() string { return "the proxy " + e.Host + ": " + e.Err.Error() }
func (e *ProxyError) Unwrap() error { return e.Err }

// proxyConnectError is an http.Transport's OnProxyConnectResponse. net/http would keep
// only the reason phrase of a refusal.
func proxyConnectError(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{safe.Clip(proxy.Host), &StatusError{Status: resp.StatusCode}}
}

// plainProxy returns the proxy for a request over plain http, "" for none.
func plainProxy(req *http.Request) string {
	proxy, err := http.ProxyFromEnvironment(req)
	if err != nil || proxy == nil || req.URL.Scheme != "http" || strings.HasPrefix(proxy.Scheme, "socks") {
		return ""
	}
	return safe.Clip(proxy.Host)
}

// asProxyError makes the failure to connect to a proxy a ProxyError. Failures of the
// server behind the proxy stay as they are.
func asProxyError(req *http.Request, err error) error {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "proxyconnect" && !strings.HasPrefix(op.Op, "socks") {
		return err
	}
	proxy, errEnv := http.ProxyFromEnvironment(req)
	if errEnv != nil || proxy == nil {
		return err
	}
	return &ProxyError{safe.Clip(proxy.Host), op.Err}
}
