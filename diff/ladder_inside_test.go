package diff

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// holding is a layer that was read, with the digests that the layer of a test image has.
func holding(t testing.TB, l layer, items ...insidetest.Item) *inside.Layer {
	t.Helper()
	read, err := inside.Read(bytes.NewReader(insidetest.Tar(items...)), inside.Options{})
	if err != nil {
		t.Fatal(err)
	}
	read.Blob, read.DiffID = l.descriptor().Digest, l.diffID()
	return read
}

// readInside adds what the layers of a comparison hold.
func readInside(c Comparison, texts TextsOf, layers ...*inside.Layer) Comparison {
	read, found := ReadLayers{}, Inside{}
	for _, l := range layers {
		read[l.Blob] = l
	}
	for _, p := range c.Pairs {
		found[p.Manifests()] = CompareInside(p, read, texts)
	}
	return c.WithInside(found)
}

var (
	noon  = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	later = noon.Add(time.Minute)
)

// capNetRaw is the attribute of cap_net_raw=ep.
const capNetRaw = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// aFile is a file of a test layer.
func aFile(name, body string) insidetest.Item { return insidetest.File(name, body).At(noon) }

// twoBuilds are two builds of one Dockerfile whose second layer differs, with what it holds.
func twoBuilds(t testing.TB, a, b []insidetest.Item) Comparison {
	t.Helper()
	base, layerA, layerB := files("base"), files("app 1"), files("app 2")
	build := func(l layer, day string) build {
		date := "2024-05-" + day + "T10:00:00Z"
		return build{created: date, steps: []step{
			does("ADD base.tar /", base).at("2024-04-01T10:00:00Z"), does("RUN make", l).at(date), sets(`CMD ["app"]`).at(date),
		}}
	}
	c := Compare(single("a", build(layerA, "01").image(t)), single("b", build(layerB, "02").image(t)))
	return readInside(c, nil, holding(t, layerA, a...), holding(t, layerB, b...))
}

