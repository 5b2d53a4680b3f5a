package ui

import (
	"fmt"
	"strconv"
	"time"

	digest "github.com/opencontainers/go-digest"
	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// How much comes before the facts, and of the steps.
const (
	findingsAbove = 3
	stepsShown    = 8
)

// summaryRows are what was found, the facts that tell the sides apart, and the
// steps that differ. Calm facts come last.
func (s scene) summaryRows() []row {
	rows, also := s.entryErrors(), []row(nil)
	for i, f := range s.findings() {
		switch {
		case i == 0 && !s.alone && tells(f): // the box above says it already
			rows = append(rows, s.findingRow(f, true))
		case i < findingsAbove && f.Severity > 0:
			rows = append(rows, s.findingRow(f, false))
		default:
			also = append(also, s.findingRow(f, false))
		}
	}
	rows = append(rows, s.factRows()...)
	rows = append(rows, s.differingSteps()...)
	if len(s.cmp.Pairs) > 1 {
		rows = append(rows, blankRow(), headingRow(safe.Const("Platforms")))
		rows = append(rows, s.platformRows()...)
	}
	if len(also) > 0 {
		rows = append(append(rows, blankRow(), headingRow(safe.Const("Also"))), also...)
	}
	return rows
}

// entryErrors are why a side of the pair in view could not be read. In a
// comparison the box above says it.
func (s scene) entryErrors() []row {
	var rows []row
	for _, e := range []*model.Entry{s.pair.A, s.pair.B} {
		if s.alone && e != nil && e.Err != nil {
			rows = append(rows, row{header: true, lines: troubleLines(e.Err, s.frame)})
		}
	}
	return rows
}

// differingSteps are the steps that differ, oldest first: the first is often
// the cause of the others.
func (s scene) differingSteps() []row {
	if s.alone {
		return nil
	}
	var rows []row
	n := 0
	for _, r := range s.pair.Rows {
		if !r.Differs() {
			continue
		}
		if n++; n <= stepsShown {
			rows = append(rows, s.layerRow(r))
		}
	}
	if n == 0 {
		return nil
	}
	title := safe.Sprintf("Steps that differ, oldest first (%d of %d)", n, len(s.pair.Rows))
	if s.pair.Platform != "" && len(s.cmp.Pairs) > 1 {
		title = safe.Sprintf("%s on %s", title, s.pair.Platform)
	}
	rows = append([]row{blankRow(), headingRow(title)}, rows...)
	if n > stepsShown {
		rows = append(rows, s.noteRow(safe.Sprintf("and %d more: 3 shows all layers", n-stepsShown)))
	}
	return rows
}

func severityRole(n int) look.Role {
	return [...]look.Role{look.Plain, look.Strong, look.Warn, look.Alert}[max(min(n, 3), 0)]
}

// findingRow is what was found and what to do about it; only the latter if the
// former has been said.
func (s scene) findingRow(f diff.Finding, said bool) row {
	out := row{
		id: "finding " + f.ID + f.Say.String(), differs: true, title: safe.Clean(f.Name),
		what: safe.Const("the finding"), value: safe.Sprintf("%s %s", f.Say, f.Next),
		detail: func(fr frame) []row { return findingDetail(fr, f) },
	}
	if !said {
		out.lines = s.bulleted(look.S(severityRole(f.Severity), s.glyphs.Dot), look.S(severityRole(f.Severity), f.Say))
	}
	if !f.Next.IsEmpty() {
		out.lines = append(out.lines, s.bulleted(look.S(look.Strong, s.glyphs.Arrow), look.P(f.Next))...)
	}
	if len(out.lines) == 0 {
		out.lines = s.bulleted(look.S(look.Faint, s.glyphs.Dot), look.S(look.Faint, safe.Const("enter shows what proves it")))
	}
	return out
}

// bulleted is wrapped text behind a sign.
func (s scene) bulleted(sign, text look.Span) []look.Line {
	const indent = 3
	var lines []look.Line
	lead := []look.Span{sign, look.Gap(indent - look.Width(sign.Text))}
	for _, l := range look.Wrap([]look.Span{text}, max(s.width-indent-2, 8)) {
		lines = append(lines, look.L(lead...).With(l.Spans...))
		lead = []look.Span{look.Gap(indent)}
	}
	return lines
}

func findingDetail(f frame, of diff.Finding) []row {
	rows := fieldRows(f, safe.Const("finding"), safe.Sprintf("%s %s", of.ID, of.Name), look.Plain)
	rows = append(rows, fieldRows(f, safe.Const("says"), of.Say, severityRole(of.Severity))...)
	rows = append(rows, fieldRows(f, safe.Const("trust"), safe.Clean(string(of.Trust)), look.Plain)...)
	rows = append(rows, fieldRows(f, safe.Const("do"), of.Next, look.Plain)...)
	for _, e := range of.Evidence {
		at := safe.Clean(string(e.Side)).Upper()
		if e.Step >= 0 {
			at = safe.Sprintf("%s step %d", at, e.Step+1)
		}
		rows = append(rows, fieldRows(f, at, safe.Clean(e.Digest.String()), look.Faint)...)
	}
	return rows
}

// fact is one property on both sides, as shown in a column and in full.
type fact struct {
	name         safe.Text
	a, b         safe.Text
	fullA, fullB safe.Text
	differs      bool // decided before rounding and masking
	always       bool // digests and names: that they differ is no news
	shell        safe.Text
}

func (s scene) factRows() []row {
	rows := []row{blankRow()}
	for _, f := range s.facts() {
		if f.a.IsEmpty() && f.b.IsEmpty() {
			continue
		}
		rows = append(rows, s.factRow(f))
	}
	return rows
}

func (s scene) factRow(f fact) row {
	const nameWidth = 12
	out := row{id: f.name.String(), differs: f.differs && !f.always, shell: f.shell, what: f.name, value: f.fullB, title: f.name}
	if f.fullB.IsEmpty() {
		out.value = f.fullA
	}
	out.detail = func(fr frame) []row {
		return append(fieldRows(fr, safe.Const("A"), f.fullA, look.Plain), fieldRows(fr, safe.Const("B"), f.fullB, look.Plain)...)
	}
	l := look.L(look.S(look.Faint, s.glyphs.Fit(f.name, nameWidth)), look.Gap(1))
	if s.alone {
		shown := f.a
		if f.always { // there is room for the whole digest
			shown = f.fullA
		}
		out.lines = []look.Line{l.With(look.P(s.glyphs.Fit(shown, max(s.width-nameWidth-3, 8))))}
		return out
	}
	half := max((s.width-1-nameWidth-1-3-1)/2, 8)
	roleA, roleB, sign := look.Plain, look.Plain, look.S(look.Faint, s.glyphs.Mark(diff.Same))
	if f.differs {
		roleA, roleB, sign = look.SideA, look.SideB, look.S(look.Warn, s.glyphs.Mark(diff.Substituted))
	}
	out.lines = []look.Line{l.With(look.S(roleA, s.glyphs.Fit(f.a, half)), look.Gap(1), sign, look.Gap(1), look.S(roleB, s.glyphs.Fit(f.b, half)))}
	return out
}

// facts are the properties of both references and of the pair in view.
func (s scene) facts() []fact {
	ref := fact{
		name: safe.Const("reference"), always: true, differs: !s.alone && s.a != s.b,
		a: safe.Clean(s.a.Short()), b: safe.Clean(s.b.Short()), fullA: safe.Clean(s.a.String()), fullB: safe.Clean(s.b.String()),
	}
	if s.alone {
		ref.b, ref.fullB = safe.Text{}, safe.Text{}
	}
	facts := []fact{
		ref,
		s.fact(safe.Const("digest"), topOf(s.cmp.A, topDigest), topOf(s.cmp.B, topDigest), asDigest, s.topShell()),
		s.fact(safe.Const("kind"), topOf(s.cmp.A, kindText), topOf(s.cmp.B, kindText), nil, safe.Text{}),
	}
	a, b := s.images()
	for _, of := range imageFacts {
		facts = append(facts, s.fact(of.name, imageText(a, of.get), imageText(b, of.get), of.show, s.factShell(of.jq)))
	}
	return facts
}

// imageFacts are read in full and shown as show has it; jq finds them in the
// config.
var imageFacts = []struct {
	name safe.Text
	get  func(model.Image) string
	show func(string) safe.Text
	jq   string
}{
	{safe.Const("manifest"), func(i model.Image) string { return i.Manifest.Digest.String() }, asDigest, "manifest"},
	{safe.Const("image ID"), func(i model.Image) string { return i.ID().String() }, asDigest, "manifest"},
	{safe.Const("platform"), func(i model.Image) string { return model.PlatformName(i.Platform()) }, nil, ".os,.architecture"},
	{safe.Const("created"), createdInFull, asTime, ".created"},
	{safe.Const("size"), func(i model.Image) string { return strconv.FormatInt(i.Manifest.LayerSize(), 10) }, asSize, "manifest"},
	{safe.Const("layers"), layersText, nil, ".rootfs"},
	{safe.Const("start"), startText, nil, ".config|.Entrypoint,.Cmd"},
	{safe.Const("user"), func(i model.Image) string { return i.Config.Config.User }, nil, ".config.User"},
}

// factShell is the command that shows a property on both sides.
func (s scene) factShell(jq string) safe.Text {
	if jq == "manifest" {
		return s.manifestShell()
	}
	return s.bothShell("config %s | jq '"+jq+"'", entryRef(s.a, s.pair.A), entryRef(s.b, s.pair.B))
}

// fact makes a fact of two full values.
func (s scene) fact(name safe.Text, a, b string, show func(string) safe.Text, shell safe.Text) fact {
	f := fact{name: name, fullA: s.gate.Clean(a), fullB: s.gate.Clean(b), differs: !s.alone && a != b, shell: shell}
	f.a, f.b = f.fullA, f.fullB
	if show != nil {
		f.a, f.b = show(a), show(b)
		_, err := digest.Parse(a)
		f.always = err == nil
	}
	return f
}

func asDigest(s string) safe.Text { return look.Short(digest.Digest(s)) }

func asSize(s string) safe.Text {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == 0 {
		return safe.Text{}
	}
	return look.Size(n)
}

func asTime(s string) safe.Text {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return safe.Text{}
	}
	return look.Time(&t)
}

