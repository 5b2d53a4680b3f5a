package diff

import (
	"testing"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// TestInside_started checks that a file which the start command names is not taken for what every build leaves.
func TestInside_started(t *testing.T) {
	type items = []insidetest.Item
	command := func(words ...string) map[string]any { return map[string]any{"Cmd": words} }
	script := items{aFile("tmp/run.sh", "1")}
	for _, tt := range []struct {
		name   string
		config map[string]any
		files  items
		want   Acceptance // of generated files
	}{
		{"an argument", command("/bin/sh", "/tmp/run.sh"), script, Refused},
		{"the program", map[string]any{"Entrypoint": []string{"/tmp/run.sh"}}, script, Refused},
		{"another file", command("/bin/sh", "/srv/run.sh"), script, Accepted},
		{"no command", nil, script, Accepted},
		{"by a link", command("/bin/sh", "/run.sh"), append(items{insidetest.Symlink("run.sh", "tmp/run.sh")}, script...), Refused},
		{"by a link to its folder", command("/bin/sh", "/srv/run.sh"), append(items{insidetest.Symlink("srv", "tmp")}, script...), Refused},
		{"by a link to another file", command("/bin/sh", "/run.sh"), append(items{insidetest.Symlink("run.sh", "tmp/b.sh"), aFile("tmp/b.sh", "1")}, script...), Accepted},
		{"in the working directory", map[string]any{"Cmd": []string{"sh", "run.sh"}, "WorkingDir": "/tmp"}, script, Refused},
		{"in another working directory", map[string]any{"Cmd": []string{"sh", "run.sh"}, "WorkingDir": "/srv"}, script, Accepted},
		{"in a folder of PATH", map[string]any{"Cmd": []string{"run.sh"}, "Env": []string{"PATH=/bin:/tmp"}}, script, Refused},
		{"in the words of a shell", command("/bin/sh", "-c", "cd /tmp && exec ./run.sh --fast"), script, Refused},
		{"in an option", command("app", "--config=/tmp/run.sh"), script, Refused},
		{"its folder below that for leftovers", command("python", "/tmp/app"), items{aFile("tmp/app/__main__.py", "1")}, Refused},
		{"a folder to write to", command("app", "--tmpdir=/tmp"), script, Accepted},
		{"a log", command("tail", "-f", "/var/log/dpkg.log"), items{aFile("var/log/dpkg.log", "1")}, Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			other := append(items{}, tt.files...)
			last := len(other) - 1
			changed := aFile(other[last].Name, "2")
			c := acceptCase{a: tt.files, b: append(other[:last:last], changed), change: func(a, b *build) { a.config, b.config = tt.config, tt.config }}.comparison(t)
			if got := c.Accept(InsideGenerated); got != tt.want {
				t.Errorf("%d, want %d: %q", got, tt.want, c.Verdict.Headline)
			}
		})
	}
}
