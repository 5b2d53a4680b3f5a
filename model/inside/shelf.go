package inside

import (
	"bytes"
	"sync"
	"unicode/utf8"
)

// Shelf keeps small text files of two layers that are read at the same time, as long as the
// other side may have another content at the same path: up to 16 KiB of a file, and 32 MiB in all,
// where the oldest make room. Files that are equal on both sides are dropped. The zero value is
// an empty shelf. Its methods may be called from several goroutines.
type Shelf struct {
	mutex sync.Mutex
	texts map[shelfKey]*shelfText
	queue []*shelfText // in the order of arrival
	held  int          // bytes of the texts in the queue
	limit int          // in place of MaxShelf, 0 for none
}

// NewShelf returns a shelf that is one of several of a comparison: it holds its part of MaxShelf.
func NewShelf(several int) *Shelf { return &Shelf{limit: MaxShelf / max(several, 1)} }

type shelfKey struct {
	side int
	path string
}

type shelfText struct {
	shelfKey
	content []byte
	dropped bool
}

// The limits of a shelf.
const (
	MaxShelfFile = 16 << 10 // bytes of a file
	MaxShelf     = 32 << 20 // bytes of memory of all files, of all shelves of a comparison

	shelfCost = 200 // bytes of memory of a file beside path and content
)

// cost is the memory that a text takes.
func (t *shelfText) cost() int { return shelfCost + len(t.path) + len(t.content) }

// Texts returns the two contents of a path that differ. It reports false unless both were kept.
func (s *Shelf) Texts(path string) (a, b []byte, ok bool) {
	a, okA := s.Text(0, path)
	b, okB := s.Text(1, path)
	if !okA || !okB {
		return nil, nil, false
	}
	return a, b, true
}

// Text returns the content of a path on one side, if it was kept: the other side does not have
// the same content there.
func (s *Shelf) Text(side int, path string) ([]byte, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	t, ok := s.texts[shelfKey{side, path}]
	if !ok {
		return nil, false
	}
	return t.content, true
}

// offer gives a copy of a whole file to the shelf. A later file at the same path replaces it.
func (s *Shelf) offer(side int, path string, content []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key := shelfKey{side, path}
	s.dropAt(key)
	if len(content) > MaxShelfFile || !isText(content) {
		return
	}
	if other, ok := s.texts[shelfKey{1 - side, path}]; ok && bytes.Equal(other.content, content) {
		s.drop(other)
		return
	}
	if s.texts == nil {
		s.texts = map[shelfKey]*shelfText{}
	}
	t := &shelfText{shelfKey: key, content: bytes.Clone(content)}
	s.texts[key] = t
	s.queue = append(s.queue, t)
	s.held += t.cost()
	s.makeRoom()
}

// forget drops the content of a path on one side: something else is there now.
func (s *Shelf) forget(side int, path string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.dropAt(shelfKey{side, path})
}

func (s *Shelf) dropAt(key shelfKey) {
	if t, ok := s.texts[key]; ok {
		s.drop(t)
	}
}

// drop drops a text. makeRoom takes it out of the queue.
func (s *Shelf) drop(t *shelfText) {
	delete(s.texts, t.shelfKey)
	s.held -= t.cost()
	t.dropped, t.content = true, nil
}

// makeRoom drops the oldest texts until the rest are within the limit.
func (s *Shelf) makeRoom() {
	limit := MaxShelf
	if s.limit > 0 {
		limit = s.limit
	}
	for len(s.queue) > 0 && (s.held > limit || s.queue[0].dropped) {
		if !s.queue[0].dropped {
			s.drop(s.queue[0])
		}
		s.queue[0] = nil
		s.queue = s.queue[1:]
	}
	if len(s.queue) > 2*len(s.texts)+1000 { // most were dropped
		kept := make([]*shelfText, 0, len(s.texts))
		for _, t := range s.queue {
			if !t.dropped {
				kept = append(kept, t)
			}
		}
		s.queue = kept
	}
}

// isText reports whether content can be shown as lines of text.
func isText(content []byte) bool {
	return utf8.Valid(content) && bytes.IndexByte(content, 0) < 0
}
