package report

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/packagediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/packages"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// maxPackages limits the packages of a platform in a report for people.
const maxPackages = 20

type (
	// packageSection is what differs between the packages of a platform.
	packageSection struct {
		title    safe.Text
		packages []packageLine
		rest     []fileLine // lines about packages that are not listed
	}
	// packageLine is a package. Of one image it has no mark, and change is its version.
	packageLine struct{ mark, kind, name, change, step safe.Text }
)

// writePackages writes the packages that differ, platform by platform. Of one image it writes all packages if they are
// wanted.
func writePackages(w writer) {
	r := w.content()
	section := r.packageSection
	if r.c.B == nil {
		if !r.o.AllPackages {
			return
		}
		section = r.onlyPackages
	}
	for _, p := range comparedPairs(r.c) {
		if s := section(p); len(s.packages)+len(s.rest) > 0 {
			w.packages(s)
		}
	}
}

// packagesTitle is the title of the section of a platform.
func (r report) packagesTitle(p diff.Pair) safe.Text {
	if len(r.c.Pairs) > 1 {
		return safe.Sprintf("Packages of %s", tableName(r.c, p))
	}
	return safe.Const("Packages")
}

// onlyPackages returns the section of a platform of the only image: all packages, and why others may be missing. It is
// empty if nothing is known of its packages.
func (r report) onlyPackages(p diff.Pair) packageSection {
	s := packageSection{title: r.packagesTitle(p)}
	found := p.Inside.Packages()
	if found == nil {
		return s
	}
	for _, l := range found.A.List() {
		step := safe.Sprintf("step %d", l.Step+1)
		if l.Arch != "" {
			step = safe.Sprintf("%s, %s", r.o.Gate.Clean(l.Arch), step)
		}
		s.packages = append(s.packages, packageLine{
			kind: safe.Clean(string(l.Kind)), name: r.o.Gate.Clean(l.Name), change: r.o.Gate.Clean(l.Version), step: step,
		})
	}
	add := func(text safe.Text) { s.rest = append(s.rest, fileLine{mark: r.g.Note, path: text}) }
	if found.ByTable {
		add(byTables)
	}
	for _, d := range found.A.Deletions {
		add(diff.DeletionText(d, ""))
	}
	for _, problem := range found.A.Problems() {
		add(look.PackageProblem(problem, true, r.o.Gate))
	}
	return s
}

// byTables says that packages are those that tables of contents lead to.
var byTables = safe.Const("read by tables of contents; the archives were not read and may hold other packages")

// packageSection returns the section of a platform. It is empty if nothing is known of its packages.
func (r report) packageSection(p diff.Pair) packageSection {
	s := packageSection{title: r.packagesTitle(p)}
	found := p.Inside.Packages()
	if found == nil || found.A.IsEmpty() && found.B.IsEmpty() && len(found.Missing) == 0 && !r.o.AllPackages {
		return s
	}
	most := maxPackages
	if r.o.AllPackages {
		most = len(found.All)
	}
	for i := range found.All[:min(len(found.All), most)] {
		s.packages = append(s.packages, r.packageLine(&found.All[i]))
	}
	add := func(mark, text safe.Text) { s.rest = append(s.rest, fileLine{mark: mark, path: text}) }
	if more := len(found.All) - most; more > 0 {
		add(r.g.Ellipsis, safe.Sprintf("and %s more; --packages lists them", look.Number(more)))
	}
	if found.Same > 0 {
		add(r.g.Mark(diff.Same), safe.Sprintf("%s the same", look.Number(found.Same)))
	}
	if found.SameSystem {
		add(r.g.Mark(diff.Same), safe.Const("system packages: no layer that differs has their database"))
	}
	if found.ByTable {
		add(r.g.Note, byTables)
	}
	for _, g := range p.PackageGaps() {
		text := look.PackageGap(g)
		if g.Step != nil && !r.o.AllPackages {
			text = safe.Sprintf("%s; --packages reads it", text)
		}
		add(r.g.Note, text)
	}
	for _, m := range found.Missing {
		add(r.g.Note, diff.MissingText(m))
	}
	if above := len(found.A.Above()) + len(found.B.Above()); above > 0 {
		text := safe.Const("layers above these databases were not read and may replace them")
		if !r.o.AllPackages {
			text = safe.Sprintf("%s; --packages reads them", text)
		}
		add(r.g.Note, text)
	}
	for _, problem := range found.Problems() {
		add(r.g.Note, look.PackageProblem(problem, false, r.o.Gate))
	}
	return s
}

