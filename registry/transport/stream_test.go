package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/regclient/regclient/config"

	"github.com/tagdiff/tagdiff/model/files"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// blobServer serves one blob under any name. script, unless nil, answers the request of a number
// in place of it, and reports whether it did.
type blobServer struct {
	*httptest.Server
	blob   []byte
	script func(n int, w http.ResponseWriter, r *http.Request) bool

	mu   sync.Mutex
	seen []string // the Range of each request, "" for none
}

func newBlobServer(t testing.TB, size int, script func(n int, w http.ResponseWriter, r *http.Request) bool) *blobServer {
	t.Helper()
	s := &blobServer{blob: make([]byte, size), script: script}
	_, _ = rand.NewChaCha8([32]byte{1}).Read(s.blob)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		n := len(s.seen)
		s.seen = append(s.seen, r.Header.Get("Range"))
		s.mu.Unlock()
		if s.script == nil || !s.script(n, w, r) {
			s.serve(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *blobServer) serve(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.blob))
}

// cut serves the blob and breaks the connection after some bytes of the body.
func (s *blobServer) cut(w http.ResponseWriter, r *http.Request, after int) {
	s.serve(registrytest.Torn(w, after), r)
}

func (s *blobServer) ranges() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// transport is a transport for the server with short pauses.
func (s *blobServer) transport(t testing.TB) *Transport {
	t.Helper()
	tr := testTransport(t, strings.TrimPrefix(s.URL, "http://"))
	tr.retry.Backoff = time.Microsecond
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// open opens the blob with a size.
func (s *blobServer) open(t testing.TB, tr *Transport, size int64) (*Stream, *Exchange, error) {
	t.Helper()
	e := &Exchange{What: "layer"}
	stream, err := tr.Open(registrytest.Deadline(t), e, "team/app", digest.FromBytes(s.blob), size)
	if stream != nil {
		t.Cleanup(func() { _ = stream.Close() })
	}
	return stream, e, err
}

// readAll opens the blob and reads it.
func (s *blobServer) readAll(t testing.TB) ([]byte, error) {
	t.Helper()
	stream, e, err := s.open(t, s.transport(t), int64(len(s.blob)))
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(stream)
	if !errors.Is(e.Err, err) {
		t.Errorf("the exchange has the error %v, want %v", e.Err, err)
	}
	return got, err
}

func bytesFrom(from, size int) string { return fmt.Sprintf("bytes=%d-%d", from, size-1) }

// TestStream_break checks that a stream goes on where the connection broke, with a range.
func TestStream_break(t *testing.T) {
	const size = 200_000
	for _, after := range []int{1, 17, 4096, 65_536, 100_001, size - 1} {
		s := newBlobServer(t, size, nil)
		s.script = func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n < 1 {
				s.cut(w, r, after)
			}
			return n < 1
		}
		got, err := s.readAll(t)
		registrytest.OK(t, err)
		if want := []string{"", bytesFrom(after, size)}; !bytes.Equal(got, s.blob) || !slices.Equal(s.ranges(), want) {
			t.Errorf("cut after %d: %d bytes, ranges %q, want %q", after, len(got), s.ranges(), want)
		}
	}
}

// TestStream_breaksOften checks that the count of breaks starts again after each MiB, and that a stream
// which makes no progress ends.
func TestStream_breaksOften(t *testing.T) {
	for _, of := range []struct {
		after, requests int
		ends            bool
	}{{400 << 10, 8, true}, {100, 1 + MaxBreaks, false}} {
		s := newBlobServer(t, 3<<20, nil)
		s.script = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			s.cut(w, r, of.after)
			return true
		}
		got, err := s.readAll(t)
		if ended := err == nil && bytes.Equal(got, s.blob); ended != of.ends || !ended && !IsConnectionLost(err) {
			t.Errorf("cut after %d: %d bytes, %v", of.after, len(got), err)
		}
		if n := len(s.ranges()); n != of.requests {
			t.Errorf("cut after %d: %d requests, want %d", of.after, n, of.requests)
		}
	}
}

