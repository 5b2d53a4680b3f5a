package registry

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry/transport"
)

const ociManifest = "application/vnd.oci.image.manifest.v1+json"

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// faults are responses to the GET of a tag, and the texts of their errors.
var faults = []struct {
	name     string
	answer   http.HandlerFunc
	say      []string
	requests int // in total, with retries
}{
	{"401 without a challenge", status(401, `{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}`), []string{"requires a login", "docker login 127.0.0.1"}, 2},
	{"403", status(403, `{"errors":[{"code":"DENIED","message":"denied"}]}`), []string{`denies access to app:a without a login ("denied"); run docker login `, " with an account that has access"}, 1},
	{"403 of an expired login", status(403, `{"errors":[{"code":"DENIED","message":"Your authorization token has expired. Reauthenticate and try again."}]}`),
		[]string{`denies access to app:a without a login ("Your authorization token has expired. Reauthenticate and try again"); run docker login `, " with an account that has access"}, 1},
	{"403 of an expired licence", status(403, "The licence has expired."), []string{`denies access to app:a without a login ("The licence has expired"); run docker login `}, 1},
	{"403 without a reason", status(403, `{"errors":[{"code":"DENIED"}]}`), []string{"denies access to app:a without a login; run docker login "}, 1},
	{"403 web page", status(403, "<html>export control", "Content-Type", "text/html"), []string{` denied access and answered with a web page ("export control"); open 127.0.0.1:`, " in a browser: a proxy or VPN may require a login"}, 1},
	{"401 web page", status(401, "<html>log in", "Content-Type", "text/html"), []string{` denied access and answered with a web page ("log in"); open 127.0.0.1:`}, 1},
	{"401 web page with a challenge", status(401, "<html>log in", "Content-Type", "text/html", "WWW-Authenticate", `Basic realm="x"`), []string{"requires a login for app:a"}, 1},
	{"401 with another scheme", status(401, "", "WWW-Authenticate", "Negotiate"), []string{" uses Negotiate to log in, which tagdiff does not support; ask the administrator of 127.0.0.1:", " for a login with a password or a token"}, 1},
	{"401 with other schemes", status(401, "<html>", "Content-Type", "text/html", "WWW-Authenticate", "NTLM, Negotiate"), []string{" uses NTLM to log in, which tagdiff does not support"}, 1},
	{"401 with another scheme and Basic", status(401, "", "WWW-Authenticate", `Negotiate, Basic realm="x"`), []string{"requires a login for app:a"}, 1},
	{"400 of nginx without a client certificate", status(400, "<html><center>No required SSL certificate was sent</center>", "Content-Type", "text/html"),
		[]string{" requires a client certificate; put client.cert and client.key in /etc/docker/certs.d/127.0.0.1:"}, 2},
	{"407 web page", status(407, "<html>", "Content-Type", "text/html"), []string{"the proxy for 127.0.0.1:", " requires a login; put user:password@"}, 1},
	{"404 of a tag", status(404, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`), []string{"has no tag a in app", "check the name"}, 1},
	{"404 of a repository", status(404, `{"errors":[{"code":"NAME_UNKNOWN"}]}`), []string{"has no repository app"}, 1},
	{"404 web page", status(404, "<html>not here", "Content-Type", "text/html"), []string{`answered with a web page (404 Not Found: "not here"); check host, port and name: it may not be a registry`}, 1},
	{"405", status(405, ""), []string{"does not support this request (405"}, 1},
	{"400 with words", status(400, "tea\nonly"), []string{"refused the request (400 Bad Request: tea)"}, 2},
	{"429 with a long wait", status(429, "", "Retry-After", "600"), []string{"reports too many requests: it asks for a pause of 10 min", "try again at ", "docker login", "for a higher limit"}, 1},
	{"429 with a reason", status(429, `{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}`, "Retry-After", "600"),
		[]string{`reports too many requests ("You have reached your pull rate limit"): it asks for a pause of 10 min; try again at `}, 1},
	{"429 for ever", status(429, ""), []string{"reports too many requests; try again in a minute"}, 8},
	{"500", status(500, `{"errors":[{"code":"UNKNOWN","message":"disk"}]}`), []string{"failed (500", "UNKNOWN disk"}, 3},
	{"503 with a long wait", status(503, "", "Retry-After", "3600"), []string{"failed (503", "try again at "}, 1},
	{"web page", status(200, "<!DOCTYPE html><p>hi", "Content-Type", "text/html"), []string{"is not a registry"}, 1},
	{"empty manifest", status(200, "", "Content-Type", ociManifest, "Docker-Content-Digest", "sha256:"+strings.Repeat("a", 64)), []string{"sent an empty manifest"}, 1},
	{"other digest", status(200, `{"schemaVersion":2,"config":{},"layers":[]}`, "Content-Type", ociManifest, "Docker-Content-Digest", "sha256:"+strings.Repeat("a", 64)), []string{"sent content that does not match its digest"}, 1},
	{"truncated", status(200, `{"schema`, "Content-Type", ociManifest), []string{"sent an invalid manifest: it ends too early (app:a)", "push the image again"}, 1},
	{"no JSON", status(200, "it works", "Content-Type", ociManifest), []string{"sent an invalid manifest: it is not JSON (app:a)"}, 1},
	{"no JSON and no type", status(200, "it works", "Content-Type", "text/plain"), []string{"sent an invalid manifest: it is not JSON (app:a)"}, 1},
	{"a list", status(200, "[]", "Content-Type", "application/json"), []string{"sent an invalid manifest: it is a JSON array (app:a)"}, 1},
	{"a list as an image", status(200, "[]", "Content-Type", ociManifest), []string{"sent an invalid manifest: it is a JSON array (app:a)"}, 1},
	{"layers of text", status(200, `{"schemaVersion":2,"layers":"x"}`, "Content-Type", ociManifest), []string{`sent an invalid manifest: its "layers" is a string`}, 1},
	{"unknown type", status(200, `{"a":1}`, "Content-Type", "application/vnd.foo+json"), []string{"has a manifest of the unknown type \"application/vnd.foo+json\" (app:a)", "check the reference"}, 1},
	{"no content", status(200, `{"schemaVersion":9}`, "Content-Type", ociManifest), []string{"sent an invalid manifest: it has no config, no layers, no images"}, 1},
	{"null", status(200, `null`, "Content-Type", ociManifest), []string{"sent an invalid manifest: it has no config, no layers, no images"}, 1},
	{"too many layers", status(200, `{"schemaVersion":2,"layers":[`+strings.Repeat(`{},`, 2000)+`{}]}`, "Content-Type", ociManifest), []string{"the manifest app:a in ", " exceeds a limit of tagdiff: it has 2001 layers, tagdiff reads at most 2000", "another tool"}, 1},
	{"bad digest inside", status(200, `{"schemaVersion":2,"config":{"digest":"../../x","size":3},"layers":[]}`, "Content-Type", ociManifest), []string{"sent an invalid manifest"}, 1},
	{"long error", status(400, strings.Repeat("x", 12<<20)), []string{"refused the request (400 Bad Request: xxx", "…"}, 2},
	{"too long by its header", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "50000000")
	}, []string{"sent more data than tagdiff accepts"}, 1},
	{"too long without one", func(w http.ResponseWriter, r *http.Request) {
		for range 9 {
			_, _ = w.Write(make([]byte, 1<<20))
		}
	}, []string{"sent more data than tagdiff accepts"}, 1},
	{"cut off", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"schema`)
	}, []string{" closed the connection in the middle of its answer; try again"}, 3},
	{"redirects without end", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	}, []string{" redirected the request more than 5 times, each time to itself; ask the administrator of the registry"}, transport.MaxRedirects + 1},
}

