package ui

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestPager: the pager is a shell command that reads the text in view. An error has what it says.
func TestPager(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the pager of this test is a shell command")
	}
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Keys("8")
	a := app(d)
	var text strings.Builder
	for _, l := range a.top().(page.Readable).PagerLines(a.frame()) {
		text.WriteString(l.String() + "\n")
	}
	file := filepath.Join(t.TempDir(), "text")
	run := &pagerProcess{cmd: pagerCommand(t.Context(), "cat | cat >'"+file+"'"), text: text.String()}
	if err := run.Run(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	if s := string(got); !strings.Contains(s, "B localhost:5000/app:prod") || !strings.Contains(s, "\n+ ") || !strings.Contains(s, "\n- ") {
		t.Errorf("the pager read %q", s)
	}
	for atOnce, want := range map[time.Duration]int{time.Hour: 1, 0: 0} {
		waits := 0
		run = &pagerProcess{cmd: pagerCommand(t.Context(), "cat >/dev/null"), atOnce: atOnce, awaitKey: func() { waits++ }}
		if err := run.Run(); err != nil || waits != want {
			t.Errorf("a pager that ended within %v: %d waits for a key, want %d, %v", atOnce, waits, want, err)
		}
	}
	run = &pagerProcess{cmd: pagerCommand(t.Context(), "echo broken >&2; exit 3")}
	if err := run.Run(); err == nil || err.Error() != "exit status 3: broken" {
		t.Errorf("%v", err)
	}
}
