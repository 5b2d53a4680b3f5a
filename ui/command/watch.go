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

// watchFlags are the command line of watch.
type watchFlags struct {
	interval, minInterval time.Duration
	moves                 int
}

func watchCommand(f *flags, failed *result) *cobra.Command {
	var own watchFlags
	c := &cobra.Command{
		Use:   "watch IMAGE...",
		Short: "Print a line whenever one of some tags moves",
		Long: `tagdiff watch asks now and then where tags point, by one HEAD request each, and
prints a line whenever one moved: when it was seen, the reference, the old digest
and the new one. First it says what each tag is, and what it was when it was last
seen if that was something else. A tag that is not there yet is waited for.

The second reference and later ones may be short, as in
  tagdiff watch localhost:5000/app:testing :prod

It goes on until ctrl-c. With --moves it ends when so many were seen, and the exit
code says whether they were: 0, or 2 after ctrl-c. A tag that appears counts as
one that moved.`,
		Example: `  tagdiff watch registry.example/app:prod
  tagdiff watch --moves 1 registry.example/app:1.5 && deploy
  tagdiff watch -o json localhost:5000/app:testing :prod | jq -r .to`,
		Args: cobra.ArbitraryArgs, // watched counts them
		RunE: failed.of(func(cmd *cobra.Command, args []string) error { return f.watch(cmd, args, own) }),
	}
	p := c.Flags()
	p.DurationVar(&own.interval, "every", 30*time.Second, "ask this often")
	p.IntVar(&own.moves, "moves", 0, "end after `N` moves")
	p.DurationVar(&own.minInterval, "least", time.Second, "the least that --every may be")
	_ = p.MarkHidden("least") // it is there
	return c
}

// watch prints what happens to tags until it is told to end.
func (f *flags) watch(cmd *cobra.Command, args []string, own watchFlags) error {
	refs, err := watchRefs(args)
	if err != nil {
		return err
	}
	if err := f.suitWatch(cmd, own); err != nil {
		return err
	}
	on, err := f.connect(nil)
	if err != nil {
		return err
	}
	defer on.close(cmd.ErrOrStderr())
	on.seen.speak(cmd.ErrOrStderr())
	signal.Ignore(syscall.SIGPIPE) // Tell sees it, and the journal is closed
	w := watch.Watch{
		Source: on.source(), Refs: refs, Every: own.interval, Moves: own.moves,
		Tell:     func(e watch.Event) error { return f.printEvent(cmd.OutOrStdout(), e) },
		Complain: func(o watch.Outage) { printOutage(cmd.ErrOrStderr(), o) },
	}
	if on.seen.Journal != nil {
		w.Past = on.seen.Last
	}
	err = w.Run(cmd.Context())
	nobody := errors.Is(err, syscall.EPIPE)
	// Who waits for a move must not take an end by a signal for one.
	if nobody || own.moves == 0 && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// suitWatch refuses what does not go with watch.
func (f *flags) suitWatch(cmd *cobra.Command, own watchFlags) error {
	for _, name := range []string{"platform", "expect", "metadata", "exact", "probe", "digests", "match", "recheck"} {
		if flag := cmd.Flags().Lookup(name); flag != nil && flag.Changed {
			return fmt.Errorf("watch does not take --%s", name)
		}
	}
	switch {
	case own.interval < own.minInterval:
		return fmt.Errorf("--every %s: %s at least", own.interval, own.minInterval)
	case own.moves < 0:
		return fmt.Errorf("--moves %d: not less than none", own.moves)
	case f.output != "" && f.output != "text" && f.output != "json":
		return fmt.Errorf("watch prints text or json, not %q", f.output)
	}
	return nil
}

// watchRefs are the tags that the arguments name, each once.
func watchRefs(args []string) ([]model.Ref, error) {
	if len(args) == 0 {
		return nil, errors.New("watch what? Name one tag or more, as in tagdiff watch host/app:prod")
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
			return nil, fmt.Errorf("%q has a digest, which never moves: name a tag", arg)
		case ref.When != "":
			return nil, fmt.Errorf("%q is what a tag was: leave @%s out", arg, ref.When)
		}
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

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

// printOutage says that a registry is in trouble, and that it is out of it.
func printOutage(w io.Writer, o watch.Outage) {
	if o.Err == nil {
		printError(w, errors.New(o.Registry+" answers again"))
		return
	}
	printError(w, fmt.Errorf("%w (watching on)", o.Err))
}
