package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/diff/packagediff"
	"github.com/tagdiff/tagdiff/model/packages"
	"github.com/tagdiff/tagdiff/model/safe"
)

// packagesDiffer reports whether the two sides of a pair have other packages.
func (p Pair) packagesDiffer() bool {
	found := p.Inside.Packages()
	return found != nil && found.Others() > 0
}

// packagesToTell reports whether the two sides have other packages, or only one of them says which it has.
func (p Pair) packagesToTell() bool { return p.packagesDiffer() || p.missingText() != "" }

// samePackages reports whether the packages of both sides are known and the same.
func (p Pair) samePackages() bool {
	found := p.Inside.Packages()
	return found != nil && found.Others() == 0 && found.AreKnown() && (found.Same > 0 || found.SameSystem)
}

// AreKnown reports whether the packages of all databases of both sides were compared.
func (found *PairPackages) AreKnown() bool {
	return len(found.Gaps) == 0 && len(found.Missing) == 0 && found.Certain && len(found.Problems()) == 0
}

// packagesRest is the evidence for the packages that differ.
func (p Pair) packagesRest() []Ground {
	found := p.Inside.Packages()
	rests := on(Hashed)
	if !found.Verified {
		rests = append(rests, Claimed)
	}
	isUnknown := func(ch packagediff.Change) bool { return ch.Unknown }
	if !found.Certain || slices.ContainsFunc(found.All, isUnknown) || p.missingText() != "" {
		rests = append(rests, Structure)
	}
	return rests
}

// packagesBeside names the packages that differ and that a headline does not name, empty for none.
func (p Pair) packagesBeside(headline safe.Text) safe.Text {
	if !p.packagesToTell() {
		return safe.Text{}
	}
	return p.packagesText(headline)
}

// byDatabases says where the names and versions of packages come from: files can be others.
func (p Pair) byDatabases() safe.Text {
	return safe.Sprintf("Packages and versions are those of %s", p.packageSources())
}

// packageSources names what lists the packages that differ: databases of distributions, the metadata that
// the packages of a language bring, and what Go builds into programs.
func (p Pair) packageSources() string {
	var databases, metadata, programs bool
	for _, ch := range p.Inside.Packages().All {
		if !ch.What.IsOther() {
			continue
		}
		switch ch.Package().Kind {
		case packages.Deb, packages.Apk, packages.RPM:
			databases = true
		case packages.Go:
			programs = true
		case packages.Python, packages.NPM, packages.Java, packages.Gem:
			metadata = true
		}
	}
	var names []string
	if databases || p.missingText() != "" || !metadata && !programs {
		names = append(names, "the package databases")
	}
	if metadata {
		names = append(names, "the metadata of packages")
	}
	if programs {
		names = append(names, "the build information of Go programs")
	}
	return list(names)
}

// mostPackages is how many packages a sentence names.
const mostPackages = 3

