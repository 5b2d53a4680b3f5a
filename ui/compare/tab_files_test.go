package compare_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/compare"
	"github.com/tagdiff/tagdiff/ui/page"
	"github.com/tagdiff/tagdiff/ui/uitest/driver"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

const imageA, imageB = "localhost:5000/app:a", "localhost:5000/app:b"

type items = []insidetest.Item

// filesReg returns a registry with the images a and b of some layers. size is the size of each blob as
// the manifests state it.
func filesReg(t *testing.T, size int64, a, b []items) fakereg.Images {
	t.Helper()
	f := fakereg.Images{
		ByTag: map[string]model.Artifact{}, Insides: map[digest.Digest]*inside.Layer{}, Files: map[inside.Hash][]byte{},
	}
	for tag, layers := range map[string][]items{"a": a, "b": b} {
		f.TagNames = append(f.TagNames, tag)
		f.ByTag[tag] = builtImage(t, f, size, layers)
	}
	return f
}

func builtImage(t *testing.T, f fakereg.Images, size int64, layers []items) model.Artifact {
	t.Helper()
	m := v1.Manifest{MediaType: v1.MediaTypeImageManifest}
	m.SchemaVersion = 2
	c := v1.Image{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, RootFS: v1.RootFS{Type: "layers"}}
	for i, entries := range layers {
		raw := insidetest.Tar(entries...)
		l, err := inside.Read(bytes.NewReader(raw), inside.Options{})
		if err != nil {
			t.Fatal(err)
		}
		f.Insides[l.Blob] = l
		for _, e := range entries {
			f.Files[sha256.Sum256([]byte(e.Body))] = []byte(e.Body)
		}
		m.Layers = append(m.Layers, v1.Descriptor{MediaType: v1.MediaTypeImageLayer, Digest: l.Blob, Size: size})
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, l.DiffID)
		c.History = append(c.History, v1.History{CreatedBy: fmt.Sprintf("COPY part%d /", i+1)})
	}
	conf := marshal(t, c)
	m.Config = v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: digest.FromBytes(conf), Size: int64(len(conf))}
	raw := marshal(t, m)
	manifest, err := model.ParseManifest(model.Document{Digest: digest.FromBytes(raw), MediaType: m.MediaType, Raw: raw})
	if err != nil {
		t.Fatal(err)
	}
	config, err := model.ParseConfig(model.Document{Digest: m.Config.Digest, Raw: conf})
	if err != nil {
		t.Fatal(err)
	}
	img := model.NewImage(manifest, config)
	return model.Artifact{Top: manifest, Done: true, Entries: []model.Entry{{
		Descriptor: v1.Descriptor{Digest: manifest.Digest, MediaType: manifest.MediaType}, Role: model.RoleImage, Image: &img,
	}}}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

var file = insidetest.File

// base and the two versions of a layer above it. A deletes a file of the base.
var (
	base     = items{file("etc/base.conf", "a=1"), file("etc/passwd", "root")}
	versionA = items{
		file("app/main.py", "one\ntwo\n"), file("app/env", "API_TOKEN=ghs_16C7e42F292c6912E7710c838347Ae178B4a\n"), file("bin/tool", "\x00A"),
		file("var/log/dpkg.log", "log a"), file("same", "same"), file("etc/.wh.base.conf", ""),
	}
	versionB = items{
		file("app/main.py", "one\nthree\n"), file("app/env", "API_TOKEN=ghs_26C7e42F292c6912E7710c838347Ae178B4a\n"), file("bin/tool", "\x00B+"),
		file("var/log/dpkg.log", "log b"), file("same", "same"), file("new.txt", "new"),
	}
)

func twoVersions(t *testing.T, size int64) fakereg.Images {
	t.Helper()
	return filesReg(t, size, []items{base, versionA}, []items{base, versionB})
}

