package transport

import (
	"errors"
	"time"
)

// Timeouts limit how long one request and its steps may take.
type Timeouts struct {
	Dial       time.Duration // to open a connection
	Preconnect time.Duration // until a connection opened in advance is used; net/http's servers hang up after ten seconds
	Silence    time.Duration // between two bytes of a response
	Remembered time.Duration // for a token from a remembered token service
	Total      time.Duration // for one request
}

// DefaultTimeouts returns the timeouts of the program. A manifest takes at most two
// minutes.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Dial: 10 * time.Second, Preconnect: 8 * time.Second, Silence: DefaultTimeout, Remembered: 3 * time.Second, Total: 4 * DefaultTimeout,
	}
}

// WithSilence returns t with another Silence, and with the other timeouts adapted to
// it. 0 changes nothing.
func (t Timeouts) WithSilence(silence time.Duration) Timeouts {
	if silence > 0 {
		t.Silence, t.Total = silence, 4*silence
		t.Dial, t.Remembered = min(t.Dial, silence), min(t.Remembered, silence)
	}
	return t
}

// The errors of a request that a timeout has ended.
var (
	ErrSilent = errors.New("no data received in time")
	ErrSlow   = errors.New("response not complete in time")
)

// DefaultTimeout is how long a registry may send nothing. Registries that fetch from
// another registry first are silent for up to 20 s.
const DefaultTimeout = 30 * time.Second
