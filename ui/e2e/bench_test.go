package e2e

import (
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
	term.WaitFor("python 2.7.16", "6 Config ≠")
	for _, c := range []struct {
		name, view, shows string
		keys              int
	}{
		{"cursor down in Layers", "3", "B layer", 12},
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