// TestLoad_faults checks that each fault is reported with its cause and a remedy.
func TestLoad_faults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			s := newServer(t)
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool { f.answer(w, r); return true })
			c := newClient(t, Options{})
			_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			says(t, err, append(f.say, s.host)...)
			isShort(t, err)
			if n := c.Traffic().Requests; n != f.requests {
				t.Errorf("%d requests, want %d", n, f.requests)
			}
		})
	}
}

// TestLoad_retries checks that a temporary failure is retried.
func TestLoad_retries(t *testing.T) {
	for _, first := range []http.HandlerFunc{status(500, ""), status(503, "", "Retry-After", "0"), status(429, ""), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "{")
	}} {
		s := newServer(t)
		s.pushImage(t, s.ref("app", "a"), image(t, 1))
		var n atomic.Int32
		s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
			if n.Add(1) == 1 {
				first(w, r)
				return true
			}
			return false
		})
		a, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
		ok(t, err)
		whole(t, a, 1, 1)
	}
}

// stuck sends a part of a body and then nothing until the client closes the connection.
func stuck(part string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if part != "" {
			w.Header().Set("Content-Length", "300")
			_, _ = io.WriteString(w, part)
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
}

// TestLoad_serverHangs checks that a silent server ends in a timeout.
func TestLoad_serverHangs(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"before the answer": stuck(""), "within the body": stuck("{")} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool { answer(w, r); return true })
			c := newClient(t, Options{})
			c.transport.Timeouts.Silence = 50 * time.Millisecond
			_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			says(t, err, "did not answer in time")

			c = newClient(t, Options{})
			ctx, cancel := context.WithTimeout(deadline(t), 50*time.Millisecond)
			defer cancel()
			_, err = c.Load(ctx, s.ref("app", "a"), nil)
			says(t, err, "timed out")
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v hides its cause", err)
			}
		})
	}
}

