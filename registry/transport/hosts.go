package transport

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/registry/credentials"
)

// MaxOtherHosts limits the other hosts to which the transport of one registry
// keeps connections: a registry has one token service and a few hosts for blobs.
const MaxOtherHosts = 16

// hostTransport is the http.Transport for one host, with the TLS settings of that
// host: client certificates, authorities and skipped verification of a registry
// do not apply to its token service, to the hosts of its blobs or to a proxy.
type hostTransport struct {
	*http.Transport
	preconnector *preconnector
	http1        *http.Transport // asked where HTTP/2 has lost why the server closed a connection; nil for none
}

// alertWait limits the wait for an answer over HTTP/1.1 where HTTP/2 has failed. The alert is expected within
// one round trip after the handshake; a server that has only HTTP/2 may say nothing.
const alertWait = 3 * time.Second

// RoundTrip sends a request. net/http may lose the TLS alert with which a server closes a new HTTP/2
// connection, for example since it requires a client certificate. In TLS 1.3 this alert follows the
// handshake, and a write of HTTP/2 may fail before the alert is read. A further connection with HTTP/2 may
// lose the alert again. So the request is then sent once more with HTTP/1.1, where net/http reads the
// alert in each case.
func (h *hostTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := h.Transport.RoundTrip(req)
	if err == nil || h.http1 == nil || req.Body != nil || req.Context().Err() != nil || !mayHideAlert(err) {
		return resp, err
	}
	resp, errHTTP1 := h.http1.RoundTrip(req)
	if errHTTP1 == nil {
		return resp, nil
	}
	// A server that has only HTTP/2 refuses HTTP/1.1 with an alert.
	if alert, ok := TLSAlert(errHTTP1); ok && alert != noApplicationProtocol {
		return nil, errHTTP1
	}
	return nil, err
}

// mayHideAlert reports whether err may be the effect of a TLS alert that net/http has lost: the
// connection could not be written to, or it was closed before its first request.
func mayHideAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return strings.Contains(err.Error(), notEstablished) || ok && op.Op == "write" && IsConnectionLost(err)
}

// hostTransports are those for the hosts that one registry refers to.
type hostTransports struct {
	newTransport func(host string) (*hostTransport, error)

	mu     sync.Mutex
	byHost map[string]*hostTransport
}

// get is the transport for a host, made at its first use.
func (h *hostTransports) get(host string) (*hostTransport, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.byHost[host]; ok {
		return known, nil
	}
	if len(h.byHost) >= MaxOtherHosts {
		for _, old := range h.byHost {
			old.closeIdle()
		}
		clear(h.byHost)
	}
	built, err := h.newTransport(host)
	if err != nil {
		return nil, err
	}
	if h.byHost == nil {
		h.byHost = map[string]*hostTransport{}
	}
	h.byHost[host] = built
	return built, nil
}

// closeIdle closes the connections that no request uses, also those that were
// opened in advance.
func (h *hostTransport) closeIdle() {
	h.CloseIdleConnections()
	if h.preconnector != nil {
		h.preconnector.closeAll()
	}
}

// hostSettings are the settings of a host that a registry named.
func hostSettings(k *credentials.Keychain, host string) config.Host {
	if !isHost(host) || strings.Trim(host, ".") == "" || strings.ContainsAny(host, `/\`) {
		return config.Host{} // it must not select another certificate folder
	}
	return k.HostSettings(host)
}

// dialAddress is the host and port to dial for https.
func dialAddress(host string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil || port == "" {
		name, port = strings.TrimSuffix(host, ":"), "443"
	}
	return net.JoinHostPort(strings.Trim(name, "[]"), port)
}

// streamBuffer is how many bytes of a response may arrive over HTTP/2 before they are read. Each of
// MaxStreams layers takes as much memory where unpacking is slower than the network. A layer arrives
// with at most 335 Mbit/s from a server that is 50 ms away. net/http would take 4 MiB.
const streamBuffer = 2 << 20

// newHostTransport makes a transport that keeps as many idle connections as there
// may be requests at once. net/http would keep two per host.
func newHostTransport(host string, settings config.Host, g *ssrfGuard, opts Options) (*hostTransport, error) {
	p := opts.Timeouts
	tlsConfig, err := newTLS(settings, opts.CertDirs)
	if err != nil {
		return nil, err
	}
	dial := opts.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: p.Dial, ControlContext: g.control}).DialContext
	}
	h := &hostTransport{preconnector: newPreconnector(dial, dialAddress(host), tlsConfig, p)}
	h.Transport = &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyConnectError,
		DialContext:            dial,
		DialTLSContext:         h.preconnector.dial,
		TLSClientConfig:        tlsConfig, // behind a proxy
		TLSHandshakeTimeout:    p.Dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           4 * opts.Concurrency,
		MaxIdleConnsPerHost:    opts.Concurrency,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true, // digests and sizes are of the bytes as stored
		HTTP2: &http.HTTP2Config{
			// A connection that broke while the machine slept or lost its VPN must not be reused.
			SendPingTimeout: p.Dial, PingTimeout: p.Dial / 2,
			MaxReceiveBufferPerStream: streamBuffer,
		},

		MaxResponseHeaderBytes: MaxHeader,
	}
	h.http1 = &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyConnectError,
		DialContext:            dial,
		DialTLSContext:         newPreconnector(dial, dialAddress(host), tlsConfig, p, "http/1.1").dial,
		TLSClientConfig:        tlsConfig.Clone(), // a Transport changes the protocols in its config
		TLSHandshakeTimeout:    p.Dial,
		Protocols:              new(http.Protocols),
		ResponseHeaderTimeout:  alertWait,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: MaxHeader,
	}
	h.http1.Protocols.SetHTTP1(true)
	return h, nil
}
