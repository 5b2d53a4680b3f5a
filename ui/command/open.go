package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/report"
)

// open shows the arguments on a screen or as a report.
func (f *flags) open(cmd *cobra.Command, args []string, guide *ui.Guide) error {
	for _, name := range []string{"expect", "metadata"} { // an unset shell variable, probably
		if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
			return fmt.Errorf("--%s is empty", name)
		}
	}
	args, short := padShortDigest(args)
	refs, err := f.refs(cmd.Context(), args)
	if err != nil {
		return err
	}
	form, err := f.form()
	if err != nil {
		return err
	}
	expected, err := f.expected(refs)
	if err != nil {
		return err
	}
	digests, err := f.byDigest(refs)
	if err != nil {
		return err
	}
	if f.recheck != 0 && f.recheck < time.Second {
		return fmt.Errorf("--recheck %s must be at least 1s, or 0 for never", f.recheck)
	}
	if f.platform != "" {
		if f.platform, err = model.ParsePlatform(f.platform); err != nil {
			return err
		}
	}
	on, err := f.connect(guide)
	if err != nil {
		return err
	}
	defer on.close(cmd.ErrOrStderr())
	if refs, err = short.complete(cmd.Context(), on.source(), refs); err != nil {
		return err
	}
	if form == "tui" {
		return f.screen(cmd.Context(), ui.Options{
			Registry: on.source(), Journal: on.seen.forScreens(), Hosts: on.client.KnownHosts, Open: refs, Guide: guide,
		})
	}
	r := report.Request{
		Registry: on.source(), Format: form, Platform: f.platform, Exact: f.exact, Expect: expected, Digests: digests,
		Siblings: f.siblings, Journal: on.seen.forScreens(),
		Options: report.Options{Gate: safe.Gate{Reveal: f.reveal}, ASCII: f.plainText(), PlainHTTP: f.plainHTTP},
	}
	same, err := f.print(cmd.Context(), cmd.OutOrStdout(), r, refs, guide)
	if err == nil && !same {
		return errDifferent
	}
	return err
}

// print writes the report on refs, or on each story of a guide. same is false if two
// images differ.
func (f *flags) print(ctx context.Context, w io.Writer, r report.Request, refs []model.Ref, guide *ui.Guide) (same bool, err error) {
	if guide == nil {
		same, err = r.Write(ctx, w, refs)
		return same, withReading(err, refs)
	}
	for i, s := range guide.Stories {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if _, err := r.Write(ctx, w, []model.Ref{s.A, s.B}); err != nil {
			return false, err
		}
	}
	return true, nil
}

// withReading adds to an error how a name without a host was read, if that may be the
// cause: vm:5000 is a tag on Docker Hub, vm:5000/ is a registry.
func withReading(err error, refs []model.Ref) error {
	if _, ok := errors.AsType[*model.ReadError](err); !ok {
		return err
	}
	for _, r := range refs {
		name, official := strings.CutPrefix(r.Repository, "library/")
		if r.Registry == "docker.io" && official && strings.Trim(r.Tag, "0123456789") == "" && len(r.Tag) > 3 {
			return fmt.Errorf("%w (read as %s; write %s:%s/ for a registry)", err, r, name, r.Tag)
		}
	}
	return err
}
