package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/model/program/programtest"
	"github.com/tagdiff/tagdiff/ui/look"
)

type items = []insidetest.Item

// insides is a registry whose layers can be read.
type insides struct {
	artifacts
	held  map[digest.Digest]items // by the digest of the blob; a layer that is not there is missing
	fails map[digest.Digest]error
	asked *[]digest.Digest
}

func (s insides) ReadLayers(ctx context.Context, reads []model.LayerRead, progress func(model.LayerState)) model.LayerStates {
	states := model.LayerStates{}
	for _, read := range reads {
		*s.asked = append(*s.asked, read.Layer.Digest)
		state := model.LayerState{Digest: read.Layer.Digest, Err: cmp.Or(ctx.Err(), s.fails[read.Layer.Digest])}
		if held, ok := s.held[read.Layer.Digest]; ok && state.Err == nil {
			state.Layer, state.Err = inside.Read(bytes.NewReader(insidetest.Gzip(insidetest.Tar(held...))), inside.Options{Keep: read.Keep, Side: read.Side})
			state.Layer.Blob = read.Layer.Digest
			if read.Layer.Size > 0 {
				state.Layer.Packed = read.Layer.Size
			}
			state.Layer.DiffID = diffIDs[read.Layer.Digest]
		}
		state = state.WithCounts()
		states[read.Layer.Digest] = state
		progress(state)
	}
	return states
}

// diffIDs are those of the layers that holding made, by blob.
var diffIDs = map[digest.Digest]digest.Digest{}

// put makes an image of steps, each with what its layer holds.
func (s insides) put(t *testing.T, tag string, config map[string]any, steps ...heldStep) {
	t.Helper()
	var plain []step
	for _, st := range steps {
		plain = append(plain, st.step)
		if st.files == "" {
			continue
		}
		blob := digest.FromString("packed " + st.packing + st.files)
		diffIDs[blob] = digest.FromString(st.files)
		if st.held != nil {
			s.held[blob] = st.held
		}
	}
	s.artifacts.put(tag, single("localhost:5000/app:x", image(t, "amd64", config, plain...)))
}

type heldStep struct {
	step
	held items
}

var (
	noon  = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	later = noon.Add(time.Minute)
)

func aFile(name, body string) insidetest.Item { return insidetest.File(name, body).At(noon) }

// twoBuilds is a registry with two builds of one Dockerfile, as the tags a and b: what their last
// layers hold, and their settings.
func twoBuilds(t *testing.T, a, b items, envA, envB string) insides {
	t.Helper()
	s := insides{artifacts{}, map[digest.Digest]items{}, map[digest.Digest]error{}, new([]digest.Digest)}
	base := heldStep{step{text: "ADD base.tar /", files: "base", size: 29_000_000}, items{aFile("bin/sh", "sh")}}
	made := func(of string, held items) heldStep {
		return heldStep{step{text: "RUN make install", files: "made " + of, size: 4_000_000}, held}
	}
	s.put(t, "a", map[string]any{"Env": []string{"MODE=" + envA}}, base, made("a", a))
	s.put(t, "b", map[string]any{"Env": []string{"MODE=" + envB}}, base, made("b", b))
	return s
}

// write returns the report on the tags a and b, or on a alone.
func (s insides) write(t *testing.T, r Request, tags ...string) (out, notes string, same bool, err error) {
	t.Helper()
	var w, e bytes.Buffer
	var refs []model.Ref
	for _, tag := range tags {
		refs = append(refs, s.ref(tag))
	}
	r.Registry, r.Errors = s, &e
	if r.Format == "" {
		r.Format = "text"
	}
	same, err = r.Write(t.Context(), &w, refs)
	return w.String(), e.String(), same, err
}

