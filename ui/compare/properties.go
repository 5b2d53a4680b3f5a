package compare

import (
	"fmt"
	"strconv"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// fact is one property on both sides, as shown in a column and in full.
type fact struct {
	name         safe.Text
	a, b         safe.Text
	fullA, fullB safe.Text
	differs      bool // decided before rounding and masking
	always       bool // digests and names: that they differ is no news
	shell        safe.Text
}

func (s scene) factRows() []widget.Row {
	rows := []widget.Row{widget.BlankRow()}
	for _, f := range s.facts() {
		if f.a.IsEmpty() && f.b.IsEmpty() {
			continue
		}
		rows = append(rows, s.factRow(f))
	}
	return rows
}

func (s scene) factRow(f fact) widget.Row {
	const nameWidth = 12
	out := widget.Row{ID: f.name.String(), Differs: f.differs && !f.always, Command: f.shell, ValueName: f.name, Value: f.fullB, Title: f.name}
	if f.fullB.IsEmpty() {
		out.Value = f.fullA
	}
	out.Detail = func(fr page.Frame) []widget.Row {
		return append(widget.FieldRows(fr, safe.Const("A"), f.fullA, look.Plain), widget.FieldRows(fr, safe.Const("B"), f.fullB, look.Plain)...)
	}
	l := look.L(look.S(look.Faint, s.Glyphs.Fit(f.name, nameWidth)), look.Gap(1))
	if s.alone {
		shown := f.a
		if f.always { // there is room for the whole digest
			shown = f.fullA
		}
		out.Lines = []look.Line{l.With(look.P(s.Glyphs.Fit(shown, max(s.Width-nameWidth-3, 8))))}
		return out
	}
	half := max((s.Width-1-nameWidth-1-3-1)/2, 8)
	roleA, roleB, sign := look.Plain, look.Plain, look.S(look.Faint, s.Glyphs.Mark(diff.Same))
	if f.differs {
		roleA, roleB, sign = look.SideA, look.SideB, look.S(look.Warn, s.Glyphs.Mark(diff.Substituted))
	}
	out.Lines = []look.Line{l.With(look.S(roleA, s.Glyphs.Fit(f.a, half)), look.Gap(1), sign, look.Gap(1), look.S(roleB, s.Glyphs.Fit(f.b, half)))}
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
	f := fact{name: name, fullA: s.Gate.Clean(a), fullB: s.Gate.Clean(b), differs: !s.alone && a != b, shell: shell}
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
