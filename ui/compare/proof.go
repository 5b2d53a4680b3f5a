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

// openProof opens the proof of a row, or of the verdict if the row has none.
func (p comparePage) openProof(r widget.Row) page.Effects {
	if r.Proof == nil {
		if p.alone || p.cmp.Verdict.Code == diff.Pending {
			return page.Toast(safe.Const("there is no verdict to prove here"))
		}
		v := p.viewIn(p.frame)
		r = widget.Row{
			Title: safe.Const("the verdict"), ValueName: safe.Const("the verdict"), Value: v.cmp.Verdict.Headline,
			Command: v.shellCommand(v.cmp.Verdict.Command),
			Proof:   func(f page.Frame) []widget.Row { v := v; v.Frame = f; return v.verdictProof(v.cmp.Verdict) },
		}
	}
	r.Detail, r.Title = r.Proof, safe.Sprintf("how we know: %s", r.Title)
	return page.Send(page.PushMsg{Page: widget.NewDetail(p.Crumb(), r)})
}

func (v view) verdictProof(verdict diff.Verdict) []widget.Row {
	rows := v.fields("verdict", verdict.Headline, verdictRole(verdict.Code))
	rows = append(rows, v.fields("because", verdict.Because, look.Plain)...)
	rows = append(rows, v.fields("trust", verdict.Trust.Words(), look.Plain)...)
	rows = append(rows, v.fields("rule", verdict.Code.Rule(), look.Plain)...)
	rows = append(rows, v.proofFields(verdict.Proof)...)
	return append(rows, v.commandFields("check", verdict.Command)...)
}

func (v view) fields(name string, value safe.Text, role look.Role) []widget.Row {
	return widget.FieldRows(v.Frame, safe.Clean(name), v.Glyphs.Sentence(value), role)
}

// proofFields returns the lines of a proof. Each can be copied separately.
func (v view) proofFields(proof []safe.Text) []widget.Row {
	var rows []widget.Row
	for i, t := range proof {
		name := "proof"
		if i > 0 {
			name = " "
		}
		rows = append(rows, v.fields(name, t, look.Plain)...)
	}
	return rows
}

// commandFields returns a shell command, which c and y copy.
func (v view) commandFields(name string, command safe.Text) []widget.Row {
	command = v.shellCommand(command)
	rows := v.fields(name, command, look.Strong)
	for i := range rows {
		rows[i].ValueName, rows[i].Command = safe.Const("the command"), command
	}
	return rows
}

// findingProof returns everything about a finding: its meaning, the rule with the actual
// values, and what to do. For the finding in the verdict box the proof of the verdict
// comes first.
func (v view) findingProof(g diff.Group, inBox bool) []widget.Row {
	var rows []widget.Row
	var said []safe.Text
	if inBox {
		said = v.cmp.Verdict.Proof
		rows = append(v.verdictProof(v.cmp.Verdict), widget.BlankRow())
	}
	proof := withoutRepeats(g.Proof, said)
	of := ruleOf(g.Finding)
	rows = append(rows, v.fields("finding", safe.Sprintf("%s %s", g.ID, g.Name), look.Strong)...)
	rows = append(rows, v.fields("says", g.Text, look.Severity(g.Severity))...)
	rows = append(rows, v.fields("means", safe.Clean(of.Means), look.Plain)...)
	rows = append(rows, v.fields("trust", g.Trust.Words(), look.Plain)...)
	rows = append(rows, v.fields("rule", safe.Clean(of.Proof), look.Plain)...)
	rows = append(rows, v.proofFields(proof)...)
	rows = append(rows, v.evidenceFields(g.Evidence, slices.Concat(said, g.Proof))...)
	rows = append(rows, v.commandFields("check", g.Check)...)
	rows = append(rows, v.fields("do", g.Next, look.Plain)...)
	rows = append(rows, v.commandFields("command", g.Command)...)
	for _, f := range g.Consequences {
		rows = append(rows, v.fields("follows", safe.Sprintf("%s (%s %s)", f.Text, f.ID, f.Name), look.Plain)...)
	}
	return rows
}

