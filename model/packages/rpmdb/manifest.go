package rpmdb

import (
	"bytes"
	"strings"
)

// readManifest reads a list that rpm wrote with the fields name, version-release, time of installation,
// time of the build, vendor, epoch, size, architecture, epoch as a number and source package, between
// tabs, a line for each package.
func (d *database) readManifest() {
	const fields = 10
	for rest := d.content; len(rest) > 0 && d.stopped == ""; {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
			continue
		}
		if len(line) > fields*maxText || bytes.Count(line, []byte("\t")) != fields-1 {
			d.lost++
			continue
		}
		f := strings.Split(string(line), "\t")
		for i := range f {
			if f[i] == "(none)" {
				f[i] = ""
			}
		}
		// The version holds the release.
		p, ok := newPackage(f[0], f[8], f[1], "", f[7], f[9])
		if !ok {
			d.lost++
			continue
		}
		d.add(p, func(func([]byte) bool) {})
	}
}
