package compare

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/widget"
)

// schema1Of returns the schema1 manifest of an image: the stored one, or the one that a
// registry would generate.
func schema1Of(img *model.Image) (view model.Schema1, stored, ok bool) {
	if img == nil {
		return model.Schema1{}, false, false
	}
	if s := img.Manifest.Schema1; s != nil {
		return *s, true, true
	}
	view, err := model.ComputeSchema1(*img)
	return view, false, err == nil
}

// schema1At returns the row of a step.
func schema1At(view model.Schema1, st *model.Step) *model.Schema1Row {
	if st == nil {
		return nil
	}
	if i := len(view.Rows) - 1 - st.Index; i >= 0 && i < len(view.Rows) {
		return &view.Rows[i]
	}
	return nil
}

// schema1Differences counts the rows whose IDs differ.
func schema1Differences(p diff.Pair) (int, bool) {
	if p.A == nil || p.B == nil {
		return 0, false
	}
	a, _, okA := schema1Of(p.A.Image)
	b, _, okB := schema1Of(p.B.Image)
	if !okA || !okB {
		return 0, false
	}
	return countRows(p.Rows, func(r diff.Row) bool { return !sameID(schema1At(a, r.A), schema1At(b, r.B)) }), true
}

func sameID(a, b *model.Schema1Row) bool { return a != nil && b != nil && a.ID == b.ID }

// schema1Rows returns the fsLayers and the chain of IDs, newest first as in the format.
// The oldest row whose IDs differ is the cause of all differences above it.
func (v view) schema1Rows() []widget.Row {
	imgA, imgB := v.images()
	a, storedA, okA := schema1Of(imgA)
	b, storedB, okB := schema1Of(imgB)
	if !okA && !okB {
		return []widget.Row{widget.NoteRow(v.Frame,
			safe.Const("There is no schema1 view of this: it needs an image with history, and as many layers as the history says."))}
	}
	rows := v.schema1Heading(storedA, storedB)
	parted := -1
	if !v.alone && okA != okB {
		v.alone = true // there is only one side to show
		rows = append(rows, widget.NoteRow(v.Frame,
			safe.Sprintf("%s has no schema1 view: it needs history, and as many layers as the history says", letterOf(okB))))
	} else if !v.alone {
		parted = firstDifferentID(v.pair.Rows, a, b)
	}
	for i, r := range slices.Backward(v.pair.Rows) {
		row := v.schema1Row(r, schema1At(a, r.A), schema1At(b, r.B), i == parted, i > parted && parted >= 0)
		rows = append(rows, v.withFindings(row, func(f diff.Finding) bool { return strings.HasPrefix(f.ID, "B") && pointsAtRow(f, r) }))
	}
	return rows
}

func letterOf(a bool) safe.Text {
	if a {
		return safe.Const("A")
	}
	return safe.Const("B")
}

// firstDifferentID returns the index of the oldest row whose IDs differ, or -1.
func firstDifferentID(rows []diff.Row, a, b model.Schema1) int {
	return slices.IndexFunc(rows, func(r diff.Row) bool { return !sameID(schema1At(a, r.A), schema1At(b, r.B)) })
}

func (v view) schema1Heading(storedA, storedB bool) []widget.Row {
	say := safe.Const("What old registries make up for clients that do not ask for more; computed here, no registry was asked. An id " +
		"is the sha256 of its layer's digest and the id below: it tells of digests, not of builds: d, derived.")
	if storedA || storedB {
		say = safe.Const("Stored in the format of 2015. Ids marked d are derived from the layer digests, n are native: made up at build " +
			"time, b broken: they name another parent. ? also hashes a config that is not there.")
	}
	var lines []look.Line
	for _, l := range look.Wrap([]look.Span{look.S(look.Faint, say)}, max(v.Width-2, 8)) {
		lines = append(lines, look.L(look.Gap(1)).With(l.Spans...))
	}
	head := safe.Const("    layer         id              instruction")
	if !v.alone {
		head = safe.Const("    A layer       A id              B layer       B id            instruction")
	}
	return []widget.Row{{Header: true, Lines: append(lines, look.L(look.Gap(1), look.S(look.Faint, head)))}}
}

