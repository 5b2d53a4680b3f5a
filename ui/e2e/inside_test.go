package e2e

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// builds is a registry with images of a base and one more layer, by tag.
type builds struct {
	mu      sync.Mutex        // a program of another test may connect to a port that was its registry's
	blobs   map[string][]byte // by digest, and manifests by tag, too
	missing map[string]bool   // digests of layers that the registry does not send
	asked   chan string       // unless nil, gets the name of a blob of which the registry has then sent only half
	half    string            // its name
	rest    chan struct{}     // a value makes the registry send the rest; nil: it never does
	gone    chan string       // unless nil, gets the name when the client left instead
}

func startBuilds(t *testing.T) (b *builds, host string) {
	t.Helper()
	b = &builds{blobs: map[string][]byte{}, missing: map[string]bool{}}
	server := httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(server.Close)
	return b, strings.TrimPrefix(server.URL, "http://")
}

func (b *builds) serve(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	b.mu.Lock()
	content, ok := b.blobs[name]
	missing, asked, half, rest, gone := b.missing[name], b.asked, b.half, b.rest, b.gone
	b.mu.Unlock()
	switch {
	case strings.Trim(r.URL.Path, "/") == "v2":
	case missing:
		http.Error(w, "{}", http.StatusServiceUnavailable)
	case asked != nil && name == half:
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content[:len(content)/2]) // the client may be gone
		_ = http.NewResponseController(w).Flush()
		select {
		case asked <- name:
		default:
		}
		select {
		case <-rest:
			_, _ = w.Write(content[len(content)/2:])
		case <-r.Context().Done():
			if gone != nil {
				gone <- name
			}
		}
	case !ok:
		http.NotFound(w, r)
	default:
		if strings.Contains(r.URL.Path, "/manifests/") {
			w.Header().Set("Content-Type", v1.MediaTypeImageManifest)
		}
		w.Header().Set("Docker-Content-Digest", digest.FromBytes(content).String())
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
	}
}

// push makes an image with a base and a layer, built at a time. It returns the digest of the layer.
func (b *builds) push(t *testing.T, tag string, built time.Time, env string, items ...insidetest.Item) digest.Digest {
	t.Helper()
	return b.pushLayer(t, tag, built, env, insidetest.Gzip(insidetest.Tar(items...)), v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip})
}

// pushLayer is push with the blob of the layer, and the media type and annotations of its descriptor.
func (b *builds) pushLayer(t *testing.T, tag string, built time.Time, env string, blob []byte, d v1.Descriptor) digest.Digest {
	t.Helper()
	base := insidetest.Gzip(insidetest.Tar(insidetest.File("bin/sh", "sh")))
	layers := []v1.Descriptor{{MediaType: v1.MediaTypeImageLayerGzip, Digest: b.put(base), Size: int64(len(base))}}
	d.Digest, d.Size = b.put(blob), int64(len(blob))
	layers = append(layers, d)
	var diffIDs []digest.Digest
	for _, blob := range [][]byte{base, blob} {
		l, err := inside.Read(bytes.NewReader(blob), inside.Options{})
		if err != nil {
			t.Fatal(err)
		}
		diffIDs = append(diffIDs, l.DiffID)
	}
	config := encodeJSON(t, v1.Image{
		Created: &built, Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Config: v1.ImageConfig{Env: []string{"MODE=" + env}},
		RootFS:  v1.RootFS{Type: "layers", DiffIDs: diffIDs},
		History: []v1.History{{CreatedBy: "ADD base.tar /"}, {CreatedBy: "RUN make install", Created: &built}},
	})
	m := v1.Manifest{MediaType: v1.MediaTypeImageManifest, Layers: layers,
		Config: v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: b.put(config), Size: int64(len(config))}}
	m.SchemaVersion = 2
	manifest := encodeJSON(t, m)
	b.put(manifest)
	b.change(func() { b.blobs[tag] = manifest })
	return layers[1].Digest
}

func (b *builds) put(content []byte) digest.Digest {
	d := digest.FromBytes(content)
	b.change(func() { b.blobs[d.String()] = content })
	return d
}

