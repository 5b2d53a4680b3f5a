package packages

import (
	"encoding/json"
	"io"
	"strings"
)

// npmOpener returns the opener of the package.json of an installed package, by the folder that it
// is in: NAME or @SCOPE/NAME in a folder node_modules, which is in the package that needs it. Other
// files of that name are a part of a package, as the examples that its tests use.
func npmOpener(folder string) opener {
	place, ok := npmPlace(folder)
	if !ok {
		return nil
	}
	return func(r *reading) io.WriteCloser {
		r.is(NPM)
		return r.whole(MaxNPM, func(content []byte) {
			var p struct{ Name, Version string }
			if err := json.Unmarshal(content, &p); err != nil {
				r.problem("is not a package.json")
				return
			}
			if p.Name == "" || p.Version == "" {
				return
			}
			r.add(Package{Name: p.Name, Version: p.Version, Place: place})
			if id, ok := r.owner(Owner{Kind: NPM, Name: p.Name, Place: place}, ""); ok {
				r.ownsFolder(id, folder)
			}
		})
	}
}

// npmPlace returns the innermost folder node_modules of the folder of a package. All that follows the
// outermost one must be packages: names, each in a node_modules of the one before. pnpm and bun keep
// packages in node_modules/.pnpm/NAME@VERSION/node_modules.
func npmPlace(folder string) (place string, ok bool) {
	const modules = "node_modules"
	at := strings.Index("/"+folder+"/", "/"+modules+"/")
	if at < 0 {
		return "", false
	}
	parts := strings.Split(folder[at:], "/")
	end := len(folder[:at])
	for len(parts) > 0 && parts[0] == modules {
		n := 2 // node_modules, NAME
		if len(parts) > 1 && (strings.HasPrefix(parts[1], "@") || strings.HasPrefix(parts[1], ".")) {
			n = 3 // node_modules, @SCOPE, NAME
		}
		if len(parts) == n {
			return folder[:end+len(modules)], !strings.HasPrefix(parts[1], ".")
		}
		if len(parts) < n {
			return "", false
		}
		end += len(strings.Join(parts[:n], "/")) + 1
		parts = parts[n:]
	}
	return "", false
}
