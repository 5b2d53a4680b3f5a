package uitest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const fakePackage = "github.com/tagdiff/tagdiff/ui/uitest/internal/fake"

// fake starts the program of these tests.
func fake(t *testing.T, opts Options, args ...string) *Term {
	t.Helper()
	opts.Program = BuildPackage(t, fakePackage)
	opts.Env = append(opts.Env, "FAKE_PORT=43210")
	term := Start(t, opts, args...)
	term.WaitFor("step 0")
	return term
}

func TestType(t *testing.T) {
	t.Parallel()
	term := fake(t, Options{}, "one", "two")
	term.WaitFor("one two", "80×24 dark=true")
	if !term.AltScreen() {
		t.Error("not on the alternate screen")
	}
	term.Type("j", "down", "down", "k")
	term.WaitFor("› step 2", "pressed k")
	term.WaitGone("› step 3")
	term.Type("q")
	if code := term.Wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if term.AltScreen() {
		t.Error("still on the alternate screen")
	}
}

func TestType_keyNames(t *testing.T) {
	t.Parallel()
	term := fake(t, Options{})
	for key, want := range map[string]string{
		"shift+tab": "shift+tab", "ctrl+l": "ctrl+l", "alt+b": "alt+b", "space": "space", "pgdn": "pgdown",
		"f1": "f1", "f12": "f12", "enter": "enter", "backspace": "backspace", "home": "home", "?": "?",
	} {
		term.Type("esc", key)
		term.WaitFor("pressed " + want)
	}
	term.Type("esc")
	term.WaitFor("pressed esc")
}

func TestWait(t *testing.T) {
	t.Parallel()
	term := fake(t, Options{})
	term.Type("x")
	if code := term.Wait(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
}

func TestPaste(t *testing.T) {
	t.Parallel()
	term := fake(t, Options{})
	term.Paste("q jjj\nq")
	term.WaitFor(`pasted "q jjj\nq"`)
}

func TestClipboard(t *testing.T) {
	t.Parallel()
	term := fake(t, Options{})
	term.Type("j", "y")
	term.WaitClipboard("sha256:1")
	term.WaitUntil("the title", func(Frame) bool { return term.Title() == "fake at 1" })
}

func TestResize(t *testing.T) {
	t.Parallel()
	term := fake(t, Options{})
	for i := range 50 {
		term.Resize(60+i, 20+i%5)
	}
	term.Resize(100, 30)
	term.WaitFor("100×30", "step 23")
	before := term.Bytes()
	term.Type("j")
	term.WaitFor("› step 1")
	if term.Bytes() <= before {
		t.Error("bytes are not counted")
	}
}

func TestCheckRepaint(t *testing.T) {
	t.Parallel()
	term := fake(t, Options{})
	term.Type("j", "j", "down", "k")
	term.WaitFor("› step 2", "pressed k")
	term.CheckRepaint()
	term.WaitFor("› step 2")
}

func TestOptions_noColor(t *testing.T) {
	t.Parallel()
	term := fake(t, Options{NoColor: true})
	term.Type("j")
	f := term.WaitFor("› step 1")
	if f.HasColor() {
		t.Errorf("NO_COLOR, but coloured:\n%s", f.Golden())
	}
	x, y, _ := f.Find("› step 1")
	if !f.Cell(x, y).Style.Reverse {
		t.Error("the selected row is not visible")
	}
}

func TestOptions_light(t *testing.T) {
	t.Parallel()
	fake(t, Options{Light: true}).WaitFor("dark=false")
}

// TestGolden checks the format of golden files and pictures.
func TestGolden(t *testing.T) {
	t.Parallel()
	steps := Mask{regexp.MustCompile(`pressed \w+`), "(key)"}
	term := fake(t, Options{Width: 60, Height: 12, Masks: []Mask{Ports, steps}}, "demo")
	term.Type("k", "j", "j")
	term.WaitFor("› step 1")
	term.Golden("fake")
	term.Picture(filepath.Join("testdata", "pictures", "fake.svg"), "fake <demo>")
}

// TestGolden_early: Golden waits until the screen is complete.
func TestGolden_early(t *testing.T) {
	t.Parallel()
	term := fake(t, Options{Width: 60, Height: 12, Masks: []Mask{Ports, {regexp.MustCompile(`pressed \w+`), "(key)"}}}, "demo")
	if Updating() {
		t.Skip("TestGolden writes it")
	}
	term.Type("k", "j", "j") // without a wait
	term.Golden("fake")
}

// TestRaceReport: a test with the race detector fails on a data race of the program, whose
// report is not on the screen.
func TestRaceReport(t *testing.T) {
	t.Parallel()
	if !raceEnabled {
		t.Skip("needs -race")
	}
	var report string
	t.Run("inner", func(t *testing.T) {
		term := fake(t, Options{})
		term.Type("r")
		term.WaitFor("pressed r")
		report = term.raceReport()
		for _, e := range glob(t, filepath.Join(term.races, "*")) {
			os.Remove(e) //nolint:errcheck // on an error the inner test fails
		}
	})
	if !strings.Contains(report, "DATA RACE") {
		t.Errorf("no report of a data race: %q", report)
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
