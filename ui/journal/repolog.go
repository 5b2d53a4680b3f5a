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

// rewriteAfter is how old the last look in the file must be before another one that
// says the same is worth a line.
const rewriteAfter = 10 * time.Minute

// repoLog is what is known of one repository: what its file says, and what this
// program has seen since.
type repoLog struct {
	repo model.Ref
	path string // "" is in memory alone
	now  func() time.Time

	pending []Record // not in tags yet; Journal.mu guards it
	used    int      // when it was last asked for; Journal.mu guards it

	mu   sync.Mutex
	tags map[string]*tagLog
	out  []byte // lines to be written
	file filePosition
}

// isWritten reports whether its file has all that it has. One that is in use
// counts as not.
func (log *repoLog) isWritten() bool {
	if !log.mu.TryLock() {
		return false
	}
	defer log.mu.Unlock()
	return len(log.out) == 0 && log.file.bad == 0
}

// tagLog is what is known of one tag.
type tagLog struct {
	looks model.Timeline
	saved time.Time // the newest moment of it in the file
}

// last is the newest moment of it. There is one.
func (e *tagLog) last() time.Time { return e.looks[len(e.looks)-1].Last }

// filePosition is how far a file has been read.
type filePosition struct {
	info   os.FileInfo // of what was read; nil for nothing
	offset int64       // up to which lines were whole
	tail   []byte      // what follows: a line that is being written, or was torn
	bad    int         // lines that make no sense
	cut    bool        // it was too long to be read from the start
	lines  int         // that stand in it
}

// read takes in what the file says beyond what was read of it already.
func (log *repoLog) read() error {
	if log.path == "" {
		return nil
	}
	return log.file.readNew(log.path, log.addSighting)
}

// addSighting takes in a line. Of the time between its moments nothing is certain.
func (log *repoLog) addSighting(tag string, l model.Sighting) {
	e := log.entry(tag)
	e.looks = addSeen(e.looks, l)
	if last := l; !l.Last.Equal(l.First) {
		last.First = l.Last
		e.looks = addSeen(e.looks, last)
	}
	if l.Last.After(e.saved) {
		e.saved = l.Last
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

// add takes in looks of this program, and notes for the file those that say
// something new.
func (log *repoLog) add(records []Record) {
	for _, r := range records {
		l, err := cleanSighting(r.Tag, model.Sighting{Digest: r.Digest, MediaType: r.MediaType, Created: r.Created, First: r.At, Last: r.At})
		if err != nil {
			continue
		}
		log.addLook(r.Tag, l)
	}
}

func (log *repoLog) addLook(tag string, l model.Sighting) {
	e := log.entry(tag)
	news := true
	if known := withoutFuture(e.looks, l.First); len(known) > 0 {
		newest := known[len(known)-1]
		same := newest.Digest == l.Digest
		news = !same || hasMoreDetails(l, newest) || l.First.Sub(e.saved).Abs() >= rewriteAfter
		if !same && newest.Last.After(e.saved) { // when it was last what it was
			before := newest
			before.First = before.Last
			log.queueLine(tag, before)
		}
	}
	e.looks = addSeen(e.looks, l)
	if news {
		log.queueLine(tag, l)
		e.saved = l.First
	}
}

func (log *repoLog) queueLine(tag string, l model.Sighting) {
	if log.path != "" {
		log.out = appendLine(log.out, tag, l)
	}
}

// history is a copy of all that is known.
func (log *repoLog) history() map[string]model.Timeline {
	now := log.now()
	all := make(map[string]model.Timeline, len(log.tags))
	for tag, e := range log.tags {
		if t := withoutFuture(e.looks, now); len(t) > 0 {
			all[tag] = shareDetails(slices.Clone(t))
		}
	}
	return all
}

// timeline is a copy of what is known of one tag.
func (log *repoLog) timeline(tag string) model.Timeline {
	e := log.tags[tag]
	if e == nil {
		return nil
	}
	return shareDetails(slices.Clone(withoutFuture(e.looks, log.now())))
}

// newest is the last look at a tag.
func (log *repoLog) newest(tag string) (_ model.Sighting, ok bool) {
	t := log.timeline(tag)
	if len(t) == 0 {
		return model.Sighting{}, false
	}
	return t[len(t)-1], true
}

// compacted is the shortest file that says all that is worth keeping. Tags that
// were not looked at for long come first: of a file that is too long the end
// is read.
func (log *repoLog) compacted() []byte {
	now := log.now()
	tags := slices.SortedFunc(maps.Keys(log.tags), func(x, y string) int {
		return cmp.Or(log.tags[x].last().Compare(log.tags[y].last()), cmp.Compare(x, y))
	})
	var out []byte
	for _, tag := range tags {
		e := log.tags[tag]
		e.looks = prune(e.looks, now)
		for _, l := range e.looks {
			out = appendLine(out, tag, l)
		}
	}
	return out
}

// needsCompaction reports whether the file has many more lines than are worth
// keeping.
func (log *repoLog) needsCompaction() bool {
	if log.file.cut {
		return true
	}
	if log.file.offset < smallFile {
		return false
	}
	worth, now := 0, log.now()
	for _, e := range log.tags {
		worth += len(prune(e.looks, now))
	}
	return log.file.lines > 2*worth
}

// allSaved notes that the file says all that is known.
func (log *repoLog) allSaved() {
	log.out = nil
	for _, e := range log.tags {
		e.saved = e.last()
	}
}

// compact rewrites a file that says much more than once.
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
