package command

import (
	"errors"
	"io"
	"sync"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/journal"
	"github.com/tagdiff/tagdiff/ui/page"
)

// journalSession is the open journal with its warnings.
type journalSession struct {
	*journal.Journal // nil without a journal

	mu       sync.Mutex
	warnings []string
	out      io.Writer // where warnings go; nil while a screen is open
}

// openJournal opens the journal. The demo's is made up and only in memory.
func (f *flags) openJournal(guide *ui.Guide) *journalSession {
	m := &journalSession{}
	switch {
	case f.noJournal, guide == nil && files.StateFolder() == "":
	case guide != nil:
		m.Journal = journal.Memory(func() map[model.Ref]map[string]model.Timeline { return demoSightings(guide.Registry.Registry) })
	default:
		m.Journal = journal.Open(files.Join(files.StateFolder(), "journal"), m.warn)
	}
	return m
}

// demoSightings returns the made-up sightings of the demo's tags, for a demo on host.
func demoSightings(host string) map[model.Ref]map[string]model.Timeline {
	all := map[model.Ref]map[string]model.Timeline{}
	for name, tags := range demo.Sightings() {
		all[model.Ref{Registry: host, Repository: name}] = tags
	}
	return all
}

// forScreens returns the journal for the screens, nil without one.
func (m *journalSession) forScreens() page.Journal {
	if m.Journal == nil {
		return nil
	}
	return m.Journal
}

// warn prints a warning, or keeps it until there is a writer.
func (m *journalSession) warn(s string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.warnings = append(m.warnings, s)
	m.printLocked()
}

// warnTo prints the kept warnings to w, and later ones at once.
func (m *journalSession) warnTo(w io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out = w
	m.printLocked()
}

func (m *journalSession) printLocked() {
	if m.out == nil {
		return
	}
	for _, warning := range m.warnings {
		printError(m.out, errors.New("warning: "+warning))
	}
	m.warnings = nil
}

// close closes the journal and prints the kept warnings to w.
func (m *journalSession) close(w io.Writer) {
	if m.Journal != nil {
		m.Journal.Close()
	}
	m.warnTo(w)
}
