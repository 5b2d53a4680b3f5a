package inside

import (
	"bytes"
	"math/bits"
	"sync"
	"unicode/utf8"
)

// Shelf keeps small text files of two layers that are read at the same time, up to 16 KiB of a
// file and 16 MiB in all. A file waits until the other side has one at the same path: if both are
// equal, they are dropped, else they are kept. Half of the room is for files that wait, where the
// oldest make room for others. The other half is for pairs, of which the first ones stay. The zero value
// is an empty shelf. Its methods may be called from several goroutines.
type Shelf struct {
	mutex   sync.Mutex
	texts   map[shelfKey]*shelfText
	queue   []*shelfText // with those that wait, in the order of arrival
	waiting int          // bytes of the texts that wait
	paired  int          // bytes of the texts of pairs
	limit   int          // in place of MaxShelf, 0 for none
	spare   buffers
	pace    pace
}

// NewShelf returns a shelf that is one of several of a comparison: it holds its part of MaxShelf.
func NewShelf(several int) *Shelf { return &Shelf{limit: MaxShelf / max(several, 1)} }

type shelfKey struct {
	side int
	path string
}

// shelfText is the text of one side. One that does not wait is one of a pair, or was dropped.
type shelfText struct {
	shelfKey
	sum      Hash
	content  []byte
	waits    bool
	isBuffer bool // content is one of the buffers, and serves for another text later
}

// The limits of a shelf.
const (
	MaxShelfFile = 16 << 10 // bytes of a file
	MaxShelf     = 16 << 20 // bytes of memory of all files, of all shelves of a comparison

	shelfCost = 250 // bytes of memory of a file beside path and content
)

// cost is about the memory that a text takes.
func (t *shelfText) cost() int {
	n := len(t.content)
	if t.isBuffer {
		n = cap(t.content)
	}
	return shelfCost + len(t.path) + n
}

// half is the room for texts that wait, and that for pairs.
func (s *Shelf) half() int {
	if s.limit > 0 {
		return s.limit / 2
	}
	return MaxShelf / 2
}

// Texts returns the two contents of a path that differ. It reports false unless both were kept. They
// must not be changed.
func (s *Shelf) Texts(path string) (a, b []byte, ok bool) {
	a, okA := s.Text(0, path)
	b, okB := s.Text(1, path)
	if !okA || !okB {
		return nil, nil, false
	}
	return a, b, true
}

// Text returns the content of a path on one side, if it was kept: the other side does not have
// the same content there. It must not be changed.
func (s *Shelf) Text(side int, path string) ([]byte, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	t, ok := s.texts[shelfKey{side, path}]
	if !ok {
		return nil, false
	}
	if t.isBuffer {
		return bytes.Clone(t.content), true
	}
	return t.content, true
}

// offer gives a copy of a whole file with its hash to the shelf. A later file at the same path replaces
// it.
func (s *Shelf) offer(side int, path string, sum Hash, content []byte) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	key := shelfKey{side, path}
	s.dropAt(key)
	other := s.texts[shelfKey{1 - side, path}]
	switch {
	case other != nil && other.sum == sum:
		s.drop(other)
	case len(content) > MaxShelfFile || !isText(content):
	case other != nil:
		s.pair(other, &shelfText{shelfKey: key, sum: sum, content: content})
	default:
		s.wait(&shelfText{shelfKey: key, sum: sum, content: s.spare.clone(content), isBuffer: true})
		s.makeRoom()
	}
}

// wait puts a text into the queue.
func (s *Shelf) wait(t *shelfText) {
	if s.texts == nil {
		s.texts = map[shelfKey]*shelfText{}
	}
	s.texts[t.shelfKey] = t
	s.queue = append(s.queue, t)
	s.waiting += t.cost()
	t.waits = true
}

// pair keeps copies of two texts that differ. first is the one that arrived earlier. If the shelf is full, it
// drops both.
func (s *Shelf) pair(first, second *shelfText) {
	kept := &shelfText{shelfKey: first.shelfKey, sum: first.sum, content: first.content}
	cost := kept.cost() + second.cost()
	hasRoom := s.paired+cost <= s.half()
	if hasRoom {
		kept.content, second.content = bytes.Clone(kept.content), bytes.Clone(second.content)
	}
	s.drop(first)
	if hasRoom {
		s.paired += cost
		s.texts[kept.shelfKey], s.texts[second.shelfKey] = kept, second
	}
}

// forget drops the content of a path on one side: something else is there now.
func (s *Shelf) forget(side int, path string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.dropAt(shelfKey{side, path})
}

// dropAt drops the text of a side at a path, if there is one. The other text of a pair waits again.
func (s *Shelf) dropAt(key shelfKey) {
	t, ok := s.texts[key]
	if !ok {
		return
	}
	if !t.waits {
		other := s.texts[shelfKey{1 - key.side, key.path}]
		s.paired -= other.cost()
		s.wait(other)
	}
	s.drop(t)
}

// drop drops a text. makeRoom takes it out of the queue.
func (s *Shelf) drop(t *shelfText) {
	delete(s.texts, t.shelfKey)
	if t.waits {
		s.waiting -= t.cost()
	} else {
		s.paired -= t.cost()
	}
	if t.isBuffer {
		s.spare.put(t.content)
	}
	t.waits, t.isBuffer, t.content = false, false, nil
}

// makeRoom drops the oldest texts that wait until the rest are within the limit.
func (s *Shelf) makeRoom() {
	for len(s.queue) > 0 && (s.waiting > s.half() || !s.queue[0].waits) {
		if s.queue[0].waits {
			s.drop(s.queue[0])
		}
		s.queue[0] = nil
		s.queue = s.queue[1:]
	}
	if len(s.queue) > 2*len(s.texts)+1000 { // most do not wait any more
		kept := make([]*shelfText, 0, len(s.texts))
		for _, t := range s.queue {
			if t.waits {
				kept = append(kept, t)
			}
		}
		s.queue = kept
	}
}

// buffers are empty buffers, by their size: the smallest size, twice that, and so on up to
// MaxShelfFile. Most texts wait for a short time only, and their memory serves for the next ones.
type buffers [6][][]byte

const smallestBuffer = MaxShelfFile >> (len(buffers{}) - 1)

// classOf is the index of the buffers that have room for n bytes.
func classOf(n int) int {
	return bits.Len(uint(max(n-1, 0)) / smallestBuffer) //nolint:gosec // not negative
}

// clone returns a copy of a text in a buffer.
func (b *buffers) clone(content []byte) []byte {
	class := classOf(len(content))
	of := b[class]
	if len(of) == 0 {
		return append(make([]byte, 0, smallestBuffer<<class), content...)
	}
	last := len(of) - 1
	buffer := of[last]
	of[last], b[class] = nil, of[:last]
	return append(buffer, content...)
}

// put takes a buffer back.
func (b *buffers) put(content []byte) {
	const most = 128 // of one size: up to 4 MiB of all
	if class := classOf(cap(content)); len(b[class]) < most {
		b[class] = append(b[class], content[:0])
	}
}

// isText reports whether content can be shown as lines of text.
func isText(content []byte) bool {
	return utf8.Valid(content) && bytes.IndexByte(content, 0) < 0
}
