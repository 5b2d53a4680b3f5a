package e2e

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// tables is a registry with layers that have tables of contents.
type tables struct {
	*builds
	host string

	mu     sync.Mutex
	ranges rangeMode
	sent   map[string]int // bytes, by the name of the blob
}

// rangeMode is how a registry answers a request for a range.
type rangeMode int

const (
	partSent     rangeMode = iota // 206
	wholeSent                     // 200
	rangeRefused                  // 416
)

func startTables(t *testing.T) *tables {
	t.Helper()
	r := &tables{builds: &builds{blobs: map[string][]byte{}}, sent: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(server.Close)
	r.host = strings.TrimPrefix(server.URL, "http://")
	return r
}

func (r *tables) serve(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	ranges := r.ranges
	r.mu.Unlock()
	switch {
	case req.Header.Get("Range") == "" || ranges == partSent:
	case ranges == rangeRefused:
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	default:
		req.Header.Del("Range")
	}
	r.builds.serve(&countingWriter{w, func(n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sent[path.Base(req.URL.Path)] += n
	}}, req)
}

type countingWriter struct {
	http.ResponseWriter
	count func(int)
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.count(n)
	return n, err
}

// answer sets how ranges are answered, and forgets what was sent.
func (r *tables) answer(ranges rangeMode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ranges, r.sent = ranges, map[string]int{}
}

// sentOf returns how many bytes of some blobs were sent.
func (r *tables) sentOf(layers []digest.Digest) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, d := range layers {
		n += r.sent[d.String()]
	}
	return n
}

// formats are the formats of layers with tables of contents.
var formats = map[string]func(table, archive []insidetest.Item) ([]byte, v1.Descriptor){
	"estargz": func(table, archive []insidetest.Item) ([]byte, v1.Descriptor) {
		blob, annotations := insidetest.EStargz(insidetest.TOC(table...), true, archive...)
		return blob, v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Annotations: annotations}
	},
	"podman": func(table, archive []insidetest.Item) ([]byte, v1.Descriptor) {
		blob, annotations := insidetest.ZstdChunked(insidetest.TOC(table...), true, archive...)
		return blob, v1.Descriptor{MediaType: v1.MediaTypeImageLayerZstd, Annotations: annotations}
	},
	"stargz": func(table, archive []insidetest.Item) ([]byte, v1.Descriptor) {
		blob, annotations := insidetest.ZstdChunked(insidetest.TOC(table...), false, archive...)
		return blob, v1.Descriptor{MediaType: v1.MediaTypeImageLayerZstd, Annotations: annotations}
	},
}