// TestFiles_unasked: layers of up to 4 MiB in all are read at once, and larger ones at an announced cost.
func TestFiles_unasked(t *testing.T) {
	d := open(t, twoVersions(t, 2<<20), 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("≠ app/main.py", "+ new.txt")

	d = open(t, twoVersions(t, 2<<20+1), 100, 24, imageA, imageB)
	d.Keys("4")
	d.DoesNotSee("app/main.py")
	d.Sees("Inside: 1 of 2 layers differs: 2.1 MB + 2.1 MB to read. i reads them", "i look inside")
	d.Keys("i")
	d.Sees("≠ app/main.py", "+ new.txt")
	d.DoesNotSee("to read")

	d = open(t, twoVersions(t, 100), 100, 24, imageA)
	d.Keys("4")
	d.Sees("Inside: 2 layers, 200 B to read", "not read") // of one image nothing is compared
}

// TestFiles_cursor: i in Layers puts the cursor on the first file that differs in the step, also if it arrives later, so
// that enter opens it. A step with noise alone keeps the cursor.
func TestFiles_cursor(t *testing.T) {
	noise := items{file("var/log/dpkg.log", "log c")}
	other := items{file("var/log/dpkg.log", "log d")}
	f := filesReg(t, 100, []items{noise, versionA}, []items{other, versionB})
	d := open(t, f, 100, 24, imageA, imageB)
	d.Keys("3", "n", "n", "i")
	d.Sees("[4 Files", "›≠ app/env")
	d.Keys("enter")
	d.Sees("app/env", "esc back")
	d.Keys("esc", "3", "N", "i")
	d.Sees("›Step 1")
	d.Keys("z")
	d.Sees("noise is shown")
	d.Keys("z")
	d.Sees("noise is hidden")

	f = filesReg(t, 4<<20, []items{versionA}, []items{versionB})
	d = open(t, f, 100, 24, imageA, imageB)
	d.Keys("3", "n", "i")
	d.Sees("›≠ app/env")
	d = open(t, filesReg(t, 100, []items{{file("x", "a")}}, []items{{file("x", "b")}}), 100, 24, imageA, imageB)
	d.Keys("4", "z")
	d.Sees("none of what was read is noise")
}

// TestFiles_arriving: the newest files show while layers arrive. What was read to its end stays when the
// reading is stopped, and i goes on.
func TestFiles_arriving(t *testing.T) {
	f := filesReg(t, 4<<20, []items{versionA, {file("late", "a")}}, []items{versionB, {file("late", "b")}})
	d := open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Hold("i")
	d.Sees("reading")
	layers := map[string][]v1.Descriptor{}
	for _, tag := range []string{"a", "b"} {
		layers[tag] = f.ByTag[tag].Entries[0].Image.Manifest.Layers
	}
	arrived := func(s model.LayerState) { owns(d, compare.LayerArrived(top(d), s)) }
	arrived(model.LayerState{Digest: layers["a"][0].Digest, Packed: 1 << 20, Entries: 2, New: []inside.Entry{
		{Path: "first/file", Kind: inside.File}, {Path: "second/file", Kind: inside.File},
	}})
	d.Sees("A 1.0 MB read, 2 files", "first/file", "second/file", "reading 1.0 MB of 17 MB", "esc stop")
	for _, tag := range []string{"a", "b"} {
		l := f.Insides[layers[tag][0].Digest]
		arrived(model.LayerState{Digest: l.Blob, Packed: 4 << 20, Entries: l.Files.Len(), Layer: l})
	}
	d.Sees("≠ app/main.py", "reading 8.4 MB of 17 MB", "esc stop") // both layers of a step do, while others arrive
	d.DoesNotSee("late")
	d.Keys("esc")
	d.Sees("≠ app/main.py", "not read", "1 of 2 layers differs")
	d.DoesNotSee("late")
	d.Keys("i")
	d.Sees("≠ app/main.py")
	d.Keys("G")
	d.Sees("≠ late")
}

// TestFiles_knownBase: a base that is equal on both sides costs nothing where its list is known, and then a link
// in it counts that the layers above hide.
func TestFiles_knownBase(t *testing.T) {
	base := items{file("etc/passwd", "root"), file("usr/lib/libc.so", "c"), insidetest.Symlink("lib", "usr/lib")}
	f := filesReg(t, 100, []items{base, {file("lib/x", "1")}}, []items{base, {file("lib/x", "2")}})
	const finding, unread = "turns the link lib of step 1 into a folder", "The layers below were not read"
	d := open(t, f, 120, 40, imageA, imageB)
	d.DoesNotSee(finding)
	d.Keys("4", "v")
	d.Sees(unread)
	f.Known = map[digest.Digest]bool{f.ByTag["a"].Entries[0].Image.Manifest.Layers[0].Digest: true}
	d = open(t, f, 120, 40, imageA, imageB)
	d.Sees(finding)
	d.Keys("4", "v")
	d.Sees("The whole image", "≠ lib/x")
	d.DoesNotSee(unread)
}

// TestFiles_knownLayers: large layers whose lists were made before are compared without a key, and cost nothing
// beside others.
func TestFiles_knownLayers(t *testing.T) {
	f := filesReg(t, 4<<20, []items{versionA, {file("late", "a")}}, []items{versionB, {file("late", "b")}})
	layers := func(step int) (a, b digest.Digest) {
		of := func(tag string) digest.Digest { return f.ByTag[tag].Entries[0].Image.Manifest.Layers[step].Digest }
		return of("a"), of("b")
	}
	a, b := layers(0)
	f.Known = map[digest.Digest]bool{a: true, b: true}
	d := open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("≠ app/main.py", "1 of 2 layers differs: 4.2 MB + 4.2 MB to read. i reads them")
	d.DoesNotSee("late")
	a, b = layers(1)
	f.Known[a] = true
	d = open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("≠ app/main.py", "≠ late") // what is left is small
	d.DoesNotSee("to read")
	f.Known[b] = true
	d = open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("≠ app/main.py", "≠ late")
	d.DoesNotSee("to read")
}

// TestFiles_waste: of one image each step says what it ships in vain.
func TestFiles_waste(t *testing.T) {
	big := func(path string) insidetest.Item { return file(path, strings.Repeat(path, 200_000)) }
	f := filesReg(t, 100, []items{{big("cache/apt"), big("tmp/x")}, {file("cache/.wh.apt", ""), file("tmp/x", "")}}, nil)
	d := open(t, f, 100, 24, imageA)
	d.Keys("i")
	d.Sees("1.8 MB in 1 file that step 2 deletes, the largest cache/apt", "1.0 MB in 1 file that step 2 replaces, the largest tmp/x")
}

// TestFiles_restarted: the files of a layer that is requested again from its start do not count.
func TestFiles_restarted(t *testing.T) {
	f := twoVersions(t, 4<<20)
	d := open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Hold("i")
	s := model.LayerState{Digest: f.ByTag["a"].Entries[0].Image.Manifest.Layers[1].Digest, Entries: 1, New: []inside.Entry{{Path: "before"}}}
	owns(d, compare.LayerArrived(top(d), s))
	d.Sees("before")
	s.Restarted, s.New = true, []inside.Entry{{Path: "again"}}
	owns(d, compare.LayerArrived(top(d), s))
	d.Keys("O") // draws the tab at once
	d.Sees("again")
	d.DoesNotSee("before")
}

// TestFiles_error: a layer that cannot be read is named, the others are shown, and r reads it again.
func TestFiles_error(t *testing.T) {
	f := filesReg(t, 100, []items{{file("x", "1")}, {file("y", "1")}}, []items{{file("x", "2")}, {file("y", "2")}})
	broken := f.ByTag["b"].Entries[0].Image.Manifest.Layers[0].Digest
	l := f.Insides[broken]
	delete(f.Insides, broken)
	d := open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("there is no layer "+model.ShortDigest(broken), "r tries again", "≠ y", "B's layer could not be read")
	d.DoesNotSee("≠ x")
	d.Keys("v", "v")
	d.Sees("the whole image is not known")
	d.Keys("r") // it fails again
	d.Sees("B's layer could not be read")
	f.Insides[broken] = l
	d.Keys("r")
	d.Sees("≠ x", "≠ y")
	d.DoesNotSee("there is no layer")
}

// TestFiles_keys: n goes to the next difference, z shows noise, O sorts, enter opens the file and y copies.
func TestFiles_keys(t *testing.T) {
	d := open(t, twoVersions(t, 100), 100, 30, imageA, imageB)
	d.Keys("4", "n")
	d.Sees("›≠ app/env", "n next diff", "v merged", "z noise", "O order")
	d.DoesNotSee("var/log/dpkg.log")
	d.Keys("z")
	d.Sees("≈ var/log/dpkg.log", "z hides them")
	d.Keys("z")
	d.DoesNotSee("var/log/dpkg.log")
	d.Keys("n", "enter")
	d.Sees("step 2: app/main.py", "8 B", "10 B", "2 two", "2 three")
	d.Sees("›   2 two") // the difference
	d.Keys("g", "y")
	d.Sees("copied path: app/main.py")
	d.Keys("n", "y")
	d.Sees("copied the line in A: two")
	d.Keys("down", "y")
	d.Sees("copied the line in B: three")
	d.Keys("c")
	d.Sees("copied the command: crane blob localhost:5000/app@sha256:")
	d.Keys("esc")
	d.Sees("›≠ app/main.py")
	d.Keys("O")
	d.Sees("files by change of size")
	if s := d.Screen(); strings.Index(s, "+ new.txt") > strings.Index(s, "≠ app/env") {
		t.Errorf("the files are not sorted by the change of their sizes:\n%s", s)
	}
	d.Keys("1", "z")
	d.Sees("z does nothing here")
}

// TestFiles_changedLine: where A's line stands above another one of B, y copies that of the cursor. n stops once.
func TestFiles_changedLine(t *testing.T) {
	a := file("x", "same\none long line of A\nsame\nlast of A\n")
	b := file("x", "same\none long line of B\nsame\nlast of B\n")
	d := open(t, filesReg(t, 100, []items{base, {a}}, []items{base, {b}}), 80, 24, imageA, imageB)
	d.Keys("4", "n", "enter", "y")
	d.Sees("copied the line in A: one long line of A")
	d.Keys("down", "y")
	d.Sees("copied the line in B: one long line of B")
	d.Keys("n", "y")
	d.Sees("copied the line in A: last of A")
	d.Keys("|", "y", "b") // side by side
	d.Sees("copied the line in B: last of B")
}

// TestFiles_views: only the view of the whole image says that a file is absent, and it costs the layers
// that were not read.
func TestFiles_views(t *testing.T) {
	d := open(t, twoVersions(t, 1000), 100, 30, imageA, imageB)
	d.Keys("4")
	d.Sees("+ etc/base.conf", "only A deletes it", "+ new.txt", "1 added or replaced")
	d.Keys("v")
	d.Sees("All layers from the first that differs", "The layers below were not read", "? new.txt", "v whole image", "1 added or replaced")
	d.DoesNotSee("on one side only")
	d.Keys("v")
	d.Sees("The whole image needs 1 layer more, 1.0 kB: enter to go on, esc to cancel")
	d.Keys("esc")
	d.DoesNotSee("enter to go on")
	d.Sees("? new.txt")
	d.Keys("v", "enter")
	d.Sees("The whole image  ", "+ etc/base.conf", "+ new.txt", "v by step")
	d.DoesNotSee("? new.txt")
	d.Keys("n", "enter") // its layer is found
	d.Sees("step 2: app/main.py", "2 two", "2 three")
	d.Keys("esc", "v") // the layer below is known now
	d.Sees("+ etc/base.conf", "v whole image", "3 changed, 1 added, 1 no longer deleted")
}

// TestFiles_oneImage: the files of one image by step, together, and by size.
func TestFiles_oneImage(t *testing.T) {
	f := filesReg(t, 100, []items{base, versionA}, nil)
	d := open(t, f, 100, 30, imageA)
	d.Keys("4", "i")
	d.Sees("Step 1", "etc/base.conf", "Step 2", "deletes", "app/main.py")
	d.Keys("v")
	d.Sees("The whole image  ", "etc/passwd", "app/main.py")
	d.DoesNotSee("base.conf")
	d.Keys("O")
	d.Sees("files by size")
	d.Keys("enter")
	d.Sees("step 2: app/env", "API_TOKEN=(masked)")
	d.DoesNotSee("compared")
}

// TestFiles_onlyA: where B cannot be read, the files of A can be.
func TestFiles_onlyA(t *testing.T) {
	d := open(t, twoVersions(t, 100), 100, 30, imageA, "localhost:5000/app:gone")
	d.Keys("4")
	d.Sees("Inside: 2 layers, 200 B to read", "not read")
	d.Keys("i")
	d.Sees("etc/base.conf", "app/main.py", "v whole image")
}

// TestFiles_secrets: what looks like a secret is masked until x shows it.
func TestFiles_secrets(t *testing.T) {
	d := open(t, twoVersions(t, 100), 80, 30, imageA, imageB)
	d.Keys("4", "n", "enter")
	d.Sees("- API_TOKEN=(masked)", "+ API_TOKEN=(masked)")
	d.DoesNotSee("ghs_")
	d.Keys("x")
	d.Sees("ghs_16C7", "ghs_26C7")
}

// TestFiles_hostileNames: names of an archive reach the screen only in a visible form.
func TestFiles_hostileNames(t *testing.T) {
	names := items{}
	for _, n := range []string{"a\x1b[31mred", "b\nline", "c\u202egnp", "d\xe9", strings.Repeat("long/", 60) + "e"} {
		names = append(names, file(n, "1"))
	}
	f := filesReg(t, 100, []items{names}, []items{{file("other", "2")}})
	for _, size := range [][2]int{{60, 20}, {80, 24}, {200, 60}} {
		d := open(t, f, size[0], size[1], imageA, imageB)
		d.Keys("4")
		d.Sees(`a\x1b[31mred`, `b\nline`, `c\u202egnp`, `d\xe9`, "…")
		d.Keys("n", "enter")
		d.Sees(`path          a\x1b[31mred`)
		for _, raw := range []string{"\x1b", "\u202e", "\xe9"} {
			d.DoesNotSee(raw)
		}
	}
}

// TestFiles_finding: enter on a finding about files opens the step in Files, and esc goes back.
func TestFiles_finding(t *testing.T) {
	a := items{file("app", "1"), file("bin/su", "su").As(0o4755, 0, 0), file("etc/passwd", "p").As(0o644, 0, 0)}
	b := items{file("app", "2"), file("bin/su", "su").As(0o755, 0, 0), file("etc/passwd", "p").As(0o600, 0, 0)}
	d := open(t, filesReg(t, 100, []items{base, a}, []items{base, b}), 100, 30, imageA, imageB)
	d.Keys("4", "v", "1", "n") // the view by step shows the evidence
	d.Keys("g", "enter")
	d.Sees("*Step 2", "└ In step 2, bin/su lost setuid.", "›≠ bin/su", "esc finding")
	d.Keys("esc")
	d.Sees("›")
	d.DoesNotSee("*Step 2")
}

// inEmptyFolder runs the test in a new folder.
func inEmptyFolder(t *testing.T) string {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	return folder
}

// TestExtract: E writes one file to the current folder, asks which side's, and replaces nothing.
func TestExtract(t *testing.T) {
	folder := inEmptyFolder(t)
	d := open(t, twoVersions(t, 100), 160, 30, imageA, imageB)
	d.Keys("4", "n", "n", "E")
	d.Sees("a write A's file", "b write B's file")
	d.Keys("b")
	d.Sees("wrote 10 B to " + filepath.Join(folder, "main.py"))
	info, err := os.Stat("main.py")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v, want mode 0600", info, err)
	}
	d.Keys("E", "a")
	d.Sees("not written: main.py exists in this folder")
	if content, _ := os.ReadFile("main.py"); string(content) != "one\nthree\n" {
		t.Errorf("the file has %q", content)
	}
	d.Keys("E", "esc")
	d.Sees("nothing was written")
	d.Keys("esc", "g", "E")
	d.Sees("there is no file to write here")
}