// TestLoad_slowBody checks that a body that arrives too slowly ends in a timeout.
func TestLoad_slowBody(t *testing.T) {
	s := newServer(t)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
		return true
	})
	c := newClient(t, Options{})
	c.transport.Timeouts.Total = 100 * time.Millisecond
	_, err := c.Load(deadline(t), s.ref("app", "a"), nil)
	says(t, err, "did not answer in time")
}

// TestHead_afterCancelledRequests checks that cancelled requests do not slow later ones
// down.
func TestHead_afterCancelledRequests(t *testing.T) {
	s := newServer(t)
	r := s.ref("app", "a")
	s.pushImage(t, r, image(t, 1))
	c := newClient(t, Options{Concurrency: 4})
	hang := make(chan struct{})
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		hang <- struct{}{}
		<-r.Context().Done()
		return true
	})
	for range 20 {
		ctx, cancel := context.WithCancel(deadline(t))
		done := make(chan error)
		go func() { _, err := c.Head(ctx, r); done <- err }()
		<-hang
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	s.plain.Store(true)
	for range 20 {
		_, err := c.Head(deadline(t), r)
		ok(t, err)
	}
}

// configCase serves a hand-made image whose config is as given.
func configCase(s *server, config string, size int64) {
	d := digest.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(config))))
	m := fmt.Sprintf(`{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[]}`, d, size)
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/manifests/") {
			status(200, m, "Content-Type", ociManifest)(w, r)
		} else {
			status(200, strings.TrimPrefix(config, "OTHER"), "Content-Type", contentType(config))(w, r)
		}
		return true
	})
}

func contentType(config string) string {
	if strings.Contains(config, "<html>") {
		return "text/html"
	}
	return "application/octet-stream"
}

// TestLoad_badConfig checks that a bad config affects its own entry only.
func TestLoad_badConfig(t *testing.T) {
	for _, tt := range []struct {
		name, config string
		size         int64
		say          string
		requests     int
	}{
		{"no JSON", "hello", 5, "sent an invalid config", 2},
		{"empty", "", 0, "sent an invalid config", 1},
		{"cut off", `{"os":"linux"`, 13, "sent an invalid config: it ends too early", 2},
		{"a long web page", "OTHER<html>" + strings.Repeat(" ", 100), 11, " answered with a web page instead of the config", 2},
		{"a web page", "OTHER<html>", 11, " answered with a web page instead of the config; check the network and its proxies", 2},
		{"other bytes", "OTHER{}", 7, "does not match its digest", 2},
		{"too large", "{}", transport.MaxConfig + 1, "exceeds a limit of tagdiff: its stated size is 8388609 bytes, tagdiff reads at most 8388608", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			configCase(s, tt.config, tt.size)
			c := newClient(t, Options{})
			a, err := c.Load(deadline(t), s.ref("app", "a"), nil)
			ok(t, err)
			says(t, a.Entries[0].Err, tt.say)
			if n := len(s.requests()); n != tt.requests || !a.Done {
				t.Errorf("%d requests, done %v", n, a.Done)
			}
		})
	}
}