// TestStream_http2 checks that a stream of HTTP/2 that the server resets is resumed.
func TestStream_http2(t *testing.T) {
	const size = 200_000
	s := newBlobServer(t, size, nil)
	s.script = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if r.ProtoMajor != 2 {
			t.Errorf("HTTP %d", r.ProtoMajor)
		}
		if n == 0 {
			s.cut(w, r, 70_000)
		}
		return n == 0
	}
	over := httptest.NewUnstartedServer(s.Config.Handler)
	over.EnableHTTP2 = true
	over.StartTLS()
	t.Cleanup(over.Close)
	tr, err := New(Options{
		Settings:    config.Host{Name: strings.TrimPrefix(over.URL, "https://"), TLS: config.TLSInsecure},
		Credentials: credentials.NewStatic(), Remembered: &EndpointFile{}, Meter: NewMeter(), Log: slog.New(slog.DiscardHandler),
		Concurrency: 1, Timeouts: DefaultTimeouts(), Retry: RetryPolicy{Attempts: 1},
	})
	registrytest.OK(t, err)
	t.Cleanup(tr.CloseIdleConnections)
	stream, _, err := s.open(t, tr, size)
	registrytest.OK(t, err)
	got, err := io.ReadAll(stream)
	registrytest.OK(t, err)
	if ranges := s.ranges(); !bytes.Equal(got, s.blob) || len(ranges) != 2 || ranges[1] == "" {
		t.Errorf("%d bytes, ranges %q", len(got), ranges)
	}
}

// TestStream_answerToRange checks what a stream does with the answers to the range after a break.
func TestStream_answerToRange(t *testing.T) {
	const size, after = 100_000, 30_000
	part := func(contentRange string, status int, from, to int) func(s *blobServer, w http.ResponseWriter, r *http.Request) {
		return func(s *blobServer, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", contentRange)
			w.WriteHeader(status)
			_, _ = w.Write(s.blob[from:to])
		}
	}
	for name, of := range map[string]struct {
		answer  func(s *blobServer, w http.ResponseWriter, r *http.Request)
		restart string // the error, "" for none
	}{
		"right":             {part("bytes 30000-99999/100000", 206, after, size), ""},
		"no total":          {part("bytes 30000-99999/*", 206, after, size), ""},
		"less than asked":   {part("bytes 30000-49999/100000", 206, after, 50_000), ""},
		"another start":     {part("bytes 0-99999/100000", 206, 0, size), "another part"},
		"another total":     {part("bytes 30000-99999/200000", 206, after, size), "another part"},
		"beyond the end":    {part("bytes 30000-100000/100000", 206, after, size), "another part"},
		"no Content-Range":  {part("", 206, after, size), "another part"},
		"suffix of nothing": {part("bytes */100000", 416, 0, 0), "no longer has the rest"},
		"the whole": {func(s *blobServer, w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			s.serve(w, r)
		}, ""},
		"the whole without a length": {func(s *blobServer, w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = w.Write(s.blob)
		}, ""},
		"a whole of another size": {func(s *blobServer, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(s.blob[1:50])
		}, "the size is 49 bytes, not 100000"},
	} {
		s := newBlobServer(t, size, nil)
		s.script = func(n int, w http.ResponseWriter, r *http.Request) bool {
			switch n {
			case 0:
				s.cut(w, r, after)
			case 1:
				of.answer(s, w, r)
			}
			return n < 2
		}
		got, err := s.readAll(t)
		_, restart := errors.AsType[*RestartError](err)
		switch {
		case of.restart == "" && (err != nil || !bytes.Equal(got, s.blob)):
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		case of.restart != "" && (!restart || !strings.Contains(err.Error(), of.restart)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStream_size checks that a response must have the size of the descriptor, and that a blob
// without one is read to its end.
func TestStream_size(t *testing.T) {
	const size = 50_000
	s := newBlobServer(t, size, nil)
	_, e, err := s.open(t, s.transport(t), size+1)
	if wrong, ok := errors.AsType[*SizeError](err); !ok || wrong.Got != size || e.Err == nil {
		t.Errorf("got %v, the exchange has %v", err, e.Err)
	}
	s.script = func(_ int, w http.ResponseWriter, _ *http.Request) bool { // without a length
		w.(http.Flusher).Flush()
		_, _ = w.Write(s.blob)
		return true
	}
	stream, _, err := s.open(t, s.transport(t), size-1)
	registrytest.OK(t, err)
	if got, err := io.ReadAll(stream); !errors.Is(err, files.ErrTooLarge) || len(got) != size-1 {
		t.Errorf("a longer blob: %d bytes, %v", len(got), err)
	}
	stream, _, err = s.open(t, s.transport(t), 0)
	registrytest.OK(t, err)
	if got, err := io.ReadAll(stream); err != nil || !bytes.Equal(got, s.blob) {
		t.Errorf("a blob of unknown size: %d bytes, %v", len(got), err)
	}
}

// TestStream_endsEarly checks that the rest is requested of a response without a length that ends
// too early.
func TestStream_endsEarly(t *testing.T) {
	const size = 50_000
	s := newBlobServer(t, size, nil)
	s.script = func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 0 {
			w.(http.Flusher).Flush()
			_, _ = w.Write(s.blob[:777])
		}
		return n == 0
	}
	got, err := s.readAll(t)
	registrytest.OK(t, err)
	if !bytes.Equal(got, s.blob) || s.ranges()[1] != bytesFrom(777, size) {
		t.Errorf("%d bytes, ranges %q", len(got), s.ranges())
	}
}

// TestStream_encoding checks that a body that the server has compressed is unpacked, also after a
// break, and that a blob that it labels wrongly is not.
func TestStream_encoding(t *testing.T) {
	const size = 90_000
	compressed := func(s *blobServer) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(s.blob)
		_ = z.Close()
		return b.Bytes()
	}
	s := newBlobServer(t, size, nil)
	s.script = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") != "" {
			t.Errorf("range %q of a compressed body", r.Header.Get("Range"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		body := compressed(s)
		w.(http.Flusher).Flush()
		if n == 0 {
			registrytest.Torn(w, 40_000).Write(body) //nolint:errcheck // it panics
		}
		_, _ = w.Write(body)
		return true
	}
	if got, err := s.readAll(t); err != nil || !bytes.Equal(got, s.blob) || len(s.ranges()) != 2 {
		t.Errorf("compressed: %d bytes, %v, %d requests", len(got), err, len(s.ranges()))
	}
	for encoding, want := range map[string]bool{"gzip": true, "br": true, "identity": true} {
		s := newBlobServer(t, size, nil)
		s.script = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Encoding", encoding)
			w.Header().Set("Content-Length", fmt.Sprint(size))
			_, _ = w.Write(s.blob)
			return true
		}
		if got, err := s.readAll(t); (err == nil && bytes.Equal(got, s.blob)) != want {
			t.Errorf("labelled as %s: %d bytes, %v", encoding, len(got), err)
		}
	}
	s.script = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Encoding", "br")
		_, _ = w.Write(s.blob[:50])
		return true
	}
	if _, e, err := s.open(t, s.transport(t), size); err == nil || e.Response.Encoding() != "br" {
		t.Errorf("brotli: %v", err)
	}
	s.script = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte("not gzip, though it says so"))
		return true
	}
	if _, err := s.readAll(t); err == nil || !strings.Contains(err.Error(), "gzip compression is damaged") {
		t.Errorf("damaged: %v", err)
	}
}

