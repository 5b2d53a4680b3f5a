package crash

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"

	"github.com/tagdiff/tagdiff/model/panics"
)

// A panic in a goroutine of a library and a fatal error of Go's runtime cannot be
// recovered: the process ends at once. A second process, the monitor, cleans up.
// While a screen is open the monitor reads its standard error, where the runtime
// prints the crash. A process that is killed prints nothing; one that ends well
// sends a mark.

// monitorEnv marks the monitor, in its environment.
const monitorEnv = "TAGDIFF_STANDBY"

// What a screen says of the terminal. Each is a line, whatever was said before.
const (
	markEnded = "\n\x00\n" // it has given it back itself
	markLent  = "\n\x01\n" // so it has, for a while: who suspends it may kill it
	markTaken = "\n\x02\n" // it has it again
)

// monitor is how to tell the monitor something; tell is nil without one.
var monitor struct {
	sync.Mutex
	tell func(string)
}

// TerminalLent tells the monitor that a shell has the terminal for a while.
func TerminalLent() { tellMonitor(markLent) }

// TerminalTaken tells the monitor that the screen has the terminal again.
func TerminalTaken() { tellMonitor(markTaken) }

func tellMonitor(what string) {
	monitor.Lock()
	defer monitor.Unlock()
	if monitor.tell != nil {
		monitor.tell(what)
	}
}

const (
	shortestTrace = 512     // bytes: less than the runtime says of any end
	maxTrace      = 4 << 20 // bytes of it that are kept
	endOfMessage  = "\n\n"  // is between what a panic says and the stacks
)

// crashPrefixes begin the lines that the runtime prints when it crashes. Before
// them may be output of a library.
var crashPrefixes = []string{"panic: ", "fatal error: ", "runtime: ", "runtime/cgo: ", "unexpected fault address ", "SIG", "goroutine "}

// resetTerminal undoes all modes that a screen sets.
var resetTerminal = ansi.ResetModeSynchronizedOutput + ansi.ResetStyle +
	ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseAnyEvent + ansi.ResetModeMouseExtSgr +
	ansi.ResetModeFocusEvent + ansi.ResetModeBracketedPaste +
	ansi.ResetModifyOtherKeys + ansi.PopKittyKeyboard(1) + ansi.SetWindowTitle("") +
	ansi.SetTopBottomMargins(0, 0) + ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable

// monitorProcess waits for the end of the other process and cleans up after it.
// As long as it has not read all, the other cannot be gone, and no shell shows its
// prompt: the pipe is short. So the line is on the terminal before.
func monitorProcess(end io.Reader, terminal io.Writer, restore func(), dir, version string) {
	r := bufio.NewReader(end)
	start, free := awaitCrash(r)
	if free {
		return
	}
	restore()
	say := func(text string) { _, _ = io.WriteString(terminal, text) }
	say(resetTerminal)
	if start == "" {
		return // it was killed, as somebody wanted
	}
	more, _ := r.Peek(shortestTrace)
	c := New(&panics.PanicError{Value: crashMessage(start + string(more))})
	file, err := createReport(dir)
	say(c.summary(file, err).String() + "\n")
	all, _ := io.ReadAll(io.LimitReader(r, maxTrace))
	_, _ = io.Copy(io.Discard, r)
	if err == nil {
		_, c.Stack, _ = strings.Cut(start+string(all), endOfMessage)
		_ = c.writeReport(file, version)
	}
}

// awaitCrash reads until a crash begins and returns its first line. It returns ""
// when the screen has ended well or was killed; free is whether the terminal was
// given back before.
func awaitCrash(r *bufio.Reader) (first string, free bool) {
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case string(line) == markEnded[1:]:
			return "", true
		case string(line) == markLent[1:], string(line) == markTaken[1:]:
			free = string(line) == markLent[1:]
		case slices.ContainsFunc(crashPrefixes, func(w string) bool { return bytes.HasPrefix(line, []byte(w)) }):
			return string(line), false
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return "", free
		}
	}
}

// crashMessage is the message of a panic or a fatal error, without its stacks.
func crashMessage(trace string) string {
	words, _, _ := strings.Cut(trace, endOfMessage)
	return strings.TrimPrefix(strings.Join(strings.Fields(words), " "), "panic: ")
}
