package uitest

import (
	"fmt"
	"os"
)

// Files is how many files and connections the program has open, where the system
// tells; ok is false elsewhere.
func (t *Term) Files() (n int, ok bool) {
	t.tb.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", t.cmd.Process.Pid))
	return len(files), err == nil
}