// packagesText names what differs between the packages of both sides: "openssl 3.0.15 → 3.0.16, curl added,
// 41 other packages". It leaves out what a headline names already.
func (p Pair) packagesText(headline safe.Text) safe.Text {
	groups := groupPackages(p.Inside.Packages().All)
	groups = slices.DeleteFunc(groups, func(g packageGroup) bool {
		product := strings.TrimRight(g.name(), "0123456789.") // python2.7 is python
		return strings.Contains(headline.String(), g.text()) ||
			product != "" && g.hasTwoVersions() && strings.Contains(headline.String(), quoted(product)+changeOfVersion(g.Change))
	})
	parts := []string{groupsText(groups, mostPackages), p.missingText()}
	return safe.Clean(strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; "))
}

// missingText names the databases that only one side has: "the database of deb packages is gone in B"; "" for none.
func (p Pair) missingText() string {
	found := p.Inside.Packages()
	if found == nil {
		return ""
	}
	var parts []string
	for _, m := range found.Gone() {
		text := m.Side.String() + " has no database of " + string(m.Kind) + " packages"
		if m.Deletion != nil {
			text = "the database of " + string(m.Kind) + " packages is gone in " + m.Side.String()
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// DeletionText says which step removes a database, of a side or of the only image: "Step 3 of B removes the database
// of deb packages (var/lib/dpkg/status): what is installed is not known".
func DeletionText(d packagediff.Deletion, side string) safe.Text {
	of := ""
	if side != "" {
		of = " of " + side
	}
	return safe.Clean("Step " + countText(d.Step+1) + of + " removes the database of " + string(d.Kind) + " packages (" + quoted(d.Path) +
		"): what is installed is not known")
}

// MissingText says why the packages of a kind are not compared.
func MissingText(m packagediff.Missing) safe.Text {
	if m.Deletion != nil {
		return DeletionText(*m.Deletion, m.Side.String())
	}
	return safe.Clean(m.Side.String() + " has no database of " + string(m.Kind) + " packages: what is installed is not known")
}

// groupsText names the first of some groups and counts the packages of the others.
func groupsText(groups []packageGroup, most int) string {
	if len(groups) == most+1 && groups[most].packages == 1 { // a name takes no more room than "1 other"
		most++
	}
	parts := mapped(groups[:min(len(groups), most)], packageGroup.text)
	others := 0
	for _, g := range groups[min(len(groups), most):] {
		others += g.packages
	}
	if others > 0 {
		parts = append(parts, countText(others)+byNumber(others, " other package", " other packages"))
	}
	return strings.Join(parts, ", ")
}

// packageGroup is packages of one source to which the same happens.
type packageGroup struct {
	packagediff.Change
	source   string
	packages int
}

// wellKnown are sources that people ask for first: what most programs are built on, and what most news of
// faults is about.
var wellKnown = []string{
	"python", "python3", "nodejs", "openjdk", "ruby", "php", "openssl", "glibc", "musl", "gnutls28", "curl", "zlib", "openssh",
	"ca-certificates", "bash", "busybox", "systemd", "libxml2", "sqlite3", "git", "perl",
}

// groupPackages groups the packages that differ by source and versions: versions that go down
// first, then those that people ask for first, then those of an application.
func groupPackages(all []packagediff.Change) []packageGroup {
	type key struct {
		what         packagediff.What
		kind         packages.Kind
		source, a, b string
	}
	at := map[key]int{}
	var groups []packageGroup
	for _, ch := range all {
		if !ch.What.IsOther() {
			continue
		}
		p := ch.Package()
		k := key{ch.What, p.Kind, cmp.Or(p.Source, p.Name), packageVersion(ch.A), packageVersion(ch.B)}
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, packageGroup{Change: ch, source: k.source})
		}
		groups[i].packages++
	}
	rank := func(g packageGroup) int {
		for _, name := range []string{g.source, strings.TrimRight(g.source, "0123456789.")} { // python2.7 is python
			if i := slices.Index(wellKnown, name); i >= 0 {
				return i
			}
		}
		return len(wellKnown)
	}
	down := func(g packageGroup) int {
		if g.What == packagediff.Down {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(groups, func(x, y packageGroup) int {
		return cmp.Or(cmp.Compare(down(x), down(y)), cmp.Compare(rank(x), rank(y)))
	})
	return groups
}

func packageVersion(p *packages.Package) string {
	if p == nil {
		return ""
	}
	return p.Version
}

// text says what happens to the packages of a group: "openssl 3.0.15 → 3.0.16".
func (g packageGroup) text() string {
	return quoted(g.name()) + changeOfVersion(g.Change)
}

func (g packageGroup) name() string {
	if g.packages > 1 {
		return g.source
	}
	return packageName(g.Package())
}

// hasTwoVersions reports whether the packages of a group are on both sides, in two versions.
func (g packageGroup) hasTwoVersions() bool {
	return g.A != nil && g.B != nil && g.A.Version != g.B.Version
}

// packageName is the name of a package in sentences.
func packageName(p *packages.Package) string {
	if p.Kind == packages.Go && p.Name == "stdlib" {
		return "Go standard library"
	}
	return p.Name
}

// changeOfVersion is " 3.0.15 → 3.0.16", " added" or " removed".
func changeOfVersion(ch packagediff.Change) string {
	switch ch.What {
	case packagediff.Added:
		if ch.Unknown {
			return " added or replaced"
		}
		return " added"
	case packagediff.Removed:
		if ch.Unknown {
			return " removed or replaced"
		}
		return " removed"
	case packagediff.Rebuilt:
		return " " + quoted(ch.B.Version) + " with other bytes"
	case packagediff.Moved:
		return " " + quoted(ch.B.Version) + " moved"
	}
	if ch.A.Version == ch.B.Version {
		return " " + quoted(cmp.Or(ch.A.Arch, "noarch")) + " → " + quoted(cmp.Or(ch.B.Arch, "noarch"))
	}
	a, b := shortVersions(ch.A.Kind, ch.A.Version, ch.B.Version)
	text := " " + quoted(a) + " → " + quoted(b)
	if ch.What == packagediff.Down {
		text += " (down)"
	}
	return text
}

// shortVersions returns two versions without the parts that distributions add, unless they differ only
// there: 3.0.15 for 3.0.15-1~deb12u1. An epoch stays if it is another one on each side: it decides which version is
// higher, as in 2.46.0 → 1:1.0.
func shortVersions(kind packages.Kind, a, b string) (shortA, shortB string) {
	switch kind {
	case packages.Deb, packages.Apk, packages.RPM:
	default:
		return a, b
	}
	epochA, restA := cutEpoch(a)
	epochB, restB := cutEpoch(b)
	shortA, shortB = withoutRevision(restA), withoutRevision(restB)
	if epochA != epochB {
		return epochA + shortA, epochB + shortB
	}
	if shortA == shortB {
		return a, b
	}
	return shortA, shortB
}

// cutEpoch splits a version behind its epoch: "1:" and "3.0.15-1". An epoch of 0 is none.
func cutEpoch(v string) (epoch, rest string) {
	number, rest, ok := strings.Cut(v, ":")
	switch {
	case !ok || strings.Trim(number, "0123456789") != "":
		return "", v
	case strings.Trim(number, "0") == "":
		return "", rest
	}
	return number + ":", rest
}

// withoutRevision is a version without the revision of a distribution.
func withoutRevision(v string) string {
	if i := strings.LastIndexByte(v, '-'); i > 0 {
		v = v[:i]
	}
	return v
}

// PackageText says what happens to a package: "openssl 3.0.15 → 3.0.16".
func PackageText(ch packagediff.Change) safe.Text {
	return safe.Clean(quoted(packageName(ch.Package())) + changeOfVersion(ch))
}

// unpackagedText names the files that differ and that no package explains, empty for none.
func (p Pair) unpackagedText(rows []readRow) safe.Text {
	if text, ok := p.mergedText(rows); ok {
		if !p.Inside.merged.hasOwn() && p.Inside.deletions.isEmpty() {
			return safe.Text{}
		}
		return lowerFirst(text)
	}
	rows = matching(rows, func(r readRow) bool { return r.hasOwn() })
	if len(rows) == 0 {
		return safe.Text{}
	}
	return lowerFirst(gravestRowsText(rows))
}

// PackagesText says how many of the changes packages explain: "all of requests 2.31.0 → 2.32.3", "18 files of 3
// packages", "1 record of packages"; empty for none. Files count neither folders nor the records of package managers,
// "all" is for all changes.
func (f *LayerFiles) PackagesText() safe.Text {
	changes, n, of := 0, 0, 0 // n are the files of packages
	var one *packagediff.Change
	for _, p := range f.ByPackage {
		changes += len(p.Indexes)
		if p.Of != nil {
			n, of, one = n+p.Files, of+1, p.Of
		}
	}
	if changes == 0 {
		return safe.Text{}
	}
	files, records := countText(n)+byNumber(n, " file", " files"), countText(changes)+byNumber(changes, " record", " records")
	if changes > 1 && changes == f.CountAbove(filediff.Generated) {
		files, records = "all", "all records"
	}
	switch of {
	case 0:
		return safe.Sprintf("%s of packages", records)
	case 1:
		return safe.Sprintf("%s of %s", files, PackageText(*one))
	}
	return safe.Sprintf("%s of %s packages", files, countText(of))
}

// PackageCheck returns a shell command that prints what the databases of both sides say of a package. It is
// empty for names that a shell may read as something else.
func (c Comparison) PackageCheck(p Pair, a, b *packages.Package) safe.Text {
	found := p.Inside.Packages()
	if found == nil {
		return safe.Text{}
	}
	row, pathA, pathB := Row{}, "", ""
	if d := found.A.DatabaseOf(a); a != nil && d != nil {
		row.A, pathA = &imageOf(p.A).Steps[d.Step], d.Path
	}
	if d := found.B.DatabaseOf(b); b != nil && d != nil {
		row.B, pathB = &imageOf(p.B).Steps[d.Step], d.Path
	}
	name := cmp.Or(b, a).Name
	if strings.ContainsFunc(name, func(r rune) bool { return !isPlainInPath(r) }) {
		return safe.Text{}
	}
	then := " | sha256sum"
	switch cmp.Or(b, a).Kind {
	case packages.Deb:
		then = " | grep -A 9 '^Package: " + name + "$'"
	case packages.Apk:
		then = " | grep -A 2 '^P:" + name + "$'"
	case packages.Python:
		then = " | grep -m 1 '^Version:'"
	case packages.NPM:
		then = " | grep '\"version\"'"
	}
	return c.entryCommand(row, pathA, pathB, "tar -xO", then)
}
