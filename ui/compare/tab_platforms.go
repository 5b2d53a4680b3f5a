package compare

import (
	"context"
	"fmt"
	"maps"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// platformRows returns a row for each platform; enter selects it. Attestations and other
// entries that are not platforms follow.
func (v view) platformRows(findings bool) []widget.Row {
	var rows []widget.Row
	groups := v.allFindings()
	for i, p := range v.cmp.Pairs {
		row := v.platformRow(p, pairIDOf(v.cmp.Pairs, i), findings && len(v.cmp.Pairs) <= fewPlatforms)
		if findings {
			row = v.withFindings(row, groups, func(f diff.Finding) bool { return pointsAtPair(f, p) })
		}
		rows = append(rows, row)
	}
	others := v.otherRows(findings)
	if len(others) > 0 {
		rows = append(rows, widget.BlankRow(), widget.HeadingRow(safe.Const("Other entries")))
	}
	return append(rows, others...)
}

// platformRow returns the row of a platform. With below a verdict that does not fit
// stands below it.
func (v view) platformRow(p diff.Pair, id pairID, below bool) widget.Row {
	name, nameWidth := pairName(p), v.platformWidth()
	mark, role := v.pairMark(p)
	l := look.L(look.S(role, mark), look.Gap(1), look.P(v.Glyphs.FitMiddle(name, nameWidth)), look.Gap(1))
	if p.A == v.pair.A && p.B == v.pair.B {
		l.Spans[2].Role = look.Strong
	}
	l = l.With(v.entryCell(p.A, look.SideA, p)...).With(look.Gap(2))
	var lines []look.Line
	if v.alone {
		lines = v.withNote(l, look.S(look.Alert, unreadText(p.A)), true)
	} else {
		l = l.With(v.entryCell(p.B, look.SideB, p)...).With(look.Gap(2))
		lines = append(v.withNote(l, look.S(role, pairNote(p)), below || nameWidth > platformNameWidth), v.unreadLines(p)...)
	}
	if look.Width(name) > nameWidth {
		lines = append(lines, v.noteLines(look.S(look.Faint, name))...)
	}
	lines = append(lines, v.programLines(p)...)
	out := widget.Row{
		ID: platformID(id), Lines: lines, Differs: role == look.Warn || role == look.Alert,
		ValueName: safe.Sprintf("the manifest of %s", name), Title: name,
	}
	digest := func(e model.Entry) safe.Text { return safe.Clean(e.Descriptor.Digest.String()) }
	if v.alone {
		out.Value = partOf(p.A, digest)
	} else {
		out.Sides = [2]safe.Text{partOf(p.A, digest), partOf(p.B, digest)}
	}
	out.Command = v.manifestCommand(p)
	if !v.alone {
		out.Proof = func(f page.Frame) []widget.Row { return v.in(f).platformProof(p) }
	}
	return out
}

// withNote returns a line with a note at its end. below allows the note to stand below the
// line if there is no room for it.
func (v view) withNote(l look.Line, note look.Span, below bool) []look.Line {
	if below && l.Width()+look.Width(note.Text)+1 > v.Width {
		return append([]look.Line{l}, v.noteLines(note)...)
	}
	return []look.Line{l.With(note)}
}

// fewPlatforms is for how many platforms the Platforms tab has the room of two lines each.
const fewPlatforms = 4

// Widths of the names of platforms in cells: the usual one, the most, which is that of
// a Windows version, and the least.
const (
	platformNameWidth = 18
	widestPlatform    = 33
	shortestPlatform  = 13 // linux/ppc64le
)

// platformWidth returns the width that the names of all platforms need.
func (v view) platformWidth() int {
	width := platformNameWidth
	for _, p := range v.cmp.Pairs {
		width = max(width, look.Width(pairName(p)))
	}
	return min(width, max(v.Width-v.entryCells()-4, shortestPlatform), widestPlatform)
}

// entryCells returns the cells of the manifests and sizes beside the name of a platform.
func (v view) entryCells() int {
	const gap = 2
	cells := look.DigestWidth + gap
	if v.sizesEntries() {
		cells += 1 + look.SizeWidth
	}
	if v.alone {
		return cells
	}
	return 2 * cells
}

// sizesEntries reports whether the rows have sizes: otherwise the verdict needs the room.
func (v view) sizesEntries() bool { return v.alone || v.Width >= look.WideWidth }

// unreadText says why the image of an entry could not be read.
func unreadText(e *model.Entry) safe.Text {
	switch {
	case e == nil || e.Err == nil:
		return safe.Text{}
	case model.IsMissing(e.Err):
		return safe.Const("not in the registry")
	}
	return safe.Clean(model.ShortError(e.Err))
}

// unreadLines says why images of a pair could not be read.
func (v view) unreadLines(p diff.Pair) []look.Line {
	a, b := unreadText(p.A), unreadText(p.B)
	if a == b && !a.IsEmpty() {
		return v.noteLines(look.S(look.Alert, safe.Sprintf("A and B: %s", a)))
	}
	var lines []look.Line
	for side, e := range bothSides(p.A, p.B) {
		if text := unreadText(e); !text.IsEmpty() {
			lines = append(lines, v.noteLines(look.S(look.Alert, safe.Sprintf("%s: %s", sideLetter(side), text)))...)
		}
	}
	return lines
}

func platformID(id pairID) string { return fmt.Sprint("platform ", id) }

func otherID(side diff.Side, e model.Entry) string {
	return "other " + string(side) + e.Descriptor.Digest.String()
}

// pairMark returns the sign of a platform's verdict.
func (v view) pairMark(p diff.Pair) (safe.Text, look.Role) {
	switch {
	case v.alone:
		return safe.Const(" "), look.Faint
	case p.A == nil:
		return v.Glyphs.Mark(diff.Added), look.SideB
	case p.B == nil:
		return v.Glyphs.Mark(diff.Removed), look.SideA
	}
	role := verdictRole(p.Verdict.Code)
	if _, other := p.OtherLabel(); other {
		return v.Glyphs.Mark(diff.Substituted), look.Warn
	}
	switch p.Verdict.Code {
	case diff.Pending:
		return v.Glyphs.Dot, role
	case diff.Identical, diff.OtherEnvelope:
		return v.Glyphs.Mark(diff.Same), look.Faint
	case diff.Repacked, diff.Reprinted:
		return v.Glyphs.Mark(diff.RepackedRow), role
	}
	return v.Glyphs.Mark(diff.Substituted), role
}

// entryCell returns the manifest and size of one side.
func (v view) entryCell(e *model.Entry, role look.Role, p diff.Pair) []look.Span {
	width := look.DigestWidth
	sized := v.sizesEntries()
	if sized {
		width += 1 + look.SizeWidth
	}
	switch {
	case e == nil:
		return []look.Span{look.S(look.Faint, v.Glyphs.Hatch.Repeat(width))}
	case e.Err != nil:
		return []look.Span{look.S(look.Alert, v.Glyphs.Fit(look.Short(e.Descriptor.Digest), width))}
	}
	if p.A != nil && p.B != nil && p.A.Descriptor.Digest == p.B.Descriptor.Digest || v.alone {
		role = look.Plain
	}
	digest := look.S(role, v.Glyphs.Fit(look.Short(e.Descriptor.Digest), look.DigestWidth))
	if !sized {
		return []look.Span{digest}
	}
	size := safe.Text{}
	if e.Image != nil {
		size = look.Size(e.Image.Manifest.LayerSize())
	}
	return []look.Span{digest, look.Gap(1), look.S(look.Faint, v.Glyphs.Right(size, look.SizeWidth))}
}

func pairNote(p diff.Pair) safe.Text {
	switch {
	case p.A == nil:
		return safe.Const("only in B")
	case p.B == nil:
		return safe.Const("only in A")
	}
	if p.Verdict.Code == diff.NotComparable && (p.A.Err != nil || p.B.Err != nil) { // unreadLines says why
		return unreadSides(p)
	}
	if label, other := p.OtherLabel(); other {
		return safe.Sprintf("%s, in B %s", p.Verdict.Headline, label)
	}
	return p.Verdict.Headline
}

// unreadSides names the sides of a pair whose image could not be read.
func unreadSides(p diff.Pair) safe.Text {
	var sides []safe.Text
	for side, e := range bothSides(p.A, p.B) {
		if e.Err != nil {
			sides = append(sides, sideLetter(side))
		}
	}
	return safe.Sprintf("%s could not be read", safe.Join(sides, " and "))
}

// otherRows returns the attestations, artifacts and nested indexes of both sides.
func (v view) otherRows(findings bool) []widget.Row {
	var rows []widget.Row
	groups := v.allFindings()
	for side, art := range bothSides(v.cmp.A, v.cmp.B) {
		if art.Top.Kind != model.KindIndex {
			continue
		}
		letter := sideLetter(side)
		if v.alone {
			letter = safe.Const(" ")
		}
		for _, e := range art.Entries {
			if e.Role == model.RoleImage {
				continue
			}
			only := diff.Pair{A: &e}
			if side == diff.SideB {
				only = diff.Pair{B: &e}
			}
			lead := look.L(look.S(sideRole(side), letter), look.Gap(1), look.P(look.Short(e.Descriptor.Digest)), look.Gap(2))
			note := look.S(look.Faint, otherNote(e, *art))
			row := widget.Row{
				ID: otherID(side, e), Lines: look.Hanging(lead, max(v.Width-lead.Width()-2, 8), note),
				ValueName: safe.Const("the digest"), Value: safe.Clean(e.Descriptor.Digest.String()),
				Command: v.manifestCommand(only),
			}
			if findings { // without the fact that attestations are not platforms, which every attestation would repeat
				row = v.withFindings(row, groups, func(f diff.Finding) bool { return f.Severity > 0 && pointsAtEntry(f, side, &e) })
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// otherNote describes an entry that is not a platform.
func otherNote(e model.Entry, of model.Artifact) safe.Text {
	switch e.Role {
	case model.RoleAttestation:
		about := safe.Const("an image")
		for _, o := range of.Entries {
			if o.Descriptor.Digest == e.Subject && e.Subject != "" {
				about = safe.Clean(model.PlatformName(o.Platform()))
			}
		}
		return safe.Sprintf("attestation of the build for %s", about)
	case model.RoleUnknown:
		return safe.Const("not for an architecture, or an image that no client takes")
	case model.RoleIndex:
		return safe.Const("nested index; its platforms are listed above")
	}
	return diff.ArtifactText(e)
}

// programReading is the reading of layers that tells for which machines the programs of doubtful platforms
// are (C3, C4).
type programReading struct {
	id    page.LoadID // of the running command, 0 for none
	last  page.LoadID
	read  diff.ReadLayers
	tried map[digest.Digest]bool // layers of which nothing more is read
	bytes int64                  // of the layers that were read whole
	known bool                   // there is nothing to read until something arrives
}

// programsReadMsg is the end of a reading of layers for their programs.
type programsReadMsg struct {
	id     page.LoadID
	states model.LayerStates
}

// startPrograms reads what tells for which machines the programs of doubtful platforms are: small layers, and the
// first 128 KiB of others.
func (p comparePage) startPrograms() (comparePage, page.Effects) {
	if p.programs.known || p.programs.id != 0 || p.cmp.A == nil || !p.complete() && !p.showsOnlyA() {
		return p, nil
	}
	var reads []model.LayerRead
	for _, l := range p.cmp.ProgramReads(p.cmp.IsSuspect, unasked-p.programs.bytes, p.programs.tried) {
		read := model.LayerRead{Repo: p.a.ref.Repo(), Layer: l.Descriptor, Enough: l.Enough}
		if l.Side == diff.SideB {
			read.Repo = p.b.ref.Repo()
		}
		if l.Enough == nil {
			if p.programs.bytes+l.Size > unasked {
				continue // of several at once
			}
			p.programs.bytes += l.Size
		}
		reads = append(reads, read)
	}
	p.programs.known = true
	if len(reads) == 0 {
		return p, nil
	}
	p.programs.last++
	p.programs.id = p.programs.last
	id, reg := p.programs.id, p.env.Registry
	return p, page.Once(p.ctx, func(ctx context.Context) tea.Msg {
		return programsReadMsg{id, reg.ReadLayers(ctx, reads, func(model.LayerState) {})}
	})
}

// programsArrived handles the end of a reading of layers for their programs.
func (p comparePage) programsArrived(msg programsReadMsg) comparePage {
	if msg.id != p.programs.id {
		return p
	}
	p.programs.id = 0
	p.programs.read, p.programs.tried = maps.Clone(p.programs.read), maps.Clone(p.programs.tried)
	if p.programs.read == nil {
		p.programs.read = diff.ReadLayers{}
	}
	if p.programs.tried == nil {
		p.programs.tried = map[digest.Digest]bool{}
	}
	for d, s := range msg.states {
		p.programs.tried[d] = s.Layer == nil || s.Layer.How == inside.Full
		if s.Layer != nil {
			p.programs.read[d] = s.Layer
		}
	}
	return p.recompare()
}

// programLines says for which machine the programs of a platform are, if that was seen.
func (v view) programLines(p diff.Pair) []look.Line {
	if len(v.cmp.Programs) == 0 && !v.alone { // no platform is in doubt
		return nil
	}
	a, b := v.cmp.ProgramsOf(p, diff.SideA), v.cmp.ProgramsOf(p, diff.SideB)
	isKnown := func(known *diff.ImagePrograms) bool { return known != nil && known.Basis() != diff.ByLabel }
	switch {
	case isKnown(a) && isKnown(b) && a.Text() != b.Text():
		return v.noteLines(look.S(look.Faint, safe.Sprintf("A %s; B %s", a.Text(), b.Text())))
	case isKnown(b):
		return v.noteLines(look.S(look.Faint, b.Text()))
	case isKnown(a):
		return v.noteLines(look.S(look.Faint, a.Text()))
	}
	return nil
}
