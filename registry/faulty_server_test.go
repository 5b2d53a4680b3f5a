package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/internal/registrytest"
)

// faultyServer is a registry whose connections are broken until it is repaired. A test
// writes the responses itself, since a library would not write faulty ones.
type faultyServer struct {
	*server
	healthy   atomic.Bool
	breakConn func(net.Conn)
	accepted  chan struct{} // gets a value for each broken connection, if there is room

	mu   sync.Mutex
	open []net.Conn // accepted so far
}

// heal repairs the server and closes its open connections.
func (i *faultyServer) heal() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.healthy.Store(true)
	for _, c := range i.open {
		_ = c.Close()
	}
}

// take keeps a connection for heal and reports whether to break it.
func (i *faultyServer) take(c net.Conn) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.open = append(i.open, c)
	return !i.healthy.Load()
}

// faultyListener breaks connections, or hands them to the server once it is healthy.
type faultyListener struct {
	net.Listener
	faulty *faultyServer
}

func (l faultyListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || !l.faulty.take(c) {
			return c, err
		}
		go func() {
			defer func() { _ = c.Close() }()
			select {
			case l.faulty.accepted <- struct{}{}:
			default:
			}
			l.faulty.breakConn(c)
		}()
	}
}

func newFaultyServer(t testing.TB, breakConn func(net.Conn)) *faultyServer {
	t.Helper()
	i := &faultyServer{server: newServer(t), breakConn: breakConn, accepted: make(chan struct{}, 100)}
	over := httptest.NewUnstartedServer(i.Config.Handler)
	over.Listener = faultyListener{over.Listener, i}
	over.Start()
	t.Cleanup(over.Close)
	i.host = strings.TrimPrefix(over.URL, "http://")
	i.pushImage(t, i.ref("app", "a"), image(t, 1))
	return i
}