func createdInFull(i model.Image) string {
	t := i.Created()
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func imageText(i *model.Image, get func(model.Image) string) string {
	if i == nil {
		return ""
	}
	return get(*i)
}

func layersText(i model.Image) string {
	empty := 0
	for _, st := range i.Steps {
		if st.Empty {
			empty++
		}
	}
	text := fmt.Sprintf("%d in %d steps", len(i.Manifest.Layers), len(i.Steps))
	if empty > 0 {
		text += fmt.Sprintf(", %d empty", empty)
	}
	return text
}

// startText is what the container runs.
func startText(i model.Image) string {
	c := i.Config.Config
	if len(c.Entrypoint) == 0 && len(c.Cmd) == 0 {
		return ""
	}
	return fmt.Sprint(append(append([]string{}, c.Entrypoint...), c.Cmd...))
}

func topOf(a *model.Artifact, get func(model.Artifact) string) string {
	if a == nil {
		return ""
	}
	return get(*a)
}

func topDigest(a model.Artifact) string { return a.Top.Digest.String() }

// kindText is the kind, and what an index holds.
func kindText(a model.Artifact) string {
	switch {
	case a.Top.Kind == model.KindOther && a.Top.ArtifactType != "":
		return "artifact " + a.Top.ArtifactType
	case a.Top.Kind == model.KindOther:
		return "artifact " + a.Top.MediaType
	case a.Top.Kind != model.KindIndex:
		return string(a.Top.Kind)
	}
	receipts := 0
	for _, e := range a.Entries {
		if e.Role == model.RoleAttestation {
			receipts++
		}
	}
	text := fmt.Sprintf("index of %d platforms", len(a.Images()))
	if receipts > 0 {
		text += fmt.Sprintf(", %d receipts", receipts)
	}
	return text
}
