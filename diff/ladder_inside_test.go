package diff

import (
	"archive/tar"
	"bytes"
	"slices"
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

// TestInside_unhashed checks that files of one size whose content was not hashed are not called the same, in the
// archives and in tables of contents without a digest.
func TestInside_unhashed(t *testing.T) {
	x, big, bigLater := aFile("x", "1"), aFile("big", "22"), aFile("big", "33").At(later)
	for _, tt := range []struct {
		name    string
		a, b    []insidetest.Item
		because string
		finding string // that says that the files are the same
	}{
		{"nothing else differs", []insidetest.Item{x, big}, []insidetest.Item{big, x}, "no difference was seen; the content of 1 file was not compared", "H2"},
		{"a time differs", []insidetest.Item{x, big}, []insidetest.Item{x, bigLater}, "1 time differs; the content of 1 file was not compared", "H1"},
	} {
		for _, how := range []inside.How{inside.Full, inside.TOC} {
			spoil := func(l *inside.Layer) {
				l.How = how
				entries := slices.Collect(l.Files.All())
				for i := range entries {
					if entries[i].Path == "big" {
						entries[i].Sum = inside.Hash{}
					}
				}
				if l.Files = inside.NewList(entries); how == inside.Full {
					l.Remarks.Unhashed, l.Left = 1, []inside.Left{{Kind: inside.LeftContent, Text: "the content of sparse files"}}
				}
			}
			c := acceptCase{a: tt.a, b: tt.b, spoil: spoil}.comparison(t)
			v := c.Verdict
			if v.Inside != InsideUnknown || !strings.Contains(v.Because.String(), tt.because) || strings.Contains(v.Headline.String(), "ame files") {
				t.Errorf("%s: %q, inside %q, because %q", tt.name, v.Headline, v.Inside, v.Because)
			}
			if f := findingOf(c, tt.finding); f != nil {
				t.Errorf("%s: %s", tt.name, f.Text)
			}
			if got := c.Accept(InsideTimes); got != Undecided {
				t.Errorf("%s: accepted %d", tt.name, got)
			}
		}
	}
}

// TestInside_lentFolder checks that two images whose folder has other attributes in some runtimes are not called the
// same at the end: a newer layer of one side does not list the folder.
func TestInside_lentFolder(t *testing.T) {
	type items = []insidetest.Item
	folder := func(mode int64) insidetest.Item { return insidetest.Folder("d").At(noon).As(mode, 0, 0) }
	x, y := aFile("d/x", "1"), aFile("d/y", "1")
	for _, tt := range []struct {
		name      string
		one, two  items // of A
		both      items // of B
		isSame    bool
		wantTrust Trust // of H20
	}{
		{"listed once, and once in all", items{folder(0o700), x}, items{y}, items{folder(0o700), x, y}, false, ""},
		{"listed twice, and once in all", items{folder(0o700), x}, items{folder(0o700), y}, items{folder(0o700), x, y}, true, Proved},
		{"listed once, as runtimes make it", items{folder(0o755), x}, items{y}, items{folder(0o755), x, y}, true, Proved},
		{"not listed, as runtimes make it", items{x}, items{y}, items{folder(0o755), x, y}, true, Inferred},
		{"not listed", items{x}, items{y}, items{x, y}, true, Proved},
	} {
		base, one, two, both := files("base"), files("one"), files("two"), files("both")
		a := build{steps: []step{does("ADD base.tar /", base), does("RUN one", one), does("RUN two", two)}}
		b := build{steps: []step{does("ADD base.tar /", base), does("RUN both", both)}}
		c := readInside(Compare(single("a", a.image(t)), single("b", b.image(t))), nil, holding(t, base, aFile("z", "1")),
			holding(t, one, tt.one...), holding(t, two, tt.two...), holding(t, both, tt.both...))
		f := findingOf(c, "H20")
		if (f != nil) != tt.isSame || f != nil && f.Trust != tt.wantTrust || (c.Verdict.Inside == InsideSame) != tt.isSame {
			t.Errorf("%s: H20 %+v, inside %q", tt.name, f, c.Verdict.Inside)
		}
	}
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
			InsideGenerated, Suggested, "Built again with the same result: 1 log and 1 time differ, no program, no package"},
		{"a downloaded package more", items{aFile("x", "1")}, items{aFile("x", "1"), aFile("var/cache/apt/archives/y_1_amd64.deb", "2")}, InsideGenerated, Suggested,
			"Built again with the same result: 1 downloaded package differs, no program, no installed package"},
		{"another downloaded package", items{aFile("var/cache/apt/archives/y_1_amd64.deb", "1")}, items{aFile("var/cache/apt/archives/y_1_amd64.deb", "2")},
			InsideFiles, Proved, "Step 2: 1 file changed: var/cache/apt/archives/y_1_amd64.deb"},
		{"one file", items{aFile("app/x", "1")}, items{aFile("app/x", "2")}, InsideFiles, Proved, "Step 2: 1 file changed: app/x"},
		{"several", items{aFile("a", "1"), aFile("b", "1"), aFile("c", "1")}, items{aFile("a", "2"), aFile("d", "2"), aFile("e", "3")}, InsideFiles, Proved,
			"Step 2: 1 file changed, 2 added or replaced and 2 removed or replaced: a, b (removed or replaced), c (removed or replaced) and 2 more"},
		{"an identity emptied", items{aFile("etc/machine-id", "1")}, items{aFile("etc/machine-id", "")}, InsideFiles, Proved,
			"Step 2: 1 file changed: etc/machine-id (emptied)"},
		{"another identity", items{aFile("etc/machine-id", "1")}, items{aFile("etc/machine-id", "2")}, InsideGenerated, Suggested,
			"Built again with the same result: 1 random identity differs, no program, no package"},
		{"no longer executable", items{aFile("run.sh", "1").As(0o755, 0, 0)}, items{aFile("run.sh", "1").As(0o644, 0, 0)}, InsideFiles, Proved,
			"Step 2: 1 file changed: run.sh (no longer executable)"},
		{"no longer executable among many", items{aFile("a", "1"), aFile("b", "1"), aFile("c", "1").As(0o755, 0, 0)},
			items{aFile("a", "2"), aFile("b", "2"), aFile("c", "1").As(0o644, 0, 0), aFile("d", "3")}, InsideFiles, Proved,
			"Step 2: 3 files changed and 1 added or replaced: a, b, c (no longer executable) and 1 more"},
		{"other permissions among many", items{aFile("a", "1"), aFile("b", "1"), aFile("c", "1").As(0o755, 0, 0)},
			items{aFile("a", "2"), aFile("b", "2"), aFile("c", "1").As(0o700, 0, 0), aFile("d", "3")}, InsideFiles, Proved,
			"Step 2: 3 files changed and 1 added or replaced: a, b, d (added or replaced) and 1 more"},
		{"moved", items{aFile("old/x", "content")}, items{aFile("new/x", "content")}, InsideFiles, Proved, "Step 2: 1 file moved: new/x (was old/x)"},
		{"moved, no longer executable", items{aFile("old/x", "content").As(0o755, 0, 0)}, items{aFile("new/x", "content")}, InsideFiles, Proved,
			"Step 2: 1 file moved: new/x (was old/x, no longer executable)"},
		{"a name with another hash", items{aFile("main.1a2b3c4d.js", "1")}, items{aFile("main.9f8e7d6c.js", "2")}, InsideFiles, Proved,
			"Step 2: 1 file changed: main.9f8e7d6c.js (was main.1a2b3c4d.js)"},
		{"another content and other permissions", items{aFile("x", "1")}, items{aFile("x", "2").As(0o755, 0, 0)}, InsideFiles, Proved,
			"Step 2: 1 file changed: x (other content, now executable)"},
		{"a folder", items{insidetest.Folder("d").At(noon)}, items{insidetest.Folder("d").At(noon).As(0o1777, 0, 0)}, InsideFiles, Proved,
			"Step 2: 1 folder changed: d (mode 0755 → 1777)"},
		{"a link", items{insidetest.Symlink("l", "a")}, items{insidetest.Symlink("l", "b")}, InsideFiles, Proved, "Step 2: 1 link changed: l (→ b, was a)"},
		{"a link, now a file", items{insidetest.Symlink("l", "a")}, items{aFile("l", "1")}, InsideFiles, Proved, "Step 2: 1 path changed: l (link → file)"},
		{"a file and a folder", items{aFile("x", "1"), insidetest.Folder("d").At(noon)},
			items{aFile("x", "2"), insidetest.Folder("d").At(noon).As(0o700, 0, 0)}, InsideFiles, Proved, "Step 2: 2 paths changed: x, d (mode 0755 → 0700)"},
		{"a file changed and a folder more", items{aFile("x", "1")}, items{aFile("x", "2"), insidetest.Folder("d").At(noon)}, InsideFiles, Proved,
			"Step 2: 1 file changed and 1 folder added or replaced: x, d (added or replaced)"},
		{"deleted", items{aFile("x", "1")}, items{aFile("x", "1"), insidetest.File(".wh.y", "")}, InsideFiles, Proved, "Step 2: 1 path deleted: y (only B deletes it)"},
		{"no longer deleted", items{aFile("x", "1"), insidetest.File(".wh.y", "")}, items{aFile("x", "1")}, InsideFiles, Proved,
			"Step 2: 1 path no longer deleted: y (only A deletes it)"},
		{"an opaque folder", items{insidetest.Folder("d").At(noon), insidetest.File("d/.wh..wh..opq", "")}, items{insidetest.Folder("d").At(noon)},
			InsideFiles, Proved, "Step 2: 1 path no longer deleted: d (only A hides what the layers below have in it)"},
		{"capabilities", items{aFile("ping", "1").With("SCHILY.xattr.security.capability", capNetRaw)}, items{aFile("ping", "1")}, InsideFiles, Proved,
			"Step 2: 1 file changed: ping (lost cap_net_raw=ep)"},
		{"other extended attributes", items{aFile("x", "1").With("SCHILY.xattr.user.a", "1")}, items{aFile("x", "1")}, InsideFiles, Proved,
			"Step 2: 1 file changed: x (extended attributes differ)"},
		{"a hard link of another file", items{aFile("a", "1"), aFile("b", "1"), insidetest.Hardlink("x", "a").At(noon)},
			items{aFile("a", "1"), aFile("b", "1"), insidetest.Hardlink("x", "b").At(noon)}, InsideFiles, Proved,
			"Step 2: 1 file changed: x (hard link of b, was of a)"},
		{"a copy of a hard link", items{aFile("a", "1"), insidetest.Hardlink("x", "a").At(noon)}, items{aFile("a", "1"), aFile("x", "1")}, InsideFiles, Proved,
			"Step 2: 1 file changed: x (no longer a hard link of a)"},
		{"hard links, the content at another name", items{aFile("a", "1"), insidetest.Hardlink("x", "a").At(noon)},
			items{aFile("x", "1"), insidetest.Hardlink("a", "x").At(noon)}, InsidePacking, Proved, "Same files, packed by another tool or in another order"},
		{"a hard link that changes the mode", items{aFile("su", "1").As(0o755, 0, 0), insidetest.Hardlink("x", "su").At(noon).As(0o755, 0, 0)},
			items{aFile("su", "1").As(0o755, 0, 0), insidetest.Hardlink("x", "su").At(noon).As(0o4755, 0, 0)}, InsideFiles, Proved,
			"Step 2: 2 files changed: su (gained setuid), x (gained setuid)"},
		{"a hard link with the attributes of the file", items{aFile("su", "1"), insidetest.Hardlink("x", "su").At(noon).As(0o755, 0, 0)},
			items{insidetest.Hardlink("x", "su").At(noon).As(0o755, 0, 0), aFile("su", "1").As(0o755, 0, 0)}, InsidePacking, Proved,
			"Same files, packed by another tool or in another order"},
		{"a folder that only one side lists", items{insidetest.Folder("d").At(noon).As(0o700, 7, 0), aFile("d/x", "1")}, items{aFile("d/x", "1")}, InsideFiles, Inferred,
			"Step 2: 1 folder changed: d (mode 0700 → 0755, owner 7:0 → 0:0 in docker and podman, not listed in B)"},
		{"a folder that only one side lists, as runtimes make it", items{aFile("d/x", "1")}, items{insidetest.Folder("d").At(noon), aFile("d/x", "1")},
			InsidePacking, Inferred, "Same files, packed by another tool or in another order"},
		{"a folder that no side lists", items{aFile("d/x", "1"), aFile("y", "1")}, items{aFile("y", "1"), aFile("d/x", "1")}, InsidePacking, Proved,
			"Same files, packed by another tool or in another order"},
		{"a device for a deletion", items{insidetest.Of(tar.TypeChar, "x")}, items{insidetest.File(".wh.x", "")}, InsidePacking, Inferred,
			"Same files, packed by another tool or in another order"},
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

// TestInside_deletionsAtTheEnd checks that the sentence on layers without counterparts names what only one side deletes.
func TestInside_deletionsAtTheEnd(t *testing.T) {
	type items = []insidetest.Item
	x, y, deletes := aFile("x", "1"), aFile("y", "2"), insidetest.File(".wh.base", "")
	for _, tt := range []struct {
		name                string
		first, second, both items
		want                string
	}{
		{"only A deletes", items{x}, items{y, deletes}, items{x, y}, "At the end, only A deletes base of the layers below"},
		{"and a file changed", items{x}, items{y, deletes}, items{x, aFile("y", "3")}, "At the end, 1 file changed: y; only A deletes base of the layers below"},
		{"only B deletes", items{x}, items{y}, items{x, y, deletes, insidetest.Folder("d").At(noon), insidetest.File("d/.wh..wh..opq", "")}, ""},
		{"many", items{x}, items{y}, items{x, y, deletes, insidetest.File("a/.wh.1", ""), insidetest.File("a/.wh.2", ""), insidetest.File("a/.wh.3", "")},
			"At the end, only B deletes a/1, a/2, a/3 and 1 more of the layers below"},
		{"both delete", items{x, deletes}, items{y}, items{x, y, deletes}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := mergedCase(t, tt.first, tt.second, tt.both).Verdict
			if _, text, _ := strings.Cut(v.Because.String(), "(1.0 kB). "); text != tt.want {
				t.Errorf("%q / %q, want %q", v.Headline, v.Because, tt.want)
			}
		})
	}
}

