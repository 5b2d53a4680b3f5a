package registry

import (
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/registry/credentials"
)

// maxRoads bounds to how many other hosts the connections of one registry are
// kept: registries have one token service and a few hosts for blobs.
const maxRoads = 16

// road is the way to one host. TLS settings are the host's own: neither client
// certificates nor authorities nor skipped verification of a registry count for
// its token service, for the hosts of its blobs or for a proxy.
type road struct {
	*http.Transport
	opener *opener
}

// roads are those to the hosts that one registry leads to.
type roads struct {
	build func(host string) (*road, error)

	mu     sync.Mutex
	byHost map[string]*road
}

// to is the road to a host, built when it is first wanted.
func (r *roads) to(host string) (*road, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.byHost[host]; ok {
		return known, nil
	}
	if len(r.byHost) >= maxRoads {
		for _, old := range r.byHost {
			old.closeIdle()
		}
		clear(r.byHost)
	}
	built, err := r.build(host)
	if err != nil {
		return nil, err
	}
	if r.byHost == nil {
		r.byHost = map[string]*road{}
	}
	r.byHost[host] = built
	return built, nil
}

// closeIdle closes the connections that nobody uses, those that wait for a
// first use among them.
func (r *road) closeIdle() {
	r.CloseIdleConnections()
	if r.opener != nil {
		r.opener.drop()
	}
}

// settingsOf are the settings of a host that a registry named.
func settingsOf(k *credentials.Keychain, host string) config.Host {
	if !isHost(host) || strings.Trim(host, ".") == "" || strings.ContainsAny(host, `/\`) {
		return config.Host{} // it names no folder
	}
	return k.HostSettings(host)
}

// addressOf is where a transport dials for https to a host.
func addressOf(host string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil || port == "" {
		name, port = strings.TrimSuffix(host, ":"), "443"
	}
	return net.JoinHostPort(strings.Trim(name, "[]"), port)
}