// pushTables makes the images FORMAT-NAME of all formats: two builds and one with other times alone, one of which
// the table lacks a file, and one whose manifest states another table. Their layers are larger than those that
// are read without asking.
func pushTables(t *testing.T, r *tables) (layers []digest.Digest) {
	t.Helper()
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	later := noon.Add(time.Hour)
	large := make([]byte, 4_300_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(large) // it does not compress
	items := func(at time.Time, program string) []insidetest.Item {
		return []insidetest.Item{
			insidetest.File("app/data", string(large)).At(at), insidetest.File("app/main.py", program).At(at),
		}
	}
	other := digest.FromString("another table").String()
	for format, pack := range formats {
		push := func(name string, at time.Time, table, archive []insidetest.Item, change func(v1.Descriptor)) {
			blob, d := pack(table, archive)
			change(d)
			layers = append(layers, r.pushLayer(t, format+"-"+name, at, "fast", blob, d))
		}
		keep := func(v1.Descriptor) {}
		first, times, program := items(noon, "run\n"), items(later, "run\n"), items(later, "run\nend\n")
		push("first", noon, first, first, keep)
		push("times", later, times, times, keep)
		push("program", later, program, program, keep)
		push("hides", later, times, append(times, insidetest.File("bin/extra", "x").At(later)), keep)
		push("wrong", later, times, append(times, insidetest.File("etc/x", "x").At(later)), func(d v1.Descriptor) {
			for key := range maps.Keys(d.Annotations) {
				if strings.HasSuffix(key, "digest") || strings.HasSuffix(key, "checksum") {
					d.Annotations[key] = other
				}
			}
		})
	}
	return layers
}

// TestTables checks reports on layers with tables of contents: how many bytes of them are requested, what the
// report says of files, and that a check reads the archives.
func TestTables(t *testing.T) {
	t.Parallel()
	r := startTables(t)
	layers := pushTables(t, r)
	const table, archive, most = "toc", "full", 10_000
	for _, tt := range []struct {
		name, args string
		ranges     rangeMode
		code       int
		how        string // "" if the files were not compared
		inside     string
		out, errs  string // parts of the report and of the errors
		whole      bool   // a whole layer is sent
	}{
		{"other files", "first program", partSent, 1, table, "files", "1 file changed: app/main.py", "", false},
		{"other times", "first times", partSent, 1, table, "times", "only 2 times differ", "", false},
		{"a check", "first times --accept times", partSent, 0, archive, "times", "", "", true},
		{"a check of other files", "first program --accept times", partSent, 1, archive, "files", "", "", true},
		{"a file that the table lacks", "first hides", partSent, 1, table, "times", "the archives were not read", "", false},
		{"a check of it", "first hides --accept generated", partSent, 1, archive, "files", `"id": "H15"`, "", true},
		{"no ranges", "first times", wholeSent, 1, archive, "times", "", "", true},
		{"no ranges, and too large", "first times --max-read 4MB", wholeSent, 1, "", "", "", "does not send parts of blobs", true},
		{"ranges refused", "first times", rangeRefused, 1, archive, "times", "", "", true},
		{"ranges refused, and too large", "first times --max-read 4MB", rangeRefused, 1, "", "", "", "answered 416 to a range of the blob", false},
		{"another table", "first wrong", partSent, 1, table, "files", "etc/x", "", true},
		{"another table, and too large", "first wrong --max-read 4MB", partSent, 1, "", "", "", "the table of contents does not match its digest", false},
		{"an image alone", "first", partSent, 0, table, "", "", "", false},
	} {
		for format := range formats {
			if tt.ranges != partSent && format != "podman" {
				continue // the requests are the same
			}
			r.answer(tt.ranges)
			args := []string{"-o", "json", "--inside"}
			for i, w := range strings.Fields(tt.args) {
				if i == 0 || i == 1 && !strings.HasPrefix(w, "-") {
					w = r.host + "/app:" + format + "-" + w
				}
				args = append(args, w)
			}
			got := cli(t, args...)
			var report tableReport
			if err := json.Unmarshal([]byte(got.out), &report); err != nil {
				t.Fatalf("%s, %s: %v: %s%s", tt.name, format, err, got.out, got.errors)
			}
			step := report.Platforms[0].Steps[1].Inside
			if got.code != tt.code || !strings.Contains(got.out, tt.out) || !strings.Contains(got.errors, tt.errs) || (got.errors != "") != (tt.errs != "") {
				t.Errorf("%s, %s: exit code %d, want %d, %q and %q:\n%s%s", tt.name, format, got.code, tt.code, tt.out, tt.errs, got.errors, got.out)
			}
			if report.Verdict.Inside != tt.inside || step.How != tt.how || step.Verified != (tt.how == archive) {
				t.Errorf("%s, %s: %+v inside %q, want %s and %q", tt.name, format, step, report.Verdict.Inside, tt.how, tt.inside)
			}
			if sent := r.sentOf(layers); sent > most && !tt.whole {
				t.Errorf("%s, %s: %d bytes of layers were sent, want at most %d", tt.name, format, sent, most)
			}
		}
	}
}

// tableReport is what TestTables reads of a report.
type tableReport struct {
	Verdict   struct{ Inside string } // zero for one image
	Platforms []struct {
		Steps []struct {
			Inside struct {
				How      string
				Verified bool
			}
		}
	}
}

// TestTables_screen checks that files are listed by table of contents at once, that i reads the archives, and what
// is said where a table cannot be used.
func TestTables_screen(t *testing.T) {
	t.Parallel()
	r := startTables(t)
	layers := pushTables(t, r)
	for _, format := range []string{"estargz", "podman", "stargz"} {
		r.answer(partSent)
		term := uitest.Start(t, small, r.host+"/app:"+format+"-first", ":"+format+"-hides")
		term.WaitFor("Same files; only 2 times differ", "inferred")
		term.Type("4")
		term.WaitFor("Inside: 2 layers are listed by table of contents. i reads the archives, 8.6 MB", "Listed by table of contents")
		if sent := r.sentOf(layers); sent > 10_000 {
			t.Errorf("%s: %d bytes of layers were sent", format, sent)
		}
		term.Type("i")
		term.WaitFor("+ bin/extra", "holds two versions of bin/extra", "proved")
		term.WaitGone("table of contents")
		term.Type("q")
		term.Wait()
	}
	for _, tt := range []struct {
		tag    string
		ranges rangeMode
		says   string
	}{
		{"times", wholeSent, "parts of blobs"}, {"times", rangeRefused, "416"}, {"wrong", partSent, "cannot be listed"},
	} {
		r.answer(tt.ranges)
		term := uitest.Start(t, small, r.host+"/app:podman-first", ":podman-"+tt.tag)
		term.WaitFor("Inside: 1 of 2 layers differs: 4.3 MB + 4.3 MB to read. i reads them")
		term.Type("4")
		term.WaitFor("Step 2 has a table of contents that cannot be used", tt.says)
		term.Type("i")
		term.WaitFor("2 times differ")
		term.WaitGone("cannot be used")
		term.Type("q")
		term.Wait()
	}
}

// goProgram is a program with the list of its Go modules, large enough to be looked at.
func goProgram(version string) string {
	mark := strings.Repeat("m", 16)
	modules := mark + "path\texample.com/app\nmod\texample.com/app\t" + version + "\t\n" + mark
	head := "\x7fELF" + strings.Repeat("\x00", 4092) + "\xff Go buildinf:\x08\x02" + strings.Repeat("\x00", 16)
	return head + "\x06go1.26" + string(binary.AppendUvarint(nil, uint64(len(modules)))) + modules + strings.Repeat("\x00", 300<<10)
}

// pushPackages makes images in all formats whose layers have package databases that are read by ranges.
func pushPackages(t *testing.T, r *tables) (layers []digest.Digest) {
	t.Helper()
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	large := make([]byte, 4_500_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(large) // it does not compress
	status := func(version string) string {
		return "Package: libssl3\nVersion: " + version + "\nArchitecture: amd64\nStatus: install ok installed\n\n" +
			"Package: bash\nVersion: 5.2\nArchitecture: amd64\nStatus: install ok installed\n"
	}
	for name, format := range map[string]insidetest.TOCFormat{
		"estargz": insidetest.EStargzFormat, "podman": insidetest.PodmanFormat, "stargz": insidetest.StargzFormat,
	} {
		mediaType := v1.MediaTypeImageLayerZstd
		if format == insidetest.EStargzFormat {
			mediaType = v1.MediaTypeImageLayerGzip
		}
		push := func(tag string, change func([]map[string]any), more ...insidetest.Item) {
			items := append([]insidetest.Item{insidetest.File("app/data", string(large)), insidetest.File("app/tag", tag)}, more...)
			blob, annotations := insidetest.Chunked(format, 100, change, items...)
			at = at.Add(time.Minute) // another build
			layers = append(layers, r.pushLayer(t, name+"-"+tag, at, "fast", blob, v1.Descriptor{MediaType: mediaType, Annotations: annotations}))
		}
		first, second := insidetest.File("var/lib/dpkg/status", status("3.0.15")), insidetest.File("var/lib/dpkg/status", status("3.0.16"))
		push("first", nil, first)
		push("same", nil, first)
		push("second", nil, second)
		push("lies", func(rows []map[string]any) {
			for _, row := range rows {
				if row["name"] == "var/lib/dpkg/status" && row["type"] == "reg" {
					row["digest"] = digest.FromString("another file").String()
				}
			}
		}, second)
		push("go", nil, first, insidetest.File("app/run", goProgram("v1.0.0")).As(0o755, 0, 0))
		push("go2", nil, first, insidetest.File("app/run", goProgram("v1.1.0")).As(0o755, 0, 0))
	}
	return layers
}

// TestTables_packages checks reports on packages of layers with tables of contents: how many bytes of them are requested,
// and that the whole layers are read where the ranges do not do.
func TestTables_packages(t *testing.T) {
	t.Parallel()
	r := startTables(t)
	layers := pushPackages(t, r)
	const most = 15_000
	const moved = `"name": "libssl3"`
	for _, tt := range []struct {
		name, args string
		ranges     rangeMode
		code       int
		how        string
		out, errs  string // parts of the report and of the errors
		trust      string // of H4, "" for none
		whole      bool   // a whole layer is sent
	}{
		{"other versions", "first second", partSent, 1, "toc", moved, "", "inferred", false},
		{"the same packages", "first same", partSent, 1, "toc", "", "", "", false},
		{"a check", "first second --accept generated", partSent, 1, "full", moved, "", "proved", true},
		{"other modules", "go go2", partSent, 1, "toc", `"name": "example.com/app"`, "", "inferred", false},
		{"another file than the table says", "first lies", partSent, 1, "toc", moved, "cannot be read one by one: the table of contents states another digest than that of a file", "inferred", true},
		{"another file, and too large", "first lies --max-read 4MB", partSent, 2, "", "", "--max-read", "", false},
		{"no ranges", "first second", wholeSent, 1, "full", moved, "does not send parts of blobs", "proved", true},
		{"no ranges, and too large", "first second --max-read 4MB", wholeSent, 2, "", "", "does not send parts of blobs", "", true},
		{"ranges refused", "first second", rangeRefused, 1, "full", moved, "answered 416", "proved", true},
		{"ranges refused, and too large", "first second --max-read 4MB", rangeRefused, 2, "", "", "answered 416", "", false},
	} {
		for _, format := range []string{"estargz", "podman", "stargz"} {
			if tt.ranges != partSent && format != "podman" {
				continue // the requests are the same
			}
			r.answer(tt.ranges)
			words := strings.Fields(tt.args)
			args := append([]string{"-o", "json", "--packages", r.host + "/app:" + format + "-" + words[0], ":" + format + "-" + words[1]}, words[2:]...)
			got := cli(t, args...)
			var report packagesReport
			if err := json.Unmarshal([]byte(got.out), &report); err != nil && tt.code != 2 {
				t.Fatalf("%s, %s: %v: %s%s", tt.name, format, err, got.out, got.errors)
			}
			how := ""
			if tt.code != 2 {
				how = report.Platforms[0].Steps[1].Inside.How
			}
			if got.code != tt.code || !strings.Contains(got.out, tt.out) || !strings.Contains(got.errors, tt.errs) || (got.errors != "") != (tt.errs != "") ||
				how != tt.how || report.trust("H4") != tt.trust && tt.code != 2 {
				t.Errorf("%s, %s: exit code %d, how %q, H4 %q; want %+v:\n%s%s", tt.name, format, got.code, how, report.trust("H4"), tt, got.errors, got.out)
			}
			if sent := r.sentOf(layers); sent > most && !tt.whole {
				t.Errorf("%s, %s: %d bytes of layers were sent, want at most %d", tt.name, format, sent, most)
			}
		}
	}
	r.answer(partSent)
	if got, want := cli(t, "--packages", r.host+"/app:podman-first"), "deb  libssl3  3.0.15  amd64  var/lib/dpkg/status\n"; got.code != 0 || !strings.Contains(got.out, want) || r.sentOf(layers) > most {
		t.Errorf("one image: %d bytes were sent: exit code %d:\n%s%s", r.sentOf(layers), got.code, got.out, got.errors)
	}
}

// packagesReport is what TestTables_packages reads of a report.
type packagesReport struct {
	Platforms []struct {
		Steps []struct {
			Inside struct{ How string }
		}
		Findings []struct{ ID, Trust string }
	}
}

// trust returns the trust of a finding, "" if there is none.
func (r packagesReport) trust(id string) string {
	if len(r.Platforms) == 0 {
		return ""
	}
	for _, f := range r.Platforms[0].Findings {
		if f.ID == id {
			return f.Trust
		}
	}
	return ""
}

// TestTables_packagesScreen checks that packages are read by ranges at once where that is little, those of programs too,
// that i reads the archives, and what is said where a range does not do.
func TestTables_packagesScreen(t *testing.T) {
	t.Parallel()
	r := startTables(t)
	layers := pushPackages(t, r)
	for _, tt := range []struct{ a, b, moved string }{
		{"first", "second", "libssl3 3.0.15 → 3.0.16"}, {"go", "go2", "example.com/app v1.0.0 → v1.1.0"},
	} {
		r.answer(partSent)
		term := uitest.Start(t, small, r.host+"/app:podman-"+tt.a, ":podman-"+tt.b)
		term.WaitFor(tt.moved, "inferred")
		term.Type("5")
		term.WaitFor("Read by tables of contents. The archives were not read and may hold other")
		if sent := r.sentOf(layers); sent > 15_000 {
			t.Errorf("%s: %d bytes of layers were sent", tt.moved, sent)
		}
		term.Type("i")
		term.WaitGone("tables of contents")
		term.WaitFor(tt.moved)
		term.Type("q")
		term.Wait()
	}
	r.answer(partSent)
	term := uitest.Start(t, small, r.host+"/app:podman-first", ":podman-lies")
	term.WaitFor("Inside: 1 of 2 layers differs: 4.5 MB + 4.5 MB to read. i reads them")
	term.Type("5")
	term.WaitFor("Step 2 has a table of contents that cannot be used", "The deb packages of B are not known. Step 2 may list them")
	term.Type("i")
	term.WaitFor("holds two versions of var/lib/dpkg/status", "libssl3")
	term.Type("q")
	term.Wait()
}