// TestExtract_link: a link at the name is not followed.
func TestExtract_link(t *testing.T) {
	inEmptyFolder(t)
	if err := os.Symlink("target", "new.txt"); err != nil {
		t.Skip(err)
	}
	d := open(t, twoVersions(t, 100), 160, 30, imageA, imageB)
	d.Keys("4", "G")
	findRow(t, d, "›+ new.txt")
	d.Keys("E")
	d.Sees("not written: new.txt exists")
	if _, err := os.Lstat("target"); err == nil {
		t.Error("the link was followed")
	}
}

// findRow moves the cursor up until the screen has a row.
func findRow(t *testing.T, d *driver.Driver, row string) {
	t.Helper()
	for range 50 {
		if strings.Contains(d.Screen(), row) {
			return
		}
		d.Keys("k")
	}
	t.Fatalf("no row %q on\n%s", row, d.Screen())
}

// largeFiles states a size for all files that is more than is written.
type largeFiles struct {
	fakereg.Images
	read *bool
}

func (l largeFiles) ReadFile(context.Context, model.Ref, v1.Descriptor, inside.Entry, int64) (model.FileContent, error) {
	*l.read = true
	return model.FileContent{}, nil
}

func (l largeFiles) ExtractFile(context.Context, model.Ref, v1.Descriptor, inside.Entry, string, func(int64)) (string, bool, error) {
	*l.read = true
	return "written", true, nil
}

