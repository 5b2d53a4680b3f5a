package uitest

import (
	"image/color"
	"os"
	"path/filepath"
	"testing"
)

var black, white = color.Black, color.White

// Options say which terminal the program finds. The zero Options are the
// program of this module on 80×24 with full colour and nothing configured.
type Options struct {
	Width, Height int
	Program       string   // path of a compiled program; what Build makes if empty
	Dir           string   // where it runs; an empty directory if empty
	Env           []string // NAME=value, on top of the clean environment
	NoColor       bool     // set NO_COLOR
	Light         bool     // the terminal says that its background is white
	Masks         []Mask   // what differs from run to run, for golden files and pictures
}

func (o Options) filled(t testing.TB) Options {
	t.Helper()
	if o.Width == 0 {
		o.Width = 80
	}
	if o.Height == 0 {
		o.Height = 24
	}
	if o.Program == "" {
		o.Program = Build(t)
	}
	return o
}

// environment is a clean one: nothing of the person who runs the tests may
// reach the program, least of all their registry credentials.
func (o Options) environment(home, races string) []string {
	env := []string{
		"HOME=" + home,
		"PATH=" + os.Getenv("PATH"),
		"LANG=C.UTF-8",
		"TZ=UTC",
		"TERM=xterm-256color",
		"COLORTERM=truecolor",
		"GORACE=log_path=" + filepath.Join(races, "log"),
	}
	for name, dir := range map[string]string{
		"XDG_CONFIG_HOME": ".config",
		"XDG_CACHE_HOME":  ".cache",
		"XDG_STATE_HOME":  ".local/state",
		"XDG_DATA_HOME":   ".local/share",
		"XDG_RUNTIME_DIR": ".run",
		"TMPDIR":          "tmp",
	} {
		env = append(env, name+"="+filepath.Join(home, dir))
	}
	if o.NoColor {
		env = append(env, "NO_COLOR=1")
	}
	return append(env, o.Env...)
}
