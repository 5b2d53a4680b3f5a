package compare

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// docs are the compared JSON documents of a pair. A command compares them, because large
// ones take time.
type docs struct {
	key              docsKey
	ready            bool
	config, manifest docDiff
}

// docsKey identifies the documents that docs were made from.
type docsKey struct {
	topA, topB, manifestA, manifestB, configA, configB digest.Digest
	reveal, alone                                      bool
}

// docDiff is the content of one tab: blocks of lines, each with a title.
type docDiff []docBlock

type docBlock struct {
	title   safe.Text
	command safe.Text // shows the difference
	a, b    []safe.Text
	lines   []text.Pair
	shifted bool // equal lines have different numbers in A and B
}

type docsMsg struct {
	key  docsKey
	docs docs
}

func (p comparePage) currentDocsKey(f page.Frame) docsKey {
	a, b := p.viewIn(f).images()
	config := func(i model.Image) digest.Digest { return i.Config.Digest }
	return docsKey{
		topA: partOf(p.cmp.A, model.Artifact.Digest), topB: partOf(p.cmp.B, model.Artifact.Digest),
		manifestA: partOf(a, manifestDigest), manifestB: partOf(b, manifestDigest),
		configA: partOf(a, config), configB: partOf(b, config), reveal: f.Gate.Reveal, alone: p.alone,
	}
}

// docsReady reports whether docs are those of the pair in view.
func (p comparePage) docsReady() bool { return p.docs.ready && p.docs.key == p.requestedDocs }

// requestDocs returns the effect that compares the documents of the pair in view, or nil
// if that is done or running.
func (p comparePage) requestDocs(f page.Frame) page.Effects {
	k := p.currentDocsKey(f)
	if k == p.requestedDocs || p.ctx == nil {
		return nil
	}
	v := p.viewIn(f)
	return page.Once(p.ctx, func(context.Context) tea.Msg {
		return docsMsg{k, docs{key: k, ready: true, config: v.configDocs(), manifest: v.manifestDocs()}}
	})
}

func (v view) configDocs() docDiff {
	a, b := v.images()
	raw := func(i model.Image) []byte { return i.Config.Raw }
	return docDiff{v.compareDocs(safe.Text{}, v.configCommand("."), partOf(a, raw), partOf(b, raw))}
}

// manifestDocs returns the manifests of the pair in view, and the top manifests if a
// side is an index.
func (v view) manifestDocs() docDiff {
	topRaw := func(a model.Artifact) []byte { return a.Top.Raw }
	tops := v.compareDocs(safe.Text{}, v.topCommand(), partOf(v.cmp.A, topRaw), partOf(v.cmp.B, topRaw))
	if !v.hasIndex() {
		return docDiff{tops}
	}
	tops.title = safe.Const("What the tags point at")
	a, b := v.images()
	if a == nil && b == nil {
		return docDiff{tops}
	}
	title := safe.Sprintf("Manifest of %s", v.pair.Platform)
	raw := func(i model.Image) []byte { return i.Manifest.Raw }
	return docDiff{v.compareDocs(title, v.manifestCommand(v.pair), partOf(a, raw), partOf(b, raw)), tops}
}

// hasIndex reports whether a side is an index.
func (v view) hasIndex() bool {
	isIndex := func(a *model.Artifact) bool { return a != nil && a.Top.Kind == model.KindIndex }
	return isIndex(v.cmp.A) || isIndex(v.cmp.B)
}

// compareDocs compares two documents line by line. Differences are found before secrets
// are masked, because a changed secret is a difference.
func (v view) compareDocs(title, shell safe.Text, a, b []byte) docBlock {
	rawA, shownA := v.docLines(a)
	rawB, shownB := v.docLines(b)
	out := docBlock{title: title, command: shell, a: shownA, b: shownB}
	if v.alone {
		for i := range out.a {
			out.lines = append(out.lines, text.Pair{A: i, B: -1})
		}
		return out
	}
	out.lines = text.LinesDisplayed(withoutComma(rawA), withoutComma(rawB), withoutComma(shownA), withoutComma(shownB))
	out.shifted = slices.ContainsFunc(out.lines, func(l text.Pair) bool { return l.A >= 0 && l.B >= 0 && l.A != l.B })
	return out
}

