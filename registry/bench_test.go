package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
)

// These say how far reading is from the least that it can take, as a ratio:
// "floors" is the time divided by that of a bare http.Client that knows all
// URLs and sends the same requests at once. "rounds" counts requests that
// waited for each other. On a busy machine both can read higher.

// lag is what a request takes in the benchmarks, and a TLS connection twice.
const lag = 20 * time.Millisecond

// BenchmarkTwoTagsOfEightPlatforms takes three rounds.
func BenchmarkTwoTagsOfEightPlatforms(b *testing.B) {
	s := newServer(b)
	x, y := s.ref("app", "a"), s.ref("app", "b")
	s.pushIndex(b, x, eightPlatforms(b))
	s.pushIndex(b, y, eightPlatforms(b))
	s.setFront(slow(nil))
	var least time.Duration
	for b.Loop() {
		s.reset()
		loadBoth(b, newClient(b, Options{}), x, y)
		b.StopTimer()
		f := floor{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, url: s.URL}
		least += f.both(b, x, y)
		f.client.CloseIdleConnections()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(least), "floors")
	b.ReportMetric(float64(s.depth())/2, "rounds") // of the two
}

// BenchmarkFirstAnswerOverTLS is a start of the program: two tags of a registry
// with a token service and redirected blobs, no connection open. Its floor has
// to ask for everything one by one.
func BenchmarkFirstAnswerOverTLS(b *testing.B) {
	for _, remembered := range []bool{false, true} {
		name := map[bool]string{false: "unknown", true: "remembered"}[remembered]
		b.Run(name, func(b *testing.B) {
			a := newRemoteRegistry(b)
			a.pushImage(b, a.ref("app", "b"), image(b, 1))
			for _, s := range []*server{a.server, a.tokens, a.blobs} {
				s.setFront(slow(s.front()))
			}
			if remembered {
				a.run(b)
			}
			var least time.Duration
			for b.Loop() {
				b.StopTimer()
				opts := a.opts
				if !remembered {
					opts.Endpoints = ""
				}
				c := newClient(b, opts)
				c.transport.RequireTLS = true // as for a registry that is not on loopback
				f := floor{client: &http.Client{Transport: plainTransport(b, c, a.host)}, url: a.URL}
				least += f.both(b, a.ref("app", "a"), a.ref("app", "b"))
				b.StartTimer()
				loadBoth(b, c, a.ref("app", "a"), a.ref("app", "b"))
			}
			b.ReportMetric(float64(b.Elapsed())/float64(least), "floors")
		})
	}
}

// slow lets lag pass before each answer.
func slow(front func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		time.Sleep(lag)
		return front != nil && front(w, r)
	}
}

// slowConn takes as long for its first bytes as a TCP and a TLS handshake do.
type slowConn struct {
	net.Conn
	once sync.Once
}

func (c *slowConn) Read(p []byte) (int, error) {
	c.once.Do(func() { time.Sleep(2 * lag) })
	return c.Conn.Read(p)
}

type slowListener struct{ net.Listener }

func (l slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &slowConn{Conn: c}, nil
}

// slowly has a server's connections take their time in a benchmark.
func slowly(t testing.TB, s *httptest.Server) {
	t.Helper()
	if _, is := t.(*testing.B); is {
		s.Listener = slowListener{s.Listener}
	}
}

// plainTransport trusts what c does for host, and no more.
func plainTransport(b *testing.B, c *Client, host string) *http.Transport {
	b.Helper()
	authority, err := os.ReadFile(filepath.Join(c.opts.CertDirs[0], host, "ca.crt"))
	ok(b, err)
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(authority)
	t := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	b.Cleanup(t.CloseIdleConnections)
	return t
}

// floor reads images with as little as possible around net/http.
type floor struct {
	client *http.Client
	url    string

	mu    sync.Mutex
	token string
}

func (f *floor) both(b *testing.B, refs ...model.Ref) time.Duration {
	b.Helper()
	start := time.Now()
	each(refs, func(r model.Ref) { f.image(b, r.Repository, r.Tag) })
	return time.Since(start)
}

// image reads a manifest and all images below it, or its config.
func (f *floor) image(b *testing.B, repo, name string) {
	b.Helper()
	var m struct {
		Config    struct{ Digest string }
		Manifests []struct {
			Digest   string
			Platform struct{ OS string }
		}
	}
	if err := json.Unmarshal(f.get(b, "/v2/"+repo+"/manifests/"+name, "repository:"+repo+":pull"), &m); err != nil {
		b.Error(err)
	}
	if m.Config.Digest != "" {
		f.get(b, "/v2/"+repo+"/blobs/"+m.Config.Digest, "repository:"+repo+":pull")
	}
	var names []string
	for _, d := range m.Manifests {
		if d.Platform.OS != "unknown" {
			names = append(names, d.Digest)
		}
	}
	each(names, func(name string) { f.image(b, repo, name) })
}

func (f *floor) get(b *testing.B, path, scope string) []byte {
	b.Helper()
	for {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, f.url+path, nil)
		if err != nil {
			b.Error(err)
			return nil
		}
		f.mu.Lock()
		token := f.token
		f.mu.Unlock()
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := f.client.Do(req)
		if err != nil {
			b.Error(err)
			return nil
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode == http.StatusUnauthorized {
			f.ask(b, resp.Header, scope, token)
			continue
		}
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Error(resp.Status, err)
		}
		return body
	}
}

// ask gets a token in place of one that was refused.
func (f *floor) ask(b *testing.B, h http.Header, scope, refused string) {
	b.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.token != refused {
		return
	}
	_, quoted, _ := strings.Cut(h.Get("WWW-Authenticate"), `realm="`)
	realm, _, _ := strings.Cut(quoted, `"`)
	resp, err := f.client.Get(realm + "?service=here&scope=" + scope)
	if err != nil {
		b.Error(err)
		return
	}
	defer resp.Body.Close()
	var w struct{ Token string }
	if err := json.NewDecoder(resp.Body).Decode(&w); err != nil {
		b.Error(err)
	}
	f.token = w.Token
}

func each[T any](all []T, do func(T)) {
	var wg sync.WaitGroup
	for _, x := range all {
		wg.Go(func() { do(x) })
	}
	wg.Wait()
}
