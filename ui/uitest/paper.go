package uitest

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/vt"
)

// Paper shows content after content, such as the views of a screen that no
// program runs. An emulator is dear to make.
type Paper struct{ emu *vt.Emulator }

// NewPaper is a blank one.
func NewPaper(width, height int) *Paper {
	p := &Paper{vt.NewEmulator(width, height)}
	go discard(p.emu)
	return p
}

// Paint is the frame that a terminal shows of content.
func (p *Paper) Paint(content string) Frame {
	io.WriteString(p.emu, "\x1b[m\x1b[H\x1b[2J"+strings.ReplaceAll(content, "\n", "\r\n")) //nolint:errcheck // it cannot fail while open
	return snapshot(p.emu)
}

// Close ends it.
func (p *Paper) Close() { closeInput(p.emu) }
