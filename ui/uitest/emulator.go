package uitest

import (
	"io"

	"github.com/charmbracelet/x/vt"
)

// discard takes the emulator's answers to queries: it stops until they are
// read.
func discard(emu *vt.Emulator) {
	io.Copy(io.Discard, emu) //nolint:errcheck // ends with closeInput
}

// closeInput ends whoever reads the emulator's answers. Emulator.Close would
// do it too, but not safely while they are being read.
func closeInput(emu *vt.Emulator) {
	if pipe, ok := emu.InputPipe().(io.Closer); ok {
		pipe.Close()
	}
}
