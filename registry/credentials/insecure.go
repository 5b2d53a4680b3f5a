package credentials

import (
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// systemConfig has the settings of docker and podman besides logins.
type systemConfig struct {
	registriesConf

	daemons []dockerDaemon
}

// dockerDaemon is the configuration of a docker daemon.
type dockerDaemon struct {
	path       string
	registries []string // insecure ones: hosts, with or without a port, and ranges of addresses
}

// daemonPaths are the configurations of dockerd, of dockerd without root, and of Docker Desktop.
func daemonPaths(etc string) []string {
	home, _ := os.UserHomeDir()
	return []string{
		filepath.Join(etc, "docker", "daemon.json"), filepath.Join(xdgConfigHome(home), "docker", "daemon.json"),
		filepath.Join(home, ".docker", "daemon.json"),
	}
}

// Insecure returns the file in which docker or podman declare a repository insecure, "" for
// none: they read it over http, or without a check of the certificate. repo is "" for the
// list of repositories.
func (k *Keychain) Insecure(ctx context.Context, host, repo string) string {
	c := k.systemConfig()
	for _, d := range c.daemons {
		if slices.ContainsFunc(d.registries, func(entry string) bool { return isInsecureEntry(ctx, entry, host) }) {
			return d.path
		}
	}
	return c.insecure(host, repo)
}

// isInsecureEntry reports whether an entry of insecure-registries is about a host. As in
// docker, a range of addresses is about all names that lead to it.
func isInsecureEntry(ctx context.Context, entry, host string) bool {
	_, name, ok := strings.Cut(entry, "://")
	if !ok {
		name = entry
	}
	if name == host {
		return true
	}
	addresses, err := netip.ParsePrefix(name)
	if err != nil {
		return false
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", strings.Trim(host, "[]"))
	return err == nil && slices.ContainsFunc(found, func(a netip.Addr) bool { return addresses.Contains(a.Unmap()) })
}

// systemConfig returns the settings. It reads them at the first use, and after Forget.
func (k *Keychain) systemConfig() systemConfig {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.settings != nil {
		return *k.settings
	}
	c := systemConfig{}
	if !k.static {
		c.load(filepath.Join(k.system, "etc"))
	}
	k.settings = &c
	return c
}

// load reads the files. One that cannot be read has no settings.
func (c *systemConfig) load(etc string) {
	for _, path := range daemonPaths(etc) {
		var w struct {
			Registries []string `json:"insecure-registries"`
		}
		if raw, err := readConfig(path); err == nil && json.Unmarshal(raw, &w) == nil {
			c.daemons = append(c.daemons, dockerDaemon{path, w.Registries})
		}
	}
	for _, path := range registriesConfPaths(etc) {
		if raw, err := readConfig(path); err == nil {
			c.add(path, raw)
		}
	}
}
