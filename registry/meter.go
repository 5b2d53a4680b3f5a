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

// paused notes that a host wants no request before a moment.
func (m *meter) paused(host string, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if until.After(m.sum.Pause.Until) {
		m.sum.Pause = model.Pause{Host: host, Until: until}
	}
}

// left notes what a host says may still be asked of it.
func (m *meter) left(q model.Quota) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Quota = q
}

func (m *meter) traffic() model.Traffic {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.sum.Pause.Until.After(time.Now()) {
		m.sum.Pause = model.Pause{}
	}
	t := m.sum
	if t.InFlight > 0 {
		t.Busy += time.Since(m.since)
	}
	return t
}
