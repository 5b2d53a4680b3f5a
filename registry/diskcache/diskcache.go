// Package diskcache keeps manifests, configs, small layers and lists of the files in layers on
// disk from one run to the next. It verifies the digests of documents. Their parsing, that of
// lists, and when the registry must confirm them, are in package registry.
package diskcache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/model/panics"
)

// MaxSize limits the cache, in bytes.
const MaxSize = 256 << 20

// TouchInterval is how old the time of use of a document may be before Touch is
// called again.
const TouchInterval = time.Hour

// maxQueued limits the files that wait to be written; further ones are not kept.
const maxQueued = 1024

// Cache is a folder of documents. A document never changes, so a file whose digest
// matches is valid. Files may be deleted at any time. They are written under
// another name and renamed, so that readers see only whole files, also with
// several processes and after a kill.
type Cache struct {
	dir   string // "" means no cache
	limit int64
	warn  func(string)

	maxDocument int64

	warned sync.Once
	mu     sync.Mutex
	queue  chan newFile // nil until the first Put
	closed bool
	done   chan struct{} // closed when the writer has ended
	abort  chan struct{} // closed when the writer should end at once
}

// Options are the folder and the limits of a cache.
type Options struct {
	Dir         string       // "" means no cache
	MaxDocument int64        // bytes of one document
	Warn        func(string) // gets a line when a file is damaged; may be nil
}

// New makes a cache. It reads and writes nothing yet.
func New(opts Options) *Cache {
	return &Cache{dir: opts.Dir, warn: opts.Warn, maxDocument: opts.MaxDocument, limit: MaxSize, abort: make(chan struct{})}
}

func (c *Cache) path(kind string, r model.Ref) string {
	sum := sha256.Sum256([]byte(Key(kind, r, r.Digest)))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(c.dir, name[:2], name[2:])
}

// Get reads the document of r. confirmed is when it was last used or confirmed. A
// file that does not verify is set aside.
func (c *Cache) Get(kind string, r model.Ref) (doc Document, confirmed time.Time, ok bool) {
	if c.dir == "" {
		return doc, confirmed, false
	}
	path := c.path(kind, r)
	content, confirmed, err := readDocument(path, c.maxDocument+maxHeader)
	if errors.Is(err, fs.ErrNotExist) || files.TooManyOpen(err) {
		return doc, confirmed, false
	}
	if err == nil {
		doc, err = parseDocument(content, kind, r)
	}
	if err != nil {
		c.SetAside(kind, r)
		return doc, confirmed, false
	}
	if time.Until(confirmed) > time.Minute {
		confirmed = time.Time{} // the clock was wrong
	}
	return doc, confirmed, true
}

// SetAside renames a file that cannot be used, and warns about the first one.
func (c *Cache) SetAside(kind string, r model.Ref) {
	path := c.path(kind, r)
	aside := path + damagedSuffix
	if os.Rename(path, aside) != nil {
		return
	}
	touch(aside) // the next sweeps keep it for a week
	c.warned.Do(func() {
		if c.warn != nil {
			c.warn(fmt.Sprintf("a damaged file of the cache was renamed and its content is fetched again: %s", aside))
		}
	})
}

// Touch records that a document was used or, for a manifest, confirmed.
func (c *Cache) Touch(kind string, r model.Ref) {
	if c.dir == "" {
		return
	}
	touch(c.path(kind, r))
}

// touch sets the time at which a file was used to now.
func touch(path string) {
	now := time.Now()
	_ = os.Chtimes(path, now, now) // best effort: it may be gone
}

// Remove deletes a document.
func (c *Cache) Remove(kind string, r model.Ref) {
	if c.dir != "" {
		_ = os.Remove(c.path(kind, r)) // best effort: it may be gone
	}
}

// newFile is a file that waits to be written. content is called then; its second result is false
// if there is nothing to write.
type newFile struct {
	path    string
	content func() ([]byte, bool)
}

// Put writes a document later. It never waits.
func (c *Cache) Put(doc Document) {
	c.putLater(newFile{c.path(doc.Kind, doc.Repo.AtDigest(doc.Digest)), doc.file})
}

// putLater writes a file later. It never waits.
func (c *Cache) putLater(f newFile) {
	if c.dir == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if c.queue == nil {
		c.queue, c.done = make(chan newFile, maxQueued), make(chan struct{})
		queue := c.queue
		panics.Go(func() { c.write(queue) })
	}
	select {
	case c.queue <- f:
	default: // the disk is slower than the network
	}
}

// Close ends writing, after the queued documents but at most after wait.
func (c *Cache) Close(wait time.Duration) {
	c.mu.Lock()
	writing := !c.closed && c.queue != nil
	c.closed = true
	c.mu.Unlock()
	if !writing {
		return
	}
	close(c.queue) // Put sends nothing after closed
	select {
	case <-c.done:
	case <-time.After(wait):
		close(c.abort)
	}
}

// write writes the queued files. It stops at the first failure: a disk that is full or read-only
// stays so.
func (c *Cache) write(queue <-chan newFile) {
	defer close(c.done)
	failed := false
	for f := range queue {
		if failed || c.aborted() {
			continue
		}
		content, ok := f.content()
		if !ok {
			continue
		}
		if failed = replaceFile(f.path, content) != nil; !failed {
			c.recordWritten(len(content))
		}
	}
}

func (c *Cache) aborted() bool {
	select {
	case <-c.abort:
		return true
	default:
		return false
	}
}

// replaceFile writes a file and the folder that it is in. The file is not synced:
// one that a crash of the machine damages does not verify, and is fetched again. A
// temporary file that stays behind is removed by a later sweep.
func replaceFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return files.Replace(path, tempPrefix, content)
}

// Key names a document of a repository, also in other caches.
func Key(kind string, r model.Ref, d digest.Digest) string {
	return kind + " " + r.Repo().String() + " " + d.String()
}
