package layers

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/program/programtest"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// These benchmarks compare the files of two images beside regctl and crane, where they are
// installed, and beside the least work that a program can do. All are processes and run in turn, over
// TLS on loopback. "regctls", "cranes" and "floors" are the time divided by theirs: the median of
// the rounds, since other work on the machine disturbs some. Use -benchtime 5x or more,
// and -timeout 30m.

// BenchmarkFilesOfTwoImages has two rows of layers that differ. It must take at most 0.65 regctls and
// 1.25 floors, on the slow link 1.05 floors, and 1.00 of the memory that it may have: 64 MiB and
// 90 bytes for each entry. After that, the same images are compared with the lists on disk, without a
// request for a layer. That must take at most 0.05 of the first time.
func BenchmarkFilesOfTwoImages(b *testing.B) {
	layers := []benchLayer{plainLayer(1), plainLayer(2), plainLayer(3), plainLayer(4)}
	for name, link := range map[string]*slowLink{"loopback": {}, "100 ms, 100 Mbit": {latency: 100 * time.Millisecond, rate: 12_500_000}} {
		b.Run(name, func(b *testing.B) {
			s := startLayerServer(b, link)
			a, c := s.push(b, "a", layers[:2]...), s.push(b, "b", layers[2:]...)
			all := []string{a[0].Digest.String(), a[1].Digest.String(), c[0].Digest.String(), c[1].Digest.String()}
			var r rounds
			for b.Loop() {
				cache := b.TempDir()
				compare := layerJob{Images: []string{"a", "b"}, Cache: cache}
				r.add(b, "tagdiff", s.job(b, compare))
				s.blobs.Store(0)
				r.add(b, "again", s.job(b, compare))
				if n := s.blobs.Load(); n > 0 {
					b.Errorf("%d requests for layers that were read before", n)
				}
				r.add(b, "floor", s.job(b, layerJob{Floor: all}))
				r.add(b, "regctl", s.regctlDiff(b, a[0], c[0]), s.regctlDiff(b, a[1], c[1]))
				if link.latency == 0 {
					r.add(b, "crane", s.crane(b, "a"), s.crane(b, "b"))
				}
			}
			r.report(b, "tagdiff", "floor", "regctl", "crane")
			b.ReportMetric(r.ratio("again", "tagdiff"), "of-the-first")
			const entries = 4 * benchFiles
			allowed := int64(64<<20 + 90*entries)
			b.ReportMetric(float64(r.memory["tagdiff"])/float64(allowed), "of-the-memory")
		})
	}
}

// BenchmarkTablesOfContents reads the tables of contents of eStargz and zstd:chunked layers in place
// of the layers. A list must take at most 0.15 cranes and 0.03 of its bytes, a comparison of two
// layers 0.10 regctls.
func BenchmarkTablesOfContents(b *testing.B) {
	s := startLayerServer(b, &slowLink{})
	a, c := s.push(b, "a", plainLayer(1)), s.push(b, "b", plainLayer(2))
	for format, layer := range map[string]func(seed uint64) benchLayer{"eStargz": eStargzLayer, "zstd chunked": chunkedLayer} {
		s.push(b, "lazy-a", layer(1))
		s.push(b, "lazy-b", layer(2))
		b.Run(format+"/list", func(b *testing.B) {
			var r rounds
			var bytes, whole int64
			for b.Loop() {
				s.bytes.Store(0)
				r.add(b, "tagdiff", s.job(b, layerJob{Images: []string{"lazy-a"}, TOC: true}))
				bytes += s.bytes.Swap(0)
				r.add(b, "crane", s.crane(b, "a"))
				whole += s.bytes.Load()
			}
			r.report(b, "tagdiff", "crane")
			if whole > 0 {
				b.ReportMetric(float64(bytes)/float64(whole), "of-the-bytes")
			}
		})
		b.Run(format+"/compare", func(b *testing.B) {
			var r rounds
			for b.Loop() {
				r.add(b, "tagdiff", s.job(b, layerJob{Images: []string{"lazy-a", "lazy-b"}, TOC: true}))
				r.add(b, "regctl", s.regctlDiff(b, a[0], c[0]))
			}
			r.report(b, "tagdiff", "regctl")
		})
	}
}

