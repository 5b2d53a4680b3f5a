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
func authFilePaths() []string {
	home, _ := os.UserHomeDir()
	docker := cmp.Or(os.Getenv("DOCKER_CONFIG"), filepath.Join(home, ".docker"))
	paths := []string{filepath.Join(docker, "config.json")}
	if f := os.Getenv("REGISTRY_AUTH_FILE"); f != "" {
		return append([]string{f}, paths...)
	}
	if run := os.Getenv("XDG_RUNTIME_DIR"); run != "" {
		paths = append(paths, filepath.Join(run, "containers", podmanAuthFile))
	}
	return append(paths, filepath.Join(xdgConfigHome(home), "containers", podmanAuthFile))
}

func xdgConfigHome(home string) string {
	return cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config"))
}

// serverName is the name of a registry for a helper: the key in the file, or the
// historic URL for Docker Hub.
func serverName(key, server string) string {
	if hostOfKey(key) == model.DockerHub {
		return config.DockerRegistryAuth
	}
	return cmp.Or(key, server)
}

// normalizeKey removes from a key what older versions of docker wrote: a scheme, /v1/,
// and other names of Docker Hub.
func normalizeKey(key string) string {
	if _, rest, ok := strings.Cut(key, "://"); ok {
		key = rest
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

// lookup tries the keys from the most specific one to that of the registry, as podman
// does; docker's files have only keys of registries. The helper of a registry comes
// before the logins in the file, the general helper after them.
func (f authFile) lookup(ctx context.Context, run *helpers, host, repo string) (Login, error) {
	var damaged error
	server := host
	if host == model.DockerHub {
		server = config.DockerRegistryAuth
	}
	for name := host + "/" + repo; ; name = name[:strings.LastIndex(name, "/")] {
		name = strings.TrimSuffix(name, "/")
		for key, prog := range f.helpers {
			if normalizeKey(key) == name {
				return f.runHelper(ctx, run, prog, serverName(key, server))
			}
		}
		for key, a := range f.auths {
			if normalizeKey(key) != name {
				continue
			}
			l, err := a.login(f.path)
			if err == nil && !l.IsZero() {
				return l, nil
			}
			if err != nil {
				damaged = unusable(fmt.Sprintf("the login for %s in %s", safe.Clip(key), f.path), err.Error())
			}
			server = serverName(key, server)
		}
		if name == host || !strings.Contains(name, "/") {
			break
		}
	}
	if f.helper == "" {
		return Login{}, damaged
	}
	l, err := f.runHelper(ctx, run, f.helper, server)
	if err == nil && l.IsZero() {
		err = damaged
	}
	return l, err
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
