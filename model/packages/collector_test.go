package packages

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testFile is a file of a layer.
type testFile struct{ path, body string }

// write writes a file in parts of a size.
func write(c *Collector, f testFile, part int) {
	w := c.File(f.path, int64(len(f.body)), []byte(f.body[:min(len(f.body), 64<<10)]))
	if w == nil {
		return
	}
	for rest := []byte(f.body); len(rest) > 0; {
		n := min(part, len(rest))
		_, _ = w.Write(bytes.Clone(rest[:n]))
		rest = rest[n:]
	}
	_ = w.Close()
}

func collect(part int, files ...testFile) *Collector {
	c := &Collector{}
	for _, f := range files {
		write(c, f, part)
	}
	return c
}

// show writes what was found, one line for each package and problem.
func show(found Found) string {
	var b strings.Builder
	for _, db := range found.Databases {
		fmt.Fprintf(&b, "%s %s", db.Kind, db.Path)
		if db.Problem != "" {
			fmt.Fprintf(&b, ": %s", db.Problem)
		}
		b.WriteString("\n")
		for _, p := range db.Packages {
			line := "  " + p.Name + " " + p.Version
			for _, extra := range []struct{ name, value string }{
				{"", p.Arch}, {"source ", p.Source}, {"revision ", p.Revision}, {"in ", p.Place},
			} {
				if extra.value != "" {
					line += ", " + extra.name + extra.value
				}
			}
			b.WriteString(line + "\n")
			if p.Kind != db.Kind {
				b.WriteString("  of another kind: " + string(p.Kind) + "\n")
			}
		}
	}
	return b.String()
}

// zipOf makes a zip archive of names and contents. A name that begins with "=" is stored and not packed.
func zipOf(files ...testFile) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: strings.TrimPrefix(f.path, "="), Method: zip.Deflate}
		if strings.HasPrefix(f.path, "=") {
			h.Method = zip.Store
		}
		part, err := w.CreateHeader(h)
		if err != nil {
			panic(err)
		}
		if _, err := part.Write([]byte(f.body)); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// goInfo makes the build information of a Go program.
func goInfo(version string, lines ...string) string {
	modules := "0123456789abcdef" + strings.Join(lines, "\n") + "\n" + "fedcba9876543210"
	b := []byte(goMagic + "\x08\x02" + strings.Repeat("\x00", 16))
	b = append(binary.AppendUvarint(b, uint64(len(version))), version...)
	b = append(binary.AppendUvarint(b, uint64(len(modules))), modules...)
	return string(b)
}

// elfWithData makes an ELF file whose part from 4,096 to 8,192 becomes writable memory, with contents before and in that part.
func elfWithData(before, data string) string {
	b := bytes.Repeat([]byte{0}, 8192)
	copy(b, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint64(b[32:], 64) // program headers
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], 2)
	for i, flags := range []uint32{4, 6} { // readable; writable
		h := b[64+56*i:]
		le.PutUint32(h, 1)
		le.PutUint32(h[4:], flags)
		le.PutUint64(h[8:], uint64(4096*i))
		le.PutUint64(h[32:], 4096)
	}
	copy(b[1024:], before)
	copy(b[4096+32:], data)
	return string(b)
}

// aligned adds bytes up to a multiple of 16.
func aligned(s string) string { return s + strings.Repeat("\x00", (goAlign-len(s)%goAlign)%goAlign) }

// elfWith makes an ELF file without program headers with content at a place.
func elfWith(content string, at int) string {
	head := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 57)
	return head + strings.Repeat("\xff\x00", (at-len(head))/2) + content + strings.Repeat("\x00", 100)
}

const (
	pom  = "#Generated\ngroupId=org.slf4j\nartifactId=slf4j-api\nversion=2.0.9\n"
	pom2 = "version=1.0\r\nartifactId=other\r\n"
)

var (
	slf4j  = zipOf(testFile{"META-INF/maven/org.slf4j/slf4j-api/pom.properties", pom})
	goBody = goInfo("go1.22.3", "path\texample.org/app/cmd", "mod\texample.org/app\tv1.2.3\th1:x",
		"dep\tgolang.org/x/text\tv0.3.0\th1:y", "dep\texample.org/old\tv1.0.0", "=>\texample.org/fork\tv1.0.1\th1:z",
		"dep\texample.org/local\tv1.0.0", "=>\t./local\t", "build\t-compiler=gc", "build\tvcs.revision=abc")
)

