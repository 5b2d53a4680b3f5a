package compare

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/diff/packagediff"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/packages"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// packageOrder is the order of the packages.
type packageOrder int

// The orders, in the order in which the key goes through them.
const (
	byWhat packageOrder = iota
	byName
	byPackageStep
	packageOrders
)

var packageOrderNames = [packageOrders]safe.Text{
	safe.Const("packages by what happens to them"), safe.Const("packages by kind and name"), safe.Const("packages by step"),
}

// pressPackagesKey handles the keys that open and close the files of a package, in the tabs that list packages.
func (p comparePage) pressPackagesKey(msg tea.KeyPressMsg) (_ comparePage, taken bool) {
	if p.tab != tabPackages && p.tab != tabFiles {
		return p, false
	}
	if key.Matches(msg, page.Keys.Back) {
		return p.closePackage()
	}
	if !key.Matches(msg, page.Keys.Open) {
		return p, false
	}
	r, some := p.sheets[p.tab].Current()
	if !some || !strings.HasPrefix(r.ID, packagePrefix) {
		return p, false
	}
	if p.openPackage == r.ID {
		p.openPackage = ""
	} else {
		p.openPackage = r.ID
	}
	return p, true
}

// closePackage hides the files of the package that is open in the tab in view; the cursor goes to the package. It
// reports false if none is open there.
func (p comparePage) closePackage() (_ comparePage, closed bool) {
	sheet := p.sheets[p.tab].GoTo(p.openPackage)
	if r, some := sheet.Current(); !some || p.openPackage == "" || r.ID != p.openPackage {
		return p, false
	}
	p.sheets[p.tab].Sheet, p.openPackage = sheet, ""
	return p, true
}

// hasOpenPackage reports whether the tab in view shows the files of a package.
func (p comparePage) hasOpenPackage() bool {
	_, closes := p.closePackage()
	return closes
}

// packagePrefix begins the IDs of rows that enter opens to the files of a package.
const packagePrefix = "package "

// packageID identifies the row of a package.
func packageID(p *packages.Package) string {
	return packagePrefix + strings.Join([]string{string(p.Kind), p.Name, p.Arch, p.Place, p.Version}, " ")
}

// packageRows returns the packages that differ, or those of the only image.
func (v view) packageRows() []widget.Row {
	rows, complete := v.insideOpening()
	if complete {
		return rows
	}
	rows = append(rows, v.tableErrorRows()...)
	found := v.pair.Inside.Packages()
	if found == nil {
		return append(rows, v.noPackages())
	}
	for _, n := range v.packageNotes(found) {
		rows = append(rows, v.note(n))
	}
	if v.isOnly() {
		return append(rows, v.listedPackages(v.only(found))...)
	}
	return append(rows, v.changedPackages(found)...)
}

// isOnly reports whether the pair has one side.
func (v view) isOnly() bool { return v.pair.A == nil || v.pair.B == nil || v.alone }

// only returns the packages of the only side.
func (v view) only(found *diff.PairPackages) packagediff.Packages {
	if v.pair.A == nil {
		return found.B
	}
	return found.A
}

// noPackages says why there are no packages to list.
func (v view) noPackages() widget.Row {
	if v.pair.Inside == nil || v.isReading {
		return v.nothingInside()
	}
	if v.pair.ArePackagesPartlyRead() {
		return v.note(safe.Const("The layers that were read have no package database. i reads the others."))
	}
	return v.note(safe.Const("The layers have no package database."))
}

