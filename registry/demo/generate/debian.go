package main

// arch is a platform of the official images.
type arch struct {
	platform string
	name     string // as Debian names it
	machine  uint16
}

var (
	amd64Arch = arch{"linux/amd64", "amd64", x86}
	arm64Arch = arch{"linux/arm64", "arm64", arm8}
)

var officialArchs = []arch{
	amd64Arch,
	{"linux/arm/v5", "armel", arm},
	{"linux/arm/v7", "armhf", arm},
	{"linux/arm64/v8", "arm64", arm8},
	{"linux/386", "i386", x86old},
	{"linux/ppc64le", "ppc64el", ppc64},
	{"linux/s390x", "s390x", s390},
}

// debian is a release of Debian for one platform on a date.
func debian(a arch, release, date string, kilobytes int) image {
	seed := release + " " + date + " " + a.name
	return scratch(a.platform, classic, date).add(
		added("rootfs.tar.xz /", files(
			folder("bin/"), program("bin/bash", seed, a.machine, 6<<10), symlink("bin/sh", "bash"),
			folder("etc/"), text("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux ("+release+")\"\nID=debian\nVERSION_CODENAME="+release+"\n"),
			blob("lib/libc.so.6", seed, kilobytes<<10), folder("var/lib/dpkg/"), status(a, essential(release)...))),
		cmd("bash"),
	)
}
