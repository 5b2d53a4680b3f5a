package compare

import (
	"encoding/hex"
	"fmt"
	"slices"
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

// property is one property of both sides: short for the column, full for the detail.
type property struct {
	name         safe.Text
	a, b         safe.Text
	fullA, fullB safe.Text
	differs      bool // decided before rounding and masking
	identifier   bool // a digest or name, which differs in most comparisons
	unread       bool // only one side has been read so far
	isPlace      bool // an identifier with the place of a side, which is not cut where the sides differ in it
	command      safe.Text
}

func (v view) propertyRows() []widget.Row {
	rows := []widget.Row{widget.BlankRow()}
	for _, f := range v.properties() {
		if f.a.IsEmpty() && f.b.IsEmpty() {
			continue
		}
		if v.cmp.Verdict.Code == diff.Pending && f.a.IsEmpty() != f.b.IsEmpty() {
			f.unread, f.differs = true, false
		}
		rows = append(rows, v.propertyRow(f))
	}
	return rows
}

func (v view) propertyRow(f property) widget.Row {
	const nameWidth = 12
	out := widget.Row{ID: f.name.String(), Differs: f.differs && !f.identifier, Command: f.command, ValueName: f.name,
		Sides: [2]safe.Text{f.fullA, f.fullB}, Title: f.name}
	if v.alone {
		out.Value, out.Sides = f.fullA, [2]safe.Text{}
	}
	out.Full = func() []safe.Text { return v.fullProperty(f) }
	out.Detail = func(fr page.Frame) []widget.Row {
		return append(widget.FieldRows(fr, safe.Const("A"), f.fullA, look.Plain), widget.FieldRows(fr, safe.Const("B"), f.fullB, look.Plain)...)
	}
	l := look.L(look.S(look.Faint, v.Glyphs.Fit(f.name, nameWidth)), look.Gap(1))
	if v.alone {
		shown := f.a
		if f.identifier { // one image has room for the whole digest
			shown = f.fullA
		}
		out.Lines = []look.Line{l.With(look.P(v.Glyphs.Fit(shown, max(v.Width-nameWidth-3, 8))))}
		return out
	}
	half := max((v.Width-1-nameWidth-1-3-1)/2, 8)
	roleA, roleB, sign := look.Plain, look.Plain, look.S(look.Faint, v.Glyphs.Mark(diff.Same))
	switch {
	case f.unread:
		sign = look.Gap(1)
	case f.differs:
		roleA, roleB, sign = look.SideA, look.SideB, look.S(look.Warn, v.Glyphs.Mark(diff.Substituted))
	}
	if f.differs && (!f.identifier || f.isPlace) && max(look.Width(f.a), look.Width(f.b)) > half { // the difference may be in what is cut
		room := max(v.Width-1-nameWidth-1-1, 8)
		out.Lines = []look.Line{
			l.With(look.S(roleA, v.Glyphs.Fit(f.a, room))),
			look.L(look.Gap(nameWidth-1), sign, look.Gap(1), look.S(roleB, v.Glyphs.Fit(f.b, room))),
		}
		return out
	}
	if f.a == f.b && look.Width(f.a) > half { // once, in full
		both := safe.Const("on both sides")
		room := max(v.Width-1-nameWidth-1-look.Width(both)-2, 8)
		out.Lines = []look.Line{l.With(look.S(roleA, v.Glyphs.Fit(f.a, min(look.Width(f.a), room))), look.Gap(2), look.S(look.Faint, both))}
		return out
	}
	out.Lines = []look.Line{l.With(look.S(roleA, v.Glyphs.Fit(f.a, half)), look.Gap(1), sign, look.Gap(1),
		look.S(roleB, v.Glyphs.Fit(f.b, half)))}
	return out
}

// fullProperty returns a property of both sides with nothing shortened.
func (v view) fullProperty(f property) []safe.Text {
	name := v.Glyphs.Fit(f.name, 12)
	switch {
	case v.alone || f.fullA == f.fullB:
		return []safe.Text{safe.Sprintf("%s %s", name, f.fullA)}
	case f.fullA.IsEmpty():
		return []safe.Text{safe.Sprintf("%s B %s", name, f.fullB)}
	case f.fullB.IsEmpty():
		return []safe.Text{safe.Sprintf("%s A %s", name, f.fullA)}
	}
	return []safe.Text{safe.Sprintf("%s A %s", name, f.fullA), safe.Sprintf("%s B %s", v.Glyphs.Fit(safe.Text{}, 12), f.fullB)}
}

// properties returns the properties of both references and of the pair in view.
func (v view) properties() []property {
	ref := property{
		name: safe.Const("reference"), identifier: true, isPlace: !placeBeside(v.a, v.b).IsEmpty(), differs: !v.alone && v.a != v.b,
		a: safe.Concat(placeBeside(v.a, v.b), safe.Clean(v.a.Short())), fullA: safe.Clean(v.a.String()),
		b: safe.Concat(placeBeside(v.b, v.a), safe.Clean(v.b.Short())), fullB: safe.Clean(v.b.String()),
	}
	if v.alone {
		ref.a = safe.Clean(v.a.Short())
		ref.b, ref.fullB = safe.Text{}, safe.Text{}
	}
	list := []property{
		ref,
		v.property(safe.Const("digest"), partOf(v.cmp.A, topDigest), partOf(v.cmp.B, topDigest), asDigest, v.topCommand()),
		v.property(safe.Const("kind"), partOf(v.cmp.A, kindText), partOf(v.cmp.B, kindText), nil, safe.Text{}),
		v.commitProperty(),
	}
	if a := v.cmp.A; v.alone && a != nil && len(a.Images()) == 0 {
		for _, part := range diff.ContentParts(*a) {
			list = append(list, property{name: part.Name, a: part.Text, fullA: part.Text})
		}
	}
	a, b := v.images()
	for _, of := range imageProperties {
		list = append(list, v.property(of.name, partOf(a, of.get), partOf(b, of.get), of.show, v.propertyCommand(of.jq)))
		if of.name == platformName {
			list = append(list, v.baseProperty())
		}
	}
	return list
}

// commitProperty is the commit that each image states, which nothing checks.
func (v view) commitProperty() property {
	return v.property(safe.Const("named commit"), v.cmp.StatedCommit(diff.SideA, v.pair), v.cmp.StatedCommit(diff.SideB, v.pair), asCommit,
		v.configCommand(".config.Labels"))
}

// asCommit shortens the hash of a commit as far as a digest.
func asCommit(s string) safe.Text {
	const gitHash = 40
	if _, err := hex.DecodeString(s); err == nil && len(s) == gitHash {
		s = s[:look.DigestWidth]
	}
	return safe.Clean(s)
}

var platformName = safe.Const("platform")

// baseProperty is the base that each image names, which nothing checks.
func (v view) baseProperty() property {
	a, b := v.cmp.BaseClaim(diff.SideA, v.pair), v.cmp.BaseClaim(diff.SideB, v.pair)
	f := property{name: safe.Const("named base"), a: a.Text(), b: b.Text(), fullA: fullClaim(a), fullB: fullClaim(b)}
	f.differs = !v.alone && !a.IsNone() && !b.IsNone() && (a.Name != b.Name || a.Digest != b.Digest)
	if v.alone && !a.IsNone() {
		f.a = safe.Sprintf("%s, %s", a.Text(), a.Says())
	}
	return f
}

// fullClaim is a named base with the digest in full and with what names it.
func fullClaim(claim diff.BaseClaim) safe.Text {
	if claim.IsNone() {
		return safe.Text{}
	}
	return safe.Sprintf("%s, %s", claim.Reference(), claim.Says())
}

// imageProperties are the properties of images: get returns the full value, show
// shortens it, jq finds it in the config.
var imageProperties = []struct {
	name safe.Text
	get  func(model.Image) string
	show func(string) safe.Text
	jq   string
}{
	{safe.Const("manifest"), func(i model.Image) string { return manifestDigest(i).String() }, asDigest, "manifest"},
	{safe.Const("image ID"), func(i model.Image) string { return i.ID().String() }, asDigest, "manifest"},
	{platformName, func(i model.Image) string { return model.PlatformName(i.Platform()) }, nil, ".os,.architecture"},
	{safe.Const("created"), createdInFull, asTime, ".created"},
	{safe.Const("size"), func(i model.Image) string { return strconv.FormatInt(i.Manifest.LayerSize(), 10) }, asSize, "manifest"},
	{safe.Const("layers"), layersText, nil, ".rootfs"},
	{safe.Const("start"), startText, nil, ".config|.Entrypoint,.Cmd"},
	{safe.Const("user"), func(i model.Image) string { return i.Config.Config.User }, nil, ".config.User"},
}

// propertyCommand returns the command that shows a property of both sides.
func (v view) propertyCommand(jq string) safe.Text {
	if jq == "manifest" {
		return v.manifestCommand(v.pair)
	}
	return v.configCommand(jq)
}

// property returns a property with two full values.
func (v view) property(name safe.Text, a, b string, show func(string) safe.Text, shell safe.Text) property {
	f := property{name: name, fullA: v.Gate.Clean(a), fullB: v.Gate.Clean(b), differs: !v.alone && a != b, command: shell}
	f.a, f.b = f.fullA, f.fullB
	if show != nil {
		f.a, f.b = show(a), show(b)
		if f.differs && f.a == f.b { // the difference is in what is rounded
			f.a, f.b = exactTexts(f.a, a, b)
			f.b = v.Glyphs.Sentence(f.b)
		}
		_, err := digest.Parse(a)
		f.identifier = err == nil
	}
	return f
}

// exactTexts returns two values whose rounded forms look the same: sizes with the difference in bytes, dates
// to the fraction of a second.
func exactTexts(rounded safe.Text, a, b string) (textA, textB safe.Text) {
	from, errA := strconv.ParseInt(a, 10, 64)
	to, errB := strconv.ParseInt(b, 10, 64)
	if errA == nil && errB == nil {
		return rounded, safe.Sprintf("%s, %s", rounded, look.SizeDelta(from, to))
	}
	exact := func(s string) safe.Text {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return safe.Sprintf("%s UTC", t.UTC().Format("2 Jan 2006 15:04:05.999999999"))
		}
		return safe.Clean(s)
	}
	return exact(a), exact(b)
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
	if model.RealDate(&t) == nil {
		return safe.Sprintf("%s (constant)", look.Time(&t))
	}
	return look.Time(&t)
}

