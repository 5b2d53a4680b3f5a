// Package command is the command line: it turns flags and arguments into values,
// connects the screens or a report to registries, and gives the exit code. What is
// shown is in package ui and ui/report.
package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/crash"
	"github.com/tagdiff/tagdiff/ui/garbage"
)

// Exit codes are those of diff(1).
const (
	exitSame      = 0
	exitDifferent = 1
	exitTrouble   = 2
)

// errDifferent ends the program with exit code 1 and no message.
var errDifferent = errors.New("not the same image")

// Main runs the program with the arguments of the process and returns its exit code.
// version and commit are those of a release, empty in other builds.
func Main(version, commit string) int {
	crash.RunMonitor(files.StateFolder(), version)
	garbage.Limit()
	ctx, stop := withSignals(context.Background())
	defer stop()
	ignoreFileSizeSignal()
	defer context.AfterFunc(ctx, exitAfterGrace)()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // net/http logs faults of servers there, and a screen may be open
	var failed result
	defer panics.Handle(func(f *panics.PanicError) { os.Exit(reportCrash(crash.New(f), version)) })()
	defer panics.Catch()
	root := newRoot(&failed)
	root.Version = versionText(version, commit)
	failed.err = cmp.Or(root.ExecuteContext(ctx), failed.err)
	switch {
	case failed.err == nil:
		return exitSame
	case errors.Is(failed.err, errDifferent):
		return exitDifferent
	}
	if own, ok := errors.AsType[*crash.PanicError](failed.err); ok {
		return reportCrash(own, version)
	}
	printError(os.Stderr, failed.err)
	return exitTrouble
}

// reportCrash saves a crash report, prints where it is, and returns the exit code.
func reportCrash(c *crash.PanicError, version string) int {
	fmt.Fprintln(os.Stderr, c.Save(files.StateFolder(), version))
	return exitTrouble
}

// result keeps the error of a command, since cobra adds words of its help to errors.
type result struct{ err error }

// of returns a RunE that runs do, keeps its error and reports success to cobra.
func (o *result) of(do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o.err = do(cmd, args)
		return nil
	}
}

// printError prints an error as one line, safe for a terminal.
func printError(w io.Writer, err error) {
	if errors.Is(err, context.Canceled) {
		err = errors.New("cancelled")
	}
	if write, ok := errors.AsType[*fs.PathError](err); ok && write.Path == os.Stdout.Name() {
		err = fmt.Errorf("cannot write to standard output: %w", write.Err)
	}
	fmt.Fprintln(w, safe.Sprintf("tagdiff: %s", safe.Gate{}.Clean(err.Error())))
}

// newRoot returns the command tagdiff with its subcommands. Its error ends up in failed.
func newRoot(failed *result) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "tagdiff [REGISTRY | REPOSITORY | IMAGE [IMAGE]]",
		Short: "Are these two tags the same image, and if not, what differs and why?",
		Long: `tagdiff explores container registries and compares images by their content.

With two images it compares them. The second may be short:
  tagdiff localhost:5000/app:testing :prod
With one argument it opens an image, the tags of a repository, or the
repositories of a registry. With none it opens the places you visited.
Names follow Docker's rules: app:prod is docker.io/library/app:prod; a first
part with a dot or a port is a registry.

On a terminal tagdiff opens a screen; press ? for its keys. Otherwise, and with
--output, it prints a report. Like diff it exits with 0 for the same image, 1 if
they differ, 2 after an error. The screen exits with 0, or with 2 after a signal
or an internal error.

If TERM is unset or dumb, tagdiff prints a report instead of a screen. It draws
with ASCII characters if the locale (LC_ALL, LC_CTYPE or LANG) is not UTF-8, or
if no locale is set on a terminal like the vt100.`,
		Example: `  tagdiff localhost:5000/app:testing :prod
  tagdiff -o json registry.example/app:1.4 :1.5
  tagdiff --metadata build.json --expect linux/amd64,linux/arm64
  tagdiff demo`,
		Args:          cobra.ArbitraryArgs, // parseArgs checks the number
		RunE:          failed.of(func(cmd *cobra.Command, args []string) error { return f.open(cmd, args, nil) }),
		SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2,
	}
	c.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		failed.err = flagError(cmd, err)
		return nil
	})
	f.defineShared(c.PersistentFlags())
	f.defineViews(c.Flags())
	f.defineReports(c.Flags())
	f.defineTab(c)
	f.defineScreen(c)
	c.AddCommand(demoCommand(&f, failed), watchCommand(&f, failed), configCommand(&f, failed), manCommand(failed))
	checkCompletionArgs(c, failed)
	checkHelpArgs(c, failed)
	setHelp(c)
	return c
}

// checkHelpArgs makes the help command of cobra refuse a command that does not exist, which
// it answers with the help of the root command and exit code 0.
func checkHelpArgs(root *cobra.Command, failed *result) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() != "help" {
			continue
		}
		run := c.Run
		c.Run, c.RunE = nil, failed.of(func(cmd *cobra.Command, args []string) error {
			if found, _, err := root.Find(args); len(args) > 0 && (err != nil || found == root) {
				return fmt.Errorf("%q is not a command; see tagdiff --help", args[0])
			}
			run(cmd, args)
			return nil
		})
	}
}

// checkCompletionArgs makes the completion command of cobra refuse a shell that it does not
// know, which it answers with its help and exit code 0, and arguments after a shell.
func checkCompletionArgs(root *cobra.Command, failed *result) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() != "completion" {
			continue
		}
		c.Args = cobra.ArbitraryArgs
		c.RunE = failed.of(func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return fmt.Errorf("%q is not a shell with completions: write bash, zsh, fish or powershell", args[0])
		})
		for _, shell := range c.Commands() {
			run := shell.RunE
			shell.Args = cobra.ArbitraryArgs
			shell.RunE = failed.of(func(cmd *cobra.Command, args []string) error {
				if err := noArguments(cmd, args); err != nil {
					return err
				}
				return run(cmd, args)
			})
		}
	}
}

// noArguments refuses arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	name := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
	return fmt.Errorf("%s takes no arguments: %q; see %s --help", name, args[0], cmd.CommandPath())
}
