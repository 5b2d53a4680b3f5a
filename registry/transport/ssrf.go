package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
)

// ErrLocalAddress is the error of a redirect or a token service at an address
// that only this machine can reach.
var ErrLocalAddress = errors.New("request to an address of this machine or its local link refused")

// ssrfGuard prevents a remote registry from directing requests, with a redirect or a
// token service, to addresses that only this machine can reach: services on loopback,
// and the metadata service of a cloud on a link-local address.
type ssrfGuard struct{ local atomic.Bool } // the registry itself has such an address

// foreignHostKey marks the context of a request to another host than the registry.
type foreignHostKey struct{}

// markForeign marks requests to other hosts than the registry, for the dialer. It
// leaves requests through a proxy unmarked.
func (g *ssrfGuard) markForeign(req *http.Request, own string) *http.Request {
	if req.URL.Host == own {
		return req
	}
	if proxy, err := http.ProxyFromEnvironment(req); err != nil || proxy != nil {
		return req
	}
	return req.WithContext(context.WithValue(req.Context(), foreignHostKey{}, true))
}

// control is the ControlContext of a net.Dialer. It gets the IP address after the DNS
// lookup.
func (g *ssrfGuard) control(ctx context.Context, _, address string, _ syscall.RawConn) error {
	local := isLocalAddress(address)
	if ctx.Value(foreignHostKey{}) == nil {
		if local {
			g.local.Store(true)
		}
		return nil
	}
	if local && !g.local.Load() {
		return ErrLocalAddress
	}
	return nil
}

// metadataServices are the metadata services of clouds whose addresses are not
// link-local: those of Amazon, Alibaba and Oracle.
var metadataServices = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192"),
}

// nat64Prefix is the prefix of IPv6 addresses with an IPv4 address in the last four
// bytes (RFC 6052).
var nat64Prefix = netip.MustParsePrefix("64:ff9b::/96")

// isLocalAddress reports whether only this machine can reach an address.
func isLocalAddress(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	if v6 := ip.As16(); nat64Prefix.Contains(ip) {
		ip = netip.AddrFrom4([4]byte(v6[12:]))
	}
	if slices.Contains(metadataServices, ip) {
		return true
	}
	return ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}

// IsLoopback reports whether a host, with or without a port, is this machine.
func IsLoopback(hostport string) bool {
	name := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if ip := net.ParseIP(name); ip != nil {
		return ip.IsLoopback()
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}
