package registry

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// BenchmarkResolve lists 10,000 tags and asks where 500 of them point, with as
// many requests at once as the floor.
func BenchmarkResolve(b *testing.B) {
	s := newServer(b)
	list, err := json.Marshal(map[string]any{"name": "app", "tags": names(10_000)})
	ok(b, err)
	tagged(s, func(string) int { return 0 })
	answer := s.front()
	s.setFront(func(w http.ResponseWriter, r *http.Request) bool {
		time.Sleep(lag)
		if r.URL.Path == "/v2/app/tags/list" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(list)
			return true
		}
		return answer(w, r)
	})
	var least time.Duration
	for b.Loop() {
		s.reset()
		c := newClient(b, Options{})
		var tags []string
		ok(b, c.Tags(deadline(b), s.ref("app", ""), func(page []string) { tags = append(tags, page...) }))
		got, err := resolve(b, c, s.ref("app", ""), tags[:500])
		ok(b, err)
		if len(got) != 500 {
			b.Fatalf("%d answers", len(got))
		}
		c.host(s.host).transport.CloseIdleConnections()
		b.StopTimer()
		least += floorResolve(b, s.URL, 500)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(least), "floors")
	b.ReportMetric(float64(s.depth())/2, "rounds") // ours and the floor's
}

// floorResolve does the same with as little as possible around net/http.
func floorResolve(b *testing.B, url string, n int) time.Duration {
	b.Helper()
	start := time.Now()
	f := floor{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: DefaultConcurrency}}, url: url}
	defer f.client.CloseIdleConnections()
	var list struct{ Tags []string }
	ok(b, json.NewDecoder(bytes.NewReader(f.get(b, "/v2/app/tags/list", ""))).Decode(&list))
	queue := make(chan string)
	var workers sync.WaitGroup
	for range DefaultConcurrency {
		workers.Go(func() {
			for tag := range queue {
				resp, err := f.client.Head(url + "/v2/app/manifests/" + tag)
				if err != nil || resp.Header.Get("Docker-Content-Digest") == "" {
					b.Error(err)
					continue
				}
				resp.Body.Close()
			}
		})
	}
	for _, tag := range list.Tags[:n] {
		queue <- tag
	}
	close(queue)
	workers.Wait()
	return time.Since(start)
}

// BenchmarkSecondLook compares a look of a later run, with all on disk, with the
// first: of two tags of eight platforms each, three rounds of 34 requests.
func BenchmarkSecondLook(b *testing.B) {
	for name, used := range map[string]time.Duration{"within the hour": 0, "later": -2 * time.Hour} {
		b.Run(name, func(b *testing.B) {
			s := newServer(b)
			x, y := s.ref("app", "a"), s.ref("app", "b")
			s.pushIndex(b, x, eightPlatforms(b))
			s.pushIndex(b, y, eightPlatforms(b))
			dir := filepath.Join(b.TempDir(), "documents")
			s.setFront(slow(nil))
			start := time.Now()
			c := newClient(b, Options{Documents: dir})
			p, q := loadBoth(b, c, x, y)
			first := time.Since(start)
			c.Close()
			var requests, rounds int
			for b.Loop() {
				b.StopTimer()
				age(b, dir, time.Now().Add(used))
				s.reset()
				b.StartTimer()
				c := newClient(b, Options{Documents: dir, Known: func(r model.Ref) (digest.Digest, bool) {
					if r.Tag == "a" {
						return p.Digest(), true
					}
					return q.Digest(), true
				}})
				loadBoth(b, c, x, y)
				requests, rounds = len(s.requests()), s.depth()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(first), "firsts")
			b.ReportMetric(float64(requests), "requests")
			b.ReportMetric(float64(rounds), "rounds")
		})
	}
}
