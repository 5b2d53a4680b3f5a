// Package credentials finds logins where docker, podman and regctl keep them: in
// their configuration files and in credential helpers. How a login is sent to a
// registry is in package transport.
package credentials

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/regclient/regclient/config"
)

// Keychain finds the logins of docker, podman and regctl. It reads the files at the
// first use and runs a helper only when a registry requires a login.
type Keychain struct {
	helpers helpers

	mu        sync.Mutex
	static    bool // no files are read
	loaded    bool
	authFiles []authFile
	regctl    map[string]config.Host
}

// NewKeychain makes a keychain. It reads no file yet.
func NewKeychain() *Keychain { return &Keychain{} }

// NewStatic makes a keychain that reads no files: it holds what is added to it.
func NewStatic() *Keychain { return &Keychain{static: true} }

// Lookup returns the login for a repository of a registry, the zero login if there is
// none. The error is that of a helper, if no login was found elsewhere.
func (k *Keychain) Lookup(ctx context.Context, host, repo string) (Login, error) {
	var firstErr error
	stores, _ := k.configs()
	for _, s := range stores {
		l, err := s.lookup(ctx, &k.helpers, host, repo)
		if ctx.Err() != nil {
			return Login{}, ctx.Err()
		}
		if err == nil && !l.IsZero() {
			return l, nil
		}
		if firstErr == nil {
			firstErr = err
		}
	}
	return Login{}, firstErr
}

// Hosts returns the registries that have a login, sorted.
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
	return slices.Sorted(maps.Keys(names))
}

// configs returns the content of the files. It reads them if necessary.
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

// Forget makes the next lookup read the files again: the person may log in after
// a refusal.
func (k *Keychain) Forget() {
	k.mu.Lock()
	k.loaded = false
	k.mu.Unlock()
	k.helpers.forget()
}

// load reads all files in the order of their priority. A file that cannot be read or
// parsed is ignored: the tool that it belongs to reports that.
func (k *Keychain) load() {
	if env := os.Getenv("DOCKER_AUTH_CONFIG"); env != "" {
		k.AddAuthFile("DOCKER_AUTH_CONFIG", []byte(env))
	}
	for _, path := range authFilePaths() {
		// Without a home folder the path would be relative to the working folder.
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

// Login is one registry's credentials: user and password, or a refresh token
// (docker's "identity token"), or a ready bearer token.
type Login struct {
	Username, Password string
	RefreshToken       string
	BearerToken        string
	Source             string // file or helper
}

// IsZero reports whether there is no login.
func (l Login) IsZero() bool { return l.Username == "" && l.RefreshToken == "" && l.BearerToken == "" }

// String is the user name and the source of a login, without secrets.
func (l Login) String() string {
	switch {
	case l.IsZero():
		return ""
	case l.Username != "":
		return l.Username + " in " + l.Source
	}
	return "a token in " + l.Source
}
