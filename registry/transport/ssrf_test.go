package transport

import (
	"context"
	"errors"
	"testing"

	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// TestSSRF_remoteRegistry checks that a remote registry cannot direct requests to this machine.
func TestSSRF_remoteRegistry(t *testing.T) {
	for address, near := range map[string]bool{
		"127.0.0.1:80": true, "[::1]:80": true, "169.254.169.254:80": true, "[fe80::1%eth0]:80": true, "[::ffff:127.0.0.1]:1": true, "0.0.0.0:1": true,
		"[fd00:ec2::254]:80": true, "100.100.100.200:80": true, "192.0.0.192:80": true, "[64:ff9b::a9fe:a9fe]:80": true, "[64:ff9b::7f00:1]:80": true,
		"[64:ff9b::c000:201]:80": false, "[fd00:ec2::253]:80": false,
		"10.0.0.1:80": false, "192.0.2.1:80": false, "[2001:db8::1]:443": false,
	} {
		if isLocalAddress(address) != near {
			t.Errorf("%s: near is %v", address, !near)
		}
	}
	var g ssrfGuard
	foreign := context.WithValue(t.Context(), foreignHostKey{}, true)
	if err := g.control(foreign, "tcp", "127.0.0.1:80", nil); !errors.Is(err, ErrLocalAddress) {
		t.Errorf("from elsewhere: %v", err)
	}
	registrytest.OK(t, g.control(foreign, "tcp", "192.0.2.1:80", nil))
	registrytest.OK(t, g.control(t.Context(), "tcp", "127.0.0.1:80", nil))
	registrytest.OK(t, g.control(foreign, "tcp", "127.0.0.1:80", nil)) // the registry is near itself
}