// packageNotes says what is not known of the packages.
func (v view) packageNotes(found *diff.PairPackages) []safe.Text {
	var notes []safe.Text
	if found.ByTable {
		notes = append(notes, safe.Const("Read by tables of contents. The archives were not read and may hold other packages."))
	}
	unopened := 0
	for _, paths := range v.pair.UnopenedPrograms() {
		unopened += len(paths)
	}
	if unopened > 0 {
		notes = append(notes, safe.Sprintf("%s not read and may hold packages: i reads %s.",
			look.Count(unopened, safe.Const("program or jar was"), safe.Const("programs and jars were")), itOrThem(unopened)))
	}
	for _, g := range v.pair.PackageGaps() {
		note := look.PackageGap(g)
		if g.Step != nil {
			note = safe.Sprintf("%s: i reads it.", note)
		}
		notes = append(notes, note)
	}
	if found.SameSystem {
		notes = append(notes, safe.Const("The system packages are the same: no layer that differs has their database."))
	}
	for _, m := range found.Missing {
		notes = append(notes, safe.Sprintf("%s.", diff.MissingText(m)))
	}
	if len(found.A.Above())+len(found.B.Above()) > 0 {
		notes = append(notes, safe.Const("Layers above these databases were not read and may replace them: i reads them."))
	}
	problems := found.Problems()
	if v.isOnly() {
		all := v.only(found)
		problems = all.Problems()
		for _, d := range all.Deletions {
			notes = append(notes, safe.Sprintf("%s.", diff.DeletionText(d, "")))
		}
	}
	for _, problem := range problems {
		notes = append(notes, safe.Sprintf("%s.", look.PackageProblem(problem, v.isOnly(), v.Gate)))
	}
	if v.alone && len(found.A.Unread) > 0 {
		notes = append(notes, safe.Sprintf("%s not read: they may have other packages",
			look.Count(len(found.A.Unread), safe.Const("layer was"), safe.Const("layers were"))))
	}
	return notes
}

// changedPackages returns the rows of the packages that differ, and the number of the others.
func (v view) changedPackages(found *diff.PairPackages) []widget.Row {
	var rows []widget.Row
	if len(found.All) > 0 {
		rows = append(rows, v.packageHead())
	}
	for _, i := range v.orderOfPackages(found.All) {
		rows = append(rows, v.packageRow(&found.All[i])...)
	}
	if found.Same > 0 {
		rows = append(rows, v.countRow(v.Glyphs.Mark(diff.Same), safe.Sprintf("%s the same", look.Number(found.Same)), safe.Text{}))
	}
	return rows
}

// orderOfPackages returns the indexes of changes in the order that the user chose.
func (v view) orderOfPackages(all []packagediff.Change) []int {
	order := make([]int, len(all))
	for i := range all {
		order[i] = i
	}
	compareNames := func(x, y *packages.Package) int {
		return cmp.Or(strings.Compare(string(x.Kind), string(y.Kind)), strings.Compare(x.Name, y.Name))
	}
	switch v.packageOrder {
	case byName:
		slices.SortStableFunc(order, func(i, j int) int { return compareNames(all[i].Package(), all[j].Package()) })
	case byPackageStep:
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(all[i].Step(), all[j].Step()) })
	case byWhat, packageOrders:
	}
	return order
}

// packageColumns are the widths of the columns of a package in cells.
type packageColumns struct{ kind, name, a, b, what, step int }

func (v view) packageColumns() packageColumns {
	c := packageColumns{kind: 6, what: 7, step: 4}
	const mark, gaps, least = 2, 5, 30
	room := max(v.Width-1-mark-gaps-c.kind-c.what-c.step, least)
	c.name = room * 2 / 5
	c.a = (room - c.name) / 2
	c.b = room - c.name - c.a
	return c
}

func (v view) packageHead() widget.Row {
	return widget.HeaderRow(v.packageColumnsLine(look.Faint, safe.Const(" "), [6]safe.Text{
		safe.Const("kind"), safe.Const("name"), safe.Const("A"), safe.Const("B"), safe.Const("what"), safe.Const("step"),
	}, look.Faint, look.Faint))
}

// packageColumnsLine draws a mark and the six columns of a package.
func (v view) packageColumnsLine(role look.Role, mark safe.Text, texts [6]safe.Text, roleA, roleB look.Role) look.Line {
	c, g := v.packageColumns(), v.Glyphs
	return look.L(look.S(role, mark), look.Gap(1), look.S(look.Faint, g.Fit(texts[0], c.kind)), look.Gap(1),
		look.P(g.FitMiddle(texts[1], c.name)), look.Gap(1), look.S(roleA, g.FitMiddle(texts[2], c.a)), look.Gap(1),
		look.S(roleB, g.FitMiddle(texts[3], c.b)), look.Gap(1), look.S(role, g.Fit(texts[4], c.what)), look.Gap(1),
		look.S(look.Faint, g.Right(texts[5], c.step)))
}

