package filediff

import (
	"path"
	"strings"
	"sync"
)

// Cause is why files at some paths differ in every build of the same source.
type Cause struct {
	// Name is what the files are, in the plural, and One is the word for one of them: "logs", "log".
	Name, One string
	// Why says what in them differs, as "they hold the times of the build".
	Why string
	// Fix is what makes them equal, "" if nothing does.
	Fix string
	// Generated is whether a difference at these paths alone is taken for one of the build. Else
	// the cause only explains a difference that is worth a look.
	Generated bool
	// EachItsOwn is whether each build makes another content, but always makes one: a file that one
	// side lacks, or has empty, has another reason.
	EachItsOwn bool

	patterns []string
}

// IsArchive reports whether files of the cause hold other files: their contents are compared without the times in
// them where their format is known.
func (c Cause) IsArchive() bool { return c.Name == archives || c.Name == "compressed files" }

// IsDownloads reports whether files of the cause are packages as they were downloaded.
func (c Cause) IsDownloads() bool { return c.Name == downloads }

// downloads is the name of the cause of the packages that package managers keep as they were downloaded. One of the same
// name with another content is another package.
const downloads = "downloaded packages"

// archives is the name of the cause of archives.
const archives = "archives"

// aptFolders is the name of the cause of the folders that apt downloads to.
const aptFolders = "folders of apt"

// databases is the name of the cause of package databases.
const databases = "package databases"

// Causes are the known causes. Each pattern is a path below the root; "**" stands for any number
// of folders, also none, and "*" for a part of a name. The first match counts. They follow the
// sources of differences that reproducible-builds.org lists, and were seen in images that
// were built twice from the same source.
var Causes = []Cause{
	{
		Name: "logs", One: "log", Why: "they hold the times of the build", Generated: true,
		Fix: "rm -rf /var/log/* in the same RUN",
		patterns: []string{
			"var/log/dpkg.log", "var/log/alternatives.log", "var/log/apt/*", "var/log/dnf*", "var/log/yum*", "var/log/hawkey.log",
			"var/log/apk*", "var/log/bootstrap*", "var/log/fontconfig.log", "root/.npm/_logs/*",
		},
	},
	{
		Name: "caches", One: "cache", Why: "it holds inode and device numbers of the build machine", Generated: true,
		Fix:      "rm /var/cache/ldconfig/aux-cache; an image has no use for it",
		patterns: []string{"var/cache/ldconfig/aux-cache"},
	},
	{
		Name: "caches", One: "cache", Why: "they hold the times of folders", Generated: true,
		Fix:      "remove them, or set the times of the folders before fc-cache runs",
		patterns: []string{"var/cache/fontconfig/*", "**/icon-theme.cache", "**/mimeinfo.cache"},
	},
	{
		Name: "host keys", One: "host key", Why: "they are made when the package is installed", Generated: true, EachItsOwn: true,
		Fix:      "remove them, and make them when a container starts",
		patterns: []string{"etc/ssh/ssh_host_*"},
	},
	{
		Name: "random identities", One: "random identity", Why: "they are random", Generated: true, EachItsOwn: true,
		Fix: "empty them",
		patterns: []string{
			"etc/machine-id", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed",
			"etc/ssl/private/ssl-cert-snakeoil.key", "etc/ssl/certs/ssl-cert-snakeoil.pem",
		},
	},
	{
		Name: aptFolders, One: "folder of apt", Why: "apt makes them, and sets their owner and mode, when it runs", Generated: true,
		Fix:      "remove them in the same RUN",
		patterns: []string{"var/lib/apt/lists/partial", "var/cache/apt/archives/partial"},
	},
	{
		Name: downloads, One: "downloaded package", Why: "package managers keep what they download, by the state of the repository",
		Generated: true, Fix: "remove them in the same RUN",
		patterns: []string{
			"var/cache/apt/**/*.deb", "var/cache/dnf/**/*.rpm", "var/cache/yum/**/*.rpm", "var/cache/libdnf5/**/*.rpm", "var/cache/apk/**/*.apk",
		},
	},
	{
		Name: "package lists", One: "package list", Why: "they are the state of the repository at the time of the build", Generated: true,
		Fix: "remove them in the same RUN",
		patterns: []string{
			"var/lib/apt/lists/**", "var/cache/apt/**", "var/cache/dnf/**", "var/cache/yum/**", "var/cache/apk/**", "var/cache/libdnf5/**",
		},
	},
	{
		Name: databases, One: "package database", Why: "they hold the times of the installation", Generated: true,
		Fix: "compare the packages",
		patterns: []string{
			"var/lib/rpm/*", "usr/lib/sysimage/rpm/*", "var/lib/dnf/history*", "usr/lib/sysimage/libdnf5/*",
			"lib/apk/db/scripts.tar", "lib/apk/db/installed", "usr/lib/apk/db/scripts.tar", "usr/lib/apk/db/installed", "etc/apk/world",
		},
	},
	{
		// Other folders of .cache hold what programs need: virtual environments, models, browsers.
		Name: "caches", One: "cache", Why: "they hold the times of downloads", Generated: true,
		Fix: "npm ci && npm cache clean --force in the same RUN, or a cache mount",
		patterns: []string{
			"root/.npm/_cacache/index-v5/**", "root/.npm/_update-notifier-last-checked", "root/.wget-hsts",
			"**/.cache/pip/**", "**/.cache/pypoetry/cache/**", "**/.cache/pypoetry/artifacts/**", "**/.cache/go-build/**",
			"**/.cache/golangci-lint/**", "**/.cache/yarn/**", "**/.cache/composer/**", "**/.cache/node-gyp/**", "**/.cache/fontconfig/*",
		},
	},
	{
		Name: "leftovers", One: "leftover", Why: "programs of the build wrote them", Generated: true,
		Fix:      "remove them in the same RUN",
		patterns: []string{"root/.gnupg/**", "tmp/**", "var/tmp/**", "**/.bash_history"},
	},
	{
		Name: "files of the builder", One: "file of the builder", Why: "the builder writes them for each container", Generated: true,
		patterns: []string{"etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab", ".dockerenv"},
	},
	{
		Name: "files for lazy pulling", One: "file for lazy pulling", Why: "eStargz adds them to the archive", Generated: true,
		patterns: []string{".prefetch.landmark", ".no.prefetch.landmark", "stargz.index.json"},
	},
	{
		Name: "build IDs", One: "build ID", Why: "Next.js makes a random one unless it is set", Generated: true,
		Fix:      "set generateBuildId in next.config.js",
		patterns: []string{"**/.next/BUILD_ID"},
	},
	{
		Name: "compiled Python files", One: "compiled Python file", Why: "they hold the time of the source file, and where it was compiled",
		Fix:      "PYTHONDONTWRITEBYTECODE=1, pip install --no-compile, SOURCE_DATE_EPOCH, or --invalidation-mode unchecked-hash",
		patterns: []string{"**/__pycache__/*.pyc"},
	},
	{
		Name: "compressed files", One: "compressed file", Why: "gzip records the time of the file",
		Fix:      "gzip -n",
		patterns: []string{"**/*.gz", "**/*.tgz"},
	},
	{
		Name: archives, One: "archive", Why: "they record the times of what is in them",
		Fix:      "tar --sort=name --mtime=@$SOURCE_DATE_EPOCH --owner=0 --numeric-owner, or strip-nondeterminism",
		patterns: []string{"**/*.zip", "**/*.jar", "**/*.war", "**/*.whl", "**/*.tar", "**/*.a"},
	},
	{
		Name: "password files", One: "password file", Why: "they hold the day of the last change",
		Fix:      "chage -d 0, or SOURCE_DATE_EPOCH where the tool heeds it",
		patterns: []string{"etc/shadow", "etc/shadow-"},
	},
	{
		Name: "certificate stores", One: "certificate store", Why: "keytool records the time of each entry",
		patterns: []string{"etc/ssl/certs/java/cacerts", "**/lib/security/cacerts"},
	},
	{
		Name: "build records", One: "build record", Why: "they hold times and paths of the build",
		patterns: []string{
			"**/direct_url.json", "**/*.dist-info/RECORD", "**/gem_make.out", "**/mkmf.log", "**/*.la", "**/conda-meta/history",
			"**/node_modules/.package-lock.json",
		},
	},
}