// asked reads a request's header.
func asked(c net.Conn) {
	var got []byte
	for b := make([]byte, 1); !bytes.HasSuffix(got, []byte("\r\n\r\n")); got = append(got, b...) {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

func answers(text string) func(net.Conn) {
	return func(c net.Conn) { asked(c); _, _ = io.WriteString(c, text) }
}

// hangs sends a part of a response and waits until the client closes the connection.
func hangs(text string) func(net.Conn) {
	return func(c net.Conn) { answers(text)(c); _, _ = io.Copy(io.Discard, c) }
}

func resets(text string) func(net.Conn) {
	return func(c net.Conn) { answers(text)(c); _ = c.(*net.TCPConn).SetLinger(0) }
}

// drips repeats a text until the client closes the connection.
func drips(start, again string) func(net.Conn) {
	return func(c net.Conn) {
		answers(start)(c)
		for _, err := c.Write(nil); err == nil; _, err = io.WriteString(c, again) {
			time.Sleep(time.Millisecond)
		}
	}
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

const okay = "HTTP/1.1 200 OK\r\nContent-Type: " + ociManifest + "\r\n"

// serverFault is a faulty response and the error for it.
type serverFault struct {
	name, say string
	do        func(net.Conn)
}

var serverFaults = []serverFault{
	{"closed at once", "closed the connection before it answered; try again", func(net.Conn) {}},
	{"reset at once", "closed the connection before it answered; try again", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }},
	{"reset before the answer", "closed the connection before it answered; try again", resets("")},
	{"reset within the header", "sent an invalid HTTP response: ", resets("HTTP/1.1 200 OK\r\nContent-Le")},
	{"reset within the body", "closed the connection in the middle of its answer; try again", resets(okay + "Content-Length: 500\r\n\r\n{\"schema")},
	{"cut off within the header", "sent an invalid HTTP response: ", answers("HTTP/1.1 200 OK\r\nContent-Le")},
	{"cut off within the body", "closed the connection in the middle of its answer", answers(okay + "Content-Length: 500\r\n\r\n{\"schema")},
	{"silence before the answer", "did not answer in time", hangs("")},
	{"silence within the status", "did not answer in time", hangs("HTTP/1.1 2")},
	{"silence within the header", "did not answer in time", hangs("HTTP/1.1 200 OK\r\nContent-Le")},
	{"silence within the body", "did not answer in time", hangs(okay + "Content-Length: 500\r\n\r\n{\"schema")},
	{"silence within a chunk", "did not answer in time", hangs(okay + "Transfer-Encoding: chunked\r\n\r\nff\r\n{\"schema")},
	{"silence within a refusal", "denies access to app:a", hangs("HTTP/1.1 403 Forbidden\r\nContent-Length: 500\r\n\r\nno")},
	{"silence within trouble", "did not answer in time", hangs("HTTP/1.1 500 Oops\r\nContent-Length: 500\r\n\r\nno")},
	{"a header by the byte", "did not answer in time", drips("HTTP/1.1 200 OK\r\nX-A: ", "b")},
	{"a header by the line", "did not answer in time", drips("HTTP/1.1 200 OK\r\n", "X-A: b\r\n")},
	{"a body by the byte", "did not answer in time", drips(okay+"Content-Length: 5000000\r\n\r\n", " ")},
	{"hints by the dozen", "did not answer in time", drips("", "HTTP/1.1 103 Early Hints\r\n\r\n")},
	{"no HTTP", `does not speak HTTP: it sent the status code "mail.example"; check the port`, answers("220 mail.example ESMTP\r\n")},
	{"an SSH server", `does not speak HTTP: it sent the response "SSH-2.0-x"; check the port`, answers("SSH-2.0-x\r\n")},
	{"an answer of 1991", "does not speak HTTP: it sent the response", answers("<html>hello")},
	{"chunks of no size", "sent a response that cannot be read: invalid byte in chunk length", answers(okay + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")},
	{"a chunk of any size", "closed the connection in the middle of its answer", answers(okay + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n0\r\n\r\n")},
	{"chunks without end", "sent more data than tagdiff accepts", drips(okay+"Transfer-Encoding: chunked\r\n\r\n", "100000\r\n"+strings.Repeat(" ", 1<<20)+"\r\n")},
	{"a negative length", `sent an invalid HTTP response: bad Content-Length "-5"; check the port`, answers(okay + "Content-Length: -5\r\n\r\n{}")},
	{"two lengths", "sent an invalid HTTP response: ", answers(okay + "Content-Length: 5\r\nContent-Length: 2\r\n\r\n{}")},
	{"an enormous length", "sent more data than tagdiff accepts", answers(okay + "Content-Length: 9223372036854775807\r\n\r\n{}")},
	{"a line break in a header", "sent an invalid HTTP response: malformed MIME header", answers("HTTP/1.1 200 OK\r\nX A\r\n\r\n")},
	{"204", "answered 204 No Content", answers("HTTP/1.1 204 No Content\r\n\r\n")},
	{"206", "answered 206 Partial Content", answers("HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\nContent-Range: bytes 0-1/5\r\n\r\n{}")},
	{"304", "answered 304 Not Modified", answers("HTTP/1.1 304 Not Modified\r\n\r\n")},
	{"302 to nowhere", "answered 302 Found", answers("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")},
	{"101", "answered 101 Switching Protocols", answers("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")},
	{"101 and silence", "answered 101 Switching Protocols", hangs("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")},
	{"000", "sent an invalid HTTP response: its status code is below 100", answers("HTTP/1.1 000 What\r\nContent-Length: 0\r\n\r\n")},
	{"999", "failed (999", answers("HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n")},
	{"brotli that was not requested", "sent Content-Encoding br, which tagdiff did not request", answers(okay + "Content-Encoding: br\r\nConnection: close\r\n\r\n\x0b\x02\x80{}\x03")},
	{"an empty body", "sent an empty manifest", answers(okay + "Content-Length: 0\r\n\r\n")},
	{"another type", "sent an invalid manifest: it is not JSON", answers("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi")},
	{"no type and no JSON", "sent an invalid manifest: it is not JSON", answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")},
	{"a pause of centuries", "asks for a pause of a month or more; ask the administrator", answers("HTTP/1.1 429 Slow\r\nRetry-After: 99999999999999999999999\r\nContent-Length: 0\r\n\r\n")},
	{"a pause until 9999", "asks for a pause of a month or more; ask the administrator", answers("HTTP/1.1 429 Slow\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n")},
	{"a negative pause", "reports too many requests; try again in a minute", answers("HTTP/1.1 429 Slow\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n")},
	{"an odd pause", "reports too many requests; try again in a minute", answers("HTTP/1.1 429 Slow\r\nRetry-After: 1e99\r\nContent-Length: 0\r\n\r\n")},
	{"down for centuries", "failed (503 Service Unavailable); try again later", answers("HTTP/1.1 503 Down\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n")},
}

// waitedFor are those that are silent where they do not hang up: something is still
// to come, or the next answer.
var waitedFor = []string{
	"closed at once", "reset at once", "reset before the answer", "reset within the header", "reset within the body",
	"cut off within the header", "cut off within the body", "an answer of 1991", "a chunk of any size",
	"brotli that was not requested", "a negative pause", "an odd pause",
}

// lastingFaults are all faults, and those that close the connection a second time with
// connections that stay open.
func lastingFaults() []serverFault {
	all := slices.Clone(serverFaults)
	for _, h := range serverFaults {
		if strings.Contains(h.say, "in time") {
			continue // it stays
		}
		do := h.do
		h.do = func(c net.Conn) { do(c); _, _ = io.Copy(io.Discard, c) }
		if slices.Contains(waitedFor, h.name) {
			h.say = "did not answer in time"
		}
		h.name += ", and stays"
		all = append(all, h)
	}
	return all
}

// setTimeouts shortens the timeouts of c for faults that end in a timeout. The other
// faults keep the long ones, so that a slow machine does not change the error.
func setTimeouts(c *Client, say string) {
	if say == "" || strings.Contains(say, "did not answer") || strings.Contains(say, "denies access") {
		c.transport.Timeouts.Silence, c.transport.Timeouts.Total, c.transport.Timeouts.Dial = time.Second, 2*time.Second, time.Second
	}
}

// waitLonger gives c long timeouts for a host that is healthy.
func waitLonger(c *Client, host string) {
	long := c.transport.Timeouts
	long.Silence, long.Total = time.Minute, time.Minute
	c.host(host).transport.SetTimeouts(long)
}

// TestServerFaults_reportedAndTemporary checks that each fault is reported in one line
// after a limited number of attempts and has no effect on later calls.
func TestServerFaults_reportedAndTemporary(t *testing.T) {
	for _, tt := range lastingFaults() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := newFaultyServer(t, tt.do)
			c := newClient(t, Options{})
			setTimeouts(c, tt.say)
			c.transport.Timeouts.Dial = time.Second // where it resets http it may want https, which the test does not answer
			_, err := c.Load(deadline(t), i.ref("app", "a"), nil)
			says(t, err, i.host+" ", tt.say)
			isShort(t, err)
			if n := c.Traffic().Requests; n > 2*c.transport.Retry.ThrottledAttempts || c.Traffic().InFlight != 0 {
				t.Errorf("%d requests, %d under way", n, c.Traffic().InFlight)
			}
			i.heal()
			waitLonger(c, i.host)
			a, err := c.Load(deadline(t), i.ref("app", "a"), nil)
			ok(t, err)
			whole(t, a, 1, 1)
			if got := i.requests(); len(got) != 2 {
				t.Errorf("requests %q", got)
			}
		})
	}
}

// TestServerFaults_contextEnds checks that a call to a server that hangs ends with its context.
func TestServerFaults_contextEnds(t *testing.T) {
	for _, tt := range lastingFaults() {
		if !strings.Contains(tt.say, "in time") && tt.name != "silence within a refusal" {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := newFaultyServer(t, tt.do)
			c := newClient(t, Options{}) // with the timeouts of the program
			ctx, cancel := context.WithCancel(deadline(t))
			done := make(chan error)
			go func() { _, err := c.Load(ctx, i.ref("app", "a"), nil); done <- err }()
			<-i.accepted
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			i.heal()
			_, err := c.Load(deadline(t), i.ref("app", "a"), nil)
			ok(t, err)
		})
	}
}

// overTLS makes a TLS handshake and then breaks the connection.
func overTLS(t testing.TB, protocol string, breakConn func(net.Conn)) func(net.Conn) {
	t.Helper()
	cert, key := registrytest.NewCertAuthority(t).Pair(t)
	pair, err := tls.X509KeyPair(cert, key)
	ok(t, err)
	return func(c net.Conn) {
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{protocol}})
		if s.Handshake() == nil {
			breakConn(s)
		}
	}
}

// onceAsked sends a text when the first byte of a request has come, and no more.
func onceAsked(text string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := io.CopyN(io.Discard, c, 1); err == nil {
			sends(text, func(net.Conn) {})(c)
		}
	}
}

