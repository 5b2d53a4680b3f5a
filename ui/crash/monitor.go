package crash

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"

	"github.com/tagdiff/tagdiff/model/panics"
)

// A panic in a goroutine of a library and a fatal error of Go's runtime cannot be
// recovered: the process ends at once. A second process, the monitor, therefore
// cleans up. While a screen is open, it reads a pipe that only two write to: this
// package, marks of one byte, and the runtime, the text of a crash
// (debug.SetCrashOutput). So a byte that is not a mark means a crash, and the end of
// the file without markEnded means that the process was killed.
//
// The crash output lacks the text of fatal errors ("fatal error: stack overflow"),
// which the runtime prints to standard error before it starts to crash. Therefore
// standard error is a pipe to the monitor as well. The monitor reads it only after
// a crash: whatever else a library or a child process prints there has no effect.

// monitorEnv marks the process of the monitor. Its value is the state of the
// terminal before the screen.
const monitorEnv = "TAGDIFF_CRASH_MONITOR"

// Marks on the control pipe. No crash text begins with one of these bytes.
const (
	markEnded = '\x00' // the screen is closed and has restored the terminal
	markLent  = '\x01' // the terminal is restored while the program is suspended, when a shell may kill it
	markTaken = '\x02' // the screen has the terminal again
)

// monitor holds the write end of the control pipe; control is nil without a monitor.
var monitor struct {
	sync.Mutex
	control *os.File
}

// TerminalLent tells the monitor that a shell has the terminal for a while.
func TerminalLent() { sendMark(markLent) }

// TerminalTaken tells the monitor that the screen has the terminal again.
func TerminalTaken() { sendMark(markTaken) }

func sendMark(mark byte) {
	monitor.Lock()
	defer monitor.Unlock()
	if monitor.control != nil {
		_, _ = monitor.control.Write([]byte{mark})
	}
}

const (
	shortestTrace = 512      // bytes: less than the runtime prints in any crash
	maxTrace      = 4 << 20  // bytes of the crash output that the report keeps
	maxStderr     = 64 << 10 // bytes: what a pipe holds
	endOfMessage  = "\n\n"   // separates the message of a panic from the stacks
)

// crashPrefixes begin the lines that the runtime prints to standard error before
// the crash output begins.
var crashPrefixes = []string{"fatal error: ", "runtime: ", "runtime/cgo: ", "unexpected fault address "}

// resetTerminal resets all modes that a screen sets.
var resetTerminal = ansi.ResetModeSynchronizedOutput + ansi.ResetStyle +
	ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseAnyEvent + ansi.ResetModeMouseExtSgr +
	ansi.ResetModeFocusEvent + ansi.ResetModeBracketedPaste +
	ansi.ResetModifyOtherKeys + ansi.PopKittyKeyboard(1) + ansi.SetWindowTitle("") +
	ansi.SetTopBottomMargins(0, 0) + ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable

// monitorProcess waits for the end of the other process and cleans up after it.
// The summary is on the terminal before a shell prints its prompt: the other process
// cannot end before the monitor has read the crash output, because the pipe is short.
func monitorProcess(control, stderr io.Reader, terminal io.Writer, restore func(), dir, version string) {
	r := bufio.NewReader(control)
	crashed, restored := awaitEnd(r)
	if restored {
		return
	}
	restore()
	printText := func(text string) { _, _ = io.WriteString(terminal, text) }
	printText(resetTerminal)
	if !crashed {
		return // killed, which needs no report
	}
	head, _ := r.Peek(shortestTrace)
	buf := make([]byte, maxStderr)
	n, _ := stderr.Read(buf) // does not wait: the runtime writes there first
	start := textBefore(buf[:n], head)
	c := New(&panics.PanicError{Value: crashMessage(start + string(head))})
	file, err := createReport(dir)
	printText(c.summary(file, err).String() + "\n")
	trace, _ := io.ReadAll(io.LimitReader(r, maxTrace))
	_, _ = io.Copy(io.Discard, r)
	if err == nil {
		_, c.Stack, _ = strings.Cut(start+string(trace), endOfMessage)
		_ = c.writeReport(file, version)
	}
}

// awaitEnd reads marks until a crash begins, the screen closes or the process is
// killed. restored reports whether the program has restored the terminal before it
// ended.
func awaitEnd(r *bufio.Reader) (crashed, restored bool) {
	for {
		b, err := r.ReadByte()
		switch {
		case err != nil:
			return false, restored
		case b == markEnded:
			return false, true
		case b == markLent, b == markTaken:
			restored = b == markLent
		default:
			_ = r.UnreadByte()
			return true, false
		}
	}
}

// textBefore returns the lines of the runtime on standard error directly before the
// beginning of the crash output, which standard error contains too. A panic has none.
// A crash output that begins with an empty line has no message in itself. If other
// output has filled the pipe before, its message is lost and textBefore replaces it.
func textBefore(stderr, crashOutput []byte) string {
	if bytes.HasPrefix(crashOutput, []byte("panic: ")) {
		return ""
	}
	end := max(bytes.LastIndex(stderr, crashOutput), 0)
	start := end
	for start > 0 {
		line := bytes.LastIndexByte(stderr[:start-1], '\n') + 1
		if !slices.ContainsFunc(crashPrefixes, func(p string) bool { return bytes.HasPrefix(stderr[line:], []byte(p)) }) {
			break
		}
		start = line
	}
	if start == end && bytes.HasPrefix(crashOutput, []byte("\n")) {
		return "fatal error\n"
	}
	return string(stderr[start:end])
}

// crashMessage returns the message of a panic or a fatal error, without the stacks.
func crashMessage(trace string) string {
	message, _, _ := strings.Cut(trace, endOfMessage)
	return strings.TrimPrefix(strings.Join(strings.Fields(message), " "), "panic: ")
}
