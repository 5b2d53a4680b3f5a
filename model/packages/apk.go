package packages

import "io"

// openApk reads the database of apk: records of lines "X:value", a blank line after each
// (apk-tools, doc of the format "installed"). F: names a folder, and R: a file in it.
func openApk(r *reading) io.WriteCloser {
	r.isSystem(Apk)
	a := &apkRecord{r: r}
	return &lines{r: r, line: a.line, end: a.finish}
}

// apkRecord is the record of a package while its lines arrive.
type apkRecord struct {
	r       *reading
	p       Package
	owner   uint32
	isOwner bool   // once owner is set, at the first file
	failed  bool   // owner cannot be set
	path    []byte // of the folder, with a slash at its end
	folder  int    // the length of the folder in path
}

func (a *apkRecord) line(line []byte) {
	if len(line) == 0 {
		a.finish()
		return
	}
	if len(line) < 2 || line[1] != ':' {
		return
	}
	value := line[2:]
	switch line[0] {
	case 'P':
		a.p.Name = string(value)
	case 'V':
		a.p.Version = string(value)
	case 'A':
		a.p.Arch = string(value)
	case 'o':
		a.p.Source = string(value)
	case 'F':
		a.path = append(a.path[:0], value...)
		if len(value) > 0 {
			a.path = append(a.path, '/')
		}
		a.folder = len(a.path)
	case 'R':
		a.file(value)
	}
}

// file adds a file of the folder. The fields of the package come before its files.
func (a *apkRecord) file(name []byte) {
	if !a.isOwner && !a.failed {
		a.owner, a.isOwner = a.r.owner(Owner{Kind: Apk, Name: a.p.Name, Arch: a.p.Arch}, "")
		a.failed = !a.isOwner
	}
	if a.isOwner {
		a.path = append(a.path[:a.folder], name...)
		a.r.owns(a.owner, a.path)
	}
}

// finish adds the package. A virtual one, as ".build-deps", is a name for a set of packages that apk
// add -t made: its version is the time when it was made.
func (a *apkRecord) finish() {
	if a.p.Source == a.p.Name {
		a.p.Source = ""
	}
	if len(a.p.Name) > 0 && a.p.Name[0] != '.' {
		a.r.add(a.p)
	}
	*a = apkRecord{r: a.r, path: a.path[:0]}
}
