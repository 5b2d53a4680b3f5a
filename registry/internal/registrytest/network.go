package registrytest

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Network has servers with real names, reached through Dial, which answer over TLS and on
// port 80 without it. It records all requests.
type Network struct {
	// CertDir has the folder of docker that makes a client trust the servers.
	CertDir string

	authority     CertAuthority
	secure, plain *httptest.Server

	mu       sync.Mutex
	servers  map[string]http.Handler
	requests []Request
}

// Request is what a server has received.
type Request struct {
	Method, Scheme, Host, Path string

	Secrets []string // user:password, "Bearer TOKEN", refresh_token=TOKEN
	Status  int      // of the answer
}

// String is a request in one line.
func (r Request) String() string {
	line := fmt.Sprintf("%s %s://%s%s", r.Method, r.Scheme, r.Host, r.Path)
	return fmt.Sprintf("%s %d", strings.Join(append([]string{line}, r.Secrets...), " "), r.Status)
}

// NewNetwork makes a network without servers.
func NewNetwork(t testing.TB) *Network {
	t.Helper()
	n := &Network{CertDir: t.TempDir(), authority: NewCertAuthority(t), servers: map[string]http.Handler{}}
	n.plain, n.secure = httptest.NewUnstartedServer(n), httptest.NewUnstartedServer(n)
	for _, s := range []*httptest.Server{n.plain, n.secure} {
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		t.Cleanup(s.Close)
	}
	n.plain.Start()
	n.secure.TLS = &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return n.authority.certificate(hello.ServerName)
	}}
	n.secure.StartTLS()
	return n
}

// Handle makes h the server for a host, with or without a port.
func (n *Network) Handle(t testing.TB, host string, h http.HandlerFunc) {
	t.Helper()
	dir := filepath.Join(n.CertDir, host)
	OK(t, os.MkdirAll(dir, 0o700))
	OK(t, os.WriteFile(filepath.Join(dir, "ca.crt"), n.authority.PEM(), 0o600))
	n.mu.Lock()
	defer n.mu.Unlock()
	n.servers[host] = h
}

// Dial opens a connection to a server of the network.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	to := n.secure
	if strings.HasSuffix(address, ":80") {
		to = n.plain
	}
	return new(net.Dialer).DialContext(ctx, network, to.Listener.Addr().String())
}

func (n *Network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	h := n.servers[r.Host]
	n.mu.Unlock()
	if h == nil {
		h = http.NotFoundHandler()
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	got := Request{Method: r.Method, Scheme: "http", Host: r.Host, Path: r.URL.Path, Secrets: secretsOf(r, string(body))}
	if r.TLS != nil {
		got.Scheme = "https"
	}
	recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
	h.ServeHTTP(recorder, r)
	got.Status = recorder.status
	n.mu.Lock()
	defer n.mu.Unlock()
	n.requests = append(n.requests, got)
}

// secretsOf are the login and the tokens in a request.
func secretsOf(r *http.Request, body string) []string {
	var all []string
	header := r.Header.Get("Authorization")
	if user, pass, ok := r.BasicAuth(); ok {
		header = user + ":" + pass
	}
	if header != "" {
		all = append(all, header)
	}
	form, _ := url.ParseQuery(body + "&" + r.URL.RawQuery)
	if token := form.Get("refresh_token"); token != "" {
		all = append(all, "refresh_token="+token)
	}
	return append(all, r.Header["Cookie"]...)
}

// Requests returns the requests so far, and forgets them.
func (n *Network) Requests() []Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := n.requests
	n.requests = nil
	return all
}

// Lines returns the requests so far as lines, and forgets them.
func (n *Network) Lines() []string {
	var lines []string
	for _, r := range n.Requests() {
		lines = append(lines, r.String())
	}
	return slices.Clip(lines)
}

// DockerConfig is a config.json of docker with logins, each of them HOST=USER:PASSWORD.
func DockerConfig(logins ...string) string {
	var entries []string
	for _, l := range logins {
		host, pair, _ := strings.Cut(l, "=")
		entries = append(entries, fmt.Sprintf(`%q:{"auth":%q}`, host, base64.StdEncoding.EncodeToString([]byte(pair))))
	}
	return `{"auths":{` + strings.Join(entries, ",") + `}}`
}

// statusRecorder records the status of an answer.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}
