package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/ui/config"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// writeConfig writes a config file and returns its path.
func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runWithEnv runs the compiled program with further variables.
func runWithEnv(t *testing.T, env []string, args ...string) runResult {
	t.Helper()
	cmd := cleanCommand(t.Context(), t, uitest.Build(t), args...)
	cmd.Env = append(cmd.Env, env...)
	return runCommand(t.Context(), t, cmd)
}

// TestConfig_command: tagdiff config prints the file, the settings in force and where they come from, and each mistake.
func TestConfig_command(t *testing.T) {
	t.Parallel()
	right, wrong := writeConfig(t, "order: version\nkeys:\n  order: f2\n"), writeConfig(t, "colour: blue\norder: size\nhosts: [app]\n")
	hostile, large := writeConfig(t, "order: \"\\e[31m\\u202e\"\n"), writeConfig(t, strings.Repeat("#", config.MaxFile+1))
	looks, folder := writeConfig(t, "theme: light\nmouse: false\n"), t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "tagdiff"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		env    []string
		args   []string
		code   int
		out    []string // fields of lines
		errors string
	}{
		{name: "no file", env: []string{"XDG_CONFIG_HOME=" + folder}, out: []string{
			"config file: " + folder + "/tagdiff/config.yaml (default, does not exist)", "order name default", "keys.copy y default",
		}},
		{name: "named by the environment", env: []string{"TAGDIFF_CONFIG=" + right}, out: []string{
			"config file: " + right + " (TAGDIFF_CONFIG)", "order version file, line 1", "keys.order s f2 file, line 3", "keys.swap s f2 file, line 3",
		}},
		{name: "the flag wins", env: []string{"TAGDIFF_CONFIG=" + right}, args: []string{"--config", "none"}, out: []string{
			"config file: none (--config)", "order name default",
		}},
		{name: "theme and mouse of the file", args: []string{"--config", looks}, out: []string{"theme light file, line 1", "mouse false file, line 2"}},
		{name: "flags before the file", args: []string{"--config", looks, "--theme", "dark", "--no-mouse=false"}, out: []string{
			"theme dark --theme", "mouse true --no-mouse",
		}},
		{name: "NO_COLOR before the flag", env: []string{"NO_COLOR=yes"}, args: []string{"--config", looks, "--theme", "dark"}, out: []string{
			"theme none NO_COLOR",
		}},
		{name: "--no-color", args: []string{"--no-color"}, out: []string{"theme none --no-color", "mouse true default"}},
		{name: "mistakes", args: []string{"--config", wrong}, code: 2, out: []string{"order size file, line 2", "hosts default"}, errors: "" +
			"tagdiff: config file " + wrong + `, line 1: unknown setting "colour": the settings are ` + config.Names + "\n" +
			"tagdiff: config file " + wrong + `, line 3: hosts: "app" is not a registry: write a host such as registry.example:5000` + "\n"},
		{name: "hostile", args: []string{"--config", hostile}, code: 2, errors: "tagdiff: config file " + hostile +
			`, line 1: order cannot be "\x1b[31m\u202e": use name, version, created or size` + "\n"},
		{name: "too large", args: []string{"--config", large}, code: 2, errors: "tagdiff: config file " + large + " is not used: it is larger than 64 KiB\n"},
		{name: "a named file that does not exist", args: []string{"--config", "/none/c.yaml"}, code: 2,
			errors: "tagdiff: config file /none/c.yaml is not used: no such file or directory\n"},
		{name: "a folder", args: []string{"--config", folder}, code: 2, errors: "tagdiff: config file " + folder + " is not used: not a regular file\n"},
		{name: "no name", args: []string{"--config", ""}, code: 2, errors: "tagdiff: --config names no file; write none for no file\n"},
		{name: "a flag without a use", args: []string{"--timeout", "3s"}, code: 2, errors: "tagdiff: config does not use --timeout\n"},
		{name: "an argument", args: []string{"x"}, code: 2, errors: "tagdiff: config takes no arguments: \"x\"; see tagdiff config --help\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runWithEnv(t, tt.env, append([]string{"config"}, tt.args...)...)
			if got.code != tt.code || got.errors != tt.errors {
				t.Errorf("exit code %d, want %d; errors %q, want %q", got.code, tt.code, got.errors, tt.errors)
			}
			lines := strings.Split(got.out, "\n")
			for i, line := range lines {
				lines[i] = strings.Join(strings.Fields(line), " ")
			}
			for _, want := range tt.out {
				if !strings.Contains("\n"+strings.Join(lines, "\n")+"\n", "\n"+want+"\n") {
					t.Errorf("no line %q in\n%s", want, got.out)
				}
			}
		})
	}
}

// TestConfig_mistakes: a mistake in the file stops neither a screen nor a report, and changes no exit code.
func TestConfig_mistakes(t *testing.T) {
	t.Parallel()
	host, wrong := demoHost(t), writeConfig(t, "colour: blue\norder: date\nhosts: [own.example]\n")
	pair := []string{host + "/shop/image-name:prod", ":20231001.155532z"}
	got := runWithEnv(t, []string{"TAGDIFF_CONFIG=" + wrong}, append([]string{"-o", "text"}, pair...)...)
	if lines := strings.Count(got.errors, "\n"); got.code != 0 || lines != 2 || !strings.Contains(got.errors, ", line 2: order cannot be") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
	term := uitest.Start(t, uitest.Options{Width: 240, NoColor: true, Env: []string{"TAGDIFF_CONFIG=" + wrong}})
	term.WaitFor("own.example", "note: config file "+wrong+", line 1: unknown setting", "(tagdiff config lists 1 more)")
	term.Type("down")
	term.WaitGone("note: ")
}

// TestConfig_screen: the settings of the file reach the screens.
func TestConfig_screen(t *testing.T) {
	t.Parallel()
	host, file := demoHost(t), writeConfig(t, "order: version\nkeys:\n  copy: ctrl+y\n  back: Z\n")
	term := uitest.Start(t, uitest.Options{Width: 120}, "--config", file, host+"/library/python")
	term.WaitFor("by version", "3.8.0", "y/ctrl+y copy")
	term.Type("ctrl+y")
	term.WaitFor("copied")
	term.Type("/", "Z")
	term.WaitFor("/ Z")
}
