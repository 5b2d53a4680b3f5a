package packages

import "testing"

// ownerTests are what files say of the owners of other files.
var ownerTests = []struct {
	name  string
	files []testFile
	has   []string          // paths that the layer has, beside those that are asked for
	want  map[string]string // kind, name, architecture and place by path; "" for none
}{
	{"dpkg", []testFile{{"var/lib/dpkg/info/curl.list", "/.\n/usr\n/usr/bin\n/usr/bin/curl\n"},
		{"var/lib/dpkg/info/libc6:amd64.list", "/lib/x86_64-linux-gnu/libc.so.6\n/bin/both\n"},
		{"var/lib/dpkg/info/curl.md5sums", "0  usr/bin/other\n"}, {"x/info/a.list", "/usr/bin/a\n"}},
		[]string{"bin/both"},
		map[string]string{"usr/bin/curl": "deb curl  ", "usr/lib/x86_64-linux-gnu/libc.so.6": "deb libc6 amd64 ",
			"lib/x86_64-linux-gnu/libc.so.6": "deb libc6 amd64 ", "usr/bin/other": "", "usr/bin/a": "",
			"var/lib/dpkg/info/curl.list": "deb curl  ", "var/lib/dpkg/info/libc6:amd64.postinst": "deb libc6 amd64 ",
			"var/lib/dpkg/info/libc6.postinst": "", "var/lib/dpkg/info/format": "", "var/lib/dpkg/status": "", "usr/bin/both": "", "bin/curl": "", "usr/share/x86_64-linux-gnu/libc.so.6": ""}},
	{"merged sbin", []testFile{{"var/lib/dpkg/info/a.list", "/usr/sbin/a\n/sbin/b\n/usr/sbin/c\n"}}, []string{"usr/sbin/c"},
		map[string]string{"usr/bin/a": "deb a  ", "usr/bin/b": "deb a  ", "usr/sbin/b": "deb a  ", "usr/bin/c": "", "bin/a": ""}},
	{"status.d", []testFile{{"var/lib/dpkg/status.d/b3BlbnNzbA", "Package: openssl\nVersion: 3\nArchitecture: amd64\n"},
		{"var/lib/dpkg/status.d/b3BlbnNzbA.md5sums", "0123  usr/bin/openssl\n0123 *./etc/ssl/x y\n\n"},
		{"var/lib/dpkg/status.d/gone.md5sums", "0123  usr/bin/gone\n"}}, nil,
		map[string]string{"usr/bin/openssl": "deb openssl amd64 ", "etc/ssl/x y": "deb openssl amd64 ",
			"var/lib/dpkg/status.d/b3BlbnNzbA": "deb openssl amd64 ", "var/lib/dpkg/status.d/b3BlbnNzbA.md5sums": "deb openssl amd64 ", "usr/bin/gone": "deb gone  "}},
	{"apk", []testFile{{"lib/apk/db/installed", "P:musl\nV:1\nA:x86_64\nF:lib\nR:ld.so\nF:\nR:root\nF:usr/lib\nR:a\nR:b\n\nP:other\nV:2\nF:lib\nR:c"}}, nil,
		map[string]string{"lib/ld.so": "apk musl x86_64 ", "root": "apk musl x86_64 ", "usr/lib/b": "apk musl x86_64 ", "lib/c": "apk other  ", "lib/a": ""}},
	{"python", []testFile{
		{"p/site-packages/Ruamel_yaml-1.dist-info/RECORD", "ruamel/yaml/a.py,sha256=x,1\n../../bin/yaml,,\n\"x,\"\"y\",,\n\"bad\"\"\n/abs//z,,\n../../../../../out,,"},
		{"p/site-packages/Ruamel_yaml-1.dist-info/METADATA", "Name: ruamel.yaml\nVersion: 1\n"}}, nil,
		map[string]string{"p/site-packages/ruamel/yaml/a.py": "python ruamel-yaml  p/site-packages", "bin/yaml": "python ruamel-yaml  p/site-packages",
			"p/site-packages/x,\"y": "python ruamel-yaml  p/site-packages", "abs/z": "python ruamel-yaml  p/site-packages", "out": "python ruamel-yaml  p/site-packages",
			"p/site-packages/ruamel/yaml/__pycache__/a.cpython-311.opt-1.pyc": "python ruamel-yaml  p/site-packages",
			"p/site-packages/ruamel/yaml/__pycache__/b.cpython-311.pyc":       "", "p/site-packages/ruamel/yaml/b.py": ""}},
	{"python: older", []testFile{
		{"p/dist-packages/a-1.egg-info/PKG-INFO", "Name: a\nVersion: 1\n"}, {"p/dist-packages/a-1.egg-info/top_level.txt", "a\n_a\n..\nx/y\n"},
		{"p/dist-packages/b-1.egg-info/installed-files.txt", "../b.py\nPKG-INFO\n"},
		{"p/dist-packages/c-1-py3.9.egg/EGG-INFO/PKG-INFO", "Name: C\nVersion: 1\n"}}, nil,
		map[string]string{"p/dist-packages/a/x/y.py": "python a  p/dist-packages", "p/dist-packages/_a.py": "python a  p/dist-packages", "p/dist-packages/x/y": "",
			"p/dist-packages/b.py": "python b  p/dist-packages", "p/dist-packages/b-1.egg-info/PKG-INFO": "python b  p/dist-packages",
			"p/dist-packages/c-1-py3.9.egg/c.py": "python c  p/dist-packages", "p/dist-packages/ab": ""}},
	{"a system's packages first", []testFile{
		{"p/site-packages/a-1.dist-info/RECORD", "a.py,,\nb.py,,\n"}, {"var/lib/dpkg/info/python3-a.list", "/p/site-packages/a.py\n/p/site-packages/c.py\n"},
		{"p/site-packages/z-1.dist-info/RECORD", "c.py,,\n"}}, nil,
		map[string]string{"p/site-packages/a.py": "deb python3-a  ", "p/site-packages/__pycache__/a.cpython-311.pyc": "deb python3-a  ",
			"p/site-packages/b.py": "python a  p/site-packages", "p/site-packages/c.py": "deb python3-a  "}},
	{"npm", []testFile{{"n/node_modules/a/package.json", `{"name":"a","version":"1"}`}, {"n/node_modules/a/node_modules/@s/b/package.json", `{"name":"@s/b","version":"1"}`}}, nil,
		map[string]string{"n/node_modules/a/lib/x.js": "npm a  n/node_modules", "n/node_modules/a/node_modules/@s/b/x.js": "npm @s/b  n/node_modules/a/node_modules",
			"n/node_modules/a/node_modules/c/x.js": "", "n/node_modules/a/node_modules/.bin/x": "", "n/node_modules/ab/x.js": "", "n/x.js": ""}},
	{"go, jar, gem", []testFile{{"usr/bin/app", elfWith(goBody, 4096)}, {"opt/x-1.jar", slf4j}, {"g/specifications/rake-13.0.6.gemspec", ""}}, nil,
		map[string]string{"usr/bin/app": "go example.org/app  usr/bin/app", "opt/x-1.jar": "java org.slf4j:slf4j-api  opt",
			"g/gems/rake-13.0.6/lib/rake.rb": "gem rake  g", "g/specifications/rake-13.0.6.gemspec": "gem rake  g", "g/gems/rake-13/x": ""}},
	{"the last file of a path counts", []testFile{{"var/lib/dpkg/info/a.list", "/x\n/y\n"}, {"var/lib/dpkg/info/a.list", "/y\n"}}, nil,
		map[string]string{"x": "", "y": "deb a  "}},
	{"none", nil, nil, map[string]string{"x": ""}},
}

func TestOwner(t *testing.T) {
	for _, test := range ownerTests {
		t.Run(test.name, func(t *testing.T) {
			for _, part := range []int{64 << 10, 5} {
				c := collect(part, test.files...)
				c.Found()
				exists := func(path string) bool {
					for _, p := range test.has {
						if p == path {
							return true
						}
					}
					return false
				}
				for path, want := range test.want {
					got := ""
					if o, ok := c.Owner(path, exists); ok {
						got = string(o.Kind) + " " + o.Name + " " + o.Arch + " " + o.Place
					}
					if got != want {
						t.Errorf("owner of %s is %q, want %q", path, got, want)
					}
				}
			}
		})
	}
}
