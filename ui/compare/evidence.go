package compare

import (
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// trail is the way from a finding to the rows that prove it. esc goes back.
type trail struct {
	finding diff.Finding
	tab     tabID
}

// key tells trails apart.
func (t *trail) key() string {
	if t == nil {
		return ""
	}
	return findingID(t.finding)
}

func findingID(f diff.Finding) string { return f.ID + " " + f.Text.String() }

// followFinding goes from a finding to its evidence, or opens what there is to read
// about it when no row shows it.
func (p comparePage) followFinding(r widget.Row) (page.Page, page.Effects) {
	tab, ids := p.viewIn(p.frame).evidence(*r.Finding)
	if len(ids) == 0 {
		return p, p.openProof(r)
	}
	p.trail, p.targetRow, p.filter = &trail{*r.Finding, tab}, ids[0], widget.Filter{}
	return p.toTab(tab), nil
}

// currentTrail is the trail after something has arrived: its finding as it is
// now, if it still holds. While things arrive nobody knows.
func (p comparePage) currentTrail() *trail {
	if p.trail == nil || !p.alone && p.cmp.Verdict.Code == diff.Pending {
		return p.trail
	}
	v := p.viewIn(p.frame)
	for _, g := range slices.Concat(v.mainFindings, v.otherFindings) {
		for _, f := range append([]diff.Finding{g.Finding}, g.Consequences...) {
			if findingID(f) == p.trail.key() {
				return &trail{f, p.trail.tab}
			}
		}
	}
	return nil
}

// back leaves the evidence for the finding, else the page.
func (p comparePage) back() (page.Page, page.Effects) {
	if p.trail == nil {
		return p, page.Send(page.PopMsg{})
	}
	return p.toTab(tabSummary), nil
}

// showEvidence marks the rows of the finding that one came from, and says it
// under the one that the cursor went to.
func (v view) showEvidence(t tabID, rows []widget.Row) {
	if v.trail == nil || v.trail.tab != t {
		return
	}
	f := v.trail.finding
	_, ids := v.evidence(f)
	for i := range rows {
		if rows[i].Header || !slices.Contains(ids, rows[i].ID) {
			continue
		}
		rows[i].Marked = true
		if rows[i].ID == ids[0] {
			rows[i] = rows[i].WithLines(v.noteLines(look.S(look.Severity(f.Severity), f.Text)))
		}
	}
}

// noteLines is text under a row of a table.
func (v view) noteLines(text look.Span) []look.Line {
	const indent = 6
	var lines []look.Line
	lead := []look.Span{look.Gap(indent), look.S(look.Faint, v.Glyphs.Note), look.Gap(1)}
	text.Text = v.Glyphs.Sentence(text.Text)
	for _, l := range look.Wrap([]look.Span{text}, max(v.Width-indent-4, 8)) {
		lines = append(lines, look.L(lead...).With(l.Spans...))
		lead = []look.Span{look.Gap(indent + 2)}
	}
	return lines
}

// evidence is the tab that shows what proves a finding, and the rows there.
func (v view) evidence(f diff.Finding) (tabID, []string) {
	for _, tab := range tabsOf(f) {
		if ids := v.evidenceIn(tab, f); len(ids) > 0 {
			return tab, ids
		}
	}
	return tabSummary, nil
}

// tabsOf are the tabs to look in, by the catalogue's groups.
func tabsOf(f diff.Finding) []tabID {
	switch {
	case strings.HasPrefix(f.ID, "B"):
		return []tabID{tabSchema1, tabLayers, tabManifest}
	case strings.HasPrefix(f.ID, "C"):
		return []tabID{tabPlatforms, tabLayers, tabManifest}
	case strings.HasPrefix(f.ID, "E") && f.ID != "E4": // secrets are mostly in instructions
		return []tabID{tabConfig, tabLayers, tabManifest}
	}
	return []tabID{tabLayers, tabPlatforms, tabConfig, tabManifest}
}

func (v view) evidenceIn(tab tabID, f diff.Finding) []string {
	switch tab {
	case tabLayers, tabSchema1:
		return v.stepsOf(f)
	case tabPlatforms:
		return v.entriesOf(f)
	case tabConfig:
		return v.settingsOf(f)
	}
	return v.manifestsOf(f)
}

// stepsOf are the rows of the steps that a finding points at.
func (v view) stepsOf(f diff.Finding) []string {
	var ids []string
	for _, r := range slices.Backward(v.pair.Rows) { // as the tables have them
		if pointsAtRow(f, r) {
			ids = append(ids, stepRowID(r))
		}
	}
	slices.Reverse(ids) // the cursor goes to the oldest: it is often the cause of the others
	return ids
}

func pointsAtRow(f diff.Finding, r diff.Row) bool {
	return slices.ContainsFunc(f.Evidence, func(e diff.Evidence) bool {
		st := r.A
		if e.Side == diff.SideB {
			st = r.B
		}
		return st != nil && e.Step == st.Index
	})
}

// entriesOf are the rows of the entries of an index that a finding points at.
func (v view) entriesOf(f diff.Finding) []string {
	if !isIndex(v.cmp.A) && !isIndex(v.cmp.B) {
		return nil
	}
	var ids []string
	for i, p := range v.cmp.Pairs {
		if pointsAtEntry(f, diff.SideA, p.A) || pointsAtEntry(f, diff.SideB, p.B) {
			ids = append(ids, platformID(pairIDOf(v.cmp.Pairs, i)))
		}
	}
	return slices.Concat(ids, othersOf(f, diff.SideA, v.cmp.A), othersOf(f, diff.SideB, v.cmp.B))
}

// othersOf are the rows of the entries that are no platforms.
func othersOf(f diff.Finding, side diff.Side, a *model.Artifact) []string {
	var ids []string
	if a == nil {
		return nil
	}
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Role != model.RoleImage && pointsAtEntry(f, side, e) {
			ids = append(ids, otherID(side, *e))
		}
	}
	return ids
}