// BenchmarkMachine finds for which machine an image of 300 MB is, by one range of its base: its first program
// is within 128 KiB, as in the bases of distributions. It must take at most 0.01 of the bytes.
func BenchmarkMachine(b *testing.B) {
	s := startLayerServer(b, &slowLink{})
	program := insidetest.File("usr/bin/[", string(programtest.ELF{Machine: elf.EM_X86_64, Interpreter: "/lib/ld"}.Bytes()))
	base := insidetest.Tar(append([]insidetest.Item{insidetest.File("etc/os-release", "NAME=bench\n"), program}, benchItems(1)...)...)
	layers := []benchLayer{{insidetest.Gzip(base), v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip}}}
	size := int64(len(layers[0].blob))
	for seed := uint64(2); size < 300_000_000; seed++ {
		layers = append(layers, plainLayer(seed))
		size += int64(len(layers[len(layers)-1].blob))
	}
	s.push(b, "a", layers...)
	var r rounds
	var bytes int64
	for b.Loop() {
		s.bytes.Store(0)
		s.blobs.Store(0)
		r.add(b, "tagdiff", s.job(b, layerJob{Images: []string{"a"}, Machine: true}))
		bytes += s.bytes.Load()
		if n := s.blobs.Load(); n != 2 {
			b.Errorf("%d requests for blobs in place of the config and a range", n)
		}
		r.add(b, "crane", s.crane(b, "a"))
	}
	r.report(b, "tagdiff", "crane")
	b.ReportMetric(float64(bytes)/float64(b.N)/float64(size), "of-the-bytes")
}

// BenchmarkPackagesOfTwoImages lists the packages of two images whose layers differ, the base with its package database
// too, beside their files alone. It must take at most 1.05 of the time.
func BenchmarkPackagesOfTwoImages(b *testing.B) {
	s := startLayerServer(b, &slowLink{})
	s.push(b, "a", packagesLayer(1), plainLayer(2))
	s.push(b, "b", packagesLayer(3), plainLayer(4))
	var r rounds
	for b.Loop() {
		r.add(b, "files", s.tagdiff(b, "--inside", "a", "b"))
		r.add(b, "packages", s.tagdiff(b, "--packages", "a", "b"))
	}
	r.reportUser(b, "packages", "files")
}

// BenchmarkPackagesByShortcut lists the packages of two images without most of their bytes: where the newest layer has
// the database, and by tables of contents. It must take at most 0.10 of syft, or of crane and tar.
func BenchmarkPackagesByShortcut(b *testing.B) {
	s := startLayerServer(b, &slowLink{})
	base := []benchLayer{plainLayer(1), plainLayer(2), plainLayer(3)}
	newest := func(seed uint64) benchLayer {
		items := append(benchItems(seed)[:benchFiles/50], packageItems(seed)...)
		return benchLayer{insidetest.Gzip(insidetest.Tar(items...)), v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip}}
	}
	byTable := func(format insidetest.TOCFormat, mediaType string, seed uint64) benchLayer {
		const chunk = 4 << 20 // of stargz-snapshotter
		blob, annotations := insidetest.Chunked(format, chunk, nil, slices.Concat(benchItems(seed), libraries(), packageItems(seed))...)
		return benchLayer{blob, v1.Descriptor{MediaType: mediaType, Annotations: annotations}}
	}
	for name, layers := range map[string]func(seed uint64) []benchLayer{
		"newest layer": func(seed uint64) []benchLayer { return append(slices.Clip(base), newest(seed)) },
		"eStargz": func(seed uint64) []benchLayer {
			return []benchLayer{byTable(insidetest.EStargzFormat, v1.MediaTypeImageLayerGzip, seed)}
		},
		"zstd chunked": func(seed uint64) []benchLayer {
			return []benchLayer{byTable(insidetest.PodmanFormat, v1.MediaTypeImageLayerZstd, seed)}
		},
	} {
		s.push(b, "a", layers(4)...)
		s.push(b, "b", layers(5)...)
		b.Run(name, func(b *testing.B) {
			var r rounds
			var bytes, whole int64
			for b.Loop() {
				s.bytes.Store(0)
				r.add(b, "packages", s.tagdiff(b, "--packages", "a", "b"))
				bytes += s.bytes.Swap(0)
				r.add(b, "crane", s.craneTar(b, "a"), s.craneTar(b, "b"))
				whole += s.bytes.Load()
				r.add(b, "syft", s.syft(b, "a"), s.syft(b, "b"))
			}
			r.reportUser(b, "packages", "crane", "syft")
			if whole > 0 {
				b.ReportMetric(float64(bytes)/float64(whole), "of-the-bytes")
			}
		})
	}
}

