package packagediff

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/packages"
	"github.com/tagdiff/tagdiff/model/packages/versions"
)

// What says what happened to a package between A and B.
type What uint8

// What happens to packages, in the order in which they are shown: what needs attention comes first.
const (
	Down    What = iota + 1 // the version of B is lower
	Up                      // the version of B is higher
	Changed                 // the version or the architecture differs, and the order of the two is unknown
	Added                   // only B has it
	Removed                 // only A has it
	Rebuilt                 // the same version with other files
	Moved                   // the same package in another step or place
)

// whats are the names of the values of What in reports.
var whats = [...]string{"", "down", "up", "changed", "added", "removed", "rebuilt", "moved"}

// String returns the name of w in reports, as "up".
func (w What) String() string { return whats[w] }

// IsOther reports whether the two sides have other packages: another version, or one that only one of
// them has.
func (w What) IsOther() bool { return w >= Down && w <= Removed }

// Change is a package that differs.
type Change struct {
	What What
	// A and B are the package of each side, nil where it has none.
	A, B *packages.Package
	// StepA and StepB are the indexes of the oldest steps that were read whose databases list the
	// package with this version, -1 for a side that has none.
	StepA, StepB int
	// Unknown is set if layers below were not read, so that the side without the package may have one
	// from there.
	Unknown bool
	// Files are the paths of the files that differ and belong to the package, at most MaxFiles;
	// FileCount counts all.
	Files     []string
	FileCount int
}

// Package returns the package of B, or that of A where B has none.
func (ch Change) Package() *packages.Package { return cmp.Or(ch.B, ch.A) }

// Step returns the index of the step that goes with Package.
func (ch Change) Step() int {
	if ch.B == nil {
		return ch.StepA
	}
	return ch.StepB
}

// MaxFiles limits Change.Files.
const MaxFiles = 1000

// Side is one of the two images.
type Side uint8

// The sides.
const (
	SideA Side = iota
	SideB
)

// String returns A or B.
func (s Side) String() string {
	if s == SideB {
		return "B"
	}
	return "A"
}

// Gap is a kind of system packages of which one side's database was not read.
type Gap struct {
	Kind packages.Kind
	Side Side
	// Steps are the indexes of the steps of the side that may have it, the newest first.
	Steps []int
}

// Missing is a kind of system packages that one side does not list.
type Missing struct {
	Kind packages.Kind
	Side Side
	// Deletion is what removed the database; nil if the side has no system database at all, while the other one
	// has one of this kind.
	Deletion *Deletion
}

// Changes is what differs between the packages of two images.
type Changes struct {
	// All are ordered by What, kind, name, architecture and place.
	All []Change
	// Same is the number of packages that are the same on both sides.
	Same int
	// Gaps are the kinds of system packages of which only one side's database was read. They are not
	// compared: layers that were not read may have the other one.
	Gaps []Gap
	// Missing are the kinds of system packages of which a side has no database, though all of its layers were read as
	// far as that needs. They are not compared: the files of the packages may be there.
	Missing []Missing
	// Certain is whether the databases that were compared are those that the images have at their ends.
	// Else layers that were not read may replace them.
	Certain bool
	// SameSystem is whether the system packages are the same because no layer that differs has or
	// deletes a system database, and all layers that were not read are the same on both sides.
	SameSystem bool

	a, b     Packages
	of       map[*packages.Package]int // index in All
	partners map[*packages.Package]*packages.Package
}

// Compare compares the packages of two images. sameStep reports whether a step of A and one of B may
// be the same step; they are indexes.
func Compare(a, b Packages, sameStep func(a, b int) bool) Changes {
	c := Changes{Certain: true, a: a, b: b, of: map[*packages.Package]int{}, partners: map[*packages.Package]*packages.Package{}}
	gone := c.findGaps()
	left, right := c.comparable(a, gone), c.comparable(b, gone)
	byKey := func(p listed) key { return keyOf(p.Package) }
	left, right = c.pair(left, right, byKey, sameStep)
	left, right = c.pair(left, right, func(p listed) key { return key{kind: p.Kind, name: p.Name} }, sameStep)
	for _, p := range left {
		c.All = append(c.All, Change{What: Removed, A: p.Package, StepA: p.step, StepB: -1, Unknown: !p.isSystem && len(b.Unread) > 0})
	}
	for _, p := range right {
		c.All = append(c.All, Change{What: Added, B: p.Package, StepA: -1, StepB: p.step, Unknown: !p.isSystem && len(a.Unread) > 0})
	}
	c.sort()
	return c
}

