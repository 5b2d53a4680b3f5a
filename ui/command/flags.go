package command

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry"
	"github.com/tagdiff/tagdiff/ui/report"
)

// flags are the values of the flags that tagdiff and its subcommands share.
type flags struct {
	output    string
	platform  string
	expect    string
	metadata  string
	logFile   string
	exact     bool
	plainHTTP bool
	ascii     bool
	noColor   bool
	reveal    bool
	probe     bool
	noJournal bool
	recheck   time.Duration
	timeout   time.Duration
	parallel  int
	digests   bool
	siblings  bool
	match     string
	noCache   bool
}

// define adds the flags to c and to its subcommands.
func (f *flags) define(c *cobra.Command) {
	p := c.PersistentFlags()
	p.StringVarP(&f.output, "output", "o", "", "`FORM` of the answer: tui, text, markdown or json (tui on a terminal, else text)")
	p.StringVarP(&f.platform, "platform", "p", "", "only this `PLATFORM`, as in linux/arm64")
	p.StringVar(&f.expect, "expect", "", "check that one image has these `PLATFORMS`, with commas between, and that none only claims to be; exit code 1 if not")
	p.StringVar(&f.metadata, "metadata", "", "take the image by digest from `FILE`, as docker buildx --metadata-file writes it")
	p.StringVar(&f.logFile, "log", "", "append a record of every request to `FILE`")
	p.BoolVar(&f.exact, "exact", false, "only equal digests count as the same (for the exit code)")
	p.BoolVar(&f.plainHTTP, "plain-http", false, "speak http to registries; loopback needs no flag")
	p.BoolVar(&f.ascii, "ascii", false, "draw with ASCII alone")
	p.BoolVar(&f.noColor, "no-color", false, "no colours; so does the variable NO_COLOR")
	p.DurationVar(&f.recheck, "recheck", 30*time.Second, "ask again this often where the tags on screen point; 0 for never")
	p.DurationVar(&f.timeout, "timeout", registry.DefaultTimeout, "leave a registry that gives no sign of life for so long, or no whole answer in four times as long")
	p.IntVar(&f.parallel, "parallel", registry.DefaultConcurrency, "at most `N` requests at once to a registry, 1 to 512")
	p.BoolVar(&f.digests, "digests", false, "list the tags of a repository by the digest that they point to: one HEAD request for each")
	p.BoolVar(&f.siblings, "siblings", false, "in a report, also say which other tags are the same image: one HEAD request for each tag, and one GET for up to 200 indexes")
	p.StringVar(&f.match, "match", "", "with --digests, only tags that match the regular `EXPRESSION`")
	p.BoolVar(&f.noJournal, "no-journal", false, "neither remember where tags point nor use what is remembered")
	p.BoolVar(&f.noCache, "no-cache", false, "neither keep manifests and configs on disk nor use what is kept there")
	p.BoolVar(&f.probe, "probe", false, "also ask how clients that accept less are answered: two requests more for each tag")
	p.BoolVar(&f.reveal, "reveal", false, "show what looks like a secret")
}

// shortestTimeout is about the round trip of a link that is still of use.
const shortestTimeout = 100 * time.Millisecond

// expected are the platforms to check for, nil for no check.
func (f *flags) expected(refs []model.Ref) ([]string, error) {
	switch {
	case f.expect == "":
		return nil, nil
	case f.output == "tui":
		return nil, errors.New("--expect prints a report: use -o text, markdown or json")
	case f.platform != "":
		return nil, errors.New("--expect looks at all platforms: leave --platform out")
	case len(refs) != 1 || refs[0].Names() != model.NamesManifest:
		return nil, errors.New("--expect checks one image: name it with its tag or digest, or give --metadata")
	}
	return diff.ParseExpected(f.expect)
}

// byDigest is what is to be said of the digests of tags, nil for nothing.
func (f *flags) byDigest(refs []model.Ref) (*report.Digests, error) {
	switch {
	case !f.digests && f.match != "":
		return nil, errors.New("--match is for --digests")
	case !f.digests:
		return nil, nil
	case f.output == "tui":
		return nil, errors.New("--digests prints a report: use -o text, markdown or json")
	case len(refs) != 1 || refs[0].Names() != model.NamesRepository:
		return nil, errors.New("--digests lists the tags of one repository: name it without a tag")
	}
	d := &report.Digests{Errors: os.Stderr}
	if f.match != "" {
		var err error
		if d.Match, err = regexp.Compile(f.match); err != nil {
			return nil, fmt.Errorf("--match: %w", err)
		}
	}
	if term.IsTerminal(os.Stderr.Fd()) && !isDumbTerminal() {
		d.Progress = os.Stderr
	}
	return d, nil
}

// form is the kind of answer; a screen that nobody sees would never end.
func (f *flags) form() (string, error) {
	tty := term.IsTerminal(os.Stdout.Fd()) && !isDumbTerminal() && f.expect == "" && !f.digests
	switch f.output {
	case "":
		if tty {
			return "tui", nil
		}
		return "text", nil
	case "tui":
		if !tty {
			return "", errors.New("standard output is no terminal, or one that TERM says can show no screen: use -o text, markdown or json")
		}
		return "tui", nil
	case "text", "markdown", "json":
		return f.output, nil
	}
	return "", fmt.Errorf("there is no output %q: use tui, text, markdown or json", f.output)
}