// TestStream_timeouts checks that a stream ends after silence and at too low a rate, and that it
// is not requested again then.
func TestStream_timeouts(t *testing.T) {
	s := newBlobServer(t, 10_000, nil)
	s.script = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", "10000")
		_, _ = w.Write(s.blob[:100])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	for want, change := range map[error]func(*Timeouts){
		ErrSilent: func(p *Timeouts) { p.Silence = 50 * time.Millisecond },
		ErrRate:   func(p *Timeouts) { p.Rate, p.MinRate = 1, 1<<40 },
	} {
		tr := s.transport(t)
		change(&tr.timeouts)
		s.seen = nil
		stream, e, err := s.open(t, tr, 10_000)
		registrytest.OK(t, err)
		_, err = io.ReadAll(stream)
		if !errors.Is(err, want) || !errors.Is(e.Err, want) || len(s.ranges()) != 1 {
			t.Errorf("got %v, want %v, after %d requests", err, want, len(s.ranges()))
		}
	}
}

// TestStream_total checks that the timeout for one response does not end a stream.
func TestStream_total(t *testing.T) {
	s := newBlobServer(t, 10_000, nil)
	tr := s.transport(t)
	stream, _, err := s.open(t, tr, 10_000)
	registrytest.OK(t, err)
	if stream.body.watch.total.Reset(time.Hour) || stream.body.watch.silence.Reset(time.Hour) {
		t.Error("a timer runs although nothing is read")
	}
}