// HasCause reports whether files at a path differ in every build by a cause that is known.
func HasCause(p string) bool { return causeOf(p) >= 0 }

// causeOf returns the index in Causes of the cause for a path, -1 for none.
func causeOf(p string) int16 {
	for _, r := range causeRules() {
		if r.mayMatch(p) && matches(r.pattern, p) {
			return r.cause
		}
	}
	return -1
}

// causeRule is a pattern of Causes.
type causeRule struct {
	pattern string
	// literal is the longest text without a wildcard in the pattern: a path without it does not match. Most
	// paths match nothing, and a search for a text is much cheaper than a match.
	literal string
	isHead  bool // the literal begins each path that matches
	cause   int16
}

// causeRules are the patterns of Causes in their order.
var causeRules = sync.OnceValue(func() (rules []causeRule) {
	for i, c := range Causes {
		for _, pattern := range c.patterns {
			r := causeRule{pattern: pattern, isHead: pattern[0] != '*', cause: int16(i)} //nolint:gosec // the table is short
			parts := strings.Split(pattern, "*")
			if r.isHead {
				parts = parts[:1]
			}
			for _, part := range parts {
				// "**/a" matches "a" as well.
				if part = strings.TrimPrefix(part, "/"); len(part) > len(r.literal) {
					r.literal = part
				}
			}
			rules = append(rules, r)
		}
	}
	return rules
})

func (r causeRule) mayMatch(p string) bool {
	if r.isHead {
		return strings.HasPrefix(p, r.literal)
	}
	return strings.Contains(p, r.literal)
}

// matches reports whether a path matches a pattern of Causes.
func matches(pattern, p string) bool {
	head, rest, more := strings.Cut(pattern, "/")
	if head != "**" {
		name, below, deeper := strings.Cut(p, "/")
		ok, err := path.Match(head, name)
		return ok && err == nil && more == deeper && (!more || matches(rest, below))
	}
	if !more {
		return p != ""
	}
	for {
		if matches(rest, p) {
			return true
		}
		_, below, ok := strings.Cut(p, "/")
		if !ok {
			return false
		}
		p = below
	}
}