// TestInside_accept checks which differences inside layers count as none, and what is an error.
func TestInside_accept(t *testing.T) {
	x, xLater := aFile("app/x", "1"), aFile("app/x", "1").At(later)
	log, log2 := aFile("var/log/dpkg.log", "1"), aFile("var/log/dpkg.log", "2")
	fast := "fast"
	for _, tt := range []struct {
		name            string
		a, b            items
		envB            string
		times, generate string // "same", "differs" or a part of the error
		maxRead         int64
		failing         bool
	}{
		{name: "the same in another order", a: items{x, log}, b: items{log, x}, times: "same", generate: "same"},
		{name: "times", a: items{x}, b: items{xLater}, times: "same", generate: "same"},
		{name: "a log", a: items{x, log}, b: items{xLater, log2}, times: "differs", generate: "same"},
		{name: "a file", a: items{x, log}, b: items{aFile("app/x", "2"), log2}, times: "differs", generate: "differs"},
		{name: "an owner", a: items{x}, b: items{x.As(0o644, 7, 7)}, times: "differs", generate: "differs"},
		{name: "a file more", a: items{x}, b: items{x, aFile("y", "1")}, times: "differs", generate: "differs"},
		{name: "settings", a: items{x}, b: items{xLater}, envB: "slow", times: "differs", generate: "differs"},
		{name: "too large", a: items{x}, b: items{xLater}, maxRead: 5_000_000,
			times:    "--accept times cannot be decided: 2 layers of 8.0 MB not read; --max-read 8MB reads them",
			generate: "--accept generated cannot be decided: 2 layers of 8.0 MB not read; --max-read 8MB reads them"},
		{name: "too large, and other settings", a: items{x}, b: items{xLater}, envB: "slow", maxRead: 5_000_000, times: "differs", generate: "differs"},
		{name: "cannot be read", a: items{x}, b: items{xLater}, failing: true,
			times: "cannot be decided: the registry is not available", generate: "cannot be decided: the registry is not available"},
		{name: "missing", a: items{x}, times: "cannot be decided: a layer was not read", generate: "cannot be decided: a layer was not read"},
	} {
		for kind, want := range map[diff.InsideCode]string{diff.InsideTimes: tt.times, diff.InsideGenerated: tt.generate} {
			t.Run(fmt.Sprintf("%s/%s", tt.name, kind), func(t *testing.T) {
				envB := fast
				if tt.envB != "" {
					envB = tt.envB
				}
				s := twoBuilds(t, tt.a, tt.b, fast, envB)
				if tt.failing {
					s.fails[digest.FromString("packed made b")] = &model.ReadError{Message: "the registry is not available (503)"}
				}
				limit := tt.maxRead
				if limit == 0 {
					limit = 8_000_000
				}
				_, _, same, err := s.write(t, Request{Inside: &Inside{MaxRead: limit, Accept: kind}}, "a", "b")
				got := map[bool]string{true: "same", false: "differs"}[same]
				if err != nil {
					got = err.Error()
				}
				if got != want && (err == nil || !strings.Contains(got, want)) {
					t.Errorf("%q, want %q", got, want)
				}
			})
		}
	}
}

// TestInside_otherDates checks that dates and notes of the builder do not count, and that instructions
// do.
func TestInside_otherDates(t *testing.T) {
	for _, tt := range []struct {
		name, with string
		same       bool
	}{
		{"another date", `"created":"2024-05-01T10:00:00Z","architecture"`, true},
		{"another member", `"unknown":"x","architecture"`, false},
		{"another note", `"docker_version":"27","architecture"`, true},
	} {
		s := twoBuilds(t, items{aFile("x", "1")}, items{aFile("x", "1").At(later)}, "fast", "fast")
		b := s.artifacts["b"]
		img := b.Entries[0].Image
		raw := bytes.Replace(img.Config.Raw, []byte(`"architecture"`), []byte(tt.with), 1)
		other := parse(t, bytes.Replace(img.Manifest.Raw, []byte(digest.FromBytes(img.Config.Raw)), []byte(digest.FromBytes(raw)), 1), raw)
		s.artifacts.put("b", single("localhost:5000/app:x", other))
		if _, _, same, err := s.write(t, Request{Inside: &Inside{MaxRead: 1e9, Accept: diff.InsideTimes}}, "a", "b"); same != tt.same || err != nil {
			t.Errorf("%s: same %v (%v)", tt.name, same, err)
		}
	}
}

