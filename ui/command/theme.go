package command

import (
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/config"
	"github.com/tagdiff/tagdiff/ui/look"
)

// theme is the value of --theme.
type theme string

const (
	themeAuto  theme = "auto"
	themeDark  theme = "dark"
	themeLight theme = "light"
	themeNone  theme = "none"
)

var _ pflag.Value = (*theme)(nil)

func (t *theme) String() string { return string(*t) }

// Type returns the type for flagError.
func (t *theme) Type() string { return "theme" }

func (t *theme) Set(value string) error {
	if !slices.Contains(config.Themes, value) {
		return errors.New("not a theme") // flagError has the words
	}
	*t = theme(value)
	return nil
}

// defineScreen adds the flags about the screen.
func (f *flags) defineScreen(c *cobra.Command) {
	f.theme = themeAuto
	c.Flags().Var(&f.theme, "theme", "Colours for a `BACKGROUND`: dark, light, auto for that of the terminal, or none for no colours")
	c.Flags().BoolVar(&f.noMouse, "no-mouse", false, "Leave the mouse to the terminal, which then selects text without shift")
	complete := cobra.FixedCompletions(config.Themes, cobra.ShellCompDirectiveNoFileComp)
	_ = c.RegisterFlagCompletionFunc("theme", complete) // it fails for unknown flags
}

// setScreen sets the options of the screen for the flags. For the theme auto the terminal is asked;
// before its answer, and if it does not answer, its variables decide.
func (f *flags) setScreen(o *ui.Options) {
	o.Mouse = !f.noMouse
	switch f.theme {
	case themeDark:
		o.Background = look.DarkBackground
	case themeLight:
		o.Background = look.LightBackground
	case themeAuto:
		o.AskColors, o.Background = askedBackground(os.Getenv("TERM"), os.Getenv("COLORFGBG"))
	case themeNone:
	}
}

// askedBackground returns the background that the values of TERM and COLORFGBG mean, and whether the terminal
// should be asked for it. A Linux console is dark and does not answer.
func askedBackground(term, colorFGBG string) (ask bool, _ look.Background) {
	if background := look.ParseColorFGBG(colorFGBG); background != look.UnknownBackground || term != "linux" {
		return true, background
	}
	return false, look.DarkBackground
}