// TestInside_verdict checks the sentence, the code and the trust for what differs inside layers.
func TestInside_verdict(t *testing.T) {
	type items = []insidetest.Item
	tests := []struct {
		name     string
		a, b     items
		code     InsideCode
		trust    Trust
		headline string
	}{
		{"another archive", items{aFile("x", "1"), aFile("y", "2")}, items{aFile("y", "2"), aFile("x", "1")}, InsidePacking, Proved,
			"Same files, packed by another tool or in another order"},
		{"times", items{aFile("x", "1")}, items{aFile("x", "1").At(later)}, InsideTimes, Proved, "Same files; only 1 time differs"},
		{"times of folders", items{insidetest.Folder("d").At(noon)}, items{insidetest.Folder("d").At(later)}, InsideTimes, Proved,
			"Same files; only 1 time of a folder differs"},
		{"logs", items{aFile("var/log/dpkg.log", "1"), aFile("x", "1")}, items{aFile("var/log/dpkg.log", "2"), aFile("x", "1").At(later)},
			InsideGenerated, Suggested, "Built again with the same result: 1 log and 1 time differ, no program"},
		{"one file", items{aFile("app/x", "1")}, items{aFile("app/x", "2")}, InsideFiles, Inferred, "Step 2: 1 file changed: app/x"},
		{"several", items{aFile("a", "1"), aFile("b", "1"), aFile("c", "1")}, items{aFile("a", "2"), aFile("d", "2"), aFile("e", "3")}, InsideFiles, Inferred,
			"Step 2: 1 file changed, 2 added and 2 removed: a, b (removed), c (removed) and 2 more"},
		{"no longer executable", items{aFile("run.sh", "1").As(0o755, 0, 0)}, items{aFile("run.sh", "1").As(0o644, 0, 0)}, InsideFiles, Inferred,
			"Step 2: 1 file changed: run.sh (no longer executable)"},
		{"no longer executable among many", items{aFile("a", "1"), aFile("b", "1"), aFile("c", "1").As(0o755, 0, 0)},
			items{aFile("a", "2"), aFile("b", "2"), aFile("c", "1").As(0o644, 0, 0), aFile("d", "3")}, InsideFiles, Inferred,
			"Step 2: 3 files changed and 1 added: a, b, c (no longer executable) and 1 more"},
		{"other permissions among many", items{aFile("a", "1"), aFile("b", "1"), aFile("c", "1").As(0o755, 0, 0)},
			items{aFile("a", "2"), aFile("b", "2"), aFile("c", "1").As(0o700, 0, 0), aFile("d", "3")}, InsideFiles, Inferred,
			"Step 2: 3 files changed and 1 added: a, b, d (added) and 1 more"},
		{"moved", items{aFile("old/x", "content")}, items{aFile("new/x", "content")}, InsideFiles, Inferred, "Step 2: 1 file moved: new/x (was old/x)"},
		{"deleted", items{aFile("x", "1")}, items{aFile("x", "1"), insidetest.File(".wh.y", "")}, InsideFiles, Inferred, "Step 2: 1 file deleted: y (only B deletes it)"},
		{"no longer deleted", items{aFile("x", "1"), insidetest.File(".wh.y", "")}, items{aFile("x", "1")}, InsideFiles, Inferred,
			"Step 2: 1 file no longer deleted: y (only A deletes it)"},
		{"an opaque folder", items{insidetest.Folder("d").At(noon), insidetest.File("d/.wh..wh..opq", "")}, items{insidetest.Folder("d").At(noon)},
			InsideFiles, Inferred, "Step 2: 1 file no longer deleted: d (only A hides what the layers below have in it)"},
		{"capabilities", items{aFile("ping", "1").With("SCHILY.xattr.security.capability", capNetRaw)}, items{aFile("ping", "1")}, InsideFiles, Inferred,
			"Step 2: 1 file changed: ping (lost cap_net_raw=ep)"},
		{"other extended attributes", items{aFile("x", "1").With("SCHILY.xattr.user.a", "1")}, items{aFile("x", "1")}, InsideFiles, Inferred,
			"Step 2: 1 file changed: x (extended attributes differ)"},
		{"has and deletes it, in another order", items{aFile("x", "1"), aFile(".wh.x", "")}, items{aFile(".wh.x", ""), aFile("x", "1")}, InsidePacking, Inferred,
			"Same files, packed by another tool or in another order"},
		{"a path twice on one side", items{aFile("x", "1")}, items{aFile("x", "0"), aFile("x", "1")}, InsidePacking, Inferred,
			"Same files, packed by another tool or in another order"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := twoBuilds(t, tt.a, tt.b).Verdict
			if v.Headline.String() != tt.headline || v.Inside != tt.code || v.Trust != tt.trust || v.Code != SameRecipe {
				t.Errorf("%q (%s) inside %q, code %s\nwant %q (%s) inside %q", v.Headline, v.Trust, v.Inside, v.Code, tt.headline, tt.trust, tt.code)
			}
		})
	}
}

