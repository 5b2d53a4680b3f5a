package transport

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/files"
)

// Stream is a blob that is read as it arrives, of any size. A connection that breaks is
// replaced: the next request asks for the rest. The content is not verified. A Stream is for
// one goroutine.
type Stream struct {
	transport *Transport
	ctx       context.Context
	exchange  *Exchange
	request   request
	size      int64 // of the blob in bytes, -1 if unknown

	body *openBody // nil after a break
	at   int64     // bytes that Read has returned
	skip int64     // bytes at the start of body that Read has returned before
	// encoded is set if the server compresses the blob for the way. A range would be one of the
	// compressed bytes.
	encoded bool
	breaks  int   // since mark
	mark    int64 // position from which breaks count
	err     error // what ended the stream
}

// MaxBreaks limits the breaks of a stream within breakSpan bytes.
const (
	MaxBreaks = 3
	breakSpan = 1 << 20
)

// Open requests a blob of a repository and returns its bytes as they arrive. size is that in the
// descriptor, 0 or less if that has none. The exchange gets the response, and the error of Open
// or Read. The caller must close the stream.
func (tr *Transport) Open(ctx context.Context, e *Exchange, repository string, d digest.Digest, size int64) (*Stream, error) {
	q := request{method: http.MethodGet, isStream: true, limit: MaxErrorBody}
	q.url = url.URL{Scheme: "https", Host: tr.host, Path: path.Join("/v2", tr.pathPrefix, repository, "blobs", d.String())}
	q.scope, _ = scopeAndLimit(q.url.Path)
	if next := tr.insecure.known(&http.Request{URL: &q.url}); next != nil {
		tr = next.Transport
	}
	if size <= 0 {
		size = -1
	}
	s := &Stream{transport: tr, ctx: ctx, exchange: e, request: q, size: size}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

// Size is the size of the blob in bytes, -1 if neither the descriptor nor the server states it.
func (s *Stream) Size() int64 { return s.size }

// Close ends the request.
func (s *Stream) Close() error {
	if s.err == nil {
		s.err = errClosed
	}
	s.closeBody()
	return nil
}

var errClosed = errors.New("stream is closed")

func (s *Stream) closeBody() {
	if s.body != nil {
		s.body.close()
		s.body = nil
	}
}

// Read reads the next bytes. After a break it requests the rest.
func (s *Stream) Read(p []byte) (int, error) {
	for s.err == nil && len(p) > 0 {
		if s.body == nil {
			s.fail(s.reopen())
			continue
		}
		if s.at == s.size {
			s.fail(s.end())
			continue
		}
		n, err := s.readBody(p)
		s.at += int64(n)
		if s.at >= s.mark+breakSpan {
			s.breaks, s.mark = 0, s.at
		}
		switch {
		case errors.Is(err, io.EOF) && s.size < 0:
			s.fail(io.EOF)
		case err != nil && s.at < s.size:
			s.broke(err)
		case err != nil && s.size < 0:
			s.fail(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, s.err
}

// readBody reads bytes that Read has not returned yet. It returns none while it skips others.
func (s *Stream) readBody(p []byte) (int, error) {
	if s.skip > 0 {
		n, err := s.body.Read(p[:min(int64(len(p)), s.skip)])
		s.skip -= int64(n)
		return 0, err
	}
	if s.size >= 0 {
		p = p[:min(int64(len(p)), s.size-s.at)]
	}
	return s.body.Read(p)
}

// end is called after the last byte. It returns io.EOF, unless there are more.
func (s *Stream) end() error {
	var more [1]byte
	if n, _ := io.ReadFull(s.body, more[:]); n > 0 {
		return fmt.Errorf("%w: more than %d bytes", files.ErrTooLarge, s.size)
	}
	return io.EOF // the way in which the connection ends does not matter any more
}

// broke handles a break in the middle. A timeout is not followed by another request: the person
// has waited once.
func (s *Stream) broke(err error) {
	s.closeBody()
	s.breaks++
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if s.breaks > MaxBreaks || s.ctx.Err() != nil || isTimeout(err) {
		s.fail(err)
	}
}

// isTimeout reports whether a timeout of this package has expired.
func isTimeout(err error) bool {
	return errors.Is(err, ErrSilent) || errors.Is(err, ErrSlow) || errors.Is(err, ErrRate)
}

// fail ends the stream, unless err is nil.
func (s *Stream) fail(err error) {
	if err == nil {
		return
	}
	s.err = err
	s.closeBody()
	s.note(err)
}

// note puts an error into the exchange, unless the response there says it.
func (s *Stream) note(err error) {
	_, refused := errors.AsType[*StatusError](err)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errEncoding) && !refused {
		s.exchange.Err = err
	}
}

// reopen requests the rest of the blob after a break.
func (s *Stream) reopen() error {
	select {
	case <-s.ctx.Done():
		return s.ctx.Err()
	case <-time.After(s.transport.retry.Backoff << (s.breaks - 1)):
	}
	return s.open()
}

// open requests the blob from s.at on.
func (s *Stream) open() error {
	q := s.request
	if s.at > 0 && !s.encoded {
		q.part = fmt.Sprintf("bytes=%d-%d", s.at, s.size-1) // some registries support no open range
	}
	a, err := s.transport.sendWithRetries(s.ctx, q)
	s.body = a.open
	s.exchange.Response, s.exchange.Err = a, err
	switch {
	case err != nil:
	case a.Status == http.StatusRequestedRangeNotSatisfiable && s.at > 0:
		err = &RestartError{&ServerError{Did: "no longer has the rest of a layer", Next: askAdministrator}}
	case a.Status != http.StatusOK:
		err = &StatusError{Status: a.Status}
	case a.Partial:
		s.skip, err = 0, checkRange(a.Header.Get("Content-Range"), s.at, s.size)
	default:
		s.skip = s.at
		err = s.accept(a)
	}
	if err != nil {
		s.closeBody()
		s.note(err)
	}
	return err
}

// accept checks the size and the encoding of a response with the whole blob. A length that is
// that of the blob proves that the server has labelled it wrongly and not compressed it.
func (s *Stream) accept(a Response) (err error) {
	length, errLength := strconv.ParseInt(a.Header.Get("Content-Length"), 10, 64)
	switch encoding := a.Encoding(); {
	case errLength == nil && length == s.size:
	case encoding == "gzip":
		s.encoded = true
		s.body.reader = &gzipReader{from: s.body.reader}
	case encoding != "":
		return errEncoding
	case errLength == nil && s.size < 0:
		s.size = length
	case errLength == nil && s.at > 0:
		return &RestartError{&SizeError{length, s.size}}
	case errLength == nil:
		return &SizeError{length, s.size}
	}
	return nil
}

// errEncoding is the error of a Content-Encoding that tagdiff did not request and does not know.
var errEncoding = errors.New("unknown Content-Encoding")

// checkRange checks that a response has the bytes of a blob from a position on, to its end or
// less far.
func checkRange(contentRange string, from, size int64) error {
	var first, last int64
	var total string
	n, err := fmt.Sscanf(contentRange, "bytes %d-%d/%s", &first, &last, &total)
	if err != nil || n != 3 || first != from || last < first || last >= size || total != "*" && total != strconv.FormatInt(size, 10) {
		return &RestartError{&ServerError{Did: "sent another part of a layer than tagdiff requested", Next: askAdministrator}}
	}
	return nil
}

// RestartError is the error of a stream that cannot be read on: the server has another blob now
// or does not send parts of it correctly. The blob may be read from its start.
type RestartError struct{ Err error }

func (e *RestartError) Error() string { return e.Err.Error() }
func (e *RestartError) Unwrap() error { return e.Err }

// SizeError is the error of a blob whose size is not that in its descriptor.
type SizeError struct{ Got, Want int64 }

func (e *SizeError) Error() string {
	return fmt.Sprintf("the size is %d bytes, not %d", e.Got, e.Want)
}

// streamKey marks the context of the requests of a stream.
type streamKey struct{}

func isStream(ctx context.Context) bool { return ctx.Value(streamKey{}) != nil }

// openBody is the body of a good response to a stream. It holds a place in the limiter.
type openBody struct {
	reader  io.Reader // of the body
	body    io.Closer
	watch   *watchdog
	release func() // gives the place in the limiter back
	wrap    func(error) error

	rate     time.Duration // in which at least minRate bytes must arrive
	minRate  int64
	waited   time.Duration // for the bytes in received
	received int64
}

// newOpenBody makes the body of a response. Only a read is timed: the person does not wait for
// the registry while the bytes are used.
func newOpenBody(resp *http.Response, w *watchdog, t Timeouts) *openBody {
	w.silence.Stop()
	w.total.Stop()
	first := resp.Request
	for first.Response != nil {
		first = first.Response.Request
	}
	host := resp.Request.URL.Host
	return &openBody{
		reader: resp.Body, body: resp.Body, watch: w, rate: t.Rate, minRate: t.MinRate,
		wrap: func(err error) error { return atHost(host, first, err) },
	}
}

// Read reads from the body within the timeouts.
func (b *openBody) Read(p []byte) (int, error) {
	b.watch.alive()
	start := time.Now()
	n, err := b.reader.Read(p)
	b.watch.silence.Stop()
	if err != nil && err != io.EOF {
		return n, b.wrap(b.watch.cause(err))
	}
	b.waited += time.Since(start)
	b.received += int64(n)
	if b.rate > 0 && b.waited >= b.rate {
		if b.received < b.minRate && err == nil {
			return n, b.wrap(ErrRate)
		}
		b.waited, b.received = 0, 0
	}
	return n, err
}

func (b *openBody) close() {
	b.watch.stop()
	_ = b.body.Close()
	b.release()
}

// gzipReader unpacks what a server has compressed for the way. It reads nothing before it is
// read.
type gzipReader struct {
	from io.Reader
	z    *gzip.Reader
}

func (r *gzipReader) Read(p []byte) (n int, err error) {
	if r.z == nil {
		if r.z, err = gzip.NewReader(r.from); err != nil {
			return 0, damagedGzip(err)
		}
	}
	n, err = r.z.Read(p)
	return n, damagedGzip(err)
}

// damagedGzip words an error of the compression.
func damagedGzip(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || err != nil && strings.HasPrefix(err.Error(), "flate: corrupt") {
		return &MalformedError{errDamagedGzip}
	}
	return err
}
