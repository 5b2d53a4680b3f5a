package uitest

import (
	"io"

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