// FindingProofs returns the proofs of findings that belong to no comparison. crane is
// the command of Env.Crane.
func FindingProofs(f page.Frame, crane string, found []diff.Finding) []widget.Row {
	v := view{Frame: f, alone: true, crane: crane}
	var rows []widget.Row
	for i, of := range found {
		if i > 0 {
			rows = append(rows, widget.BlankRow())
		}
		rows = append(rows, v.findingProof(diff.Group{Finding: of}, false)...)
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

// withoutRepeats returns the lines that are not in shown, each once.
func withoutRepeats(lines, said []safe.Text) []safe.Text {
	var out []safe.Text
	for _, l := range lines {
		if !slices.Contains(said, l) && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// evidenceFields returns the full digests of the evidence that the proof does not
// contain.
func (v view) evidenceFields(evidence []diff.Evidence, proof []safe.Text) []widget.Row {
	var rows []widget.Row
	for _, e := range evidence {
		if e.Digest == "" || slices.ContainsFunc(proof, func(t safe.Text) bool { return strings.Contains(t.String(), e.Digest.String()) }) {
			continue
		}
		at := safe.Clean(string(e.Side)).Upper()
		if v.alone {
			at = safe.Text{}
		}
		if e.Step >= 0 {
			at = safe.Sprintf("%s step %d", at, e.Step+1)
		}
		rows = append(rows, widget.FieldRows(v.Frame, at, safe.Clean(e.Digest.String()), look.Faint)...)
	}
	return rows
}

// ruleOfClass returns the condition behind the class of a row.
func ruleOfClass(r diff.Row) (why safe.Text, trust diff.Trust) {
	switch r.Class {
	case diff.Same:
		return safe.Const("layer(A) = layer(B): the same blob, byte for byte"), diff.Proved
	case diff.RepackedRow:
		return safe.Const("diff_id(A) = diff_id(B), layer(A) ≠ layer(B): the same files, compressed again"), diff.Proved
	case diff.BothEmpty:
		return safe.Const("both unpack to an archive without a file; the diff_id says so, not the digest of the layer"), diff.Proved
	case diff.Substituted:
		return ruleOfSubstituted(r), diff.Inferred
	case diff.Added:
		return safe.Const("no step of A has this content, by diff_id, and none at this place has this instruction"), diff.Inferred
	case diff.Removed:
		return safe.Const("no step of B has this content, by diff_id, and none at this place has this instruction"), diff.Inferred
	case diff.Moved:
		return safe.Const("diff_id(A) = diff_id(B), at another place: the same files"), diff.Proved
	case diff.Settings:
		return safe.Const("neither side has a layer here; the instruction is the same"), diff.Proved
	}
	return safe.Text{}, ""
}

func ruleOfSubstituted(r diff.Row) safe.Text {
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

// stepProof proves the class of a row: its digests, their meaning, and the command that
// unpacks and hashes both layers.
func (v view) stepProof(r diff.Row) []widget.Row {
	why, trust := ruleOfClass(r)
	rows := v.fields("compared", v.rowNote(r), look.Strong)
	rows = append(rows, v.fields("rule", why, look.Plain)...)
	rows = append(rows, v.fields("trust", trust.Words(), look.Plain)...)
	for _, side := range []struct {
		name string
		st   *model.Step
	}{{"A ", r.A}, {"B ", r.B}} {
		if side.st == nil || !side.st.HasLayer {
			continue
		}
		if v.alone {
			side.name = ""
		}
		rows = append(rows, v.fields(side.name+"layer", safe.Clean(side.st.Layer.Digest.String()), look.Plain)...)
		rows = append(rows, v.fields(side.name+"diff_id", safe.Clean(side.st.DiffID.String()), look.Plain)...)
	}
	if hasLayer(r) {
		rows = append(rows, v.fields("", safe.Const(
			"layer: sha256 of the blob as stored; diff_id: of what it unpacks to. The command prints the diff_ids:"), look.Faint)...)
	}
	return append(rows, v.commandFields("check", v.layerCommand(r))...)
}

// schema1Proof shows how the schema1 IDs of a row are computed.
func (v view) schema1Proof(r diff.Row, a, b *model.Schema1Row, parts bool) []widget.Row {
	rows := v.fields("rule", safe.Const("id = sha256(hex of blobSum + \" \" + id of the row below); the newest also hashes its config"),
		look.Plain)
	if parts {
		rows = append(rows, v.fields("note", v.firstDifferentNote(r), look.Warn)...)
	}
	for _, side := range []struct {
		name string
		x    *model.Schema1Row
	}{{"A ", a}, {"B ", b}} {
		if side.x == nil {
			continue
		}
		rows = append(rows, v.schema1IDProof(side.name, side.x)...)
	}
	return rows
}

func (v view) schema1IDProof(name string, x *model.Schema1Row) []widget.Row {
	if v.alone {
		name = ""
	}
	rows := v.fields(name+"id", safe.Clean(x.ID), look.Strong)
	rows = append(rows, v.fields(name+"is", originText(x.Origin), look.Plain)...)
	rows = append(rows, v.fields(name+"sha256 of", v.Gate.Clean(x.Preimage), look.Plain)...)
	return append(rows, v.commandFields(name+"check", schema1IDCommand(x))...)
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

// platformProof proves the verdict on one platform.
func (v view) platformProof(p diff.Pair) []widget.Row {
	rows := v.verdictProof(p.Verdict)
	for _, side := range []struct {
		name string
		e    *model.Entry
	}{{"A", p.A}, {"B", p.B}} {
		if side.e == nil {
			continue
		}
		rows = append(rows, v.fields(side.name+" manifest", safe.Clean(side.e.Descriptor.Digest.String()), look.Plain)...)
		if side.e.Image != nil {
			rows = append(rows, v.fields(side.name+" config", safe.Clean(side.e.Image.ID().String()), look.Plain)...)
		}
	}
	return append(rows, v.commandFields("check", v.diffCommand("manifest %s | jq -S .", entryRef(v.a, p.A), entryRef(v.b, p.B)))...)
}

// documentProof explains how the documents of a line were compared.
func (v view) documentProof(b docBlock) []widget.Row {
	rows := v.fields("rule", safe.Const("both documents are printed alike, then compared line by line and, "+
		"in lines that differ, word by word"), look.Plain)
	return append(rows, v.commandFields("check", b.command)...)
}
