package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// BadProxy returns the name of a variable for a proxy whose value is not the URL of one, ""
// for none. net/http ignores some of these values.
func BadProxy() string {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		value := os.Getenv(name)
		u, err := url.Parse(value)
		if err != nil || u.Scheme == "" || u.Host == "" {
			u, err = url.Parse("http://" + value)
		}
		if value != "" && (err != nil || u.Hostname() == "") {
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
