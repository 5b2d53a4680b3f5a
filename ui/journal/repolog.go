package journal

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// rewriteAfter is how old the last line of a tag must be before an equal sighting
// is written again.
const rewriteAfter = 10 * time.Minute

// repoLog has the timelines of one repository: from its file, and from this
// program since.
type repoLog struct {
	repo model.Ref
	path string // "" for memory only
	now  func() time.Time

	pending []Record // not in tags yet; guarded by Journal.mu
	used    int      // Journal.uses at the last use; guarded by Journal.mu

	mu   sync.Mutex
	tags map[string]*tagLog
	out  []byte // lines to write
	file filePosition
}

// isWritten reports whether the file is up to date. A log that is in use counts as
// not written.
func (log *repoLog) isWritten() bool {
	if !log.mu.TryLock() {
		return false
	}
	defer log.mu.Unlock()
	return len(log.out) == 0 && log.file.bad == 0
}

// tagLog has the timeline of one tag.
type tagLog struct {
	timeline model.Timeline
	saved    time.Time // the newest time in the file
}

// last returns the newest time. The timeline must not be empty.
func (e *tagLog) last() time.Time { return e.timeline[len(e.timeline)-1].Last }

// filePosition is how far a file was read.
type filePosition struct {
	info   os.FileInfo // of the file that was read; nil for none
	offset int64       // end of the last complete line
	tail   []byte      // incomplete line at the end, still being written or cut off
	bad    int         // lines that cannot be parsed
	cut    bool        // the file was too long to be read from the start
	lines  int         // complete lines
}

// read adds the new lines of the file.
func (log *repoLog) read() error {
	if log.path == "" {
		return nil
	}
	return log.file.readNew(log.path, log.addSighting)
}

// addSighting adds a line of the file. Only its first and last time are certain:
// another line may record a move in between.
func (log *repoLog) addSighting(tag string, s model.Sighting) {
	e := log.entry(tag)
	e.timeline = addObservation(e.timeline, s)
	if last := s; !s.Last.Equal(s.First) {
		last.First = s.Last
		e.timeline = addObservation(e.timeline, last)
	}
	if s.Last.After(e.saved) {
		e.saved = s.Last
	}
}

func (log *repoLog) entry(tag string) *tagLog {
	e := log.tags[tag]
	if e == nil {
		e = &tagLog{}
		log.tags[tag] = e
	}
	return e
}

// add adds observations of this program, and queues lines for those that are new.
func (log *repoLog) add(records []Record) {
	for _, r := range records {
		s, err := cleanSighting(r.Tag, model.Sighting{Digest: r.Digest, MediaType: r.MediaType, Created: r.Created, First: r.At, Last: r.At})
		if err != nil {
			continue
		}
		log.addObserved(r.Tag, s)
	}
}

// addObserved adds one observation. With a move it also queues the last time at
// which the previous digest was observed.
func (log *repoLog) addObserved(tag string, s model.Sighting) {
	e := log.entry(tag)
	isNew := true
	if known := withoutFuture(e.timeline, s.First); len(known) > 0 {
		newest := known[len(known)-1]
		same := newest.Digest == s.Digest
		isNew = !same || hasMoreDetails(s, newest) || s.First.Sub(e.saved).Abs() >= rewriteAfter
		if !same && newest.Last.After(e.saved) {
			before := newest
			before.First = before.Last
			log.queueLine(tag, before)
		}
	}
	e.timeline = addObservation(e.timeline, s)
	if isNew {
		log.queueLine(tag, s)
		e.saved = s.First
	}
}

func (log *repoLog) queueLine(tag string, s model.Sighting) {
	if log.path != "" {
		log.out = appendLine(log.out, tag, s)
	}
}

// history returns a copy of all timelines.
func (log *repoLog) history() map[string]model.Timeline {
	now := log.now()
	all := make(map[string]model.Timeline, len(log.tags))
	for tag, e := range log.tags {
		if t := withoutFuture(e.timeline, now); len(t) > 0 {
			all[tag] = shareDetails(slices.Clone(t))
		}
	}
	return all
}

// timeline returns a copy of the timeline of one tag.
func (log *repoLog) timeline(tag string) model.Timeline {
	e := log.tags[tag]
	if e == nil {
		return nil
	}
	return shareDetails(slices.Clone(withoutFuture(e.timeline, log.now())))
}

// compacted returns the shortest content with all sightings to keep. Tags with the
// oldest sightings come first, because only the end of a too long file is read.
func (log *repoLog) compacted() []byte {
	now := log.now()
	tags := slices.SortedFunc(maps.Keys(log.tags), func(x, y string) int {
		return cmp.Or(log.tags[x].last().Compare(log.tags[y].last()), cmp.Compare(x, y))
	})
	var out []byte
	for _, tag := range tags {
		e := log.tags[tag]
		e.timeline = prune(e.timeline, now)
		for _, s := range e.timeline {
			out = appendLine(out, tag, s)
		}
	}
	return out
}

// needsCompaction reports whether the file is too long or has more than twice the
// lines it needs.
func (log *repoLog) needsCompaction() bool {
	if log.file.cut {
		return true
	}
	if log.file.offset < smallFile {
		return false
	}
	needed, now := 0, log.now()
	for _, e := range log.tags {
		needed += len(prune(e.timeline, now))
	}
	return log.file.lines > 2*needed
}

// allSaved records that the file is up to date.
func (log *repoLog) allSaved() {
	log.out = nil
	for _, e := range log.tags {
		e.saved = e.last()
	}
}

// compact rewrites the file if that is worth it.
func (log *repoLog) compact() error {
	if !log.needsCompaction() {
		return nil
	}
	if err := log.file.replace(log.path, log.compacted()); err != nil {
		return err
	}
	log.allSaved()
	return nil
}
