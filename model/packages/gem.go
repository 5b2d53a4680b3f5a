package packages

import (
	"bytes"
	"io"
	"regexp"
	"strings"
)

// gemOpener returns the opener of specifications/NAME-VERSION.gemspec, or of default/ in it: the
// gems that Ruby itself brings. The file is a program of Ruby. Its first lines have a comment "stub:" with
// name, version and platform, which RubyGems reads in its place; without it the name of the file
// says them.
func gemOpener(folder string) opener {
	home, ok := strings.CutSuffix(strings.TrimSuffix(folder, "/default"), "/specifications")
	if !ok {
		return nil
	}
	return func(r *reading) io.WriteCloser {
		full := strings.TrimSuffix(baseOf(r.path), ".gemspec")
		p, ok := gemStub(r.start)
		if !ok {
			p, ok = gemFileName(full)
		}
		if !ok {
			return nil
		}
		r.is(Gem)
		p.Place = home
		r.add(p)
		if id, ok := r.owner(Owner{Kind: Gem, Name: p.Name, Arch: p.Arch, Place: home}, ""); ok {
			r.ownsFolder(id, home+"/gems/"+full)
			r.owns(id, []byte(r.path))
		}
		return nil
	}
}

// gemStub reads the line "# stub: NAME VERSION PLATFORM FOLDERS", the first or second one of a
// gemspec.
func gemStub(start []byte) (Package, bool) {
	const lines = 3
	for range lines {
		line, rest, _ := bytes.Cut(start, []byte{'\n'})
		if fields, ok := bytes.CutPrefix(line, []byte("# stub: ")); ok {
			words := strings.Fields(string(fields))
			if len(words) < 3 { //nolint:mnd // name, version, platform
				return Package{}, false
			}
			return Package{Name: words[0], Version: words[1], Arch: gemPlatform(words[2])}, true
		}
		start = rest
	}
	return Package{}, false
}

// gemPlatform returns the platform of a gem that is made for one: the gems of platform "ruby" run on all.
func gemPlatform(platform string) string {
	if platform == "ruby" {
		return ""
	}
	return platform
}

// gemName is NAME-VERSION or NAME-VERSION-PLATFORM. A version begins with a digit (RubyGems,
// Gem::Version::VERSION_PATTERN).
var gemName = regexp.MustCompile(`^(.+?)-([0-9]+(?:\.[0-9A-Za-z]+)*)(?:-([A-Za-z].*))?$`)

func gemFileName(name string) (Package, bool) {
	if len(name) > MaxText {
		return Package{}, false
	}
	m := gemName.FindStringSubmatch(name)
	if m == nil {
		return Package{}, false
	}
	return Package{Name: m[1], Version: m[2], Arch: m[3]}, true
}
