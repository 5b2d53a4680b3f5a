package crash

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model/panics"
	"github.com/tagdiff/tagdiff/model/safe"
)

// PanicError is a fault and where in the program it was.
type PanicError struct {
	*panics.PanicError
	Pages         []string // that were open, the one on top last
	Width, Height int
}

// Screen is a model that says what is open, for the report.
type Screen interface {
	Pages() []string
	Size() (width, height int)
}

func (c *PanicError) Unwrap() error { return c.PanicError }

// newOnScreen is a fault with what is open on a screen.
func newOnScreen(f *panics.PanicError, screen tea.Model) *PanicError {
	c := &PanicError{PanicError: f}
	if g, ok := screen.(panicCatcher); ok {
		screen = g.Model
	}
	if p, ok := screen.(Screen); ok {
		c.Pages = p.Pages()
		c.Width, c.Height = p.Size()
	}
	return c
}

// New is a fault of a program without a screen.
func New(f *panics.PanicError) *PanicError { return &PanicError{PanicError: f} }

// keptReports is how many reports are kept.
const keptReports = 5

// maxMessage is how much of the panic's own words is told: they may hold
// anything.
const maxMessage = 300

// Save writes the report into a folder, and gives the line that says so.
func (c *PanicError) Save(dir, version string) safe.Text {
	file, err := createReport(dir)
	if err == nil {
		err = c.writeReport(file, version)
	}
	return c.summary(file, err)
}

// summary says what happened and where the report is, or why there is none.
func (c *PanicError) summary(file *os.File, err error) safe.Text {
	if err != nil {
		return safe.Sprintf("tagdiff: a fault of its own: %s; no report could be written (%s); please file it", c.message(), err)
	}
	return safe.Sprintf("tagdiff: a fault of its own: %s; report in %s; please file it", c.message(), file.Name())
}

// message is what the panic said. Values that it may hold are those of images.
func (c *PanicError) message() safe.Text {
	s := safe.Gate{}.Mask(fmt.Sprint(c.Value))
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	return safe.Clean(s)
}

// createReport makes the file for a report. A folder of "" is none.
func createReport(dir string) (*os.File, error) {
	if dir == "" {
		return nil, errors.New("there is no place for it")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "crash-"+time.Now().UTC().Format("20060102T150405.000000000Z")+".txt")
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// writeReport writes the report, closes its file and removes what is too old.
func (c *PanicError) writeReport(file *os.File, version string) error {
	_, err := file.WriteString(c.text(version))
	if errClose := file.Close(); err == nil {
		err = errClose
	}
	removeOldReports(filepath.Dir(file.Name()))
	return err
}

// reportTrailer of a report says that nothing of it is missing.
const reportTrailer = "\nthe end\n"

// text is the report. Stacks hold no values but addresses.
func (c *PanicError) text(version string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("tagdiff %s", cmp.Or(version, "of unknown version"))
	line("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	line("terminal %s, %s", safe.Clean(os.Getenv("TERM")), c.size())
	for _, p := range c.Pages {
		line("open: %s", safe.Gate{}.Clean(p))
	}
	line("panic: %s\n", c.message())
	for _, l := range safe.Lines(c.Stack + "\n" + c.AllStacks) {
		line("%s", l)
	}
	b.WriteString(reportTrailer)
	return b.String()
}

func (c *PanicError) size() string {
	if c.Width == 0 {
		return "size unknown"
	}
	return fmt.Sprintf("%d×%d", c.Width, c.Height)
}

// removeOldReports removes all but the newest reports: their names begin with
// their time.
func removeOldReports(dir string) {
	reports, _ := filepath.Glob(filepath.Join(dir, "crash-*.txt"))
	slices.Sort(reports)
	for _, old := range reports[:max(len(reports)-keptReports, 0)] {
		os.Remove(old) //nolint:errcheck // the next one tries again
	}
}
