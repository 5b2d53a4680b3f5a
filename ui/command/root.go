// Package command is the command line: it turns flags and arguments into values,
// connects the screens or a report to registries, and gives the exit code. What is
// shown is in package ui and ui/report.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/crash"
)

// Exit codes are those of diff(1).
const (
	exitSame      = 0
	exitDifferent = 1
	exitTrouble   = 2
)

// errDifferent ends the program with exit code 1 and without a word.
var errDifferent = errors.New("not the same image")

// Main runs the program with the arguments of the process and returns its exit code.
// version and commit are those of a release, empty in other builds.
func Main(version, commit string) int {
	crash.Standby(files.StateFolder(), version)
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	defer stop()
	ignoreFileSizeSignal()
	defer context.AfterFunc(ctx, exitAfterGrace)()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // net/http tells the standard log of servers' faults, and a screen may be open
	var failed result
	defer panics.Handle(func(f *panics.Caught) { os.Exit(reportCrash(crash.Of(f), version)) })()
	defer panics.Catch()
	err := fang.Execute(ctx, newRoot(&failed), fang.WithVersion(version), fang.WithCommit(commit))
	switch {
	case err != nil:
		return exitTrouble // fang has said why
	case failed.err == nil:
		return exitSame
	case errors.Is(failed.err, errDifferent):
		return exitDifferent
	}
	var own *crash.Crash
	if errors.As(failed.err, &own) {
		return reportCrash(own, version)
	}
	printError(os.Stderr, failed.err)
	return exitTrouble
}

// reportCrash says that the program has a fault, and where the report is.
func reportCrash(c *crash.Crash, version string) int {
	fmt.Fprintln(os.Stderr, c.Save(files.StateFolder(), version))
	return exitTrouble
}

// result is how the command ended. Errors do not go through fang: before it
// prints one it asks the terminal for its colours, which takes seconds where
// nobody answers.
type result struct{ err error }

// of runs do and keeps its error.
func (o *result) of(do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o.err = do(cmd, args)
		return nil
	}
}

// printError prints one line that has passed the gate.
func printError(w io.Writer, err error) {
	if errors.Is(err, context.Canceled) {
		err = errors.New("cancelled")
	}
	fmt.Fprintln(w, safe.Sprintf("tagdiff: %s", safe.Gate{}.Clean(err.Error())))
}

// newRoot is the command tagdiff with its subcommands. How it ends is left in failed.
func newRoot(failed *result) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "tagdiff [REGISTRY | REPOSITORY | IMAGE [IMAGE]]",
		Short: "Are these two tags the same image, and if not, what differs and why?",
		Long: `tagdiff explores container registries and compares images by what they hold.

With two images it compares them; the second may be short, as in
  tagdiff localhost:5000/app:testing :prod
With one it opens that image, the tags of a repository, or the repositories of
a registry. Without any it opens where you were. Docker's conventions hold:
app:prod is docker.io/library/app:prod; a name with a dot or a port is a host.

On a terminal it is a screen; ? shows its keys. Otherwise, and with --output, it
prints a report and exits like diff: 0 the same image, 1 not the same, 2 trouble.
A screen that is quit exits with 0, one that a signal or a fault ends with 2.

Where TERM is unset or dumb there is a report in place of a screen. It is all
drawn with ASCII where LC_ALL, LC_CTYPE or LANG names no UTF-8 locale, and on a
vt100 or the like where none of them is set.`,
		Example: `  tagdiff localhost:5000/app:testing :prod
  tagdiff -o json registry.example/app:1.4 :1.5
  tagdiff --metadata build.json --expect linux/amd64,linux/arm64
  tagdiff demo`,
		Args: cobra.ArbitraryArgs, // parseArgs counts them
		RunE: failed.of(func(cmd *cobra.Command, args []string) error { return f.open(cmd, args, nil) }),
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		failed.err = fmt.Errorf("%w; see tagdiff --help", err)
		return nil
	})
	f.define(c)
	c.AddCommand(demoCommand(&f, failed), watchCommand(&f, failed))
	return c
}
