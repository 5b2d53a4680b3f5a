package command

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/report"
)

// flags are the values of the flags that tagdiff and its subcommands share.
type flags struct {
	output, logFile, platform, expect, metadata, match string
	configFile                                         string
	tab                                                string
	plainHTTP, noJournal, noCache, probe               bool
	ascii, noColor, reveal                             bool
	exact, digests, siblings                           bool
	recheck, timeout                                   time.Duration
	parallel                                           int
	theme                                              theme
	noMouse                                            bool
	insideFlags
}

// defineShared adds the flags that every command takes.
func (f *flags) defineShared(p *pflag.FlagSet) {
	p.StringVarP(&f.output, "output", "o", "", "Output `FORMAT`: tui, text, markdown or json (default tui on a terminal, else text)")
	p.StringVar(&f.logFile, "log", "", "Append every request to `FILE`")
	p.StringVar(&f.configFile, "config", "",
		"Read settings from `FILE`, none for no file (default: the variable TAGDIFF_CONFIG, else config.yaml in your configuration folder)")
	p.BoolVar(&f.plainHTTP, "plain-http", false, "Use http for registries (loopback hosts need no flag)")
	p.BoolVar(&f.ascii, "ascii", false, "Draw with ASCII characters")
	p.BoolVar(&f.noColor, "no-color", false, "Use no colours (or set the variable NO_COLOR)")
	p.DurationVar(&f.timeout, "timeout", registry.DefaultTimeout,
		"Give up on a registry that is silent for this long, or has not finished an answer after four times as long")
	p.IntVar(&f.parallel, "parallel", registry.DefaultConcurrency, "Send at most `N` requests at once to a registry, 1 to 512")
	p.BoolVar(&f.noJournal, "no-journal", false, "Do not record where tags point, and do not use earlier records")
	p.BoolVar(&f.noCache, "no-cache", false, "Do not use the cache of manifests and configs on disk")
	p.BoolVar(&f.reveal, "reveal", false, "Show values that look like secrets")
}

// defineViews adds the flags of the commands that show images.
func (f *flags) defineViews(p *pflag.FlagSet) {
	p.StringVarP(&f.platform, "platform", "p", "", "Compare this `PLATFORM` only, for example linux/arm64")
	p.BoolVar(&f.exact, "exact", false, "Exit with 0 only if the digests are equal")
	p.DurationVar(&f.recheck, "recheck", 30*time.Second, "How often to check whether the tags on screen moved; 0 for never")
	p.BoolVar(&f.siblings, "siblings", false,
		"In a report, also list other tags of the same image: one HEAD request per tag, one GET for each of up to 200 indexes")
	p.BoolVar(&f.probe, "probe", false, "Also check what old clients get for each tag: two more requests per tag")
}

// defineReports adds the flags that choose what to report on.
func (f *flags) defineReports(p *pflag.FlagSet) {
	p.StringVar(&f.expect, "expect", "",
		"Check that one image has these `PLATFORMS` (comma-separated) and that none is falsely labelled; exit code 1 if not")
	p.StringVar(&f.metadata, "metadata", "", "Read the image digest from `FILE`, written by docker buildx --metadata-file")
	p.BoolVar(&f.digests, "digests", false, "List the tags of a repository by digest: one HEAD request per tag")
	p.StringVar(&f.match, "match", "", "With --digests, only tags that match the regular `EXPRESSION`")
	f.define(p)
}

// defineTab adds the flag that chooses the first tab of the screen, with its completion.
func (f *flags) defineTab(c *cobra.Command) {
	c.Flags().StringVar(&f.tab, "tab", "", "Open the screen on the tab with this `NAME`: "+strings.Join(ui.TabNames(), ", "))
	// The error is that of a flag that does not exist.
	_ = c.RegisterFlagCompletionFunc("tab", cobra.FixedCompletions(ui.TabNames(), cobra.ShellCompDirectiveNoFileComp))
}

// checkTab refuses --tab with the name of no tab, without a screen, and with a list.
func (f *flags) checkTab(form string, refs []model.Ref) error {
	isImage := len(refs) > 0 && refs[0].Names() == model.NamesManifest
	switch {
	case f.tab == "":
		return nil
	case !slices.Contains(ui.TabNames(), f.tab):
		return fmt.Errorf("--tab %q is not a tab: write %s", f.tab, strings.Join(ui.TabNames(), ", "))
	case form != "tui":
		return errors.New("--tab chooses a tab of the screen; leave it out of a report")
	case !isImage:
		return errors.New("--tab needs an image; give a reference with a tag or a digest")
	}
	return nil
}

