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

// PanicError is a panic, with the pages that were open and the size of the terminal.
type PanicError struct {
	*panics.PanicError
	Pages         []string // open ones, the one on top last
	Width, Height int      // in cells; 0 if unknown
}

// Screen is a model that describes itself for the report.
type Screen interface {
	Pages() []string           // open ones, the one on top last
	Size() (width, height int) // in cells
}

func (c *PanicError) Unwrap() error { return c.PanicError }

// newOnScreen returns the panic of a program with a screen.
func newOnScreen(err *panics.PanicError, screen tea.Model) *PanicError {
	c := New(err)
	if g, ok := screen.(panicCatcher); ok {
		screen = g.Model
	}
	if p, ok := screen.(Screen); ok {
		c.Pages = p.Pages()
		c.Width, c.Height = p.Size()
	}
	return c
}

// New returns the panic of a program without a screen.
func New(err *panics.PanicError) *PanicError { return &PanicError{PanicError: err} }

// keptReports is how many reports are kept.
const keptReports = 5

// maxMessage limits the message of a panic, in bytes: it may contain any data.
const maxMessage = 300

// Save writes a report into the folder dir and returns one line for the terminal:
// the message, and the path of the report or why there is none. Without dir there is
// no report.
func (c *PanicError) Save(dir, version string) safe.Text {
	file, err := createReport(dir)
	if err == nil {
		err = c.writeReport(file, version)
	}
	return c.summary(file, err)
}

// summary returns the line for the terminal.
func (c *PanicError) summary(file *os.File, err error) safe.Text {
	if err != nil {
		return safe.Sprintf("tagdiff: internal error: %s; no report could be written (%s); please file an issue", c.message(), err)
	}
	return safe.Sprintf("tagdiff: internal error: %s; report in %s; please file an issue with it", c.message(), file.Name())
}

// message returns the message of the panic, shortened and without secrets. It may
// contain values from images.
func (c *PanicError) message() safe.Text {
	s := safe.Gate{}.Mask(fmt.Sprint(c.Value))
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	return safe.Clean(s)
}

// createReport creates the file of a report. It fails if dir is empty.
func createReport(dir string) (*os.File, error) {
	if dir == "" {
		return nil, errors.New("there is no state folder")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "crash-"+time.Now().UTC().Format("20060102T150405.000000000Z")+".txt")
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// writeReport writes the report, closes its file and removes the oldest reports.
func (c *PanicError) writeReport(file *os.File, version string) error {
	_, err := file.WriteString(c.text(version))
	err = cmp.Or(err, file.Close())
	removeOldReports(filepath.Dir(file.Name()))
	return err
}

// reportTrailer is at the end of a complete report.
const reportTrailer = "\nend of report\n"

// text returns the report. Stacks contain no values, only addresses.
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

// removeOldReports removes all but the newest reports. Their names sort by time.
func removeOldReports(dir string) {
	reports, _ := filepath.Glob(filepath.Join(dir, "crash-*.txt"))
	slices.Sort(reports)
	for _, old := range reports[:max(len(reports)-keptReports, 0)] {
		os.Remove(old) //nolint:errcheck // the next report tries again
	}
}