// TestInside_lines checks that a sentence counts the lines of a text file.
func TestInside_lines(t *testing.T) {
	c := twoBuilds(t, []insidetest.Item{aFile("main.py", "a\nb\n")}, []insidetest.Item{aFile("main.py", "a\nc\nd\n")})
	p := c.Pairs[0]
	texts := func(_ RowLayers, path string) (a, b []byte, ok bool) {
		return []byte("a\nb\n"), []byte("a\nc\nd\n"), path == "main.py"
	}
	c = c.WithInside(Inside{p.Manifests(): CompareInside(p, p.Inside.Layers, texts)})
	if got, want := c.Verdict.Headline.String(), "Step 2: 1 file changed: main.py +2 −1 lines"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestInside_partOfLayers checks that nothing is said of all layers while one of them was not read.
func TestInside_partOfLayers(t *testing.T) {
	c := twoBuilds(t, []insidetest.Item{aFile("x", "1")}, []insidetest.Item{aFile("x", "1").At(later)})
	p := c.Pairs[0]
	for blob := range p.Inside.Layers {
		c = c.WithInside(Inside{p.Manifests(): CompareInside(p, ReadLayers{blob: p.Inside.Layers[blob]}, nil)})
		break
	}
	if v := c.Verdict; v.Inside != InsideUnknown || v.Headline.String() != "Same recipe, built again; step 2 differs" {
		t.Errorf("%q inside %q", v.Headline, v.Inside)
	}
}

// TestInside_oneOfTwoPlatforms checks that a headline for two platforms does not name files of the one
// whose layers were read.
func TestInside_oneOfTwoPlatforms(t *testing.T) {
	base, x1, x2 := files("base"), files("x 1"), files("x 2")
	list := func(tag string, l layer) model.Artifact {
		recipe := []step{does("ADD base.tar /", base), does("RUN make", l)}
		return index(t, tag, entry(build{arch: "amd64", steps: recipe}.image(t)), entry(build{arch: "arm64", steps: recipe}.image(t)))
	}
	read := []*inside.Layer{holding(t, x1, aFile("x", "1")), holding(t, x2, aFile("x", "2"))}
	c := readInside(Compare(list("a", x1), list("b", x2)), nil, read...)
	if got, want := c.Verdict.Headline.String(), "Step 2: 1 file changed: x, on both platforms"; got != want || c.Verdict.Inside != InsideFiles {
		t.Errorf("both read: %q inside %q, want %q", got, c.Verdict.Inside, want)
	}
	metadata := Compare(list("a", x1), list("b", x2)).Verdict
	first := c.Pairs[0].Manifests()
	c = c.WithInside(Inside{first: c.Inside[first]})
	if v := c.Verdict; v.Headline != metadata.Headline || v.Step != metadata.Step || v.Inside != InsideUnknown ||
		!strings.HasSuffix(v.Because.String(), "Step 2: 1 file changed: x") {
		t.Errorf("one read: %q / %q inside %q, want %q", v.Headline, v.Because, v.Inside, metadata.Headline)
	}
}

// TestInside_atTheEnd checks the sentence on images whose layers have no counterparts.
func TestInside_atTheEnd(t *testing.T) {
	type items = []insidetest.Item
	x, y, y2, z := aFile("x", "1"), aFile("y", "2"), aFile("y", "3"), aFile("z", "4")
	headline := "RUN one is only in :a; RUN two is only in :a; RUN both is only in :b"
	for _, tt := range []struct {
		name                string
		first, second, both items
		headline, inside    string
	}{
		{"the same", items{x}, items{y}, items{x, y}, "Other layers, the same files at the end", ""},
		{"a file changed", items{x}, items{y}, items{x, y2}, headline, "At the end, 1 file changed: y"},
		{"a file that the base can have", items{x}, items{y}, items{x, y, z}, headline, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := mergedCase(t, tt.first, tt.second, tt.both).Verdict
			if _, text, _ := strings.Cut(v.Because.String(), "(1.0 kB). "); v.Headline.String() != tt.headline || text != tt.inside {
				t.Errorf("%q / %q, want %q / %q", v.Headline, v.Because, tt.headline, tt.inside)
			}
		})
	}
}

// TestInside_allFilesOfOther checks the sentence on images that share no layer and no instruction: files
// that were read can show that one holds the other.
func TestInside_allFilesOfOther(t *testing.T) {
	type items = []insidetest.Item
	x, y := aFile("x", "1"), aFile("y", "2")
	for _, tt := range []struct {
		name     string
		a, b     items
		headline string
	}{
		{"more files", items{x}, items{x, y}, "Other layers; all files of :a are in :b"},
		{"fewer files", items{x, y}, items{x.At(later)}, "Other layers; all files of :b are in :a"},
		{"another content", items{x}, items{aFile("x", "2"), y}, "Unrelated images"},
		{"folders alone", items{insidetest.Folder("d").At(noon)}, items{insidetest.Folder("d").At(noon), y}, "Unrelated images"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			one, two := files("one"), files("two")
			c := Compare(single("a", build{steps: []step{does("ADD one.tar /", one)}}.image(t)), single("b", build{steps: []step{does("RUN make", two)}}.image(t)))
			if v := readInside(c, nil, holding(t, one, tt.a...), holding(t, two, tt.b...)).Verdict; v.Headline.String() != tt.headline {
				t.Errorf("%q because %q, want %q", v.Headline, v.Because, tt.headline)
			}
		})
	}
}