// collectTests are what files say of packages: true cases and near misses.
var collectTests = []struct {
	name  string
	files []testFile
	want  string
}{
	{"dpkg", []testFile{{"var/lib/dpkg/status", `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.36-9)
Version: 2.36-9+deb12u10
Description: GNU C Library
 Version: 9 continues the line above
 .
	Package: x

Package: curl
Status: deinstall ok config-files
Version: 1

Package: held
STATUS: hold ok installed
Source: held
version: 1:2

Package: half
Status: install reinstreq half-installed
Version: 3

Package: unknown
Version: 4

Package: last
Version: 5
Status: install ok triggers-pending`}}, `deb var/lib/dpkg/status
  libc6 2.36-9+deb12u10, amd64, source glibc
  held 1:2
  last 5
`},
	{"dpkg: none", []testFile{{"var/lib/dpkg/status", ""}}, "deb var/lib/dpkg/status\n"},
	{"dpkg: other places", []testFile{{"var/lib/dpkg/status-old", "Package: a\nVersion: 1\nStatus: install ok installed\n"},
		{"srv/root/var/lib/dpkg/status", "Package: a\nVersion: 1\nStatus: install ok installed\n"},
		{"srv/status", "the service runs\n"}}, "deb srv/root/var/lib/dpkg/status\n  a 1\n"}, // a link may lead there
	{"dpkg: ends of lines", []testFile{{"var/lib/dpkg/status", "Package: a\r\nVersion: 1\r\nStatus: install ok installed\r\n\r\nPackage: b\r\n"}},
		"deb var/lib/dpkg/status\n  a 1\n"},
	{"status.d", []testFile{{"var/lib/dpkg/status.d/tzdata", "Package: tzdata\nVersion: 2024a-0\nArchitecture: all\n"},
		{"var/lib/dpkg/status.d/tzdata.md5sums", "0 usr/share/x\n"}, {"var/lib/dpkg/status.d/empty", ""}},
		"deb var/lib/dpkg/status.d/tzdata\n  tzdata 2024a-0, all\n"},
	{"apk", []testFile{{"lib/apk/db/installed", `C:Q1abc=
P:musl
V:1.2.4-r2
A:x86_64
o:musl
F:lib
R:ld-musl-x86_64.so.1

P:.build-deps
V:20240101.000000
A:noarch

P:libcrypto3
V:3.1.4-r5
A:x86_64
o:openssl`}}, `apk lib/apk/db/installed
  musl 1.2.4-r2, x86_64
  libcrypto3 3.1.4-r5, x86_64, source openssl
`},
	{"apk: places", []testFile{{"usr/lib/apk/db/installed", "P:a\nV:1\n"}, {"var/lib/apk/db/installed", "P:b\nV:1\n"},
		{"etc/apk/db/installed", "P:c\nV:1\n"}},
		"apk usr/lib/apk/db/installed\n  a 1\napk var/lib/apk/db/installed\n  b 1\napk etc/apk/db/installed\n  c 1\n"},
	{"python", []testFile{
		{"usr/lib/python3/site-packages/ruamel.yaml-0.18.dist-info/METADATA", "Metadata-Version: 2.1\nName: Ruamel_.Yaml\nVersion: 0.18\n\nName: no\nVersion: 1\n"},
		{"usr/lib/python3/dist-packages/six-1.16.0.egg-info", "name: six\nversion: 1.16.0\n"},
		{"usr/lib/python3/dist-packages/a-1.egg-info/PKG-INFO", "Name: a\nVersion: 1"},
		{"x/site-packages/b-1-py3.9.egg/EGG-INFO/PKG-INFO", "Name: b\nVersion: 1"},
	}, `python usr/lib/python3/site-packages/ruamel.yaml-0.18.dist-info/METADATA
  ruamel-yaml 0.18, in usr/lib/python3/site-packages
python usr/lib/python3/dist-packages/six-1.16.0.egg-info
  six 1.16.0, in usr/lib/python3/dist-packages
python usr/lib/python3/dist-packages/a-1.egg-info/PKG-INFO
  a 1, in usr/lib/python3/dist-packages
python x/site-packages/b-1-py3.9.egg/EGG-INFO/PKG-INFO
  b 1, in x/site-packages
`},
	{"python: near misses", []testFile{
		{"x/site-packages/setuptools/_vendor/wheel-0.43.dist-info/METADATA", "Name: wheel\nVersion: 0.43\n"},
		{"src/a.dist-info/METADATA", "Name: a\nVersion: 1\n"},
		{"x/my-packages/a.dist-info/METADATA", "Name: a\nVersion: 1\n"},
		{"x/site-packages/a.dist-info/WHEEL", "Name: a\nVersion: 1\n"},
		{"x/site-packages/a.dist-info/METADATA", "Name: a\n\nVersion: 1\n"},
		{"x/site-packages/METADATA", "Name: a\nVersion: 1\n"},
	}, ""},
	{"npm", []testFile{
		{"app/node_modules/a/package.json", `{"name":"a","version":"1.0.0","bin":{"version":"2"}}`},
		{"app/node_modules/@s/b/package.json", `{"name":"@s/b","version":"2.0.0"}`},
		{"app/node_modules/@s/b/node_modules/a/package.json", `{"version":"3.0.0","name":"a"}`},
		{"node_modules/.pnpm/c@1.0.0/node_modules/c/package.json", `{"name":"c","version":"1.0.0"}`},
	}, `npm app/node_modules/a/package.json
  a 1.0.0, in app/node_modules
npm app/node_modules/@s/b/package.json
  @s/b 2.0.0, in app/node_modules
npm app/node_modules/@s/b/node_modules/a/package.json
  a 3.0.0, in app/node_modules/@s/b/node_modules
npm node_modules/.pnpm/c@1.0.0/node_modules/c/package.json
  c 1.0.0, in node_modules/.pnpm/c@1.0.0/node_modules
`},
	{"npm: near misses", []testFile{
		{"app/package.json", `{"name":"app","version":"1.0.0"}`},
		{"app/node_modules/a/test/package.json", `{"name":"t","version":"1.0.0"}`},
		{"app/node_modules/a/test/node_modules/t/package.json", `{"name":"t","version":"1.0.0"}`},
		{"app/node_modules/a/package.json", `{"name":"a"}`},
		{"app/node_modules/@s/package.json", `{"name":"s","version":"1.0.0"}`},
		{"app/node_modules/package.json", `{"name":"s","version":"1.0.0"}`},
		{"app/node_modules/.cache/x/package.json", `{"name":"x","version":"1.0.0"}`},
		{"app/node_modules/b/package.json", `{"name":"b","version":1}`},
		{"app/old_node_modules/b/package.json", `{"name":"b","version":"1"}`},
	}, "npm app/node_modules/b/package.json: is not a package.json\n"},
	{"jar", []testFile{
		{"usr/share/java/slf4j-api.jar", slf4j},
		{"app/spring-core-5.3.1.jar", zipOf(testFile{"META-INF/MANIFEST.MF", "Implementation-Title: x\r\nImplementation-Version: 5.3.2\r\n\r\nName: y\r\nBundle-Version: 7\r\n"})},
		{"app/tools-2.jar", zipOf(testFile{"META-INF/MANIFEST.MF", "Implementation-Version: ${version}\n\nBundle-Version: 3\n"})},
		{"app/commons-io-2.11.0.jar", zipOf(testFile{"a", "b"})},
		{"app/noversion.jar", zipOf(testFile{"a", "b"})},
		{"app/notajar-1.0.jar", "PK"},
		{"app/broken-1.0.jar", "PK\x03\x04"},
		{"app/archive-1.0.zip", slf4j},
	}, `java usr/share/java/slf4j-api.jar
  org.slf4j:slf4j-api 2.0.9, in usr/share/java
java app/spring-core-5.3.1.jar
  spring-core 5.3.2, in app
java app/tools-2.jar
  tools 2, in app
java app/commons-io-2.11.0.jar
  commons-io 2.11.0, in app
java app/broken-1.0.jar: is not a valid zip archive
`},
	{"jar in jar", []testFile{{"app.jar", "#!/bin/sh\n"}, {"opt/app.war", zipOf(
		testFile{"META-INF/maven/g/app/pom.properties", "groupId=g\nartifactId=app\nversion=3\n"},
		testFile{"=BOOT-INF/lib/slf4j-api-2.0.9.jar", slf4j},
		testFile{"WEB-INF/lib/inner.jar", zipOf(testFile{"../x/other-1.0.jar", zipOf(testFile{"META-INF/maven/o/pom.properties", pom2})})},
		testFile{"WEB-INF/lib/bad-1.jar", "x"})}}, `java opt/app.war: holds a jar that is not a valid zip archive
  g:app 3, in opt
  org.slf4j:slf4j-api 2.0.9, in opt/app.war/BOOT-INF/lib
  other 1.0, in opt/app.war/WEB-INF/lib/inner.jar/x
`},
	{"go", []testFile{{"usr/bin/app", elfWith(goBody, 4096)}, {"usr/bin/devel", "MZ" + strings.Repeat("\x00", 62) + goInfo("devel go1.27-abc X:y", "mod\tm\t")}},
		`go usr/bin/app
  example.org/app v1.2.3, revision abc, in usr/bin/app
  stdlib 1.22.3, in usr/bin/app
  golang.org/x/text v0.3.0, in usr/bin/app
  example.org/fork v1.0.1, in usr/bin/app
go usr/bin/devel
  m (devel), in usr/bin/devel
  stdlib devel go1.27-abc, in usr/bin/devel
`},
	{"go: near misses", []testFile{
		{"text", goBody},
		{"old", elfWith(strings.Replace(goBody, "\x08\x02", "\x08\x00", 1), 4096)},
		{"unaligned", elfWith(goBody, 4096+8)},
		{"cut", elfWith(goBody, 4096)[:4096+60]},
		{"version", elfWith(goInfo("rust1"), 4096)},
		{"magic", elfWith(goMagic, 4096)},
	}, ""},
	{"go: after a false start", []testFile{{"a", elfWith(goMagic+"\x08\x02"+strings.Repeat("\x00", 16)+"\xff\xff\x3f...."+goMagic, 4096)[:4096+64] + goBody}},
		"go a\n  example.org/app v1.2.3, revision abc, in a\n  stdlib 1.22.3, in a\n  golang.org/x/text v0.3.0, in a\n  example.org/fork v1.0.1, in a\n"},
	{"go: several", []testFile{{"a", elfWith(aligned(goInfo("go1.2"))+goInfo("go1.3"), 4096)}}, "go a: holds the build information of several Go programs\n"},
	{"go: with a program as data", []testFile{{"a", elfWithData(goInfo("go1.2"), goInfo("go1.3"))}, {"b", elfWithData(goInfo("go1.2"), "")},
		{"c", elfWithData("", goInfo("go1.3"))}}, "go a\n  stdlib 1.3, in a\ngo b\n  stdlib 1.2, in b\ngo c\n  stdlib 1.3, in c\n"},
	{"gem", []testFile{
		{"usr/lib/ruby/gems/3.1.0/specifications/nokogiri-1.15.4-x86_64-linux.gemspec", "# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.15.4 x86_64-linux lib\n"},
		{"usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec", ""},
		{"usr/lib/ruby/gems/3.1.0/specifications/a-2b-1.0.rc1-java.gemspec", "# stub: x"},
		{"usr/lib/ruby/gems/3.1.0/gems/x-1/x.gemspec", "# stub: x 1 ruby lib"},
		{"usr/lib/ruby/gems/3.1.0/specifications/noversion.gemspec", ""},
	}, `gem usr/lib/ruby/gems/3.1.0/specifications/nokogiri-1.15.4-x86_64-linux.gemspec
  nokogiri 1.15.4, x86_64-linux, in usr/lib/ruby/gems/3.1.0
gem usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec
  json 2.6.1, in usr/lib/ruby/gems/3.1.0
gem usr/lib/ruby/gems/3.1.0/specifications/a-2b-1.0.rc1-java.gemspec
  a-2b 1.0.rc1, java, in usr/lib/ruby/gems/3.1.0
`},
	{"the last file of a path counts", []testFile{{"lib/apk/db/installed", "P:a\nV:1\n"}, {"usr/bin/app", elfWith(goBody, 4096)},
		{"lib/apk/db/installed", "P:a\nV:2\n"}, {"usr/bin/app", "#!/bin/sh\n"}}, "apk lib/apk/db/installed\n  a 2\n"},
	{"long lines", []testFile{{"lib/apk/db/installed", "P:a\nD:" + strings.Repeat("x", MaxLine) + "\nV:1\n"}},
		"apk lib/apk/db/installed: has a line of more than 64 KiB\n  a 1\n"},
	{"long names", []testFile{{"lib/apk/db/installed", "P:a\nV:" + strings.Repeat("1", MaxText+1) + "\n\nP:b\nV:1"}},
		"apk lib/apk/db/installed: has a package with a name or a version of more than 1,024 bytes\n  b 1\n"},
	{"large package.json", []testFile{{"node_modules/a/package.json", `{"name":"a","version":"1","x":"` + strings.Repeat("x", MaxNPM) + `"}`}},
		"npm node_modules/a/package.json: is larger than 1.0 MiB\n"},
}

func TestCollector(t *testing.T) {
	for _, test := range collectTests {
		t.Run(test.name, func(t *testing.T) {
			for _, part := range []int{1 << 20, 64 << 10, 1000, 7} {
				if diff := cmp.Diff(test.want, show(collect(part, test.files...).Found())); diff != "" {
					t.Fatalf("in parts of %d bytes: %s", part, diff)
				}
			}
		})
	}
}