// listed is a package with what its database says of it.
type listed struct {
	*packages.Package
	step           int
	sure, isSystem bool
}

// findGaps finds the kinds of system packages that are not compared, and whether the others are the same
// or certain.
func (c *Changes) findGaps() map[packages.Kind]bool {
	gaps, none := map[packages.Kind]bool{}, true
	sides := []struct {
		side       Side
		all, other Packages
	}{{SideA, c.a, c.b}, {SideB, c.b, c.a}}
	for _, k := range systemKinds {
		for _, s := range sides {
			none = none && !s.all.has(k)
			switch steps := s.all.mayHaveSteps(k); {
			case s.all.has(k):
			case s.all.deletionOf(k) != nil:
				c.Missing, gaps[k] = append(c.Missing, Missing{k, s.side, s.all.deletionOf(k)}), true
			case !s.other.has(k):
			case len(steps) > 0:
				c.Gaps, gaps[k] = append(c.Gaps, Gap{k, s.side, steps}), true
			case !s.all.hasSystem():
				c.Missing, gaps[k] = append(c.Missing, Missing{k, s.side, nil}), true
			}
		}
		for _, s := range sides {
			for _, d := range s.all.system(k) {
				isRead := d.Problem == "" || s.all.sameContent(d, s.other)
				c.Certain = c.Certain && (gaps[k] || d.Newest && isRead)
			}
		}
	}
	c.SameSystem = none && len(c.a.Unread) > 0 && c.a.sameUnread(c.b) && !c.a.touchesSystem() && !c.b.touchesSystem()
	return gaps
}

// deletionOf returns what removed the database of a kind, nil for nothing.
func (all Packages) deletionOf(k packages.Kind) *Deletion {
	for i := range all.Deletions {
		if all.Deletions[i].Kind == k {
			return &all.Deletions[i]
		}
	}
	return nil
}

// IsSameKind reports whether both sides have databases of a kind of system packages, all of them were read, and they
// list the same packages.
func (c Changes) IsSameKind(k packages.Kind) bool {
	if !c.a.has(k) || !c.b.has(k) || !c.Certain {
		return false
	}
	isOther := func(ch Change) bool { return ch.Package().Kind == k && ch.What.IsOther() }
	isOfKind := func(p Problem) bool { return p.Kind == k }
	return !slices.ContainsFunc(c.All, isOther) && !slices.ContainsFunc(c.Problems(), isOfKind)
}

// Problems are the databases that were not read to their ends, and whose contents differ.
func (c Changes) Problems() []Problem {
	return slices.Concat(c.a.problems(SideA, c.b), c.b.problems(SideB, c.a))
}

// Above returns the indexes of the steps of a side that were not read and may replace its databases of system
// packages, the newest first.
func (all Packages) Above() []int {
	var steps []int
	for _, s := range slices.Backward(all.steps) {
		isBelow := func(d Database) bool { return d.IsSystem() && d.Step < s.Index && s.mayHave(d.Path) }
		if slices.ContainsFunc(all.Databases, isBelow) {
			steps = append(steps, s.Index)
		}
	}
	return steps
}

// system returns the system databases of a kind.
func (all Packages) system(k packages.Kind) []*Database {
	var found []*Database
	for i := range all.Databases {
		if d := &all.Databases[i]; d.Kind == k && d.IsSystem() {
			found = append(found, d)
		}
	}
	return found
}

// mayHaveSteps returns the indexes of the steps that may have a system database of a kind which was not
// read, the newest first.
func (all Packages) mayHaveSteps(k packages.Kind) []int {
	var steps []int
	for _, s := range slices.Backward(all.steps) {
		if s.mayHaveKind(k) {
			steps = append(steps, s.Index)
		}
	}
	return steps
}

