package registry

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
)

var errNearby = errors.New("refused to be sent to an address of this machine or its link")

// guard keeps a registry elsewhere from sending us, by a redirect or as its
// token service, to what only this machine can reach: services on loopback, a
// cloud's metadata service on a link-local address.
type guard struct{ near atomic.Bool } // the registry itself is such an address

type foreignKey struct{}

// mark makes the dialer tell requests to other hosts from those to the
// registry. What a proxy does is the proxy's business.
func (g *guard) mark(req *http.Request, own string) *http.Request {
	if req.URL.Host == own {
		return req
	}
	if proxy, err := http.ProxyFromEnvironment(req); err != nil || proxy != nil {
		return req
	}
	return req.WithContext(context.WithValue(req.Context(), foreignKey{}, true))
}

// control is a net.Dialer's: it sees the address that a name led to.
func (g *guard) control(ctx context.Context, _, address string, _ syscall.RawConn) error {
	near := isNear(address)
	if ctx.Value(foreignKey{}) == nil {
		if near {
			g.near.Store(true)
		}
		return nil
	}
	if near && !g.near.Load() {
		return errNearby
	}
	return nil
}

// metadata are services of clouds about a machine, and for it alone, that are
// at other addresses than link-local ones: Amazon's, Alibaba's and Oracle's.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192"),
}

// translated addresses stand for those of IPv4 in their last bytes (RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// isNear reports whether an address leads to what only this machine can reach.
func isNear(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	if v6 := ip.As16(); translated.Contains(ip) {
		ip = netip.AddrFrom4([4]byte(v6[12:]))
	}
	if slices.Contains(metadata, ip) {
		return true
	}
	return ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}