// libraries are large files. With benchItems they are as many files and bytes as a Debian base has: 6,700 files of 18 KiB
// on average.
func libraries() []insidetest.Item {
	const count, size = 16, 4 << 20
	var items []insidetest.Item
	words := words()
	for i := range count {
		items = append(items, insidetest.File(fmt.Sprintf("usr/lib/lib%d.so", i), string(words[i*999:size])+string(words[:i*999])))
	}
	return items
}

// packageItems are a package database of the size that buildpack-deps has, and the lists of the files of its packages. A
// tenth of the versions depends on the seed.
func packageItems(seed uint64) []insidetest.Item {
	const count = 443
	var status strings.Builder
	var items []insidetest.Item
	for i := range uint64(count) {
		version := i
		if i%10 == 0 {
			version += seed
		}
		fmt.Fprintf(&status, "Package: package-%d\nStatus: install ok installed\nVersion: 1.%d-1\nArchitecture: amd64\nDescription: %s\n\n",
			i, version, strings.Repeat("what the package is for ", 35))
		items = append(items, insidetest.File(fmt.Sprintf("var/lib/dpkg/info/package-%d.list", i),
			fmt.Sprintf("/.\n/usr\n/usr/lib/%03d/file-%05d\n", i/50, i)))
	}
	return append(items, insidetest.File("var/lib/dpkg/status", status.String()))
}

func packagesLayer(seed uint64) benchLayer {
	items := append(benchItems(seed), packageItems(seed)...)
	return benchLayer{insidetest.Gzip(insidetest.Tar(items...)), v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip}}
}

// benchFiles is the number of files of each layer.
const benchFiles = 6_250

// words are 4 MiB of text.
var words = sync.OnceValue(func() []byte {
	var words []byte
	for r := rand.New(rand.NewPCG(1, 1)); len(words) < 4<<20; {
		words = fmt.Appendf(words, "%d word%d%c", r.IntN(100_000), r.IntN(3000), "    \n"[r.IntN(5)])
	}
	return words
})

// benchItems are files with some 8 KiB of text each. A tenth of them depends on the seed.
func benchItems(seed uint64) []insidetest.Item {
	words := words()
	var items []insidetest.Item
	for i := range uint64(benchFiles) {
		r := rand.New(rand.NewPCG(i, 0))
		if i%10 == 0 {
			r = rand.New(rand.NewPCG(i, seed))
		}
		from, length := r.IntN(len(words)-16<<10), 100+r.IntN(16<<10-100)
		items = append(items, insidetest.File(fmt.Sprintf("usr/lib/%03d/file-%05d", i/50, i), string(words[from:from+length])))
	}
	return items
}

// benchLayer is a layer with its descriptor, without digest and size.
type benchLayer struct {
	blob []byte
	v1.Descriptor
}

func plainLayer(seed uint64) benchLayer {
	return benchLayer{insidetest.Gzip(insidetest.Tar(benchItems(seed)...)), v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip}}
}

func eStargzLayer(seed uint64) benchLayer {
	items := benchItems(seed)
	blob, annotations := insidetest.EStargz(insidetest.WholeTOC(items...), false, items...)
	return benchLayer{blob, v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Annotations: annotations}}
}