// TestInside_moved checks that layers which were moved are not taken for the same files: what they hide, and what hides
// them, is known only where all of them were read.
func TestInside_moved(t *testing.T) {
	type items = []insidetest.Item
	base, p, q, top1, top2 := files("base"), files("p"), files("q"), files("top 1"), files("top 2")
	build := func(first, second, top layer) build {
		text := map[layer]string{p: "RUN p", q: "RUN q"}
		return build{steps: []step{does("ADD base.tar /", base), does(text[first], first), does(text[second], second), does("RUN top", top)}}
	}
	c := Compare(single("a", build(p, q, top1).image(t)), single("b", build(q, p, top2).image(t)))
	x, y := aFile("x", "1"), aFile("y", "1")
	tops := []*inside.Layer{holding(t, top1, aFile("t", "1")), holding(t, top2, aFile("t", "1").At(later))}
	for _, tt := range []struct {
		name string
		p, q items
		want string
		code InsideCode
	}{
		{"not read", nil, nil, "In the layers that were read, only 1 time differs", InsideUnknown},
		{"with a path in common", items{x}, items{aFile("x", "2")}, "At the end, 1 file changed: x", InsideFiles},
		{"with nothing in common", items{x}, items{y}, "The same files at the end", InsideSame},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := slices.Clone(tops)
			if tt.p != nil {
				read = append(read, holding(t, p, tt.p...), holding(t, q, tt.q...))
			}
			v := readInside(c, nil, read...).Verdict
			if v.Inside != tt.code || v.Headline.String() != tt.want && !strings.HasSuffix(v.Because.String(), ". "+tt.want) {
				t.Errorf("%q because %q, inside %q; want %q, %q", v.Headline, v.Because, v.Inside, tt.want, tt.code)
			}
		})
	}
}