// TestStream_cancelled checks that a read ends with its context.
func TestStream_cancelled(t *testing.T) {
	s := newBlobServer(t, 10_000, nil)
	ctx, cancel := context.WithCancel(registrytest.Deadline(t))
	s.script = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", "10000")
		_, _ = w.Write(s.blob[:100])
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
		return true
	}
	stream, err := s.transport(t).Open(ctx, &Exchange{}, "app", digest.FromBytes(s.blob), 10_000)
	if err == nil {
		_, err = io.ReadAll(stream)
		_ = stream.Close()
	}
	if !errors.Is(err, context.Canceled) || len(s.ranges()) != 1 {
		t.Errorf("got %v after %d requests", err, len(s.ranges()))
	}
}

// TestStream_redirect checks that a range goes to the host behind a redirect, and the login does
// not.
func TestStream_redirect(t *testing.T) {
	const size = 100_000
	store := newBlobServer(t, size, nil)
	store.script = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "" {
			t.Error("the store gets the login")
		}
		if n == 0 {
			store.cut(w, r, 5000)
		}
		return n == 0
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("u:p"))
	s := newBlobServer(t, size, nil)
	var refused int
	s.script = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != basic {
			refused++
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		http.Redirect(w, r, store.URL+"/signed?x=1", http.StatusTemporaryRedirect)
		return true
	}
	tr := s.transport(t)
	tr.auth.credentials.AddAuthFile("config.json", []byte(fmt.Sprintf(`{"auths":{%q:{"auth":"dTpw"}}}`, strings.TrimPrefix(s.URL, "http://"))))
	stream, _, err := s.open(t, tr, size)
	registrytest.OK(t, err)
	got, err := io.ReadAll(stream)
	registrytest.OK(t, err)
	if want := []string{"", bytesFrom(5000, size)}; !bytes.Equal(got, s.blob) || !slices.Equal(store.ranges(), want) || refused != 1 {
		t.Errorf("%d bytes, ranges %q, want %q, %d refused", len(got), store.ranges(), want, refused)
	}
}

// TestStream_places checks that at most MaxStreams streams are open, that other requests do not
// wait for them, and that the next stream opens when one is closed.
func TestStream_places(t *testing.T) {
	s := newBlobServer(t, 10_000, nil)
	tr := s.transport(t)
	tr.limiter.bound, tr.limiter.maxBound = MaxStreams, MaxStreams
	var open []*Stream
	for range MaxStreams {
		stream, _, err := s.open(t, tr, 10_000)
		registrytest.OK(t, err)
		open = append(open, stream)
	}
	ctx, cancel := context.WithCancel(registrytest.Deadline(t))
	waits := make(chan error)
	go func() {
		_, err := tr.Open(ctx, &Exchange{}, "app", digest.FromBytes(s.blob), 10_000)
		waits <- err
	}()
	e := &Exchange{What: "manifest"}
	req, err := http.NewRequestWithContext(WithExchange(ctx, e), http.MethodHead, "https://"+tr.host+"/v2/app/manifests/a", nil)
	registrytest.OK(t, err)
	resp, err := tr.RoundTrip(req)
	registrytest.OK(t, err)
	_ = resp.Body.Close()
	if e.Err != nil || len(s.ranges()) != MaxStreams+1 {
		t.Errorf("an ordinary request: %v, %d requests", e.Err, len(s.ranges()))
	}
	cancel()
	if err := <-waits; !errors.Is(err, context.Canceled) {
		t.Errorf("one stream too many: %v", err)
	}
	_ = open[0].Close()
	stream, _, err := s.open(t, tr, 10_000)
	registrytest.OK(t, err)
	if got, err := io.ReadAll(stream); err != nil || !bytes.Equal(got, s.blob) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestStream_status checks that a refusal is in the exchange, and that no place stays taken.
func TestStream_status(t *testing.T) {
	s := newBlobServer(t, 10_000, nil)
	s.script = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`, http.StatusNotFound)
		return true
	}
	tr := s.transport(t)
	for range MaxStreams + 1 {
		_, e, err := s.open(t, tr, 10_000)
		if err == nil || e.Err != nil || e.Response.Status != http.StatusNotFound || len(e.Response.Body) == 0 {
			t.Fatalf("got %v, exchange %v, status %d", err, e.Err, e.Response.Status)
		}
	}
}