// frame is one of HTTP/2 (RFC 9113, "Frame Format").
func frame(kind, flags byte, stream uint32, body string) string {
	n := len(body)
	return string([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags, byte(stream >> 24), byte(stream >> 16), byte(stream >> 8), byte(stream)}) + body
}

func sends(text string, then func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		go then(c)
		_, _ = io.Copy(io.Discard, c)
	}
}

// afterRequest sends the one text at once and the other when HTTP/2 has brought a
// request: before there is a stream nothing can be said of it.
func afterRequest(first, then string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, first)
		const preface, head, headers = 24, 9, 1
		_, _ = io.CopyN(io.Discard, c, preface)
		for h := make([]byte, head); ; {
			if _, err := io.ReadFull(c, h); err != nil {
				return
			}
			_, _ = io.CopyN(io.Discard, c, int64(h[0])<<16|int64(h[1])<<8|int64(h[2]))
			if h[3] == headers {
				_, _ = io.WriteString(c, then)
			}
		}
	}
}

// broken is what is said where bytes that are not HTTP/2 end a connection: by the request that reads
// them, or by the one that finds the connection closed.
const broken = "cannot be reached|closed the connection before it answered"

// TestServerFaults_tlsAndHTTP2 checks that faults of TLS and HTTP/2 are reported and temporary.
func TestServerFaults_tlsAndHTTP2(t *testing.T) {
	settings := frame(4, 0, 0, "")
	never := func(net.Conn) {}
	floods := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			for _, err := c.Write(nil); err == nil; _, err = io.WriteString(c, text) {
				time.Sleep(time.Millisecond)
			}
		}
	}
	for _, tt := range []struct {
		name, say string
		do        func(net.Conn)
	}{
		{"no handshake", "did not answer", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }},
		{"a handshake by the byte", "", floods("\x16")},
		{"half of a handshake", "did not answer", sends("\x16\x03\x03\x02\x00\x02\x00\x01\xfc\x03\x03", never)},
		{"no TLS", "does not use https", func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.example ESMTP\r\n") }},
		{"closed after the handshake", "closed the connection before it answered", overTLS(t, "h2", func(c net.Conn) { _ = c.Close() })},
		{"silence after the handshake", "did not answer", overTLS(t, "h2", sends("", never))},
		{"silence after the settings", "did not answer", overTLS(t, "h2", sends(settings, never))},
		{"garbage", broken, overTLS(t, "h2", sends(strings.Repeat("garbage ", 1000), never))},
		// Where the loss of the connection may hide an alert, the client asks again over HTTP/1.1. There this
		// answer is one that never ends.
		{"HTTP/1 instead", broken + "|did not answer", overTLS(t, "h2", onceAsked("HTTP/1.1 200 OK\r\n\r\n"))},
		{"a frame of any size", broken, overTLS(t, "h2", sends("\xff\xff\xff\x00\x00\x00\x00\x00\x01", never))},
		{"a stream reset", broken, overTLS(t, "h2", afterRequest(settings, frame(3, 0, 1, "\x00\x00\x00\x02")))},
		{"goes away", broken, overTLS(t, "h2", sends(settings+frame(7, 0, 0, "\x00\x00\x00\x00\x00\x00\x00\x0b"), never))},
		{"pings without end", "did not answer", overTLS(t, "h2", floods(settings+frame(6, 0, 0, "12345678")))},
		{"settings without end", "did not answer", overTLS(t, "h2", floods(settings))},
		{"headers without end", broken, overTLS(t, "h2", floods(settings+frame(1, 0, 1, "\x88")+strings.Repeat(frame(9, 0, 1, "\x00\x01a\x01b"), 100)))},
		{"silence over HTTP/1", "did not answer", overTLS(t, "http/1.1", onceAsked("HTTP/1.1 200 OK\r\n"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := newFaultyServer(t, tt.do)
			c := newClient(t, Options{})
			setTimeouts(c, tt.say)
			c.credentials.AddRegctlConfig("regctl.json", fmt.Appendf(nil, `{"hosts":{%q:{"tls":"insecure"}}}`, i.host))
			_, err := c.Load(deadline(t), i.ref("app", "a"), nil)
			says(t, err, i.host+" ")
			if !slices.ContainsFunc(strings.Split(tt.say, "|"), func(say string) bool { return err != nil && strings.Contains(err.Error(), say) }) {
				t.Errorf("%v does not say %q", err, tt.say)
			}
			isShort(t, err)
			if n := c.Traffic().Requests; n > c.transport.Retry.Attempts {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestServerFaults_tokenService checks that faults of a token service are reported and temporary.
func TestServerFaults_tokenService(t *testing.T) {
	for _, tt := range lastingFaults() {
		if strings.HasPrefix(tt.name, "brotli") || strings.Contains(tt.say, "not JSON") || strings.Contains(tt.say, "empty manifest") {
			continue // an answer that is not a token; another test has it
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, i := newServer(t), newFaultyServer(t, tt.do)
			s.pushImage(t, s.ref("app", "a"), image(t, 1))
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Authorization") != "" {
					return false
				}
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token"`, i.host))
				w.WriteHeader(http.StatusUnauthorized)
				return true
			})
			i.setFront(giveTokens(""))
			c := newClient(t, Options{})
			setTimeouts(c, tt.say)
			_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			says(t, err, s.host)
			i.heal()
			waitLonger(c, s.host)
			a, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			ok(t, err)
			whole(t, a, 1, 1)
		})
	}
}

// TestLoad_bytesChangeForDigest checks that bytes that change under one digest are refused.
func TestLoad_bytesChangeForDigest(t *testing.T) {
	f := newDocumentServer(t)
	d := f.image(t, f.config(10, ""))
	good, r := f.documents[d.Digest.String()], f.ref("app", "").AtDigest(d.Digest)
	c := newClient(t, Options{})
	for n := range 6 {
		doc := good
		if n%2 == 0 {
			doc.raw = append(bytes.Clone(good.raw), ' ')
		}
		f.mu.Lock()
		f.documents[d.Digest.String()] = doc
		f.mu.Unlock()
		c.memory.drop(manifestKey(r))
		a, err := c.Load(deadline(t), r, nil)
		if n%2 == 0 {
			says(t, err, "sent content that does not match its digest")
		} else if err != nil || a.Digest() != d.Digest {
			t.Errorf("%s, %v", a.Digest(), err)
		}
	}
}

// TestLoad_tagAlternates checks that a tag that alternates between two images never gives a mixture of both.
func TestLoad_tagAlternates(t *testing.T) {
	f := newDocumentServer(t)
	var tops []model.Ref
	for i := range 2 {
		config := f.config(10, fmt.Sprint(i))
		d := f.index(t, []v1.Descriptor{f.image(t, config), f.image(t, f.config(20, fmt.Sprint(i)))})
		tops = append(tops, f.ref("app", "").AtDigest(d.Digest))
	}
	serve := f.front()
	var n atomic.Int64
	f.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/manifests/a") {
			r.URL.Path = "/v2/app/manifests/" + tops[n.Add(1)%2].Digest.String()
			w.Header().Set("Docker-Content-Digest", r.URL.Path[len("/v2/app/manifests/"):])
		}
		return serve(w, r)
	})
	c := newClient(t, Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			a, err := c.Load(deadline(t), f.ref("app", "a"), nil)
			if err != nil {
				t.Error(err)
				return
			}
			own := map[string]bool{}
			for _, e := range a.Entries {
				if e.Image == nil {
					t.Error(e.Err)
					continue
				}
				own[e.Image.Config.Config.Labels["own"]] = true
			}
			if len(own) != 1 || a.Digest() != tops[0].Digest && a.Digest() != tops[1].Digest {
				t.Errorf("%s is of %v", a.Digest(), own)
			}
		})
	}
	all.Wait()
}

// closeTells is a connection that reports when it is closed.
type closeTells struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *closeTells) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// TestServerFaults_unsolicited checks that a server that sends before it has a request is
// reported in our own words: those of net/http describe its internals and change.
func TestServerFaults_unsolicited(t *testing.T) {
	i := newFaultyServer(t, sends("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", func(net.Conn) {}))
	closed := make(chan struct{})
	network := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &closeTells{Conn: c, closed: closed}, err
	}}
	// The question waits until the connection has been given up.
	ctx := httptrace.WithClientTrace(deadline(t), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { <-closed }})
	c := newClient(t, Options{})
	c.transport.Wrap = func(http.RoundTripper) http.RoundTripper {
		return roundTripperFunc(func(*http.Request) (*http.Response, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+i.host, strings.NewReader("not sent twice"))
			ok(t, err)
			req.GetBody = nil
			return network.RoundTrip(req)
		})
	}
	_, err := c.Load(deadline(t), i.ref("app", "a"), nil)
	says(t, err, i.host+" sent data before it received a request")
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
