//go:build unix && !aix && !solaris

package crash

import (
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"

	"github.com/tagdiff/tagdiff/model/panics"
)

// Descriptors of the monitor: the read ends of the two pipes.
const (
	controlFD = 3
	stderrFD  = 4
)

// RunMonitor runs the monitor and exits if this process was started as one.
// Otherwise it returns at once. Reports go to the folder dir, unless it is empty.
func RunMonitor(dir, version string) {
	termios := os.Getenv(monitorEnv)
	if termios == "" {
		return
	}
	// The signals of the process group are for the program. A shell may have the
	// terminal again (SIGTTOU), and the terminal may close before the report is
	// complete (SIGHUP, SIGPIPE).
	signal.Ignore(syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGTTOU, syscall.SIGHUP, syscall.SIGPIPE)
	control, stderr := os.NewFile(controlFD, "control"), os.NewFile(stderrFD, "stderr")
	monitorProcess(control, stderr, os.Stdout, func() { restoreTermios(termios) }, dir, version)
	os.Exit(0)
}

// restoreTermios restores the terminal's line mode and echo, unless a shell has the
// terminal again and has set its own.
func restoreTermios(termios string) {
	var state unix.Termios
	tty := int(os.Stdout.Fd())
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	if err != nil || group != unix.Getpgrp() || json.Unmarshal([]byte(termios), &state) != nil {
		return
	}
	_ = unix.IoctlSetTermios(tty, setTermios, &state)
}

// startMonitor starts the monitor, which runs until end is called. If it cannot
// start, the program runs without one.
func startMonitor() (end func()) {
	nothing := func() {}
	if !term.IsTerminal(os.Stdout.Fd()) {
		return nothing
	}
	controlRead, control, err := os.Pipe()
	if err != nil {
		return nothing
	}
	defer controlRead.Close()
	stderrRead, stderr, err := os.Pipe()
	if err != nil {
		control.Close()
		return nothing
	}
	defer stderrRead.Close()
	defer stderr.Close()
	cmd, err := monitorCommand(controlRead, stderrRead)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		control.Close()
		return nothing
	}
	end = connectMonitor(control, stderr)
	panics.Go(func() {
		_ = cmd.Wait()
		end() // the monitor may have been killed
	})
	return end
}

// monitorCommand returns a command that runs this program as the monitor. Its first
// argument explains the process in a list of processes.
func monitorCommand(control, stderr *os.File) (*exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	state, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), getTermios)
	if err != nil {
		return nil, err
	}
	termios, err := json.Marshal(state)
	return &exec.Cmd{
		Path: path, Args: []string{"tagdiff: restores the terminal after a crash"}, Env: append(os.Environ(), monitorEnv+"="+string(termios)),
		Stdout: os.Stdout, ExtraFiles: []*os.File{control, stderr},
	}, err
}

// connectMonitor sends crash output and standard error to the monitor until end is
// called.
func connectMonitor(control, stderr *os.File) (end func()) {
	const standardError = 2
	saved, err := unix.FcntlInt(standardError, unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.Dup2(int(stderr.Fd()), standardError)
	}
	if err == nil {
		shrinkPipe(int(control.Fd()))
		debug.SetTraceback("all") // the report contains all stacks
		err = debug.SetCrashOutput(control, debug.CrashOptions{})
	}
	setControl := func(f *os.File) {
		monitor.Lock()
		defer monitor.Unlock()
		monitor.control = f
	}
	setControl(control)
	end = sync.OnceFunc(func() {
		_ = debug.SetCrashOutput(nil, debug.CrashOptions{})
		_ = unix.Dup2(saved, standardError)
		_ = unix.Close(saved)
		sendMark(markEnded)
		setControl(nil)
		control.Close()
	})
	if err != nil {
		end()
	}
	return end
}
