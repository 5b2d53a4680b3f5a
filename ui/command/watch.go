package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/watch"
)

// watchFlags are the flags of watch.
type watchFlags struct {
	interval, minInterval time.Duration
	moves                 int
}

// watchCommand returns the command tagdiff watch.
func watchCommand(f *flags, failed *result) *cobra.Command {
	var own watchFlags
	c := &cobra.Command{
		Use:   "watch IMAGE...",
		Short: "Print a line when a tag moves",
		Long: `tagdiff watch checks tags at an interval, with one HEAD request per tag. When a
tag moves it prints a line: the time, the reference, the old digest and the new
digest. First it prints the digest of each tag, and the last recorded digest if
it is different. It waits for tags that do not exist yet.

The second and later references may be short:
  tagdiff watch localhost:5000/app:testing :prod

watch runs until ctrl-c. With --moves N it ends after N moves with exit code 0,
or 2 after ctrl-c. A tag that appears counts as moved.`,
		Example: `  tagdiff watch registry.example/app:prod
  tagdiff watch --moves 1 registry.example/app:1.5 && deploy
  tagdiff watch -o json localhost:5000/app:testing :prod | jq -r .to`,
		Args: cobra.ArbitraryArgs, // watchRefs checks the number
		RunE: failed.of(func(cmd *cobra.Command, args []string) error { return f.watch(cmd, args, own) }),
	}
	p := c.Flags()
	p.DurationVar(&own.interval, "every", 30*time.Second, "Interval between checks")
	p.StringVarP(&f.output, "output", "o", "", "Output `FORMAT`: text or json (default text)") // in place of the root's
	p.IntVar(&own.moves, "moves", 0, "End after `N` moves")
	p.DurationVar(&own.minInterval, "least", time.Second, "Smallest value for --every")
	_ = p.MarkHidden("least") // for tests
	return c
}

// watch prints moves of tags until a signal, or --moves, ends it.
func (f *flags) watch(cmd *cobra.Command, args []string, own watchFlags) error {
	refs, err := watchRefs(args)
	if err != nil {
		return err
	}
	if err := f.checkWatch(own, cmd.Flags().Changed("moves")); err != nil {
		return err
	}
	on, err := f.connect(nil)
	if err != nil {
		return err
	}
	defer on.close(cmd.ErrOrStderr())
	if text, _ := model.Completed(args[0], refs[0], model.Ref{}); text != "" {
		printError(cmd.ErrOrStderr(), errors.New(text))
	}
	on.seen.warnTo(cmd.ErrOrStderr())
	signal.Ignore(syscall.SIGPIPE) // a write error reaches Tell, and the journal gets closed
	w := watch.Watch{
		Source: on.source(), Refused: on.client.ForgetLogins, Refs: refs, Every: own.interval, Moves: own.moves, LastSighting: on.seen.Last,
		OnEvent:  func(e watch.Event) error { return f.printEvent(cmd.OutOrStdout(), e) },
		OnOutage: func(o watch.Outage) { printOutage(cmd.ErrOrStderr(), o) },
	}
	moves, err := w.Run(cmd.Context())
	readerGone, stopped := errors.Is(err, syscall.EPIPE), errors.Is(err, context.Canceled)
	switch {
	case readerGone, stopped && own.moves == 0:
		return nil
	case stopped: // an error, since a script must not take it for a move
		return fmt.Errorf("stopped by a signal, moves so far: %d of %d; start watch again", moves, own.moves)
	}
	return err
}

// checkWatch refuses values that watch does not take.
func (f *flags) checkWatch(own watchFlags, movesSet bool) error {
	switch {
	case own.interval < own.minInterval:
		return fmt.Errorf("--every %s must be at least %s", own.interval, own.minInterval)
	case own.moves < 1 && movesSet:
		return errors.New("--moves must be at least 1")
	case f.output != "" && f.output != "text" && f.output != "json":
		return fmt.Errorf("watch prints text or json, not %q", f.output)
	}
	return nil
}

// watchRefs returns the tags of the arguments, each once.
func watchRefs(args []string) ([]model.Ref, error) {
	if len(args) == 0 {
		return nil, errors.New("watch needs one tag or more, for example tagdiff watch host/app:prod")
	}
	var refs []model.Ref
	for i, arg := range args {
		var beside model.Ref
		if i > 0 {
			beside = refs[0]
		}
		ref, err := model.ParseBeside(beside, arg)
		switch {
		case err != nil:
			return nil, err
		case ref.Digest != "":
			return nil, fmt.Errorf("%q has a digest, which never moves: give a tag", arg)
		case ref.At != "":
			return nil, fmt.Errorf("%q names a tag in the past: leave out @%s", arg, ref.At)
		}
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// printEvent prints a move as a line of text or JSON.
func (f *flags) printEvent(w io.Writer, e watch.Event) error {
	if f.output != "json" {
		_, err := fmt.Fprintln(w, watch.Text(e))
		return err
	}
	line, err := watch.JSON(e)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// printOutage prints that a registry fails, or that it answers again.
func printOutage(w io.Writer, o watch.Outage) {
	if o.Err == nil {
		printError(w, errors.New(o.Registry+" answers again"))
		return
	}
	printError(w, fmt.Errorf("%w (still watching)", o.Err))
}
