package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestADamagedFileOfEndpointsIsIgnored(t *testing.T) {
	now := time.Now().UTC().Format(time.RFC3339)
	old := time.Now().Add(-60 * 24 * time.Hour).UTC().Format(time.RFC3339)
	entry := func(fields string) string { return `{"HOST":{` + fields + `"seen":"` + now + `"}}` }
	for name, text := range map[string]string{
		"empty":         "",
		"cut off":       entry(`"realm":"TOKEN","service":"here",`)[:40],
		"other":         `[1,2,3]`,
		"null":          `null`,
		"other types":   `{"HOST":{"realm":7}}`,
		"zeros":         strings.Repeat("\x00", 4096),
		"huge":          entry(`"realm":"TOKEN",` + strings.Repeat(" ", 64<<10)),
		"old":           `{"HOST":{"realm":"TOKEN","service":"here","seen":"` + old + `"}}`,
		"of the future": `{"HOST":{"realm":"TOKEN","service":"here","seen":"2999-01-01T00:00:00Z"}}`,
		"without TLS":   entry(`"realm":"http://127.0.0.1:1/token",`),
		"no address":    entry(`"realm":"https://",`),
		"with a query":  entry(`"realm":"TOKEN?x=y",`),
		"odd hosts":     entry(`"blobs":"a/b?c",`),
	} {
		t.Run(name, func(t *testing.T) {
			a := newAbroad(t)
			text = strings.NewReplacer("HOST", a.host, "TOKEN", a.tokens.URL+"/token").Replace(text)
			ok(t, os.MkdirAll(filepath.Dir(a.opts.Endpoints), 0o700))
			ok(t, os.WriteFile(a.opts.Endpoints, []byte(text), 0o600))
			if registry, _, _ := a.run(t); len(registry) != 3 {
				t.Errorf("asked %q", registry)
			}
			if registry, _, _ := a.run(t); len(registry) != 2 {
				t.Errorf("it is not repaired: asked %q", registry)
			}
		})
	}
}

func TestAFolderInPlaceOfTheFileIsIgnored(t *testing.T) {
	a := newAbroad(t)
	ok(t, os.MkdirAll(a.opts.Endpoints, 0o700))
	a.run(t)
	left, err := os.ReadDir(filepath.Dir(a.opts.Endpoints))
	ok(t, err)
	if len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEndpointsAreFew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoints.json")
	start := time.Now().UTC().Truncate(time.Second)
	all := map[string]endpoint{}
	for i := range 3 * maxEndpoints {
		all[fmt.Sprintf("r%03d.example", i)] = endpoint{Seen: start.Add(-time.Duration(i) * time.Hour)}
	}
	(&endpoints{path: path}).write(all)
	got := (&endpoints{path: path}).read()
	if _, newest := got["r000.example"]; len(got) != maxEndpoints || !newest {
		t.Errorf("%d are left", len(got))
	}
}

// Each of several programs at once reads a whole file whenever it looks, and
// what one learns stays unless another writes at that very moment.
func TestSeveralWriteEndpointsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoints.json")
	first := endpoint{Realm: "https://auth.example/token"}
	(&endpoints{path: path}).update("first.example", func(p *endpoint) { *p = first })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			e := &endpoints{path: path}
			for j := range 20 {
				e.update(fmt.Sprintf("r%d-%d.example", i, j%4), func(p *endpoint) { p.Service = strings.Repeat("s", j) })
				if got := e.read()["first.example"]; got.Realm != first.Realm {
					t.Errorf("read %+v", got)
				}
			}
		})
	}
	all.Wait()
	files, err := os.ReadDir(filepath.Dir(path))
	ok(t, err)
	if len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestWhatIsKnownIsNotWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "endpoints.json")
	set := func(p *endpoint) { p.Realm = "https://auth.example/token" }
	e := &endpoints{path: path}
	e.update("r.example", set)
	ok(t, os.Remove(path))
	e.update("r.example", set)
	if _, err := os.Stat(path); err == nil {
		t.Error("written again")
	}
	e.byHost["r.example"] = endpoint{Realm: "https://auth.example/token", Seen: time.Now().Add(-2 * endpointRenewal)}
	e.update("r.example", set)
	_, err := os.Stat(path)
	ok(t, err)
}
