// Package journal records where tags pointed. It has one file per repository, with
// one line per sighting of a tag. Several processes may use it at once, and each
// may be killed at any moment. Package model defines sightings and timelines.
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

// writePause is how long records wait before many are written at once.
const writePause = 200 * time.Millisecond

// Other processes hold the lock for milliseconds. A process that is suspended
// with the lock must not block this one.
const (
	lockTimeout = 2 * time.Second
	lockPause   = 2 * time.Millisecond
)

// maxLogs is how many repositories are in memory at once. A repository of 50,000
// tags takes about 15 MB.
const maxLogs = 16

// Record is one observation of a tag.
type Record struct {
	Tag       string
	Digest    digest.Digest
	MediaType string     // of the manifest, "" if unknown
	Created   *time.Time // of the first image, nil if unknown
	At        time.Time
}

// Journal has the timelines of tags. Its methods are safe for concurrent use. A nil Journal
// records nothing and has no last sightings.
type Journal struct {
	dir  string // "" for memory only
	warn func(string)
	now  func() time.Time
	lock *flock.Flock
	// begin is called before a log is opened.
	begin func()

	mu     sync.Mutex
	logs   map[string]*repoLog
	uses   int  // counts uses of logs
	closed bool // records are dropped

	swept    bool // stale files were removed; only the writer goroutine uses it
	warnOnce sync.Once

	wake, stop chan struct{}
	stopped    chan struct{}
}

// Open returns the journal in a folder. The folder is created with the first write.
// warn is called with one line, from any goroutine, when files are damaged or
// cannot be written; the journal then works in memory. Call Close at the end.
func Open(dir string, warn func(string)) *Journal {
	j := newJournal(dir, warn)
	// O_NONBLOCK: do not wait for a named pipe.
	j.lock = flock.New(filepath.Join(dir, "lock"), flock.SetFlag(os.O_CREATE|os.O_RDONLY|syscall.O_NONBLOCK))
	panics.Go(j.runWriter)
	return j
}

// Memory returns a journal without files. At its first use it takes over the
// timelines of begin, by repository and tag. begin may be nil.
func Memory(begin func() map[model.Ref]map[string]model.Timeline) *Journal {
	j := newJournal("", func(string) {})
	close(j.stopped)
	if begin != nil {
		j.begin = sync.OnceFunc(func() { j.beginWith(begin()) })
	}
	return j
}

func (j *Journal) beginWith(timelines map[model.Ref]map[string]model.Timeline) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for repo, tags := range timelines {
		log := j.repoLogLocked(repo)
		for tag, t := range tags {
			for _, s := range t {
				if s, err := cleanSighting(tag, s); err == nil {
					e := log.entry(tag)
					e.timeline = append(e.timeline, s)
				}
			}
		}
	}
}

