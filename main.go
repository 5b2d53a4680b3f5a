// Command tagdiff answers whether two tags of a container registry are the
// same image, and if not, what differs and why.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/fang/v2"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry"
	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/crash"
	"github.com/tagdiff/tagdiff/ui/journal"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/places"
	"github.com/tagdiff/tagdiff/ui/report"
)

// Set by the linker in releases.
var (
	version = ""
	commit  = ""
)

// Exit codes are those of diff(1).
const (
	exitSame      = 0
	exitDifferent = 1
	exitTrouble   = 2
)

// shortestTimeout is about the round trip of a link that is still of use.
const shortestTimeout = 100 * time.Millisecond

// flags are the command line.
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

// errDifferent ends the program with exit code 1 and without a word.
var errDifferent = errors.New("not the same image")

func main() { os.Exit(run(version, commit)) }

// run runs the program with the arguments of the process and returns its exit code.
// version and commit are those of a release, empty in other builds.
func run(version, commit string) int {
	crash.Standby(files.StateFolder(), version)
	ctx, stop := signal.NotifyContext(context.Background(), ends()...)
	defer stop()
	ignoreLimits()
	defer context.AfterFunc(ctx, leaveSoon)()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // net/http tells the standard log of servers' faults, and a screen may be open
	var failed outcome
	defer panics.Handle(func(f *panics.Caught) { os.Exit(crashed(crash.Of(f), version)) })()
	defer panics.Catch()
	err := fang.Execute(ctx, command(&failed), fang.WithVersion(version), fang.WithCommit(commit))
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
		return crashed(own, version)
	}
	complain(os.Stderr, failed.err)
	return exitTrouble
}

// grace is how long the program may take to end in good order.
const grace = 10 * time.Second

// leaveSoon ends it after that: nothing else ends the wait for a network's file
// system that does not answer, or for who reads the report.
func leaveSoon() { time.AfterFunc(grace, func() { os.Exit(exitTrouble) }) }

// ends are the signals that end the program in good order. One that nohup has
// switched off stays off.
func ends() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// crashed says that the program has a fault, and where the report is.
func crashed(c *crash.Crash, version string) int {
	fmt.Fprintln(os.Stderr, c.Save(files.StateFolder(), version))
	return exitTrouble
}

// outcome is how the command ended. Errors do not go through fang: before it
// prints one it asks the terminal for its colours, which takes seconds where
// nobody answers.
type outcome struct{ err error }

// of runs do and keeps its error.
func (o *outcome) of(do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o.err = do(cmd, args)
		return nil
	}
}

// complain prints one line that has passed the gate.
func complain(w io.Writer, err error) {
	if errors.Is(err, context.Canceled) {
		err = errors.New("cancelled")
	}
	fmt.Fprintln(w, safe.Sprintf("tagdiff: %s", safe.Gate{}.Clean(err.Error())))
}

func command(failed *outcome) *cobra.Command {
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
	c.AddCommand(demoCommand(&f, failed), watchCommand(&f, failed))
	return c
}

func demoCommand(f *flags, failed *outcome) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "The same program on a built-in registry that holds three true incidents",
		Args:  cobra.ArbitraryArgs,
		RunE: failed.of(func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("demo takes no argument, not %q", args[0])
			}
			if f.metadata != "" || f.expect != "" {
				return errors.New("demo takes neither --expect nor --metadata")
			}
			server, err := demo.Start()
			if err != nil {
				return fmt.Errorf("the demo registry did not start: %w", err)
			}
			defer server.Close() //nolint:errcheck // the program ends
			guide, err := guideFor(server.Host())
			if err != nil {
				return err
			}
			return f.open(cmd, nil, &guide)
		}),
	}
}

// guideFor turns the demo's incidents into the guide of the first screen.
func guideFor(host string) (ui.Guide, error) {
	g := ui.Guide{Title: "demo", Intro: "Three true stories, in a registry made up on " + host, Registry: model.Ref{Registry: host}}
	for _, i := range demo.Incidents() {
		a, err := model.ParseImage(host + "/" + i.A)
		if err != nil {
			return g, err
		}
		b, err := model.ParseBeside(a, i.B)
		if err != nil {
			return g, err
		}
		g.Stories = append(g.Stories, ui.Story{Title: i.Title, Text: i.Story, Look: i.Look, A: a, B: b})
	}
	return g, nil
}