func (r report) packageLine(ch *packagediff.Change) packageLine {
	a, b := look.PackageVersion(ch.A, r.o.Gate), look.PackageVersion(ch.B, r.o.Gate)
	change := safe.Sprintf("%s → %s", a, b)
	switch {
	case ch.A == nil || ch.B == nil || a == b:
		change = cmp.Or(b, a)
	}
	return packageLine{r.g.PackageMark(ch), safe.Clean(string(ch.Package().Kind)), r.o.Gate.Clean(ch.Package().Name), change,
		safe.Sprintf("%s, step %d", look.PackageWhat(ch), ch.Step()+1)}
}

// The widths of the columns of packages in cells.
const (
	kindWidth     = 6
	mostName      = 26
	mostVersions  = 40
	nameOfUnknown = "-" // in a column without a value
)

// packages prints the packages of a platform, one on each line.
func (t textWriter) packages(section packageSection) {
	t.heading(section.title)
	names, versions := 0, 0
	for _, p := range section.packages {
		names, versions = max(names, min(look.Width(p.name), mostName)), max(versions, min(look.Width(p.change), mostVersions))
	}
	for _, p := range section.packages {
		t.line(safe.Sprintf("  %s ", p.mark), t.g.Fit(p.kind, kindWidth), safe.Const(" "), padded(p.name, names), safe.Const("  "),
			padded(p.change, versions), safe.Const("  "), p.step)
	}
	for _, f := range section.rest {
		t.wrapped(safe.Sprintf("  %s ", f.mark), f.path)
	}
}

// padded fills a text with blanks to a width. A longer text stays whole.
func padded(t safe.Text, width int) safe.Text {
	return safe.Concat(t, blanks(max(width-look.Width(t), 0)))
}

// packages prints a list of the packages of a platform.
func (m markdownWriter) packages(section packageSection) {
	m.heading(sentence(section.title))
	for _, p := range section.packages {
		lead := safe.Const("- ")
		if !p.mark.IsEmpty() {
			lead = safe.Concat(lead, code(p.mark), safe.Const(" "))
		}
		m.line(lead, p.kind, safe.Const(" "), code(p.name), safe.Const(" "), code(p.change), safe.Const(" "), sentence(p.step))
	}
	for _, f := range section.rest {
		m.line(safe.Const("- "), sentence(f.path))
	}
}

// listPackages prints the packages of one image, one on each line: kind, name, version, architecture and
// the path of the database; "-" where there is none. Of several platforms each line begins with the platform.
func (r Request) listPackages(w io.Writer, c diff.Comparison) error {
	p := newPrinter(w, r.Options)
	gap := safe.Const("  ")
	for _, pair := range c.Pairs {
		found := pair.Inside.Packages()
		if found == nil {
			continue
		}
		for _, l := range found.A.List() {
			var lead safe.Text
			if len(c.Pairs) > 1 {
				lead = safe.Concat(pairName(c, pair), gap)
			}
			gate := r.Options.Gate
			p.line(lead, safe.Clean(string(l.Kind)), gap, gate.Clean(l.Name), gap, gate.Clean(l.Version), gap,
				gate.Clean(cmp.Or(l.Arch, nameOfUnknown)), gap, gate.Clean(l.Path))
		}
	}
	return p.end()
}

// packagesKnown returns an error if packages that were asked for are not all known.
func (r Request) packagesKnown(c diff.Comparison, done *layersRead) error {
	if r.Inside == nil || !r.Inside.Packages || done == nil {
		return nil
	}
	pairs, err := r.pairsToRead(c)
	if err != nil {
		return err
	}
	var reasons []safe.Text
	unread := false
	for _, p := range pairs {
		more, isPart := r.unknownPackages(c, p)
		reasons, unread = append(reasons, more...), unread || isPart
	}
	if unread {
		notRead := done.notRead
		if notRead.IsEmpty() {
			notRead = safe.Const("a layer was not read to its end")
		}
		reasons = slices.Insert(reasons, 0, notRead)
	}
	if len(reasons) == 0 {
		return nil
	}
	const most = 2
	text := safe.Join(reasons[:min(len(reasons), most)], "; ")
	if more := len(reasons) - most; more > 0 {
		text = safe.Sprintf("%s; and %s", text, look.Count(more, safe.Const("more reason"), safe.Const("more reasons")))
	}
	return &model.ReadError{Message: fmt.Sprintf("--packages: not all packages are known: %s", text)}
}