// TestInside_shadowed checks that the code is that of the files at the end where all layers were read.
func TestInside_shadowed(t *testing.T) {
	base, one, two, top := files("base"), files("one"), files("two"), files("top")
	build := func(l layer) build {
		return build{steps: []step{does("ADD base.tar /", base), does("RUN make", l), does("RUN top", top)}}
	}
	c := Compare(single("a", build(one).image(t)), single("b", build(two).image(t)))
	log := func(body string) insidetest.Item { return aFile("var/log/dpkg.log", body) }
	differing := []*inside.Layer{holding(t, one, aFile("x", "1"), log("1")), holding(t, two, aFile("x", "2"), log("2"))}
	for _, tt := range []struct {
		name string
		read []*inside.Layer
		want InsideCode
	}{
		{"the layers above were not read", nil, InsideFiles},
		{"the file is replaced", []*inside.Layer{holding(t, base), holding(t, top, aFile("x", "3"))}, InsideGenerated},
		{"another file is replaced", []*inside.Layer{holding(t, base), holding(t, top, aFile("y", "3"))}, InsideFiles},
		{"all that differs is replaced", []*inside.Layer{holding(t, base), holding(t, top, aFile("x", "3"), log("3"))}, InsideSame},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if v := readInside(c, nil, append(slices.Clone(differing), tt.read...)...).Verdict; v.Inside != tt.want {
				t.Errorf("%q inside %q, want %q", v.Headline, v.Inside, tt.want)
			}
		})
	}
}