// open shows what the arguments name, on a screen or as a report.
func (f *flags) open(cmd *cobra.Command, args []string, guide *ui.Guide) error {
	for _, name := range []string{"expect", "metadata"} { // as from a variable that is not set
		if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
			return fmt.Errorf("--%s is empty", name)
		}
	}
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
		return fmt.Errorf("--recheck %s: a second at least, or 0 for never", f.recheck)
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
	if form == "tui" {
		return f.screen(cmd.Context(), ui.Options{Registry: on.source(), Journal: on.seen.forScreens(), Hosts: on.client.KnownHosts, Open: refs, Guide: guide})
	}
	r := report.Request{
		Registry: on.source(), Form: form, Platform: f.platform, Exact: f.exact, Expect: expected, Digests: digests,
		Siblings: f.siblings, Journal: on.seen.forScreens(),
		Options: report.Options{Gate: safe.Gate{Reveal: f.reveal}, ASCII: f.plainText(), PlainHTTP: f.plainHTTP},
	}
	same, err := f.print(cmd.Context(), cmd.OutOrStdout(), r, refs, guide)
	if err == nil && !same {
		return errDifferent
	}
	return err
}

// connection is what registries are asked by, and what is remembered of it.
type connection struct {
	client   *registry.Client
	seen     *memory
	closeLog func()
}

// connect makes a connection. It asks nobody yet.
func (f *flags) connect(guide *ui.Guide) (connection, error) {
	if f.parallel < 1 || f.parallel > 512 {
		return connection{}, fmt.Errorf("--parallel %d: 1 to 512 requests at once", f.parallel)
	}
	if f.timeout < shortestTimeout {
		return connection{}, fmt.Errorf("--timeout %s: %s at least", f.timeout, shortestTimeout)
	}
	log, closeLog, err := f.log()
	if err != nil {
		return connection{}, err
	}
	if log != nil {
		slog.SetDefault(log)
	}
	seen := f.remember(guide)
	client := registry.New(registry.Options{
		PlainHTTP: f.plainHTTP, Log: log, Probe: f.probe, Concurrency: f.parallel, Timeout: f.timeout,
		Endpoints: files.Within(files.CacheFolder(), "endpoints.json"),
		Documents: f.documents(guide), Warn: seen.warn, Known: seen.known,
	})
	return connection{client, seen, closeLog}, nil
}

// source is the registries, every look at which is remembered.
func (c connection) source() journal.Registry {
	return journal.Registry{Source: c.client, Journal: c.seen.Journal}
}

// close ends it, and tells w what there was no place for before.
func (c connection) close(w io.Writer) {
	c.client.Close()
	c.seen.close(w)
	c.closeLog()
}

// documents is where manifests and configs are kept, "" for nowhere: the demo is
// gone with the program.
func (f *flags) documents(guide *ui.Guide) string {
	if f.noCache || guide != nil {
		return ""
	}
	return files.Within(files.CacheFolder(), "documents")
}

