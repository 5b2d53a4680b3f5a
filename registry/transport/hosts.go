package transport

import (
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
	preconnector := newPreconnector(dial, dialAddress(host), tlsConfig, p)
	return &hostTransport{preconnector: preconnector, Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyConnectError,
		DialContext:            dial,
		DialTLSContext:         preconnector.dial,
		TLSClientConfig:        tlsConfig, // behind a proxy
		TLSHandshakeTimeout:    p.Dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           4 * opts.Concurrency,
		MaxIdleConnsPerHost:    opts.Concurrency,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true, // digests and sizes are of the bytes as stored
		// A connection that broke while the machine slept or lost its VPN must not be reused.
		HTTP2: &http.HTTP2Config{SendPingTimeout: p.Dial, PingTimeout: p.Dial / 2},

		MaxResponseHeaderBytes: MaxHeader,
	}}, nil
}