// TestLoad_missingConfig checks that the error of a child has a remedy and no effect on
// later calls: the next load requests only the missing config, without a wait.
func TestLoad_missingConfig(t *testing.T) {
	cut := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "300")
		_, _ = io.WriteString(w, "{")
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		say    string
		tries  int
	}{
		{"503", status(503, ""), "failed (503", 3},
		{"503 for long", status(503, "", "Retry-After", "3600"), "failed (503", 1},
		{"429", status(429, ""), "reports too many requests", 8},
		{"429 for long", status(429, "", "Retry-After", "3600"), "reports too many requests", 1},
		{"silence", stuck(""), "did not answer in time", 1},
		{"silence within", stuck("{"), "did not answer in time", 1},
		{"cut off", cut, " closed the connection in the middle of its answer", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			r := s.ref("app", "a")
			s.pushIndex(t, r, eightPlatforms(t))
			var bad atomic.Value // path of the config that came first
			s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
				if strings.Contains(r.URL.Path, "/blobs/") && (bad.CompareAndSwap(nil, r.URL.Path) || bad.Load() == r.URL.Path) {
					tt.answer(w, r)
					return true
				}
				return false
			})
			c := newClient(t, Options{})
			if strings.HasPrefix(tt.name, "silence") {
				c.transport.Timeouts.Silence = 2 * time.Second // time for the others
			}
			a, err := c.Load(deadline(t), r, nil)
			ok(t, err)
			missing := 0
			for _, e := range a.Images() {
				if e.Image != nil && e.Err == nil {
					continue
				}
				missing++
				says(t, e.Err, s.host+" ", tt.say)
				isShort(t, e.Err)
				if !strings.Contains(e.Err.Error(), "; ") {
					t.Errorf("no remedy for %q", e.Err)
				}
			}
			if n := len(s.requests()); missing != 1 || !a.Done || n != 1+8+8-1+tt.tries {
				t.Errorf("%d without an image, done %v, %d requests", missing, a.Done, n)
			}

			before := len(s.requests())
			s.plain.Store(true)
			if pause := c.Traffic().Pause; pause != (model.Pause{}) {
				t.Errorf("requests are held back: %+v", pause)
			}
			waitLonger(c, s.host)
			a, err = c.Load(deadline(t), r, nil)
			ok(t, err)
			whole(t, a, 16, 8)
			got := s.requests()[before:]
			slices.Sort(got)
			if len(got) != 2 || got[0] != "GET "+bad.Load().(string) || !strings.HasPrefix(got[1], "HEAD ") {
				t.Errorf("requests %q", got)
			}
		})
	}
}

// TestManifest_unknownMediaType checks that the type of a manifest without a known media type is found from its body.
func TestManifest_unknownMediaType(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		s.real.ServeHTTP(plainType{w}, r)
		return true
	})
	a, err := newClient(t, Options{}).Load(deadline(t), s.ref("app", "a"), nil)
	ok(t, err)
	whole(t, a, 1, 1)
}

type plainType struct{ http.ResponseWriter }

func (p plainType) WriteHeader(code int) {
	p.Header().Set("Content-Type", "application/json")
	p.ResponseWriter.WriteHeader(code)
}

// TestLoad_unreachable checks that an unreachable registry is reported with its cause.
func TestLoad_unreachable(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	host := closed.Addr().String()
	ok(t, closed.Close())
	c := newClient(t, Options{})
	_, err = c.Load(deadline(t), model.Ref{Registry: host, Repository: "app", Tag: "a"}, nil)
	says(t, err, host+" refused the connection")

	_, err = c.Load(deadline(t), model.Ref{Registry: "no-such-host.invalid", Repository: "app", Tag: "a"}, nil)
	says(t, err, "no-such-host.invalid (DNS); ")

	_, err = c.Load(deadline(t), model.Ref{Registry: "127.0.0.1:65536", Repository: "app", Tag: "a"}, nil)
	says(t, err, "127.0.0.1:65536 is not a valid address: invalid port; check host and port")

	full := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
	says(t, c.host("reg.example").networkError(model.Ref{}, 0, full), "cannot open a connection to reg.example: too many files", "ulimit -n", "--parallel")
}

// TestPlainHTTP_needsFlag checks that plain http needs the flag, except on loopback.
func TestPlainHTTP_needsFlag(t *testing.T) {
	s := newServer(t)
	s.pushImage(t, s.ref("app", "a"), image(t, 1))
	r := s.ref("app", "a")
	c := newClient(t, Options{})
	c.transport.RequireTLS = true // as if it were elsewhere
	_, err := c.Load(deadline(t), r, nil)
	says(t, err, "answered with plain http", "--plain-http")
}

// TestTransport_readOnly checks that no request that could write is sent.
func TestTransport_readOnly(t *testing.T) {
	s := newServer(t)
	h := newClient(t, Options{}).host(s.host)
	if err := h.rc.TagDelete(transport.WithExchange(deadline(t), &transport.Exchange{}), regRef(s.ref("app", "a"))); err == nil {
		t.Error("a tag was deleted")
	}
	for _, r := range s.requests() {
		if !strings.HasPrefix(r, "HEAD ") && !strings.HasPrefix(r, "GET ") {
			t.Errorf("%s", r)
		}
	}
}
