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

// monitorFD is the descriptor from which the monitor reads.
const monitorFD = 3

// RunMonitor is all that a process does that was started as the monitor of a
// screen. In any other process it does nothing. Reports go to dir, if it has one.
func RunMonitor(dir, version string) {
	was := os.Getenv(monitorEnv)
	if was == "" {
		return
	}
	// A shell may have the terminal again, what ends jobs is for the other, and with
	// that one the terminal itself may go before the report is whole.
	signal.Ignore(syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGTTOU, syscall.SIGHUP, syscall.SIGPIPE)
	monitorProcess(os.NewFile(monitorFD, "end"), os.Stdout, func() { restoreTermios(was) }, dir, version)
	os.Exit(0)
}

// restoreTermios makes the terminal edit and echo lines as it did, unless a
// shell has it again, which has set it for itself.
func restoreTermios(was string) {
	var state unix.Termios
	tty := int(os.Stdout.Fd())
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	if err != nil || group != unix.Getpgrp() || json.Unmarshal([]byte(was), &state) != nil {
		return
	}
	_ = unix.IoctlSetTermios(tty, setTermios, &state)
}

// startMonitor starts the monitor, which runs until end is called. Where it cannot
// start, the program runs without.
func startMonitor() (end func()) {
	nothing := func() {}
	if !term.IsTerminal(os.Stdout.Fd()) {
		return nothing
	}
	said, hear, err := smallPipe()
	if err != nil {
		return nothing
	}
	defer hear.Close()
	defer said.Close()
	other, err := monitorCommand(hear)
	if err == nil {
		err = other.Start()
	}
	if err != nil {
		return nothing
	}
	debug.SetTraceback("all") // of which the report is made
	back, err := redirectStderr(said)
	if err != nil {
		_, _ = said.WriteString(markEnded)
		back = nothing
	}
	go func() {
		defer panics.Catch()
		_ = other.Wait()
		back() // it may have been killed
	}()
	return back
}

// smallPipe is a pipe that is soon full. Its writes block: the runtime, which
// prints to it, does not try again.
func smallPipe() (said, hear *os.File, err error) {
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		return nil, nil, err
	}
	for _, fd := range ends {
		unix.CloseOnExec(fd)
	}
	shrinkPipe(ends[1])
	return os.NewFile(uintptr(ends[1]), "said"), os.NewFile(uintptr(ends[0]), "hear"), nil
}

// monitorCommand runs this program as the monitor. Its name says in a list of
// processes what it is for.
func monitorCommand(hear *os.File) (*exec.Cmd, error) {
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
		Path: path, Args: []string{"tagdiff: gives the terminal back after a crash"}, Env: append(os.Environ(), monitorEnv+"="+string(was)),
		Stdout: os.Stdout, ExtraFiles: []*os.File{hear},
	}, err
}

// redirectStderr sends standard error to the monitor until back is called, which
// also tells the monitor.
func redirectStderr(said *os.File) (back func(), err error) {
	const standardError = 2
	was, err := unix.FcntlInt(standardError, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Dup2(int(said.Fd()), standardError); err != nil {
		_ = unix.Close(was)
		return nil, err
	}
	monitor.Lock()
	defer monitor.Unlock()
	// os.Stderr would end the program where the monitor is gone.
	monitor.tell = func(what string) { _, _ = unix.Write(standardError, []byte(what)) }
	return func() {
		tellMonitor(markEnded)
		monitor.Lock()
		defer monitor.Unlock()
		if monitor.tell == nil {
			return
		}
		monitor.tell = nil
		_ = unix.Dup2(was, standardError)
		_ = unix.Close(was)
	}, nil
}