// change changes what the registry answers.
func (b *builds) change(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

func encodeJSON(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestInside checks the exit code, the output and the errors of each flag about what is inside layers.
// The layers are larger than those that are read for every report.
func TestInside(t *testing.T) {
	t.Parallel()
	b, host := startBuilds(t)
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	later := noon.Add(time.Hour)
	large := make([]byte, 300_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(large) // it does not compress
	items := func(at time.Time, log, program string) []insidetest.Item {
		return []insidetest.Item{
			insidetest.File("app/data", string(large)).At(at), insidetest.File("app/main.py", program).At(at), insidetest.File("var/log/dpkg.log", log).At(at),
		}
	}
	b.push(t, "first", noon, "fast", items(noon, "1", "run\n")...)
	b.push(t, "again", later, "fast", items(later, "1", "run\n")...)
	b.push(t, "logs", later, "fast", items(later, "2", "run\n")...)
	b.push(t, "other", later, "fast", items(later, "2", "run\nend\n")...)
	b.push(t, "slow", later, "slow", items(later, "1", "run\n")...)
	unread := b.push(t, "unread", later, "fast", items(later, "3", "run\n")...)
	b.change(func() { b.missing[unread.String()] = true })
	for _, tt := range []struct {
		args string
		code int
		out  string // a part of it
		errs string // a part of it, "" for no error
	}{
		{"first again", 1, "1 of 2 layers differs: 300 kB + 300 kB to read; --inside reads them", ""},
		{"first again --inside", 1, "Same files; only 3 times differ", ""},
		{"first again --inside -o json", 1, `"inside": "times"`, ""},
		{"first again --accept times", 0, "Same files; only 3 times differ", ""},
		{"first slow --accept times", 1, "MODE", ""},
		{"first logs --accept times", 1, "1 log and 2 times differ", ""},
		{"first logs --accept generated", 0, "1 log and 2 times differ", ""},
		{"first other --accept generated", 1, "≠ app/main.py  4 B → 8 B, +1 line", ""},
		{"first other --inside --all-files", 1, "≈ app/data", ""},
		{"first again --inside --max-read 500kB", 1, "not read", "2 layers of 601 kB not read; --max-read 1MB reads them"},
		{"first again --accept times --max-read 500kB", 2, "not read", "--accept times cannot be decided: 2 layers of 601 kB not read; --max-read 1MB reads them"},
		{"first slow --accept times --max-read 500kB", 1, "not read", "2 layers of 601 kB not read"},
		{"first unread --accept times", 2, "not read", "--accept times cannot be decided: "},
		{"first unread --inside", 1, "not read", "503"},
		{"first first --accept times", 0, "Identical", ""},
		{"first --inside", 0, "3 entries, 300 kB in files", ""},
		{"first --inside --all-files", 0, "app/main.py       0644 0:0, 4 B", ""},
		{"first --inside --expect linux/amd64", 0, "3 entries", ""},
		{"first --inside --expect linux/amd64 --max-read 1kB", 2, "not read", "--expect cannot be decided with --inside: 1 layer of 300 kB not read; --max-read 1MB reads it"},
		{"first --accept times", 2, "", "--accept compares two images; give a second one, or leave it out"},
		{"first again --all-files", 2, "", "--all-files needs --inside"},
		{"first again --max-read 1GiB", 2, "", "--max-read needs --inside"},
		{"first again --accept all", 2, "", `--accept "all" is not a kind of difference: use times or generated`},
		{"first again --accept times --exact", 2, "", "--accept allows differences and --exact does not; leave one out"},
		{"first again --accept times -o tui", 2, "", "use -o text, markdown or json"},
	} {
		words := strings.Fields(tt.args)
		args := []string{"--ascii=false"}
		for i, w := range words {
			if i == 0 || i == 1 && !strings.HasPrefix(w, "-") {
				w = host + "/app:" + w
			}
			args = append(args, w)
		}
		got := cli(t, args...)
		if got.code != tt.code || !strings.Contains(got.out, tt.out) || !strings.Contains(got.errors, tt.errs) {
			t.Errorf("%s: exit code %d, want %d with %q and %q:\n%s%s", tt.args, got.code, tt.code, tt.out, tt.errs, got.out, got.errors)
		}
		if lines := strings.Count(got.errors, "\n"); lines > 1 || (lines == 1) != (tt.errs != "") {
			t.Errorf("%s: %d lines of errors: %s", tt.args, lines, got.errors)
		}
	}
}

// TestInside_interrupt checks that ctrl-c ends a report that reads layers.
func TestInside_interrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted there")
	}
	t.Parallel()
	b, host := startBuilds(t)
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	large := make([]byte, 300_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(large)
	b.push(t, "a", noon, "fast", insidetest.File("x", string(large)))
	half, asked := b.push(t, "b", noon, "fast", insidetest.File("y", string(large))).String(), make(chan string, 1)
	b.change(func() { b.half, b.asked = half, asked })
	cmd := cleanCommand(t.Context(), t, uitest.Build(t), "-o", "text", "--inside", host+"/app:a", ":b")
	end := startCommand(t.Context(), t, cmd)
	<-asked
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if got := end(); got.code != 2 || got.out != "" || got.errors != "tagdiff: cancelled\n" {
		t.Errorf("exit code %d: %q, %q", got.code, got.out, got.errors)
	}
}
