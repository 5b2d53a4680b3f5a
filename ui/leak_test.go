package ui

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"go.uber.org/goleak"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/registry"
	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/journal"
	"github.com/tagdiff/tagdiff/ui/look"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/uitest"
	"github.com/tagdiff/tagdiff/ui/uitest/driver"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// demoServer is the demo registry, which can be made to hang. It counts its open
// connections.
type demoServer struct {
	*httptest.Server
	hangs   func(*http.Request) bool // nil for never
	hanging chan string              // the paths of the requests that hang
	open    atomic.Int64
}

func newDemoServer(t testing.TB) *demoServer {
	t.Helper()
	h := &demoServer{hanging: make(chan string, 1000)}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.hangs != nil && h.hangs(r) {
			h.hanging <- r.URL.Path
			<-r.Context().Done()
			return
		}
		demo.Handler().ServeHTTP(w, r)
	}))
	h.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			h.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			h.open.Add(-1)
		}
	}
	h.Start()
	t.Cleanup(h.Close)
	return h
}

func (h *demoServer) host() string { return strings.TrimPrefix(h.URL, "http://") }

// options returns the options of an App on the server, as the program makes them.
func (h *demoServer) options(t testing.TB) (Options, *registry.Client, *journal.Journal) {
	t.Helper()
	client := registry.New(registry.Options{})
	recorded := journal.Open(t.TempDir(), func(s string) { t.Errorf("the journal reported: %s", s) })
	return Options{Registry: journal.Registry{Source: client, Journal: recorded}, Journal: recorded, Glyphs: look.Unicode(), Recheck: time.Hour}, client, recorded
}

// appRunner runs an App as Bubble Tea does: each command in a goroutine.
type appRunner struct {
	app  App
	msgs chan tea.Msg
	done chan struct{}
	wait sync.WaitGroup
}

func newAppRunner(ctx context.Context, o Options) *appRunner {
	r := &appRunner{app: New(ctx, o), msgs: make(chan tea.Msg), done: make(chan struct{})}
	r.app.options.Pulse = time.Millisecond
	return r
}

func (r *appRunner) update(msg tea.Msg) {
	m, cmd := r.app.Update(msg)
	r.app = m.(App)
	r.run(cmd)
}

func (r *appRunner) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	r.wait.Go(func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				r.run(c)
			}
		default:
			select {
			case r.msgs <- msg:
			case <-r.done:
			}
		}
	})
}

// updateUntil handles messages until ok returns true, which is called after each.
func (r *appRunner) updateUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(uitest.WaitTimeout)
	for !ok() {
		select {
		case msg := <-r.msgs:
			r.update(msg)
		case <-time.After(time.Millisecond): // ok may depend on something else
		case <-deadline:
			t.Fatalf("no %s:\n%s", what, r.app.content())
		}
	}
}

func (r *appRunner) keys(names ...string) {
	for _, n := range names {
		msg := tea.KeyPressMsg{Code: []rune(n)[0], Text: n}
		if code, ok := map[string]rune{"enter": tea.KeyEnter, "esc": tea.KeyEscape}[n]; ok {
			msg = tea.KeyPressMsg{Code: code}
		}
		r.update(msg)
	}
}

// TestClosePage_freesEverything: a page that is closed while a registry hangs leaves no
// goroutine, request or connection.
func TestClosePage_freesEverything(t *testing.T) {
	in := func(part string) func(*http.Request) bool {
		return func(r *http.Request) bool { return strings.Contains(r.URL.Path, part) }
	}
	head := func(r *http.Request) bool { return r.Method == http.MethodHead }
	for name, tt := range map[string]struct {
		open  []string
		keys  []string
		hangs func(*http.Request) bool
	}{
		"compare at the manifests": {[]string{"/shop/image-name:prod", "/shop/image-name:20231001.155532z"}, nil, in("/manifests/")},
		"compare at the configs":   {[]string{"/library/python:2.7", "/library/python:2.7.16"}, nil, in("/blobs/")},
		"one image":                {[]string{"/library/python:2.7"}, nil, in("sha256:")},
		"list of repositories":     {[]string{""}, nil, in("_catalog")},
		"list of tags":             {[]string{"/many/tags"}, nil, in("/tags/list")},
		"tags in view":             {[]string{"/shop/image-name"}, nil, in("/manifests/")},
		"survey":                   {[]string{"/shop/image-name"}, []string{"d"}, head},
		"timeline":                 {[]string{"/library/python:2.7"}, []string{"t"}, head},
		"nothing hangs":            {[]string{"/library/python:2.7", "/library/python:2.7.16"}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newDemoServer(t)
			before := goleak.IgnoreCurrent()
			o, client, recorded := h.options(t)
			for _, r := range tt.open {
				if r == "" {
					o.Open = append(o.Open, model.Ref{Registry: h.host()})
					continue
				}
				o.Open = append(o.Open, fakereg.Ref(t, h.host()+r))
			}
			h.hangs = tt.hangs
			ctx, end := context.WithCancel(t.Context())
			r := newAppRunner(ctx, o)
			r.update(tea.WindowSizeMsg{Width: 100, Height: 30})
			r.update(startMsg{})
			if tt.hangs == nil {
				r.updateUntil(t, "answer", func() bool {
					return strings.Contains(r.app.content(), "2.7.16 → 2.7.17") || strings.Contains(r.app.content(), "2.7.17 → 2.7.16")
				})
			}
			if len(tt.keys) > 0 {
				r.updateUntil(t, "page", func() bool { return len(r.app.stack) > 1 && r.app.stack[1].id != 0 })
				r.keys(tt.keys...)
			}
			if tt.hangs != nil {
				r.updateUntil(t, "request that hangs", func() bool { return len(h.hanging) > 0 })
			}
			for len(r.app.stack) > 1 {
				r.update(page.PopMsg{})
			}
			// The home page is open and waits for nothing.
			r.updateUntil(t, "end of all requests", func() bool { return client.Traffic().InFlight == 0 })
			close(r.done)
			r.wait.Wait()
			end()
			recorded.Close()
			client.Close()
			if err := goleak.Find(before); err != nil {
				t.Error(err)
			}
			if n := waitForZero(&h.open); n != 0 {
				t.Errorf("%d connections are open", n)
			}
		})
	}
}

