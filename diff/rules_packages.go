package diff

import (
	"strings"

	"github.com/tagdiff/tagdiff/diff/packagediff"
	"github.com/tagdiff/tagdiff/model/safe"
)

// packagesMoved (H4): the databases list other packages, or other versions.
func packagesMoved(_ Comparison, p Pair) []Finding {
	if !p.packagesDiffer() {
		return nil
	}
	found := p.Inside.Packages()
	f := Finding{
		Severity: 1, Rests: p.packagesRest(), Evidence: evidenceOf(p.packageRows(packagediff.What.IsOther)),
		Text: safe.Sprintf("By %s: %s.", p.packageSources(), p.packagesText(safe.Text{})),
		Next: safe.Const("Look at the packages (tab Packages, or --packages in a report)"), Proof: packageProof(found),
	}
	if n := found.Count(packagediff.Down); n > 0 {
		f.Severity = 2
		f.Next = safe.Const("Check that B was meant to have lower versions: fixes of faults may be missing")
	}
	return []Finding{f}
}

// databaseGone (H22): only one side has a database of its packages.
func databaseGone(_ Comparison, p Pair) []Finding {
	text := p.missingText()
	if text == "" {
		return nil
	}
	found := p.Inside.Packages()
	rows, proof := []Row(nil), []safe.Text(nil)
	for _, m := range found.Gone() {
		proof = append(proof, MissingText(m))
		if m.Deletion != nil {
			rows = append(rows, matching(p.Rows, func(r Row) bool {
				return m.Side == packagediff.SideA && r.A != nil && r.A.Index == m.Deletion.Step ||
					m.Side == packagediff.SideB && r.B != nil && r.B.Index == m.Deletion.Step
			})...)
		}
	}
	return []Finding{{
		Severity: 2, Rests: on(Claimed, Structure), Evidence: evidenceOf(rows), Proof: proof,
		Text: safe.Clean(upperFirst(text) + ": what is installed there is not known."),
		Next: safe.Const("Compare the files (tab Files, or --inside in a report), or build the image without removing the database"),
	}}
}

// packageRows returns the rows of the steps that have the packages to which one of some things happens.
func (p Pair) packageRows(is func(packagediff.What) bool) []Row {
	a, b := map[int]bool{}, map[int]bool{}
	for _, ch := range p.Inside.Packages().All {
		if is(ch.What) {
			a[ch.StepA], b[ch.StepB] = true, true
		}
	}
	return matching(p.Rows, func(r Row) bool { return r.A != nil && a[r.A.Index] || r.B != nil && b[r.B.Index] })
}

// packageProof counts the packages of each side, and what happens to them.
func packageProof(found *PairPackages) []safe.Text {
	var counts []string
	for w := packagediff.Down; w <= packagediff.Moved; w++ {
		if n := found.Count(w); n > 0 {
			counts = append(counts, countText(n)+" "+w.String())
		}
	}
	counts = append(counts, countText(found.Same)+" the same")
	return []safe.Text{
		safe.Sprintf("A: %s; B: %s", databasesText(found.A), databasesText(found.B)),
		safe.Clean(strings.Join(counts, ", ")),
	}
}

// databasesText says where the packages of a side are listed: "443 packages in var/lib/dpkg/status of step 2
// and 12 other databases".
func databasesText(all packagediff.Packages) string {
	text := countText(all.Count()) + byNumber(all.Count(), " package", " packages")
	others := 0
	for _, d := range all.Databases {
		if d.IsSystem() {
			text += " in " + quoted(d.Path) + " of step " + countText(d.Step+1)
		} else {
			others++
		}
	}
	if others > 0 {
		text += " and " + countText(others) + byNumber(others, " file of one package", " files of packages of their own")
	}
	return text
}

// sameVersionOtherBytes (H5): a package has one version on both sides, and a file of it other bytes.
func sameVersionOtherBytes(_ Comparison, p Pair) []Finding {
	found := p.Inside.Packages()
	if found == nil {
		return nil
	}
	var names, proof []string
	var first packagediff.Change
	for _, ch := range found.All {
		if ch.What != packagediff.Rebuilt {
			continue
		}
		if len(names) == 0 {
			first = ch
		}
		names = append(names, quoted(ch.B.Name)+" "+quoted(ch.B.Version))
		proof = append(proof, quoted(ch.B.Name)+": "+firstPaths(ch.Files))
	}
	if len(names) == 0 {
		return nil
	}
	text := safe.Sprintf("%s is on both sides, and its files have other bytes: %s.", list(names), firstPaths(first.Files))
	if len(names) > 1 {
		text = safe.Sprintf("%s packages have the same version on both sides and other bytes: %s.", countText(len(names)),
			listUpTo(mostPackages+1, names))
	}
	return []Finding{{
		Severity: 2, Rests: append(p.packagesRest(), Claimed), Text: text,
		Evidence: evidenceOf(p.packageRows(func(w packagediff.What) bool { return w == packagediff.Rebuilt })),
		Next:     safe.Const("Find out which side has the files of the repository: dpkg --verify, rpm -V or pip download compare them"),
		Proof:    mappedTo(proof[:min(len(proof), mostPackages)], func(s string) safe.Text { return safe.Clean(s) }),
	}}
}
