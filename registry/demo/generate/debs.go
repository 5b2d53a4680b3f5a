package main

import (
	"fmt"
	"strings"
)

// deb is a package of Debian. Its file is the only one that the demo has of it.
type deb struct {
	name, version, source string // source is "" for the name
	file                  string
}

// status is dpkg's database of some packages.
func status(a arch, debs ...deb) file {
	var b strings.Builder
	for _, d := range debs {
		fmt.Fprintf(&b, "Package: %s\nStatus: install ok installed\nArchitecture: %s\n", d.name, a.name)
		if d.source != "" {
			fmt.Fprintf(&b, "Source: %s\n", d.source)
		}
		fmt.Fprintf(&b, "Version: %s\n\n", d.version)
	}
	return text("var/lib/dpkg/status", b.String())
}

// installed are the files of packages, and dpkg's lists of them.
func installed(a arch, debs ...deb) []file {
	all := []file{folder("var/lib/dpkg/info/")}
	for _, d := range debs {
		if d.file != "" {
			all = append(all, text("var/lib/dpkg/info/"+d.name+".list", "/"+d.file+"\n"),
				program(d.file, d.name+" "+d.version+" "+a.name, a.machine, 1<<10))
		}
	}
	return all
}

// essential are the packages of Debian's base images, by release.
func essential(release string) []deb {
	versions := map[string][]string{
		"stretch":  {"1.4.9", "4.4-5", "8.26-3", "1.18.25", "2.24-11+deb9u4", "5.24.1-3+deb9u5", "1.29b-1.1", "1:1.2.8.dfsg-5"},
		"buster":   {"1.8.2", "5.0-4", "8.30-3", "1.19.7", "2.28-10", "5.28.1-6", "1.30+dfsg-6", "1:1.2.11.dfsg-1"},
		"bookworm": {"2.6.1", "5.2.15-2", "9.1-1", "1.21.22", "2.36-9+deb12u4", "5.36.0-7+deb12u1", "1.34+dfsg-1.2", "1:1.2.13.dfsg-1"},
	}[strings.TrimSuffix(release, "-slim")]
	names := []string{"apt", "bash", "coreutils", "dpkg", "libc6", "perl-base", "tar", "zlib1g"}
	sources := map[string]string{"libc6": "glibc", "perl-base": "perl", "zlib1g": "zlib"}
	var debs []deb
	for i, name := range names {
		debs = append(debs, deb{name: name, version: versions[i], source: sources[name]})
	}
	return debs
}

// pythonDebs are the packages that the steps above Debian install: those of Debian's own Python 2, which mercurial
// needs, and OpenSSL.
func pythonDebs(python, openssl string) []deb {
	return []deb{
		{"curl", "7.64.0-4", "", ""}, {"git", "1:2.20.1-2", "", ""}, {"mercurial", "4.8.2-1+deb10u1", "", ""},
		{"libpython2.7-minimal", python, "python2.7", ""}, {"libpython2.7-stdlib", python, "python2.7", ""},
		{"python2.7-minimal", python, "python2.7", "usr/bin/python2.7"}, {"python2.7", python, "", ""},
		{"libssl1.1", openssl, "openssl", "usr/lib/libssl.so.1.1"}, {"libssl-dev", openssl, "openssl", ""},
		{"openssl", openssl, "", "usr/bin/openssl"},
	}
}

// wheel is an installed package of Python: what describes it, and a module.
func wheel(place, name, version string) []file {
	info := place + name + "-" + version + ".dist-info/"
	return []file{
		folder(info), text(info+"METADATA", "Metadata-Version: 2.1\nName: "+name+"\nVersion: "+version+"\n"),
		text(info+"RECORD", name+"/__init__.py,,\n"+info[len(place):]+"METADATA,,\n"+info[len(place):]+"RECORD,,\n"),
		folder(place + name + "/"), text(place+name+"/__init__.py", "__version__ = \""+version+"\"\n"),
	}
}