// sameUnread reports whether the layers that were not read are the same in two images, and in one order.
func (all Packages) sameUnread(other Packages) bool {
	unread := func(p Packages) []Step {
		return slices.DeleteFunc(slices.Clone(p.steps), Step.isRead)
	}
	return slices.EqualFunc(unread(all), unread(other), func(x, y Step) bool {
		return x.Content != "" && x.Content == y.Content && x.Layer == nil && y.Layer == nil
	})
}

// touchesSystem reports whether a layer that was read deletes or replaces the place of a system
// database.
func (all Packages) touchesSystem() bool {
	isTouched := func(at packages.SystemPath) bool { return isHidden(at.Path, all.steps) }
	return slices.ContainsFunc(packages.SystemPaths, isTouched) || isHidden(packages.DpkgFolder, all.steps)
}

// comparable returns the packages of a side without those of some kinds.
func (c *Changes) comparable(all Packages, without map[packages.Kind]bool) []listed {
	type id struct {
		key
		version string
	}
	seen := map[id]bool{}
	var out []listed
	for i := range all.Databases {
		d := &all.Databases[i]
		if without[d.Kind] {
			continue
		}
		for j := range d.Packages {
			p := &d.Packages[j]
			if k := (id{keyOf(p), p.Version}); !seen[k] { // two paths can lead to one database
				seen[k] = true
				out = append(out, listed{p, d.since[j], d.sure[j], d.IsSystem()})
			}
		}
	}
	return out
}

// pair pairs the packages of both sides that have one key. It returns those that are left. Of several
// packages with a key, as kernels are, those of one version are paired first, and others only if one is left
// on each side.
func (c *Changes) pair(left, right []listed, keyOf func(listed) key, sameStep func(a, b int) bool) (restA, restB []listed) {
	inB := map[key][]int{}
	for i, p := range right {
		inB[keyOf(p)] = append(inB[keyOf(p)], i)
	}
	inA := map[key][]int{}
	for i, p := range left {
		if k := keyOf(p); len(inB[k]) > 0 {
			inA[k] = append(inA[k], i)
		}
	}
	pairedA, pairedB := make([]bool, len(left)), make([]bool, len(right))
	join := func(i, j int) {
		pairedA[i], pairedB[j] = true, true
		c.compare(left[i], right[j], sameStep)
	}
	for i, p := range left {
		k := keyOf(p)
		if len(inA[k]) == 0 {
			continue
		}
		for _, j := range inB[k] {
			if !pairedB[j] && right[j].Version == p.Version && right[j].Arch == p.Arch {
				join(i, j)
				break
			}
		}
	}
	for i, p := range left {
		k := keyOf(p)
		if pairedA[i] || len(inA[k]) == 0 {
			continue
		}
		a := slices.DeleteFunc(slices.Clone(inA[k]), func(i int) bool { return pairedA[i] })
		b := slices.DeleteFunc(slices.Clone(inB[k]), func(j int) bool { return pairedB[j] })
		if len(a) == 1 && len(b) == 1 {
			join(i, b[0])
		}
	}
	return unpaired(left, pairedA), unpaired(right, pairedB)
}

func unpaired(list []listed, paired []bool) []listed {
	var out []listed
	for i, p := range list {
		if !paired[i] {
			out = append(out, p)
		}
	}
	return out
}

// compare compares a package of A with that of B.
func (c *Changes) compare(a, b listed, sameStep func(a, b int) bool) {
	ch := Change{A: a.Package, B: b.Package, StepA: a.step, StepB: b.step}
	switch {
	case a.Version == b.Version && a.Arch != b.Arch:
		ch.What = Changed
	case a.Version == b.Version && (a.Place != b.Place || a.sure && b.sure && !sameStep(a.step, b.step)):
		ch.What = Moved
	case a.Version == b.Version:
		c.Same++
		c.partners[a.Package], c.partners[b.Package] = b.Package, a.Package
		return
	default:
		ch.What = order(a.Package, b.Package)
	}
	c.All = append(c.All, ch)
}

// order says which of two packages has the higher version.
func order(a, b *packages.Package) What {
	n, known := versions.Compare(a.Kind, a.Version, b.Version)
	switch {
	case !known || n == 0:
		return Changed
	case n > 0:
		return Down
	}
	return Up
}

