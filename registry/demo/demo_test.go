package demo

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// get is one request to the registry, without a network.
func get(t *testing.T, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, http.MethodGet, path, header...)
}

func do(t *testing.T, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w
}

// read parses what a tag or digest leads to.
func read(t *testing.T, repo, target string) model.Manifest {
	t.Helper()
	r := get(t, "/v2/"+repo+"/manifests/"+target)
	if r.Code != http.StatusOK {
		t.Fatalf("%s:%s: status %d", repo, target, r.Code)
	}
	raw := r.Body.Bytes()
	m, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: r.Header().Get("Content-Type"), Raw: raw})
	if err != nil {
		t.Fatalf("%s:%s: %v", repo, target, err)
	}
	return m
}

// readImage parses the image that a tag leads to, on a platform if it is an index.
func readImage(t *testing.T, repo, target, platform string) model.Image {
	t.Helper()
	m := read(t, repo, target)
	if m.Kind == model.KindIndex {
		n := slices.IndexFunc(m.Children, func(d v1.Descriptor) bool { return model.PlatformName(*d.Platform) == platform })
		if n < 0 {
			t.Fatalf("%s:%s has no %s", repo, target, platform)
		}
		m = read(t, repo, m.Children[n].Digest.String())
	}
	raw := get(t, "/v2/"+repo+"/blobs/"+m.Config.Digest.String()).Body.Bytes()
	c, err := model.ParseConfig(model.Document{Digest: m.Config.Digest, MediaType: m.Config.MediaType, Raw: raw})
	if err != nil {
		t.Fatalf("%s:%s: %v", repo, target, err)
	}
	return model.NewImage(m, c)
}

