package diff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
)

// drawRows prints rows in a readable form, one line per row.
func drawRows(rows []Row) string {
	var b strings.Builder
	for _, r := range rows {
		text := func(s *model.Step) string {
			if s == nil {
				return "-"
			}
			return fmt.Sprintf("%d %s", s.Index, s.Instruction)
		}
		fmt.Fprintf(&b, "%s|%s|%s", text(r.A), text(r.B), r.Class)
		if r.Detail != "" {
			fmt.Fprintf(&b, " %s", r.Detail)
		}
		if r.Other != none {
			fmt.Fprintf(&b, " %d", r.Other)
		}
		if r.Duplicated() {
			fmt.Fprintf(&b, " twins %v %v", r.TwinsA, r.TwinsB)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestAlign(t *testing.T) {
	x, y, z := does("RUN x", files("x")), does("RUN y", files("y")), does("COPY z /", files("z"))
	hash := func(c string) string { return strings.Repeat(c, 64) }
	tests := []struct {
		name string
		a, b []step
		want string
	}{
		{"an inserted step leaves the rest equal", []step{x, y, z}, []step{x, does("RUN new", files("n")), y, z},
			"0 RUN x|0 RUN x|same\n-|1 RUN new|added\n1 RUN y|2 RUN y|same\n2 COPY z /|3 COPY z /|same\n"},
		{"the oldest step is gone", []step{x, y, z}, []step{y, z},
			"0 RUN x|-|removed\n1 RUN y|0 RUN y|same\n2 COPY z /|1 COPY z /|same\n"},
		{"rebuilt", []step{x, y, z}, []step{x, does("RUN y", files("y2")), z},
			"0 RUN x|0 RUN x|same\n1 RUN y|1 RUN y|substituted rebuilt\n2 COPY z /|2 COPY z /|same\n"},
		{"rebuilt by the classic builder", []step{does("/bin/sh -c #(nop) COPY file:"+hash("a")+" in /x ", files("a"))}, []step{does("/bin/sh -c #(nop) COPY file:"+hash("b")+" in /x ", files("b"))},
			"0 COPY file:" + hash("a") + " in /x|0 COPY file:" + hash("b") + " in /x|substituted rebuilt\n"},
		{"emptied and filled", []step{x, z, does("RUN t", nothing)}, []step{x, does("COPY z /", nothing), does("RUN t", files("t"))},
			"0 RUN x|0 RUN x|same\n1 COPY z /|1 COPY z /|substituted emptied\n2 RUN t|2 RUN t|substituted filled\n"},
		{"emptied to a setting", []step{x, z}, []step{x, sets("COPY z /")},
			"0 RUN x|0 RUN x|same\n1 COPY z /|1 COPY z /|substituted emptied\n"},
		{"replaced in its place", []step{x, z, y}, []step{x, does("RUN wget", files("w")), y},
			"0 RUN x|0 RUN x|same\n1 COPY z /|1 RUN wget|substituted replaced\n2 RUN y|2 RUN y|same\n"},
		{"alike, so one is the other's version", []step{x, does("RUN pip install a b c", files("p")), y}, []step{x, z, does("RUN pip install a b d", files("q")), y},
			"0 RUN x|0 RUN x|same\n-|1 COPY z /|added\n1 RUN pip install a b c|2 RUN pip install a b d|substituted replaced\n2 RUN y|3 RUN y|same\n"},
		{"packed again", []step{does("RUN x", files("x"))}, []step{does("RUN x", files("x").packed("zstd"))}, "0 RUN x|0 RUN x|repacked\n"},
		{"both empty", []step{x, does("WORKDIR /a", nothing)}, []step{x, does("WORKDIR /a", nothing.packed("old"))},
			"0 RUN x|0 RUN x|same\n1 WORKDIR /a|1 WORKDIR /a|both-empty\n"},
		{"empty on one side, a setting on the other", []step{does("WORKDIR /a", nothing)}, []step{sets("WORKDIR /a")}, "0 WORKDIR /a|0 WORKDIR /a|both-empty\n"},
		{"settings", []step{sets("ENV A=1"), sets(`CMD ["a"]`)}, []step{sets("ENV A=2"), sets(`CMD ["a"]`)},
			"0 ENV A=1|0 ENV A=2|substituted replaced\n1 CMD [\"a\"]|1 CMD [\"a\"]|settings\n"},
		{"other settings are not versions of each other", []step{sets("ENV A=1"), x}, []step{x, sets("LABEL b=1")},
			"0 ENV A=1|-|removed\n1 RUN x|0 RUN x|same\n-|1 LABEL b=1|added\n"},
		{"moved", []step{x, y, z}, []step{z, x, y},
			"-|0 COPY z /|moved 2\n0 RUN x|1 RUN x|same\n1 RUN y|2 RUN y|same\n2 COPY z /|-|moved 0\n"},
		{"duplicated", []step{x, z, y, z}, []step{x, z, y},
			"0 RUN x|0 RUN x|same\n1 COPY z /|1 COPY z /|same twins [3] []\n2 RUN y|2 RUN y|same\n3 COPY z /|-|removed twins [1] []\n"},
		{"nothing in common", []step{x, y}, []step{z, sets("USER u")},
			"0 RUN x|-|removed\n1 RUN y|-|removed\n-|0 COPY z /|added\n-|1 USER u|added\n"},
		{"one instruction for every layer", []step{does("bazel build", files("1")), does("bazel build", files("2")), does("bazel build", files("3"))},
			[]step{does("bazel build", files("1")), does("bazel build", files("3"))},
			"0 bazel build|0 bazel build|same\n1 bazel build|-|removed\n2 bazel build|1 bazel build|same\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := build{steps: tt.a}.image(t), build{steps: tt.b}.image(t)
			rows := Align(a.Steps, b.Steps)
			checkRows(t, a.Steps, b.Steps, rows)
			if d := cmp.Diff(tt.want, drawRows(rows)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTwinsAgreeWithModel(t *testing.T) {
	img := build{steps: []step{does("a", files("x")), does("b", nothing), does("c", files("x")), does("d", nothing), does("e", files("x"))}}.image(t)
	for i, r := range Align(img.Steps, nil) {
		if d := cmp.Diff(img.Twins(i), r.TwinsA); d != "" {
			t.Errorf("step %d: %s", i, d)
		}
	}
}

// TestAlign_huge checks that histories too long for the exact search end soon
// and keep every step.
func TestAlign_huge(t *testing.T) {
	var a, b []model.Step
	add := func(steps *[]model.Step, text string, n int) {
		s := model.NewStep(len(*steps), text)
		s.HasLayer = true
		s.Layer.Digest = files(fmt.Sprint(n)).diffID()
		s.DiffID = s.Layer.Digest
		*steps = append(*steps, s)
	}
	for i := range 5000 {
		add(&a, fmt.Sprintf("RUN step %d", i), i)
		if i%10 == 0 {
			add(&b, fmt.Sprintf("RUN other %d", i), -i-1)
		}
		add(&b, fmt.Sprintf("RUN step %d", i), i)
	}
	start := time.Now()
	rows := Align(a, b)
	checkRows(t, a, b, rows)
	same := 0
	for _, r := range rows {
		if r.Class == Same {
			same++
		}
	}
	if same != 5000 {
		t.Errorf("%d of 5000 steps found again", same)
	}
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("took %s", took)
	}
	// The worst case: there are no anchors.
	for i := range b {
		b[i] = model.NewStep(i, "RUN same")
		b[i].HasLayer = true
	}
	for i := range a {
		a[i] = model.NewStep(i, "RUN same")
		a[i].HasLayer = true
	}
	checkRows(t, a, b, Align(a, b))
}

// TestMatchBlock_isSearch checks that matching steps without a search gives what the search
// of all pairs gives.
func TestMatchBlock_isSearch(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	bytes := func() []byte {
		b := make([]byte, r.IntN(20))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return b
	}
	unsearched := 0
	for range 3000 {
		a, b := bytes(), bytes()
		if r.IntN(2) == 0 && len(b) > 0 {
			b = append(slices.Clone(a), b[:r.IntN(len(b))]...)
		}
		l, want := newAligner(stepsFrom(a), stepsFrom(b)), newAligner(stepsFrom(a), stepsFrom(b))
		for _, m := range text.Align(len(a), len(b), func(i, j int) int { return weight(&l.ta[i], &l.tb[j]) }) {
			want.match(m.A, m.B)
		}
		if rest, _ := l.matchOnly(0, len(a), 0, len(b)); rest > 0 {
			unsearched++
		}
		l.matchBlock(0, len(a), 0, len(b))
		if !slices.Equal(l.matchA, want.matchA) {
			t.Fatalf("%v and %v: %v, want %v", a, b, l.matchA, want.matchA)
		}
	}
	if unsearched == 0 {
		t.Error("each pair took a search")
	}
}
