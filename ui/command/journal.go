package command

import (
	"errors"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/journal"
)

// journalSession is the journal while the program runs, and what it has to say.
type journalSession struct {
	*journal.Journal // nil if it is off

	mu   sync.Mutex
	said []string
	tell io.Writer // for what it has to say; nil until there is a place for it
}

// remember opens the journal. That of the demo is made up and goes with it.
func (f *flags) remember(guide *ui.Guide) *journalSession {
	m := &journalSession{}
	switch {
	case f.noJournal, guide == nil && files.StateFolder() == "":
	case guide != nil:
		m.Journal = journal.Memory(func() map[model.Ref]map[string]model.Timeline { return demoSightings(guide.Registry.Registry) })
	default:
		m.Journal = journal.Open(files.Within(files.StateFolder(), "journal"), m.warn)
	}
	return m
}

// demoSightings is what was seen of the demo's tags, with the demo on a host.
func demoSightings(host string) map[model.Ref]map[string]model.Timeline {
	all := map[model.Ref]map[string]model.Timeline{}
	for name, tags := range demo.Looks() {
		all[model.Ref{Registry: host, Repository: name}] = tags
	}
	return all
}

// forScreens is the journal as the screens know it.
func (m *journalSession) forScreens() ui.Journal {
	if m.Journal == nil {
		return nil
	}
	return m.Journal
}

// known is the digest that a tag had when it was last looked at.
func (m *journalSession) known(r model.Ref) (digest.Digest, bool) {
	if m.Journal == nil {
		return "", false
	}
	return m.Journal.Known(r)
}

func (m *journalSession) warn(s string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = append(m.said, s)
	m.sayLocked()
}

// speak tells at once what there is to say, now and from now on.
func (m *journalSession) speak(w io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tell = w
	m.sayLocked()
}

func (m *journalSession) sayLocked() {
	if m.tell == nil {
		return
	}
	for _, word := range m.said {
		printError(m.tell, errors.New(word))
	}
	m.said = nil
}

// close ends the journal and tells what it had to say: while there is a screen
// there is no place for it.
func (m *journalSession) close(w io.Writer) {
	if m.Journal != nil {
		m.Journal.Close()
	}
	m.speak(w)
}
