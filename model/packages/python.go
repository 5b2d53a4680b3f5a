package packages

import (
	"bytes"
	"io"
	pathpkg "path"
	"strings"
)

// pythonOpener returns the opener of a file that describes an installed package of Python. It stands
// directly in site-packages or dist-packages, as Python reads it there: NAME-VERSION.dist-info/METADATA
// (Python's "Recording installed projects"), or of older tools NAME-VERSION.egg-info/PKG-INFO,
// NAME-VERSION.egg-info, NAME-VERSION.egg/EGG-INFO/PKG-INFO. What packages carry inside of
// themselves is theirs.
func pythonOpener(path string) opener {
	parts := strings.Split(path, "/")
	for depth := 2; depth <= 4 && depth <= len(parts); depth++ { //nolint:mnd // the forms above
		if at := len(parts) - depth; parts[at] == "site-packages" || parts[at] == "dist-packages" {
			return pythonFile(strings.Join(parts[:at+1], "/"), parts[at+1:])
		}
	}
	return nil
}

// pythonFile returns the opener of a file with the parts of its path below a place.
func pythonFile(place string, parts []string) opener {
	last := parts[len(parts)-1]
	info := strings.Join(parts[:len(parts)-1], "/")
	switch {
	case len(parts) == 1 && strings.HasSuffix(last, ".egg-info"):
		return metadataOpener(place)
	case len(parts) == 2 && strings.HasSuffix(info, ".dist-info"):
		switch last {
		case "METADATA":
			return metadataOpener(place)
		case "RECORD":
			return recordOpener(place, info)
		}
	case len(parts) == 2 && strings.HasSuffix(info, ".egg-info"):
		switch last {
		case "PKG-INFO":
			return metadataOpener(place)
		case "installed-files.txt":
			return installedFilesOpener(place, info)
		case "top_level.txt":
			return topLevelOpener(place, info)
		}
	case len(parts) == 3 && strings.HasSuffix(parts[0], ".egg") && parts[1] == "EGG-INFO" && last == "PKG-INFO":
		return eggOpener(place, parts[0])
	}
	return nil
}

// metadataOpener reads the head of a METADATA or PKG-INFO file: fields as those of a mail, up to the first blank
// line.
func metadataOpener(place string) opener {
	return func(r *reading) io.WriteCloser {
		r.is(Python)
		p := Package{Place: place}
		l := &lines{r: r, end: func() { r.add(p) }}
		l.line = func(line []byte) {
			if len(bytes.TrimSpace(line)) == 0 {
				l.done = true
			}
			name, value, ok := field(line)
			if !ok {
				return
			}
			switch {
			case p.Name == "" && bytes.EqualFold(name, []byte("Name")):
				p.Name = normalPython(string(value))
			case p.Version == "" && bytes.EqualFold(name, []byte("Version")):
				p.Version = string(value)
			}
		}
		return l
	}
}

// normalPython returns the normal form of the name of a package (PEP 503): "ruamel.yaml" and
// "Ruamel_YAML" are "ruamel-yaml".
func normalPython(name string) string {
	var b strings.Builder
	separated := false
	for _, r := range strings.ToLower(name) {
		if r == '-' || r == '_' || r == '.' {
			separated = true
			continue
		}
		if separated {
			b.WriteByte('-')
			separated = false
		}
		b.WriteRune(r)
	}
	if separated {
		b.WriteByte('-')
	}
	return b.String()
}

// pythonOwner adds the owner that a folder NAME-VERSION.dist-info or .egg-info stands for.
func (r *reading) pythonOwner(place, info, metadata string) (uint32, bool) {
	name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(info, ".dist-info"), ".egg-info"), ".egg")
	name, _, _ = strings.Cut(name, "-") // a "-" of the name is written as "_"
	return r.owner(Owner{Kind: Python, Name: normalPython(name), Place: place}, place+"/"+metadata)
}

// recordOpener reads a RECORD: lines of "path,hash,size", where the path is relative to the place, and
// quoted if it holds a comma or a quote.
func recordOpener(place, info string) opener {
	return func(r *reading) io.WriteCloser {
		id, ok := r.pythonOwner(place, info, info+"/METADATA")
		if !ok {
			return nil
		}
		return &lines{r: r, line: func(line []byte) {
			if path := recordPath(line); path != "" {
				r.ownsRelative(id, place, path)
			}
		}}
	}
}

// recordPath returns the first column of a line of comma separated values (RFC 4180), "" if it has
// none.
func recordPath(line []byte) string {
	if len(line) == 0 || line[0] != '"' {
		path, _, _ := bytes.Cut(line, []byte{','})
		return string(path)
	}
	var path []byte
	for i := 1; i < len(line); i++ {
		if line[i] == '"' {
			if i+1 == len(line) || line[i+1] != '"' {
				return string(path)
			}
			i++
		}
		path = append(path, line[i])
	}
	return ""
}

// ownsRelative says that an owner has the file at a path that is relative to a folder, or absolute.
func (r *reading) ownsRelative(id uint32, folder, path string) {
	if strings.HasPrefix(path, "/") {
		path = pathpkg.Clean(path)
	} else {
		path = pathpkg.Join("/", folder, path)
	}
	r.owns(id, []byte(path[1:]))
}

// installedFilesOpener reads installed-files.txt, which older versions of pip wrote: a path in a
// line, relative to the folder of the file.
func installedFilesOpener(place, info string) opener {
	return func(r *reading) io.WriteCloser {
		id, ok := r.pythonOwner(place, info, info+"/PKG-INFO")
		if !ok {
			return nil
		}
		return &lines{r: r, line: func(line []byte) {
			if len(line) > 0 {
				r.ownsRelative(id, place+"/"+info, string(line))
			}
		}}
	}
}

// topLevelOpener reads top_level.txt: the names of the modules and folders that a package has in its
// place.
func topLevelOpener(place, info string) opener {
	return func(r *reading) io.WriteCloser {
		id, ok := r.pythonOwner(place, info, info+"/PKG-INFO")
		if !ok {
			return nil
		}
		r.ownsFolder(id, place+"/"+info)
		return &lines{r: r, line: func(line []byte) {
			name := string(bytes.TrimSpace(line))
			if name == "" || strings.Contains(name, "/") || name == "." || name == ".." {
				return
			}
			r.ownsFolder(id, place+"/"+name)
			r.owns(id, []byte(place+"/"+name+".py"))
		}}
	}
}

// eggOpener reads the PKG-INFO of an egg, a folder that holds all files of a package.
func eggOpener(place, egg string) opener {
	return func(r *reading) io.WriteCloser {
		if id, ok := r.pythonOwner(place, egg, egg+"/EGG-INFO/PKG-INFO"); ok {
			r.ownsFolder(id, place+"/"+egg)
		}
		return metadataOpener(place)(r)
	}
}
