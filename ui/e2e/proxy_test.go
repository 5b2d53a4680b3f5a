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

// proxy is one to the demo's registry, whatever host it is asked for.
type proxy struct {
	host string
	root string // a file with the certificate of who is behind it

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

// tunnel joins a client with an address until either has enough.
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
	io.WriteString(conn, "HTTP/1.1 200 Connected\r\n\r\n") //nolint:errcheck // a client that is gone reads nothing
	go func() {
		defer back.Close()
		io.Copy(back, conn) //nolint:errcheck // it ends when one of them hangs up
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

// behind are commands on a registry that only a proxy can reach. The name is
// that in the certificates of package httptest.
var behind = map[string][]string{
	"GET":     {"--plain-http", "example.com:5000/shop/image-name:20231001.155532z", ":prod"},
	"CONNECT": {"example.com/shop/image-name:20231001.155532z", ":prod"},
}

func TestAProxyIsTheWay(t *testing.T) {
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
					t.Errorf("it was asked for %q", asked)
				}
			}
			if len(p.asked) == 0 {
				t.Error("the proxy was not asked")
			}
		})
	}
}

// TestProxiesThatDoNotLead: it is said that it is the proxy, its login is not
// told, and nothing of what it sends moves the terminal.
func TestProxiesThatDoNotLead(t *testing.T) {
	t.Parallel()
	const login = "wants a login; put it before the host in HTTPS_PROXY and HTTP_PROXY"
	for name, f := range map[string]struct {
		answer       http.HandlerFunc // nil for a proxy that is not there
		get, connect string
	}{
		"nobody":         {nil, "nobody listens at the proxy THERE, which is the way to example.com:5000; check HTTPS_PROXY", "nobody listens at the proxy THERE, which is the way to example.com; check HTTPS_PROXY"},
		"407":            {refuses(407, "UNKNOWN"), "the proxy on the way to example.com:5000 " + login, "the proxy THERE, which is the way to example.com, " + login},
		"403":            {refuses(403, "DENIED"), "example.com:5000 does not let you read", "the proxy THERE, which is the way to example.com, refuses it (403 Forbidden)"},
		"foul":           {onTheWire(500, "X-A: b\r\n", acted), "example.com:5000 is in trouble itself", "the proxy THERE, which is the way to example.com, refuses it (500 Internal Server Error)"},
		"other protocol": {onTheWire(101, "Upgrade: x\r\nConnection: Upgrade\r\n", acted), "sent neither what was asked for nor a refusal (101", "refuses it (101 Switching Protocols)"},
		"silent":         {hangs, "example.com:5000 does not answer in time", "example.com does not answer in time"},
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
					args = slices.Concat(soon, args)
				}
				got := through(t, "http://me:hunter22@"+host, "", args...)
				got.oneLine(t, strings.ReplaceAll(want, "THERE", host))
				printable(t, "it", got.errors)
				if strings.Contains(got.errors, "hunter22") {
					t.Errorf("%q tells the login", got.errors)
				}
			})
		}
	}
}
