package compare

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// explain opens how one knows what a row says; without one, how one knows the
// verdict.
func (p comparePage) explain(r widget.Row) page.Effects {
	if r.Proof == nil {
		if p.alone || p.cmp.Verdict.Code == diff.Pending {
			return page.Toast(safe.Const("there is no verdict to prove here"))
		}
		s := p.scene(p.frame)
		r = widget.Row{
			Title: safe.Const("the verdict"), ValueName: safe.Const("the verdict"), Value: s.cmp.Verdict.Headline, Command: s.command(s.cmp.Verdict.Command),
			Proof: func(f page.Frame) []widget.Row { s := s; s.Frame = f; return s.howVerdict(s.cmp.Verdict) },
		}
	}
	r.Detail, r.Title = r.Proof, safe.Sprintf("how we know: %s", r.Title)
	return page.Send(page.PushMsg{Page: widget.NewDetail(p.Crumb(), r)})
}

func (s scene) howVerdict(v diff.Verdict) []widget.Row {
	rows := s.fields("verdict", v.Headline, verdictRole(v.Code))
	rows = append(rows, s.fields("because", v.Because, look.Plain)...)
	rows = append(rows, s.fields("trust", v.Trust.Words(), look.Plain)...)
	rows = append(rows, s.fields("rule", v.Code.Rule(), look.Plain)...)
	rows = append(rows, s.proofFields(v.Proof)...)
	return append(rows, s.commandFields("check", v.Command)...)
}

func (s scene) fields(name string, value safe.Text, role look.Role) []widget.Row {
	return widget.FieldRows(s.Frame, safe.Clean(name), s.Glyphs.Sentence(value), role)
}

// proofFields are the lines of a proof, each to be copied alone.
func (s scene) proofFields(proof []safe.Text) []widget.Row {
	var rows []widget.Row
	for i, t := range proof {
		name := "proof"
		if i > 0 {
			name = " "
		}
		rows = append(rows, s.fields(name, t, look.Plain)...)
	}
	return rows
}

// commandFields show a shell command, which c and y copy.
func (s scene) commandFields(name string, command safe.Text) []widget.Row {
	command = s.command(command)
	rows := s.fields(name, command, look.Strong)
	for i := range rows {
		rows[i].ValueName, rows[i].Command = safe.Const("the command"), command
	}
	return rows
}

// howFinding is all there is to a finding: what it means, the rule with its
// real values, what to do. For the one in the box the verdict comes first.
func (s scene) howFinding(g diff.Group, inBox bool) []widget.Row {
	var rows []widget.Row
	var said []safe.Text
	if inBox {
		said = s.cmp.Verdict.Proof
		rows = append(s.howVerdict(s.cmp.Verdict), widget.BlankRow())
	}
	proof := unsaid(g.Proof, said)
	of := ruleOf(g.Finding)
	rows = append(rows, s.fields("finding", safe.Sprintf("%s %s", g.ID, g.Name), look.Strong)...)
	rows = append(rows, s.fields("says", g.Say, look.Severity(g.Severity))...)
	rows = append(rows, s.fields("means", safe.Clean(of.Means), look.Plain)...)
	rows = append(rows, s.fields("trust", g.Trust.Words(), look.Plain)...)
	rows = append(rows, s.fields("rule", safe.Clean(of.Proof), look.Plain)...)
	rows = append(rows, s.proofFields(proof)...)
	rows = append(rows, s.evidenceFields(g.Evidence, slices.Concat(said, g.Proof))...)
	rows = append(rows, s.commandFields("check", g.Check)...)
	rows = append(rows, s.fields("do", g.Next, look.Plain)...)
	rows = append(rows, s.commandFields("command", g.Command)...)
	for _, f := range g.Consequences {
		rows = append(rows, s.fields("follows", safe.Sprintf("%s (%s %s)", f.Say, f.ID, f.Name), look.Plain)...)
	}
	return rows
}

// FindingProofs tell findings in full where there is no comparison.
func FindingProofs(f page.Frame, crane string, found []diff.Finding) []widget.Row {
	s := scene{Frame: f, alone: true, crane: crane}
	var rows []widget.Row
	for i, of := range found {
		if i > 0 {
			rows = append(rows, widget.BlankRow())
		}
		rows = append(rows, s.howFinding(diff.Group{Finding: of}, false)...)
	}
	return rows
}

func ruleOf(f diff.Finding) diff.Rule {
	all := diff.Catalogue()
	if i := slices.IndexFunc(all, func(r diff.Rule) bool { return r.ID == f.ID }); i >= 0 {
		return all[i]
	}
	return diff.Rule{}
}