// packageRow returns the row of a package that differs, and its files if they are open.
func (v view) packageRow(ch *packagediff.Change) []widget.Row {
	id := packageID(ch.Package())
	row := widget.Row{
		ID: id, Height: 1, Draw: func() []look.Line { return []look.Line{v.packageLine(ch)} },
		Differs: true, ValueName: safe.Const("the package"), Value: v.packageValue(ch), Title: v.Gate.Clean(ch.Package().Name),
		Command: v.shellCommand(v.cmp.PackageCheck(v.pair, ch.A, ch.B)),
		Proof:   func(f page.Frame) []widget.Row { return v.in(f).packageProof(ch) },
	}
	rows := []widget.Row{row}
	if v.openPackage == id {
		rows = append(rows, v.packageFiles(id, ch.Files, ch.FileCount)...)
	}
	return rows
}

// packageLine draws a package that differs.
func (v view) packageLine(ch *packagediff.Change) look.Line {
	p := ch.Package()
	a, b := look.PackageVersion(ch.A, v.Gate), look.PackageVersion(ch.B, v.Gate)
	if ch.A != nil && ch.B != nil && ch.A.Version == ch.B.Version && ch.A.Arch != ch.B.Arch {
		a, b = safe.Sprintf("%s %s", a, v.Gate.Clean(ch.A.Arch)), safe.Sprintf("%s %s", b, v.Gate.Clean(ch.B.Arch))
	}
	return v.packageColumnsLine(packageRole(ch), v.Glyphs.PackageMark(ch), [6]safe.Text{
		safe.Clean(string(p.Kind)), v.packageName(p), a, b, look.PackageWhat(ch), look.Number(ch.Step() + 1),
	}, look.SideA, look.SideB)
}

// packageName is the name of a package, with its place if it is not of the system.
func (v view) packageName(p *packages.Package) safe.Text { return v.Gate.Clean(p.Name) }

func packageRole(ch *packagediff.Change) look.Role {
	switch ch.What {
	case packagediff.Down:
		return look.Alert
	case packagediff.Added:
		return look.SideB
	case packagediff.Removed:
		return look.SideA
	case packagediff.Moved:
		return look.Faint
	case packagediff.Up, packagediff.Changed, packagediff.Rebuilt:
	}
	return look.Warn
}

// packageValue is a package in full: its name with the versions of both sides.
func (v view) packageValue(ch *packagediff.Change) safe.Text {
	name := v.Gate.Clean(ch.Package().Name)
	a, b := look.PackageVersion(ch.A, v.Gate), look.PackageVersion(ch.B, v.Gate)
	switch {
	case ch.A == nil:
		return safe.Sprintf("%s %s", name, b)
	case ch.B == nil || a == b:
		return safe.Sprintf("%s %s", name, a)
	}
	return safe.Sprintf("%s %s → %s", name, a, b)
}

// packageProof says which databases list a package, and how.
func (v view) packageProof(ch *packagediff.Change) []widget.Row {
	found := v.pair.Inside.Packages()
	rows := widget.FieldRows(v.Frame, safe.Const("package"), v.packageValue(ch), look.Plain)
	for _, side := range []struct {
		name safe.Text
		all  packagediff.Packages
		p    *packages.Package
		step int
	}{{safe.Const("A"), found.A, ch.A, ch.StepA}, {safe.Const("B"), found.B, ch.B, ch.StepB}} {
		d := side.all.DatabaseOf(side.p)
		if side.p == nil || d == nil {
			rows = append(rows, widget.FieldRows(v.Frame, side.name, safe.Const("no database that was read lists it"), look.Plain)...)
			continue
		}
		text := safe.Sprintf("%s %s", look.PackageVersion(side.p, v.Gate), v.Gate.Clean(side.p.Arch))
		if side.p.Source != "" {
			text = safe.Sprintf("%s, of the source %s", text, v.Gate.Clean(side.p.Source))
		}
		text = safe.Sprintf("%s: listed in %s of step %d", text, v.Gate.Clean(d.Path), d.Step+1)
		if side.step != d.Step {
			text = safe.Sprintf("%s, and with this version since step %d", text, side.step+1)
		}
		rows = append(rows, widget.FieldRows(v.Frame, side.name, text, look.Plain)...)
	}
	claim := safe.Const("A database says what a package manager installed. Files that were changed later are not in it.")
	return append(rows, widget.BlankRow(), v.note(claim))
}

