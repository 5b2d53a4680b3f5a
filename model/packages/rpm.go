package packages

import (
	"io"
	"iter"
	"strings"

	"github.com/tagdiff/tagdiff/model/packages/rpmdb"
)

// openRPM reads a database of rpm. A key that signatures are checked with is not a package, although
// rpm lists it as one.
func openRPM(r *reading) io.WriteCloser {
	r.isSystem(RPM)
	return r.whole(MaxRPM, func(content []byte) {
		problem := rpmdb.Read(r.path, content, func(p rpmdb.Package, files iter.Seq[[]byte]) {
			if p.Key {
				return
			}
			r.add(Package{Name: p.Name, Version: p.Version, Arch: p.Arch, Source: p.Source})
			id, ok := r.owner(Owner{Kind: RPM, Name: p.Name, Arch: p.Arch}, "")
			if !ok {
				return
			}
			for path := range files {
				r.owns(id, path)
			}
		})
		if problem != "" {
			r.problem(problem)
		}
	})
}

// rpmLog is the end of the name of the file beside rpmdb.sqlite that has the changes which are not in it
// yet (SQLite's "Write-Ahead Logging").
const rpmLog = "/rpmdb.sqlite-wal"

// openRPMLog notes that a database of rpm has such a file.
func openRPMLog(r *reading) io.WriteCloser {
	if r.size > 0 {
		r.c.files[r.file].logOf = strings.TrimSuffix(r.path, "-wal")
	}
	return nil
}