func chunkedLayer(seed uint64) benchLayer {
	items := benchItems(seed)
	blob, annotations := insidetest.ZstdChunked(insidetest.WholeTOC(items...), true, items...)
	return benchLayer{blob, v1.Descriptor{MediaType: v1.MediaTypeImageLayerZstd, Annotations: annotations}}
}

// slowLink delays each response, and limits the bandwidth of all of them together.
type slowLink struct {
	latency time.Duration
	rate    int // in bytes for a second, 0 for no limit

	mu   sync.Mutex
	free time.Time // when the link has sent all that it was given
}

// send returns when the link has sent n bytes.
func (l *slowLink) send(n int) {
	if l.rate == 0 {
		return
	}
	l.mu.Lock()
	if now := time.Now(); l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(n) * time.Second / time.Duration(l.rate))
	at := l.free
	l.mu.Unlock()
	time.Sleep(time.Until(at))
}

// layerServer is a registry over TLS that counts what it sends.
type layerServer struct {
	host, certs  string
	real         http.Handler
	blobs, bytes atomic.Int64 // requests for blobs; bytes of all responses
}

func startLayerServer(b *testing.B, link *slowLink) *layerServer {
	b.Helper()
	s := &layerServer{real: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))), certs: b.TempDir()}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(link.latency)
		if strings.Contains(r.URL.Path, "/blobs/") {
			s.blobs.Add(1)
		}
		s.real.ServeHTTP(&countingWriter{w, s, link}, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	b.Cleanup(server.Close)
	s.host = strings.TrimPrefix(server.URL, "https://")
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	must(b, os.Mkdir(filepath.Join(s.certs, s.host), 0o700))
	must(b, os.WriteFile(filepath.Join(s.certs, s.host, "ca.crt"), authority, 0o600))
	return s
}

type countingWriter struct {
	http.ResponseWriter
	server *layerServer
	link   *slowLink
}

func (w *countingWriter) Write(p []byte) (n int, err error) {
	const part = 32 << 10
	for chunk := range slices.Chunk(p, part) {
		w.link.send(len(chunk))
		w.server.bytes.Add(int64(len(chunk)))
		written, err := w.ResponseWriter.Write(chunk)
		if n += written; err != nil {
			return n, err
		}
	}
	return n, nil
}

// push puts an image into the repository and returns its layers.
func (s *layerServer) push(b *testing.B, name string, layers ...benchLayer) []v1.Descriptor {
	b.Helper()
	put := func(method, path, mediaType string, body []byte) {
		r := httptest.NewRequest(method, "/v2/"+layerRepo+path, bytes.NewReader(body))
		r.Header.Set("Content-Type", mediaType)
		w := httptest.NewRecorder()
		if s.real.ServeHTTP(w, r); w.Code >= http.StatusMultipleChoices {
			b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	blob := func(d v1.Descriptor, body []byte) v1.Descriptor {
		d.Digest, d.Size = digest.FromBytes(body), int64(len(body))
		put(http.MethodPost, "/blobs/uploads/?digest="+d.Digest.String(), "application/octet-stream", body)
		return d
	}
	m := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest}
	config := v1.Image{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, RootFS: v1.RootFS{Type: "layers"}}
	for i, l := range layers {
		m.Layers = append(m.Layers, blob(l.Descriptor, l.blob))
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, digest.FromString(m.Layers[i].Digest.String()))
		config.History = append(config.History, v1.History{CreatedBy: fmt.Sprintf("RUN step %d", i)})
	}
	m.Config = blob(v1.Descriptor{MediaType: v1.MediaTypeImageConfig}, asJSON(b, config))
	put(http.MethodPut, "/manifests/"+name, m.MediaType, asJSON(b, m))
	return m.Layers
}