// unsaid are the lines that have not been said, each once.
func unsaid(lines, said []safe.Text) []safe.Text {
	var out []safe.Text
	for _, l := range lines {
		if !slices.Contains(said, l) && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// evidenceFields are the digests that a finding points at, in full, but for
// those that the proof has.
func (s scene) evidenceFields(evidence []diff.Evidence, proof []safe.Text) []widget.Row {
	var rows []widget.Row
	for _, e := range evidence {
		if e.Digest == "" || slices.ContainsFunc(proof, func(t safe.Text) bool { return strings.Contains(t.String(), e.Digest.String()) }) {
			continue
		}
		at := safe.Clean(string(e.Side)).Upper()
		if s.alone {
			at = safe.Text{}
		}
		if e.Step >= 0 {
			at = safe.Sprintf("%s step %d", at, e.Step+1)
		}
		rows = append(rows, widget.FieldRows(s.Frame, at, safe.Clean(e.Digest.String()), look.Faint)...)
	}
	return rows
}

// whyClass says what the mark of a row rests on.
func whyClass(r diff.Row) (why safe.Text, trust diff.Trust) {
	switch r.Class {
	case diff.Same:
		return safe.Const("layer(A) = layer(B): the same blob, byte for byte"), diff.Proved
	case diff.RepackedRow:
		return safe.Const("diff_id(A) = diff_id(B), layer(A) ≠ layer(B): the same files, compressed again"), diff.Proved
	case diff.BothEmpty:
		return safe.Const("both unpack to an archive without a file; the diff_id says so, not the digest of the layer"), diff.Proved
	case diff.Substituted:
		return whySubstituted(r), diff.Shown
	case diff.Added:
		return safe.Const("no step of A has this content, by diff_id, and none at this place has this instruction"), diff.Shown
	case diff.Removed:
		return safe.Const("no step of B has this content, by diff_id, and none at this place has this instruction"), diff.Shown
	case diff.Moved:
		return safe.Const("diff_id(A) = diff_id(B), at another place: the same files"), diff.Proved
	case diff.Settings:
		return safe.Const("neither side has a layer here; the instruction is the same"), diff.Proved
	}
	return safe.Text{}, ""
}

func whySubstituted(r diff.Row) safe.Text {
	switch r.Detail {
	case diff.Rebuilt:
		return safe.Const("the same instruction, diff_id(A) ≠ diff_id(B): built again, with another result")
	case diff.Emptied:
		return safe.Const("A's layer holds files, B's unpacks to nothing")
	case diff.Filled:
		return safe.Const("A's layer unpacks to nothing, B's holds files")
	}
	return safe.Const("the same place, another instruction, and not the same content")
}

// howStep is how one knows the class of a row: its digests, what they are by,
// and the command that unpacks and hashes both layers.
func (s scene) howStep(r diff.Row) []widget.Row {
	why, trust := whyClass(r)
	rows := s.fields("compared", s.note(r), look.Strong)
	rows = append(rows, s.fields("rule", why, look.Plain)...)
	rows = append(rows, s.fields("trust", trust.Words(), look.Plain)...)
	for _, side := range []struct {
		name string
		st   *model.Step
	}{{"A ", r.A}, {"B ", r.B}} {
		if side.st == nil || !side.st.HasLayer {
			continue
		}
		if s.alone {
			side.name = ""
		}
		rows = append(rows, s.fields(side.name+"layer", safe.Clean(side.st.Layer.Digest.String()), look.Plain)...)
		rows = append(rows, s.fields(side.name+"diff_id", safe.Clean(side.st.DiffID.String()), look.Plain)...)
	}
	if hasLayer(r) {
		rows = append(rows, s.fields("", safe.Const("layer: sha256 of the blob as stored; diff_id: of what it unpacks to. The command prints the diff_ids:"), look.Faint)...)
	}
	return append(rows, s.commandFields("check", s.layerShell(r))...)
}

// howID is how an id of schema1 comes about, with the values of both sides.
func (s scene) howID(r diff.Row, a, b *model.Schema1Row, parts bool) []widget.Row {
	rows := s.fields("rule", safe.Const("id = sha256(hex of blobSum + \" \" + id of the row below); the newest also hashes its config"), look.Plain)
	if parts {
		rows = append(rows, s.fields("note", s.partingNote(r), look.Warn)...)
	}
	for _, side := range []struct {
		name string
		x    *model.Schema1Row
	}{{"A ", a}, {"B ", b}} {
		if side.x == nil {
			continue
		}
		rows = append(rows, s.howOneID(side.name, side.x)...)
	}
	return rows
}

func (s scene) howOneID(name string, x *model.Schema1Row) []widget.Row {
	if s.alone {
		name = ""
	}
	rows := s.fields(name+"id", safe.Clean(x.ID), look.Strong)
	rows = append(rows, s.fields(name+"is", originText(x.Origin), look.Plain)...)
	rows = append(rows, s.fields(name+"sha256 of", s.Gate.Clean(x.Preimage), look.Plain)...)
	return append(rows, s.commandFields(name+"check", idShell(x))...)
}

func originText(o model.Origin) safe.Text {
	switch o {
	case model.Derived:
		return safe.Const("derived: it follows from the digests, it says nothing of the build")
	case model.Native:
		return safe.Const("native: made up at build time")
	case model.Broken:
		return safe.Const("broken: it names a parent that is not the row below")
	case model.Unproved:
		return safe.Const("newest: it also hashes the config, which is not in this format")
	}
	return safe.Clean(string(o))
}

// howPlatform is the verdict on one platform.
func (s scene) howPlatform(p diff.Pair) []widget.Row {
	rows := s.howVerdict(p.Verdict)
	for _, side := range []struct {
		name string
		e    *model.Entry
	}{{"A", p.A}, {"B", p.B}} {
		if side.e == nil {
			continue
		}
		rows = append(rows, s.fields(side.name+" manifest", safe.Clean(side.e.Descriptor.Digest.String()), look.Plain)...)
		if side.e.Image != nil {
			rows = append(rows, s.fields(side.name+" config", safe.Clean(side.e.Image.ID().String()), look.Plain)...)
		}
	}
	return append(rows, s.commandFields("check", s.bothShell("manifest %s | jq -S .", entryRef(s.a, p.A), entryRef(s.b, p.B)))...)
}

// howLine is how two documents were compared of which a line is shown.
func (s scene) howLine(b docBlock) []widget.Row {
	rows := s.fields("rule", safe.Const("both documents are printed alike, then compared line by line and, in lines that differ, word by word"), look.Plain)
	return append(rows, s.commandFields("check", b.shell)...)
}
