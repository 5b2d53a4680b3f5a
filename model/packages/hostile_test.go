package packages

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCollector_limits: what goes beyond a limit is left out and told, what was read before it stays.
func TestCollector_limits(t *testing.T) {
	max := bounds{packages: 3, texts: 100, owned: 4}
	status := func(names ...string) testFile {
		body := ""
		for _, n := range names {
			body += "P:" + n + "\nV:1\nF:\nR:" + n + "\n\n"
		}
		return testFile{"lib/apk/db/installed", body}
	}
	const more = ": is more than is read of the packages of a layer\n"
	for _, test := range []struct {
		name  string
		files []testFile
		want  string
		left  []string
	}{
		{"within", []testFile{status("a", "b", "c")}, "apk lib/apk/db/installed\n  a 1\n  b 1\n  c 1\n", nil},
		{"packages", []testFile{status("a", "b", "c", "d")}, "apk lib/apk/db/installed" + more + "  a 1\n  b 1\n  c 1\n",
			[]string{"the files of some packages", "the packages after the first 3"}},
		{"texts", []testFile{status("a", strings.Repeat("x", 98), "c")}, "apk lib/apk/db/installed" + more + "  a 1\n  c 1\n",
			[]string{"the packages whose names and versions take more than 100 B"}},
		{"owned", []testFile{{"lib/apk/db/installed", "P:a\nV:1\nF:\nR:a\nR:b\nR:c\nR:d\nR:a\n"}}, "apk lib/apk/db/installed\n  a 1\n", nil},
		{"owned, one more", []testFile{{"lib/apk/db/installed", "P:a\nV:1\nF:\nR:a\nR:b\nR:c\nR:d\nR:e\n"}}, "apk lib/apk/db/installed\n  a 1\n",
			[]string{"the files of some packages"}},
		{"files", []testFile{{"a/site-packages/a.egg-info", ""}, {"a/site-packages/b.egg-info", ""}, {"a/site-packages/c.egg-info", ""}, status("a")}, "",
			[]string{"the files after the first 3 that say something of packages"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := &Collector{max: max}
			for _, f := range test.files {
				write(c, f, 1000)
			}
			if diff := cmp.Diff(test.want, show(c.Found())); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.left, c.Left()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCollector_many: a database of too many packages gives the first ones.
func TestCollector_many(t *testing.T) {
	c := &Collector{}
	w := c.File("lib/apk/db/installed", 1<<40, nil)
	for range 1000 {
		_, _ = w.Write(bytes.Repeat([]byte("P:a\nV:1\nA:x86_64\n\n"), 1000))
	}
	_ = w.Close()
	found := c.Found().Databases
	if len(found) != 1 || len(found[0].Packages) != MaxPackages || found[0].Problem == "" || len(c.Left()) != 1 {
		t.Errorf("%d databases, left %q", len(found), c.Left())
	}
}

// directoryOf makes a zip archive of one stored file, which its directory lists many times.
func directoryOf(name, content string, times int) string {
	local := make([]byte, zipLocal)
	copy(local, zipMagic)
	header := make([]byte, zipHeader)
	copy(header, "PK\x01\x02")
	binary.LittleEndian.PutUint32(header[20:], uint32(len(content)))
	binary.LittleEndian.PutUint32(header[24:], uint32(len(content)))
	binary.LittleEndian.PutUint16(header[28:], uint16(len(name)))
	end := make([]byte, zipEnd)
	copy(end, "PK\x05\x06")
	directory := strings.Repeat(string(header)+name, times)
	binary.LittleEndian.PutUint32(end[12:], uint32(len(directory)))
	binary.LittleEndian.PutUint32(end[16:], uint32(len(local)+len(content)))
	return string(local) + content + directory + string(end)
}

// TestCollector_hostile: contents that cost more than their size in a simple reader. They end, as this
// test does, with what was read.
func TestCollector_hostile(t *testing.T) {
	manyInner := directoryOf("x", "", 20_000)
	deep := slf4j
	for range MaxJarDepth + 1 {
		deep = zipOf(testFile{"inner.jar", deep})
	}
	zeros := strings.Repeat("\x00", MaxJar-100)
	starts := strings.Repeat(goMagic+"\x08\x02"+strings.Repeat("\x00", 16)+"\x05go1.2\xff\xff\x3f"+strings.Repeat("\x00", 7), 200_000)
	for _, test := range []struct {
		name string
		file testFile
		want string
	}{
		{"a jar of many names for one jar", testFile{"a.jar", directoryOf("b.jar", manyInner, 20_000)}, "java a.jar: unpacks to more than is read of a jar\n"},
		{"a jar of jars of zeros", testFile{"a.jar", zipOf(testFile{"b.jar", zeros}, testFile{"e-1.jar", slf4j})},
			"java a.jar: holds a jar that is not a valid zip archive\n  org.slf4j:slf4j-api 2.0.9, in a.jar\n"},
		{"a jar of a jar of zeros in a jar", testFile{"a.jar", zipOf(testFile{"b.jar", zipOf(testFile{"=x", zeros}, testFile{"c.jar", zeros})})},
			"java a.jar: unpacks to more than is read of a jar\n"},
		{"deep jars", testFile{"a.jar", deep}, "java a.jar: holds jars inside of jars, which are read to a depth of 3\n"},
		{"a large jar", testFile{"a.jar", slf4j + strings.Repeat("\x00", MaxJar)}, "java a.jar: is larger than 32 MiB\n"},
		{"a large database of rpm", testFile{"var/lib/rpm/Packages", strings.Repeat("\x00", MaxRPM+1)}, "rpm var/lib/rpm/Packages: is larger than 64 MiB\n"},
		{"many starts of build information", testFile{"a", elfWith(aligned(starts), 4096)}, ""},
		{"deep JSON", testFile{"node_modules/a/package.json", strings.Repeat("[", MaxNPM)}, "npm node_modules/a/package.json: is not a package.json\n"},
		{"a line without an end", testFile{"lib/apk/db/installed", strings.Repeat("x", 8<<20)}, "apk lib/apk/db/installed: has a line of more than 64 KiB\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, show(collect(64<<10, test.file).Found())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCollector_size: the size of a header is a claim. Of a file that is larger no more is kept.
func TestCollector_size(t *testing.T) {
	c := &Collector{}
	w := c.File("node_modules/a/package.json", 10, nil)
	part := bytes.Repeat([]byte(" "), 64<<10)
	for range 100 {
		_, _ = w.Write(part)
	}
	_ = w.Close()
	if got, want := show(c.Found()), "npm node_modules/a/package.json: is larger than 1.0 MiB\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// fuzz fuzzes the content of a file at one of the paths. What is found must not depend on the parts in
// which the content arrives, and stays within the limits.
func fuzz(f *testing.F, paths ...string) {
	f.Helper()
	for _, test := range collectTests {
		for _, file := range test.files {
			for i, p := range paths {
				if baseOf(file.path) == baseOf(p) || p == file.path {
					f.Add(uint8(i), []byte(file.body))
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, path uint8, content []byte) {
		file := testFile{paths[int(path)%len(paths)], string(content)}
		whole, parts := collect(max(1, len(content)), file), collect(13, file)
		want, got := whole.Found(), parts.Found()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		for _, db := range want.Databases {
			for _, p := range db.Packages {
				if p.Name == "" || p.Version == "" || max(len(p.Name), len(p.Version), len(p.Arch), len(p.Source), len(p.Revision)) > MaxText {
					t.Fatalf("%q", p)
				}
			}
		}
		for _, p := range append(paths, "usr/bin/app", "a") {
			none := func(string) bool { return false }
			a, _ := whole.Owner(p, none)
			if b, _ := parts.Owner(p, none); a != b {
				t.Fatalf("owner of %s: %v, %v", p, a, b)
			}
		}
	})
}

func FuzzDpkg(f *testing.F) {
	fuzz(f, "var/lib/dpkg/status", "var/lib/dpkg/status.d/tzdata", "var/lib/dpkg/info/a.list", "var/lib/dpkg/status.d/a.md5sums",
		"opt/dpkg/status", "opt/dpkg/info/a.list")
}
func FuzzApk(f *testing.F) { fuzz(f, "lib/apk/db/installed", "opt/installed") }

// FuzzRPM has more than the databases, of which package rpmdb has its own: the files of packages, at usual paths and
// at others.
func FuzzRPM(f *testing.F) {
	paths := []string{"var/lib/rpm/Packages", "usr/lib/sysimage/rpm/Packages.db", "var/lib/rpmmanifest/container-manifest-2", "opt/Packages", "opt/rpmdb.sqlite"}
	for i, name := range []string{"bdb-little", "ndb"} {
		packed, err := os.ReadFile("rpmdb/testdata/" + name + ".gz")
		if err != nil {
			f.Fatal(err)
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			f.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), content)
		f.Add(uint8(3), content)
	}
	f.Add(uint8(2), []byte("a\t1-1\t0\t0\tb\t(none)\t1\tx86_64\t0\ta-1-1.src.rpm\n"))
	fuzz(f, paths...)
}
func FuzzPython(f *testing.F) {
	fuzz(f, "x/site-packages/a-1.dist-info/METADATA", "x/site-packages/a-1.dist-info/RECORD", "x/site-packages/a-1.egg-info/top_level.txt",
		"x/site-packages/a-1.egg-info/installed-files.txt", "x/site-packages/a-1.egg/EGG-INFO/PKG-INFO")
}
func FuzzNPM(f *testing.F) { fuzz(f, "app/node_modules/a/package.json") }
func FuzzJar(f *testing.F) {
	fuzz(f, "opt/app.war", "usr/share/java/slf4j-api.jar", "app/spring-core-5.3.1.jar")
}
func FuzzGo(f *testing.F) { fuzz(f, "usr/bin/app", "a", "usr/bin/devel") }
func FuzzGem(f *testing.F) {
	fuzz(f, "g/specifications/nokogiri-1.15.4-x86_64-linux.gemspec", "g/specifications/default/json-2.6.1.gemspec")
}

// FuzzPaths fuzzes the paths of files.
func FuzzPaths(f *testing.F) {
	for _, test := range collectTests {
		for _, file := range test.files {
			f.Add(file.path, []byte(file.body))
		}
	}
	for _, test := range ownerTests {
		for path := range test.want {
			f.Add(path, []byte("Name: a\nVersion: 1\n"))
		}
	}
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		c := collect(1000, testFile{path, string(content)})
		for _, db := range c.Found().Databases {
			if db.Path != path || db.Kind == "" {
				t.Fatalf("%q", db)
			}
		}
		c.Owner(path, func(string) bool { return false })
	})
}
