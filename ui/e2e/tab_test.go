package e2e

import "testing"

// TestTab_wrong: --tab with another name than that of a tab is one line and exit code 2. No request is sent.
func TestTab_wrong(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"layer", "Layers", "9", "\x1b[2J\n"} {
		for _, args := range [][]string{{"127.0.0.1:1/app:1"}, {"127.0.0.1:1/app:1", ":2"}, {"127.0.0.1:1/app"}, nil} {
			cli(t, append([]string{"--tab", name}, args...)...).oneLine(t, "--tab ", " is not a tab: write summary, platforms, layers, files")
		}
	}
}
