package compare

import (
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
)

// TestExactTexts: two values that look the same when they are rounded show what differs.
func TestExactTexts(t *testing.T) {
	for _, tt := range []struct{ a, b, wantA, wantB string }{
		{"51000000", "51000312", "51 MB", "51 MB, +312 B"},
		{"51000312", "51000000", "51 MB", "51 MB, −312 B"},
		{"2026-11-29T13:28:32.943Z", "2026-11-29T14:28:32.5+01:00", "29 Nov 2026 13:28:32.943 UTC", "29 Nov 2026 13:28:32.5 UTC"},
		{"3 in 5 steps", "3 in 6 steps", "3 in 5 steps", "3 in 6 steps"},
	} {
		a, b := exactTexts(asSize(tt.a), tt.a, tt.b)
		if a.String() != tt.wantA || b.String() != tt.wantB {
			t.Errorf("%s and %s: %q, %q", tt.a, tt.b, a, b)
		}
	}
}

// TestPropertyRow: an equal value that needs more than half of the line is shown once, in full.
func TestPropertyRow(t *testing.T) {
	v := view{Frame: page.Frame{Width: 80, Glyphs: look.Unicode()}}
	long := "index of 2 platforms, 2 attestations"
	for _, tt := range []struct{ a, b, want string }{
		{"image", "image", " image                           = image"},
		{long, long, " " + long + "  on both sides"},
	} {
		row := v.propertyRow(v.property(safe.Const("kind"), tt.a, tt.b, nil, safe.Text{}))
		if got := row.Lines[0].Text().String(); len(row.Lines) != 1 || !strings.HasSuffix(strings.TrimRight(got, " "), tt.want) {
			t.Errorf("%q", got)
		}
	}
}

// TestBaseProperty: the base that an image names is shown with its source, that of two sides with a short digest.
func TestBaseProperty(t *testing.T) {
	named := func(base string) *model.Entry {
		d := v1.Descriptor{Annotations: map[string]string{v1.AnnotationBaseImageName: base}}
		return &model.Entry{Descriptor: d, Role: model.RoleImage, Image: &model.Image{}}
	}
	art := &model.Artifact{}
	for _, tt := range []struct {
		a, b    *model.Entry
		want    string
		differs bool
	}{
		{named("debian:12"), nil, "debian:12, as an index annotation says", false},
		{named("debian:12"), named("debian:13"), "debian:12", true},
		{named("debian:12"), named("debian:12"), "debian:12", false},
		{named("debian:12"), named(""), "debian:12", false},
		{named(""), nil, "", false},
	} {
		v := view{content: content{cmp: diff.Comparison{A: art, B: art}}, pair: diff.Pair{A: tt.a, B: tt.b}, alone: tt.b == nil}
		if got := v.baseProperty(); got.a.String() != tt.want || got.differs != tt.differs {
			t.Errorf("%s: %q, %v", tt.want, got.a, got.differs)
		}
	}
}

func TestAsTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-29T13:28:32Z": "29 Nov 2026 13:28 UTC", "1970-01-01T00:00:00Z": "1 Jan 1970 00:00 UTC (constant)", "": "",
	} {
		if got := asTime(in).String(); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestCommitProperty: the commit that both sides state is shown once and short.
func TestCommitProperty(t *testing.T) {
	hash := strings.Repeat("0123456789", 4)
	states := func(commit string) *model.Entry {
		d := v1.Descriptor{Annotations: map[string]string{v1.AnnotationRevision: commit}}
		return &model.Entry{Descriptor: d, Role: model.RoleImage, Image: &model.Image{}}
	}
	art := &model.Artifact{}
	for _, tt := range []struct{ a, b, want string }{
		{hash, hash, "named commit 012345678901                    = 012345678901"},
		{hash, "v1", "named commit 012345678901                    ≠ v1"},
		{hash, hash[:39] + "x", "≠ " + hash[:39] + "x"},
	} {
		v := view{Frame: page.Frame{Width: 80, Glyphs: look.Unicode()}}
		v.cmp.A, v.cmp.B, v.pair = art, art, diff.Pair{A: states(tt.a), B: states(tt.b)}
		lines := v.propertyRow(v.commitProperty()).Lines
		var text strings.Builder
		for _, l := range lines {
			text.WriteString(l.Text().String())
		}
		if got := strings.TrimSpace(text.String()); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s and %s: %q, want %q", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestPropertyRows_unread: what only one side has counts as a difference once both sides were read.
func TestPropertyRows_unread(t *testing.T) {
	for code, want := range map[diff.Code]bool{diff.Pending: false, diff.Unrelated: true} {
		v := view{Frame: page.Frame{Width: 80, Glyphs: look.Unicode()}}
		v.cmp.A, v.cmp.Verdict.Code = &model.Artifact{Top: model.Manifest{Kind: model.KindImage}}, code
		found := false
		for _, r := range v.propertyRows() {
			if r.ID == "kind" {
				found = true
				if got := strings.Contains(r.Lines[0].Text().String(), "≠"); got != want || r.Differs != want {
					t.Errorf("%q: %q, differs %t", code, r.Lines[0].Text(), r.Differs)
				}
			}
		}
		if !found {
			t.Errorf("%q: no kind", code)
		}
	}
}

// TestSideLines: a long name moves the column of B. Only if both names do not fit on a line they have two.
func TestSideLines(t *testing.T) {
	for _, tt := range []struct {
		a, b  int // the widths of the names
		lines int
	}{{10, 10, 1}, {80, 10, 1}, {10, 80, 1}, {80, 50, 2}} {
		p := comparePage{a: side{ref: model.Ref{Registry: "r", Repository: "app", Tag: strings.Repeat("a", tt.a)}},
			b: side{ref: model.Ref{Registry: "r", Repository: "app", Tag: strings.Repeat("b", tt.b)}}}
		lines := p.sideLines(page.Frame{Width: 120, Height: 40, Glyphs: look.Unicode()})
		if len(lines) != tt.lines {
			t.Errorf("names of %d and %d cells: %d lines, want %d", tt.a, tt.b, len(lines), tt.lines)
		}
		for _, l := range lines {
			if l.Width() > 120 {
				t.Errorf("names of %d and %d cells: a line of %d cells", tt.a, tt.b, l.Width())
			}
		}
	}
}

// TestEqualLines: where a note leaves too little of an instruction it stands below it.
func TestEqualLines(t *testing.T) {
	step := &model.Step{HasLayer: true, Missing: true}
	step.CreatedBy = "Layer: 'web-application-type', Created by buildpack: paketo-buildpacks/spring-boot@5.27.9"
	for width, want := range map[int]int{60: 2, 80: 2, 120: 1} {
		v := view{Frame: page.Frame{Width: width, Glyphs: look.Unicode()}, alone: true}
		lines := v.equalLines(diff.Row{A: step, Class: diff.Alone})
		all := ""
		for _, l := range lines {
			all += l.Text().String() + "\n"
		}
		if len(lines) != want || !strings.Contains(all, "the layer is missing") || !strings.Contains(all, "web-application-type") {
			t.Errorf("%d cells: %q", width, all)
		}
	}
}

// TestDocStacked_numbers: a document has the line numbers of both sides where those of equal lines differ.
func TestDocStacked_numbers(t *testing.T) {
	v := view{Frame: page.Frame{Width: 80, Glyphs: look.Unicode()}}
	spans := []look.Span{look.P(safe.Const("text"))}
	draw := func(shifted bool, l text.Pair) string {
		out := ""
		for _, line := range v.docStacked(shifted, l, spans, spans) {
			out += strings.TrimRight(line.Text().String(), " ") + "|"
		}
		return out
	}
	for _, tt := range []struct {
		shifted bool
		pair    text.Pair
		want    string
	}{
		{false, text.Pair{A: 3, B: 3}, "   4   text|"},
		{false, text.Pair{A: 3, B: 3, Changed: true}, "   4 - text|   4 + text|"},
		{true, text.Pair{A: 3, B: 5}, "   4    6   text|"},
		{true, text.Pair{A: 3, B: 5, Changed: true}, "   4      - text|        6 + text|"},
		{true, text.Pair{A: -1, B: 5}, "        6 + text|"},
		{true, text.Pair{A: 3, B: -1}, "   4      - text|"},
	} {
		if got := draw(tt.shifted, tt.pair); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt, got, tt.want)
		}
	}
}
