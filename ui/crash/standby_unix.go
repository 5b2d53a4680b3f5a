//go:build unix && !aix && !solaris

package crash

import (
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"

	"github.com/tagdiff/tagdiff/model/panics"
)

// heard is the descriptor by which the process that stands by hears of the other.
const heard = 3

// Standby is all there is of a process that a screen has started to stand by, and
// does nothing in any other. Reports go to dir; "" is none.
func Standby(dir, version string) {
	was := os.Getenv(standby)
	if was == "" {
		return
	}
	// A shell may have the terminal again, what ends jobs is for the other, and with
	// that one the terminal itself may go before the report is whole.
	signal.Ignore(syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGTTOU, syscall.SIGHUP, syscall.SIGPIPE)
	follow(os.NewFile(heard, "end"), os.Stdout, func() { restore(was) }, dir, version)
	os.Exit(0)
}

// restore makes the terminal edit and echo lines as it did, unless a shell has it
// again, which has set it for itself.
func restore(was string) {
	var state unix.Termios
	tty := int(os.Stdout.Fd())
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	if err != nil || group != unix.Getpgrp() || json.Unmarshal([]byte(was), &state) != nil {
		return
	}
	_ = unix.IoctlSetTermios(tty, setTermios, &state)
}

// standBy starts the second process, until end is called. Where there can be none
// the program does without.
func standBy() (end func()) {
	nothing := func() {}
	if !term.IsTerminal(os.Stdout.Fd()) {
		return nothing
	}
	said, hear, err := pipe()
	if err != nil {
		return nothing
	}
	defer hear.Close()
	defer said.Close()
	other, err := beside(hear)
	if err == nil {
		err = other.Start()
	}
	if err != nil {
		return nothing
	}
	debug.SetTraceback("all") // of which the report is made
	back, err := redirect(said)
	if err != nil {
		_, _ = said.WriteString(wellEnded)
		back = nothing
	}
	go func() {
		defer panics.Catch()
		_ = other.Wait()
		back() // it may have been killed
	}()
	return back
}

// pipe is one that is soon full, and that the runtime can write to, which does not
// try again where it would have to wait.
func pipe() (said, hear *os.File, err error) {
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		return nil, nil, err
	}
	for _, fd := range ends {
		unix.CloseOnExec(fd)
	}
	shorten(ends[1])
	return os.NewFile(uintptr(ends[1]), "said"), os.NewFile(uintptr(ends[0]), "hear"), nil
}

// beside is this program once more. What it is called tells a person who sees it
// in a list of processes why it is there.
func beside(hear *os.File) (*exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	state, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), getTermios)
	if err != nil {
		return nil, err
	}
	was, err := json.Marshal(state)
	return &exec.Cmd{
		Path: path, Args: []string{"tagdiff: gives the terminal back after a crash"}, Env: append(os.Environ(), standby+"="+string(was)),
		Stdout: os.Stdout, ExtraFiles: []*os.File{hear},
	}, err
}

// redirect makes standard error that of the process that stands by, which is told
// when it is as before.
func redirect(said *os.File) (back func(), err error) {
	const standardError = 2
	was, err := unix.FcntlInt(standardError, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Dup2(int(said.Fd()), standardError); err != nil {
		_ = unix.Close(was)
		return nil, err
	}
	standing.Lock()
	defer standing.Unlock()
	// Where nobody reads any more os.Stderr would end the program.
	standing.tell = func(what string) { _, _ = unix.Write(standardError, []byte(what)) }
	return func() {
		tell(wellEnded)
		standing.Lock()
		defer standing.Unlock()
		if standing.tell == nil {
			return
		}
		standing.tell = nil
		_ = unix.Dup2(was, standardError)
		_ = unix.Close(was)
	}, nil
}