// TestInside_limit checks that the largest layers that do not fit are not read, that this is said, and
// that it does not change the exit code of a report without a check.
func TestInside_limit(t *testing.T) {
	s := insides{artifacts{}, map[digest.Digest]items{}, map[digest.Digest]error{}, new([]digest.Digest)}
	layer := func(name string, size int64) heldStep {
		return heldStep{step{text: "RUN " + name[:1], files: name, size: size}, items{aFile(name, name)}}
	}
	s.put(t, "a", nil, layer("1a", 10e6), layer("2a", 50e6), layer("3a", 20e6))
	s.put(t, "b", nil, layer("1b", 10e6), layer("2b", 50e6), layer("3b", 20e6))
	_, notes, same, err := s.write(t, Request{Inside: &Inside{MaxRead: 100e6}}, "a", "b")
	if want := "tagdiff: 2 layers of 100 MB not read; --max-read 160MB reads them\n"; same || err != nil || notes != want {
		t.Errorf("same %v, %v, notes %q, want %q", same, err, notes, want)
	}
	if len(*s.asked) != 4 {
		t.Errorf("%d layers were read, want 4", len(*s.asked))
	}
	*s.asked = nil
	if _, notes, _, _ := s.write(t, Request{Inside: &Inside{MaxRead: 160e6}}, "a", "b"); notes != "" || len(*s.asked) != 6 {
		t.Errorf("%d layers were read, notes %q", len(*s.asked), notes)
	}
	*s.asked = nil
	if _, _, _, err := s.write(t, Request{}, "a", "b"); err != nil || len(*s.asked) != 0 {
		t.Errorf("without --inside %d layers were read (%v)", len(*s.asked), err)
	}
}

// TestInside_unknownSize checks that the limit holds for layers whose manifest states no size.
func TestInside_unknownSize(t *testing.T) {
	s := insides{artifacts{}, map[digest.Digest]items{}, map[digest.Digest]error{}, new([]digest.Digest)}
	layer := func(name string) heldStep {
		return heldStep{step{text: "RUN " + name[:1], files: name}, items{aFile(name, name)}}
	}
	s.put(t, "a", nil, layer("1a"), layer("2a"))
	s.put(t, "b", nil, layer("1b"), layer("2b"))
	_, notes, _, err := s.write(t, Request{Inside: &Inside{MaxRead: 60}}, "a", "b")
	if want := "tagdiff: layers of unknown size are larger than --max-read allows; and 2 more layers could not be read\n"; err != nil || notes != want {
		t.Errorf("%v, notes %q, want %q", err, notes, want)
	}
}

// TestInside_expect checks that a check of one image with an unread layer fails only as an error.
func TestInside_expect(t *testing.T) {
	s := twoBuilds(t, items{aFile("x", "1")}, nil, "fast", "fast")
	for _, tt := range []struct {
		expect string
		limit  int64
		same   bool
		want   string
	}{
		{"linux/amd64", 1e9, true, ""},
		{"linux/amd64", 10e6, true, "--expect cannot be decided with --inside: 1 layer of 29 MB not read; --max-read 33MB reads it"},
		{"linux/arm64", 10e6, false, ""}, // of linux/amd64 nothing is read
	} {
		_, _, same, err := s.write(t, Request{Expect: []string{tt.expect}, Inside: &Inside{MaxRead: tt.limit}}, "a")
		if same != tt.same || fmt.Sprint(err) != tt.want && (err != nil || tt.want != "") {
			t.Errorf("%s: %v, %v, want %v, %q", tt.expect, same, err, tt.same, tt.want)
		}
	}
}

// TestInside_cancelled checks that a cancelled reading ends the report.
func TestInside_cancelled(t *testing.T) {
	s := twoBuilds(t, items{aFile("x", "1")}, items{aFile("x", "2")}, "fast", "fast")
	ctx, cancel := context.WithCancel(t.Context())
	r := Request{Registry: cancelling{s, cancel}, Format: "text", Inside: &Inside{MaxRead: 1e9}}
	var w bytes.Buffer
	if _, err := r.Write(ctx, &w, []model.Ref{s.ref("a"), s.ref("b")}); !errors.Is(err, context.Canceled) || w.Len() > 0 {
		t.Errorf("%v after %q", err, w.String())
	}
}

// cancelling ends the context while it reads layers.
type cancelling struct {
	insides
	cancel context.CancelFunc
}

func (c cancelling) ReadLayers(_ context.Context, reads []model.LayerRead, _ func(model.LayerState)) model.LayerStates {
	c.cancel()
	states := model.LayerStates{}
	for _, r := range reads {
		states[r.Layer.Digest] = model.LayerState{Digest: r.Layer.Digest, Err: context.Canceled}
	}
	return states
}

