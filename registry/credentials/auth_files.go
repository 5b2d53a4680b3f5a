package credentials

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
)

// authFile is a configuration file of docker or podman, or the logins of regctl's.
// Its keys are those of the file, see normalizeKey.
type authFile struct {
	path    string
	auths   map[string]authEntry
	helpers map[string]string // a helper per registry
	helper  string            // for all others
}

// authEntry is an entry of docker's and podman's "auths".
type authEntry struct {
	Auth          string `json:"auth"`
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// MaxFile limits a configuration file, in bytes: a thousand logins are 200 KiB.
const MaxFile = 4 << 20

func readConfig(path string) ([]byte, error) {
	f, err := openFileOrPipe(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return files.ReadLimit(f, MaxFile)
}

const podmanAuthFile = "auth.json"

// authFilePaths are docker's (docker-login) and podman's (containers-auth.json(5)).
// Where XDG_RUNTIME_DIR is not set, as with sudo and in CI, podman's is in one of two
// folders below run, which is /run.
func authFilePaths(run string) []string {
	home, _ := os.UserHomeDir()
	docker := cmp.Or(os.Getenv("DOCKER_CONFIG"), filepath.Join(home, ".docker"))
	paths := []string{filepath.Join(docker, "config.json")}
	if f := os.Getenv("REGISTRY_AUTH_FILE"); f != "" {
		return append([]string{f}, paths...)
	}
	if folder := os.Getenv("XDG_RUNTIME_DIR"); folder != "" {
		paths = append(paths, filepath.Join(folder, "containers", podmanAuthFile))
	} else {
		user := strconv.Itoa(os.Getuid())
		paths = append(paths,
			filepath.Join(run, "containers", user, podmanAuthFile), filepath.Join(run, "user", user, "containers", podmanAuthFile))
	}
	return append(paths, filepath.Join(xdgConfigHome(home), "containers", podmanAuthFile))
}

func xdgConfigHome(home string) string {
	return cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config"))
}

// dockerKey is the key under which docker stores the login of a registry, and the name
// under which it asks helpers: the registry, or the historic URL for Docker Hub.
func dockerKey(host string) string {
	if host == model.DockerHub {
		return config.DockerRegistryAuth
	}
	return host
}

// serverName is the name of a registry for a helper, from the key in the file.
func serverName(key string) string {
	if host := hostOfKey(key); host == model.DockerHub {
		return dockerKey(host)
	}
	return key
}

// normalizeKey removes from a key what older versions of docker wrote: a scheme, the path
// of a URL, /v1/, and other names of Docker Hub. A path without a scheme is a namespace of
// podman.
func normalizeKey(key string) string {
	if _, rest, ok := strings.Cut(key, "://"); ok {
		key, _, _ = strings.Cut(rest, "/")
	}
	key = strings.TrimSuffix(key, "/")
	key = strings.TrimSuffix(strings.TrimSuffix(key, "/v1"), "/v2")
	host, _, _ := strings.Cut(key, "/")
	switch host {
	case "index.docker.io", "registry-1.docker.io":
		return model.DockerHub + strings.TrimPrefix(key, host)
	}
	return key
}

func hostOfKey(key string) string {
	host, _, _ := strings.Cut(normalizeKey(key), "/")
	return host
}

// AddAuthFile adds the logins of a file in the format of docker and podman. path
// names it in messages.
func (k *Keychain) AddAuthFile(path string, raw []byte) {
	var w struct {
		Auths       map[string]authEntry `json:"auths"`
		CredHelpers map[string]string    `json:"credHelpers"`
		CredsStore  string               `json:"credsStore"`
	}
	kind := "a Docker config file"
	if filepath.Base(path) == podmanAuthFile {
		kind = "a podman auth file"
	}
	if !k.parse(path, kind, raw, &w) {
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

// addOldFile adds the logins of ~/.dockercfg, which docker wrote before version 1.7 and
// podman still reads.
func (k *Keychain) addOldFile(path string, raw []byte) {
	s := authFile{path: path}
	if k.parse(path, "an old Docker config file", raw, &s.auths) {
		k.authFiles = append(k.authFiles, s)
	}
}

// lookup tries the names from the most specific one to that of the registry, as podman
// does; docker's files have only keys of registries. The helper of a registry comes
// before the logins in the file, the general helper after them. It skips logins that are
// refused.
func (f authFile) lookup(ctx context.Context, run *helpers, host, repo string, refused func(Login) bool) (Login, error) {
	var problem error
	general, server := f.helper, dockerKey(host)
	for _, name := range lookupNames(host, repo) {
		if keys := keysOf(f.helpers, name); len(keys) > 0 {
			if prog := f.helpers[keys[0]]; prog != helperPrefix {
				l, err := f.runHelper(ctx, run, prog, serverName(keys[0]))
				return l, orNoLogin(err, l, prog)
			}
			// For docker an empty name means the logins in the file, not the general helper.
			general, problem = "", f.emptyHelper(keys[0])
		}
		for _, key := range keysOf(f.auths, name) {
			l, err := f.auths[key].login(f.path)
			if err == nil && !l.IsZero() && !refused(l) {
				return l, nil
			}
			if err != nil {
				problem = unusable(fmt.Sprintf("the login for %s in %s", safe.Clip(key), f.path), err.Error())
			}
			server = serverName(key)
		}
	}
	if general == "" {
		return Login{}, problem
	}
	l, err := f.runHelper(ctx, run, general, server)
	if err == nil && l.IsZero() && server == host { // older versions of docker stored a URL
		l, err = f.runHelper(ctx, run, general, "https://"+host)
	}
	if err == nil && l.IsZero() && problem != nil {
		return l, problem
	}
	return l, orNoLogin(err, l, general)
}

// orNoLogin returns the error of a helper, a *NoLoginError if it has no login.
func orNoLogin(err error, l Login, prog string) error {
	if err == nil && l.IsZero() {
		return &NoLoginError{prog}
	}
	return err
}

// lookupNames are the names under which a login for a repository may be stored: the
// repository, the namespaces that it is in, and the registry.
func lookupNames(host, repo string) []string {
	names := []string{host}
	for i, c := range repo {
		if c == '/' {
			names = append(names, host+"/"+repo[:i])
		}
	}
	if repo != "" {
		names = append(names, host+"/"+repo)
	}
	slices.Reverse(names)
	return names
}

// keysOf are the keys that mean a name, in the order in which they count: the one that
// docker and podman write today, then the others, sorted.
func keysOf[T any](m map[string]T, name string) []string {
	var keys []string
	for key := range m {
		if normalizeKey(key) == name {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if i := slices.Index(keys, dockerKey(name)); i > 0 {
		keys = slices.Insert(slices.Delete(keys, i, i+1), 0, dockerKey(name))
	}
	return keys
}

// emptyHelper is the error where a file names a helper with an empty name, and has no login.
func (f authFile) emptyHelper(key string) error {
	return &model.ReadError{
		Message: fmt.Sprintf("%s has an empty name for the credential helper of %s", f.path, safe.Clip(key)),
		Next:    "write its name there, or remove the entry, and log in again",
	}
}

// runHelper asks a helper that the file names.
func (f authFile) runHelper(ctx context.Context, run *helpers, prog, server string) (Login, error) {
	// A name like ../x would run a program relative to the working folder.
	if strings.ContainsAny(prog, `/\`) && !filepath.IsAbs(prog) {
		return Login{}, &model.ReadError{
			Message: fmt.Sprintf("the name of the credential helper %s is a relative path", safe.Clip(prog)),
			Next:    "write its name without a path in " + f.path + ", or remove it there",
		}
	}
	l, err := run.get(ctx, prog, server)
	if errors.Is(err, exec.ErrNotFound) {
		return l, &model.ReadError{
			Message: fmt.Sprintf("the credential helper %s is not a program in PATH", safe.Clip(prog)),
			Next:    "install it, or remove it from " + f.path, Err: err,
		}
	}
	return l, err
}

// errNoPair is the error of an entry whose auth cannot be decoded.
var errNoPair = errors.New("its auth is not user:password in base64")

// login is the login of an entry, zero if the entry has none.
func (e authEntry) login(from string) (Login, error) {
	l := Login{Username: e.Username, Password: e.Password, RefreshToken: e.IdentityToken, BearerToken: e.RegistryToken, Source: from}
	raw, err := base64.StdEncoding.DecodeString(e.Auth)
	user, pass, ok := strings.Cut(string(raw), ":")
	if err == nil && ok {
		l.Username, l.Password = user, strings.Trim(pass, "\x00")
	}
	if l.RefreshToken == "" && l.Password == "" {
		l.Username = ""
	}
	if l.IsZero() && e.Auth != "" && (err != nil || !ok) {
		return l, errNoPair
	}
	return l, nil
}

// PipeTimeout limits the reading of a pipe. Shells pass the output of a command as
// a pipe, and the command may prompt the person.
const PipeTimeout = 10 * time.Second

// openFileOrPipe opens a file that may be a pipe. Reading from a pipe ends after
// PipeTimeout; a pipe without a writer is empty.
func openFileOrPipe(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		_ = f.SetReadDeadline(time.Now().Add(PipeTimeout)) // regular files have none
	}
	return f, err
}
