package uitest

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Files returns the number of open files and connections of the program. ok is false if
// the system does not report it.
func (t *Term) Files() (n int, ok bool) {
	t.tb.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", t.cmd.Process.Pid))
	return len(files), err == nil
}

// CPU returns the processor time of the program, in steps of 10 ms. It skips the test
// if the system does not report it.
func (t *Term) CPU() time.Duration {
	t.tb.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", t.cmd.Process.Pid))
	if err != nil {
		t.tb.Skip("this system does not report the CPU time of a process: ", err)
	}
	// proc_pid_stat(5): the name in parentheses may contain blanks. The 12th and 13th
	// fields after it are utime and stime in ticks of 10 ms.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		t.tb.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}
