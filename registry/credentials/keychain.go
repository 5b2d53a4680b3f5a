// Package credentials finds logins where docker, podman and regctl keep them: in
// their configuration files and in credential helpers. How a login is sent to a
// registry is in package transport.
package credentials

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
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
	fileErr   error // of the first file that cannot be used
}

// NewKeychain makes a keychain. It reads no file yet.
func NewKeychain() *Keychain { return &Keychain{} }

// NewStatic makes a keychain that reads no files: it holds what is added to it.
func NewStatic() *Keychain { return &Keychain{static: true} }

// Lookup returns the login for a repository of a registry, the zero login if there is
// none. The error is that of a helper or of a damaged entry, if no login was found
// elsewhere.
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

// FileError returns why a file of logins cannot be used, nil if all can.
func (k *Keychain) FileError() error {
	k.configs()
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.fileErr
}

// configs returns the content of the files. It reads them if necessary.
func (k *Keychain) configs() ([]authFile, map[string]config.Host) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.loaded && !k.static {
		k.authFiles, k.regctl, k.fileErr = nil, nil, nil
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
// parsed is ignored: FileError reports it to people whom a registry asks for a login.
func (k *Keychain) load() {
	if env := os.Getenv("DOCKER_AUTH_CONFIG"); env != "" {
		k.AddAuthFile("DOCKER_AUTH_CONFIG", []byte(env))
	}
	for _, path := range authFilePaths() {
		// Without a home folder the path would be relative to the working folder.
		if !filepath.IsAbs(path) && os.Getenv("HOME") == "" {
			continue
		}
		k.addFile(path, k.AddAuthFile)
	}
	k.addFile(regctlConfigPath(), k.AddRegctlConfig)
}

// addFile reads a file, if it exists, and adds its content.
func (k *Keychain) addFile(path string, add func(path string, raw []byte)) {
	raw, err := readConfig(path)
	if err == nil {
		add(path, raw)
	} else if !errors.Is(err, fs.ErrNotExist) {
		k.setFileError(path, err)
	}
}

// parse parses a file of a kind into w and reports whether it has content that could be
// parsed.
func (k *Keychain) parse(path, kind string, raw []byte, w any) bool {
	if len(bytes.TrimSpace(raw)) == 0 {
		return false // as good as no file for docker and podman
	}
	err := json.Unmarshal(raw, w)
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok { // its text may have a value
		err = errors.New("it is not " + kind)
	}
	k.setFileError(path, err)
	return err == nil
}

// setFileError keeps the error of the first file that cannot be used, in words without
// its content.
func (k *Keychain) setFileError(path string, err error) {
	if err == nil || k.fileErr != nil {
		return
	}
	why := model.PlainJSON(err).Error()
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		why = pathErr.Err.Error()
	}
	if errors.Is(err, files.ErrTooLarge) {
		why = fmt.Sprintf("it is larger than %d MiB", MaxFile>>20)
	}
	k.fileErr = unusable("the logins in "+path, why)
}

// unusable is the error of logins that cannot be read.
func unusable(what, why string) error {
	return &model.ReadError{Message: fmt.Sprintf("%s cannot be read: %s", what, why), Next: "repair or remove it, and log in again"}
}

// Login is one registry's credentials: user and password, or a refresh token
// (docker's "identity token"), or a ready bearer token.
type Login struct {
	Username, Password string
	RefreshToken       string
	BearerToken        string
	Source             string // file or helper
}

// IsZero reports whether the login is empty.
func (l Login) IsZero() bool { return l.Username == "" && l.RefreshToken == "" && l.BearerToken == "" }

// String names a login by its user and its source, without secrets; "" for none.
func (l Login) String() string {
	switch {
	case l.IsZero():
		return ""
	case l.Username != "":
		return fmt.Sprintf("the login of user %q in %s", safe.Clip(l.Username), l.Source)
	}
	return "the token in " + l.Source
}
