package text

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/google/go-cmp/cmp"
)

func TestWords(t *testing.T) {
	tests := []struct{ a, b, wantA, wantB string }{
		{"same", "same", "same", "same"},
		{"RUN pip install a==1.2", "RUN pip install a==1.3", "RUN pip install a==1.[2]", "RUN pip install a==1.[3]"},
		{"sha256:abc123 x", "sha256:abd123 x", "sha256:[abc123] x", "sha256:[abd123] x"},
		{"", "new", "", "[new]"},
		{"cafe\u0301 au lait", "cafe au lait", "[cafe\u0301] au lait", "[cafe] au lait"},
		{"bad\xff\xfebytes", "bad\xff\xfdbytes", "bad\xff[\xfe]bytes", "bad\xff[\xfd]bytes"},
		{"👨‍👩‍👧 x", "👨‍👩‍👦 x", "[👨‍👩‍👧] x", "[👨‍👩‍👦] x"},
	}
	for _, tt := range tests {
		a, b := Words(tt.a, tt.b)
		if got := bracketed(tt.a, a); got != tt.wantA {
			t.Errorf("%q: %q, want %q", tt.a, got, tt.wantA)
		}
		if got := bracketed(tt.b, b); got != tt.wantB {
			t.Errorf("%q: %q, want %q", tt.b, got, tt.wantB)
		}
	}
}

func bracketed(s string, spans []Span) string {
	var b strings.Builder
	at := 0
	for _, p := range spans {
		b.WriteString(s[at:p.From] + "[" + s[p.From:p.To] + "]")
		at = p.To
	}
	return b.String() + s[at:]
}

