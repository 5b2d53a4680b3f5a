// Package journal remembers where tags pointed: one file for each repository,
// to which every look at one of its tags adds a line. Several programs may use
// it at once, and any of them may be killed at any moment.
package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/panics"
)

// Looks are written in the background, many at once.
const (
	writePause = 200 * time.Millisecond
	writeMany  = 1000
)

// Other programs hold the lock for milliseconds. One that is stopped while it
// does must not stop this one.
const (
	lockPatience = 2 * time.Second
	lockPause    = 2 * time.Millisecond
)

// maxBooks is how many repositories are in memory at once: one of 50,000 tags
// takes some 15 MB.
const maxBooks = 16

// Record is one look at a tag.
type Record struct {
	Tag       string
	Digest    digest.Digest
	MediaType string     // of the manifest, "" if not known
	Created   *time.Time // of the first image, nil if not known
	At        time.Time
}

// Journal is the memory of tags. Its methods may be called from several
// goroutines.
type Journal struct {
	dir  string // "" is in memory alone
	warn func(string)
	now  func() time.Time
	lock *flock.Flock
	// begin is called before a book is opened.
	begin func()

	mu      sync.Mutex
	books   map[string]*book
	uses    int  // of books
	waiting int  // records in the books that are pending
	closed  bool // nothing more is written

	swept    bool // the writer's alone
	complain sync.Once

	wake, many, stop chan struct{}
	stopped          chan struct{}
}

// Open is the journal in a folder, which is made when there is something to
// write. warn gets a line on what is wrong with it, from any goroutine: that
// files are damaged or cannot be written. Nothing else follows from that.
func Open(dir string, warn func(string)) *Journal {
	j := newJournal(dir, warn)
	j.lock = flock.New(filepath.Join(dir, "lock"), flock.SetFlag(os.O_CREATE|os.O_RDONLY|syscall.O_NONBLOCK)) // a pipe there is not waited for
	go func() {
		defer panics.Catch()
		j.writeOn()
	}()
	return j
}

// Memory is a journal that is gone with the program. It begins with what begin
// (which may be nil) gives when the journal is first asked: timelines by tag,
// by repository.
func Memory(begin func() map[model.Ref]map[string]model.Timeline) *Journal {
	j := newJournal("", func(string) {})
	close(j.stopped)
	if begin != nil {
		j.begin = sync.OnceFunc(func() { j.beginWith(begin()) })
	}
	return j
}

func (j *Journal) beginWith(looks map[model.Ref]map[string]model.Timeline) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for repo, tags := range looks {
		b := j.bookLocked(repo)
		for tag, t := range tags {
			for _, l := range t {
				if l, err := cleanLook(tag, l); err == nil {
					e := b.entry(tag)
					e.looks = append(e.looks, l)
				}
			}
		}
	}
}

func newJournal(dir string, warn func(string)) *Journal {
	return &Journal{
		dir: dir, warn: warn, now: time.Now, begin: func() {}, books: map[string]*book{},
		wake: make(chan struct{}, 1), many: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// book is the one of a repository.
func (j *Journal) book(repo model.Ref) *book {
	j.begin()
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.bookLocked(repo)
}

func (j *Journal) bookLocked(repo model.Ref) *book {
	key := repo.Repo().String()
	b := j.books[key]
	if b == nil {
		j.forgetLocked()
		b = &book{repo: repo.Repo(), now: func() time.Time { return j.now() }, tags: map[string]*entry{}}
		if j.dir != "" {
			b.path = filepath.Join(j.dir, fileName(repo))
		}
		j.books[key] = b
	}
	j.uses++
	b.used = j.uses
	return b
}

// forgetLocked makes place for another book: who has been to many repositories
// need not have all that was ever seen of them in memory. What is to be written
// stays.
func (j *Journal) forgetLocked() {
	if len(j.books) < maxBooks || j.dir == "" {
		return
	}
	oldest := ""
	for key, b := range j.books {
		if (oldest == "" || b.used < j.books[oldest].used) && len(b.pending) == 0 && b.isWritten() {
			oldest = key
		}
	}
	delete(j.books, oldest)
}

// Record notes looks at tags of a repository. It is quick: the disk comes
// later.
func (j *Journal) Record(repo model.Ref, looks []Record) {
	if len(looks) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	b := j.bookLocked(repo)
	b.pending = append(b.pending, looks...)
	j.waiting += len(looks)
	nudge(j.wake)
	if j.waiting >= writeMany {
		nudge(j.many)
	}
}

// nudge leaves a word in a channel that holds one.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take is what is pending in a book, which has it no more.
func (j *Journal) take(b *book) []Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	looks := b.pending
	b.pending = nil
	j.waiting -= len(looks)
	return looks
}

// History is every look at the tags of a repository, by tag. An error comes
// with what is known all the same.
func (j *Journal) History(repo model.Ref) (map[string]model.Timeline, error) {
	b := j.book(repo)
	b.mu.Lock()
	defer b.mu.Unlock()
	err := j.update(b)
	return b.history(), err
}

// Timeline is every look at one tag. An error comes with what is known all the
// same.
func (j *Journal) Timeline(ref model.Ref) (model.Timeline, error) {
	b := j.book(ref)
	b.mu.Lock()
	defer b.mu.Unlock()
	err := j.update(b)
	return b.timeline(ref.Tag), err
}

// unopened reports whether all that is known of a repository is in its file.
func (j *Journal) unopened(b *book) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return b.path != "" && b.file.info == nil && len(b.tags)+len(b.pending) == 0
}

