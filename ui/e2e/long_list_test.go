package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// startLongList serves the repository big/app until the test ends. Each tag is a
// different image. Each answer takes lag.
func startLongList(t testing.TB, tags int, lag time.Duration) string {
	t.Helper()
	config := []byte(`{"architecture":"amd64","os":"linux","created":"2024-05-06T07:08:09Z","rootfs":{"type":"layers","diff_ids":[]}}`)
	names := make([]string, tags)
	images := map[string][]byte{}
	for i := range names {
		names[i] = fmt.Sprintf("v%d.%d.%d", i/1000, i/10%100, i%10)
		images[names[i]] = fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":%q,"digest":%q,"size":%d},"layers":[],"annotations":{"n":"%d"}}`,
			v1.MediaTypeImageManifest, v1.MediaTypeImageConfig, digest.FromBytes(config), len(config), i)
	}
	slices.Sort(names)
	byDigest := map[string][]byte{digest.FromBytes(config).String(): config}
	for _, raw := range images {
		byDigest[digest.FromBytes(raw).String()] = raw
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(lag)
		if r.URL.Path == "/v2/big/app/tags/list" {
			tagPage(w, r, names)
			return
		}
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		raw, ok := images[name]
		if !ok {
			raw, ok = byDigest[name]
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", v1.MediaTypeImageManifest)
		w.Header().Set("Docker-Content-Digest", digest.FromBytes(raw).String())
		w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
		if r.Method != http.MethodHead {
			w.Write(raw) //nolint:errcheck // the client may have gone
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/big/app"
}

// tagPage answers with one page of the names and a link to the next page
// (distribution-spec, "Listing Tags").
func tagPage(w http.ResponseWriter, r *http.Request, names []string) {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	from, found := slices.BinarySearch(names, r.URL.Query().Get("last"))
	if found {
		from++
	}
	part := names[from:min(from+n, len(names))]
	if from+n < len(names) {
		next := url.Values{"n": {strconv.Itoa(n)}, "last": {part[len(part)-1]}}
		w.Header().Set("Link", "<"+r.URL.Path+"?"+next.Encode()+`>; rel="next"`)
	}
	json.NewEncoder(w).Encode(map[string]any{"name": "big/app", "tags": part}) //nolint:errcheck // the client may have gone
}

// moveCursor types a key and waits until the cursor is on another tag.
func moveCursor(term *uitest.Term, key string) {
	tag := func(f uitest.Frame) string {
		if row := strings.Fields(cursorRow(f)); len(row) > 1 {
			return row[1]
		}
		return ""
	}
	was := tag(term.Frame())
	term.Type(key)
	term.WaitUntil("the cursor moved", func(f uitest.Frame) bool { return tag(f) != "" && tag(f) != was })
}

// TestLongList: the first rows of 20,000 tags appear before the rest, one key goes to the
// end, and the output per key does not grow with the list.
func TestLongList(t *testing.T) {
	const limit = 300 // bytes
	term := uitest.Start(t, wide, startLongList(t, 20_000, 20*time.Millisecond))
	term.WaitFor("v0.0.0", "/20000")
	before := 0
	const keys = 12
	for i := range keys + 1 {
		if i == 1 {
			before = term.Bytes()
		}
		moveCursor(term, "down")
	}
	if got := (term.Bytes() - before) / keys; got > limit {
		t.Errorf("%d bytes for a key, want at most %d", got, limit)
	}
	term.Type("G")
	term.WaitFor("v19.99.9", "20000/20000")
	term.Type("/", "7", ".", "7", ".", "7", "enter")
	term.WaitFor("2 of 20000", "v7.7.7", "v17.7.7")
	term.Type("esc", "d")
	term.WaitFor("HEAD requests")
	term.Type("enter")
	term.WaitFor("tags resolved")
	term.Type("esc")
	term.WaitFor(": ", "of 20,000 known") // known digests stay
}

// BenchmarkKeyOnLongList compares the processor time of a key with 50,000 tags to that with
// 50 tags.
func BenchmarkKeyOnLongList(b *testing.B) {
	perKey := func(tags int) time.Duration {
		term := uitest.Start(b, wide, startLongList(b, tags, 0))
		term.WaitFor("v0.0.0", fmt.Sprintf("/%d", tags))
		term.WaitGone("under way")
		const keys = 200
		before := term.CPU()
		for i := range keys {
			moveCursor(term, []string{"down", "up"}[i%2])
		}
		return (term.CPU() - before) / keys
	}
	var long, short time.Duration
	for b.Loop() {
		long += perKey(50_000)
		short += perKey(50)
	}
	b.ReportMetric(float64(long)/float64(short), "ratio")
}

// BenchmarkLongList measures the time to the first rows and to the whole list of 50,000
// tags with a latency. It compares them with the minimum of the protocol: one answer for
// the first rows, and 50 answers one after the other for the 50 pages.
func BenchmarkLongList(b *testing.B) {
	const lag = 100 * time.Millisecond
	uitest.Build(b)
	at := startLongList(b, 50_000, lag)
	var first, whole time.Duration
	for b.Loop() {
		start := time.Now()
		term := uitest.Start(b, wide, at)
		term.WaitFor("v0.0.0")
		first += time.Since(start)
		term.WaitUntil("the whole list", func(f uitest.Frame) bool { return f.Contains("/50000") && !f.Contains("/50000+") })
		whole += time.Since(start)
	}
	n := time.Duration(b.N)
	b.ReportMetric(float64(first/n)/float64(lag), "first/least")
	b.ReportMetric(float64(whole/n)/float64(50*lag), "whole/least")
}