func TestLines(t *testing.T) {
	a := strings.Split("{\n  \"config\": {\n    \"digest\": \"sha256:aaa\",\n    \"size\": 1\n  },\n  \"x\": 1\n}", "\n")
	b := strings.Split("{\n  \"config\": {\n    \"annotations\": {},\n    \"digest\": \"sha256:bbb\",\n    \"size\": 2\n  }\n}", "\n")
	var got []string
	for _, p := range LinesDisplayed(a, b, a, b) {
		got = append(got, fmt.Sprintf("%d %d %v", p.A, p.B, p.Changed))
	}
	want := []string{"0 0 false", "1 1 false", "-1 2 true", "2 3 true", "3 4 true", "4 5 true", "5 -1 true", "6 6 false"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestLinesShown checks that the raw lines decide what has changed, and the
// displayed lines what is marked.
func TestLinesShown(t *testing.T) {
	tests := []struct{ name, rawA, rawB, shownA, shownB, want string }{
		{"a secret", "X=1|TOKEN=a|Y=1", "X=1|TOKEN=b|Y=1", "X=1|TOKEN=(masked)|Y=1", "X=1|TOKEN=(masked)|Y=1", "X=1 X=1|TOKEN=[(masked)] TOKEN=[(masked)] changed|Y=1 Y=1"},
		{"a secret and a word", "TOKEN=a x", "TOKEN=b y", "TOKEN=(masked) x", "TOKEN=(masked) y", "TOKEN=(masked) [x] TOKEN=(masked) [y] changed"},
		{"two secrets", "A_TOKEN=a B_TOKEN=b", "A_TOKEN=c B_TOKEN=d", "A_TOKEN=(masked) B_TOKEN=(masked)", "A_TOKEN=(masked) B_TOKEN=(masked)",
			"A_TOKEN=[(masked)] B_TOKEN=[(masked)] A_TOKEN=[(masked)] B_TOKEN=[(masked)] changed"},
		{"no sign of it", "word a", "word b", "word", "word", "[word] [word] changed"},
		{"the same", "TOKEN=a", "TOKEN=a", "TOKEN=(masked)", "TOKEN=(masked)", "TOKEN=(masked) TOKEN=(masked)"},
		{"only one side", "a", "a|TOKEN=b", "a", "a|TOKEN=(masked)", "a a|+TOKEN=(masked) changed"},
		{"not line for line", "a|b", "a|c", "a", "a", "a a"},
	}
	split := func(s string) []string { return strings.Split(s, "|") }
	for _, tt := range tests {
		shownA, shownB := split(tt.shownA), split(tt.shownB)
		var got []string
		for _, p := range LinesDisplayed(split(tt.rawA), split(tt.rawB), shownA, shownB) {
			var parts []string
			switch {
			case p.A >= 0 && p.B >= 0:
				parts = []string{bracketed(shownA[p.A], p.SpansA), bracketed(shownB[p.B], p.SpansB)}
			case p.A >= 0:
				parts = []string{"-" + shownA[p.A]}
			default:
				parts = []string{"+" + shownB[p.B]}
			}
			if p.Changed {
				parts = append(parts, "changed")
			}
			got = append(got, strings.Join(parts, " "))
		}
		if d := cmp.Diff(split(tt.want), got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

// TestLinesBounded checks that every kind of input known to be expensive ends
// soon.
func TestLinesBounded(t *testing.T) {
	unlike := func(n int, seed string) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprintf("%s line %d of %s %s", seed, i, seed, strings.Repeat("word ", 10))
		}
		return out
	}
	tests := []struct {
		name string
		a, b []string
	}{
		{"20,000 lines, none equal", unlike(20_000, "a"), unlike(20_000, "b")},
		{"600,000 lines on each side", slices.Repeat([]string{"a"}, 600_000), slices.Repeat([]string{"b"}, 600_000)},
		{"one line of 600 kB", []string{strings.Repeat("a,", 300_000)}, []string{strings.Repeat("b;", 300_000)}},
	}
	for _, tt := range tests {
		start := time.Now()
		pairs := LinesDisplayed(tt.a, tt.b, tt.a, tt.b)
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("%s: took %s", tt.name, took)
		}
		checkLines(t, tt.a, tt.b, pairs)
	}
}

func checkLines(t testing.TB, a, b []string, pairs []Pair) {
	t.Helper()
	i, j := 0, 0
	for _, p := range pairs {
		if p.A >= 0 {
			if p.A != i {
				t.Fatalf("line %d of A, want %d", p.A, i)
			}
			checkSpans(t, a[i], p.SpansA)
			i++
		}
		if p.B >= 0 {
			if p.B != j {
				t.Fatalf("line %d of B, want %d", p.B, j)
			}
			checkSpans(t, b[j], p.SpansB)
			j++
		}
		if both := p.A >= 0 && p.B >= 0; both && p.Changed != (a[p.A] != b[p.B]) || !both && !p.Changed {
			t.Fatalf("pair %+v", p)
		}
	}
	if i != len(a) || j != len(b) {
		t.Fatalf("%d and %d lines of %d and %d", i, j, len(a), len(b))
	}
}

func checkSpans(t testing.TB, s string, spans []Span) {
	t.Helper()
	edges := map[int]bool{0: true}
	at := 0
	for it := graphemes.FromString(s); it.Next(); {
		at += len(it.Value())
		edges[at] = true
	}
	last := 0
	for _, p := range spans {
		if p.From < last || p.To <= p.From || p.To > len(s) || !edges[p.From] || !edges[p.To] {
			t.Fatalf("span %v of %q", p, s)
		}
		last = p.To
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\nb\nc", "a\nx\nc")
	f.Add("\"digest\": \"sha256:a\"\n", "\"digest\": \"sha256:b\"\n\xff")
	f.Add("e\u0301\n👨‍👩‍👧", "e\n👨‍👩‍👦")
	f.Fuzz(func(t *testing.T, a, b string) {
		la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
		checkLines(t, la, lb, LinesDisplayed(la, lb, la, lb))
		sa, sb := Words(a, b)
		checkSpans(t, a, sa)
		checkSpans(t, b, sb)
		if outside(a, sa) != outside(b, sb) {
			t.Fatalf("unmarked text differs: %q %v, %q %v", a, sa, b, sb)
		}
	})
}

// outside returns the text outside the spans; it must be the same on both
// sides.
func outside(s string, spans []Span) string {
	var b strings.Builder
	at := 0
	for _, p := range spans {
		b.WriteString(s[at:p.From])
		at = p.To
	}
	return b.String() + s[at:]
}