// unknownPackages says why the packages of a pair are not all known, and what to do. unread is set if a layer was not read.
func (r Request) unknownPackages(c diff.Comparison, p diff.Pair) (reasons []safe.Text, unread bool) {
	found := p.Inside.Packages()
	if found == nil {
		return nil, p.ArePackagesPartlyRead()
	}
	alone := c.B == nil
	problems := found.Problems()
	if alone {
		problems = found.A.Problems()
		for _, d := range found.A.Deletions {
			reasons = append(reasons, safe.Sprintf("%s; --inside lists the files", diff.DeletionText(d, "")))
		}
	}
	for _, m := range found.Missing {
		reasons = append(reasons, safe.Sprintf("%s; --inside lists the files that differ", diff.MissingText(m)))
	}
	for _, problem := range problems {
		reasons = append(reasons, safe.Sprintf("%s; run %s in a container of the image", look.PackageProblem(problem, alone, r.Options.Gate),
			look.ListsPackages(problem, r.Options.Gate)))
	}
	unread = p.ArePackagesPartlyRead() || len(found.Gaps) > 0 || !alone && len(found.A.Above())+len(found.B.Above()) > 0
	return reasons, unread
}

// noteNoPackages says that no layer of the only image has a package database.
func (r Request) noteNoPackages(c diff.Comparison) {
	isListed := func(p diff.Pair) bool { return p.Inside.Packages() != nil }
	if !slices.ContainsFunc(c.Pairs, isListed) {
		r.note(safe.Const("no layer has a package database"))
	}
}

// packageRounds limits how often further layers are read for package databases.
const packageRounds = 16

// readGaps reads the layers that may have the package databases that one side lacks, the likeliest first,
// and compares again. It stops where MaxRead does not allow the next one.
func (r Request) readGaps(ctx context.Context, c diff.Comparison, read diff.ReadLayers, plan *layerPlan, done *layersRead) (
	diff.Comparison, error,
) {
	if !r.Inside.Packages {
		return c, nil
	}
	tried := map[string]bool{}
	for _, l := range plan.reads {
		tried[l.Layer.Digest.String()] = true
	}
	for _, l := range plan.left {
		tried[l.Digest.String()] = true
	}
	for range packageRounds {
		pairs, err := r.pairsToRead(c)
		if err != nil {
			return c, err
		}
		round := r.planGaps(c, pairs, tried, plan, done)
		if len(round.reads) == 0 {
			break
		}
		progress := newLayerProgress(r.Inside.Progress, round)
		states := progress.read(ctx, r.Registry, round.reads, r.Inside.MaxRead)
		progress.clear()
		if ctx.Err() != nil {
			return c, ctx.Err()
		}
		contents := map[digest.Digest]model.Contents{}
		for _, l := range round.reads {
			s := states[l.Layer.Digest]
			if s.Layer == nil {
				done.wholeHelps = done.wholeHelps || l.TOC && isOfTable(s.Err)
				done.errs = append(done.errs, cmp.Or(s.Err, errNotRead))
				continue
			}
			cost := l.Layer.Size
			if s.Layer.How == inside.TOC {
				cost = s.Layer.Packed
				if before := read[l.Layer.Digest]; before != nil {
					cost -= before.Packed
				}
			}
			done.cost.Read += cost
			done.cost.Asked += cost - round.costs[l.Layer.Digest]
			done.addProblem(s.Layer)
			read[l.Layer.Digest], contents[l.Layer.Digest] = s.Layer, model.ContentsOf(l.Layer, s.Layer)
		}
		plan.reads = append(plan.reads, round.reads...)
		found := maps.Clone(c.Inside)
		c = c.WithContents(contents)
		for _, p := range pairs {
			found[p.Manifests()] = diff.CompareInside(p, read, plan.texts)
			found[p.Manifests()].ShareLineCounts(r.Registry)
		}
		c = c.WithInside(found)
	}
	return c, nil
}