// TestFilePage_large: a file above 1 MB is read at once only if its layers are small. For larger ones the user sees the cost, and
// asks.
func TestFilePage_large(t *testing.T) {
	big := "\x00" + strings.Repeat("x", 2<<20)
	for _, tt := range []struct {
		size int64
		asks bool
	}{{1 << 20, false}, {3 << 20, true}} {
		d := open(t, filesReg(t, tt.size, []items{{file("lib.so", big+"1")}}, []items{{file("lib.so", big+"2")}}), 100, 24, imageA, imageB)
		const read = "not a program, and more than 1.0 MB are not shown"
		d.Keys("4", "i", "n", "enter")
		if tt.asks {
			d.Sees("The content is not read: i reads up to 6.3 MB of layers for it.")
			d.DoesNotSee(read)
			d.Keys("i")
		}
		d.Sees(read)
	}
}

// TestExtract_progress: the screen says how far a file is, and esc stops it and stays on the page.
func TestExtract_progress(t *testing.T) {
	inEmptyFolder(t)
	d := open(t, twoVersions(t, 2<<20), 100, 24, imageA, imageB)
	d.Keys("4", "n", "n", "enter", "E")
	d.Hold("a")
	d.Sees("Writing main.py: 0 B read of a layer of 2.1 MB. esc stops", "esc stop writing")
	owns(d, compare.Extracting(top(d), 1<<20))
	d.Sees("Writing main.py: 1.0 MB read of")
	d.Keys("E")
	d.Sees("a file is being written; esc stops it")
	d.Keys("esc")
	d.Sees("stopped: main.py was not written", "app/main.py")
	d.DoesNotSee("Writing")
	d.Keys("E", "b")
	d.Sees("wrote 10 B to")
}

