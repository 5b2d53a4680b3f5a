package filediff

import (
	"cmp"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/inside"
)

// Rung is what explains a difference. Later rungs are graver.
type Rung uint8

// The rungs. OtherPacking is of whole layers, and mostly OtherArchive; the others are of paths, too.
const (
	Nothing      Rung = iota
	OtherPacking      // W0: the same archive, compressed in another way
	OtherArchive      // W1: the same entries, in another order or written by another tool; a deletion of nothing
	FolderTimes       // W2: only times of folders
	Times             // W3: only times of files and links
	SameInside        // W4: equal content except for times that its format records
	Generated         // W5: files that every build makes again, by their paths
	Attributes        // W6: owners, permissions, extended attributes, hard links
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
	cause := c.causeOfItem(it, a, b)
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
	case cause >= 0 && Causes[cause].Generated && (what&^(Added|Removed|Content) == 0 || isAttribute(what)):
		return Generated, cause
	case what&^(Owner|Mode|Xattrs|HardLinks) == 0:
		return Attributes, cause
	}
	return Files, cause
}

// isAttribute reports whether entries differ in their owner or mode, and in no more than the time besides.
func isAttribute(w What) bool { return w&(Owner|Mode) != 0 && w&^(Owner|Mode|Time) == 0 }

// isSetByApt reports whether a folder has the owner and mode that its package gives it, or those that apt sets when it
// runs: only the user of apt, a system user, may open it.
func isSetByApt(e inside.Entry) bool {
	const systemUsers = 1000
	isInstalled := e.Mode == 0o755 && e.UID == 0
	return e.Kind == inside.Folder && e.GID == 0 && (isInstalled || e.Mode == 0o700 && e.UID < systemUsers)
}

// mayBeGenerated reports whether an entry, or the absence of one, may have a cause by its path.
// A program never has one: a shell may be given a script that is not executable.
func mayBeGenerated(e inside.Entry) bool {
	const execute, setID = 0o111, 0o6000
	switch e.Kind {
	case inside.File:
		return e.Mode&(execute|setID) == 0 && e.Program == nil
	case inside.Folder, 0:
		return true
	}
	return false
}

// causeOfItem returns the index of the cause of a change with these entries, -1 for none.
func (c Changes) causeOfItem(it item, a, b inside.Entry) int16 {
	switch {
	case isAttribute(it.what):
		if cause := causeOf(c.pathOf(it)); cause >= 0 && Causes[cause].Name == aptFolders && isSetByApt(a) && isSetByApt(b) {
			return cause
		}
	case it.what&(Added|Removed|Content) == 0:
	case mayBeGenerated(a) && mayBeGenerated(b):
		cause := causeOf(c.pathOf(it))
		if cause >= 0 && Causes[cause].IsDownloads() && it.what.Has(Content) {
			return -1
		}
		if cause >= 0 && Causes[cause].EachItsOwn && (isEmptied(a, b) || isEmptied(b, a)) {
			return -1
		}
		return cause
	case it.what&(Added|Removed) != 0:
		if target := hashLinkTarget(cmp.Or(a.Path, b.Path), cmp.Or(a.Link, b.Link)); target != "" {
			return causeOf(target)
		}
	}
	return -1
}

// isEmptied reports whether a has a content and b has none, or is not there.
func isEmptied(a, b inside.Entry) bool { return a.Size > 0 && b.Size == 0 }

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

// ByPackages puts the changes for which by is true on the rung Packages: those of files that nothing
// else explains, or only their paths. A folder that one side lacks follows the files in it.
func (c *Changes) ByPackages(by func(Change) bool) {
	for i := range c.items {
		if it := &c.items[i]; (it.rung == Files || it.rung == Generated && !isAttribute(it.what)) && by(c.At(i)) {
			it.rung = Packages
		}
	}
	var moved []Change
	for i, it := range c.items {
		if it.what.Has(Moved) {
			moved = append(moved, c.At(i))
		}
	}
	for i, it := range slices.Backward(c.items) {
		if it.rung == Files && it.what&(Added|Removed) != 0 && c.isFolderOfPackages(i, moved) {
			c.items[i].rung = Packages
		}
	}
}

// isFolderOfPackages reports whether a change is that of a folder in which packages explain all changes, and at least
// one. Files that were moved out of it are at another path.
func (c Changes) isFolderOfPackages(i int, moved []Change) bool {
	if ch := c.At(i); !ch.IsFolder() {
		return false
	}
	explained := false
	for _, ch := range moved {
		if strings.HasPrefix(ch.From, c.pathOf(c.items[i])+"/") {
			if ch.Rung != Packages {
				return false
			}
			explained = true
		}
	}
	for j := range c.Below(i) {
		if c.items[j].rung > Packages || c.items[j].rung == Attributes {
			return false
		}
		explained = explained || c.items[j].rung == Packages
	}
	return explained
}

// Below yields the indexes of the changes in a folder, by the index of its change.
func (c Changes) Below(i int) iter.Seq[int] {
	return func(yield func(int) bool) {
		folder := c.pathOf(c.items[i]) + "/"
		for j := i + 1; j < len(c.items) && strings.HasPrefix(c.pathOf(c.items[j]), folder); j++ {
			if !yield(j) {
				return
			}
		}
	}
}

// IsFolder reports whether a change is that of a folder which only one side has.
func (ch Change) IsFolder() bool {
	e := cmp.Or(ch.B, ch.A)
	return (ch.A == nil || ch.B == nil) && e.Kind == inside.Folder
}

// IsDatabase reports whether a change is taken for one of every build since it is at a path where a package manager
// keeps what it knows.
func (ch Change) IsDatabase() bool {
	return ch.Rung == Generated && ch.Cause != nil && ch.Cause.Name == databases
}

// ExplainTables puts the table of contents of eStargz on the rung of times if nothing but times differs beside it: it
// records them. Call it for layers whose tables say what their archives hold.
func (c *Changes) ExplainTables() {
	table := -1
	for i, it := range c.items {
		switch {
		case it.what&^Time == Content && inside.IsTable(c.pathOf(it)):
			table = i
		case it.rung > Times:
			return
		}
	}
	if table >= 0 && len(c.items) > 1 {
		c.items[table].rung, c.items[table].cause = Times, -1
	}
}

// NotGenerated puts the changes for which not is true, of those that their paths explain, on the rung Files.
func (c *Changes) NotGenerated(not func(Change) bool) {
	for i := range c.items {
		if it := &c.items[i]; it.rung == Generated && not(c.At(i)) {
			it.rung = Files
		}
	}
}

// WithoutCause takes the cause from the changes for which not is true, of those that their paths explain: they are on
// the rung Files.
func (c *Changes) WithoutCause(not func(Change) bool) {
	for i := range c.items {
		if it := &c.items[i]; it.rung == Generated && not(c.At(i)) {
			it.rung, it.cause = Files, -1
		}
	}
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