// planGaps plans to read the layers that packages need and that were not tried, and the programs and jars in those that
// were listed by table of contents. What MaxRead does not allow is left in plan.
func (r Request) planGaps(c diff.Comparison, pairs []diff.Pair, tried map[string]bool, plan *layerPlan, done *layersRead) layerPlan {
	round := layerPlan{costs: map[digest.Digest]int64{}}
	for _, p := range pairs {
		layers, _ := diff.LayersWithPackages(p)
		for _, l := range layers {
			key := l.Digest.String() + strings.Join(l.Programs, "\n")
			if tried[key] {
				continue
			}
			tried[key] = true
			if done.whole {
				l = l.Whole()
			}
			done.cost.Asked += l.Cost()
			plan.asked += l.Cost()
			if l.Cost() > r.Inside.MaxRead-done.cost.Read-round.bytes {
				plan.left = append(plan.left, l)
				continue
			}
			round.bytes += l.Cost()
			round.add(c, rowToRead{layers: []diff.LayerToRead{l}}, 1)
		}
	}
	round.limitTables(r.Inside.MaxRead - done.cost.Read - round.bytes)
	return round
}

type jsonPackage struct {
	Kind packages.Kind `json:"kind"`
	Name string        `json:"name"`
	Arch string        `json:"arch,omitempty"`
	Path string        `json:"path"`           // of the database
	What string        `json:"what,omitempty"` // of two images
	A    *string       `json:"a"`              // the version, null for a side that has none
	B    *string       `json:"b"`
	Step int           `json:"step"` // index of the oldest step that was read whose database lists it so
}

// pairPackages returns the packages that differ, or with AllPackages those of the only image.
func (o Options) pairPackages(c diff.Comparison, p diff.Pair) []jsonPackage {
	found := p.Inside.Packages()
	if found == nil {
		return nil
	}
	var out []jsonPackage
	text := func(s string) *string {
		s = o.Gate.Mask(s)
		return &s
	}
	if c.B == nil {
		if !o.AllPackages {
			return nil
		}
		for _, l := range found.A.List() {
			out = append(out, jsonPackage{
				Kind: l.Kind, Name: o.Gate.Mask(l.Name), Arch: o.Gate.Mask(l.Arch), Path: o.Gate.Mask(l.Path), A: text(l.Version), Step: l.Step,
			})
		}
		return out
	}
	for _, ch := range found.All {
		x := ch.Package()
		j := jsonPackage{Kind: x.Kind, Name: o.Gate.Mask(x.Name), Arch: o.Gate.Mask(x.Arch), What: ch.What.String(), Step: ch.Step()}
		if d := cmp.Or(found.B.DatabaseOf(ch.B), found.A.DatabaseOf(ch.A)); d != nil {
			j.Path = o.Gate.Mask(d.Path)
		}
		if ch.A != nil {
			j.A = text(ch.A.Version)
		}
		if ch.B != nil {
			j.B = text(ch.B.Version)
		}
		out = append(out, j)
	}
	return out
}

// jsonUnknown says why the packages of a kind, or of a file, are not all known.
type jsonUnknown struct {
	Kind packages.Kind `json:"kind"`
	Side string        `json:"side"`
	Why  string        `json:"why"`
	Path string        `json:"path,omitempty"`
	Step *int          `json:"step,omitempty"`
	Text string        `json:"text,omitempty"`
}

// pairUnknown returns the packages of a pair that are not known.
func (o Options) pairUnknown(c diff.Comparison, p diff.Pair) []jsonUnknown {
	found := p.Inside.Packages()
	if found == nil {
		return nil
	}
	var out []jsonUnknown
	side := func(s packagediff.Side) string { return strings.ToLower(s.String()) }
	removed := func(d packagediff.Deletion, of packagediff.Side) {
		out = append(out, jsonUnknown{Kind: d.Kind, Side: side(of), Why: "removed", Path: o.Gate.Mask(d.Path), Step: &d.Step})
	}
	problems := found.Problems()
	if c.B == nil {
		problems = found.A.Problems()
		for _, d := range found.A.Deletions {
			removed(d, packagediff.SideA)
		}
	}
	for _, m := range found.Missing {
		if m.Deletion != nil {
			removed(*m.Deletion, m.Side)
		} else {
			out = append(out, jsonUnknown{Kind: m.Kind, Side: side(m.Side), Why: "none"})
		}
	}
	for _, g := range p.PackageGaps() {
		u := jsonUnknown{Kind: g.Kind, Side: side(g.Side), Why: "unread"}
		if g.Step != nil {
			u.Step = &g.Step.Index
		}
		out = append(out, u)
	}
	for _, problem := range problems {
		out = append(out, jsonUnknown{
			Kind: problem.Kind, Side: side(problem.Side), Why: "problem", Path: o.Gate.Mask(problem.Path), Text: o.Gate.Mask(problem.Text),
		})
	}
	return out
}
