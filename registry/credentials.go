package registry

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
	"github.com/tagdiff/tagdiff/model/files"
)

// login is one registry's credentials: user and password, or a refresh token
// (docker's "identity token"), or a ready bearer token.
type login struct {
	user, pass string
	refresh    string
	bearer     string
	from       string // the file or helper it comes from
}

func (l login) zero() bool { return l.user == "" && l.refresh == "" && l.bearer == "" }

// String says whose login it is, without secrets.
func (l login) String() string {
	switch {
	case l.zero():
		return ""
	case l.user != "":
		return l.user + " in " + l.from
	}
	return "a token in " + l.from
}

// keyring finds logins where docker, podman and regctl keep them. Files are
// read at the first need, helpers run only when a registry asks for a login.
type keyring struct {
	helpers helpers

	mu     sync.Mutex
	static bool // no files are read
	loaded bool
	stores []store
	regctl map[string]config.Host
}

// store is one file of logins. Keys are as in the file, see normalKey.
type store struct {
	path    string
	auths   map[string]fileAuth
	helpers map[string]string // a helper per registry
	helper  string            // for all others
}

// fileAuth is an entry of docker's and podman's "auths".
type fileAuth struct {
	Auth          string `json:"auth"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

func newKeyring() *keyring { return &keyring{} }

// newStatic makes a keychain that reads no files: it holds what is added to it.
func newStatic() *keyring { return &keyring{static: true} }

// lookup is the login for a repository of a registry, the zero login if there
// is none. The error is a helper's, and only when nothing else was found.
func (k *keyring) lookup(ctx context.Context, host, repo string) (login, error) {
	var failed error
	stores, _ := k.files()
	for _, s := range stores {
		l, err := s.lookup(ctx, &k.helpers, host, repo)
		if ctx.Err() != nil {
			return login{}, ctx.Err()
		}
		if err == nil && !l.zero() {
			return l, nil
		}
		if failed == nil {
			failed = err
		}
	}
	return login{}, failed
}

// settings are what regctl's configuration says about reaching a host, without
// mirrors: they would answer in the registry's name.
func (k *keyring) settings(host string) config.Host {
	_, regctl := k.files()
	h := regctl[host]
	h.Name = host
	return h
}

// hosts are the registries that have a login, sorted.
func (k *keyring) hosts() []string {
	stores, regctl := k.files()
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

// files are what the files hold, read if that has not been done.
func (k *keyring) files() ([]store, map[string]config.Host) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.loaded && !k.static {
		k.stores, k.regctl = nil, nil
		k.load()
		k.loaded = true
	}
	return k.stores, k.regctl
}

// forget makes the next lookup read everything again: after a refusal the
// person may have logged in anew.
func (k *keyring) forget() {
	k.mu.Lock()
	k.loaded = false
	k.mu.Unlock()
	k.helpers.forget()
}

// load reads all files in the order in which their logins count. A file that
// cannot be read or parsed is as good as none: its own tool will complain.
func (k *keyring) load() {
	if env := os.Getenv("DOCKER_AUTH_CONFIG"); env != "" {
		k.add("DOCKER_AUTH_CONFIG", []byte(env))
	}
	for _, path := range loginFiles() {
		// Without a home folder a path would be one below wherever we are.
		if !filepath.IsAbs(path) && os.Getenv("HOME") == "" {
			continue
		}
		if raw, err := readLogins(path); err == nil {
			k.add(path, raw)
		}
	}
	if raw, err := readLogins(regctlFile()); err == nil {
		k.addRegctl(regctlFile(), raw)
	}
}

// maxLogins bounds a file of logins, in bytes: a thousand logins are 200 KiB.
const maxLogins = 4 << 20

func readLogins(path string) ([]byte, error) {
	f, err := openPatiently(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return files.ReadLimit(f, maxLogins)
}

// loginFiles are docker's (docker-login) and podman's (containers-auth.json(5)).
func loginFiles() []string {
	home, _ := os.UserHomeDir()
	docker := os.Getenv("DOCKER_CONFIG")
	if docker == "" {
		docker = filepath.Join(home, ".docker")
	}
	paths := []string{filepath.Join(docker, "config.json")}
	if f := os.Getenv("REGISTRY_AUTH_FILE"); f != "" {
		return append([]string{f}, paths...)
	}
	if run := os.Getenv("XDG_RUNTIME_DIR"); run != "" {
		paths = append(paths, filepath.Join(run, "containers", "auth.json"))
	}
	return append(paths, filepath.Join(configHome(home), "containers", "auth.json"))
}

func configHome(home string) string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return dir
	}
	return filepath.Join(home, ".config")
}

// regctlFile is where regctl keeps its settings: regctl config --help.
func regctlFile() string {
	if f := os.Getenv("REGCTL_CONFIG"); f != "" {
		return f
	}
	home, _ := os.UserHomeDir()
	if f := filepath.Join(configHome(home), "regctl", "config.json"); exists(f) {
		return f
	}
	return filepath.Join(home, ".regctl", "config.json")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (k *keyring) add(path string, raw []byte) {
	var w struct {
		Auths       map[string]fileAuth `json:"auths"`
		CredHelpers map[string]string   `json:"credHelpers"`
		CredsStore  string              `json:"credsStore"`
	}
	if json.Unmarshal(raw, &w) != nil {
		return
	}
	s := store{path: path, auths: w.Auths, helpers: map[string]string{}}
	for key, name := range w.CredHelpers {
		s.helpers[key] = helperPrefix + name
	}
	if w.CredsStore != "" {
		s.helper = helperPrefix + w.CredsStore
	}
	k.stores = append(k.stores, s)
}

func (k *keyring) addRegctl(path string, raw []byte) {
	var w struct {
		Hosts map[string]*config.Host `json:"hosts"`
	}
	if json.Unmarshal(raw, &w) != nil {
		return
	}
	k.regctl = map[string]config.Host{}
	s := store{path: path, auths: map[string]fileAuth{}, helpers: map[string]string{}}
	for name, h := range w.Hosts {
		if h == nil {
			continue
		}
		k.regctl[hostOfKey(name)] = *h
		s.auths[name] = fileAuth{Username: h.User, Password: h.Pass, IdentityToken: h.Token}
		if h.CredHelper != "" {
			s.helpers[name] = h.CredHelper
		}
	}
	k.stores = append(k.stores, s)
}

// lookup goes from the most specific key to the registry's, as podman does;
// docker's files have no keys below the registry. A helper for a registry
// counts before what is written down, the general one after it.
func (s store) lookup(ctx context.Context, run *helpers, host, repo string) (login, error) {
	server := host
	if host == model.DockerHub {
		server = config.DockerRegistryAuth
	}
	for name := host + "/" + repo; ; name = name[:strings.LastIndex(name, "/")] {
		name = strings.TrimSuffix(name, "/")
		for key, prog := range s.helpers {
			if normalKey(key) == name {
				return run.get(ctx, prog, serverName(key, server))
			}
		}
		for key, a := range s.auths {
			if normalKey(key) != name {
				continue
			}
			if l := a.login(s.path); !l.zero() {
				return l, nil
			}
			server = serverName(key, server)
		}
		if name == host || !strings.Contains(name, "/") {
			break
		}
	}
	if s.helper == "" {
		return login{}, nil
	}
	return run.get(ctx, s.helper, server)
}

// serverName is what a helper knows a registry by: the key in the file, but
// Docker Hub has its one historic name.
func serverName(key, server string) string {
	if hostOfKey(key) == model.DockerHub {
		return config.DockerRegistryAuth
	}
	if key == "" {
		return server
	}
	return key
}

// login reads an entry; one that cannot be read is none.
func (a fileAuth) login(from string) login {
	l := login{user: a.Username, pass: a.Password, refresh: a.IdentityToken, bearer: a.RegistryToken, from: from}
	if raw, err := base64.StdEncoding.DecodeString(a.Auth); err == nil && a.Auth != "" {
		if user, pass, ok := strings.Cut(string(raw), ":"); ok {
			l.user, l.pass = user, strings.Trim(pass, "\x00")
		}
	}
	if l.refresh == "" && l.pass == "" {
		l.user = ""
	}
	return l
}

// normalKey is a key without what docker's history put around it: a scheme,
// /v1/, and Docker Hub's several names.
func normalKey(key string) string {
	if _, rest, ok := strings.Cut(key, "://"); ok {
		key = rest
	}
	key = strings.TrimSuffix(key, "/")
	key = strings.TrimSuffix(strings.TrimSuffix(key, "/v1"), "/v2")
	host, rest, below := strings.Cut(key, "/")
	switch host {
	case "index.docker.io", "registry-1.docker.io":
		host = model.DockerHub
	}
	if below {
		return host + "/" + rest
	}
	return host
}

func hostOfKey(key string) string {
	host, _, _ := strings.Cut(normalKey(key), "/")
	return host
}
