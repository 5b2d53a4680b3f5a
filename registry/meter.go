package registry

import (
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// meter adds up what requests cost.
type meter struct {
	mu    sync.Mutex
	sum   model.Traffic
	since time.Time // start of the present busy time
}

func newMeter() *meter { return &meter{} }

func (m *meter) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum.InFlight == 0 {
		m.since = time.Now()
	}
	m.sum.InFlight++
	m.sum.Requests++
}

func (m *meter) received(n int) {
	m.mu.Lock()
	m.sum.Bytes += int64(n)
	m.mu.Unlock()
}

func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum.InFlight--; m.sum.InFlight == 0 {
		m.sum.Busy += time.Since(m.since)
	}
}

func (m *meter) traffic() model.Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.sum
	if t.InFlight > 0 {
		t.Busy += time.Since(m.since)
	}
	return t
}
