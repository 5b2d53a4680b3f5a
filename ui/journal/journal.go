// Package journal remembers where tags pointed: one file for each repository,
// to which every look at one of its tags adds a line. Several programs may use
// it at once, and any of them may be killed at any moment. What a timeline is and
// how it is read is in package model.
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

// maxLogs is how many repositories are in memory at once: one of 50,000 tags
// takes some 15 MB.
const maxLogs = 16

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
	// begin is called before a log is opened.
	begin func()

	mu      sync.Mutex
	logs    map[string]*repoLog
	uses    int  // of logs
	waiting int  // records in the logs that are pending
	closed  bool // nothing more is written

	swept    bool // the writer's alone
	warnOnce sync.Once

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
		log := j.repoLogLocked(repo)
		for tag, t := range tags {
			for _, l := range t {
				if l, err := cleanSighting(tag, l); err == nil {
					e := log.entry(tag)
					e.looks = append(e.looks, l)
				}
			}
		}
	}
}

func newJournal(dir string, warn func(string)) *Journal {
	return &Journal{
		dir: dir, warn: warn, now: time.Now, begin: func() {}, logs: map[string]*repoLog{},
		wake: make(chan struct{}, 1), many: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// repoLog is the one of a repository.
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

// evictLocked makes room for another log: of many repositories not all need to be
// in memory. Logs with something to write stay.
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
	log := j.repoLogLocked(repo)
	log.pending = append(log.pending, looks...)
	j.waiting += len(looks)
	signal(j.wake)
	if j.waiting >= writeMany {
		signal(j.many)
	}
}

// signal leaves a word in a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// takePending takes what is pending in a log.
func (j *Journal) takePending(log *repoLog) []Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	looks := log.pending
	log.pending = nil
	j.waiting -= len(looks)
	return looks
}

// History is every look at the tags of a repository, by tag. An error comes
// with what is known all the same.
func (j *Journal) History(repo model.Ref) (map[string]model.Timeline, error) {
	log := j.repoLog(repo)
	log.mu.Lock()
	defer log.mu.Unlock()
	err := j.update(log)
	return log.history(), err
}

// Timeline is every look at one tag. An error comes with what is known all the
// same.
func (j *Journal) Timeline(ref model.Ref) (model.Timeline, error) {
	log := j.repoLog(ref)
	log.mu.Lock()
	defer log.mu.Unlock()
	err := j.update(log)
	return log.timeline(ref.Tag), err
}

// unopened reports whether all that is known of a repository is in its file.
func (j *Journal) unopened(log *repoLog) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return log.path != "" && log.file.info == nil && len(log.tags)+len(log.pending) == 0
}

// Known is the digest that a tag was last seen at.
func (j *Journal) Known(ref model.Ref) (_ digest.Digest, ok bool) {
	l, ok := j.Last(ref)
	return l.Digest, ok
}

// Last is the last look at a tag.
func (j *Journal) Last(ref model.Ref) (_ model.Sighting, ok bool) {
	if ref.Tag == "" || ref.Digest != "" || ref.At != "" {
		return model.Sighting{}, false
	}
	log := j.repoLog(ref)
	log.mu.Lock()
	defer log.mu.Unlock()
	if j.unopened(log) {
		if l, ok := newestInFile(log.path, ref.Tag); ok && !l.Last.After(j.now()) {
			return l, true
		}
	}
	_ = j.update(log) // what cannot be read is not known
	return log.newest(ref.Tag)
}

// update brings a log up to date without writing.
func (j *Journal) update(log *repoLog) error {
	err := log.read()
	if log.file.bad > 0 {
		signal(j.wake)
	}
	log.add(j.takePending(log))
	if err != nil {
		return &model.ReadError{Message: "the journal of " + log.repo.String() + " cannot be read: " + reason(err), Next: "see to " + log.path,
			Err: err}
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

// unsynced are the logs with something to write.
func (j *Journal) unsynced() []*repoLog {
	j.mu.Lock()
	all := make([]*repoLog, 0, len(j.logs))
	pending := map[*repoLog]bool{}
	for _, log := range j.logs {
		all = append(all, log)
		pending[log] = len(log.pending) > 0
	}
	j.mu.Unlock()
	var due []*repoLog
	for _, log := range all {
		log.mu.Lock()
		if pending[log] || len(log.out) > 0 || log.file.bad > 0 {
			due = append(due, log)
		}
		log.mu.Unlock()
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

// syncLog brings a log and its file together. The lock is held.
func (j *Journal) syncLog(log *repoLog) error {
	log.mu.Lock()
	defer log.mu.Unlock()
	err := log.read()
	log.add(j.takePending(log))
	if err != nil {
		log.out = nil // it would grow for ever
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

// repair puts what could be read in the place of a damaged file.
func (j *Journal) repair(log *repoLog) error {
	bad := log.file.bad
	log.file.bad = 0 // once is enough, whatever comes of it
	aside, err := setAside(log.path, j.now())
	if err != nil {
		return err
	}
	if err := log.file.replace(log.path, log.compacted()); err != nil {
		return err
	}
	log.allSaved()
	j.warn(fmt.Sprintf("the journal of %s was damaged (%s): it is now %s, and what could be read of it goes on", log.repo, lines(bad), aside))
	return nil
}

func lines(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}

// keepInMemory keeps in memory what cannot be written.
func (j *Journal) keepInMemory(log *repoLog) {
	log.mu.Lock()
	defer log.mu.Unlock()
	log.add(j.takePending(log))
	log.out = nil
}

// warnUnwritable says once that nothing is remembered.
func (j *Journal) warnUnwritable(err error) {
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("another tagdiff holds its lock")
	}
	j.warnOnce.Do(func() {
		j.warn(fmt.Sprintf("the journal in %s cannot be written: %s; what was seen of tags is not remembered (--no-journal does without it)",
			j.dir, reason(err)))
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