func createdInFull(i model.Image) string {
	t := i.Config.Created
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func layersText(i model.Image) string {
	text := fmt.Sprintf("%d in %s", len(i.Manifest.Layers), look.Count(len(i.Steps), safe.Const("step"), safe.Const("steps")))
	if empty := count(i.Steps, func(st model.Step) bool { return st.Empty }); empty > 0 {
		text += fmt.Sprintf(", %d empty", empty)
	}
	return text
}

// startText returns the command that the container runs.
func startText(i model.Image) string {
	c := i.Config.Config
	if len(c.Entrypoint) == 0 && len(c.Cmd) == 0 {
		return ""
	}
	return fmt.Sprint(slices.Concat(c.Entrypoint, c.Cmd))
}

// partOf returns a part of an artifact or image, the zero value without one.
func partOf[T, P any](x *T, get func(T) P) (part P) {
	if x != nil {
		part = get(*x)
	}
	return part
}

func topDigest(a model.Artifact) string          { return a.Top.Digest.String() }
func manifestDigest(i model.Image) digest.Digest { return i.Manifest.Digest }

// kindText returns the kind of an artifact and, for an index, its content.
func kindText(a model.Artifact) string {
	switch {
	case a.Top.Kind == model.KindOther && a.Top.ArtifactType != "":
		return "artifact " + a.Top.ArtifactType
	case a.Top.Kind == model.KindOther:
		return "artifact " + a.Top.MediaType
	case a.Top.Kind != model.KindIndex:
		return string(a.Top.Kind)
	}
	text := look.IndexText(a)
	for _, more := range []struct {
		role      model.Role
		one, many safe.Text
	}{
		{model.RoleAttestation, safe.Const("attestation"), safe.Const("attestations")},
		{model.RoleUnknown, safe.Const("unknown entry"), safe.Const("unknown entries")},
		{model.RoleArtifact, safe.Const("artifact"), safe.Const("artifacts")},
		{model.RoleIndex, safe.Const("index"), safe.Const("indexes")},
	} {
		digests := map[digest.Digest]bool{}
		for _, e := range a.Entries {
			if e.Role == more.role {
				digests[e.Descriptor.Digest] = true
			}
		}
		if n := len(digests); n > 0 {
			text = safe.Sprintf("%s, %s", text, look.Count(n, more.one, more.many))
		}
	}
	return text.String()
}
