package compare

import (
	"cmp"
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
			Proof:   func(f page.Frame) []widget.Row { return v.in(f).verdictProof(v.cmp.Verdict) },
		}
	}
	return page.Send(page.PushMsg{Page: widget.NewProof(p.Crumb(), r)})
}

func (v view) verdictProof(verdict diff.Verdict) []widget.Row {
	return append(v.verdictText(verdict), v.verdictReasons(verdict)...)
}

// verdictText returns what the box of the verdict says, in full.
func (v view) verdictText(verdict diff.Verdict) []widget.Row {
	return append(v.fields("verdict", verdict.Headline, verdictRole(verdict.Code)), v.fields("because", verdict.Because, look.Plain)...)
}

// verdictReasons is verdictProof without the text of the box.
func (v view) verdictReasons(verdict diff.Verdict) []widget.Row {
	rows := v.fields("code", safe.Clean(string(verdict.Code)), look.Plain)
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
// values, and what to do. The text of the verdict comes first, for a low window hides the end of
// it. The rest of its proof follows, after the finding if the headline of the box is the finding
// itself.
func (v view) findingProof(g diff.Group, inBox bool) []widget.Row {
	switch verdict := v.cmp.Verdict; {
	case !inBox:
		return v.findingRows(g, nil)
	case g.Lead.IsEmpty():
		return slices.Concat(v.verdictProof(verdict), []widget.Row{widget.BlankRow()}, v.findingRows(g, verdict.Proof))
	default:
		verdict.Proof = withoutRepeats(verdict.Proof, g.Proof)
		blank := []widget.Row{widget.BlankRow()}
		return slices.Concat(v.verdictText(verdict), blank, v.findingRows(g, nil), blank, v.verdictReasons(verdict))
	}
}

// findingRows is findingProof without the verdict. shown are lines of its proof that are
// above.
func (v view) findingRows(g diff.Group, shown []safe.Text) []widget.Row {
	rule := ruleOf(g.Finding)
	rows := v.fields("finding", safe.Sprintf("%s %s", g.ID, g.Name), look.Strong)
	rows = append(rows, v.fields("text", g.Text, look.Severity(g.Severity))...)
	rows = append(rows, v.fields("means", safe.Clean(rule.Means), look.Plain)...)
	rows = append(rows, v.fields("trust", g.Trust.Words(), look.Plain)...)
	rows = append(rows, v.fields("rule", safe.Clean(rule.Proof), look.Plain)...)
	rows = append(rows, v.proofFields(withoutRepeats(g.Proof, shown))...)
	rows = append(rows, v.evidenceFields(g.Evidence, slices.Concat(shown, g.Proof))...)
	rows = append(rows, v.commandFields("check", g.Check)...)
	rows = append(rows, v.fields("next step", g.Next, look.Plain)...)
	rows = append(rows, v.commandFields("command", g.Command)...)
	for _, f := range g.Consequences {
		rows = append(rows, v.fields("consequence", safe.Sprintf("%s (%s %s)", f.Text, f.ID, f.Name), look.Plain)...)
	}
	return rows
}

// FindingProofs returns the proofs of findings that belong to no comparison. crane is
// the command of Env.Crane.
func FindingProofs(f page.Frame, crane string, found []diff.Finding) []widget.Row {
	v := view{Frame: f, alone: true, crane: crane}
	var rows []widget.Row
	for i, finding := range found {
		if i > 0 {
			rows = append(rows, widget.BlankRow())
		}
		rows = append(rows, v.findingProof(diff.Group{Finding: finding}, false)...)
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
func withoutRepeats(lines, shown []safe.Text) []safe.Text {
	var out []safe.Text
	for _, l := range lines {
		if !slices.Contains(shown, l) && !slices.Contains(out, l) {
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
		name := sideLetter(e.Side)
		if v.alone {
			name = safe.Text{}
		}
		if e.Step >= 0 {
			name = safe.Sprintf("%s step %d", name, e.Step+1)
		}
		rows = append(rows, widget.FieldRows(v.Frame, name, safe.Clean(e.Digest.String()), look.Faint)...)
	}
	return rows
}

// rowRule is the condition behind the class of a row. An empty trust is that of its content.
type rowRule struct {
	why   safe.Text
	trust diff.Trust
}

// detailRules come before classRules.
var detailRules = map[diff.Class]map[diff.Detail]rowRule{
	diff.RepackedRow: {
		diff.Encrypted: {safe.Const("diff_id(A) = diff_id(B), and a layer is encrypted: the same files, as the configs claim"), diff.Inferred},
		diff.OtherHash: {safe.Const("diff_id(A) = diff_id(B) and equal sizes: the layers are named by two hash algorithms"), ""},
	},
	diff.Substituted: {
		diff.Rebuilt:      {safe.Const("the same instruction, diff_id(A) ≠ diff_id(B): built again with a different result"), diff.Inferred},
		diff.OtherFiles:   {safe.Const("the same instruction with two hashes of files: other files were given"), diff.Inferred},
		diff.OtherVersion: {safe.Const("the same name of a layer, two versions"), diff.Inferred},
		diff.OtherHash: {safe.Const("the same instruction and equal sizes; layers and diff_ids are named by two hash algorithms, " +
			"which cannot be compared"), diff.Inferred},
		diff.Converted: {safe.Const("the same instruction, diff_id(A) ≠ diff_id(B): a tool wrote all layers again"), diff.Inferred},
		diff.Emptied:   {safe.Const("A's layer has files, B's has none"), diff.Inferred},
		diff.Filled:    {safe.Const("A's layer has no files, B's has some"), diff.Inferred},
	},
}

var classRules = map[diff.Class]rowRule{
	diff.Same:        {safe.Const("layer(A) = layer(B): the same blob, byte for byte"), diff.Proved},
	diff.RepackedRow: {safe.Const("diff_id(A) = diff_id(B), layer(A) ≠ layer(B): the same files, packed again"), ""},
	diff.BothEmpty:   {safe.Const("both unpack to an archive without a file: the diff_ids prove it, the layer digests cannot"), ""},
	diff.Substituted: {safe.Const("the same position, a different instruction and different content"), diff.Inferred},
	diff.Added: {safe.Const("no step of A has this diff_id, and the step of A at this position has a different instruction"),
		diff.Inferred},
	diff.Removed: {safe.Const("no step of B has this diff_id, and the step of B at this position has a different instruction"),
		diff.Inferred},
	diff.Moved:    {safe.Const("diff_id(A) = diff_id(B), in a different step: the same files"), ""},
	diff.Settings: {safe.Const("neither side has a layer here; the instruction is the same"), diff.Proved},
}

// ruleOfClass returns the condition behind the class of a row, nothing if it has none.
func ruleOfClass(r diff.Row) (why safe.Text, trust diff.Trust) {
	rule := cmp.Or(detailRules[r.Class][r.Detail], classRules[r.Class])
	if !rule.why.IsEmpty() && rule.trust == "" {
		rule.trust = r.ContentTrust()
	}
	return rule.why, rule.trust
}

// stepProof proves the class of a row: its digests, their meaning, and the command that
// unpacks and hashes both layers.
func (v view) stepProof(r diff.Row) []widget.Row {
	why, trust := ruleOfClass(r)
	rows := v.fields("compared", look.RowNote(r), look.Strong)
	rows = append(rows, v.fields("rule", why, look.Plain)...)
	rows = append(rows, v.fields("trust", trust.Words(), look.Plain)...)
	for side, st := range bothSides(r.A, r.B) {
		if !st.HasLayer {
			continue
		}
		rows = append(rows, v.fields(v.sidePrefix(side)+"layer", safe.Clean(st.Layer.Digest.String()), look.Plain)...)
		rows = append(rows, v.fields(v.sidePrefix(side)+"diff_id", safe.Clean(st.DiffID.String()), look.Plain)...)
	}
	if hasLayer(r) {
		rows = append(rows, v.fields("", safe.Const(
			"layer: sha256 of the stored blob. diff_id: sha256 of the unpacked layer. The command prints the diff_ids:"), look.Faint)...)
	}
	return append(rows, v.commandFields("check", v.layerCommand(r))...)
}

// schema1Proof shows how the schema1 IDs of a row are computed.
func (v view) schema1Proof(r diff.Row, a, b *model.Schema1Row, isFirst bool) []widget.Row {
	rows := v.fields("rule", safe.Const("id = sha256(hex of blobSum + \" \" + id of the row below); the newest id also hashes the config"),
		look.Plain)
	if isFirst {
		rows = append(rows, v.fields("note", v.firstDifferentNote(r), look.Warn)...)
	}
	for side, row := range bothSides(a, b) {
		rows = append(rows, v.schema1IDProof(v.sidePrefix(side), *row)...)
	}
	return rows
}

func (v view) schema1IDProof(prefix string, row model.Schema1Row) []widget.Row {
	rows := v.fields(prefix+"id", safe.Clean(row.ID), look.Strong)
	rows = append(rows, v.fields(prefix+"origin", origins[row.Origin].text, look.Plain)...)
	rows = append(rows, v.fields(prefix+"sha256 of", v.Gate.Clean(row.Preimage), look.Plain)...)
	return append(rows, v.commandFields(prefix+"check", diff.Schema1IDCheck(row))...)
}

// origins are the origins of schema1 IDs: a letter, which the heading of the table explains,
// and words.
var origins = map[model.Origin]struct {
	sign look.Span
	text safe.Text
}{
	model.Derived: {look.S(look.Faint, safe.Const("d")), safe.Const("derived: computed from digests, independent of the build")},
	model.Native:  {look.S(look.Warn, safe.Const("n")), safe.Const("native: generated by the build")},
	model.Broken:  {look.S(look.Alert, safe.Const("b")), safe.Const("broken: its parent is not the row below")},
	model.Unproved: {look.S(look.Faint, safe.Const("?")),
		safe.Const("newest: it also hashes the config, which schema1 does not contain")},
}

// platformProof proves the verdict on one platform.
func (v view) platformProof(p diff.Pair) []widget.Row {
	rows := v.verdictProof(p.Verdict)
	for side, e := range bothSides(p.A, p.B) {
		rows = append(rows, v.fields(v.sidePrefix(side)+"manifest", safe.Clean(e.Descriptor.Digest.String()), look.Plain)...)
		if e.Image != nil {
			rows = append(rows, v.fields(v.sidePrefix(side)+"config", safe.Clean(e.Image.ID().String()), look.Plain)...)
		}
	}
	return append(rows, v.commandFields("check", v.manifestCommand(p))...)
}

// documentProof explains how the documents of a line were compared.
func (v view) documentProof(b docBlock) []widget.Row {
	rows := v.fields("rule", safe.Const("both documents are formatted in the same way and compared line by line; "+
		"lines that differ are compared word by word"), look.Plain)
	return append(rows, v.commandFields("check", b.command)...)
}

// shellCommand returns a shell command with the flags that these registries need.
func (v view) shellCommand(t safe.Text) safe.Text {
	if v.crane != "crane" {
		return diff.Insecure(t)
	}
	return t
}

// layerCommand returns the command that proves the diff_ids of a row. A row without
// layers is proved by the config.
func (v view) layerCommand(r diff.Row) safe.Text {
	if command := v.cmp.LayerCheck(r); !command.IsEmpty() {
		return v.shellCommand(command)
	}
	return v.configCommand(".")
}

// configCommand returns the command that shows the result of a jq query on the configs
// of the pair in view, or the manifests if a side is schema1.
func (v view) configCommand(jq string) safe.Text {
	if command := v.cmp.ConfigCheck(v.pair, jq); !command.IsEmpty() {
		return v.shellCommand(command)
	}
	return v.manifestCommand(v.pair)
}

// manifestCommand returns the command that shows the manifests of a pair.
func (v view) manifestCommand(p diff.Pair) safe.Text {
	return v.shellCommand(v.cmp.ManifestCheck(p, "."))
}

// topCommand returns the command that shows the top manifests.
func (v view) topCommand() safe.Text { return v.shellCommand(v.cmp.TopCheck()) }