// Limits of --timeout: about one round trip of the slowest usable link, and a day.
const (
	shortestTimeout = 100 * time.Millisecond
	longestTimeout  = 24 * time.Hour
)

// expected returns the platforms of --expect, nil without the flag.
func (f *flags) expected(refs []model.Ref) ([]string, error) {
	switch {
	case f.expect == "":
		return nil, nil
	case f.output == "tui":
		return nil, errors.New("--expect prints a report: use -o text, markdown or json")
	case f.platform != "":
		return nil, errors.New("--expect checks all platforms: leave out --platform")
	case len(refs) != 1 || refs[0].Names() != model.NamesManifest:
		return nil, errors.New("--expect checks one image: give its tag or digest, or --metadata")
	}
	return diff.ParseExpected(f.expect)
}

// byDigest returns the options of --digests, nil without the flag.
func (f *flags) byDigest(refs []model.Ref) (*report.Digests, error) {
	switch {
	case !f.digests && f.match != "":
		return nil, errors.New("--match needs --digests")
	case !f.digests:
		return nil, nil
	case f.output == "tui":
		return nil, errors.New("--digests prints a report: use -o text, markdown or json")
	case len(refs) != 1 || refs[0].Names() != model.NamesRepository:
		return nil, errors.New("--digests lists the tags of one repository: " + repositoryAdvice(refs))
	}
	d := &report.Digests{}
	if f.match != "" {
		var err error
		if d.Match, err = regexp.Compile(f.match); err != nil {
			if bad, ok := errors.AsType[*syntax.Error](err); ok {
				err = errors.New(string(bad.Code))
			}
			return nil, fmt.Errorf("--match %q is not a regular expression: %w; write one such as ^v1[.]", f.match, err)
		}
	}
	if term.IsTerminal(os.Stderr.Fd()) && !isDumbTerminal() {
		d.Progress = os.Stderr
	}
	return d, nil
}

// repositoryAdvice says how to name one repository in place of refs.
func repositoryAdvice(refs []model.Ref) string {
	switch {
	case len(refs) == 1 && refs[0].Names() == model.NamesRegistry:
		return fmt.Sprintf("%s is a registry; add a repository, for example %s/app", refs[0], refs[0])
	case len(refs) == 1:
		return fmt.Sprintf("%s is an image; write %s", refs[0], refs[0].Repo())
	}
	return fmt.Sprintf("there are %d arguments; give one, for example host/app", len(refs))
}

// checkPlatform normalizes --platform, and refuses flags about images with a list.
func (f *flags) checkPlatform(form string, refs []model.Ref) error {
	isList := form != "tui" && len(refs) == 1 && refs[0].Names() != model.NamesManifest
	switch {
	case isList && f.platform != "":
		return fmt.Errorf("--platform needs an image; add a tag to %s", refs[0])
	case isList && f.siblings:
		return fmt.Errorf("--siblings needs an image; add a tag to %s", refs[0])
	case f.platform == "":
		return nil
	case strings.Contains(f.platform, ","):
		return errors.New("--platform takes one platform; leave it out to compare all")
	}
	names, err := diff.ParseExpected(f.platform)
	if err == nil {
		f.platform = names[0]
	}
	return err
}

// form returns the output format. It refuses a screen without a terminal, which would never end.
func (f *flags) form() (string, error) {
	tty := term.IsTerminal(os.Stdout.Fd()) && !isDumbTerminal() && f.expect == "" && !f.digests && !f.wantsReport()
	switch f.output {
	case "":
		if tty {
			return "tui", nil
		}
		return "text", nil
	case "tui":
		if !tty {
			return "", errors.New("cannot draw a screen: standard output is not a terminal, or TERM is empty or dumb; use -o text, markdown or json")
		}
		return "tui", nil
	case "text", "markdown", "json":
		return f.output, nil
	}
	return "", fmt.Errorf("unknown output format %q: use tui, text, markdown or json", f.output)
}
