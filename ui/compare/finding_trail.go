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

// trail leads from a finding to the rows that prove it. esc goes back to the finding.
type trail struct {
	finding diff.Finding
	tab     tabID
}

// key identifies the trail, "" for none.
func (t *trail) key() string {
	if t == nil {
		return ""
	}
	return findingID(t.finding)
}

func findingID(f diff.Finding) string { return f.ID + " " + f.Text.String() }

// followFinding goes from a finding to its evidence. If no row shows the evidence it
// opens the proof.
func (p comparePage) followFinding(r widget.Row) (page.Page, page.Effects) {
	there, f := p.toPlatformOf(*r.Finding)
	tab, ids := there.viewIn(p.frame).evidence(f)
	if len(ids) == 0 {
		return p, p.openProof(r)
	}
	there.trail, there.targetRow = &trail{f, tab}, ids[0]
	there.sheets[tab].Search, there.filters[tab], there.sheetKeys[tab] = widget.Search{}, widget.Filter{}, viewKey{}
	there.merged = there.merged && tab != tabFiles // the evidence is steps
	there.toDifference = tab == tabFiles           // from which enter opens the file
	return there.toTab(tab), nil
}

// currentTrail returns the trail after new data has arrived, with the current version of
// its finding, or nil if the finding no longer holds. While a side loads the trail is
// kept.
func (p comparePage) currentTrail() *trail {
	if p.trail == nil || !p.alone && p.cmp.Verdict.Code == diff.Pending {
		return p.trail
	}
	v := p.viewIn(p.frame)
	for _, g := range v.allFindings() {
		for _, f := range append([]diff.Finding{g.Finding}, g.Consequences...) {
			if findingID(f) == p.trail.key() {
				return &trail{f, p.trail.tab}
			}
		}
	}
	return nil
}

// back goes from the evidence to the finding, otherwise to the previous page.
func (p comparePage) back() (page.Page, page.Effects) {
	if p.trail == nil {
		return p, page.Send(page.PopMsg{Payload: page.ArtifactsMsg{Artifacts: p.artifacts()}})
	}
	return p.toTab(tabSummary), nil
}

// showEvidence marks the rows that prove the finding of the trail. The first one, where
// the cursor goes, gets the text of the finding.
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

// noteIndent is the column of the notes under a row of a table.
const noteIndent = 6

// noteLines returns text for the space under a row of a table.
func (v view) noteLines(text look.Span) []look.Line {
	lead := look.L(look.Gap(noteIndent), look.S(look.Faint, v.Glyphs.Note), look.Gap(1))
	text.Text = v.Glyphs.Sentence(text.Text)
	return look.Hanging(lead, max(v.Width-noteIndent-4, 8), text)
}

// evidence returns the tab that shows the evidence of a finding, and the IDs of the rows
// there.
func (v view) evidence(f diff.Finding) (tabID, []string) {
	for _, tab := range tabsOf(f) {
		if ids := v.evidenceIn(tab, f); len(ids) > 0 {
			return tab, ids
		}
	}
	return tabSummary, nil
}

// tabsOf returns the tabs that may show the evidence, by the group of the rule.
func tabsOf(f diff.Finding) []tabID {
	switch {
	case strings.HasPrefix(f.ID, "B"):
		return []tabID{tabSchema1, tabLayers, tabManifest}
	case strings.HasPrefix(f.ID, "C"):
		return []tabID{tabPlatforms, tabLayers, tabManifest}
	case strings.HasPrefix(f.ID, "E") && f.ID != "E4": // most secrets are in instructions
		return []tabID{tabConfig, tabLayers, tabManifest}
	case f.ID == "H4", f.ID == "H5":
		return []tabID{tabPackages, tabFiles, tabLayers}
	case strings.HasPrefix(f.ID, "H"):
		return []tabID{tabFiles, tabLayers}
	}
	return []tabID{tabLayers, tabPlatforms, tabConfig, tabManifest}
}

func (v view) evidenceIn(tab tabID, f diff.Finding) []string {
	switch tab {
	case tabLayers, tabSchema1:
		return v.stepsOf(f)
	case tabFiles:
		return v.fileStepsOf(f)
	case tabPackages:
		return v.packagesOf(f)
	case tabPlatforms:
		return v.entriesOf(f)
	case tabConfig:
		return v.settingsOf(f)
	}
	return v.manifestsOf(f)
}