// Known is the digest that a tag was last seen at.
func (j *Journal) Known(ref model.Ref) (_ digest.Digest, ok bool) {
	l, ok := j.Last(ref)
	return l.Digest, ok
}

// Last is the last look at a tag.
func (j *Journal) Last(ref model.Ref) (_ model.Sighting, ok bool) {
	if ref.Tag == "" || ref.Digest != "" || ref.When != "" {
		return model.Sighting{}, false
	}
	b := j.book(ref)
	b.mu.Lock()
	defer b.mu.Unlock()
	if j.unopened(b) {
		if l, ok := lastIn(b.path, ref.Tag); ok && !l.Last.After(j.now()) {
			return l, true
		}
	}
	_ = j.update(b) // what cannot be read is not known
	return b.newest(ref.Tag)
}

// update brings a book up to date without writing.
func (j *Journal) update(b *book) error {
	err := b.read()
	if b.file.bad > 0 {
		nudge(j.wake)
	}
	b.add(j.take(b))
	if err != nil {
		return &model.Trouble{Say: "the journal of " + b.repo.String() + " cannot be read: " + reason(err), Next: "see to " + b.path, Err: err}
	}
	return nil
}

// Close writes what is still to be written. Later looks are not remembered.
func (j *Journal) Close() {
	j.mu.Lock()
	closed := j.closed
	j.closed = true
	j.mu.Unlock()
	if !closed {
		close(j.stop)
	}
	<-j.stopped
}

// writeOn is the goroutine that writes.
func (j *Journal) writeOn() {
	defer close(j.stopped)
	for {
		select {
		case <-j.wake:
		case <-j.stop:
			j.flush(true)
			return
		}
		pause := time.NewTimer(writePause)
		select {
		case <-pause.C:
		case <-j.many:
		case <-j.stop:
		}
		pause.Stop()
		j.flush(false)
	}
}

// flush writes what there is to write. What could not be written because
// others hold the lock stays for the next time, if there is one.
func (j *Journal) flush(last bool) {
	due := j.due()
	if len(due) == 0 {
		return
	}
	unlock, err := j.acquire()
	switch {
	case errors.Is(err, context.DeadlineExceeded) && !last:
		nudge(j.wake)
		return
	case err != nil:
		j.unwritten(err)
		for _, b := range due {
			j.keep(b)
		}
		return
	}
	defer unlock()
	if !j.swept {
		j.swept = true
		sweep(j.dir, j.now())
	}
	for _, b := range due {
		if err := j.put(b); err != nil {
			j.unwritten(err)
		}
	}
}

// due are the books with something to do.
func (j *Journal) due() []*book {
	j.mu.Lock()
	all := make([]*book, 0, len(j.books))
	pending := map[*book]bool{}
	for _, b := range j.books {
		all = append(all, b)
		pending[b] = len(b.pending) > 0
	}
	j.mu.Unlock()
	var due []*book
	for _, b := range all {
		b.mu.Lock()
		if pending[b] || len(b.out) > 0 || b.file.bad > 0 {
			due = append(due, b)
		}
		b.mu.Unlock()
	}
	return due
}

// acquire takes the lock of the folder, for which it makes the folder.
func (j *Journal) acquire() (unlock func(), err error) {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	if _, err := j.lock.TryLockContext(ctx, lockPause); err != nil {
		return nil, err
	}
	return func() { _ = j.lock.Unlock() }, nil
}

// put brings a book and its file together. The lock is held.
func (j *Journal) put(b *book) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.read()
	b.add(j.take(b))
	if err != nil {
		b.out = nil // it would grow for ever
		return err
	}
	if b.file.bad > 0 {
		return j.mend(b)
	}
	if len(b.out) > 0 {
		err := b.file.extend(b.path, b.out)
		b.out = nil
		if err != nil {
			return err
		}
	}
	return b.shorten()
}

// mend puts what could be read in the place of a damaged file.
func (j *Journal) mend(b *book) error {
	bad := b.file.bad
	b.file.bad = 0 // once is enough, whatever comes of it
	aside, err := setAside(b.path, j.now())
	if err != nil {
		return err
	}
	if err := b.file.replace(b.path, b.packed()); err != nil {
		return err
	}
	b.allSaved()
	j.warn(fmt.Sprintf("the journal of %s was damaged (%s): it is now %s, and what could be read of it goes on", b.repo, lines(bad), aside))
	return nil
}

func lines(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}

// shorten rewrites a file that says much more than once.
func (b *book) shorten() error {
	if !b.wordy() {
		return nil
	}
	if err := b.file.replace(b.path, b.packed()); err != nil {
		return err
	}
	b.allSaved()
	return nil
}

// keep has a book in memory alone what cannot be written.
func (j *Journal) keep(b *book) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.add(j.take(b))
	b.out = nil
}

// unwritten says once that nothing is remembered.
func (j *Journal) unwritten(err error) {
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("another tagdiff holds its lock")
	}
	j.complain.Do(func() {
		j.warn(fmt.Sprintf("the journal in %s cannot be written: %s; what was seen of tags is not remembered (--no-journal does without it)", j.dir, reason(err)))
	})
}

// reason is an error of a file without what is said already.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