// docLines returns the lines of a document, pretty-printed if it is JSON: whole and with
// secrets masked.
func (v view) docLines(raw []byte) (whole, shown []safe.Text) {
	if len(raw) == 0 {
		return nil, nil
	}
	text, _ := jsondoc.Pretty(raw)
	text = strings.TrimRight(text, "\n")
	return safe.Lines(text), v.Gate.Lines(text)
}

// withoutComma returns lines for the comparison. A member is equal whether or not
// another one follows.
func withoutComma(lines []safe.Text) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = strings.TrimSuffix(l.String(), ",")
	}
	return out
}

// differences counts the runs of differing lines.
func (d docDiff) differences() int {
	n := 0
	for _, b := range d {
		for i := range b.lines {
			if b.startsRun(i) {
				n++
			}
		}
	}
	return n
}

// startsRun reports whether a line is the first of a run of differing lines.
func (b docBlock) startsRun(i int) bool {
	return lineDiffers(b.lines[i]) && (i == 0 || !lineDiffers(b.lines[i-1]))
}

func (b docBlock) lineID(l text.Pair) string {
	return safe.Sprintf("%s %d %d", b.title, l.A, l.B).String()
}

func lineDiffers(l text.Pair) bool { return l.Changed || l.A < 0 || l.B < 0 }

// docRows returns the lines of the documents of both sides.
func (v view) docRows(d docDiff) []widget.Row {
	if !v.docsReady {
		return []widget.Row{v.note(safe.Concat(safe.Const("comparing"), v.Glyphs.Ellipsis))}
	}
	var rows []widget.Row
	for _, b := range d {
		if !b.title.IsEmpty() {
			rows = append(rows, widget.HeadingRow(b.title))
		}
		if len(b.lines) == 0 {
			rows = append(rows, v.noDocumentRows()...)
		}
		if slices.ContainsFunc(b.lines, func(l text.Pair) bool { return l.Approximate }) {
			rows = append(rows, v.note(
				safe.Const("These documents are too large to find the smallest difference: more lines than necessary may be marked.")))
		}
		for i, l := range b.lines {
			r := v.docRow(b, l)
			r.ID = b.lineID(l)
			// n stops once for each run of differing lines.
			r.Differs = !v.alone && b.startsRun(i)
			r.Command = b.command
			r.Proof = func(f page.Frame) []widget.Row { return v.in(f).documentProof(b) }
			rows = append(rows, r)
		}
		rows = append(rows, widget.BlankRow())
	}
	return rows
}

// noDocumentRows says why a document does not exist or was not read.
func (v view) noDocumentRows() []widget.Row {
	if rows := v.noImageRows(); len(rows) > 0 {
		return rows
	}
	return []widget.Row{v.note(safe.Const("Only images have a config, and schema1 images have none."))}
}

func (v view) docRow(b docBlock, l text.Pair) widget.Row {
	var ta, tb safe.Text
	if l.A >= 0 {
		ta = b.a[l.A]
	}
	if l.B >= 0 {
		tb = b.b[l.B]
	}
	r := widget.Row{ValueName: safe.Const("the line"), Title: safe.Const("line")}
	if v.alone {
		r.Value = withoutIndent(ta)
	} else {
		r.Sides = [2]safe.Text{withoutIndent(ta), withoutIndent(tb)}
	}
	r.Full = func() []safe.Text { return v.fullLines(l, ta, tb) }
	r.Detail = func(f page.Frame) []widget.Row { return v.in(f).lineDetail(l, ta, tb) }
	r.Height = 1
	if !v.alone && !v.wide && l.Changed && l.A >= 0 && l.B >= 0 {
		r.Height = 2
	}
	r.Draw = func() []look.Line { return v.docLine(b.shifted, l, ta, tb) }
	return r
}