// TestInside_sameBuild checks that dates and notes of converters do not show the same files where other files were read.
func TestInside_sameBuild(t *testing.T) {
	type items = []insidetest.Item
	const note, first, created = "containerd.io/snapshot/stargz/toc.digest", "2024-05-01T10:00:00.123Z", "2024-05-01T10:00:01.456Z"
	const oneBuild = "The same build, rewritten as eStargz on both sides"
	image := func(name string) model.Artifact {
		return single(name, annotatedLayers(t, onDates(name, first, created), note, "sha256:1"))
	}
	c := Compare(image("a"), image("b"))
	layers := func(name string, inBase, made items) []*inside.Layer {
		return []*inside.Layer{holding(t, files("base "+name), inBase...), holding(t, files("made "+name), made...)}
	}
	x, log := aFile("x", "1"), aFile("var/log/dpkg.log", "1")
	for _, tt := range []struct {
		name     string
		base, b  items
		headline string
		trust    Trust
	}{
		{"another file", items{x}, items{aFile("y", "2")}, "Step 2: 1 file changed: y", Proved},
		{"times", items{x.At(later)}, items{aFile("y", "1")}, oneBuild, Suggested},
		{"a log", items{x}, items{aFile("y", "1"), log}, oneBuild, Suggested},
		{"not read", nil, nil, oneBuild, Suggested},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var read []*inside.Layer
			if tt.base != nil {
				read = append(layers("a", items{x}, items{aFile("y", "1")}), layers("b", tt.base, tt.b)...)
			}
			v := readInside(c, nil, read...).Verdict
			if v.Headline.String() != tt.headline || v.Trust != tt.trust || v.Code != Rewritten || strings.Contains(v.Because.String(), oneBuild) {
				t.Errorf("%q (%s) because %q, code %s; want %q (%s)", v.Headline, v.Trust, v.Because, v.Code, tt.headline, tt.trust)
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
		"limited": func(l *inside.Layer) { l.Left = []inside.Left{{Text: "the entries after the first 1,000,000"}} },
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

// oneImage is an image of some layers that were read, the oldest first.
func oneImage(t *testing.T, layers ...[]insidetest.Item) Comparison {
	t.Helper()
	b := build{}
	var read []*inside.Layer
	for i, l := range layers {
		content := files("layer " + string(rune('a'+i)))
		b.steps = append(b.steps, does("RUN "+string(rune('a'+i)), content))
		read = append(read, holding(t, content, l...))
	}
	return readInside(Describe(single("a", b.image(t))), nil, read...)
}

// insideCases are the true cases and near misses of group H.
func insideCases(t *testing.T) []ruleCase {
	t.Helper()
	type items = []insidetest.Item
	c := func(a, b items) Comparison { return twoBuilds(t, a, b) }
	one := func(layers ...items) Comparison { return oneImage(t, layers...) }
	x, x2, xLater := aFile("x", "1"), aFile("x", "2"), aFile("x", "1").At(later)
	log, log2 := aFile("var/log/dpkg.log", "1"), aFile("var/log/dpkg.log", "2")
	const archives, lists = "var/cache/apt/archives/partial", "var/lib/apt/lists/partial"
	partial := func(path string, mode int64, uid, gid int) insidetest.Item {
		return insidetest.Folder(path).As(mode, uid, gid)
	}
	ping := aFile("bin/ping", "p").As(0o755, 0, 0)
	capable := ping.With("SCHILY.xattr.security.capability", capNetRaw)
	big := aFile("big", string(make([]byte, leastWaste)))
	bigIn := func(path string) insidetest.Item { return aFile(path, string(make([]byte, leastWaste))) }
	libc, lib := aFile("usr/lib/libc.so", "1"), insidetest.Symlink("lib", "usr/lib")
	current := insidetest.Symlink("app/current", "/srv/v1")
	machineID := aFile("etc/machine-id", strings.Repeat("0a", 16)+"\n")
	keyText := "-----BEGIN " + "PRIVATE KEY-----\nMIIE\n" // put together: scanners of sources take the text for a key
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
		{"a lower version", packagesOf(t, debs{[]string{"curl 2-1"}, items{database("1")}}, debs{[]string{"curl 1-1"}, items{database("2")}}), "H4", 2,
			"By the package databases: curl 2 → 1 (down).", 2},
		{"a higher version", packagesOf(t, debs{[]string{"curl 1-1"}, items{database("1")}}, debs{[]string{"curl 2-1"}, items{database("2")}}), "H4", 1,
			"By the package databases: curl 1 → 2.", 2},
		{"the same packages", packagesOf(t, debs{[]string{"curl 1-1"}, items{database("1")}}, debs{[]string{"curl 1-1"}, items{database("2")}}), "H4", -1, "", 0},
		{"a database deleted", packagesOf(t, debs{[]string{"curl 1-1"}, items{database("1")}},
			debs{nil, items{insidetest.File("var/lib/dpkg/.wh.status", "")}}), "H22", 2,
			"The database of deb packages is gone in B: what is installed there is not known.", 2},
		{"a database deleted on both sides", packagesOf(t, debs{nil, items{insidetest.File("var/lib/dpkg/.wh.status", ""), x}},
			debs{nil, items{insidetest.File("var/lib/dpkg/.wh.status", "")}}), "H22", -1, "", 0},
		{"other bytes", packagesOf(t, debs{[]string{"curl 1-1", "owns x curl"}, items{database("1"), x}},
			debs{[]string{"curl 1-1", "owns x curl"}, items{database("1"), x2}}), "H5", 2, "curl 1-1 is on both sides, and its files have other bytes: x.", 2},
		{"other bytes of a setting", packagesOf(t, debs{[]string{"curl 1-1", "owns etc/x curl"}, items{database("1"), aFile("etc/x", "1")}},
			debs{[]string{"curl 1-1", "owns etc/x curl"}, items{database("1"), aFile("etc/x", "2")}}), "H5", -1, "", 0},
		{"rebuilt with another version", packagesOf(t, debs{[]string{"curl 1-1", "owns x curl"}, items{database("1"), x}},
			debs{[]string{"curl 1-1+b1", "owns x curl"}, items{database("1"), x2}}), "H5", -1, "", 0},
		{"files", c(items{x}, items{x2}), "H6", 1, "In step 2, 1 file changed: x.", 2},
		{"logs", c(items{log}, items{log2}), "H6", -1, "", 0},
		{"owner", c(items{x.As(0o644, 1000, 1000)}, items{x.As(0o644, 0, 0)}), "H7", 2,
			"In step 2, 1 path has another owner (0:0, in A 1000:1000): x.", 2},
		{"mode", c(items{x.As(0o640, 0, 0)}, items{x.As(0o600, 0, 0)}), "H7", 2, "1 path has other permissions: x.", 2},
		{"mode of the root", c(items{insidetest.Folder("./").As(0o755, 0, 0)}, items{insidetest.Folder("./").As(0o700, 0, 0)}), "H7", 2,
			"In step 2, 1 path has other permissions: /.", 2},
		{"a folder that apt sets", c(items{partial(archives, 0o755, 0, 0), partial(lists, 0o700, 42, 0)},
			items{partial(archives, 0o700, 42, 0), partial(lists, 0o700, 100, 0)}), "H7", -1, "", 0},
		{"another folder of apt", c(items{partial("var/cache/apt/archives/x", 0o755, 0, 0), partial(archives, 0o755, 0, 0)},
			items{partial("var/cache/apt/archives/x", 0o700, 42, 0), partial(archives, 0o700, 42, 0)}), "H7", 2,
			"In step 2, 1 path has another owner (42:0, in A 0:0): var/cache/apt/archives/x.", 2},
		{"another mode than apt's", c(items{partial(archives, 0o755, 0, 0)}, items{partial(archives, 0o777, 0, 0)}), "H7", 2,
			"1 path has other permissions: var/cache/apt/archives/partial.", 2},
		{"another user than apt's", c(items{partial(archives, 0o755, 0, 0)}, items{partial(archives, 0o700, 1000, 0)}), "H7", 2,
			"1 path has another owner (1000:0, in A 0:0): var/cache/apt/archives/partial.", 2},
		{"a file in place of apt's folder", c(items{aFile(archives, "").As(0o755, 0, 0)}, items{aFile(archives, "").As(0o700, 42, 0)}), "H7", 2,
			"1 path has another owner (42:0, in A 0:0): var/cache/apt/archives/partial.", 2},
		{"type bits", c(items{x.As(0o100644, 0, 0)}, items{x.As(0o644, 0, 0)}), "H7", -1, "", 0},
		{"setuid", c(items{x.As(0o4755, 0, 0)}, items{x.As(0o755, 0, 0)}), "H9", 2, "In step 2, x lost setuid.", 2},
		{"capability", c(items{capable}, items{ping}), "H9", 2, "In step 2, bin/ping lost cap_net_raw=ep.", 2},
		{"mode", c(items{x.As(0o640, 0, 0)}, items{x.As(0o600, 0, 0)}), "H9", -1, "", 0},
		{"a folder over a link of systems", one(items{libc, lib}, items{aFile("lib/x", "1")}), "H13", 3,
			"In :a, step 2 turns the link lib of step 1 into a folder: files of usr/lib are gone from lib, as libc.so.", 1},
		{"a folder that only holds paths, over another link", one(items{aFile("srv/v1/x", "1"), current}, items{aFile("app/current/y", "1")}), "H13", 3,
			"files of srv/v1 are gone from app/current, as x.", 1},
		{"a folder that may be meant", one(items{aFile("srv/v1/x", "1"), current}, items{insidetest.Folder("app/current")}), "H13", 2,
			"files of srv/v1 are gone from app/current, as x.", 1},
		{"a link to nothing", one(items{lib}, items{aFile("lib/x", "1")}), "H13", -1, "", 0},
		{"a link to an empty folder", one(items{insidetest.Folder("usr/lib"), lib}, items{aFile("lib/x", "1")}), "H13", -1, "", 0},
		{"a link to a file", one(items{aFile("usr/lib", "1"), lib}, items{aFile("lib/x", "1")}), "H13", -1, "", 0},
		{"a folder with all that the link led to", one(items{libc, lib}, items{aFile("lib/libc.so", "2")}), "H13", -1, "", 0},
		{"what the link led to is deleted too", one(items{libc, lib}, items{aFile("usr/lib/.wh.libc.so", "")}, items{aFile("lib/x", "1")}), "H13", -1, "", 0},
		{"a newer layer with the link again", one(items{libc, lib}, items{aFile("lib/x", "1")}, items{lib}), "H13", -1, "", 0},
		{"a newer layer with what was lost", one(items{libc, lib}, items{aFile("lib/x", "1")}, items{aFile("lib/libc.so", "1")}), "H13", -1, "", 0},
		{"a link that the same layer deletes", one(items{libc, lib}, items{aFile(".wh.lib", ""), insidetest.Folder("lib")}), "H13", -1, "", 0},
		{"a folder made in place of the link", one(items{libc, lib}, items{insidetest.Folder("lib"), aFile("lib/.wh..wh..opq", "")}), "H13", -1, "", 0},
		{"through the link's target", one(items{insidetest.Symlink("lib", "usr/lib")}, items{aFile("usr/lib/x", "1")}), "H13", -1, "", 0},
		{"a deleted link", one(items{insidetest.Symlink("lib", "usr/lib")}, items{aFile(".wh.lib", "")}, items{aFile("lib/x", "1")}), "H13", -1, "", 0},
		{"a deleted folder above the link", one(items{insidetest.Symlink("d/lib", "usr/lib")}, items{aFile(".wh.d", "")}, items{aFile("d/lib/x", "1")}),
			"H13", -1, "", 0},
		{"a hidden folder above the link", one(items{insidetest.Symlink("d/lib", "usr/lib")}, items{aFile("d/.wh..wh..opq", "")},
			items{aFile("d/lib/x", "1")}), "H13", -1, "", 0},
		{"two entries", one(items{x, x2}), "H14", 2, "the layer of step 1 has two entries for x.", 1},
		{"above the root", tail(escaping), "H14", 2, "has names that leave the root (up/x).", 1},
		{"one entry", one(items{x}, items{x2}), "H14", -1, "", 0},
		{"deleted", one(items{big}, items{aFile(".wh.big", "")}), "H16", 1, "step 2 deletes 1 file (1.0 MB) that step 1 ships. It stays in the image.", 2},
		{"replaced", one(items{big}, items{big.As(0o755, 0, 0)}), "H16", 1, "step 2 replaces 1 file (1.0 MB) that step 1 ships.", 2},
		{"of two steps", one(items{bigIn("d/x")}, items{bigIn("d/y")}, items{x}, items{aFile(".wh.d", "")}), "H16", 1,
			"step 4 deletes 2 files (2.0 MB) that steps 1 and 2 ship. They stay in the image.", 3},
		{"another name stays", one(items{big, insidetest.Hardlink("y", "big")}, items{aFile(".wh.big", "")}), "H16", -1, "", 0},
		{"deleted with its folder", one(items{aFile("d/big", string(make([]byte, leastWaste)))}, items{aFile(".wh.d", "")}), "H16", 1, "1 file (1.0 MB)", 2},
		{"small", one(items{x}, items{aFile(".wh.x", "")}), "H16", -1, "", 0},
		{"an empty folder over it", one(items{aFile("d/big", string(make([]byte, leastWaste)))}, items{insidetest.Folder("d")}), "H16", -1, "", 0},
		{"a key", one(items{aFile("root/.ssh/id_rsa", "k")}), "H17", 2, "In :a, root/.ssh/id_rsa is in step 1. By its name, it may hold a key or a password.", 1},
		{"another name of a key", one(items{aFile("x", "k"), insidetest.Hardlink(".env", "x")}), "H17", 2, "In :a, .env is in step 1.", 1},
		{"deleted", one(items{aFile("app/.env", "k")}, items{aFile("app/.wh..env", "")}), "H17", 2,
			"app/.env is in step 1, and deleted in step 2: everyone that can pull the image can still read it.", 1},
		{"deleted with its folder", one(items{aFile("app/.env", "k")}, items{x}, items{aFile(".wh.app", "")}), "H17", 2, "and deleted in step 3:", 1},
		{"replaced", one(items{aFile("app/.env", "k")}, items{aFile("app/.env", "")}), "H17", 2, "app/.env is in step 1, and replaced in step 2:", 1},
		{"two", one(items{aFile(".env", "k"), aFile("root/.npmrc", "k")}), "H17", 2,
			".env and root/.npmrc are in step 1. By their names, they may hold keys or passwords.", 1},
		{"another file of an environment", one(items{aFile("app/.env.production", "k")}), "H17", 2, "In :a, app/.env.production is in step 1.", 1},
		{"a file of an environment without values", one(items{aFile("app/.env.production.example", "k"), aFile("app/.env.template", "k")}), "H17", -1, "", 0},
		{"the settings of a clone", one(items{aFile("app/.git/config", "k")}), "H17", 2, "In :a, app/.git/config is in step 1.", 1},
		{"the settings of git", one(items{aFile("etc/git/config", "k"), aFile("root/.gitconfig", "k")}), "H17", -1, "", 0},
		{"the text of a key", one(items{aFile("app/tls", keyText)}), "H17", 3,
			"In :a, the private key app/tls is in step 1: everyone that can pull the image can read it.", 1},
		{"the texts of keys, deleted", one(items{aFile("app/tls", keyText), insidetest.Hardlink("app/link", "app/tls")}, items{aFile(".wh.app", "")}), "H17", 3,
			"In :a, the private keys app/tls and app/link are in step 1, and deleted in step 2: everyone that can pull the image can still read them.", 1},
		{"a certificate", one(items{aFile("app/tls.pem", strings.Replace(keyText, "PRIVATE KEY", "CERTIFICATE", 1))}), "H17", -1, "", 0},
		{"the text of a key of tests", one(items{aFile("usr/lib/python3/test/key.pem", keyText)}), "H17", -1, "", 0},
		{"the text of a host key", one(items{aFile("etc/ssh/ssh_host_rsa_key", keyText)}), "H17", -1, "", 0},
		{"the key of ssl-cert", one(items{aFile("etc/ssl/private/ssl-cert-snakeoil.key", keyText)}), "H18", 2, "step 1 ships etc/ssl/private/ssl-cert-snakeoil.key:", 1},
		{"a sample", one(items{aFile("app/.env.example", "k"), aFile("src/testdata/id_rsa", "k"), aFile("x/id_rsa.pub", "k")}), "H17", -1, "", 0},
		{"host keys", one(items{aFile("etc/ssh/ssh_host_rsa_key", "k")}), "H18", 2, "step 1 ships etc/ssh/ssh_host_rsa_key:", 1},
		{"deleted host keys", one(items{aFile("etc/ssh/ssh_host_rsa_key", "k")}, items{aFile("etc/ssh/.wh.ssh_host_rsa_key", "")}), "H18", -1, "", 0},
		{"host keys in a deleted folder", one(items{aFile("etc/ssh/ssh_host_rsa_key", "k")}, items{aFile("etc/.wh.ssh", "")}), "H18", -1, "", 0},
		{"a machine ID", one(items{machineID}), "H18", 2, "step 1 ships etc/machine-id: all containers have the same", 1},
		{"a machine ID of another step", one(items{machineID}, items{aFile("etc/machine-id", strings.Repeat("1", 32))}), "H18", 2, "step 2 ships etc/machine-id", 1},
		{"an empty machine ID", one(items{aFile("etc/machine-id", "")}), "H18", -1, "", 0},
		{"a machine ID that systemd is to make", one(items{aFile("etc/machine-id", "uninitialized\n")}), "H18", -1, "", 0},
		{"a machine ID emptied by a newer step", one(items{machineID}, items{aFile("etc/machine-id", "")}), "H18", -1, "", 0},
		{"a machine ID replaced by a link", one(items{machineID}, items{insidetest.Symlink("etc/machine-id", "/dev/null")}), "H18", -1, "", 0},
		{"bytes at the end", tail(endless), "H21", 1, "1,204 bytes follow the end of the archive of step 1.", 1},
		{"no bytes at the end", one(items{x}), "H21", -1, "", 0},
		{"merged", mergedCase(t, items{x}, items{aFile("y", "2")}, items{x, aFile("y", "2")}), "H20", 0, "Steps 2 and 3 differ, and the files that the layers give together are the same (2 entries).", 3},
		{"merged and another file", mergedCase(t, items{x}, items{aFile("y", "2")}, items{x, aFile("y", "3")}), "H6", 1, "At the end, 1 file changed: y.", 3},
		{"merged", mergedCase(t, items{x}, items{aFile("y", "2")}, items{x, aFile("y", "2")}), "H6", -1, "", 0},
		{"merged and another file", mergedCase(t, items{x}, items{aFile("y", "2")}, items{x, aFile("y", "3")}), "H20", -1, "", 0},
	}
}

// TestInside_linkUnderUnreadLayer checks that H13 is silent where a layer between link and folder was not
// read: it can have deleted the link.
func TestInside_linkUnderUnreadLayer(t *testing.T) {
	link, between, above := files("link"), files("between"), files("above")
	c := Describe(single("a", build{steps: []step{does("ADD a /", link), does("RUN b", between), does("COPY c /", above)}}.image(t)))
	read := []*inside.Layer{
		holding(t, link, aFile("usr/lib/libc.so", "1"), insidetest.Symlink("lib", "usr/lib")), holding(t, above, aFile("lib/x", "1")), holding(t, between, aFile("y", "1")),
	}
	for n, want := range map[int]int{2: 0, 3: 1} {
		found := matching(readInside(c, nil, read[:n]...).Pairs[0].Findings, func(f Finding) bool { return f.ID == "H13" })
		if len(found) != want {
			t.Errorf("%d of 3 layers read: %d findings, want %d", n, len(found), want)
		}
	}
	cut := *read[2]
	cut.Left = []inside.Left{{Text: "the entries after the first 1,000,000"}}
	c = readInside(c, nil, read[0], read[1], &cut)
	if slices.ContainsFunc(c.Pairs[0].Findings, func(f Finding) bool { return f.ID == "H13" }) {
		t.Error("the layer between was not read in full, and the folder is said to hide the link")
	}
}

// TestInside_advice checks that a risk in the files stays a finding where the verdict says the same: its
// advice is nowhere else.
func TestInside_advice(t *testing.T) {
	ping := aFile("bin/ping", "p").As(0o755, 0, 0)
	c := twoBuilds(t, []insidetest.Item{ping.With("SCHILY.xattr.security.capability", capNetRaw)}, []insidetest.Item{ping})
	groups := GroupByCause(c.Pairs[0].Findings)
	i := slices.IndexFunc(groups, func(g Group) bool { return g.ID == "H9" })
	if i < 0 || groups[i].Next.IsEmpty() || !groups[i].Beyond(c.Verdict).IsEmpty() {
		t.Errorf("%q, findings %+v", c.Verdict.Headline, groups)
	}
}

// TestInside_proof checks that the proof of a verdict on files says what was read, what was compared, and
// which rung each difference is on.
func TestInside_proof(t *testing.T) {
	log, log2 := aFile("var/log/dpkg.log", "1"), aFile("var/log/dpkg.log", "2")
	a := []insidetest.Item{log, aFile("x", "1"), aFile("y", "1"), aFile("z", "1")}
	b := []insidetest.Item{log2, aFile("x", "2"), aFile("y", "1").At(later), aFile("z", "1")}
	proofOf := func(c Comparison) string {
		var lines []string
		for _, l := range c.Pairs[0].Verdict.Proof {
			lines = append(lines, l.String())
		}
		return strings.Join(lines, "\n")
	}
	c := twoBuilds(t, a, b)
	got := proofOf(c)
	for _, want := range []string{
		"compared at each path: type, permissions, owner, sha256",
		"step 2, A: " + c.Pairs[0].Rows[1].A.Layer.Digest.String(), "4 entries), read to its end; its digest and its diff_id are right",
		"step 2: 4 entries in A, 4 entries in B; 1 the same, 1 differs in time alone, 2 in more",
		"step 2: 1 × W8: content", "step 2: 1 × W5: a path of the table of causes, and not a program (1 log)", "step 2: 1 × W3: the time alone",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the proof lacks %q:\n%s", want, got)
		}
	}
	layers := c.Pairs[0].Inside.Layers
	for _, l := range layers {
		l.How = inside.TOC
	}
	c = c.WithInside(Inside{c.Pairs[0].Manifests(): CompareInside(c.Pairs[0], layers, nil)})
	if got := proofOf(c); strings.Contains(got, "are right") || !strings.Contains(got, "its table of contents was read; no digest of the layer was computed") {
		t.Errorf("the proof from tables of contents:\n%s", got)
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