// changed are the last layers of two builds with differences of many kinds.
func changed() (a, b items) {
	a = items{
		insidetest.Folder("app").At(noon), aFile("app/main.py", "import os\nrun()\n"), aFile("app/start.sh", "#!/bin/sh\n").As(0o755, 0, 0),
		aFile("app/hunter/password=hunter2hunter2", "1"), aFile("var/log/dpkg.log", "1"), insidetest.Symlink("app/current", "v1").At(noon),
		aFile("usr/share/doc/"+strings.Repeat("long/", 15)+"copyright", "1"), aFile("same", "1"),
	}
	b = items{
		insidetest.Folder("app").At(later), aFile("app/main.py", "import os\nrun(1)\nexit()\n"), aFile("app/start.sh", "#!/bin/sh\n").As(0o644, 0, 0),
		aFile("app/hunter/password=hunter2hunter2", "2"), aFile("var/log/dpkg.log", "2"), insidetest.Symlink("app/current", "v2").At(noon),
		aFile("usr/share/doc/"+strings.Repeat("long/", 15)+"copyright", "2"), aFile("same", "1"), aFile("evil\x1b[31m|`x`", "1"),
	}
	for i := range 30 {
		b = append(b, aFile(fmt.Sprintf("many/%02d", i), fmt.Sprint(i)))
	}
	return a, b
}

// TestInside_golden holds the reports on what is inside layers.
func TestInside_golden(t *testing.T) {
	a, b := changed()
	s := twoBuilds(t, a, b, "fast", "fast")
	big := aFile("opt/big", strings.Repeat("x", look.LeastWaste))
	s.put(t, "wasteful", nil,
		heldStep{step{text: "RUN download", files: "download", size: 1e6}, items{big, aFile("etc/x", "1")}},
		heldStep{step{text: "RUN rm /opt/big", files: "rm", size: 100}, items{insidetest.File("opt/.wh.big", "").At(noon)}})
	for name, tt := range map[string]struct {
		tags []string
		all  bool
	}{
		"inside": {[]string{"a", "b"}, false}, "inside-all": {[]string{"a", "b"}, true},
		"inside-alone": {[]string{"wasteful"}, false}, "inside-alone-all": {[]string{"wasteful"}, true},
	} {
		for ext, format := range map[string]string{"txt": "text", "md": "markdown", "json": "json"} {
			golden(t, name+"."+ext, diff.Comparison{}, func(w io.Writer, _ diff.Comparison, o Options) error {
				o.AllFiles = tt.all
				out, _, _, err := s.write(t, Request{Format: format, Options: o, Inside: &Inside{MaxRead: 1e9}}, tt.tags...)
				_, errWrite := io.WriteString(w, out)
				return errors.Join(err, errWrite)
			}, Options{})
		}
	}
}

// TestInside_json checks that the counts of a step add up, and that limits leave out what is not grave.
func TestInside_json(t *testing.T) {
	a, b := items{aFile("z", "1")}, items{aFile("z", "2")}
	for i := range maxChanges + 5 {
		a, b = append(a, aFile(fmt.Sprintf("f%04d", i), "1")), append(b, aFile(fmt.Sprintf("f%04d", i), "1").At(later))
	}
	s := twoBuilds(t, a, b, "fast", "fast")
	for _, all := range []bool{false, true} {
		out, _, _, err := s.write(t, Request{Format: "json", Options: Options{AllFiles: all}, Inside: &Inside{MaxRead: 1e9}}, "a", "b")
		var r jsonReport
		if err := errors.Join(err, json.Unmarshal([]byte(out), &r)); err != nil {
			t.Fatal(err)
		}
		if r.Verdict.Inside != diff.InsideFiles || r.Cost == nil || *r.Cost != (jsonCost{8_000_000, 8_000_000}) {
			t.Errorf("verdict %q, cost %v", r.Verdict.Inside, r.Cost)
		}
		in := r.Platforms[0].Steps[1].Inside
		if n := in.Counts; n.Same+n.Time+n.Content != maxChanges+6 || n.Content != 1 || in.Entries.A != maxChanges+6 {
			t.Errorf("%+v of %+v", n, in.Entries)
		}
		if want := map[bool]int{false: maxChanges, true: maxChanges + 6}[all]; len(in.Changes) != want || in.Left != maxChanges+6-want {
			t.Errorf("%d changes, %d left", len(in.Changes), in.Left)
		}
		if in.Changes[0].Path != "z" || !in.Verified || in.How != "full" || strings.Join(in.Why, " ") != "W3 W8" {
			t.Errorf("first %q, verified %v, %s, %v", in.Changes[0].Path, in.Verified, in.How, in.Why)
		}
	}
}

