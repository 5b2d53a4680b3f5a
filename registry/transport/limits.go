package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tagdiff/tagdiff/model/files"
)

// Limits of response bodies, in bytes. Registries accept manifests of up to 4 MiB
// (distribution's maxManifestBodySize); the largest known config is below 1 MiB;
// 16 MiB hold a million tags.
const (
	MaxManifest      = 8 << 20
	MaxConfig        = 8 << 20
	MaxList          = 16 << 20 // one page of a list
	MaxTokenResponse = 1 << 20
	MaxErrorBody     = 64 << 10 // the rest is not read
)

// MaxHeader limits the header of a response, in bytes: 64 responses may arrive at
// once, and net/http would accept 10 MiB of each. Servers send a few hundred, and
// most of them accept 8 KiB.
const MaxHeader = 128 << 10

// readBody reads a body of at most limit bytes. It calls active for each part.
func readBody(resp *http.Response, limit int64, active func()) ([]byte, error) {
	if resp.Request.Method == http.MethodHead {
		return nil, nil
	}
	if resp.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes", files.ErrTooLarge, resp.ContentLength)
	}
	b, err := files.ReadLimit(activityReader{resp.Body, active}, limit)
	if errors.Is(err, files.ErrTooLarge) {
		err = fmt.Errorf("%w: more than %d bytes", err, limit)
	}
	return b, err
}

// readPrefix reads the first limit bytes of an error's body. The body may end early.
func readPrefix(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return b, err
}

// activityReader calls active for each read that returns bytes.
type activityReader struct {
	io.Reader
	active func()
}

func (w activityReader) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.active()
	}
	return n, err
}

// Timeouts limit how long one request and its steps may take.
type Timeouts struct {
	Dial       time.Duration // to open a connection
	Preconnect time.Duration // until a connection opened in advance is used; net/http's servers hang up after ten seconds
	Silence    time.Duration // between two bytes of a response
	Remembered time.Duration // for a token from a remembered token service
	Total      time.Duration // for one request, except streams
	Rate       time.Duration // in which a stream must send MinRate bytes
	MinRate    int64
}

// minPerSecond is the least number of bytes in a second of a stream, on average over Rate.
const minPerSecond = 1000

// DefaultTimeouts returns the timeouts of the program. A manifest takes at most two
// minutes.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Dial: 10 * time.Second, Preconnect: 8 * time.Second, Silence: DefaultTimeout, Remembered: 3 * time.Second, Total: 4 * DefaultTimeout,
		Rate: 2 * DefaultTimeout, MinRate: int64(minPerSecond * (2 * DefaultTimeout).Seconds()),
	}
}

// WithSilence returns t with another Silence, and with the other timeouts adapted to
// it. 0 changes nothing.
func (t Timeouts) WithSilence(silence time.Duration) Timeouts {
	if silence > 0 {
		t.Silence, t.Total = silence, 4*silence
		t.Rate = 2 * silence
		t.MinRate = int64(minPerSecond * t.Rate.Seconds())
		t.Dial, t.Remembered = min(t.Dial, silence), min(t.Remembered, silence)
	}
	return t
}

// The errors of a request that a timeout has ended.
var (
	ErrSilent = errors.New("no data received in time")
	ErrSlow   = errors.New("response not complete in time")
	ErrRate   = errors.New("too few bytes a second")
)

// DefaultTimeout is how long a registry may send nothing. Registries that fetch from
// another registry first are silent for up to 20 s.
const DefaultTimeout = 30 * time.Second