// sort orders the changes, and finds them by package.
func (c *Changes) sort() {
	slices.SortStableFunc(c.All, func(x, y Change) int {
		return cmp.Or(cmp.Compare(x.What, y.What), comparePackages(x.Package(), y.Package()))
	})
	clear(c.of)
	for i, ch := range c.All {
		for _, p := range []*packages.Package{ch.A, ch.B} {
			if p != nil {
				c.of[p] = i
			}
		}
	}
}

// kindOrder is the order of kinds: first the packages that an application brings itself.
var kindOrder = []packages.Kind{
	packages.Python, packages.NPM, packages.Java, packages.Go, packages.Gem, packages.Deb, packages.Apk, packages.RPM,
}

func comparePackages(x, y *packages.Package) int {
	return cmp.Or(cmp.Compare(slices.Index(kindOrder, x.Kind), slices.Index(kindOrder, y.Kind)), strings.Compare(x.Name, y.Name),
		strings.Compare(x.Version, y.Version), strings.Compare(x.Arch, y.Arch), strings.Compare(x.Place, y.Place))
}

// Count returns the number of changes of one kind.
func (c Changes) Count(w What) int {
	n := 0
	for _, ch := range c.All {
		if ch.What == w {
			n++
		}
	}
	return n
}

// Others returns the number of packages that the two sides do not share with one version.
func (c Changes) Others() int {
	n := 0
	for _, ch := range c.All {
		if ch.What.IsOther() {
			n++
		}
	}
	return n
}

// OfFile returns the change of the package that owns a file that differs, nil if its package is the same
// on both sides, or not known. Each side may have the file at another path, "" for none.
func (c Changes) OfFile(inA, inB string) *Change {
	for _, side := range []struct {
		path string
		all  Packages
	}{{inB, c.b}, {inA, c.a}} {
		if side.path == "" {
			continue
		}
		if owner := side.all.Owner(side.path); owner != nil {
			if i, ok := c.of[owner]; ok {
				return &c.All[i]
			}
		}
	}
	return nil
}

// Explains reports whether a file that differs does so because of the packages: the package that owns it
// is another one on each side, and the file holds nothing else; or it is a record of packages.
func (c Changes) Explains(inA, inB string) bool {
	p := cmp.Or(inB, inA)
	if c.IsRecord(p) {
		return true
	}
	ch := c.OfFile(inA, inB)
	return ch != nil && ch.What.IsOther() && c.packagesIn(p) <= 1
}

// IsRecord reports whether a file is what a package manager writes about packages, and packages of its
// kind have changed, or their database is gone on one side.
func (c Changes) IsRecord(p string) bool {
	kind := RecordKind(p)
	if kind == "" {
		return false
	}
	isChanged := func(ch Change) bool {
		return ch.What.IsOther() && ch.Package().Kind == kind && ch.Package().Place == ""
	}
	return slices.ContainsFunc(c.All, isChanged) || slices.ContainsFunc(c.Gone(), func(m Missing) bool { return m.Kind == kind })
}

// Gone are those of Missing that only one side lacks.
func (c Changes) Gone() []Missing {
	return slices.DeleteFunc(slices.Clone(c.Missing), func(m Missing) bool {
		return slices.ContainsFunc(c.Missing, func(other Missing) bool { return other.Kind == m.Kind && other.Side != m.Side })
	})
}

// recordFolders are the folders in which package managers keep what they know.
var recordFolders = []struct {
	kind   packages.Kind
	folder string
}{
	{packages.Deb, "var/lib/dpkg/"}, {packages.Apk, "lib/apk/db/"}, {packages.Apk, "usr/lib/apk/db/"}, {packages.Apk, "etc/apk/world"},
	{packages.RPM, "var/lib/rpm/"}, {packages.RPM, "usr/lib/sysimage/rpm/"}, {packages.RPM, "var/lib/dnf/"},
	{packages.RPM, "usr/share/rpm/"}, {packages.RPM, "var/lib/rpmmanifest/"}, {packages.RPM, "usr/lib/sysimage/libdnf5/"},
	{packages.Apk, "var/lib/apk/db/"}, {packages.Deb, "var/lib/apt/extended_states"},
}

