package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// movingTag is the demo's registry, where the test can move the tag shop/api:latest.
type movingTag struct {
	host      string
	target    atomic.Value // string: the tag that latest is read from
	afterRead atomic.Value // func(), called after a GET of the tag
}

func startMovingTag(t testing.TB, to string) *movingTag {
	t.Helper()
	m := &movingTag{}
	m.target.Store(to)
	m.afterRead.Store(func() {})
	inner := demo.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		read := strings.HasSuffix(r.URL.Path, "/manifests/latest")
		if read {
			r = r.Clone(r.Context())
			r.URL.Path = strings.TrimSuffix(r.URL.Path, "latest") + m.target.Load().(string)
		}
		inner.ServeHTTP(w, r)
		if read && r.Method == http.MethodGet {
			m.afterRead.Load().(func())()
		}
	}))
	t.Cleanup(server.Close)
	m.host = strings.TrimPrefix(server.URL, "http://")
	return m
}

// TestTagMove_comparison: the comparison stays on the screen, and a banner reports that the
// tag has moved.
func TestTagMove_comparison(t *testing.T) {
	m := startMovingTag(t, "build-1041")
	term := uitest.Start(t, wide, "--recheck", "1s", m.host+"/shop/api:build-1042", ":latest")
	term.WaitFor("python 2.7.17", "PYTHON_VERSION")
	before := term.Frame().Text()
	m.target.Store("build-1042")
	term.WaitFor(":latest has moved", "M compares")
	for _, line := range []string{"python 2.7.17", "B :latest"} {
		if !term.Frame().Contains(line) {
			t.Errorf("%q disappeared; the screen before the move:\n%s", line, before)
		}
	}
	term.Type("M")
	term.WaitFor("A :latest then", "B :latest", "python 2.7.16")
	waitForFiles(term)
	term.Type("esc")
	term.WaitFor("M compares")
	term.Type("r")
	term.WaitFor("Identical")
	term.WaitGone("has moved")
}

// TestTagMove_loading: the tag moves between the first and the second request.
func TestTagMove_loading(t *testing.T) {
	m := startMovingTag(t, "build-1041")
	m.afterRead.Store(func() { m.target.Store("build-1042") })
	term := uitest.Start(t, small, m.host+"/shop/api:build-1041", ":latest")
	term.WaitFor("Identical", ":latest has moved")
}

// TestTagMove_list: the list marks the tag, reports the move, and compares the old with the
// new digest.
func TestTagMove_list(t *testing.T) {
	m := startMovingTag(t, "build-1041")
	term := uitest.Start(t, small, "--recheck", "1s", m.host+"/shop/api")
	term.WaitFor("build-1042", "latest           c7b84ed45c99", "1/5")
	term.WaitGone("under way")
	m.target.Store("build-1042")
	term.WaitFor(":latest moved just now", "m compares before and after", "↷latest")
	term.Type("G", "m")
	term.WaitFor("A :latest then", "B :latest", "python 2.7.16")
}