// stepsOf returns the IDs of the rows whose steps are evidence of a finding.
func (v view) stepsOf(f diff.Finding) []string {
	var ids []string
	for _, r := range v.pair.Rows { // the cursor goes to the oldest step, which is often the cause of the others
		if pointsAtRow(f, r) {
			ids = append(ids, stepRowID(r))
		}
	}
	return ids
}

// fileStepsOf returns the IDs of the steps in Files that are evidence of a finding.
func (v view) fileStepsOf(f diff.Finding) []string {
	var ids []string
	for _, r := range v.pair.Rows {
		if hasFileRows(r) && pointsAtRow(f, r) {
			ids = append(ids, fileStepID(r))
		}
	}
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

// entriesOf returns the IDs of the rows whose index entries are evidence of a finding.
func (v view) entriesOf(f diff.Finding) []string {
	if !v.hasIndex() {
		return nil
	}
	var ids []string
	for i, p := range v.cmp.Pairs {
		if pointsAtPair(f, p) {
			ids = append(ids, platformID(pairIDOf(v.cmp.Pairs, i)))
		}
	}
	for side, a := range bothSides(v.cmp.A, v.cmp.B) {
		ids = append(ids, othersOf(f, side, *a)...)
	}
	return ids
}

// othersOf returns the IDs of the rows for entries that are not platforms.
func othersOf(f diff.Finding, side diff.Side, a model.Artifact) []string {
	var ids []string
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Role != model.RoleImage && pointsAtEntry(f, side, e) {
			ids = append(ids, otherID(side, *e))
		}
	}
	return ids
}

func pointsAtPair(f diff.Finding, p diff.Pair) bool {
	return pointsAtEntry(f, diff.SideA, p.A) || pointsAtEntry(f, diff.SideB, p.B)
}

func pointsAtEntry(f diff.Finding, side diff.Side, e *model.Entry) bool {
	return e != nil && slices.ContainsFunc(f.Evidence, func(v diff.Evidence) bool {
		return v.Side == side && v.Step < 0 && v.Digest != "" && v.Digest == e.Descriptor.Digest
	})
}

// configMembers are the config members that the findings of group E are about.
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

// settingsOf returns the IDs of the config lines that a finding is about: the differing
// lines of its members, otherwise the first line of each member.
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

// Which part of a requested member a line is.
const (
	memberStart = iota + 1
	memberRest
)

// membersIn returns the lines of a pretty-printed config that belong to the named
// members, at the top level or in "config". The old "container_config" and the history
// have members of the same names; they are not included.
func membersIn(lines []safe.Text, names []string) map[int]int {
	in := map[int]int{}
	section, depth := "", -1
	for i, l := range lines {
		name, indent := memberName(l.String())
		switch {
		case depth >= 0 && indent > depth:
			in[i] = memberRest
			continue
		case depth >= 0 && name == "" && indent == depth: // the closing bracket
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

// topIndent is the indentation of top-level members in a pretty-printed document.
const topIndent = 2

// memberName returns the name of the member that starts on a line, and the indentation
// of the line.
func memberName(line string) (name string, indent int) {
	text := strings.TrimLeft(line, " ")
	indent = len(line) - len(text)
	if name, _, ok := strings.Cut(strings.TrimPrefix(text, `"`), `": `); ok && strings.HasPrefix(text, `"`) {
		return name, indent
	}
	return "", indent
}

// manifestsOf returns the IDs of the manifest lines that contain a digest of the
// evidence, or the first line of a document that has such a digest.
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

// manifestDigests returns the digests of the two documents of a block in the Manifest
// tab. The manifests of the platform come first, the top manifests last.
func (v view) manifestDigests(block int) (a, b digest.Digest) {
	if block == len(v.docs.manifest)-1 {
		return v.docs.key.topA, v.docs.key.topB
	}
	return v.docs.key.manifestA, v.docs.key.manifestB
}

func pointsAtDigest(f diff.Finding, d digest.Digest) bool {
	return d != "" && slices.ContainsFunc(f.Evidence, func(e diff.Evidence) bool { return e.Digest == d })
}

// lineHasDigest reports whether a line contains a digest of the evidence.
func lineHasDigest(f diff.Finding, lines []safe.Text, at int) bool {
	return at >= 0 && slices.ContainsFunc(f.Evidence, func(e diff.Evidence) bool {
		return e.Digest != "" && strings.Contains(lines[at].String(), e.Digest.String())
	})
}
