package credentials

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
)

func (l Login) IsZero() bool { return l.Username == "" && l.RefreshToken == "" && l.BearerToken == "" }

// String says whose login it is, without secrets.
func (l Login) String() string {
	switch {
	case l.IsZero():
		return ""
	case l.Username != "":
		return l.Username + " in " + l.Source
	}
	return "a token in " + l.Source
}

// Keychain finds logins where docker, podman and regctl keep them. Files are
// read at the first need, helpers run only when a registry asks for a login.
type Keychain struct {
	helpers helpers

	mu        sync.Mutex
	static    bool // no files are read
	loaded    bool
	authFiles []authFile
	regctl    map[string]config.Host
}

func NewKeychain() *Keychain { return &Keychain{} }

// NewStatic makes a keychain that reads no files: it holds what is added to it.
func NewStatic() *Keychain { return &Keychain{static: true} }

// Lookup is the login for a repository of a registry, the zero login if there
// is none. The error is a helper's, and only when nothing else was found.
func (k *Keychain) Lookup(ctx context.Context, host, repo string) (Login, error) {
	var failed error
	stores, _ := k.configs()
	for _, s := range stores {
		l, err := s.lookup(ctx, &k.helpers, host, repo)
		if ctx.Err() != nil {
			return Login{}, ctx.Err()
		}
		if err == nil && !l.IsZero() {
			return l, nil
		}
		if failed == nil {
			failed = err
		}
	}
	return Login{}, failed
}

// HostSettings are what regctl's configuration says about reaching a host, without
// mirrors: they would answer in the registry's name.
func (k *Keychain) HostSettings(host string) config.Host {
	_, regctl := k.configs()
	h := regctl[host]
	h.Name = host
	return h
}

// Hosts are the registries that have a login, sorted.
func (k *Keychain) Hosts() []string {
	stores, regctl := k.configs()
	names := map[string]bool{}
	for _, s := range stores {
		for key := range s.auths {
			names[hostOfKey(key)] = true
		}
		for key := range s.helpers {
			names[hostOfKey(key)] = true
		}
	}
	for name := range regctl {
		names[name] = true
	}
	delete(names, "")
	all := make([]string, 0, len(names))
	for name := range names {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// configs are what the files hold, read if that has not been done.
func (k *Keychain) configs() ([]authFile, map[string]config.Host) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.loaded && !k.static {
		k.authFiles, k.regctl = nil, nil
		k.load()
		k.loaded = true
	}
	return k.authFiles, k.regctl
}

// Forget makes the next lookup read everything again: after a refusal the
// person may have logged in anew.
func (k *Keychain) Forget() {
	k.mu.Lock()
	k.loaded = false
	k.mu.Unlock()
	k.helpers.forget()
}

// load reads all files in the order in which their logins count. A file that
// cannot be read or parsed is as good as none: its own tool will complain.
func (k *Keychain) load() {
	if env := os.Getenv("DOCKER_AUTH_CONFIG"); env != "" {
		k.AddAuthFile("DOCKER_AUTH_CONFIG", []byte(env))
	}
	for _, path := range authFilePaths() {
		// Without a home folder a path would be one below wherever we are.
		if !filepath.IsAbs(path) && os.Getenv("HOME") == "" {
			continue
		}
		if raw, err := readConfig(path); err == nil {
			k.AddAuthFile(path, raw)
		}
	}
	if raw, err := readConfig(regctlConfigPath()); err == nil {
		k.AddRegctlConfig(regctlConfigPath(), raw)
	}
}

func (k *Keychain) AddAuthFile(path string, raw []byte) {
	var w struct {
		Auths       map[string]authEntry `json:"auths"`
		CredHelpers map[string]string    `json:"credHelpers"`
		CredsStore  string               `json:"credsStore"`
	}
	if json.Unmarshal(raw, &w) != nil {
		return
	}
	s := authFile{path: path, auths: w.Auths, helpers: map[string]string{}}
	for key, name := range w.CredHelpers {
		s.helpers[key] = helperPrefix + name
	}
	if w.CredsStore != "" {
		s.helper = helperPrefix + w.CredsStore
	}
	k.authFiles = append(k.authFiles, s)
}

func (k *Keychain) AddRegctlConfig(path string, raw []byte) {
	var w struct {
		Hosts map[string]*config.Host `json:"hosts"`
	}
	if json.Unmarshal(raw, &w) != nil {
		return
	}
	k.regctl = map[string]config.Host{}
	s := authFile{path: path, auths: map[string]authEntry{}, helpers: map[string]string{}}
	for name, h := range w.Hosts {
		if h == nil {
			continue
		}
		k.regctl[hostOfKey(name)] = *h
		s.auths[name] = authEntry{Username: h.User, Password: h.Pass, IdentityToken: h.Token}
		if h.CredHelper != "" {
			s.helpers[name] = h.CredHelper
		}
	}
	k.authFiles = append(k.authFiles, s)
}

// lookup goes from the most specific key to the registry's, as podman does;
// docker's files have no keys below the registry. A helper for a registry
// counts before what is written down, the general one after it.
func (s authFile) lookup(ctx context.Context, run *helpers, host, repo string) (Login, error) {
	server := host
	if host == model.DockerHub {
		server = config.DockerRegistryAuth
	}
	for name := host + "/" + repo; ; name = name[:strings.LastIndex(name, "/")] {
		name = strings.TrimSuffix(name, "/")
		for key, prog := range s.helpers {
			if normalizeKey(key) == name {
				return run.get(ctx, prog, serverName(key, server))
			}
		}
		for key, a := range s.auths {
			if normalizeKey(key) != name {
				continue
			}
			if l := a.login(s.path); !l.IsZero() {
				return l, nil
			}
			server = serverName(key, server)
		}
		if name == host || !strings.Contains(name, "/") {
			break
		}
	}
	if s.helper == "" {
		return Login{}, nil
	}
	return run.get(ctx, s.helper, server)
}

// login reads an entry; one that cannot be read is none.
func (a authEntry) login(from string) Login {
	l := Login{Username: a.Username, Password: a.Password, RefreshToken: a.IdentityToken, BearerToken: a.RegistryToken, Source: from}
	if raw, err := base64.StdEncoding.DecodeString(a.Auth); err == nil && a.Auth != "" {
		if user, pass, ok := strings.Cut(string(raw), ":"); ok {
			l.Username, l.Password = user, strings.Trim(pass, "\x00")
		}
	}
	if l.RefreshToken == "" && l.Password == "" {
		l.Username = ""
	}
	return l
}
