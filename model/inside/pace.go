package inside

import (
	"io"
	"sync"
	"time"
)

// pace keeps the two blobs of a row at about the same place while they are read. The one ahead waits:
// both files of a path then pass at about the same time, and a Shelf holds few of them. Blobs of
// different sizes are at the same place when the same part of each has been read, so that
// waiting does not make the later end later. The zero value is ready for use.
type pace struct {
	mutex sync.Mutex
	sides [2]pacedSide
	lead  float64       // by how many bytes one side may be ahead
	moved chan struct{} // closed when the side behind has caught up, nil while neither side waits
	off   bool          // neither side waits any more
}

// pacedSide is how far a blob has been read.
type pacedSide struct {
	at, size int64
	reading  bool
}

const (
	paceLead = 256 << 10 // bytes of the blob
	// paceWait is how long a side waits for one that does not move: its server may be down.
	paceWait = time.Second
)

// start begins a side with a blob of a size in bytes. A lead that the other side has already stays.
func (p *pace) start(side int, size int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.sides[side] = pacedSide{size: size, reading: true}
	p.lead = max(paceLead, p.leadOf(1-side))
	p.wake()
}

// end ends a side. The other one no longer waits for it.
func (p *pace) end(side int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.sides[side].reading = false
	p.wake()
}

// leadOf is by how many bytes a side is ahead of the other, 0 or less if it is not. p.mutex is held.
func (p *pace) leadOf(side int) float64 {
	mine, other := p.sides[side], p.sides[1-side]
	if !mine.reading || !other.reading || mine.size <= 0 || other.size <= 0 {
		return 0
	}
	return float64(mine.at) - float64(other.at)*float64(mine.size)/float64(other.size)
}

// moveBy moves a side by n bytes.
func (p *pace) moveBy(side, n int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.sides[side].at += int64(n)
	if p.leadOf(1-side) <= p.lead/2 {
		p.wake()
	}
}

// wake ends the wait of a side. p.mutex is held.
func (p *pace) wake() {
	if p.moved != nil {
		close(p.moved)
		p.moved = nil
	}
}

// wait waits while a side is too far ahead. It gives up the pace if the other side does not move.
func (p *pace) wait(side int) {
	for last := int64(-1); ; {
		moved, other := p.mustWait(side, last)
		if moved == nil {
			return
		}
		select {
		case <-moved:
		case <-time.After(paceWait):
			last = other
		}
	}
}

// mustWait returns a channel to wait on, nil if a side may go on, and the place of the other side. last
// is the place of the other side when the last wait ended in vain, -1 if there was none.
func (p *pace) mustWait(side int, last int64) (moved chan struct{}, other int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	other = p.sides[1-side].at
	p.off = p.off || last == other
	if p.off || p.leadOf(side) <= p.lead {
		return nil, other
	}
	if p.moved == nil {
		p.moved = make(chan struct{})
	}
	return p.moved, other
}

// pacedReader is a blob that keeps the pace of the other one.
type pacedReader struct {
	r    io.Reader
	pace *pace
	side int
}

func (r *pacedReader) Read(b []byte) (int, error) {
	r.pace.wait(r.side)
	n, err := r.r.Read(b)
	r.pace.moveBy(r.side, n)
	return n, err
}

// Paced returns a reader of the blob of a side that keeps the pace of the other side: it waits
// where it is more than 256 KiB ahead, so that the shelf stays small. size is that of the blob, 0
// or less if it is unknown. The caller must call end when it reads no more. The reader does not wait
// longer than a second for a side that does not move.
func (s *Shelf) Paced(side int, size int64, r io.Reader) (paced io.Reader, end func()) {
	s.pace.start(side, size)
	return &pacedReader{r, &s.pace, side}, func() { s.pace.end(side) }
}
