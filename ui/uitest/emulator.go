package uitest

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/vt"
)

// discard reads the emulator's answers to queries: the emulator blocks until they are
// read.
func discard(emu *vt.Emulator) {
	io.Copy(io.Discard, emu) //nolint:errcheck // ends with closeInput
}

// closeInput ends the reader of the emulator's answers. Emulator.Close does that too,
// but has a data race with the reader.
func closeInput(emu *vt.Emulator) {
	if pipe, ok := emu.InputPipe().(io.Closer); ok {
		pipe.Close()
	}
}

// Painter paints contents one after the other, such as the views of a model. It reuses one
// emulator, because creating an emulator is slow.
type Painter struct{ emu *vt.Emulator }

// NewPainter returns a painter with a blank screen. Close it after use.
func NewPainter(width, height int) *Painter {
	p := &Painter{vt.NewEmulator(width, height)}
	go discard(p.emu)
	return p
}

// Paint returns the frame that a terminal shows for content.
func (p *Painter) Paint(content string) Frame {
	io.WriteString(p.emu, "\x1b[m\x1b[H\x1b[2J"+strings.ReplaceAll(content, "\n", "\r\n")) //nolint:errcheck // it cannot fail while open
	return snapshot(p.emu)
}

// Close releases the emulator.
func (p *Painter) Close() { closeInput(p.emu) }
