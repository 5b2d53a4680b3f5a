package credentials

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// podmanRegistry is a [[registry]] of registries.conf.
type podmanRegistry struct {
	prefix   string // of the images that it is about
	insecure bool   // http, and certificates that cannot be verified, are allowed
	path     string // of the file
}

// registriesConf is what tagdiff uses of registries.conf (containers-registries.conf(5)).
type registriesConf struct {
	registries []podmanRegistry
	helpers    []authFile // the credential helpers for all registries
}

// registriesConfPaths are podman's files, the ones that count more after the others.
func registriesConfPaths(etc string) []string {
	home, _ := os.UserHomeDir()
	user, system := filepath.Join(xdgConfigHome(home), "containers"), filepath.Join(etc, "containers")
	main := filepath.Join(user, "registries.conf")
	if _, err := os.Stat(main); err != nil {
		main = filepath.Join(system, "registries.conf")
	}
	paths := []string{cmp.Or(os.Getenv("CONTAINERS_REGISTRIES_CONF"), main)}
	for _, dir := range []string{system, user} {
		more, _ := filepath.Glob(filepath.Join(dir, "registries.conf.d", "*.conf"))
		paths = append(paths, more...)
	}
	return paths
}

// add adds the content of a file. It replaces what earlier files say about the same prefix.
func (c *registriesConf) add(path string, raw []byte) {
	for _, table := range parseTOML(string(raw)) {
		switch table.name {
		case "":
			if names, ok := table.values["credential-helpers"]; ok {
				c.setHelpers(path, names)
			}
		case "registry":
			prefix, location := table.text("prefix"), table.text("location")
			if location == "" || hostOfKey(location) == hostOfKey(cmp.Or(prefix, location)) { // not a mirror
				c.set(podmanRegistry{cmp.Or(prefix, location), table.text("insecure") == "true", path})
			}
		case "registries.insecure": // of version 1
			for _, host := range table.values["registries"] {
				c.set(podmanRegistry{host, true, path})
			}
		}
	}
}

func (c *registriesConf) set(r podmanRegistry) {
	c.registries = slices.DeleteFunc(c.registries, func(old podmanRegistry) bool { return old.prefix == r.prefix })
	c.registries = append(c.registries, r)
}

// setHelpers sets the credential helpers. containers-auth.json stands for podman's files.
func (c *registriesConf) setHelpers(path string, names []string) {
	c.helpers = nil
	for _, name := range names {
		if name != "containers-auth.json" && name != "" {
			c.helpers = append(c.helpers, authFile{path: path, helper: helperPrefix + name})
		}
	}
}

// insecure returns the file that declares a repository insecure, "" for none. The longest
// prefix counts.
func (c *registriesConf) insecure(host, repo string) string {
	var best podmanRegistry
	for _, r := range c.registries {
		if r.matches(host, repo) && len(r.prefix) >= len(best.prefix) {
			best = r
		}
	}
	if !best.insecure {
		return ""
	}
	return best.path
}

// matches reports whether the prefix is a registry, a namespace or a repository, or *.domain
// for the registries below a domain. A prefix without a port is about all ports.
func (r podmanRegistry) matches(host, repo string) bool {
	name, start := host+"/"+repo, r.prefix
	if domain, ok := strings.CutPrefix(r.prefix, "*"); ok {
		subdomain, _, _ := strings.Cut(host, domain)
		start = subdomain + domain
	}
	rest, ok := strings.CutPrefix(name, start)
	return ok && r.prefix != "" && (rest == "" || rest[0] == ':' || rest[0] == '/')
}

// tomlTable is a table of a TOML file. Each value is a list of texts, with one text for a
// value that is no list.
type tomlTable struct {
	name   string
	values map[string][]string
}

func (t tomlTable) text(key string) string { return strings.Join(t.values[key], "") }

var (
	tomlCode  = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^#"'])*`) // a line without its comment
	tomlName  = regexp.MustCompile(`^\[+\s*([^\]]*?)\s*\]+$`)
	tomlValue = regexp.MustCompile(`^"?([\w-]+)"?\s*=\s*(.*)$`)
	tomlText  = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"|'([^']*)'`)
)

// maxTOMLValue limits a value over several lines, in bytes.
const maxTOMLValue = 64 << 10

// parseTOML parses the part of TOML that registries.conf needs: tables, and keys whose value
// is a text, a boolean, or a list of texts.
func parseTOML(content string) []tomlTable {
	tables := []tomlTable{{values: map[string][]string{}}}
	line := ""
	for next := range strings.Lines(content) {
		line = strings.TrimSpace(line + " " + strings.TrimSpace(tomlCode.FindString(strings.TrimRight(next, "\r\n"))))
		values := tables[len(tables)-1].values
		if m := tomlName.FindStringSubmatch(line); m != nil {
			tables = append(tables, tomlTable{name: m[1], values: map[string][]string{}})
		} else if m := tomlValue.FindStringSubmatch(line); m != nil {
			if strings.HasPrefix(m[2], "[") && !strings.HasSuffix(m[2], "]") && len(line) < maxTOMLValue {
				continue // the list goes on in the next line
			}
			values[m[1]] = tomlTexts(m[2])
		}
		line = ""
	}
	return tables
}

// tomlTexts are the texts of a value.
func tomlTexts(value string) []string {
	found := tomlText.FindAllStringSubmatch(value, -1)
	if found == nil && !strings.HasPrefix(value, "[") {
		return []string{value}
	}
	var texts []string
	for _, m := range found {
		texts = append(texts, m[1]+m[2])
	}
	return texts
}
