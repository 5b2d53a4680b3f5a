package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui/config"
	"github.com/tagdiff/tagdiff/ui/page"
)

// noConfig is the value of --config and TAGDIFF_CONFIG for no file.
const noConfig = "none"

// settings are what the config file says, with what is wrong in it.
type settings struct {
	config.Settings
	path     string // "" for no file
	namedBy  string // what named it
	missing  bool   // the file of the default place does not exist
	mistakes []string
}

// readConfig reads the config file. A file that cannot be read is a mistake, like one in a line of the file: it does not
// stop the program.
func (f *flags) readConfig() settings {
	s := settings{path: f.configFile, namedBy: "--config"}
	if s.path == "" {
		s.path, s.namedBy = os.Getenv("TAGDIFF_CONFIG"), "TAGDIFF_CONFIG"
	}
	byDefault := s.path == ""
	if byDefault {
		s.path, s.namedBy = files.Join(files.ConfigFolder(), "config.yaml"), "default"
	}
	if s.path == noConfig {
		s.path = ""
	}
	if s.path == "" {
		return s
	}
	text, err := files.Read(s.path, config.MaxFile)
	switch {
	case byDefault && errors.Is(err, fs.ErrNotExist):
		s.missing = true
		return s
	case errors.Is(err, files.ErrTooLarge):
		err = fmt.Errorf("it is larger than %d KiB", config.MaxFile>>10)
	case err != nil:
		err = cmp.Or(errors.Unwrap(err), err) // without the name
	}
	if err != nil {
		s.mistakes = []string{fmt.Sprintf("config file %s is not used: %s", s.path, err)}
		return s
	}
	var mistakes []config.Mistake
	s.Settings, mistakes = config.Parse(text)
	for _, m := range mistakes {
		s.mistakes = append(s.mistakes, m.In("config file "+s.path))
	}
	return s
}

// mistakesLine returns the mistakes as one line for a screen, "" for none.
func (s settings) mistakesLine() string {
	switch n := len(s.mistakes); n {
	case 0:
		return ""
	case 1:
		return s.mistakes[0]
	default:
		return fmt.Sprintf("%s (tagdiff config lists %d more)", s.mistakes[0], n-1)
	}
}

// useSettings sets the flags that are not on the command line to the values of the config file.
func (f *flags) useSettings(s settings, changed func(flag string) bool) {
	if s.Theme.Line > 0 && !changed("theme") {
		f.theme = theme(s.Theme.Value)
	}
	if s.Mouse.Line > 0 && !changed("no-mouse") {
		f.noMouse = !s.Mouse.Value
	}
}

// printMistakes prints mistakes of the config file, one line each.
func printMistakes(w io.Writer, mistakes []string) {
	for _, line := range mistakes {
		printError(w, errors.New(line))
	}
}

// configCommand returns the command tagdiff config.
func configCommand(f *flags, failed *result) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Print the config file's path and the settings in force",
		Long: `tagdiff config prints the path of the config file, and each setting with its value
and where that comes from: a flag, the environment, a line of the file, or the
default. The names of keys are those to use in the file.

It prints what is wrong in the file on standard error, and then exits with 2.`,
		Example: `  tagdiff config
  tagdiff config --config other.yaml`,
		Args: cobra.ArbitraryArgs,
		RunE: failed.of(func(cmd *cobra.Command, args []string) error {
			if err := noArguments(cmd, args); err != nil {
				return err
			}
			if err := cmp.Or(checkEmpty(cmd), checkConfigFlags(cmd.Flags())); err != nil {
				return err
			}
			return f.printConfig(cmd.OutOrStdout(), cmd.ErrOrStderr(), cmd.Flags().Changed)
		}),
	}
	f.defineScreen(c)
	return c
}

// checkConfigFlags refuses flags that config does not use.
func checkConfigFlags(p *pflag.FlagSet) error {
	var err error
	p.Visit(func(flag *pflag.Flag) {
		switch value := flag.Value.String(); flag.Name {
		case "config", "theme", "no-mouse", "no-color":
		case "output":
			if value != "text" {
				err = fmt.Errorf("config prints text, not %q", value)
			}
		default:
			err = fmt.Errorf("config does not use --%s", flag.Name)
		}
	})
	return err
}

// printConfig prints the settings in force to out, and the mistakes of the file to errs. An error is the last mistake.
func (f *flags) printConfig(out, errs io.Writer, changed func(flag string) bool) error {
	s := f.readConfig()
	f.useSettings(s, changed)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", safe.Sprintf("config file: %s", safe.Clean(s.place())))
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SETTING\tVALUE\tFROM")
	for _, row := range f.rows(s, changed) {
		fmt.Fprintf(table, "%s\t%s\t%s\n", row.name, safe.Clean(row.value), row.from)
	}
	_ = table.Flush() // to a strings.Builder
	if _, err := io.WriteString(out, b.String()); err != nil {
		return err
	}
	last := len(s.mistakes) - 1
	if last < 0 {
		return nil
	}
	printMistakes(errs, s.mistakes[:last])
	return errors.New(s.mistakes[last])
}

// place returns the path of the file and what named it.
func (s settings) place() string {
	switch {
	case s.path == "":
		return fmt.Sprintf("none (%s)", s.namedBy)
	case s.missing:
		return fmt.Sprintf("%s (%s, does not exist)", s.path, s.namedBy)
	}
	return fmt.Sprintf("%s (%s)", s.path, s.namedBy)
}

// settingRow is a setting in force.
type settingRow struct{ name, value, from string }

// rows returns all settings in force.
func (f *flags) rows(s settings, changed func(flag string) bool) []settingRow {
	theme := settingRow{"theme", string(f.theme), fromLine(s.Theme.Line)}
	switch {
	case f.noColor:
		theme.value, theme.from = string(themeNone), "--no-color"
	case os.Getenv("NO_COLOR") != "":
		theme.value, theme.from = string(themeNone), "NO_COLOR"
	case changed("theme"):
		theme.from = "--theme"
	}
	mouse := settingRow{"mouse", strconv.FormatBool(!f.noMouse), fromLine(s.Mouse.Line)}
	if changed("no-mouse") {
		mouse.from = "--no-mouse"
	}
	rows := []settingRow{
		theme, mouse,
		{"order", cmp.Or(s.Order.Value, page.TagOrders[0]), fromLine(s.Order.Line)},
		{"hosts", strings.Join(s.Hosts.Value, " "), fromLine(s.Hosts.Line)},
	}
	table := page.NamedKeys()
	first := map[string]string{} // key of each name
	for _, k := range table {
		first[k.Name] = k.Binding.Keys()[0]
	}
	for _, k := range table {
		keys, from := k.Binding.Keys(), "default"
		for _, added := range s.Keys {
			if first[added.Name] == first[k.Name] { // it may have two names, one on each screen
				keys, from = append(slices.Clone(keys), added.Key), fromLine(added.Line)
			}
		}
		rows = append(rows, settingRow{"keys." + k.Name, strings.Join(keys, " "), from})
	}
	return rows
}

// fromLine says where a setting comes from, by its line in the file.
func fromLine(line int) string {
	if line == 0 {
		return "default"
	}
	return fmt.Sprintf("file, line %d", line)
}
