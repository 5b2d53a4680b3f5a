package uitest

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/vt"
)

// Painter shows content after content, such as the views of a screen that no
// program runs. An emulator is dear to make.
type Painter struct{ emu *vt.Emulator }

// NewPainter is a blank painter.
func NewPainter(width, height int) *Painter {
	p := &Painter{vt.NewEmulator(width, height)}
	go discard(p.emu)
	return p
}

// Paint is the frame that a terminal shows of content.
func (p *Painter) Paint(content string) Frame {
	io.WriteString(p.emu, "\x1b[m\x1b[H\x1b[2J"+strings.ReplaceAll(content, "\n", "\r\n")) //nolint:errcheck // it cannot fail while open
	return snapshot(p.emu)
}

// Close ends it.
func (p *Painter) Close() { closeInput(p.emu) }
