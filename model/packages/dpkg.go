package packages

import (
	"bytes"
	"io"
	"strings"
)

// dpkgInfo is the folder with the files that dpkg keeps of each package.
const dpkgInfo = "var/lib/dpkg/info"

// openDpkgStatus reads var/lib/dpkg/status: a stanza for each package that dpkg knows, with a
// line Status (dpkg's manual, dpkg-query: "desired state, error flag, package state").
func openDpkgStatus(r *reading) io.WriteCloser {
	r.isSystem(Deb)
	s := &stanza{r: r, needsStatus: true}
	return &lines{r: r, line: s.line, end: s.finish}
}

// openDpkgStanza reads a file of var/lib/dpkg/status.d, where images without dpkg have a file with one
// stanza for each package. All of them are installed.
func openDpkgStanza(r *reading) io.WriteCloser {
	r.is(Deb)
	s := &stanza{r: r}
	return &lines{r: r, line: s.line, end: func() {
		s.finish()
		if own := r.c.files[r.file].Packages; len(own) == 1 {
			if id, ok := r.owner(Owner{Kind: Deb, Name: own[0].Name, Arch: own[0].Arch}, ""); ok {
				r.owns(id, []byte(r.path))
			}
		}
	}}
}

// stanza is the stanza of a package while its lines arrive.
type stanza struct {
	r           *reading
	needsStatus bool
	p           Package
	installed   bool
}

func (s *stanza) line(line []byte) {
	if len(bytes.TrimSpace(line)) == 0 {
		s.finish()
		return
	}
	if line[0] == ' ' || line[0] == '\t' { // continues a field
		return
	}
	name, value, ok := field(line)
	if !ok {
		return
	}
	switch strings.ToLower(string(name[:min(len(name), len("architecture"))])) {
	case "package":
		s.p.Name = string(value)
	case "version":
		s.p.Version = string(value)
	case "architecture":
		s.p.Arch = string(value)
	case "source": // as "glibc" or "glibc (2.36-9)"
		source, _, _ := bytes.Cut(value, []byte(" ("))
		s.p.Source = string(source)
	case "status":
		words := bytes.Fields(value)
		s.installed = len(words) == 3 && isInstalled(string(words[2])) //nolint:mnd // desired state, error flag, state
	}
}

// isInstalled reports whether the files of a package in a state are there. Of a package in the state
// config-files only the configuration is, and in the state half-installed any part of it.
func isInstalled(state string) bool {
	switch state {
	case "installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending":
		return true
	}
	return false
}

func (s *stanza) finish() {
	if s.p.Source == s.p.Name {
		s.p.Source = ""
	}
	if s.installed || !s.needsStatus {
		s.r.add(s.p)
	}
	s.p, s.installed = Package{}, false
}

// openDpkgList reads var/lib/dpkg/info/NAME.list or NAME:ARCH.list: the absolute paths of the files and
// folders of a package. A folder info at another path is beside the file status of its database.
func openDpkgList(r *reading) io.WriteCloser {
	folder, base := split(r.path)
	name, arch, _ := strings.Cut(strings.TrimSuffix(base, ".list"), ":")
	o := Owner{Kind: Deb, Name: name, Arch: arch}
	if folder != dpkgInfo {
		o.Database = strings.TrimSuffix(folder, "info") + "status"
	}
	id, ok := r.owner(o, "")
	if !ok {
		return nil
	}
	r.owns(id, []byte(r.path))
	return &lines{r: r, line: func(line []byte) { r.owns(id, bytes.TrimPrefix(line, []byte{'/'})) }}
}

// openDpkgSums reads var/lib/dpkg/status.d/NAME.md5sums: the MD5 and the relative path of each file
// of a package.
func openDpkgSums(r *reading) io.WriteCloser {
	stanza := strings.TrimSuffix(r.path, ".md5sums")
	id, ok := r.owner(Owner{Kind: Deb, Name: baseOf(stanza)}, stanza)
	if !ok {
		return nil
	}
	r.owns(id, []byte(r.path))
	return &lines{r: r, line: func(line []byte) {
		_, path, ok := bytes.Cut(line, []byte(" "))
		if !ok {
			return
		}
		path = bytes.TrimLeft(path, " *") // "*" marks a binary file
		path = bytes.TrimPrefix(bytes.TrimPrefix(path, []byte("./")), []byte{'/'})
		r.owns(id, path)
	}}
}
