package filediff

import (
	"cmp"
	"path"
	"regexp"
	"strings"

	"github.com/tagdiff/tagdiff/model/inside"
)

// Rung is what explains a difference. Later rungs are graver.
type Rung uint8

// The rungs. OtherPacking and OtherArchive are of whole layers, the others of paths, too.
const (
	Nothing      Rung = iota
	OtherPacking      // W0: the same archive, compressed in another way
	OtherArchive      // W1: the same entries, in another order or written by another tool
	FolderTimes       // W2: only times of folders
	Times             // W3: only times of files and links
	SameInside        // W4: equal content but for times that its format records
	Generated         // W5: files that every build makes again, by their paths
	Attributes        // W6: owners, permissions, extended attributes
	Packages          // W7: files of packages of other versions
	Files             // W8: all the rest
)

// IDs are the names of the rungs in reports.
var rungIDs = [...]string{"", "W0", "W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8"}

// String returns the name of a rung in reports, as "W3"; "" for Nothing.
func (r Rung) String() string { return rungIDs[r] }

// explain sets the rung and the cause of each change.
func (c *Changes) explain() {
	for i := range c.items {
		it := &c.items[i]
		it.rung, it.cause = c.explanation(*it)
	}
}

// explanation returns what explains a change, and the index of its cause, -1 for none.
func (c Changes) explanation(it item) (Rung, int16) {
	var a, b inside.Entry
	if it.a >= 0 {
		a = resolved(c.a, int(it.a))
	}
	if it.b >= 0 {
		b = resolved(c.b, int(it.b))
	}
	cause := int16(-1)
	switch {
	case it.what&(Added|Removed|Content) == 0:
	case mayBeGenerated(a) && mayBeGenerated(b):
		cause = causeOf(c.pathOf(it))
	case it.what&(Added|Removed) != 0:
		if target := hashLinkTarget(cmp.Or(a.Path, b.Path), cmp.Or(a.Link, b.Link)); target != "" {
			cause = causeOf(target)
		}
	}
	what := it.what &^ Time
	switch {
	case it.what.Has(Moved):
		return Files, -1
	case what == 0 && a.Kind == inside.Folder:
		return FolderTimes, cause
	case what == 0:
		return Times, cause
	case what == Content && a.Normal == b.Normal && a.Normal != inside.Hash{}:
		return SameInside, cause
	case cause >= 0 && Causes[cause].Generated && what&^(Added|Removed|Content) == 0:
		return Generated, cause
	case what&^(Owner|Mode|Xattrs) == 0:
		return Attributes, cause
	}
	return Files, cause
}

// mayBeGenerated reports whether an entry, or the absence of one, may have a cause by its path.
// A program never has one.
func mayBeGenerated(e inside.Entry) bool {
	const execute = 0o111
	switch e.Kind {
	case inside.File:
		return e.Mode&execute == 0
	case inside.Folder, 0:
		return true
	}
	return false
}

// hashLink matches the name of a link that openssl rehash makes for a certificate: a hash of its subject,
// which names the container that built it, and a number.
var hashLink = regexp.MustCompile(`^[0-9a-f]{8}\.[0-9]+$`)

// hashLinkTarget returns the certificate in the same folder that such a link names, "" for other links.
func hashLinkTarget(p, link string) string {
	folder, name := path.Split(p)
	if link == "" || strings.Contains(link, "/") || !hashLink.MatchString(name) {
		return ""
	}
	return folder + link
}

// Rungs returns the rungs of the changes, the lowest first, without duplicates.
func (c Changes) Rungs() []Rung {
	var has [Files + 1]bool
	for _, it := range c.items {
		has[it.rung] = true
	}
	var all []Rung
	for r, ok := range has {
		if ok {
			all = append(all, Rung(r)) //nolint:gosec // an index of an array of this length
		}
	}
	return all
}

// Worst returns the gravest rung of the changes, Nothing if no entry differs.
func (c Changes) Worst() Rung {
	worst := Nothing
	for _, it := range c.items {
		worst = max(worst, it.rung)
	}
	return worst
}

// CountRung returns the number of changes on a rung.
func (c Changes) CountRung(r Rung) int {
	n := 0
	for _, it := range c.items {
		if it.rung == r {
			n++
		}
	}
	return n
}
