package inside

import (
	"path"
	"strings"
)

// The prefix of whiteouts, and that of the other names that AUFS keeps for itself.
const (
	whiteoutPrefix = ".wh."
	aufsPrefix     = ".wh..wh."
	opaqueName     = ".wh..wh..opq"
)

// cleanName returns a recorded name as a path inside the root. As in runtimes, ".." at the root
// stays there; escapes reports that the name has such a "..".
func cleanName(recorded string) (clean string, escapes bool) {
	clean = path.Clean(strings.TrimLeft(recorded, "/"))
	for strings.HasPrefix(clean, "../") {
		clean, escapes = clean[len("../"):], true
	}
	switch clean {
	case "..":
		return "", true
	case ".":
		return "", escapes
	}
	return clean, escapes
}

// place says what a recorded name stands for.
type place struct {
	path    string
	kind    Kind // Whiteout or OpaqueFolder; 0 for an entry of the recorded type
	escapes bool // the name leaves the root, or the whiteout has no name
	unnamed bool // nothing in the root has the name
	ignored bool // a name that AUFS keeps for itself
}

func placeOf(recorded string) place {
	var p place
	p.path, p.escapes = cleanName(recorded)
	folder, name := split(p.path)
	deleted, isWhiteout := strings.CutPrefix(name, whiteoutPrefix)
	switch {
	case !isWhiteout:
	case name == opaqueName:
		p.path, p.kind = folder, OpaqueFolder
	case strings.HasPrefix(name, aufsPrefix):
		p.ignored = true
	case deleted == "", deleted == ".", deleted == "..":
		p.escapes, p.unnamed = true, true
	default:
		p.path, p.kind = join(folder, deleted), Whiteout
	}
	return p
}