// TestInside_broken checks that nothing is said of the files behind a fault or a limit of an archive.
func TestInside_broken(t *testing.T) {
	for name, change := range map[string]func(*inside.Layer){
		"broken":  func(l *inside.Layer) { l.Broken = "is cut off" },
		"limited": func(l *inside.Layer) { l.Left = []string{"the entries after the first 1,000,000"} },
	} {
		c := twoBuilds(t, []insidetest.Item{aFile("x", "1"), aFile("y", "1")}, []insidetest.Item{aFile("x", "1")})
		p := c.Pairs[0]
		change(p.Inside.Layers[p.Rows[1].B.Layer.Digest])
		c = c.WithInside(Inside{p.Manifests(): CompareInside(p, p.Inside.Layers, nil)})
		if v := c.Verdict; v.Inside != InsideUnknown || v.Headline.String() != "Same recipe, built again; step 2 differs" {
			t.Errorf("%s: %q inside %q", name, v.Headline, v.Inside)
		}
	}
}

// insideCases are the true cases and near misses of group H.
func insideCases(t *testing.T) []ruleCase {
	t.Helper()
	type items = []insidetest.Item
	c := func(a, b items) Comparison { return twoBuilds(t, a, b) }
	one := func(layers ...items) Comparison { // one image of several layers
		b := build{}
		var read []*inside.Layer
		for i, l := range layers {
			content := files("layer " + string(rune('a'+i)))
			b.steps = append(b.steps, does("RUN "+string(rune('a'+i)), content))
			read = append(read, holding(t, content, l...))
		}
		return readInside(Describe(single("a", b.image(t))), nil, read...)
	}
	x, x2, xLater := aFile("x", "1"), aFile("x", "2"), aFile("x", "1").At(later)
	log, log2 := aFile("var/log/dpkg.log", "1"), aFile("var/log/dpkg.log", "2")
	ping := aFile("bin/ping", "p").As(0o755, 0, 0)
	capable := ping.With("SCHILY.xattr.security.capability", capNetRaw)
	big := aFile("big", string(make([]byte, leastWaste)))
	endless := holding(t, files("layer a"), x)
	endless.Remarks.Hidden = 1204
	tail := func(l *inside.Layer) Comparison {
		return readInside(Describe(single("a", build{steps: []step{does("RUN a", files("layer a"))}}.image(t))), nil, l)
	}
	escaping := holding(t, files("layer a"), x)
	escaping.Remarks.Escaping = []string{"up/x"}
	withTOC := func(table, archive items, isStated bool) Comparison {
		l := files("layer a")
		blob, annotations := insidetest.EStargz(insidetest.TOC(table...), true, archive...)
		read, err := inside.Read(bytes.NewReader(blob), inside.Options{})
		if err != nil {
			t.Fatal(err)
		}
		read.Blob, read.DiffID = l.descriptor().Digest, l.diffID()
		img := build{steps: []step{does("RUN a", l)}}.image(t)
		if isStated {
			img.Steps[0].Layer.Annotations = annotations
		}
		return readInside(Describe(single("a", img)), nil, read)
	}
	return []ruleCase{
		{"another file in the table", withTOC(items{x}, items{x2}, true), "H15", 3,
			"In :a, the table of contents of step 1's layer and the archive disagree about 1 path: x.", 1},
		{"another time in the table", withTOC(items{x}, items{xLater}, true), "H15", -1, "", 0},
		{"a table that the manifest does not state", withTOC(items{x}, items{x2}, false), "H15", -1, "", 0},
		{"times", c(items{x}, items{xLater}), "H1", 0, "Step 2 holds the same files on both sides; only times differ (1).", 2},
		{"content", c(items{x}, items{x2}), "H1", -1, "", 0},
		{"another order", c(items{x, log}, items{log, x}), "H2", 0, "Step 2 holds the same files on both sides. Another tool wrote the archive", 2},
		{"times", c(items{x}, items{xLater}), "H2", -1, "", 0},
		{"logs", c(items{log, x}, items{log2, xLater}), "H3", 0, "In step 2, 1 log and 1 time differ: every build makes such files again.", 2},
		{"a log of the app", c(items{aFile("app/a.log", "1")}, items{aFile("app/a.log", "2")}), "H3", -1, "", 0},
		{"files", c(items{x}, items{x2}), "H6", 1, "In step 2, 1 file changed: x.", 2},
		{"logs", c(items{log}, items{log2}), "H6", -1, "", 0},
		{"owner", c(items{x.As(0o644, 1000, 1000)}, items{x.As(0o644, 0, 0)}), "H7", 2,
			"In step 2, 1 path has another owner (0:0, in A 1000:1000): x.", 2},
		{"mode", c(items{x.As(0o640, 0, 0)}, items{x.As(0o600, 0, 0)}), "H7", 2, "1 path has other permissions: x.", 2},
		{"type bits", c(items{x.As(0o100644, 0, 0)}, items{x.As(0o644, 0, 0)}), "H7", -1, "", 0},
		{"setuid", c(items{x.As(0o4755, 0, 0)}, items{x.As(0o755, 0, 0)}), "H9", 2, "In step 2, x lost setuid.", 2},
		{"capability", c(items{capable}, items{ping}), "H9", 2, "In step 2, bin/ping lost cap_net_raw=ep.", 2},
		{"mode", c(items{x.As(0o640, 0, 0)}, items{x.As(0o600, 0, 0)}), "H9", -1, "", 0},
		{"a folder over a link", one(items{insidetest.Symlink("lib", "usr/lib")}, items{aFile("lib/x", "1")}), "H13", 3,
			"In :a, step 2 turns the link lib of step 1 into a folder: what is in usr/lib is gone from lib.", 1},
		{"through the link's target", one(items{insidetest.Symlink("lib", "usr/lib")}, items{aFile("usr/lib/x", "1")}), "H13", -1, "", 0},
		{"a deleted link", one(items{insidetest.Symlink("lib", "usr/lib")}, items{aFile(".wh.lib", "")}, items{aFile("lib/x", "1")}), "H13", -1, "", 0},
		{"two entries", one(items{x, x2}), "H14", 2, "the layer of step 1 has two entries for x.", 1},
		{"above the root", tail(escaping), "H14", 2, "has names that leave the root (up/x).", 1},
		{"one entry", one(items{x}, items{x2}), "H14", -1, "", 0},
		{"deleted", one(items{big}, items{aFile(".wh.big", "")}), "H16", 1, "step 2 deletes or replaces 1 file (1.0 MB) that step 1 ships.", 2},
		{"deleted with its folder", one(items{aFile("d/big", string(make([]byte, leastWaste)))}, items{aFile(".wh.d", "")}), "H16", 1, "1 file (1.0 MB)", 2},
		{"small", one(items{x}, items{aFile(".wh.x", "")}), "H16", -1, "", 0},
		{"an empty folder over it", one(items{aFile("d/big", string(make([]byte, leastWaste)))}, items{insidetest.Folder("d")}), "H16", -1, "", 0},
		{"a key", one(items{aFile("root/.ssh/id_rsa", "k")}), "H17", 2, "In :a, root/.ssh/id_rsa is in step 1.", 1},
		{"deleted", one(items{aFile("app/.env", "k")}, items{aFile("app/.wh..env", "")}), "H17", 2,
			"app/.env is in step 1, and deleted in step 2: everyone that can pull the image can still read it.", 1},
		{"a sample", one(items{aFile("app/.env.example", "k"), aFile("src/testdata/id_rsa", "k"), aFile("x/id_rsa.pub", "k")}), "H17", -1, "", 0},
		{"host keys", one(items{aFile("etc/ssh/ssh_host_rsa_key", "k")}), "H18", 2, "step 1 ships etc/ssh/ssh_host_rsa_key:", 1},
		{"deleted host keys", one(items{aFile("etc/ssh/ssh_host_rsa_key", "k")}, items{aFile("etc/ssh/.wh.ssh_host_rsa_key", "")}), "H18", -1, "", 0},
		{"an empty machine ID", one(items{aFile("etc/machine-id", "")}), "H18", -1, "", 0},
		{"bytes at the end", tail(endless), "H21", 1, "1,204 bytes follow the end of the archive of step 1.", 1},
		{"no bytes at the end", one(items{x}), "H21", -1, "", 0},
		{"merged", mergedCase(t, items{x}, items{aFile("y", "2")}, items{x, aFile("y", "2")}), "H20", 0, "and the files that they give together are the same (2 entries)", 3},
		{"merged and another file", mergedCase(t, items{x}, items{aFile("y", "2")}, items{x, aFile("y", "3")}), "H6", 1, "At the end, 1 file changed: y.", 3},
		{"merged", mergedCase(t, items{x}, items{aFile("y", "2")}, items{x, aFile("y", "2")}), "H6", -1, "", 0},
		{"merged and another file", mergedCase(t, items{x}, items{aFile("y", "2")}, items{x, aFile("y", "3")}), "H20", -1, "", 0},
	}
}

