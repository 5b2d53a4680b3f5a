package uitest

import (
	"cmp"
	"image/color"
	"os"
	"path/filepath"
	"testing"
)

var black, white = color.Black, color.White

// Options describe the program and its terminal. The zero Options run the program of
// this module on 80×24 cells with full colour and an empty configuration.
type Options struct {
	Width, Height int
	Program       string   // path of a compiled program; that of Build if empty
	Dir           string   // working directory; a new one if empty
	Env           []string // NAME=value, added to the clean environment
	NoColor       bool     // set NO_COLOR
	Light         bool     // the terminal reports a white background
	Silent        bool     // neither the terminal nor COLORFGBG says what its background is
	Masks         []Mask   // for golden files and pictures
}

func (o Options) withDefaults(t testing.TB) Options {
	t.Helper()
	o.Width, o.Height = cmp.Or(o.Width, 80), cmp.Or(o.Height, 24)
	if o.Program == "" {
		o.Program = Build(t)
	}
	return o
}

// environment returns a clean environment. Settings and registry credentials of the
// developer must not reach the program.
func (o Options) environment(home, races string) []string {
	env := []string{
		"HOME=" + home, "PATH=" + os.Getenv("PATH"), "GORACE=log_path=" + filepath.Join(races, "log"),
		"LANG=C.UTF-8", "TERM=xterm-256color", "COLORTERM=truecolor",
		"TZ=Asia/Tokyo", // screens show UTC whatever the zone
	}
	for name, dir := range map[string]string{
		"XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache", "XDG_STATE_HOME": ".local/state",
		"XDG_DATA_HOME": ".local/share", "XDG_RUNTIME_DIR": ".run", "TMPDIR": "tmp",
	} {
		env = append(env, name+"="+filepath.Join(home, dir))
	}
	if o.NoColor {
		env = append(env, "NO_COLOR=1")
	}
	switch { // so that the colours of the first screen do not depend on when the answer of the terminal arrives
	case o.Light:
		env = append(env, "COLORFGBG=0;15")
	case !o.Silent:
		env = append(env, "COLORFGBG=15;0")
	}
	return append(env, o.Env...)
}
