package uitest

import (
	"fmt"
	"os"
)

// Files returns the number of open files and connections of the program. ok is false if
// the system does not report it.
func (t *Term) Files() (n int, ok bool) {
	t.tb.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", t.cmd.Process.Pid))
	return len(files), err == nil
}
