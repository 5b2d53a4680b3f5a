package e2e

import (
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// proxy is a proxy that forwards the requests for any host to the demo registry.
type proxy struct {
	host string
	root string // a file with the certificate of the registry behind it

	mu    sync.Mutex
	asked []string
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	plain, secure := httptest.NewServer(demo.Handler()), httptest.NewTLSServer(demo.Handler())
	p := &proxy{root: filepath.Join(t.TempDir(), "root.pem")}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(p.root, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(plain.URL)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.Host+" "+r.Header.Get("Proxy-Authorization"))
		p.mu.Unlock()
		if r.Method == http.MethodConnect {
			tunnel(w, secure.Listener.Addr().String())
			return
		}
		forward.ServeHTTP(w, r)
	}))
	p.host = strings.TrimPrefix(s.URL, "http://")
	t.Cleanup(func() {
		s.Close()
		plain.Close()
		secure.Close()
	})
	return p
}

// tunnel connects a client with an address until one of them closes the connection.
func tunnel(w http.ResponseWriter, address string) {
	back, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer back.Close()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 200 Connected\r\n\r\n") //nolint:errcheck // the client may be gone
	go func() {
		defer back.Close()
		io.Copy(back, conn) //nolint:errcheck // it ends when one of them closes the connection
	}()
	io.Copy(conn, back) //nolint:errcheck // as above
}

// through is a run behind a proxy.
func through(t *testing.T, proxy, root string, args ...string) runResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := cleanCommand(ctx, t, uitest.Build(t), append([]string{"-o", "text"}, args...)...)
	cmd.Env = append(cmd.Env, "HTTP_PROXY="+proxy, "HTTPS_PROXY="+proxy, "SSL_CERT_FILE="+root)
	return runCommand(ctx, t, cmd)
}

// behind are the arguments for a registry that only the proxy can reach, by the
// method that the proxy gets. The name is that in the certificates of package httptest.
var behind = map[string][]string{
	"GET":     {"--plain-http", "example.com:5000/shop/image-name:20231001.155532z", ":prod"},
	"CONNECT": {"example.com/shop/image-name:20231001.155532z", ":prod"},
}

// TestProxy_reachesRegistry checks that requests go through the proxy of the environment, with its login.
func TestProxy_reachesRegistry(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("SSL_CERT_FILE does not count there")
	}
	for method, args := range behind {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t)
			got := through(t, "http://me:hunter22@"+p.host, p.root, args...)
			if got.code != 0 || !strings.HasPrefix(got.out, "Same image, packed differently") || got.errors != "" {
				t.Errorf("%+v", got)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, asked := range p.asked {
				if !strings.HasPrefix(asked, method+" example.com") || !strings.HasSuffix(asked, " Basic bWU6aHVudGVyMjI=") {
					t.Errorf("the proxy got %q", asked)
				}
			}
			if len(p.asked) == 0 {
				t.Error("the proxy got no request")
			}
		})
	}
}

// TestProxy_fails checks that an error names the proxy, does not contain its login,
// and is printable whatever the proxy sends.
func TestProxy_fails(t *testing.T) {
	t.Parallel()
	const login = "requires a login; put user:password@ before the host in HTTPS_PROXY and HTTP_PROXY"
	for name, f := range map[string]struct {
		answer       http.HandlerFunc // nil for a closed port
		get, connect string
	}{
		"closed port":    {nil, "the proxy THERE for example.com:5000 refused the connection; check HTTPS_PROXY", "the proxy THERE for example.com refused the connection; check HTTPS_PROXY"},
		"407":            {refuses(407, "UNKNOWN"), "the proxy for example.com:5000 " + login, "the proxy THERE for example.com " + login},
		"403":            {refuses(403, "DENIED"), "example.com:5000 denies access to", "the proxy THERE for example.com refused the request (403 Forbidden)"},
		"502":            {refuses(502, "UNAVAILABLE"), "example.com:5000, or the proxy THERE for it, failed (502 Bad Gateway: UNAVAILABLE words of the registry); try again later, or check HTTP_PROXY", "the proxy THERE for example.com refused the request (502 Bad Gateway)"},
		"foul":           {onTheWire(500, "X-A: b\r\n", controlText), "example.com:5000 failed (500 Internal Server Error", "the proxy THERE for example.com refused the request (500 Internal Server Error)"},
		"other protocol": {onTheWire(101, "Upgrade: x\r\nConnection: Upgrade\r\n", controlText), "answered 101 Switching Protocols", "refused the request (101 Switching Protocols)"},
		"silent":         {hangs, "example.com:5000 did not answer in time", "example.com did not answer in time"},
	} {
		for method, want := range map[string]string{"GET": f.get, "CONNECT": f.connect} {
			t.Run(name+", "+method, func(t *testing.T) {
				t.Parallel()
				host := ""
				if f.answer == nil {
					host = closedPort(t)
				} else {
					s := httptest.NewServer(f.answer)
					t.Cleanup(s.Close)
					host = strings.TrimPrefix(s.URL, "http://")
				}
				args := behind[method]
				if name == "silent" {
					args = slices.Concat(shortTimeout, args)
				}
				got := through(t, "http://me:hunter22@"+host, "", args...)
				got.oneLine(t, strings.ReplaceAll(want, "THERE", host))
				printable(t, "it", got.errors)
				if strings.Contains(got.errors, "hunter22") {
					t.Errorf("%q contains the login", got.errors)
				}
			})
		}
	}
}
