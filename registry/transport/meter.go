package transport

import (
	"sync"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// Meter adds up the traffic of all registries.
type Meter struct {
	mu    sync.Mutex
	sum   model.Traffic
	since time.Time // start of the present busy time
}

// NewMeter makes a meter at zero.
func NewMeter() *Meter { return &Meter{} }

func (m *Meter) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum.InFlight == 0 {
		m.since = time.Now()
	}
	m.sum.InFlight++
	m.sum.Requests++
}

func (m *Meter) received(n int) {
	m.mu.Lock()
	m.sum.Bytes += int64(n)
	m.mu.Unlock()
}

func (m *Meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum.InFlight--; m.sum.InFlight == 0 {
		m.sum.Busy += time.Since(m.since)
	}
}

// setPause records that requests to a host wait.
func (m *Meter) setPause(p model.Pause) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.Until.After(m.sum.Pause.Until) {
		m.sum.Pause = p
	}
}

// setQuota records the rate limit of a host.
func (m *Meter) setQuota(q model.Quota) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sum.Quota = q
}

// Traffic returns the sum so far.
func (m *Meter) Traffic() model.Traffic {
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