// TestExtract_large: the limit of a file is said before it is read, and the user can set it.
func TestExtract_large(t *testing.T) {
	inEmptyFolder(t)
	f := filesReg(t, 100, []items{base}, nil)
	for d, l := range f.Insides {
		huge := *l
		huge.Files = inside.NewList([]inside.Entry{{Path: "huge", Kind: inside.File, Size: 5 << 30}})
		f.Insides[d] = &huge
	}
	read := false
	d := open(t, largeFiles{f, &read}, 120, 24, imageA)
	d.Keys("4", "i", "j", "enter")
	d.Sees("larger than 67 MB: its content is not shown")
	d.Keys("E")
	d.Sees("not written: 5.4 GB is more than 4.3 GB; start tagdiff with a larger --max-read")
	if read {
		t.Error("a file beyond the limits was read")
	}
	d = drive(t, ui.Options{Registry: largeFiles{f, &read}, Open: []model.Ref{fakereg.Ref(t, imageA)}, MaxExtract: 6 << 30}, 120, 24)
	d.Keys("4", "i", "j", "E")
	d.Sees("wrote 5.4 GB to written")
}

func TestExtractedName(t *testing.T) {
	for path, want := range map[string]string{
		"app/main.py": "main.py", "": "file", "..": "file", "a/..": "file", ".env": "_env", "-rf": "_rf", "a/b\x1b[0m": "b__0m",
		"a\nb": "a_b", "x;rm -rf ~": "x_rm_-rf__", "NUL": "_NUL", "com1.txt": "_com1.txt", "con": "_con", "console": "console", "a.": "a",
		"ü": "file", `a\b`: "a_b", strings.Repeat("x", 300) + ".so": strings.Repeat("x", 117) + ".so", "...": "file", "a b": "a_b",
	} {
		if got := compare.ExtractedName(path); got != want {
			t.Errorf("ExtractedName(%q) = %q, want %q", path, got, want)
		}
	}
}

var _ page.Registry = largeFiles{}