// TestInside_merged checks what JSON says of the files of all layers: what only one side deletes, and that equal layers
// above were not read; and the package and the machine of a program.
func TestInside_merged(t *testing.T) {
	elf := string(programtest.ELF{Machine: 183}.Bytes())
	held := func(version string, more ...insidetest.Item) items {
		return append(items{
			aFile("var/lib/dpkg/status", "Package: x\nStatus: install ok installed\nArchitecture: arm64\nVersion: "+version+"\n\n"),
			aFile("var/lib/dpkg/info/x.list", "/usr/bin/x\n"), aFile("usr/bin/x", elf+version).As(0o755, 0, 0),
		}, more...)
	}
	s := twoBuilds(t, held("1", insidetest.File(".wh.gone", "")), held("2"), "fast", "fast")
	top := heldStep{step{text: "RUN top", files: "top", size: 1_000_000}, items{aFile("top", "1")}}
	base := heldStep{step{text: "ADD base.tar /", files: "base", size: 29_000_000}, items{aFile("bin/sh", "sh")}}
	s.put(t, "c", nil, base, heldStep{step{text: "RUN make", files: "made a", size: 4_000_000}, nil}, top)
	s.put(t, "d", nil, base, heldStep{step{text: "RUN make", files: "made b", size: 4_000_000}, nil}, top)
	for tags, covered := range map[[2]string]bool{{"a", "b"}: false, {"c", "d"}: true} {
		out, _, _, err := s.write(t, Request{Format: "json", Inside: &Inside{MaxRead: 1e9}}, tags[0], tags[1])
		var r jsonReport
		if err := errors.Join(err, json.Unmarshal([]byte(out), &r)); err != nil {
			t.Fatal(err)
		}
		in := r.Platforms[0].Inside
		if in == nil || in.Deletions == nil || len(in.Deletions.B) != 0 || !slices.Equal(in.Deletions.A, []jsonDeletion{{"gone", "whiteout"}}) ||
			in.Covered != covered {
			t.Fatalf("%v: %+v", tags, in)
		}
		first := in.Changes[0]
		if first.Path != "usr/bin/x" || first.Package != "x" || first.A.Machine != "arm64" || first.B.Machine != "arm64" {
			t.Errorf("%+v, A %+v", first, first.A)
		}
	}
}

// TestInside_progress checks that progress is written and taken away.
func TestInside_progress(t *testing.T) {
	s := twoBuilds(t, items{aFile("x", "1")}, items{aFile("x", "2")}, "fast", "fast")
	var p bytes.Buffer
	if _, _, _, err := s.write(t, Request{Inside: &Inside{MaxRead: 1e9, Progress: &p}}, "a", "b"); err != nil {
		t.Fatal(err)
	}
	if got := p.String(); !strings.HasPrefix(got, "\r4.0 MB of 8.0 MB read, 1 layer") || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("%q", got)
	}
}

// TestUnreadCost_lines checks that the report on two indexes of 8 platforms stays short.
func TestUnreadCost_lines(t *testing.T) {
	many := func(of string) model.Artifact {
		var images []model.Image
		for i := range 8 {
			arch := fmt.Sprint("arch", i)
			images = append(images, image(t, arch, nil, step{text: "ADD x /", files: "base " + arch, size: 3e6},
				step{text: "RUN make", files: "made " + arch + of, size: 4e6}, step{text: "COPY . /app", files: "app " + arch + of, size: 1e6}))
		}
		return index(t, "localhost:5000/app:"+of, images...)
	}
	var w bytes.Buffer
	if err := Text(&w, diff.Compare(many("1"), many("2")), Options{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(w.String(), "\n"); n > 80 || strings.Count(w.String(), "--inside") != 1 ||
		!strings.Contains(w.String(), "16 of 24 layers differ: 40 MB + 40 MB to read; --inside reads them") {
		t.Errorf("%d lines:\n%s", n, w.String())
	}
}
