package e2e

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// TestBytesPerKey limits the output per key, for slow connections: moving the cursor, and
// scrolling both sides by a line.
func TestBytesPerKey(t *testing.T) {
	const limit = 300 // bytes
	server, err := demo.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // the test ends
	term := uitest.Start(t, wide, server.Host()+"/shop/api:build-1041", ":build-1042")
	term.WaitFor("python 2.7.16")
	waitForFiles(term)
	for _, c := range []struct {
		name, view, shows string
		keys              int
	}{
		{"cursor down in Layers", "3", "settings only", 12},
		{"a line of side-by-side scroll in Config", "6", `"architecture"`, 60},
	} {
		term.Type(c.view)
		row := cursorRow(term.WaitFor(c.shows))
		before := 0
		for i := range c.keys + 1 {
			if i == 1 { // the frame of the view itself is complete
				before = term.Bytes()
			}
			term.Type("down")
			// One key at a time: keys that arrive together are painted together.
			row = cursorRow(term.WaitUntil("the cursor moved", func(f uitest.Frame) bool { return cursorRow(f) != "" && cursorRow(f) != row }))
		}
		got := (term.Bytes() - before) / c.keys
		t.Logf("%s: %d bytes for a key", c.name, got)
		if got > limit {
			t.Errorf("%s: %d bytes for a key, want at most %d", c.name, got, limit)
		}
	}
}

// TestFirstFrame limits the output up to the first whole screen, in a terminal that reports its background, in one that
// does not, and with a flag that says it. A screen that is painted once without and once with colours is above the limits.
func TestFirstFrame(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // a server that does not answer: the comparison goes on reading
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() //nolint:errcheck // the test ends
	for name, page := range map[string]struct {
		args  []string
		shows []string
		limit int // bytes
	}{
		"home":       {nil, []string{"open:", "? help"}, 520},
		"demo":       {[]string{"demo"}, []string{"5  Browse the registry", "? help"}, 2042},
		"comparison": {[]string{silent.Addr().String() + "/app:1", ":2"}, []string{"A: reading", "B: reading", "? help"}, 1400},
	} {
		for kind, o := range map[string]struct {
			options uitest.Options
			flags   []string
		}{
			"answers": {uitest.Options{Env: []string{"COLORFGBG="}}, nil},
			"silent":  {uitest.Options{Silent: true}, nil},
			"flag":    {uitest.Options{Silent: true}, []string{"--theme", "dark"}},
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				term := uitest.Start(t, o.options, append(page.args, o.flags...)...)
				f := term.WaitFor(page.shows...)
				if got := term.Bytes(); got > page.limit {
					t.Errorf("%d bytes, want at most %d", got, page.limit)
				} else {
					t.Logf("%d bytes", got)
				}
				if kind != "answers" && f.HasColor() != (kind == "flag") {
					t.Errorf("the colours are wrong:\n%s", f.Golden())
				}
			})
		}
	}
}

// cursorRow returns the row of the cursor, "" without one.
func cursorRow(f uitest.Frame) string {
	for _, r := range f.Rows() {
		if strings.HasPrefix(r, "›") {
			return r
		}
	}
	return ""
}

// BenchmarkFirstFrame compares the time to the first screen with that of a minimal program
// with the same libraries. Only the ratio is meaningful on other machines.
func BenchmarkFirstFrame(b *testing.B) {
	fake := uitest.BuildPackage(b, "./ui/uitest/internal/fake")
	first := func(o uitest.Options, want, quit string) time.Duration {
		o.Width, o.Height = 120, 40
		start := time.Now()
		term := uitest.Start(b, o)
		term.WaitFor(want)
		took := time.Since(start)
		term.Type(quit)
		term.Wait()
		return took
	}
	uitest.Build(b)
	var tagdiff, minimal time.Duration
	for b.Loop() {
		tagdiff += first(uitest.Options{}, "open:", "ctrl+c")
		minimal += first(uitest.Options{Program: fake}, "step 1", "q")
	}
	b.ReportMetric(float64(tagdiff)/float64(minimal), "ratio")
}