// mergedCase compares an image of two layers with one of a single layer, on one base.
func mergedCase(t *testing.T, first, second, both []insidetest.Item) Comparison {
	t.Helper()
	base, one, two, all := files("base"), files("one"), files("two"), files("both")
	a := build{steps: []step{does("ADD base.tar /", base), does("RUN one", one), does("RUN two", two)}}
	b := build{steps: []step{does("ADD base.tar /", base), does("RUN both", all)}}
	c := Compare(single("a", a.image(t)), single("b", b.image(t)))
	return readInside(c, nil, holding(t, one, first...), holding(t, two, second...), holding(t, all, both...))
}

// TestCompareInside_verified checks that only layers whose digests are right prove anything.
func TestCompareInside_verified(t *testing.T) {
	c := twoBuilds(t, []insidetest.Item{aFile("x", "1")}, []insidetest.Item{aFile("x", "1").At(later)})
	layers := c.Pairs[0].Inside.Layers
	for _, l := range layers {
		l.How = inside.TOC
	}
	c = c.WithInside(Inside{c.Pairs[0].Manifests(): CompareInside(c.Pairs[0], layers, nil)})
	if v := c.Verdict; v.Trust != Inferred || v.Inside != InsideTimes {
		t.Errorf("%q (%s) inside %q", v.Headline, v.Trust, v.Inside)
	}
}

