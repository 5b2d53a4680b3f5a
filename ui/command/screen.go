package command

import (
	"context"
	"os"
	"runtime"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/crash"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/places"
)

// screen runs the terminal program until the user quits.
func (f *flags) screen(ctx context.Context, s settings, o ui.Options) error {
	glyphs := look.Unicode()
	if f.plainText() {
		glyphs = look.ASCII()
	}
	env := os.Environ()
	if f.noColor {
		env = append(env, "NO_COLOR=1")
	}
	if file := files.Join(files.StateFolder(), "places.json"); o.Guide == nil && file != "" { // places of the demo end with the program
		o.Places = places.At(file)
	}
	o.Platform, o.PlainHTTP, o.Recheck = f.platform, f.plainHTTP, f.recheck
	o.Inside, o.Packages = f.inside || f.packages, f.packages
	o.Gate, o.Glyphs, o.InTmux = safe.Gate{Reveal: f.reveal}, glyphs, os.Getenv("TMUX") != ""
	o.MaxExtract, o.Tab = f.maxExtract(), f.tab
	o.TagOrder, o.OwnHosts, o.Keys = s.Order.Value, s.Hosts.Value, s.KeyMap()
	f.setScreen(&o)
	o.Size = func() (width, height int) {
		width, height, _ = term.GetSize(os.Stdout.Fd()) // zero if it fails
		return width, height
	}
	// 120 frames a second halve the time from key to screen and cost no bytes.
	return crash.Run(ctx, func(ctx context.Context) tea.Model { return ui.New(ctx, o) }, tea.WithEnvironment(env), tea.WithFPS(120))
}

// plainText reports whether to use ASCII only: with --ascii, and if the locale is not UTF-8.
func (f *flags) plainText() bool {
	if f.ascii || os.Getenv("TERM") == "dumb" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(os.Getenv(name)); v != "" {
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	// No locale, as on many build hosts. The terminal of the user knows UTF-8, unless it
	// is older than UTF-8.
	return strings.HasPrefix(os.Getenv("TERM"), "vt")
}

// isDumbTerminal reports whether TERM says that the terminal can only print lines.
// Windows does not set TERM.
func isDumbTerminal() bool {
	kind := os.Getenv("TERM")
	return kind == "dumb" || kind == "" && runtime.GOOS != "windows"
}
