package uitest

import (
	"regexp"
	"slices"

	"github.com/charmbracelet/x/ansi"
)

// Mask hides text that differs between runs, in golden files and pictures. It overwrites
// each match of Pattern, or the first group of the match, with With. With is cut or
// padded to the same width and has the style of the first cell that is not blank. A
// pattern for right-aligned text should include the blanks before it.
type Mask struct {
	Pattern *regexp.Regexp
	With    string
}

var (
	// Ports masks the port of a server that a test started.
	Ports = Mask{regexp.MustCompile(`(?:127\.0\.0\.1|localhost|\[::1\]):(\d{4,5})`), "PPPPP"}
	// Elapsed masks the duration of the requests.
	Elapsed = Mask{regexp.MustCompile(`requests? · [^·]+ · (\d+\.\d s)`), "0.1 s"}
)

// Masked returns the frame with the masks applied.
func (f Frame) Masked(masks ...Mask) Frame {
	f.cells = slices.Clone(f.cells)
	for _, mask := range masks {
		for y := range f.Height {
			f.mask(y, mask)
		}
	}
	return f
}

func (t *Term) masked(f Frame) Frame { return f.Masked(t.opts.Masks...) }

func (f Frame) mask(y int, mask Mask) {
	columns := append(f.columns(y), f.Width)
	for _, match := range mask.Pattern.FindAllStringSubmatchIndex(f.Row(y), -1) {
		if len(match) > 2 && match[2] >= 0 {
			match = match[2:]
		}
		overwrite(f.row(y)[columns[match[0]]:columns[match[1]]], mask.With)
	}
}

// overwrite sets cells to text, in the style of the first cell that is not blank.
func overwrite(cells []Cell, text string) {
	var style Style
	for _, c := range cells {
		if c.Text != " " && c.Width > 0 {
			style = c.Style
			break
		}
	}
	x := 0
	for x < len(cells) {
		cluster, width := ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
		if width == 0 || x+width > len(cells) {
			cluster, width, text = " ", 1, ""
		}
		cells[x] = Cell{Text: cluster, Width: width, Style: style}
		if cluster == " " {
			cells[x].Style = style.ofBlank()
		}
		for i := 1; i < width; i++ {
			cells[x+i] = Cell{Style: style}
		}
		text = text[min(len(cluster), len(text)):]
		x += width
	}
}
