package registry

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEndpointFile_damaged checks that a damaged file of endpoints is ignored.
func TestEndpointFile_damaged(t *testing.T) {
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
			a := newRemoteRegistry(t)
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

// TestEndpointFile_folder checks that a folder in place of the file is ignored.
func TestEndpointFile_folder(t *testing.T) {
	a := newRemoteRegistry(t)
	ok(t, os.MkdirAll(a.opts.Endpoints, 0o700))
	a.run(t)
	left, err := os.ReadDir(filepath.Dir(a.opts.Endpoints))
	ok(t, err)
	if len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
