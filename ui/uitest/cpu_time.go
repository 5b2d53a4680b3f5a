package uitest

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// CPU is what the program has used of the processor so far, in steps of 10 ms.
// It skips the test where the system does not say.
func (t *Term) CPU() time.Duration {
	t.tb.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", t.cmd.Process.Pid))
	if err != nil {
		t.tb.Skip("this system does not say what a process uses: ", err)
	}
	// proc_pid_stat(5): the name in brackets may hold blanks; 12 and 13 fields
	// behind it are utime and stime in ticks, of which a second has 100.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		t.tb.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}