// print writes the report on refs, or on every story of a guide.
func (f *flags) print(ctx context.Context, w io.Writer, r report.Request, refs []model.Ref, guide *ui.Guide) (same bool, err error) {
	if guide == nil {
		same, err = r.Write(ctx, w, refs)
		return same, readAs(err, refs)
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

// readAs says how a name without a host was read, where that may be why it was
// not found: vm:5000 is a tag of Docker Hub, vm:5000/ a registry.
func readAs(err error, refs []model.Ref) error {
	var t *model.Trouble
	if !errors.As(err, &t) {
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

// refs are what the arguments name, or the file that a build left.
func (f *flags) refs(ctx context.Context, args []string) ([]model.Ref, error) {
	refs, err := parseArgs(args)
	if err != nil || f.metadata == "" {
		return refs, err
	}
	if len(refs) > 1 {
		return nil, errors.New("--metadata names one image; name none or its repository beside it")
	}
	built, err := builtRef(ctx, f.metadata, refs)
	if err != nil {
		return nil, fmt.Errorf("the metadata file %s: %w", f.metadata, err)
	}
	return []model.Ref{built}, nil
}

// builtRef is the image of which a metadata file tells.
func builtRef(ctx context.Context, name string, refs []model.Ref) (model.Ref, error) {
	raw, err := readMetadata(ctx, name)
	if err != nil {
		return model.Ref{}, err
	}
	builds, err := model.ParseBuilds(raw)
	if err != nil {
		return model.Ref{}, err
	}
	if len(refs) == 0 {
		return model.BuiltRef(builds, nil)
	}
	built, err := model.BuiltRef(builds, &refs[0])
	if named := refs[0].Digest; err == nil && named != "" && named != built.Digest {
		return model.Ref{}, fmt.Errorf("it has %s, which is not the digest beside it", built.Digest)
	}
	return built, err
}

// readMetadata reads a metadata file, as far as it may be long. That may be a
// pipe, and the build at its other end take its time: nothing but ctx ends that.
func readMetadata(ctx context.Context, name string) ([]byte, error) {
	type content struct {
		raw []byte
		err error
	}
	read := make(chan content, 1)
	go func() {
		defer panics.Catch()
		raw, err := readUpTo(name, model.MaxMetadata)
		read <- content{raw, err}
	}()
	select {
	case c := <-read:
		return c.raw, c.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readUpTo(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("it is longer than %d bytes", limit)
	}
	return raw, err
}

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
	if term.IsTerminal(os.Stderr.Fd()) && !dumb() {
		d.Progress = os.Stderr
	}
	return d, nil
}

func parseArgs(args []string) ([]model.Ref, error) {
	switch len(args) {
	case 0:
		return nil, nil
	case 1:
		ref, err := model.ParseRef(args[0])
		return []model.Ref{ref}, err
	case 2:
	default:
		return nil, fmt.Errorf("two images at most, not %d arguments", len(args))
	}
	a, err := model.ParseImage(args[0])
	if err != nil {
		return nil, err
	}
	b, err := model.ParseBeside(a, args[1])
	return []model.Ref{a, b}, err
}

// form is the kind of answer; a screen that nobody sees would never end.
func (f *flags) form() (string, error) {
	tty := term.IsTerminal(os.Stdout.Fd()) && !dumb() && f.expect == "" && !f.digests
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

func (f *flags) log() (*slog.Logger, func(), error) {
	if f.logFile == "" {
		return nil, func() {}, nil
	}
	file, err := os.OpenFile(f.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NONBLOCK, 0o600) // a pipe that nobody reads is told
	if err != nil {
		return nil, nil, fmt.Errorf("the log file: %w", err)
	}
	return slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelDebug})), func() { file.Close() }, nil
}

// screen runs the terminal program until the person quits.
func (f *flags) screen(ctx context.Context, o ui.Options) error {
	glyphs := look.Unicode()
	if f.plainText() {
		glyphs = look.ASCII()
	}
	env := os.Environ()
	if f.noColor {
		env = append(env, "NO_COLOR=1")
	}
	if file := files.Within(files.StateFolder(), "places.json"); o.Guide == nil && file != "" { // the demo is gone with the program
		o.Places = places.At(file)
	}
	o.Platform, o.PlainHTTP, o.Recheck = f.platform, f.plainHTTP, f.recheck
	o.Gate, o.Glyphs, o.InTmux = safe.Gate{Reveal: f.reveal}, glyphs, os.Getenv("TMUX") != ""
	o.Size = func() (width, height int) {
		width, height, _ = term.GetSize(os.Stdout.Fd()) // zeros if it fails
		return width, height
	}
	// 120 frames a second halve the time from key to screen and cost no bytes.
	return crash.Run(ctx, func(ctx context.Context) tea.Model { return ui.New(ctx, o) }, tea.WithEnvironment(env), tea.WithFPS(120))
}

// plainText reports whether to draw with ASCII: on demand, and where the
// locale says that the terminal knows nothing else.
func (f *flags) plainText() bool {
	if f.ascii || os.Getenv("TERM") == "dumb" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(os.Getenv(name)); v != "" {
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	// Unset, as on many build hosts: the terminal at the other end knows UTF-8,
	// unless it is one of those before there was any.
	return strings.HasPrefix(os.Getenv("TERM"), "vt")
}

// dumb reports whether the terminal can do no more than print lines, as far as
// anybody says. On Windows nobody does.
func dumb() bool {
	kind := os.Getenv("TERM")
	return kind == "dumb" || kind == "" && runtime.GOOS != "windows"
}
