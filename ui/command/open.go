package command

import (
	"cmp"
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
	if err := checkEmpty(cmd); err != nil {
		return err
	}
	args, short := padShortDigests(args)
	refs, other, err := f.refs(cmd.Context(), args)
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
	if err := cmp.Or(f.checkRecheck(), f.checkTab(form, refs), f.checkPlatform(form, refs), f.checkExact(refs)); err != nil {
		return err
	}
	if err := f.check(form, refs, cmd.Flags().Changed, f.exact); err != nil {
		return err
	}
	on, err := f.connect(guide)
	if err != nil {
		return err
	}
	defer on.close(cmd.ErrOrStderr())
	settings := f.readConfig()
	f.useSettings(settings, cmd.Flags().Changed)
	if refs, err = completeDigests(cmd.Context(), digestFinder{on.source(), cmd.ErrOrStderr()}, refs, short); err != nil {
		return err
	}
	if form == "tui" {
		on.notes.add(settings.mistakesLine())
		return f.screen(cmd.Context(), settings, ui.Options{
			Registry: on.source(), Journal: on.seen.forScreens(), Hosts: on.client.KnownHosts, Notes: on.notes.latest, Open: refs, Guide: guide,
		})
	}
	printMistakes(cmd.ErrOrStderr(), settings.mistakes)
	r := report.Request{
		Registry: on.source(), Format: form, Platform: f.platform, Exact: f.exact, Expect: expected, Digests: digests,
		Siblings: f.siblings, Inside: f.request(), Programs: &report.Programs{MaxRead: int64(f.maxRead), List: f.programs},
		Errors: cmd.ErrOrStderr(), Journal: on.seen.forScreens(),
		Options: report.Options{Gate: safe.Gate{Reveal: f.reveal}, ASCII: f.plainText(), PlainHTTP: f.plainHTTP, AllFiles: f.allFiles,
			AllPackages: f.packages, Programs: f.programs},
	}
	same, err := f.print(cmd.Context(), cmd.OutOrStdout(), r, refs, guide)
	if err == nil && !same {
		return errDifferent
	}
	err = withSuggestion(cmd, err, args)
	if _, unread := errors.AsType[*model.ReadError](err); unread && other != "" {
		return fmt.Errorf("%w (the metadata file names %s, the argument %s)", err, other, refs[0].Repo())
	}
	return withReading(err, args, refs)
}

// checkRecheck refuses an interval that would flood a registry.
func (f *flags) checkRecheck() error {
	if f.recheck != 0 && f.recheck < time.Second {
		return fmt.Errorf("--recheck %s must be at least 1s, or 0 for never", f.recheck)
	}
	return nil
}

// checkExact refuses --exact where two images are not compared.
func (f *flags) checkExact(refs []model.Ref) error {
	if f.exact && (f.expect != "" || len(refs) == 1) {
		return errors.New("--exact compares the digests of two images; give a second one, or leave it out")
	}
	return nil
}

// checkEmpty refuses flags with an empty value, which an unset shell variable gives.
func checkEmpty(cmd *cobra.Command) error {
	for _, f := range []struct{ name, next string }{
		{"expect", "names no platform; write one or more, for example linux/amd64,linux/arm64"},
		{"metadata", "names no file; give the file that docker buildx --metadata-file wrote"},
		{"platform", "names no platform; write one, for example linux/arm64"},
		{"log", "names no file"},
		{"config", "names no file; write none for no file"},
		{"tab", "names no tab; write one, for example layers"},
		{"accept", "names no kind of difference; write times or generated"},
		{"match", "names no tags; write a regular expression, for example ^v1[.]"},
	} {
		if flag := cmd.Flags().Lookup(f.name); flag != nil && flag.Changed && flag.Value.String() == "" {
			return fmt.Errorf("--%s %s", f.name, f.next)
		}
	}
	return nil
}

// print writes the report on refs, or on each story of a guide. same is false if two
// images differ.
func (f *flags) print(ctx context.Context, w io.Writer, r report.Request, refs []model.Ref, guide *ui.Guide) (same bool, err error) {
	if guide == nil {
		return r.Write(ctx, w, refs)
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

// withSuggestion adds to an error the command that the first argument may have meant.
func withSuggestion(cmd *cobra.Command, err error, args []string) error {
	if err == nil || len(args) == 0 {
		return err
	}
	if names := cmd.Root().SuggestionsFor(args[0]); len(names) > 0 && !strings.ContainsAny(args[0], "/:@.") {
		return fmt.Errorf("%w (did you mean tagdiff %s?)", err, names[0])
	}
	return err
}

// withReading adds to an error how a reference without a host or a tag was completed, if
// the error is about that part.
func withReading(err error, args []string, refs []model.Ref) error {
	if _, ok := errors.AsType[*model.ReadError](err); !ok || len(args) != len(refs) {
		return err
	}
	for i, typed := range args {
		var beside model.Ref
		if i > 0 {
			beside = refs[0]
		}
		text, missing := model.Completed(typed, refs[i], beside)
		if text != "" && strings.Contains(err.Error(), missing) {
			return fmt.Errorf("%w (%s)", err, text)
		}
	}
	return err
}