// waitForZero waits until n is 0 and returns it, or its value after the timeout.
func waitForZero(n *atomic.Int64) int64 {
	for deadline := time.Now().Add(uitest.WaitTimeout); n.Load() != 0 && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	return n.Load()
}

// browse looks for an image: lists, a comparison in all views, one image, its history,
// and back.
func browse(d *driver.Driver) {
	d.Keys("o", app(d).env.Hosts()[0], "/shop/image-name", "enter")
	d.Keys("d", "down", "d", "/", "prod", "enter", "esc", "space", "down", "space")
	for _, view := range []string{"1", "2", "3", "4", "6", "7", "8", "0"} {
		d.Keys(view, "n", "enter", "esc")
	}
	d.Keys("w", "esc", "s", "r", "?", "esc", "esc", "enter", "3", "t", "esc", "esc", "esc")
	d.Keys("o", app(d).env.Hosts()[0], "/library/python:2.7", "space", ":2.7.16", "enter", "2", "p", "3", "p", "5", "esc")
	for len(app(d).stack) > 1 {
		d.Send(page.PopMsg{})
	}
}

// resources are what the program holds: bytes of heap, goroutines, files.
type resources struct{ heap, goroutines, files int64 }

func measureResources() resources {
	runtime.GC()
	runtime.GC() // a second time for finalizers and pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd") // none without /proc
	return resources{int64(m.HeapAlloc), int64(runtime.NumGoroutine()), int64(len(files))}
}

func (h *demoServer) startDriver(t *testing.T) *driver.Driver {
	t.Helper()
	o, client, recorded := h.options(t)
	o.Hosts = func() []string { return []string{h.host()} }
	o.Recheck = 0 // the driver would wait for it
	d := drive(t, o, 100, 30)
	t.Cleanup(func() { recorded.Close(); client.Close() })
	return d
}

// TestMemory_staysFlat: visited pages are released. The second half of some rounds needs
// no more memory than the first.
func TestMemory_staysFlat(t *testing.T) {
	rounds := 10
	if n := os.Getenv("TAGDIFF_ROUNDS"); n != "" { // 2000 rounds are about an hour on call
		fmt.Sscan(n, &rounds) //nolint:errcheck // otherwise the default stays
	}
	h := newDemoServer(t)
	d := h.startDriver(t)
	for range rounds {
		browse(d)
	}
	half := measureResources()
	for range rounds {
		browse(d)
	}
	whole := measureResources()
	t.Logf("%d rounds: %+v, as many again: %+v, %d requests", rounds, half, whole, app(d).env.Registry.Traffic().Requests)
	if grown := whole.heap - half.heap; grown > 1<<20 {
		t.Errorf("the heap grew by %d bytes in %d rounds", grown, rounds)
	}
	if whole.goroutines > half.goroutines+4 || whole.files > half.files+4 {
		t.Errorf("%+v became %+v", half, whole)
	}
}

// TestStack_isBounded: a user who never goes back keeps the first page and the latest
// ones.
func TestStack_isBounded(t *testing.T) {
	d := drive(t, Options{Registry: fakereg.Retag(t)}, 80, 24)
	ended := 0
	for range 3 * maxPages {
		d.Keys("o", "localhost:5000/app:prod", "enter")
		end := app(d).stack[len(app(d).stack)-1].cancel
		app(d).stack[len(app(d).stack)-1].cancel = func() { end(); ended++ }
	}
	if n := len(app(d).stack); n != maxPages || ended != 2*maxPages+1 {
		t.Errorf("%d pages are open, %d were ended", n, ended)
	}
	for range maxPages {
		d.Keys("esc")
	}
	d.Sees("open:")
}
