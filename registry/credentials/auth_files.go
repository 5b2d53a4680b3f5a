package credentials

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
)

// authFile is one file of logins. Keys are as in the file, see normalizeKey.
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

// MaxFile bounds a file of logins, in bytes: a thousand logins are 200 KiB.
const MaxFile = 4 << 20

func readConfig(path string) ([]byte, error) {
	f, err := openFileOrPipe(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return files.ReadLimit(f, MaxFile)
}

// authFilePaths are docker's (docker-login) and podman's (containers-auth.json(5)).
func authFilePaths() []string {
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
	return append(paths, filepath.Join(xdgConfigHome(home), "containers", "auth.json"))
}

func xdgConfigHome(home string) string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return dir
	}
	return filepath.Join(home, ".config")
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
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

// normalizeKey is a key without what docker's history put around it: a scheme,
// /v1/, and Docker Hub's several names.
func normalizeKey(key string) string {
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
	host, _, _ := strings.Cut(normalizeKey(key), "/")
	return host
}
