package packagestest

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// Apk returns two roots with a database of apk, written as apk 2 does: no tool of apk is needed.
func Apk(t testing.TB) (older, newer Root) {
	t.Helper()
	root := func(packages ...Package) Root {
		dir := t.TempDir()
		var b strings.Builder
		for _, p := range packages {
			fmt.Fprintf(&b, "C:Q1eVpkasfqZAukAXFYbgwt4xAZWU4=\nP:%s\nV:%s\nA:%s\nS:100\nI:4096\nT:about %s\nU:https://example.org\nL:MIT\n",
				p.Name, p.Version, p.Arch, p.Name)
			if p.Source != "" {
				fmt.Fprintf(&b, "o:%s\n", p.Source)
			}
			b.WriteString("m:A <a@example.org>\nt:1700000000\nc:0123456789abcdef\nD:so:libc.musl-x86_64.so.1\np:cmd:x=1\n")
			for _, f := range p.Files {
				fmt.Fprintf(&b, "F:%s\nM:0:0:1777\nR:%s\na:0:0:755\nZ:Q1eVpkasfqZAukAXFYbgwt4xAZWU4=\n", filepath.Dir(f), filepath.Base(f))
				write(t, filepath.Join(dir, f), p.Version)
			}
			b.WriteByte('\n')
		}
		// What apk add --virtual installs is a name for others.
		b.WriteString("C:Q1eVpkasfqZAukAXFYbgwt4xAZWU4=\nP:.build-deps\nV:20240501.120000\nA:noarch\nD:gcc\n\n")
		write(t, filepath.Join(dir, "lib/apk/db/installed"), b.String())
		return Root{Archive(t, dir, "."), sorted(t, packages)}
	}
	busybox := Package{Name: "busybox", Version: "1.36.1-r29", Arch: "x86_64", Files: []string{"bin/busybox"}}
	older = root(busybox, Package{Name: "musl", Version: "1.2.4_git20230717-r4", Arch: "x86_64", Files: []string{"lib/ld-musl-x86_64.so.1"}},
		Package{Name: "ssl_client", Version: "1.36.1-r29", Arch: "x86_64", Source: "busybox"})
	newer = root(busybox, Package{Name: "musl", Version: "1.2.5-r0", Arch: "x86_64", Files: []string{"lib/ld-musl-x86_64.so.1"}},
		Package{Name: "tzdata", Version: "2024a-r1", Arch: "noarch"})
	return older, newer
}
