package uitest

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func TestPaint(t *testing.T) {
	t.Parallel()
	f := Paint("one \x1b[1;31mtwo\x1b[0m\n日本 x\x1b[6n", 10, 3)
	if got, want := f.Text(), "one two\n日本 x\n"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if got, want := f.Cell(4, 0), (Cell{Text: "t", Width: 1, Style: Style{Fg: "1", Bold: true}}); got != want {
		t.Errorf("cell %+v, want %+v", got, want)
	}
	if x, y, ok := f.Find("x"); x != 5 || y != 1 || !ok {
		t.Errorf("found at %d,%d %v", x, y, ok)
	}
	if f.Contains("two日") {
		t.Error("text matches across two rows")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	a := Paint("a \x1b[31m \x1b[0mb", 10, 1)
	if !a.Equal(Paint("a  b", 10, 1)) {
		t.Error("the colour of a blank is not visible")
	}
	for _, other := range []string{"a \x1b[7m \x1b[0mb", "a \x1b[4m \x1b[0mb", "a  \x1b[1mb", "a  c"} {
		if a.Equal(Paint(other, 10, 1)) {
			t.Errorf("%q looks different", other)
		}
	}
	if a.Equal(Paint("a  b", 11, 1)) {
		t.Error("sizes differ")
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	f := Paint("日 127.0.0.1:43210/x  6 requests", 32, 1)
	traffic := Mask{regexp.MustCompile(`\s+\d+ requests`), "  -"}
	if got, want := f.Masked(Ports, traffic).Text(), "日 127.0.0.1:PPPPP/x  -"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	wide := Mask{regexp.MustCompile(`127`), "日本"}
	if got, want := f.Masked(wide).Row(0), "日 日 .0.0.1:43210/x  6 requests"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if f.Masked(); !f.Contains("43210") {
		t.Error("masking changed the frame")
	}
}

// TestSVG: each text is as long as its cells, and markup in it is escaped.
func TestSVG(t *testing.T) {
	t.Parallel()
	svg := Paint("\x1b[7m<a>\x1b[0m  \x1b[4mb c\x1b[0m ∅ │── \x1b[8mhid\x1b[0m\x1b[38;5;196mred\x1b[2mdim", 40, 1).SVG(`"title"`)
	for _, want := range []string{
		`aria-label="&#34;title&#34;"`,
		`<rect x="16" y="44" width="27" height="20" fill="#e0def4"/>`,
		`fill="#191724" xml:space="preserve" textLength="27">&lt;a&gt;</text>`,
		`textLength="27" text-decoration="underline">b c</text>`,
		`textLength="9">∅</text>`,
		`textLength="27">│──</text>`,
		`fill="#ff0000" xml:space="preserve" textLength="27">red</text>`,
		`textLength="27" fill-opacity=".6">dim</text>`,
	} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
	if strings.Contains(string(svg), "hid") {
		t.Error("concealed text is shown")
	}
}

// TestSVG_tinyTerminal: the smallest terminals have a picture and a golden text.
func TestSVG_tinyTerminal(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{1, 1}, {2, 1}, {10, 3}} {
		f := Paint("日本語\nxyz", size[0], size[1])
		if f.SVG("") == nil || f.Golden() == "" {
			t.Errorf("%v", size)
		}
	}
}