// listedPackages returns the packages of the only image.
func (v view) listedPackages(all packagediff.Packages) []widget.Row {
	list := all.List()
	if v.packageOrder == byPackageStep {
		slices.SortStableFunc(list, func(x, y packagediff.Listed) int { return cmp.Compare(x.Step, y.Step) })
	}
	if len(list) == 0 && len(all.Deletions) > 0 {
		return nil
	}
	rows := []widget.Row{widget.HeadingRow(safe.Sprintf("%s", look.Count(len(list), safe.Const("package"), safe.Const("packages"))))}
	for _, p := range list {
		id := packageID(p.Package)
		rows = append(rows, widget.Row{
			ID: id, Height: 1, Draw: func() []look.Line { return []look.Line{v.listedLine(p)} },
			ValueName: safe.Const("the package"), Value: safe.Sprintf("%s %s", v.Gate.Clean(p.Name), look.PackageVersion(p.Package, v.Gate)),
			Title: v.Gate.Clean(p.Name), Command: v.shellCommand(v.cmp.PackageCheck(v.pair, p.Package, nil)),
		})
		if v.openPackage == id {
			files := all.FilesOf(p.Package)
			rows = append(rows, v.packageFiles(id, files, len(files))...)
		}
	}
	return rows
}

// listedLine draws a package of the only image.
func (v view) listedLine(p packagediff.Listed) look.Line {
	const kind, arch, step = 6, 8, 9
	room := max(v.Width-1-kind-arch-step-4, 20)
	name := room / 2
	return look.L(look.S(look.Faint, v.Glyphs.Fit(safe.Clean(string(p.Kind)), kind)), look.Gap(1),
		look.P(v.Glyphs.FitMiddle(v.packageName(p.Package), name)), look.Gap(1),
		look.P(v.Glyphs.FitMiddle(look.PackageVersion(p.Package, v.Gate), room-name)), look.Gap(1),
		look.S(look.Faint, v.Glyphs.Fit(v.Gate.Clean(p.Arch), arch)), look.Gap(1),
		look.S(look.Faint, v.Glyphs.Right(safe.Sprintf("step %d", p.Step+1), step)))
}

// packageFiles returns the rows of the files of an open package.
func (v view) packageFiles(id string, files []string, count int) []widget.Row {
	switch {
	case len(files) == 0 && v.alone:
		return []widget.Row{v.note(safe.Const("Its files are not known."))}
	case len(files) == 0:
		return []widget.Row{v.note(safe.Const("Its record differs; no file of it is known to differ."))}
	}
	shared := &v
	var rows []widget.Row
	for _, f := range files {
		rows = append(rows, shared.packageFile(id, f))
	}
	if more := count - len(files); more > 0 {
		rows = append(rows, v.note(safe.Sprintf("and %s more", look.Number(more))))
	}
	return rows
}

// packageFile returns the row of one file of a package.
func (v *view) packageFile(id, path string) widget.Row {
	name := look.EntryPath(path, v.Gate)
	row := widget.Row{ID: id + " " + path, ValueName: safe.Const("the path"), Value: name, Title: name}
	for _, r := range slices.Backward(v.pair.Rows) {
		if r.Inside == nil {
			continue
		}
		if i, ok := changeAt(r.Inside, path); ok {
			row.Height, row.Draw = 1, func() []look.Line { return []look.Line{v.indented(r.Inside, r.Inside.At(i))} }
			row.Open = func(env page.Env) page.Page { return v.openFile(env, r, r.Inside.At(i)) }
			return row
		}
		if e, ok := entryOf(r.Inside, path); ok && r.Class == diff.Alone {
			row.Open = func(env page.Env) page.Page { return v.openFile(env, r, v.onlyEntry(r, e)) }
			break
		}
	}
	row.Lines = []look.Line{look.L(look.Gap(indentOfFiles), look.P(v.Glyphs.FitMiddle(name, v.Width-indentOfFiles-2)))}
	return row
}

// indentOfFiles is how far the files of a package are indented in cells.
const indentOfFiles = 3

// indented draws a change a little to the right.
func (v view) indented(f *diff.LayerFiles, ch filediff.Change) look.Line {
	v.Width -= indentOfFiles
	return look.L(look.Gap(indentOfFiles)).With(v.changeLine(f, ch).Spans...)
}

