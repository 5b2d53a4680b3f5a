package e2e

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// TestMouse clicks and scrolls in a terminal. --no-mouse leaves the mouse to the terminal.
func TestMouse(t *testing.T) {
	t.Parallel()
	term := startDemo(t, small)
	term.Click("1  The")
	term.WaitFor("›1  ")
	term.Click("1  The")
	term.WaitFor("packed differently", "6 Conf =")
	term.Click("3 Lay")
	term.WaitFor("[3 Lay", "a3ed95caeb02")
	term.Click("esc back")
	term.WaitFor("Browse the registry")
	term.Resize(80, 12)
	term.WaitUntil("the page in its new size", func(f uitest.Frame) bool { return strings.Contains(f.Row(11), "? help") })
	term.Wheel(2)
	term.WaitGone("The retagged image")
	term.CheckRepaint()
	term.Click("q quit")
	if code := term.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	term.CheckRestored()

	without := startDemo(t, small, "--no-mouse")
	if without.Mouse() {
		t.Error("--no-mouse takes the mouse")
	}
}

// TestTheme: the colours follow the flag, the answer of the terminal and COLORFGBG, in this order. With 16 colours they
// are those of the terminal.
func TestTheme(t *testing.T) {
	const onDark, onLight, none = uitest.Color("#5fd7d7"), uitest.Color("#005f5f"), uitest.Color("")
	const green = uitest.Color("2")
	env := func(values ...string) []string { return append([]string{"COLORFGBG="}, values...) }
	for name, tt := range map[string]struct {
		options uitest.Options
		args    []string
		want    uitest.Color // of the titles
	}{
		"answer: dark":                  {uitest.Options{Env: env()}, nil, onDark},
		"answer: light":                 {uitest.Options{Light: true, Env: env()}, nil, onLight},
		"answer before the variable":    {uitest.Options{Light: true, Env: env("COLORFGBG=15;0")}, nil, onLight},
		"flag before the answer":        {uitest.Options{Light: true, Env: env()}, []string{"--theme", "dark"}, onDark},
		"flag before the variable":      {uitest.Options{Env: env("COLORFGBG=15;0")}, []string{"--theme", "light"}, onLight},
		"none":                          {uitest.Options{}, []string{"--theme", "none"}, none},
		"no answer":                     {uitest.Options{Silent: true}, nil, none},
		"no answer, variable for light": {uitest.Options{Silent: true, Env: env("COLORFGBG=0;15")}, nil, onLight},
		"no answer, variable for dark":  {uitest.Options{Silent: true, Env: env("COLORFGBG=15;0")}, nil, onDark},
		"16 colours":                    {uitest.Options{Env: env("TERM=xterm", "COLORTERM=")}, nil, green},
		"16 colours, no answer":         {uitest.Options{Silent: true, Env: env("TERM=xterm", "COLORTERM=")}, nil, none},
		"16 colours, light":             {uitest.Options{Light: true, Env: env("TERM=xterm", "COLORTERM=")}, nil, none},
		"16 colours, flag":              {uitest.Options{Silent: true, Env: env("TERM=xterm", "COLORTERM=")}, []string{"--theme", "dark"}, green},
		"Linux console":                 {uitest.Options{Silent: true, Env: env("TERM=linux", "COLORTERM=")}, nil, green},
		"NO_COLOR before the flag":      {uitest.Options{NoColor: true}, []string{"--theme", "dark"}, none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := startDemo(t, tt.options, tt.args...)
			term.Type("1") // an answer that comes late counts from the next screen on
			term.WaitFor("packed differently")
			term.Type("esc")
			term.WaitUntil("titles in "+string(tt.want), func(f uitest.Frame) bool {
				x, y, ok := f.Find("Browse the registry")
				if !ok {
					return false
				}
				style := f.Cell(x, y).Style
				return style.Bold && style.Fg == tt.want
			})
			if f := term.Frame(); tt.want == none && f.HasColor() && !tt.options.Light {
				t.Errorf("a colour on the screen:\n%s", f.Golden())
			}
		})
	}
}