// TestLayersToRead checks which layers are read: those that differ and can be read.
func TestLayersToRead(t *testing.T) {
	c := twoBuilds(t, nil, nil)
	readable, unreadable := LayersToRead(c.Pairs[0])
	if len(readable) != 2 || len(unreadable) != 0 || readable[0].Row != 1 || readable[0].Side != SideA || readable[1].Side != SideB {
		t.Errorf("%+v, %+v", readable, unreadable)
	}
	alone, _ := LayersToRead(Describe(*c.A).Pairs[0])
	if len(alone) != 2 {
		t.Errorf("%d layers of one image, want 2", len(alone))
	}
}

// TestInside_unrelated checks that images with most files in common are not called unrelated.
func TestInside_unrelated(t *testing.T) {
	x, x2, y, z := aFile("x", "1"), aFile("x", "2"), aFile("y", "2"), aFile("z", "3")
	for _, tt := range []struct {
		name     string
		a, b     []insidetest.Item
		headline string
	}{
		{"one file of three", []insidetest.Item{x, y, z}, []insidetest.Item{x2, y, z}, "Step 1: 1 file changed: x"},
		{"two files of three", []insidetest.Item{x, y}, []insidetest.Item{x2, z}, "Unrelated images"},
	} {
		one, two := files("one"), files("two")
		c := Compare(single("a", build{steps: []step{does("", one)}}.image(t)), single("b", build{steps: []step{does("", two)}}.image(t)))
		v := readInside(c, nil, holding(t, one, tt.a...), holding(t, two, tt.b...)).Verdict
		if v.Headline.String() != tt.headline || v.Code != Unrelated {
			t.Errorf("%s: %q (%s), want %q", tt.name, v.Headline, v.Code, tt.headline)
		}
	}
}
