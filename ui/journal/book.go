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

// rewrite is how old the last look in the file must be before another one that
// says the same is worth a line.
const rewrite = 10 * time.Minute

// book is what is known of one repository: what its file says, and what this
// program has seen since.
type book struct {
	repo model.Ref
	path string // "" is in memory alone
	now  func() time.Time

	pending []Record // not in tags yet; Journal.mu guards it
	used    int      // when it was last asked for; Journal.mu guards it

	mu   sync.Mutex
	tags map[string]*entry
	out  []byte // lines to be written
	file reading
}

// isWritten reports whether its file has all that it has. One that is in use
// counts as not.
func (b *book) isWritten() bool {
	if !b.mu.TryLock() {
		return false
	}
	defer b.mu.Unlock()
	return len(b.out) == 0 && b.file.bad == 0
}

// entry is what is known of one tag.
type entry struct {
	looks model.Timeline
	saved time.Time // the newest moment of it in the file
}

// last is the newest moment of it. There is one.
func (e *entry) last() time.Time { return e.looks[len(e.looks)-1].Last }

// reading is how far a file has been read.
type reading struct {
	info   os.FileInfo // of what was read; nil for nothing
	offset int64       // up to which lines were whole
	tail   []byte      // what follows: a line that is being written, or was torn
	bad    int         // lines that make no sense
	cut    bool        // it was too long to be read from the start
	lines  int         // that stand in it
}

// read takes in what the file says beyond what was read of it already.
func (b *book) read() error {
	if b.path == "" {
		return nil
	}
	return b.file.more(b.path, b.take)
}

// take takes in a line. Of the time between its moments nothing is certain.
func (b *book) take(tag string, l model.Sighting) {
	e := b.entry(tag)
	e.looks = seen(e.looks, l)
	if last := l; !l.Last.Equal(l.First) {
		last.First = l.Last
		e.looks = seen(e.looks, last)
	}
	if l.Last.After(e.saved) {
		e.saved = l.Last
	}
}

func (b *book) entry(tag string) *entry {
	e := b.tags[tag]
	if e == nil {
		e = &entry{}
		b.tags[tag] = e
	}
	return e
}

// add takes in looks of this program, and notes for the file those that say
// something new.
func (b *book) add(records []Record) {
	for _, r := range records {
		l, err := cleanLook(r.Tag, model.Sighting{Digest: r.Digest, MediaType: r.MediaType, Created: r.Created, First: r.At, Last: r.At})
		if err != nil {
			continue
		}
		b.note(r.Tag, l)
	}
}

func (b *book) note(tag string, l model.Sighting) {
	e := b.entry(tag)
	news := true
	if known := past(e.looks, l.First); len(known) > 0 {
		newest := known[len(known)-1]
		same := newest.Digest == l.Digest
		news = !same || adds(l, newest) || l.First.Sub(e.saved).Abs() >= rewrite
		if !same && newest.Last.After(e.saved) { // when it was last what it was
			before := newest
			before.First = before.Last
			b.write(tag, before)
		}
	}
	e.looks = seen(e.looks, l)
	if news {
		b.write(tag, l)
		e.saved = l.First
	}
}

func (b *book) write(tag string, l model.Sighting) {
	if b.path != "" {
		b.out = appendLine(b.out, tag, l)
	}
}

// history is a copy of all that is known.
func (b *book) history() map[string]model.Timeline {
	now := b.now()
	all := make(map[string]model.Timeline, len(b.tags))
	for tag, e := range b.tags {
		if t := past(e.looks, now); len(t) > 0 {
			all[tag] = filled(slices.Clone(t))
		}
	}
	return all
}

// timeline is a copy of what is known of one tag.
func (b *book) timeline(tag string) model.Timeline {
	e := b.tags[tag]
	if e == nil {
		return nil
	}
	return filled(slices.Clone(past(e.looks, b.now())))
}

// newest is the last look at a tag.
func (b *book) newest(tag string) (_ model.Sighting, ok bool) {
	t := b.timeline(tag)
	if len(t) == 0 {
		return model.Sighting{}, false
	}
	return t[len(t)-1], true
}

// packed is the shortest file that says all that is worth keeping. Tags that
// were not looked at for long come first: of a file that is too long the end
// is read.
func (b *book) packed() []byte {
	now := b.now()
	tags := slices.SortedFunc(maps.Keys(b.tags), func(x, y string) int {
		return cmp.Or(b.tags[x].last().Compare(b.tags[y].last()), cmp.Compare(x, y))
	})
	var out []byte
	for _, tag := range tags {
		e := b.tags[tag]
		e.looks = pruned(e.looks, now)
		for _, l := range e.looks {
			out = appendLine(out, tag, l)
		}
	}
	return out
}

// wordy reports whether the file says much more than is worth keeping.
func (b *book) wordy() bool {
	if b.file.cut {
		return true
	}
	if b.file.offset < smallFile {
		return false
	}
	worth, now := 0, b.now()
	for _, e := range b.tags {
		worth += len(pruned(e.looks, now))
	}
	return b.file.lines > 2*worth
}

// allSaved notes that the file says all that is known.
func (b *book) allSaved() {
	b.out = nil
	for _, e := range b.tags {
		e.saved = e.last()
	}
}
