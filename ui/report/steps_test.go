package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/look"
)

// eightPlatforms is a release of an image for eight architectures. Two releases differ in
// the base, a version and one word of a long instruction.
func eightPlatforms(t *testing.T, release, word string) model.Artifact {
	t.Helper()
	var images []model.Image
	long := "RUN /bin/sh -c set -eux; " + strings.Repeat("apt-get install -y some-package; ", 20) + word + " " + strings.Repeat("make install; ", 20)
	for _, arch := range []string{"amd64", "arm64", "arm", "386", "ppc64le", "riscv64", "s390x", "mips64le"} {
		steps := []step{
			{text: "/bin/sh -c #(nop) ADD file:" + hex64 + " in / ", files: "base " + arch + release, size: 29_000_000},
			{text: `/bin/sh -c #(nop)  CMD ["bash"]`}, {text: "ENV LANG=C.UTF-8"}, {text: "ENV GPG_KEY=A035C8C1"}, {text: "ENV APP_VERSION=" + release},
			{text: long, files: "made " + arch + release, size: 14_000_000}, {text: "COPY run /", files: "run " + arch, size: 200}, {text: `CMD ["app"]`},
		}
		images = append(images, image(t, arch, map[string]any{"Env": []string{"APP_VERSION=" + release}}, steps...))
	}
	return index(t, "localhost:5000/app:"+release, images...)
}

// TestText_manyPlatforms checks that one cause on eight platforms is reported once.
func TestText_manyPlatforms(t *testing.T) {
	var b bytes.Buffer
	if err := Text(&b, diff.Compare(eightPlatforms(t, "1.0", "gcc"), eightPlatforms(t, "1.1", "g++")), Options{}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	if len(lines) > 80 {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		if look.Width(safe.Clean(l)) > 80 && !strings.Contains(l, "$ ") {
			t.Errorf("too wide: %s", l)
		}
	}
	for text, times := range map[string]int{"(E3 ": 1, "(D4 ": 1, "g++": 1, "linux/mips64le": 1, "7 other platforms in the same steps": 1} {
		if n := strings.Count(b.String(), text); n != times {
			t.Errorf("%q is there %d times", text, n)
		}
	}
	if t.Failed() {
		t.Log(b.String())
	}
}

func TestStepTables(t *testing.T) {
	run := func(content string) step { return step{text: "RUN x", files: content, size: 10} }
	a := index(t, "localhost:5000/app:1", image(t, "amd64", nil, run("1")), image(t, "arm64", nil, run("2")), image(t, "s390x", nil, run("3")), image(t, "386", nil, run("4")))
	b := index(t, "localhost:5000/app:2", image(t, "amd64", nil, run("1")), image(t, "arm64", nil, run("5")), image(t, "s390x", nil, run("6")), image(t, "386", nil, run("4"), step{text: "USER x"}))
	var got []string
	for _, table := range stepTables(diff.Compare(a, b)) {
		got = append(got, table.heading().String())
	}
	if want := "linux/arm64, and linux/s390x in the same steps; linux/386"; strings.Join(got, "; ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	if n := len(stepTables(diff.Describe(a))); n != 4 {
		t.Errorf("one side alone: %d tables", n)
	}
}

func TestStepTable_lines(t *testing.T) {
	s := &model.Step{}
	same, other := diff.Row{Class: diff.Same, A: s, B: s, SameText: true}, diff.Row{Class: diff.Substituted, A: s, B: s}
	for _, tt := range []struct {
		rows     string // s same, o other
		compared bool
		boundary int
		want     string // numbers are folded rows
	}{
		{"sssosso", true, -1, "3o2o"}, {"soso", true, -1, "soso"}, {"ssss", true, 2, "22"}, {"ssss", true, 1, "s3"}, {"ssss", false, -1, "ssss"}, {"", true, -1, ""},
	} {
		var table stepTable
		for _, r := range tt.rows {
			table.pair.Rows = append(table.pair.Rows, map[rune]diff.Row{'s': same, 'o': other}[r])
		}
		got := ""
		for _, l := range table.lines(tt.compared, tt.boundary) {
			switch {
			case l.folded > 0:
				got += fmt.Sprint(l.folded)
			case l.row.Class == diff.Same:
				got += "s"
			default:
				got += "o"
			}
		}
		if got != tt.want {
			t.Errorf("%s at %d: %s, want %s", tt.rows, tt.boundary, got, tt.want)
		}
	}
}

func TestExcerpts(t *testing.T) {
	long := strings.Repeat("word ", 40)
	for _, tt := range []struct{ a, b, wantA, wantB string }{
		{"RUN a", "RUN b", "RUN a", "RUN b"},
		{"RUN " + long + "gcc " + long, "RUN " + long + "g++ " + long, "RUN … word word word word word gcc word word word word word …", "RUN … word word word word word g++ word word word word word …"},
		{"RUN " + long + long, "RUN " + long + "more " + long, "RUN … word word word word word word word word word word …", "RUN … word word word word word more word word word word word …"},
		{"RUN " + strings.Repeat("é", 300), "RUN " + strings.Repeat("ü", 300), "RUN " + strings.Repeat("é", 98) + " …", "RUN " + strings.Repeat("ü", 98) + " …"},
	} {
		a, b := excerpts(safe.Clean(tt.a), safe.Clean(tt.b), 100)
		if a.String() != tt.wantA || b.String() != tt.wantB {
			t.Errorf("%q\n%q", a, b)
		}
	}
}

// TestStepTable_twoPlatforms checks that the table of two images for two platforms names both.
func TestStepTable_twoPlatforms(t *testing.T) {
	amd, arm := single("localhost:5000/app:1", image(t, "amd64", nil, base...)), single("localhost:5000/app:2", image(t, "arm64", nil, base...))
	if got := stepTables(diff.Compare(amd, arm))[0].heading().String(); got != "linux/amd64, in B linux/arm64" {
		t.Error(got)
	}
	if got := stepTables(diff.Compare(amd, amd))[0].heading().String(); got != "linux/amd64" {
		t.Error(got)
	}
}

// TestStepNumber checks that a step has both numbers if those of the sides differ, so that no
// two rows have one number.
func TestStepNumber(t *testing.T) {
	fourth, fifth := &model.Step{Index: 3}, &model.Step{Index: 4}
	for want, row := range map[string]diff.Row{"4": {A: fourth}, "5": {B: fifth}, "4/5": {A: fourth, B: fifth}, "4 ": {A: fourth, B: fourth}} {
		if got := stepNumber(row).String(); got != strings.TrimSpace(want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestCodeNote checks that the code of unrelated images says what it means.
func TestCodeNote(t *testing.T) {
	if got := codeNote(safe.Clean(string(diff.Unrelated))).String(); got != " (no common first layer)" {
		t.Error(got)
	}
	if got := codeNote(safe.Clean(string(diff.SameBase))); !got.IsEmpty() {
		t.Error(got)
	}
}
