package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

var app = model.Ref{Registry: "localhost:5000", Repository: "app"}

const (
	listType  = "application/vnd.oci.image.index.v1+json"
	imageType = "application/vnd.oci.image.manifest.v1+json"
)

// noon is the start of all tests.
var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

// at returns a time some minutes after noon.
func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// dig returns the digest of a text.
func dig(s string) digest.Digest { return digest.FromString(s) }

func rec(tag, content string, minutes int) Record {
	return Record{Tag: tag, Digest: dig(content), MediaType: imageType, At: at(minutes)}
}

// warnings collects the warnings of a journal.
type warnings struct {
	mu    sync.Mutex
	lines []string
}

func (w *warnings) warn(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, s)
}

func (w *warnings) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines
}

// opened opens a journal an hour after noon.
func opened(t *testing.T, dir string) (*Journal, *warnings) {
	t.Helper()
	w := &warnings{}
	j := Open(dir, w.warn)
	j.now = func() time.Time { return at(60) }
	t.Cleanup(j.Close)
	return j, w
}

// record opens a journal, records observations and closes it.
func record(t *testing.T, dir string, records ...Record) {
	t.Helper()
	j, w := opened(t, dir)
	j.Record(app, records)
	j.Close()
	if lines := w.all(); len(lines) > 0 {
		t.Errorf("warnings: %q", lines)
	}
}

// history returns the timelines that a new process reads.
func history(t *testing.T, dir string) map[string]model.Timeline {
	t.Helper()
	j, _ := opened(t, dir)
	defer j.Close()
	h, err := j.History(app)
	if err != nil {
		t.Error(err)
	}
	return h
}

// brief returns a timeline as one line: "a 0-5, b 7".
func brief(t model.Timeline) string {
	names := map[digest.Digest]string{}
	for _, s := range strings.Split("abcdefgh", "") {
		names[dig(s)] = s
	}
	var parts []string
	for _, l := range t {
		first, last := int(l.First.Sub(noon).Minutes()), int(l.Last.Sub(noon).Minutes())
		part := fmt.Sprintf("%s %d", names[l.Digest], first)
		if last != first {
			part += fmt.Sprintf("-%d", last)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

func wantBrief(t *testing.T, got model.Timeline, want string) {
	t.Helper()
	if b := brief(got); b != want {
		t.Errorf("the timeline is %q, not %q", b, want)
	}
}

func file(dir string) string { return filepath.Join(dir, fileName(app)) }

func content(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
