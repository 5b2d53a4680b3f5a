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

// A panic in a goroutine of a library and a fatal error of Go's runtime can be
// caught by nobody: the process ends there and then. A second one stands by. While
// a screen is open it is at the other end of standard error, where Go's runtime
// says its last words. A process that is killed says none; one that ends well says
// so.

// standby marks the second process, in its environment.
const standby = "TAGDIFF_STANDBY"

// What a screen says of the terminal. Each is a line, whatever was said before.
const (
	wellEnded = "\n\x00\n" // it has given it back itself
	lent      = "\n\x01\n" // so it has, for a while: who suspends it may kill it
	taken     = "\n\x02\n" // it has it again
)

// standing is how to tell who stands by; nil where nobody does.
var standing struct {
	sync.Mutex
	tell func(string)
}

// Lent tells who stands by that a shell has the terminal for a while.
func Lent() { tell(lent) }

// Taken tells who stands by that the screen has the terminal again.
func Taken() { tell(taken) }

func tell(what string) {
	standing.Lock()
	defer standing.Unlock()
	if standing.tell != nil {
		standing.tell(what)
	}
}

const (
	shortestTrace = 512     // bytes: less than the runtime says of any end
	maxTrace      = 4 << 20 // bytes of it that are kept
	endOfWords    = "\n\n"  // is between what a panic says and the stacks
)

// lastWords begin lines of the runtime that are its last. Before them there may be
// what a library has to say.
var lastWords = []string{"panic: ", "fatal error: ", "runtime: ", "runtime/cgo: ", "unexpected fault address ", "SIG", "goroutine "}

// leave undoes all that a screen asks of a terminal.
var leave = ansi.ResetModeSynchronizedOutput + ansi.ResetStyle +
	ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseAnyEvent + ansi.ResetModeMouseExtSgr +
	ansi.ResetModeFocusEvent + ansi.ResetModeBracketedPaste +
	ansi.ResetModifyOtherKeys + ansi.PopKittyKeyboard(1) + ansi.SetWindowTitle("") +
	ansi.SetTopBottomMargins(0, 0) + ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable

// follow waits for the end of the other process and does what that has left undone.
// As long as it has not read all, the other cannot be gone, and no shell shows its
// prompt: the pipe is short. So the line is on the terminal before.
func follow(end io.Reader, terminal io.Writer, restore func(), dir, version string) {
	r := bufio.NewReader(end)
	start, free := begin(r)
	if free {
		return
	}
	restore()
	say := func(text string) { _, _ = io.WriteString(terminal, text) }
	say(leave)
	if start == "" {
		return // it was killed, as somebody wanted
	}
	more, _ := r.Peek(shortestTrace)
	c := Of(&panics.Caught{Value: wordsOf(start + string(more))})
	file, err := create(dir)
	say(c.line(file, err).String() + "\n")
	all, _ := io.ReadAll(io.LimitReader(r, maxTrace))
	_, _ = io.Copy(io.Discard, r)
	if err == nil {
		_, c.Stack, _ = strings.Cut(start+string(all), endOfWords)
		_ = c.fill(file, version)
	}
}

// begin reads until last words begin, and gives their first line. There are none
// when the screen has ended well, or was killed; free is whether the terminal was
// given back before.
func begin(r *bufio.Reader) (first string, free bool) {
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case string(line) == wellEnded[1:]:
			return "", true
		case string(line) == lent[1:], string(line) == taken[1:]:
			free = string(line) == lent[1:]
		case slices.ContainsFunc(lastWords, func(w string) bool { return bytes.HasPrefix(line, []byte(w)) }):
			return string(line), false
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return "", free
		}
	}
}

// wordsOf is what a panic or a fatal error says, of the runtime's account of it.
func wordsOf(trace string) string {
	words, _, _ := strings.Cut(trace, endOfWords)
	return strings.TrimPrefix(strings.Join(strings.Fields(words), " "), "panic: ")
}