// changeAt returns the index of the change at a path.
func changeAt(f *diff.LayerFiles, path string) (int, bool) {
	i := sort.Search(f.Len(), func(i int) bool { return inside.ComparePaths(f.At(i).Path, path) >= 0 })
	return i, i < f.Len() && f.At(i).Path == path
}

// entryOf returns the entry at a path of the only layer of a row.
func entryOf(f *diff.LayerFiles, path string) (inside.Entry, bool) {
	l := cmp.Or(f.A, f.B)
	if l == nil {
		return inside.Entry{}, false
	}
	return l.Files.Find(path)
}

// packageStepRows returns the files of a step that packages explain: one line for each package, and its files
// if it is open.
func (v view) packageStepRows(id string, f *diff.LayerFiles, r diff.Row) []widget.Row {
	var rows []widget.Row
	for _, p := range f.ByPackage {
		if v.filtered { // a filter looks for paths
			rows = append(rows, v.rowsOfChanges(id, f, r, p.Indexes)...)
			continue
		}
		rowID := packagePrefix + id + " records"
		role, mark := look.Warn, v.Glyphs.Mark(diff.Substituted)
		if p.Of != nil {
			rowID, role, mark = packagePrefix+id+" "+packageID(p.Of.Package()), packageRole(p.Of), v.Glyphs.PackageMark(p.Of)
		}
		text := v.Glyphs.Sentence(p.FilesText())
		l := look.L(look.S(role, mark), look.Gap(1), look.P(text)).To(v.Width-1, v.Glyphs.Ellipsis)
		rows = append(rows, widget.Row{
			ID: rowID, Lines: []look.Line{l}, Differs: true, ValueName: safe.Const("the package"), Value: text, Title: text,
		})
		if v.openPackage == rowID {
			for _, i := range p.Indexes {
				row := (&v).changeRow(id, f, r, i)
				row.Draw = func() []look.Line { return []look.Line{v.indented(f, f.At(i))} }
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// tallyPackages counts the packages that differ; known is false if there are none and not all were
// compared. A program that no database lists may differ where only the databases are known to be the same.
func tallyPackages(pair diff.Pair) tally {
	found := pair.Inside.Packages()
	if found == nil || found.A.IsEmpty() && found.B.IsEmpty() {
		return tally{}
	}
	n := found.Others() + found.Count(packagediff.Rebuilt)
	return tally{diff.Substituted, n, n > 0 || found.AreKnown()}
}

// packagesOf returns the IDs of the packages that are evidence of a finding.
func (v view) packagesOf(f diff.Finding) []string {
	found := v.pair.Inside.Packages()
	if found == nil {
		return nil
	}
	var ids []string
	for _, ch := range found.All {
		if f.ID == "H4" && ch.What.IsOther() || f.ID == "H5" && ch.What == packagediff.Rebuilt {
			ids = append(ids, packageID(ch.Package()))
		}
	}
	return ids
}

// packageHints are the keys of the tab Packages, those that lead on first.
func (p comparePage) packageHints() []key.Binding {
	back := page.Keys.Back
	if p.trail != nil {
		back = page.Describe(page.Keys.Back, "finding")
	}
	if p.hasOpenPackage() {
		back = page.Describe(page.Keys.Back, "close")
	}
	if p.reading.running && p.reading.asked {
		return []key.Binding{page.Describe(page.Keys.Back, "stop"), page.Describe(page.Keys.NextTab, "view"), page.Keys.Filter}
	}
	var hints []key.Binding
	if plan, ok := p.currentPlan(); ok && len(plan.layers) > 0 {
		hints = append(hints, page.Describe(page.Keys.Inside, "look inside"))
	}
	if !p.showsOnlyA() {
		hints = append(hints, page.Describe(page.Keys.Next, "next diff"))
	}
	return append(hints, page.Describe(page.Keys.Open, "files"), back, page.Describe(page.Keys.Proof, "why"),
		page.Describe(page.Keys.StepOrder, "order"), page.Keys.Filter, page.Keys.Copy, page.Describe(page.Keys.Command, "command"),
		page.Describe(page.Keys.NextTab, "view"))
}
