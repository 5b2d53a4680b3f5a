package command

import "testing"

// TestFlagErrors checks the words for flags that cannot be parsed.
func TestFlagErrors(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--timeout", "5"}, "--timeout 5 has no unit; write 5s or 5m"},
		{[]string{"watch", "--every", "5", "r.example/a:1"}, "--every 5 has no unit; write 5s or 5m"},
		{[]string{"--recheck", "abc"}, `--recheck "abc" is not a duration; write one such as 30s or 2m`},
		{[]string{"--recheck", ""}, `--recheck "" is not a duration; write one such as 30s or 2m`},
		{[]string{"--parallel", "abc"}, `--parallel "abc" is not a whole number; write one such as 8`},
		{[]string{"--parallel", "99999999999999999999"}, "--parallel 99999999999999999999 is too large; write a smaller number"},
		{[]string{"watch", "--moves", "x", "r.example/a:1"}, `--moves "x" is not a whole number; write one such as 8`},
		{[]string{"--ascii=maybe"}, "--ascii takes no value; leave out =maybe"},
		{[]string{"--plain-http=no"}, "--plain-http takes no value; leave out =no"},
		{[]string{"--colour"}, "unknown flag: --colour; see tagdiff --help"},
		{[]string{"--platform"}, "--platform needs a value; see tagdiff --help"},
		{[]string{"watch", "--siblings", "r.example/a:1"}, "watch does not take --siblings; see tagdiff watch --help"},
		{[]string{"watch", "-p", "arm64", "r.example/a:1"}, "watch does not take --platform; see tagdiff watch --help"},
		{[]string{"demo", "--expect", "arm64"}, "demo does not take --expect; see tagdiff demo --help"},
		{[]string{"demo", "--every", "5s"}, "unknown flag: --every; see tagdiff demo --help"},
		{[]string{"demo", "extra"}, `demo takes no arguments: "extra"; see tagdiff demo --help`},
		{[]string{"completion", "bash", "extra"}, `completion bash takes no arguments: "extra"; see tagdiff completion bash --help`},
		{[]string{"completion", "tcsh"}, `"tcsh" is not a shell with completions: write bash, zsh, fish or powershell`},
		{[]string{"-o"}, "--output needs a value; see tagdiff --help"},
		{[]string{"-x"}, "unknown flag: -x; see tagdiff --help"},
		{[]string{"--log", "", "r.example/a:1"}, "--log names no file"},
		{[]string{"-p", "", "r.example/a:1"}, "--platform names no platform; write one, for example linux/arm64"},
		{[]string{"-p", "linux", "r.example/a:1"}, `"linux" is not a platform: write os/architecture, for example linux/arm64`},
		{[]string{"--exact", "r.example/a:1"}, "--exact compares the digests of two images; give a second one, or leave it out"},
		{[]string{"watch", "--moves", "0", "r.example/a:1"}, "--moves must be at least 1"},
		{[]string{"help", "compare"}, `"compare" is not a command; see tagdiff --help`},
		{[]string{"watch", "-o", "tui", "r.example/a:1"}, `watch prints text or json, not "tui"`},
		{[]string{"--timeout", "999999h"}, "--timeout 999999h0m0s must be at most 24h"},
		{[]string{"--parallel", "0", "r.example/a:1"}, "--parallel 0 must be from 1 to 512"},
	} {
		if err := runCommand(tt.args...); err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v, want %s", tt.args, err, tt.want)
		}
	}
}

// runCommand returns the error of a command line that sends no request.
func runCommand(args ...string) error {
	var failed result
	c := newRoot(&failed)
	c.SetArgs(append([]string{"-o", "text"}, args...))
	if err := c.Execute(); err != nil {
		return err
	}
	return failed.err
}