func asJSON(b *testing.B, v any) []byte {
	b.Helper()
	raw, err := json.Marshal(v)
	must(b, err)
	return raw
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// job is a process that does a job as tagdiff or as the floor.
func (s *layerServer) job(b *testing.B, j layerJob) *exec.Cmd {
	b.Helper()
	self, err := os.Executable()
	must(b, err)
	j.Host, j.Certs = s.host, s.certs
	c := exec.Command(self)
	c.Stdout = new(bytes.Buffer)
	c.Env = append(s.environment(b), layerJobEnv+"="+string(asJSON(b, j)))
	return c
}

// environment is a clean environment: no login and no settings of this computer.
func (s *layerServer) environment(b *testing.B) []string {
	b.Helper()
	return []string{"HOME=" + b.TempDir(), "PATH=" + os.Getenv("PATH"), "SSL_CERT_FILE=" + filepath.Join(s.certs, s.host, "ca.crt")}
}

func (s *layerServer) regctlDiff(b *testing.B, x, y v1.Descriptor) *exec.Cmd {
	b.Helper()
	repo := s.host + "/" + layerRepo
	return s.peer(b, "regctl", "blob", "diff-layer", "--context", "0", "--ignore-timestamp", repo, x.Digest.String(), repo, y.Digest.String())
}

func (s *layerServer) crane(b *testing.B, image string) *exec.Cmd {
	b.Helper()
	return s.peer(b, "crane", "export", s.host+"/"+layerRepo+":"+image, "-")
}

// tagdiff is the program with a flag, for the images of two names. They differ: its exit code is 1.
func (s *layerServer) tagdiff(b *testing.B, flag, x, y string) *exec.Cmd {
	b.Helper()
	repo := s.host + "/" + layerRepo + ":"
	c := s.peer(b, "sh", "-c", `"$0" "$@" > /dev/null; test $? = 1`, uitest.Build(b), flag, "-o", "text", "--max-read", "4GB", repo+x, repo+y)
	return c
}

// craneTar is crane that passes an image on to tar, nil if crane is not installed.
func (s *layerServer) craneTar(b *testing.B, image string) *exec.Cmd {
	b.Helper()
	if _, err := exec.LookPath("crane"); err != nil {
		return nil
	}
	return s.peer(b, "sh", "-c", `crane export "$0" - | tar -xO var/lib/dpkg/status > /dev/null`, s.host+"/"+layerRepo+":"+image)
}

// syft lists the packages of an image, nil if it is not installed.
func (s *layerServer) syft(b *testing.B, image string) *exec.Cmd {
	b.Helper()
	if _, err := exec.LookPath("syft"); err != nil {
		return nil
	}
	return s.peer(b, "sh", "-c", `syft scan --quiet --output json "$0" > /dev/null`, "registry:"+s.host+"/"+layerRepo+":"+image)
}

// peer is another program, nil if it is not installed.
func (s *layerServer) peer(b *testing.B, name string, args ...string) *exec.Cmd {
	b.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		return nil
	}
	c := exec.Command(path, args...)
	c.Env = s.environment(b)
	return c
}

// rounds are the times of programs that ran in turn, those of their processors, and the most memory that jobs took.
type rounds struct {
	times  map[string][]time.Duration
	user   map[string][]time.Duration
	memory map[string]int64 // bytes
}

// add runs the processes of a program at once. It does nothing if the program is not installed.
func (r *rounds) add(b *testing.B, name string, all ...*exec.Cmd) {
	b.Helper()
	if slices.Contains(all, nil) {
		return
	}
	if r.times == nil {
		r.times, r.user, r.memory = map[string][]time.Duration{}, map[string][]time.Duration{}, map[string]int64{}
	}
	start := time.Now()
	said := make([]bytes.Buffer, len(all))
	for i, c := range all {
		c.Stderr = &said[i]
		must(b, c.Start())
	}
	for i, c := range all {
		if err := c.Wait(); err != nil {
			b.Fatalf("%s: %v: %s", name, err, &said[i])
		}
		if out, ok := c.Stdout.(*bytes.Buffer); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64)
			must(b, err)
			r.memory[name] = max(r.memory[name], kib<<10)
		}
	}
	r.times[name] = append(r.times[name], time.Since(start))
	var user time.Duration
	for _, c := range all {
		user += c.ProcessState.UserTime()
	}
	r.user[name] = append(r.user[name], user)
}

