package command

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/charmbracelet/x/term"
	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

// Widths of lines of help, in columns: that of a pipe, and the longest that reads well.
const (
	pipeWidth  = 80
	widestHelp = 100
)

// setHelp wraps the flags in the help of all commands to the width of the terminal. The help
// of completion leaves out the flags of other commands.
func setHelp(root *cobra.Command) {
	width, _, err := term.GetSize(os.Stdout.Fd())
	if err != nil {
		width = pipeWidth
	}
	wrapped := fmt.Sprintf(".FlagUsagesWrapped %d", min(width, widestHelp))
	template := strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", wrapped)
	root.SetUsageTemplate(template)
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.SetUsageTemplate(strings.ReplaceAll(template, ".HasAvailableInheritedFlags", "false"))
		}
	}
}

// manCommand returns the hidden command that writes the man page, for releases.
func manCommand(failed *result) *cobra.Command {
	return &cobra.Command{
		Use: "man", Short: "Write the man page", Hidden: true, Args: cobra.ArbitraryArgs,
		RunE: failed.of(func(cmd *cobra.Command, args []string) error {
			if err := noArguments(cmd, args); err != nil {
				return err
			}
			page, err := mango.NewManPage(1, cmd.Root())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), page.Build(roff.NewDocument()))
			return err
		}),
	}
}

// versionText returns the version and commit of a release, or what Go recorded about another
// build.
func versionText(version, commit string) string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "" {
		version = info.Main.Version // a pseudo-version has the commit
	}
	const shortCommit = 7
	if len(commit) >= shortCommit {
		version += " (" + commit[:shortCommit] + ")"
	}
	if version == "" || version == "(devel)" {
		return "unknown (built from source)"
	}
	return version
}
