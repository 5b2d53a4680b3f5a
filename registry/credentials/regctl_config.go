package credentials

import (
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/regclient/regclient/config"
)

// regctlConfigPath is where regctl keeps its settings: regctl config --help.
func regctlConfigPath() string {
	if f := os.Getenv("REGCTL_CONFIG"); f != "" {
		return f
	}
	home, _ := os.UserHomeDir()
	f := filepath.Join(xdgConfigHome(home), "regctl", "config.json")
	if _, err := os.Stat(f); err == nil {
		return f
	}
	return filepath.Join(home, ".regctl", "config.json")
}

// HostSettings returns regctl's settings for a host, without mirrors: a mirror could
// answer with other content than the registry.
func (k *Keychain) HostSettings(host string) config.Host {
	_, regctl := k.configs()
	h := regctl[host]
	h.Name = host
	return h
}

// AddRegctlConfig adds the logins and replaces the host settings with those of a
// configuration of regctl.
func (k *Keychain) AddRegctlConfig(path string, raw []byte) {
	var w struct {
		Hosts map[string]*config.Host `json:"hosts"`
	}
	if !k.parse(path, "a regctl config file", raw, &w) {
		return
	}
	k.regctl = map[string]config.Host{}
	s := authFile{path: path, auths: map[string]authEntry{}, helpers: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(w.Hosts)) {
		h, host := w.Hosts[name], hostOfKey(name)
		if h == nil {
			continue
		}
		if _, known := k.regctl[host]; !known || name == host {
			k.regctl[host] = *h
		}
		s.auths[name] = authEntry{Username: h.User, Password: h.Pass, IdentityToken: h.Token}
		if h.CredHelper != "" {
			s.helpers[name] = h.CredHelper
		}
	}
	k.authFiles = append(k.authFiles, s)
}