func pointsAtEntry(f diff.Finding, side diff.Side, e *model.Entry) bool {
	return e != nil && slices.ContainsFunc(f.Evidence, func(v diff.Evidence) bool {
		return v.Side == side && v.Step < 0 && v.Digest != "" && v.Digest == e.Descriptor.Digest
	})
}

// configMembers are the members of a config that the findings of group E are about.
var configMembers = map[string][]string{
	"E1": {"Entrypoint", "Cmd", "Shell"},
	"E2": {"User"},
	"E3": {"Env"},
	"E4": {"Env", "Labels"},
	"E5": {"Labels"},
	"E6": {"Labels"},
	"E7": {"ExposedPorts", "Volumes", "WorkingDir", "Healthcheck", "StopSignal", "OnBuild"},
	"E8": {"created"},
}

// settingsOf are the lines of the configs that a finding is about: those that
// differ in the members it names, or where these begin.
func (v view) settingsOf(f diff.Finding) []string {
	members := configMembers[f.ID]
	if members == nil || !v.docsReady || len(v.docs.config) == 0 {
		return nil
	}
	b := v.docs.config[0]
	inA, inB := membersIn(b.a, members), membersIn(b.b, members)
	var differ, begin []string
	for _, l := range b.lines {
		isA, isB := l.A >= 0 && inA[l.A] > 0, l.B >= 0 && inB[l.B] > 0
		switch {
		case (isA || isB) && !v.alone && lineDiffers(l):
			differ = append(differ, b.lineID(l))
		case isA && inA[l.A] == memberStart, isB && inB[l.B] == memberStart:
			begin = append(begin, b.lineID(l))
		}
	}
	if len(differ) > 0 {
		return differ
	}
	return begin
}

// What a line is to the members that were looked for.
const (
	memberStart = iota + 1
	memberRest
)

// membersIn are the lines of a pretty printed config that hold its members of
// these names: at the top, or in "config". An old "container_config" and the
// history have the same names and are not meant.
func membersIn(lines []safe.Text, names []string) map[int]int {
	in := map[int]int{}
	section, depth := "", -1
	for i, l := range lines {
		name, indent := memberName(l.String())
		switch {
		case depth >= 0 && indent > depth:
			in[i] = memberRest
			continue
		case depth >= 0 && name == "" && indent == depth: // the bracket that closes it
			in[i], depth = memberRest, -1
			continue
		}
		depth = -1
		if indent == topIndent {
			section = name
		}
		if slices.Contains(names, name) && (indent == topIndent || indent == 2*topIndent && section == "config") {
			in[i], depth = memberStart, indent
		}
	}
	return in
}

// topIndent is how far the members of a pretty printed document are indented.
const topIndent = 2

// memberName is the name of the member that begins on a line, and the line's
// indentation.
func memberName(line string) (name string, indent int) {
	text := strings.TrimLeft(line, " ")
	indent = len(line) - len(text)
	if name, _, ok := strings.Cut(strings.TrimPrefix(text, `"`), `": `); ok && strings.HasPrefix(text, `"`) {
		return name, indent
	}
	return "", indent
}

// manifestsOf are the lines of manifests with a digest that a finding points
// at, or the first line of the document that has it.
func (v view) manifestsOf(f diff.Finding) []string {
	if !v.docsReady {
		return nil
	}
	var ids []string
	for i, b := range v.docs.manifest {
		a, other := v.manifestDigests(i)
		for n, l := range b.lines {
			if n == 0 && (pointsAtDigest(f, a) || pointsAtDigest(f, other)) || lineHasDigest(f, b.a, l.A) || lineHasDigest(f, b.b, l.B) {
				ids = append(ids, b.lineID(l))
			}
		}
	}
	return ids
}

// manifestDigests are the digests of the documents of a block of the Manifest
// view: the platform's manifests before what the tags point at.
func (v view) manifestDigests(block int) (a, b digest.Digest) {
	if block == len(v.docs.manifest)-1 {
		return v.docs.key.topA, v.docs.key.topB
	}
	return v.docs.key.manifestA, v.docs.key.manifestB
}

func pointsAtDigest(f diff.Finding, d digest.Digest) bool {
	return d != "" && slices.ContainsFunc(f.Evidence, func(e diff.Evidence) bool { return e.Digest == d })
}

// lineHasDigest reports whether a line has a digest that a finding points at.
func lineHasDigest(f diff.Finding, lines []safe.Text, at int) bool {
	return at >= 0 && slices.ContainsFunc(f.Evidence, func(e diff.Evidence) bool {
		return e.Digest != "" && strings.Contains(lines[at].String(), e.Digest.String())
	})
}