// ratio is the median of the ratios of the times of two programs, 0 if one is not installed.
func (r *rounds) ratio(name, of string) float64 { return medianRatio(r.times[name], r.times[of]) }

func medianRatio(times, of []time.Duration) float64 {
	var ratios []float64
	for i := range min(len(times), len(of)) {
		ratios = append(ratios, float64(times[i])/float64(of[i]))
	}
	if len(ratios) == 0 {
		return 0
	}
	slices.SortFunc(ratios, cmp.Compare[float64])
	return ratios[len(ratios)/2]
}

// report reports the times of a program as ratios.
func (r *rounds) report(b *testing.B, name string, of ...string) {
	b.Helper()
	for _, peer := range of {
		if ratio := r.ratio(name, peer); ratio > 0 {
			b.ReportMetric(ratio, peer+"s")
		}
	}
	b.ReportMetric(float64(r.memory[name])/(1<<20), "MiB")
}

// reportUser reports the time of a program and that of its processors as ratios. The second says more while other work
// keeps the machine busy.
func (r *rounds) reportUser(b *testing.B, name string, of ...string) {
	b.Helper()
	for _, peer := range of {
		if ratio := r.ratio(name, peer); ratio > 0 {
			b.ReportMetric(ratio, peer+"-wall")
			b.ReportMetric(medianRatio(r.user[name], r.user[peer]), peer+"-user")
		}
	}
}

// BenchmarkKeyWhileReading compares the time from a key to the moved cursor while layers arrive, at
// 100 Mbit/s, with that before. The median should be about 1: a key waits for no layer.
func BenchmarkKeyWhileReading(b *testing.B) {
	const keys = 40
	s := startLayerServer(b, &slowLink{rate: 12_500_000})
	s.push(b, "a", plainLayer(1), plainLayer(2))
	s.push(b, "b", plainLayer(3), plainLayer(4))
	o := uitest.Options{Width: 120, Height: 40}
	o.Env = []string{"SSL_CERT_FILE=" + filepath.Join(s.certs, s.host, "ca.crt")}
	var idle, reading []time.Duration
	for b.Loop() {
		term := uitest.Start(b, o, s.host+"/"+layerRepo+":a", ":b")
		term.WaitFor("Inside: ", "to read")
		press := func(i int) time.Duration {
			was := cursorRow(term.Frame())
			start := time.Now()
			term.Type([]string{"down", "up"}[i%2])
			term.WaitUntil("the cursor moved", func(f uitest.Frame) bool { return cursorRow(f) >= 0 && cursorRow(f) != was })
			return time.Since(start)
		}
		term.Type("3")
		term.WaitUntil("a cursor", func(f uitest.Frame) bool { return cursorRow(f) >= 0 })
		for i := range keys {
			idle = append(idle, press(i))
		}
		term.Type("i")
		term.WaitFor("Inside: reading")
		term.Type("3")
		term.WaitUntil("a cursor", func(f uitest.Frame) bool { return cursorRow(f) >= 0 })
		for i := 0; i < keys && term.Frame().Contains("Inside: reading"); i++ {
			reading = append(reading, press(i))
		}
		term.Type("ctrl+c")
		term.Wait()
	}
	slices.Sort(idle)
	slices.Sort(reading)
	if len(reading) == 0 {
		b.Fatal("the layers arrived before the first key")
	}
	b.ReportMetric(float64(reading[len(reading)/2])/float64(idle[len(idle)/2]), "median-ratio")
	b.ReportMetric(float64(reading[len(reading)*95/100])/float64(idle[len(idle)*95/100]), "p95-ratio")
	b.ReportMetric(float64(reading[len(reading)/2].Microseconds())/1000, "ms")
}

// cursorRow returns the number of the row of the cursor, -1 without one.
func cursorRow(f uitest.Frame) int {
	if _, y, ok := f.Find("›"); ok {
		return y
	}
	return -1
}