// TestDemo_goldenDigests checks the digest of every tag: screens and documents of
// other tests show them.
func TestDemo_goldenDigests(t *testing.T) {
	var lines []string
	for _, name := range registry().names {
		var own []string
		repo := registry().repositories[name]
		for _, tag := range repo.tags {
			own = append(own, name+":"+tag+" "+repo.targets[tag].Digest.String())
		}
		slices.Sort(own)
		if len(own) > 1000 {
			own = []string{fmt.Sprintf("%s %d tags %s", name, len(own), digest.FromString(strings.Join(own, "\n")))}
		}
		lines = append(lines, own...)
	}
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("testdata", "digests.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("digests have changed; if that is meant, run the test with -update\n%s", firstDifference(string(want), got))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "want " + w[i] + "\n got " + g[i]
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// spoilt are the tags whose flaw is that they cannot be read as images.
var spoilt = map[string]bool{
	"edge/broken:config-is-html": true, "edge/broken:one-step-too-many": true, "edge/broken:layer-left-out": true,
	"edge/broken:other-layer": true, "edge/broken:no-history": true,
	"edge/missing:child": true, "edge/missing:layer": true, "edge/missing:config": true,
}

// TestDemo_loadsEverything checks that everything in the demo registry loads.
func TestDemo_loadsEverything(t *testing.T) {
	for name, repo := range registry().repositories {
		checked := map[digest.Digest]bool{}
		for _, tag := range repo.tags {
			if !spoilt[name+":"+tag] {
				walk(t, name, read(t, name, tag), checked)
			}
		}
	}
}

func walk(t *testing.T, repo string, m model.Manifest, checked map[digest.Digest]bool) {
	t.Helper()
	if checked[m.Digest] {
		return
	}
	checked[m.Digest] = true
	for _, c := range m.Children {
		child := read(t, repo, c.Digest.String())
		if child.MediaType != c.MediaType || int64(len(child.Raw)) != c.Size {
			t.Errorf("%s: entry %s does not describe what it leads to", repo, c.Digest)
		}
		if role, _ := model.RoleOf(c); role == model.RoleImage || role == model.RoleIndex {
			walk(t, repo, child, checked)
		}
	}
	if m.Kind != model.KindImage {
		return
	}
	img := readImage(t, repo, m.Digest.String(), "")
	if img.Counts != nil {
		t.Errorf("%s@%s: %v", repo, m.Digest, img.Counts)
	}
	for i, l := range m.Layers {
		if model.IsExternal(l) {
			continue
		}
		r := get(t, "/v2/"+repo+"/blobs/"+l.Digest.String())
		b := r.Body.Bytes()
		if r.Code != http.StatusOK || digest.FromBytes(b) != l.Digest || int64(len(b)) != l.Size {
			t.Errorf("%s: layer %s: status %d, %d bytes", repo, l.Digest, r.Code, len(b))
			continue
		}
		if got, want := digest.FromBytes(unpack(t, l.MediaType, b)), img.Config.RootFS.DiffIDs[i]; got != want {
			t.Errorf("%s@%s: layer %d unpacks to %s, the config says %s", repo, m.Digest, i, got, want)
		}
	}
}

func unpack(t *testing.T, mediaType string, b []byte) []byte {
	t.Helper()
	if strings.HasSuffix(mediaType, "zstd") {
		d, err := zstd.NewReader(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		out, err := d.DecodeAll(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if !strings.Contains(mediaType, "gzip") {
		return b
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRetag checks that the first incident is what it says it is.
func TestRetag(t *testing.T) {
	const repo = "shop/image-name"
	tested, prod := readImage(t, repo, "testing", ""), readImage(t, repo, "prod", "")
	if v := read(t, repo, "20231001.155532z"); v.Digest != tested.Manifest.Digest || prod.Manifest.Digest == v.Digest {
		t.Error("the versioned tag is testing, and prod is not")
	}
	if tested.ID() != prod.ID() {
		t.Error("prod and testing have one config")
	}
	a, errA := model.ComputeSchema1(tested)
	b, errB := model.ComputeSchema1(prod)
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	rebuilt := readImage(t, repo, "prod-rebuilt", "")
	c, err := model.ComputeSchema1(rebuilt)
	if err != nil || rebuilt.ID() == prod.ID() || !c.Rows[1].Throwaway || b.Rows[1].Throwaway {
		t.Errorf("prod-rebuilt has its own config, and a step without a layer where prod has an empty one: %v", err)
	}
	top := func(s model.Schema1) string { return string(s.Rows[0].BlobSum[7:15] + " " + s.Rows[1].BlobSum[7:15]) }
	if top(a) != "a3ed95ca 4f4fb700" || top(b) != "a3ed95ca a3ed95ca" {
		t.Errorf("newest fsLayers are %s and %s", top(a), top(b))
	}
	for i := range a.Rows {
		if same := a.Rows[i].ID == b.Rows[i].ID; same != (i > 1) {
			t.Errorf("row %d from the top: same id %v", i, same)
		}
	}
}

// TestPython checks the second: one list under many names, and a base that moved.
func TestPython(t *testing.T) {
	const repo = "library/python"
	shared := read(t, repo, "2.7")
	for _, tag := range []string{"2", "2.7.17"} {
		if read(t, repo, tag).Digest != shared.Digest {
			t.Errorf("%s is not 2.7", tag)
		}
	}
	if read(t, repo, "2.7-buster").Digest == shared.Digest || read(t, repo, "2.7.16").Digest == shared.Digest {
		t.Error("2.7 is neither 2.7-buster nor 2.7.16")
	}
	if readImage(t, repo, "2.7-buster", "linux/amd64").Manifest.Digest != readImage(t, repo, "2.7", "linux/amd64").Manifest.Digest {
		t.Error("2.7 and 2.7-buster have one linux/amd64 image")
	}
	green, red := readImage(t, "shop/api", "build-1041", ""), readImage(t, "shop/api", "build-1042", "")
	base := readImage(t, repo, "2.7.17", "linux/amd64")
	if len(green.Steps) != len(red.Steps) || len(red.Steps) != len(base.Steps)+9 {
		t.Fatalf("%d, %d and %d steps", len(green.Steps), len(red.Steps), len(base.Steps))
	}
	for i, s := range red.Steps {
		own := i >= len(base.Steps)
		if !own && s.DiffID != base.Steps[i].DiffID {
			t.Errorf("step %d is not the base's", i)
		}
		if own && s.CreatedBy != green.Steps[i].CreatedBy {
			t.Errorf("step %d: %q, was %q", i, s.CreatedBy, green.Steps[i].CreatedBy)
		}
	}
}

// TestPlatform checks the third: the label is right and the bytes are not.
func TestPlatform(t *testing.T) {
	amd64, arm64 := readImage(t, "uis/tool", "main", "linux/amd64"), readImage(t, "uis/tool", "main", "linux/arm64")
	if model.PlatformName(arm64.Platform()) != "linux/arm64" {
		t.Errorf("the config says %s", model.PlatformName(arm64.Platform()))
	}
	var weight int64
	for i := range 4 {
		if amd64.Config.RootFS.DiffIDs[i] != arm64.Config.RootFS.DiffIDs[i] {
			t.Errorf("layer %d differs", i)
		}
		weight += arm64.Manifest.Layers[i].Size
	}
	if weight < 1<<20 {
		t.Errorf("the base weighs %d bytes, too little to be one", weight)
	}
	if got := machine(t, "uis/tool", arm64); got != uint16(elf.EM_X86_64) {
		t.Errorf("the program of arm64 is for machine %d", got)
	}
	right := readImage(t, "uis/tool", "v1.3", "linux/arm64")
	if got := machine(t, "uis/tool", right); got != uint16(elf.EM_AARCH64) {
		t.Errorf("the program of v1.3 is for machine %d", got)
	}
	if right.Config.RootFS.DiffIDs[0] == readImage(t, "uis/tool", "v1.3", "linux/amd64").Config.RootFS.DiffIDs[0] {
		t.Error("v1.3 has a base for each platform")
	}
}

// TestRebuild checks the fourth: the ways in which the layers of its steps differ.
func TestRebuild(t *testing.T) {
	const repo = "shop/worker"
	a, b := readImage(t, repo, "build-311", ""), readImage(t, repo, "build-312", "")
	if revision := a.Config.Config.Labels[v1.AnnotationRevision]; revision == "" || revision != b.Config.Config.Labels[v1.AnnotationRevision] {
		t.Errorf("revisions %q and %q", revision, b.Config.Config.Labels[v1.AnnotationRevision])
	}
	want := []struct {
		times int
		more  string // paths that differ in more than times
	}{
		{0, ""},
		{3, ""},
		{17, "var/cache/ldconfig/aux-cache var/log/apt/history.log var/log/dpkg.log"},
		{7, "app/main.py app/requirements.txt app/start.sh app/util/retry.py"},
	}
	if len(a.Manifest.Layers) != len(want) || len(b.Manifest.Layers) != len(want) {
		t.Fatalf("%d and %d layers", len(a.Manifest.Layers), len(b.Manifest.Layers))
	}
	for i, w := range want {
		filesA, filesB := unpackFiles(t, repo, a, i), unpackFiles(t, repo, b, i)
		times, more := 0, map[string]bool{}
		for path := range filesA {
			more[path] = filesA[path].rest != filesB[path].rest
			if filesB[path].rest != "" && filesA[path].time != filesB[path].time {
				times++
			}
		}
		for path := range filesB {
			more[path] = filesA[path].rest != filesB[path].rest
		}
		maps.DeleteFunc(more, func(_ string, differs bool) bool { return !differs })
		if got := strings.Join(slices.Sorted(maps.Keys(more)), " "); times != w.times || got != w.more {
			t.Errorf("layer %d: %d times and %q differ, want %d and %q", i, times, got, w.times, w.more)
		}
	}
}

// fileState is an entry of a layer: its time, and everything else.
type fileState struct{ time, rest string }

// unpackFiles returns the entries of a layer by path.
func unpackFiles(t *testing.T, repo string, img model.Image, layer int) map[string]fileState {
	t.Helper()
	l := img.Manifest.Layers[layer]
	r := tar.NewReader(bytes.NewReader(unpack(t, l.MediaType, get(t, "/v2/"+repo+"/blobs/"+l.Digest.String()).Body.Bytes())))
	all := map[string]fileState{}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[h.Name] = fileState{h.ModTime.String(), fmt.Sprint(h.Typeflag, h.Mode, h.Uid, h.Linkname, digest.FromBytes(content))}
	}
}

// machine is what the newest layer's program is for.
func machine(t *testing.T, repo string, img model.Image) uint16 {
	t.Helper()
	l := img.Manifest.Layers[len(img.Manifest.Layers)-1]
	r := tar.NewReader(bytes.NewReader(unpack(t, l.MediaType, get(t, "/v2/"+repo+"/blobs/"+l.Digest.String()).Body.Bytes())))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	header := make([]byte, 20)
	if _, err := io.ReadFull(r, header); err != nil || string(header[:4]) != "\x7fELF" {
		t.Fatalf("no program: %q, %v", header, err)
	}
	return binary.LittleEndian.Uint16(header[18:])
}

// TestWrappings checks that every wrapping of a release is of the same image,
// or is not, as its name says.
func TestWrappings(t *testing.T) {
	const repo = "team/payments"
	release := readImage(t, repo, "1.42.0", "linux/amd64")
	for tag, want := range map[string]struct{ manifest, config, files bool }{
		"1.42.0-again":    {true, true, true},
		"1.42.0-bare":     {true, true, true},
		"1.42.0-amd64":    {true, true, true},
		"1.42.0-mirror":   {false, true, true},
		"1.42.0-zstd":     {false, true, true},
		"1.42.0-docker":   {false, true, true},
		"1.42.0-printed":  {false, false, true},
		"1.42.0-rebuilt":  {false, false, false},
		"1.42.0-squashed": {false, false, false},
		"1.41.2":          {false, false, false},
	} {
		img := readImage(t, repo, tag, "linux/amd64")
		got := struct{ manifest, config, files bool }{
			img.Manifest.Digest == release.Manifest.Digest, img.ID() == release.ID(),
			slices.Equal(img.Config.RootFS.DiffIDs, release.Config.RootFS.DiffIDs),
		}
		if got != want {
			t.Errorf("%s: same %+v, want %+v", tag, got, want)
		}
	}
	twins := 0
	for i := range release.Steps {
		twins += len(release.Twins(i))
	}
	if twins != 2 {
		t.Errorf("%d twins", twins)
	}
}

// TestIncidents_tagsExist checks that the tags of all incidents exist.
func TestIncidents_tagsExist(t *testing.T) {
	for _, i := range Incidents() {
		repo, tag, _ := strings.Cut(i.A, ":")
		read(t, repo, tag)
		read(t, repo, strings.TrimPrefix(i.B, ":"))
	}
}

func TestMissing(t *testing.T) {
	child := read(t, "edge/missing", "child").Children[0]
	if r := get(t, "/v2/edge/missing/manifests/"+child.Digest.String()); r.Code != http.StatusNotFound {
		t.Errorf("child: status %d", r.Code)
	}
	for tag, of := range map[string]func(model.Manifest) digest.Digest{
		"layer":  func(m model.Manifest) digest.Digest { return m.Layers[1].Digest },
		"config": func(m model.Manifest) digest.Digest { return m.Config.Digest },
	} {
		if r := get(t, "/v2/edge/missing/blobs/"+of(read(t, "edge/missing", tag)).String()); r.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", tag, r.Code)
		}
	}
}

// TestReferrers checks that what is attached to an image can be found.
func TestReferrers(t *testing.T) {
	cli := read(t, "team/tools", "cli")
	var found v1.Index
	if err := json.Unmarshal(get(t, "/v2/team/tools/referrers/"+cli.Digest.String()).Body.Bytes(), &found); err != nil {
		t.Fatal(err)
	}
	if len(found.Manifests) != 1 || found.Manifests[0].ArtifactType != "application/spdx+json" {
		t.Errorf("%+v", found.Manifests)
	}
	if fallback := read(t, "team/tools", "sha256-"+cli.Digest.Encoded()); fallback.Children[0].Digest != found.Manifests[0].Digest {
		t.Error("the fallback tag names another")
	}
}
