package inside

import (
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// steps gives some bytes each time that a while has passed.
type steps struct {
	left  int
	bytes int
	every time.Duration
}

func (s *steps) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(s.every)
	s.left--
	return min(len(p), s.bytes), nil
}

// TestShelf_paced reads two blobs, of which the second is slower, and checks how far the first is ahead.
func TestShelf_paced(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name         string
		sizeA, sizeB int64
		other        *steps        // reads blob B
		startB       int           // MiB of A that were read before
		most, least  float64       // MiB by which A is ahead
		took         time.Duration // until A ends
	}{
		{"same size", 8 * mib, 8 * mib, &steps{32, mib / 4, time.Second / 2}, 0, 0.75, 0.25, 15500 * time.Millisecond},
		{"half the size", 8 * mib, 4 * mib, &steps{32, mib / 8, time.Second / 2}, 0, 4.5, 3.5, 15500 * time.Millisecond},
		{"unknown size", 8 * mib, -1, &steps{32, mib / 4, time.Second / 2}, 0, 8, 7.5, 0},
		{"started later", 8 * mib, 8 * mib, &steps{32, mib / 4, time.Second / 2}, 3, 3.25, 2.75, 10500 * time.Millisecond},
		{"stopped", 8 * mib, 8 * mib, &steps{2, mib / 4, time.Second / 2}, 0, 7.5, 7.5, time.Second},
		{"stalled", 8 * mib, 8 * mib, &steps{2, mib / 4, time.Hour}, 0, 8, 8, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s Shelf
				at := [2]int{}
				ahead := 0.0
				var mutex sync.Mutex
				read := func(side int, r io.Reader, buffer []byte) (int, error) {
					n, err := r.Read(buffer)
					mutex.Lock()
					defer mutex.Unlock()
					at[side] += n
					ahead = max(ahead, float64(at[0]-at[1])/mib)
					return n, err
				}
				a, endA := s.Paced(0, c.sizeA, &steps{32, mib / 4, 0})
				for at[0] < c.startB*mib {
					_, _ = read(0, a, make([]byte, mib/4))
				}
				start := time.Now()
				doneA, doneB := make(chan time.Duration, 1), make(chan struct{})
				b, endB := s.Paced(1, c.sizeB, c.other)
				go func() {
					defer close(doneB)
					defer endB()
					for {
						if _, err := read(1, b, make([]byte, mib/4)); err != nil {
							return
						}
					}
				}()
				go func() {
					defer endA()
					for {
						if _, err := read(0, a, make([]byte, mib/4)); err != nil {
							doneA <- time.Since(start)
							return
						}
					}
				}()
				if took := <-doneA; took > c.took+time.Second || took < c.took-time.Second {
					t.Errorf("A took %s, want %s", took, c.took)
				}
				<-doneB
				if at[0] != 8*mib || ahead > c.most || ahead < c.least {
					t.Errorf("A was read to %d MiB, and was %.2f MiB ahead", at[0]/mib, ahead)
				}
			})
		})
	}
}