func (v view) schema1Row(r diff.Row, a, b *model.Schema1Row, parts, above bool) widget.Row {
	st := r.A
	if st == nil {
		st = r.B
	}
	same := v.alone || sameID(a, b)
	mark := look.S(look.Faint, v.Glyphs.Mark(diff.Same))
	if v.alone {
		mark = look.Gap(1)
	}
	if !same {
		mark = look.S(look.Warn, v.Glyphs.Mark(diff.Substituted))
	}
	l := look.L(mark, look.Gap(3)).With(v.schema1Cells(a, look.SideA, same, above)...).With(look.Gap(2))
	if !v.alone {
		l = l.With(look.Gap(2)).With(v.schema1Cells(b, look.SideB, same, above)...).With(look.Gap(2))
	}
	used := l.Width() + 1
	l = l.With(look.P(v.Glyphs.Fit(v.instruction(st), max(v.Width-used-1, 1))))
	out := widget.Row{
		ID: stepRowID(r), Lines: []look.Line{l}, Differs: parts, Title: stepTitle(r),
		Detail: func(f page.Frame) []widget.Row { return schema1Detail(f, a, b) },
		Proof:  func(f page.Frame) []widget.Row { v := v; v.Frame = f; return v.schema1Proof(r, a, b, parts) },
	}
	last := b
	if last == nil {
		last = a
	}
	if last != nil {
		out.ValueName, out.Value = safe.Const("the id"), safe.Clean(last.ID)
		out.Command = schema1IDCommand(last)
	}
	if parts {
		lead := []look.Span{look.Gap(4), look.S(look.Faint, v.Glyphs.Note), look.Gap(1)}
		for _, l := range look.Wrap([]look.Span{look.S(look.Warn, v.firstDifferentNote(r))}, max(v.Width-8, 8)) {
			out.Lines = append(out.Lines, look.L(lead...).With(l.Spans...))
			lead = []look.Span{look.Gap(6)}
		}
	}
	return out
}

// firstDifferentNote explains why the chains diverge at a row.
func (v view) firstDifferentNote(r diff.Row) safe.Text {
	why := safe.Const("the layers' digests differ")
	switch {
	case r.A == nil || r.B == nil:
		why = safe.Const("one side has no such step")
	case r.Class == diff.BothEmpty:
		why = safe.Const("two digests of the same nothing")
	case r.Class == diff.RepackedRow:
		why = safe.Const("the same content, compressed twice")
	case r.A.Layer.Digest == r.B.Layer.Digest:
		why = safe.Const("the newest id also hashes the config")
	}
	return safe.Sprintf("here the chains part: %s; every id above follows from it", why)
}

func (v view) schema1Cells(x *model.Schema1Row, role look.Role, same, above bool) []look.Span {
	if x == nil {
		return []look.Span{look.S(look.Faint, v.Glyphs.Hatch.Repeat(2*look.DigestWidth+4))}
	}
	idRole := role
	switch {
	case same:
		role, idRole = look.Plain, look.Faint
	case above:
		role, idRole = look.Plain, look.Faint // a consequence of the row below
	}
	if x.Throwaway {
		role = look.Faint
	}
	id, _ := look.Cut(safe.Clean(x.ID), look.DigestWidth)
	return []look.Span{look.S(role, v.Glyphs.Fit(look.Short(x.BlobSum), look.DigestWidth)), look.Gap(2),
		look.S(idRole, v.Glyphs.Fit(id, look.DigestWidth)), look.Gap(1), originSign(x.Origin)}
}

// originSign returns the origin of an ID as a letter. The heading of the table explains
// the letters.
func originSign(o model.Origin) look.Span {
	switch o {
	case model.Native:
		return look.S(look.Warn, safe.Const("n"))
	case model.Broken:
		return look.S(look.Alert, safe.Const("b"))
	case model.Unproved:
		return look.S(look.Faint, safe.Const("?"))
	case model.Derived:
	}
	return look.S(look.Faint, safe.Const("d"))
}

func schema1Detail(f page.Frame, a, b *model.Schema1Row) []widget.Row {
	var rows []widget.Row
	for i, x := range []*model.Schema1Row{a, b} {
		if x == nil {
			continue
		}
		letter := []safe.Text{safe.Const("A"), safe.Const("B")}[i]
		add := func(name safe.Text, v safe.Text) {
			rows = append(rows, widget.FieldRows(f, safe.Sprintf("%s %s", letter, name), v, look.Plain)...)
		}
		add(safe.Const("blobSum"), safe.Clean(x.BlobSum.String()))
		add(safe.Const("id"), safe.Clean(x.ID))
		add(safe.Const("parent"), safe.Clean(x.Parent))
		add(safe.Const("origin"), safe.Clean(string(x.Origin)))
		add(safe.Const("sha256 of"), safe.Clean(x.Preimage))
		if x.Throwaway {
			add(safe.Const("throwaway"), safe.Const("yes: the step changes settings only, the layer is a place-holder"))
		}
	}
	return rows
}

// plainID matches text that is safe in a shell command. The IDs of stored manifests are
// untrusted.
var plainID = regexp.MustCompile(`^[0-9a-f]{64} ([0-9a-f]{64})?$`)

// schema1IDCommand returns the command that computes an ID that depends only on digests.
func schema1IDCommand(x *model.Schema1Row) safe.Text {
	if x.Origin != model.Derived || !plainID.MatchString(x.Preimage) {
		return safe.Text{}
	}
	return safe.Sprintf("printf '%%s' '%s' | sha256sum", x.Preimage)
}
