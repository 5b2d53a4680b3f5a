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
		{[]string{"--theme", "blue"}, `--theme "blue" is not a theme: use auto, dark, light or none`},
		{[]string{"--theme", ""}, `--theme "" is not a theme: use auto, dark, light or none`},
		{[]string{"watch", "--theme", "dark", "r.example/a:1"}, "watch does not take --theme; see tagdiff watch --help"},
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
		{[]string{"--max-read", "64", "--inside", "r.example/a:1"}, "--max-read 64 has no unit; write 64MB or 64GB"},
		{[]string{"--max-read", "", "--inside", "r.example/a:1"}, `--max-read "" is not a size; write one such as 64MB or 1GiB`},
		{[]string{"--max-read", "0", "--inside", "r.example/a:1"}, `--max-read "0" is not a size; write one such as 64MB or 1GiB`},
		{[]string{"--max-read", "0MB", "--inside", "r.example/a:1"}, `--max-read "0MB" is not a size; write one such as 64MB or 1GiB`},
		{[]string{"--max-read=-1MB", "--inside", "r.example/a:1"}, `--max-read "-1MB" is not a size; write one such as 64MB or 1GiB`},
		{[]string{"--max-read", "1 MB", "--inside", "r.example/a:1"}, `--max-read "1 MB" is not a size; write one such as 64MB or 1GiB`},
		{[]string{"--max-read", "much", "--inside", "r.example/a:1"}, `--max-read "much" is not a size; write one such as 64MB or 1GiB`},
		{[]string{"--max-read", "99999999EB", "--inside", "r.example/a:1"}, `--max-read "99999999EB" is not a size; write one such as 64MB or 1GiB`},
		{[]string{"--max-read", "9EiB", "--inside", "r.example/a:1"}, `--max-read "9EiB" is not a size; write one such as 64MB or 1GiB`},
		{[]string{"--max-read", "64MB", "r.example/a:1"}, "--max-read needs --inside, --programs or --expect"},
		{[]string{"--programs", "r.example/a"}, "--programs needs an image; add a tag to r.example/a"},
		{[]string{"--all-files", "r.example/a:1"}, "--all-files needs --inside"},
		{[]string{"--inside", "r.example/a"}, "--inside needs an image; add a tag to r.example/a"},
		{[]string{"--accept", "", "r.example/a:1", ":2"}, "--accept names no kind of difference; write times or generated"},
		{[]string{"--accept", "files", "r.example/a:1", ":2"}, `--accept "files" is not a kind of difference: use times or generated`},
		{[]string{"--accept", "times", "r.example/a:1"}, "--accept compares two images; give a second one, or leave it out"},
		{[]string{"--accept", "times", "--exact", "r.example/a:1", ":2"}, "--accept allows differences and --exact does not; leave one out"},
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

// TestByteSize checks how sizes are read, and how they are written in the help.
func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{
		"64MB": 64_000_000, "64mb": 64_000_000, "1GiB": 1 << 30, "1.5kB": 1500, "1B": 1, "2M": 2_000_000, "2Mi": 2 << 20,
	} {
		var s byteSize
		if err := s.Set(text); err != nil || s != want {
			t.Errorf("%s: %d, %v, want %d", text, s, err, want)
		}
	}
	for size, want := range map[byteSize]string{defaultMaxRead: "256MB", 1500: "1500B"} {
		if got := size.String(); got != want {
			t.Errorf("%d: %s, want %s", size, got, want)
		}
	}
}