// lineDetail returns a line of both documents in full, with the differing words marked.
func (v view) lineDetail(l text.Pair, a, b safe.Text) []widget.Row {
	if !lineDiffers(l) || v.alone {
		return widget.FieldRows(v.Frame, safe.Const("line"), withoutIndent(a), look.Plain)
	}
	spansA, spansB := highlighted(a, l.SpansA, look.SideA, look.SideAHot), highlighted(b, l.SpansB, look.SideB, look.SideBHot)
	rows := widget.SpanRows(v.Frame, safe.Const("A"), safe.Const("the line in A"), withoutIndent(a), spansA)
	return append(rows, widget.SpanRows(v.Frame, safe.Const("B"), safe.Const("the line in B"), withoutIndent(b), spansB)...)
}

// fullLines returns a line of both documents as a unified diff has it.
func (v view) fullLines(l text.Pair, a, b safe.Text) []safe.Text {
	if !lineDiffers(l) || v.alone {
		return []safe.Text{safe.Sprintf("  %s", a)}
	}
	var lines []safe.Text
	if l.A >= 0 {
		lines = append(lines, safe.Sprintf("- %s", a))
	}
	if l.B >= 0 {
		lines = append(lines, safe.Sprintf("+ %s", b))
	}
	return lines
}

// documentRoom returns the cells for the text of a side. shifted says that equal lines have different numbers in A and B.
func (v view) documentRoom(shifted bool) int {
	switch {
	case v.wide && !v.alone:
		return (v.Width-1-3)/2 - lineNumberWidth
	case shifted:
		return v.Width - 1 - 2*lineNumberWidth - 2
	}
	return v.Width - 1 - lineNumberWidth - 2
}

// docLine draws a line of both documents with the differing words marked.
func (v view) docLine(shifted bool, l text.Pair, a, b safe.Text) []look.Line {
	spansA, spansB := []look.Span{look.P(a)}, []look.Span{look.P(b)}
	if lineDiffers(l) && !v.alone {
		spansA, spansB = highlighted(a, l.SpansA, look.SideA, look.SideAHot), highlighted(b, l.SpansB, look.SideB, look.SideBHot)
	}
	if v.wide && !v.alone {
		return []look.Line{v.docSideBySide(l, spansA, spansB)}
	}
	return v.docStacked(shifted, l, spansA, spansB)
}

// withoutIndent returns a line without its indentation.
func withoutIndent(t safe.Text) safe.Text {
	s := t.String()
	return t.Slice(len(s)-len(strings.TrimLeft(s, " ")), len(s))
}

const lineNumberWidth = 5

func lineNumber(n int) safe.Text {
	if n < 0 {
		return safe.Const(" ").Repeat(lineNumberWidth)
	}
	return safe.Sprintf("%4d ", n+1)
}

func (v view) docSideBySide(l text.Pair, a, b []look.Span) look.Line {
	half := v.documentRoom(false)
	out := look.L(look.S(look.Faint, lineNumber(l.A))).With(v.sideCells(l.A >= 0, a, half).Spans...)
	out = out.With(v.gutter(l.A >= 0, l.B >= 0, !l.Changed)...).With(look.S(look.Faint, lineNumber(l.B)))
	return out.With(v.sideCells(l.B >= 0, b, half).Spans...)
}

// docStacked returns one line if both sides are equal, otherwise A above B. Where equal lines have different numbers, those
// of A and of B stand in a column each.
func (v view) docStacked(shifted bool, l text.Pair, a, b []look.Span) []look.Line {
	room := v.documentRoom(shifted)
	line := func(numberA, numberB int, sign look.Span, spans []look.Span) look.Line {
		number := lineNumber(max(numberA, numberB))
		if shifted {
			number = safe.Concat(lineNumber(numberA), lineNumber(numberB))
		}
		return look.L(look.S(look.Faint, number), sign, look.Gap(1)).With(v.sideCells(true, spans, room).Spans...)
	}
	if !lineDiffers(l) || v.alone {
		return []look.Line{line(l.A, l.B, look.Gap(1), a)}
	}
	var out []look.Line
	if l.A >= 0 {
		out = append(out, line(l.A, -1, look.S(look.SideA, safe.Const("-")), a))
	}
	if l.B >= 0 {
		out = append(out, line(-1, l.B, look.S(look.SideB, safe.Const("+")), b))
	}
	return out
}
