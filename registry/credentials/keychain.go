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
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Keychain finds the logins of docker, podman and regctl. It reads the files at the
// first use and runs a helper only when a registry requires a login.
type Keychain struct {
	helpers helpers
	system  string // the folder in which /etc, /run and /usr are; "/" except for tests

	mu        sync.Mutex
	static    bool // no files are read
	loaded    bool
	authFiles []authFile
	regctl    map[string]config.Host
	fileErr   error // of the first file that cannot be used
	refused   map[refusal]bool
	settings  *systemConfig // nil until read
}

// refusal is a login that a registry has refused for a repository.
type refusal struct {
	host, repo string
	login      Login
}

// NewKeychain makes a keychain. It reads no file yet.
func NewKeychain() *Keychain { return &Keychain{system: "/"} }

// NewStatic makes a keychain that reads no files: it holds what is added to it.
func NewStatic() *Keychain { return &Keychain{static: true} }

// Lookup returns the login for a repository of a registry, the zero login if there is
// none. The error is that of a helper or of a damaged entry, if no login was found
// elsewhere: any other error before a *NoLoginError.
func (k *Keychain) Lookup(ctx context.Context, host, repo string) (Login, error) {
	var firstErr error
	refused := func(l Login) bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.refused[refusal{host, repo, l}]
	}
	for s := range k.sources() {
		l, err := s.lookup(ctx, &k.helpers, host, repo, refused)
		if ctx.Err() != nil {
			return Login{}, ctx.Err()
		}
		if err == nil && !l.IsZero() && !refused(l) {
			return l, nil
		}
		if noLogin, _ := errors.AsType[*NoLoginError](firstErr); firstErr == nil || noLogin != nil && err != nil {
			firstErr = err
		}
	}
	return Login{}, firstErr
}

// sources are where logins are, the ones that count more before the others: the files, and
// the helpers that podman uses for all registries.
func (k *Keychain) sources() iter.Seq[authFile] {
	return func(yield func(authFile) bool) {
		stores, _ := k.configs()
		for _, s := range stores {
			if !yield(s) {
				return
			}
		}
		for _, s := range k.systemConfig().helpers {
			if !yield(s) {
				return
			}
		}
	}
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

// Refuse records that a registry has refused a login for a repository. The next lookup
// reads the files and helpers again, and returns another login, if there is one.
func (k *Keychain) Refuse(host, repo string, l Login) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refused == nil {
		k.refused = map[refusal]bool{}
	}
	k.refused[refusal{host, repo, l}] = true
	k.loaded, k.settings = false, nil
	k.helpers.forget(host)
}

// IsRefused reports whether a registry has refused a login for a repository since the last Forget.
func (k *Keychain) IsRefused(host, repo string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for r := range k.refused {
		if r.host == host && r.repo == repo {
			return true
		}
	}
	return false
}

// Forget makes the next lookup for a registry read the files and helpers again, and forgets
// which of its logins were refused: the person may log in after a refusal.
func (k *Keychain) Forget(host string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.loaded, k.settings = false, nil
	maps.DeleteFunc(k.refused, func(r refusal, _ bool) bool { return r.host == host })
	k.helpers.forget(host)
}

// WithoutLogins returns a keychain that has the settings of regctl, and no login.
func (k *Keychain) WithoutLogins() *Keychain {
	_, regctl := k.configs()
	return &Keychain{static: true, regctl: regctl}
}

// load reads all files in the order of their priority. A file that cannot be read or
// parsed is ignored: FileError reports it to people whom a registry asks for a login.
func (k *Keychain) load() {
	if env := os.Getenv("DOCKER_AUTH_CONFIG"); env != "" {
		k.AddAuthFile("DOCKER_AUTH_CONFIG", []byte(env))
	}
	for _, path := range authFilePaths(filepath.Join(k.system, "run")) {
		k.addFile(path, k.AddAuthFile)
	}
	k.addFile(regctlConfigPath(), k.AddRegctlConfig)
	home, _ := os.UserHomeDir()
	k.addFile(filepath.Join(home, ".dockercfg"), k.addOldFile)
}

// addFile reads a file, if it exists, and adds its content.
func (k *Keychain) addFile(path string, add func(path string, raw []byte)) {
	// Without a home folder the path would be relative to the working folder.
	if !filepath.IsAbs(path) && os.Getenv("HOME") == "" {
		return
	}
	raw, err := readConfig(path)
	if err == nil {
		add(path, raw)
	} else if !errors.Is(err, fs.ErrNotExist) {
		k.setFileError(path, err)
	}
}

// parse parses a file of a kind into w and reports whether it has content that could be
// parsed. A part of another type than expected is left out: it may be about another
// registry.
func (k *Keychain) parse(path, kind string, raw []byte, w any) bool {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff")) // editors of Windows write it
	if len(bytes.TrimSpace(raw)) == 0 {
		return false // as good as no file for docker and podman
	}
	err := json.Unmarshal(raw, w)
	if odd, ok := errors.AsType[*json.UnmarshalTypeError](err); ok { // its text may have a value
		err = errors.New("it is not " + kind)
		if odd.Field != "" {
			err = errors.New("a value of " + odd.Field + " has the wrong type")
		}
		k.setFileError(path, err)
		return odd.Field != ""
	}
	if err != nil {
		k.setFileError(path, syntaxError(raw, err))
	}
	return err == nil
}

// syntaxError words an error of JSON syntax, with the line if there are several.
func syntaxError(raw []byte, err error) error {
	plain := model.PlainJSON(err)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && syntax.Offset <= int64(len(raw)) {
		if line := bytes.Count(raw[:syntax.Offset], []byte("\n")); line > 0 {
			return fmt.Errorf("%w (line %d)", plain, line+1)
		}
	}
	return plain
}

// setFileError keeps the error of the first file that cannot be used, in words without
// its content.
func (k *Keychain) setFileError(path string, err error) {
	if err == nil || k.fileErr != nil {
		return
	}
	if dir := filepath.Dir(path); errors.Is(err, syscall.ENOTDIR) && dir == os.Getenv("DOCKER_CONFIG") {
		k.fileErr = &model.ReadError{Message: "DOCKER_CONFIG names the file " + dir, Next: "let it name the folder of config.json", Err: err}
		return
	}
	why := err.Error()
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
	Source             string // the file that has it, "" for a helper
	Helper             string // the credential helper that supplied it, "" for a file
}

// IsZero reports whether the login is empty.
func (l Login) IsZero() bool { return l.Username == "" && l.RefreshToken == "" && l.BearerToken == "" }

// String names a login by its user and its source, without secrets; "" for none.
func (l Login) String() string {
	from := " in " + l.Source
	if l.Helper != "" {
		from = fromHelper + safe.Clip(l.Helper)
	}
	switch {
	case l.IsZero():
		return ""
	case l.Username != "":
		return fmt.Sprintf("the login of user %q", safe.Clip(l.Username)) + from
	}
	return "the token" + from
}

// fromHelper is in the name of a login before the helper that supplied it.
const fromHelper = " from the credential helper "

// HelperOf returns the credential helper in the name of a login that String made, "" for none.
func HelperOf(login string) string {
	i := strings.LastIndex(login, fromHelper)
	if i < 0 {
		return ""
	}
	return login[i+len(fromHelper):]
}