// RecordKind returns the kind of the packages that a file of a package manager is about, "" for other files.
func RecordKind(p string) packages.Kind {
	for _, r := range recordFolders {
		if strings.HasPrefix(p+"/", r.folder) {
			return r.kind
		}
	}
	return ""
}

// AddFile counts a file that differs for the package that owns it, as OfFile finds it.
func (c *Changes) AddFile(inA, inB string) {
	ch := c.OfFile(inA, inB)
	if ch == nil {
		return
	}
	if ch.FileCount++; len(ch.Files) < MaxFiles {
		ch.Files = append(ch.Files, cmp.Or(inB, inA))
	}
}

// AddRebuilt adds packages of one version for files whose contents differ. It leaves out files that are
// edited after the installation or made from others, and programs that hold several packages.
func (c *Changes) AddRebuilt(paths []string) {
	files := map[*packages.Package][]string{}
	for _, p := range paths {
		if _, b := c.sameOwner(p); b != nil {
			files[b] = append(files[b], p)
		}
	}
	for b, paths := range files {
		a := c.partners[b]
		ch := Change{What: Rebuilt, A: a, B: b, StepA: c.a.stepOf(a), StepB: c.b.stepOf(b), FileCount: len(paths)}
		slices.Sort(paths)
		ch.Files = paths[:min(len(paths), MaxFiles)]
		c.Same--
		c.All = append(c.All, ch)
	}
	c.sort()
}

// sameOwner returns the two packages of one version that own a file, nil if there are none.
func (c Changes) sameOwner(p string) (a, b *packages.Package) {
	if strings.HasPrefix(p, "etc/") || RecordKind(p) != "" || strings.HasSuffix(p, ".pyc") {
		return nil, nil
	}
	if c.packagesIn(p) > 1 {
		return c.sameArchive(p)
	}
	_, a = c.a.owners(p)
	_, b = c.b.owners(p)
	if a == nil || b == nil || c.partners[a] != b || !isFixed(a) {
		return nil, nil
	}
	return a, b
}

// sameArchive returns the package that a file is, of those that it holds: the main module of a program of Go, or what
// a jar says of itself. It returns nil unless all packages in the file are the same on both sides: one that differs
// explains the difference.
func (c Changes) sameArchive(p string) (a, b *packages.Package) {
	inA, inB := c.a.byPath[p], c.b.byPath[p]
	if inA == nil || inB == nil || len(inA.Packages) != len(inB.Packages) || inA.Problem != "" || inB.Problem != "" {
		return nil, nil
	}
	for i := range inA.Packages {
		x := &inA.Packages[i]
		if c.partners[x] == nil || c.b.within[c.partners[x]] != inB {
			return nil, nil
		}
		if x.Kind == packages.Go && i == 0 || x.Kind == packages.Java && x.Place == path.Dir(p) {
			if a != nil { // a jar that says it is two packages
				return nil, nil
			}
			a = x
		}
	}
	if a == nil || !isFixed(a) {
		return nil, nil
	}
	return a, c.partners[a]
}

// isFixed reports whether a version stands for one content. A snapshot of Maven does not, nor what Go records for
// files without a version.
func isFixed(p *packages.Package) bool {
	switch p.Kind {
	case packages.Java:
		return !strings.HasSuffix(p.Version, "-SNAPSHOT")
	case packages.Go:
		return !strings.HasSuffix(p.Version, "+dirty") && p.Version != "(devel)"
	}
	return true
}

// packagesIn is the number of packages that a file itself holds, as a program holds modules.
func (c Changes) packagesIn(p string) int {
	n := 0
	for _, all := range []Packages{c.a, c.b} {
		if d := all.byPath[p]; d != nil && !d.IsSystem() {
			n = max(n, len(d.Packages))
		}
	}
	return n
}

// stepOf returns the step of a package as Listed has it, -1 for none.
func (all Packages) stepOf(p *packages.Package) int {
	d := all.within[p]
	if d == nil {
		return -1
	}
	return d.since[slices.IndexFunc(d.Packages, func(q packages.Package) bool { return q == *p })]
}
