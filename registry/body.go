package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model/files"
)

// Bounds on bodies, in bytes. Registries take manifests of up to 4 MiB
// (distribution's maxManifestBodySize); the largest config seen in the wild is
// below 1 MiB; 16 MiB hold a million tags.
const (
	maxManifest = 8 << 20
	maxConfig   = 8 << 20
	maxList     = 16 << 20
	maxToken    = 1 << 20
	maxProblem  = 64 << 10 // of an error's body; the rest is not read
)

const maxRedirects = 5

// maxHeader bounds an answer's header, in bytes: 64 answers may be under way at
// once, and net/http would take 10 MiB of each. Servers send a few hundred, 8 KiB
// is what most of them take themselves.
const maxHeader = 128 << 10

// fetch sends one request and reads the body whole, so that the connection can
// be used again. It ends when ctx does, when the server is silent too long or
// slow in all, and when the body is larger than limit. How long it waits until
// it may be sent does not count.
func (s *seam) fetch(ctx context.Context, req *http.Request, limit int64, key key) (answer, error) {
	cl := callOf(ctx)
	t, err := s.limiter.enter(ctx, cl != nil && cl.bulk)
	if err != nil {
		return answer{}, err
	}
	a, err := s.transfer(ctx, req, limit, key)
	s.limiter.leave(t, a, err)
	if q, ok := quotaOf(a.header); ok && req.URL.Host == s.own && a.from == "" {
		q.Host = s.host
		s.wire.meter.left(q)
	}
	return a, err
}

func (s *seam) transfer(parent context.Context, req *http.Request, limit int64, key key) (answer, error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	silence := time.AfterFunc(s.timeouts.Silence, func() { cancel(errSilent) })
	defer silence.Stop()
	defer time.AfterFunc(s.timeouts.Total, func() { cancel(errSlow) }).Stop()

	resp, err := s.client.Do(req.WithContext(ctx))
	if err != nil {
		return answer{}, at(reached(req, err), req, cause(parent, ctx, plainly(discreet(err))))
	}
	defer resp.Body.Close()
	if resp.StatusCode < http.StatusContinue {
		return answer{}, at(resp.Request.URL.Host, req, errNoStatus)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, scheme: req.URL.Scheme, login: key.login}
	if resp.Request.URL.Host == req.URL.Host {
		a.scheme = resp.Request.URL.Scheme // it may have sent us from http to https
	} else {
		a.from = resp.Request.URL.Host
	}
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		return a, nil // net/http has let go of that connection: nothing would end the reading of it
	case resp.StatusCode != http.StatusOK:
		a.body, err = readSome(resp.Body, maxProblem)
		a.body = scrub(a.body, req)
		if err != nil && parent.Err() == nil && !passing(a.status) {
			err = nil // its words did not all come, and what it meant is clear
		}
	default:
		alive := func() { silence.Reset(s.timeouts.Silence) }
		a.body, err = readWhole(resp, limit, alive)
	}
	if err != nil {
		return a, at(resp.Request.URL.Host, req, cause(parent, ctx, err))
	}
	return a, nil
}

// errUnasked is of a server that sends something before it is asked.
var errUnasked = errors.New("it sends something before it is asked")

// errNoStatus is of a server that answers 000 or the like.
var errNoStatus = errors.New("its answer has a status that is none")

// plainly is err where net/http has only words of its own insides: for a header
// that is too large, and for an answer that came before its question.
func plainly(err error) error {
	said := err.Error()
	for _, words := range []string{"response headers exceeded", "response header list larger", "too many 1xx"} {
		if strings.Contains(said, words) {
			return fmt.Errorf("%w: a header of more than %d bytes", files.ErrTooLarge, maxHeader)
		}
	}
	if strings.Contains(said, "readLoopPeekFailLocked: %!w") { // it formats no error as one
		return errUnasked
	}
	return err
}

// cause prefers the reason why ctx was cancelled to what that led to.
func cause(parent, ctx context.Context, err error) error {
	if parent.Err() != nil {
		return parent.Err()
	}
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return err
}

func readWhole(resp *http.Response, limit int64, alive func()) ([]byte, error) {
	if resp.Request.Method == http.MethodHead {
		return nil, nil
	}
	if resp.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes", files.ErrTooLarge, resp.ContentLength)
	}
	var b bytes.Buffer
	b.Grow(int(max(resp.ContentLength, 0)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(watched{resp.Body, alive}, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%w: more than %d bytes", files.ErrTooLarge, limit)
	}
	return b.Bytes(), err
}

// readSome reads the start of an error's body; that it is cut does not matter.
func readSome(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return b, err
}

type watched struct {
	io.Reader
	alive func()
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.alive()
	}
	return n, err
}

// checkRedirect follows a few redirects and takes no login to another address.
func checkRedirect(req *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return errors.New("too many redirects")
	case req.URL.Hostname() == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return errors.New("redirect to what is no web address refused")
	case last.URL.Scheme == "https" && req.URL.Scheme != "https":
		return errors.New("redirect from https to http refused")
	case req.Method == http.MethodPost || last.Method == http.MethodPost:
		return errors.New("redirect of a login refused")
	}
	if req.URL.Host != via[0].URL.Host {
		req.Header.Del("Authorization")
	}
	req.Header.Del("Referer") // net/http puts the last address there, and its query may be a secret
	return nil
}
