package crash

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/tagdiff/tagdiff/model/panics"
)

// A panic in a goroutine of a library and a fatal error of Go's runtime cannot be
// recovered: the process ends at once. A second process, the monitor, therefore
// cleans up. While a screen is open, it reads the control pipe. Only this package writes
// to it, marks of one byte, and the runtime, the text of a crash (debug.SetCrashOutput).
// So a byte that is not a mark means a crash, and the end of the file without markEnded
// means that the process was killed.
//
// The crash output lacks the text of fatal errors ("fatal error: stack overflow"),
// which the runtime prints to standard error before it starts to crash. Therefore
// standard error is a pipe to the monitor too. The monitor uses it only after a crash:
// other output of a library or a child process has no effect.

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

// lent is whether a shell or a pager has the terminal.
var lent atomic.Bool

// TerminalLent tells the monitor that a shell or a pager has the terminal for a while.
func TerminalLent() {
	lent.Store(true)
	sendMark(markLent)
}

// TerminalTaken tells the monitor that the screen has the terminal again.
func TerminalTaken() {
	lent.Store(false)
	sendMark(markTaken)
}

// TerminalIsLent reports whether a shell or a pager has the terminal. An interrupt is then meant for it.
func TerminalIsLent() bool { return lent.Load() }

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
	maxStderr     = 64 << 10 // bytes of standard error that the monitor keeps
	endOfMessage  = "\n\n"   // separates the message of a panic from the stacks
)

// stderrTimeout limits the wait for standard error after the crash output has arrived.
const stderrTimeout = time.Second

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
	var output stderrTail
	panics.Go(func() { // to its end, so that writers never wait
		_, _ = io.Copy(&output, stderr)
		output.Lock()
		defer output.Unlock()
		output.ended = true
	})
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
	start := fatalErrorText(output.before(head), head)
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

// stderrTail is the end of what the program has written to standard error.
type stderrTail struct {
	sync.Mutex
	data  []byte
	ended bool
}

func (t *stderrTail) Write(p []byte) (n int, err error) {
	t.Lock()
	defer t.Unlock()
	t.data = append(t.data, p...)
	t.data = slices.Delete(t.data, 0, max(len(t.data)-maxStderr, 0))
	return len(p), nil
}

// before returns the part before the crash output, which the runtime writes to standard
// error first. It is empty if there is other output within the crash output.
func (t *stderrTail) before(crashOutput []byte) []byte {
	for deadline := time.Now().Add(stderrTimeout); ; time.Sleep(time.Millisecond) {
		t.Lock()
		end, last := bytes.LastIndex(t.data, crashOutput), t.ended || time.Now().After(deadline)
		before := slices.Clone(t.data[:max(end, 0)])
		t.Unlock()
		if end >= 0 || last {
			return before
		}
	}
}

// fatalErrorText returns the lines of the runtime at the end of stderr, which are the
// message of a fatal error. A panic has its message in the crash output. If that begins
// with an empty line instead, there is always a text.
func fatalErrorText(stderr, crashOutput []byte) string {
	if bytes.HasPrefix(crashOutput, []byte("panic: ")) {
		return ""
	}
	start := len(stderr)
	for start > 0 {
		line := bytes.LastIndexByte(stderr[:start-1], '\n') + 1
		if !slices.ContainsFunc(crashPrefixes, func(p string) bool { return bytes.HasPrefix(stderr[line:], []byte(p)) }) {
			break
		}
		start = line
	}
	if start == len(stderr) && bytes.HasPrefix(crashOutput, []byte("\n")) {
		return "fatal error\n"
	}
	return string(stderr[start:])
}

// crashMessage returns the message of a panic or a fatal error, without the stacks.
func crashMessage(trace string) string {
	message, _, _ := strings.Cut(trace, endOfMessage)
	return strings.TrimPrefix(strings.Join(strings.Fields(message), " "), "panic: ")
}