func newJournal(dir string, warn func(string)) *Journal {
	return &Journal{
		dir: dir, warn: warn, now: time.Now, begin: func() {}, logs: map[string]*repoLog{},
		wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// repoLog returns the log of a repository.
func (j *Journal) repoLog(repo model.Ref) *repoLog {
	j.begin()
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.repoLogLocked(repo)
}

func (j *Journal) repoLogLocked(repo model.Ref) *repoLog {
	key := repo.Repo().String()
	log := j.logs[key]
	if log == nil {
		j.evictLocked()
		log = &repoLog{repo: repo.Repo(), now: func() time.Time { return j.now() }, tags: map[string]*tagLog{}}
		if j.dir != "" {
			log.path = filepath.Join(j.dir, fileName(repo))
		}
		j.logs[key] = log
	}
	j.uses++
	log.used = j.uses
	return log
}

// evictLocked removes the least recently used log from memory when there are
// maxLogs. Logs with something to write stay.
func (j *Journal) evictLocked() {
	if len(j.logs) < maxLogs || j.dir == "" {
		return
	}
	oldest := ""
	for key, log := range j.logs {
		if (oldest == "" || log.used < j.logs[oldest].used) && len(log.pending) == 0 && log.isWritten() {
			oldest = key
		}
	}
	delete(j.logs, oldest)
}

// Record adds observations of a repository's tags. It does not wait for the disk.
func (j *Journal) Record(repo model.Ref, records []Record) {
	if j == nil || len(records) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	log := j.repoLogLocked(repo)
	log.pending = append(log.pending, records...)
	signal(j.wake)
}

// signal sends to a channel of capacity 1, unless it is full.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// takePending removes and returns the pending records of a log.
func (j *Journal) takePending(log *repoLog) []Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	records := log.pending
	log.pending = nil
	return records
}

// History returns the timelines of a repository's tags. With an error it returns
// what could be read.
func (j *Journal) History(repo model.Ref) (map[string]model.Timeline, error) {
	return updated(j, repo, (*repoLog).history)
}

// Timeline returns the timeline of one tag. With an error it returns what could be
// read.
func (j *Journal) Timeline(ref model.Ref) (model.Timeline, error) {
	return updated(j, ref, func(log *repoLog) model.Timeline { return log.timeline(ref.Tag) })
}

// updated updates the log of a repository and returns a part of it.
func updated[T any](j *Journal, repo model.Ref, get func(*repoLog) T) (T, error) {
	log := j.repoLog(repo)
	log.mu.Lock()
	defer log.mu.Unlock()
	err := j.update(log)
	return get(log), err
}

// Known returns the digest of the last sighting of a tag.
func (j *Journal) Known(ref model.Ref) (_ digest.Digest, ok bool) {
	s, ok := j.Last(ref)
	return s.Digest, ok
}

// Last returns the last sighting of a tag. ok is false if there is none, or if ref
// has a digest or a moment.
func (j *Journal) Last(ref model.Ref) (_ model.Sighting, ok bool) {
	if j == nil || ref.Tag == "" || ref.Digest != "" || ref.At != "" {
		return model.Sighting{}, false
	}
	t, _ := j.Timeline(ref) // a log that cannot be read has no sighting
	if len(t) == 0 {
		return model.Sighting{}, false
	}
	return t[len(t)-1], true
}

// update adds new lines and pending records to a log. It does not write.
func (j *Journal) update(log *repoLog) error {
	err := log.read()
	if log.file.bad > 0 {
		signal(j.wake)
	}
	log.add(j.takePending(log))
	if err != nil {
		return &model.ReadError{Message: "the journal of " + log.repo.String() + " cannot be read: " + reason(err), Next: "check " + log.path,
			Err: err}
	}
	return nil
}

// Close writes the pending records. Later records are dropped.
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

// runWriter is the goroutine that writes.
func (j *Journal) runWriter() {
	defer close(j.stopped)
	for {
		select {
		case <-j.wake:
		case <-j.stop:
			j.flush(true)
			return
		}
		select {
		case <-time.After(writePause):
		case <-j.stop:
		}
		j.flush(false)
	}
}

// flush writes all logs. When another process holds the lock, it leaves them for
// the next flush, unless this is the last one.
func (j *Journal) flush(last bool) {
	due := j.unsynced()
	if len(due) == 0 {
		return
	}
	unlock, err := j.acquire()
	switch {
	case errors.Is(err, context.DeadlineExceeded) && !last:
		signal(j.wake)
		return
	case err != nil:
		j.warnUnwritable(err)
		for _, log := range due {
			j.keepInMemory(log)
		}
		return
	}
	defer unlock()
	if !j.swept {
		j.swept = true
		removeStaleFiles(j.dir, j.now())
	}
	for _, log := range due {
		if err := j.syncLog(log); err != nil {
			j.warnUnwritable(err)
		}
	}
}

// unsynced returns the logs with something to write.
func (j *Journal) unsynced() []*repoLog {
	j.mu.Lock()
	pending := map[*repoLog]bool{}
	for _, log := range j.logs {
		pending[log] = len(log.pending) > 0
	}
	j.mu.Unlock()
	var due []*repoLog
	for log, isPending := range pending {
		log.mu.Lock()
		if isPending || len(log.out) > 0 || log.file.bad > 0 {
			due = append(due, log)
		}
		log.mu.Unlock()
	}
	return due
}

// acquire locks the folder, which it creates if necessary.
func (j *Journal) acquire() (unlock func(), err error) {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	if _, err := j.lock.TryLockContext(ctx, lockPause); err != nil {
		return nil, err
	}
	return func() { _ = j.lock.Unlock() }, nil
}

// syncLog reads the new lines of a log's file and writes its own. The caller holds
// the lock.
func (j *Journal) syncLog(log *repoLog) error {
	log.mu.Lock()
	defer log.mu.Unlock()
	err := log.read()
	log.add(j.takePending(log))
	if err != nil {
		log.out = nil // otherwise it would grow without bound
		return err
	}
	if log.file.bad > 0 {
		return j.repair(log)
	}
	if len(log.out) > 0 {
		err := log.file.appendLines(log.path, log.out)
		log.out = nil
		if err != nil {
			return err
		}
	}
	return log.compact()
}

// repair replaces a damaged file by its readable lines.
func (j *Journal) repair(log *repoLog) error {
	bad := log.file.bad
	log.file.bad = 0 // try only once
	aside, err := setAside(log.path, j.now())
	if err != nil {
		return err
	}
	if err := log.file.replace(log.path, log.compacted()); err != nil {
		return err
	}
	log.allSaved()
	j.warn(fmt.Sprintf("the journal of %s was damaged (unreadable lines: %d): the damaged file is now %s, the readable lines were kept",
		log.repo, bad, aside))
	return nil
}

// keepInMemory adds pending records to a log that cannot be written.
func (j *Journal) keepInMemory(log *repoLog) {
	log.mu.Lock()
	defer log.mu.Unlock()
	log.add(j.takePending(log))
	log.out = nil
}

// warnUnwritable warns once that the journal cannot be written.
func (j *Journal) warnUnwritable(err error) {
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("another tagdiff holds its lock")
	}
	j.warnOnce.Do(func() {
		j.warn(fmt.Sprintf("the journal in %s cannot be written: %s; tagdiff does not record where tags point (--no-journal turns it off)",
			j.dir, reason(err)))
	})
}

// reason returns the text of a file error without operation and path.
func reason(err error) string {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}
