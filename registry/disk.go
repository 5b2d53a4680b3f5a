package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// Bounds on what is kept on disk.
const (
	documentBytes   = 256 << 20
	maxDocumentHead = 4 << 10
	maxPending      = 1024 // documents that wait to be written; more are not kept
	touchPause      = time.Hour
)

// documents keeps manifests, configs and what small layers were read on disk from
// one run to the next. They never change, so that a file is an answer if it verifies, and nothing depends
// on its being there: it may be deleted at any time, by anybody. Files are
// written beside their place and renamed, so that of several tagdiffs at once,
// and of one that is killed, only whole files are ever seen.
type documents struct {
	dir   string // "" keeps nothing
	limit int64
	warn  func(string)

	maxDocument int64

	warned sync.Once
	mu     sync.Mutex
	queue  chan document // nil until something is written
	closed bool
	done   chan struct{} // closed when the writer has ended
	hurry  chan struct{} // closed when it should
}

// document is what a repository has at a digest.
type document struct {
	kind      string // "manifest", "config" or "layer"
	repo      model.Ref
	digest    digest.Digest
	mediaType string
	raw       []byte
}

// documentHead is the first line of a file; what stands behind it is raw.
type documentHead struct {
	Repository string        `json:"repository"`
	Digest     digest.Digest `json:"digest"`
	MediaType  string        `json:"mediaType"`
}

// cacheOptions are the folder and the limits of a cache.
type cacheOptions struct {
	Dir         string       // "" keeps nothing
	MaxDocument int64        // bytes of one document
	Warn        func(string) // gets a line when a file is damaged; may be nil
}

func newDocuments(opts cacheOptions) *documents {
	return &documents{dir: opts.Dir, warn: opts.Warn, maxDocument: opts.MaxDocument, limit: documentBytes, hurry: make(chan struct{})}
}

func (d *documents) path(kind string, r model.Ref) string {
	sum := sha256.Sum256([]byte(cacheKey(kind, r, r.Digest)))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(d.dir, name[:2], name[2:])
}

// get reads what is kept of r, and when that was last known to be right. A file
// that does not verify is set aside.
func (d *documents) get(kind string, r model.Ref) (doc document, seen time.Time, ok bool) {
	if d.dir == "" {
		return doc, seen, false
	}
	path := d.path(kind, r)
	content, seen, err := readDocument(path, d.maxDocument+maxDocumentHead)
	if errors.Is(err, fs.ErrNotExist) || files.TooManyOpen(err) {
		return doc, seen, false
	}
	if err == nil {
		doc, err = parseDocument(content, kind, r)
	}
	if err != nil {
		d.setAside(kind, r)
		return doc, seen, false
	}
	if time.Until(seen) > time.Minute {
		seen = time.Time{} // a clock was wrong
	}
	return doc, seen, true
}

func readDocument(path string, limit int64) (content []byte, modified time.Time, err error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, modified, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, modified, err
	}
	if info.Size() > limit {
		return nil, modified, errors.New("it is no document")
	}
	content, err = io.ReadAll(io.LimitReader(f, limit))
	return content, info.ModTime(), err
}

// parseDocument checks that a file is what it should be.
func parseDocument(content []byte, kind string, r model.Ref) (document, error) {
	line, raw, found := bytes.Cut(content, []byte("\n"))
	var head documentHead
	if !found || len(line) > maxDocumentHead || json.Unmarshal(line, &head) != nil {
		return document{}, errors.New("it has no head")
	}
	if head.Repository != r.Repo().String() || head.Digest != r.Digest {
		return document{}, errors.New("it is another document")
	}
	doc := document{kind: kind, repo: r.Repo(), digest: r.Digest, mediaType: head.MediaType, raw: raw}
	if !doc.verified() {
		return document{}, errors.New("it was changed")
	}
	return doc, nil
}

// verified reports whether the bytes are those that the digest is of.
func (doc document) verified() bool {
	return doc.digest.Validate() == nil && doc.digest.Algorithm().FromBytes(doc.raw) == doc.digest
}

// setAside keeps a file that nobody can use from being read again, and tells
// of the first.
func (d *documents) setAside(kind string, r model.Ref) {
	path := d.path(kind, r)
	aside := path + damagedEnding
	if os.Rename(path, aside) != nil {
		return
	}
	now := time.Now()
	_ = os.Chtimes(aside, now, now) // it is swept in a week from now
	d.warned.Do(func() {
		if d.warn != nil {
			d.warn(fmt.Sprintf("a damaged file in the cache was set aside and is fetched again: %s", aside))
		}
	})
}

// touch notes that a document was used or, of a manifest, known to be right.
func (d *documents) touch(kind string, r model.Ref) {
	if d.dir == "" {
		return
	}
	now := time.Now()
	_ = os.Chtimes(d.path(kind, r), now, now) // best effort: it may be gone
}

func (d *documents) drop(kind string, r model.Ref) {
	if d.dir != "" {
		_ = os.Remove(d.path(kind, r)) // best effort: it may be gone
	}
}

// put has a document written some time soon. It never waits.
func (d *documents) put(doc document) {
	if d.dir == "" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	if d.queue == nil {
		d.queue, d.done = make(chan document, maxPending), make(chan struct{})
		go func(queue chan document) {
			defer panics.Catch()
			d.write(queue)
		}(d.queue)
	}
	select {
	case d.queue <- doc:
	default: // the disk is slower than the network
	}
}

// close ends writing, after what is pending but no later than wait.
func (d *documents) close(wait time.Duration) {
	d.mu.Lock()
	if d.closed || d.queue == nil {
		d.closed = true
		d.mu.Unlock()
		return
	}
	d.closed = true
	close(d.queue)
	d.mu.Unlock()
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-d.done:
	case <-late.C:
		close(d.hurry)
	}
}

// write writes what comes until there is no more, or it fails: a disk that is
// full or read-only stays so.
func (d *documents) write(queue <-chan document) {
	defer close(d.done)
	failed := false
	for doc := range queue {
		if failed || d.late() || !doc.verified() {
			continue
		}
		written, err := d.store(doc)
		if err != nil {
			failed = true
			continue
		}
		d.account(written)
	}
}

func (d *documents) late() bool {
	select {
	case <-d.hurry:
		return true
	default:
		return false
	}
}

func (d *documents) store(doc document) (written int, err error) {
	head, err := json.Marshal(documentHead{doc.repo.String(), doc.digest, doc.mediaType})
	if err != nil || len(head) > maxDocumentHead {
		return 0, err
	}
	path := d.path(doc.kind, doc.repo.AtDigest(doc.digest))
	content := bytes.Join([][]byte{head, doc.raw}, []byte("\n"))
	return len(content), replaceFile(path, content)
}

// replaceFile writes a file as a whole. It is not synced: what a crash of the
// machine leaves does not verify, and is fetched again.
func replaceFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), newBeginning+"*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // best effort: it is swept later
	}
	return err
}
