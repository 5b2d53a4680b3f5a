package inside

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// layerOf is a layer that was read to its end.
func layerOf(items ...insidetest.Item) *Layer {
	archive := insidetest.Tar(items...)
	return &Layer{How: Full, Blob: "x", Files: ReadStart(archive).Files}
}

func startOf(items ...insidetest.Item) *Layer {
	l := layerOf(items...)
	l.How = Start
	return l
}

func TestStack(t *testing.T) {
	file, link, hard := insidetest.File, insidetest.Symlink, insidetest.Hardlink
	base := layerOf(link("bin", "usr/bin"), file("usr/bin/dash", "1"), link("usr/bin/sh", "dash"), file("opt/old/x", "1"),
		link("loop", "loop"), link("up", "../../usr"), file("etc/a", "12"), link("gone", "/nowhere"))
	app := layerOf(file("app/run", "123"), file("opt/.wh.old", ""), link("start", "/app/run"), hard("app/again", "etc/a"),
		hard("app/too", "app/run"), link("usr/bin/bash", "/bin/sh"))
	cut := layerOf(file("b", ""))
	cut.Broken = "is cut off"
	for _, test := range []struct {
		name, path string
		layers     []*Layer
		sight      Sight
		at         string
		size       int64
		layer, low int
	}{
		{"a file", "/app/run", []*Layer{base, app}, There, "app/run", 3, 1, 1},
		{"a file behind links of two layers", "/bin/bash", []*Layer{base, app}, There, "usr/bin/dash", 1, 0, 0},
		{"a link to the root", "start", []*Layer{base, app}, There, "app/run", 3, 1, 1},
		{"a link above the root", "up/bin/sh", []*Layer{base, app}, There, "usr/bin/dash", 1, 0, 0},
		{"dots", "/app/./../app//run", []*Layer{base, app}, There, "app/run", 3, 1, 1},
		{"a hard link", "app/too", []*Layer{base, app}, There, "app/too", 3, 1, 1},
		{"a hard link to a layer below", "app/again", []*Layer{base, app}, There, "app/again", 2, 1, 0},
		{"a deleted file", "opt/old/x", []*Layer{base, app}, NotThere, "", 0, -1, 1},
		{"a file of both", "opt/old/x", []*Layer{base}, There, "opt/old/x", 1, 0, 0},
		{"nothing", "app/none", []*Layer{base, app}, NotThere, "", 0, -1, 0},
		{"below a file", "app/run/x", []*Layer{base, app}, NotThere, "", 0, -1, 1},
		{"a loop", "loop/x", []*Layer{base, app}, NotThere, "", 0, -1, 0},
		{"a dead link", "gone", []*Layer{base, app}, NotThere, "", 0, -1, 0},
		{"an unread base", "/bin/sh", []*Layer{nil, app}, Unseen, "", 0, 0, 0},
		{"above an unread base", "/app/run", []*Layer{nil, app}, There, "app/run", 3, 1, 1},
		{"below an unread layer", "/bin/sh", []*Layer{base, nil}, Unseen, "", 0, 1, 1},
		{"the start of a base", "/bin/sh", []*Layer{startOf(link("bin", "usr/bin"), file("usr/bin/sh", "1")), app}, There, "usr/bin/sh", 1, 0, 0},
		{"behind the start of a base", "/bin/sh", []*Layer{startOf(link("bin", "usr/bin")), app}, Unseen, "", 0, 0, 0},
		{"a hard link behind the start", "x", []*Layer{base, startOf(hard("x", "etc/a"))}, Unseen, "", 0, 1, 1},
		{"in a broken layer", "/x", []*Layer{base, cut}, Unseen, "", 0, -1, 1},
		{"in a folder that replaces a link", "/bin/dash", []*Layer{base, layerOf(file("bin/x", ""))}, NotThere, "", 0, -1, 0},
		{"behind a link of the same layer", "/usr/lib/y", []*Layer{base, layerOf(link("lib", "usr/lib"), file("lib/y", "1"))}, There, "usr/lib/y", 1, 1, 1},
		{"and by its own name", "/lib/y", []*Layer{base, layerOf(link("lib", "usr/lib"), file("lib/y", "1"))}, There, "usr/lib/y", 1, 1, 1},
		{"no layers", "/x", nil, NotThere, "", 0, -1, 0},
		{"the root", "/", []*Layer{base}, There, "", 0, -1, 1},
	} {
		p := NewStack(test.layers).Find(test.path)
		if p.Sight != test.sight || p.Entry.Path != test.at || p.Entry.Size != test.size || p.Layer != test.layer || p.Lowest != test.low {
			t.Errorf("%s: %+v", test.name, p)
		}
	}
}

// readLayer is a layer as Read lists it, with what it remarks on.
func readLayer(t *testing.T, items ...insidetest.Item) *Layer {
	t.Helper()
	return mustRead(t, insidetest.Tar(items...))
}

// TestStack_unclear has layers that containerd unpacks as said here, whatever its snapshotter, and that other
// runtimes refuse or unpack in another way.
func TestStack_unclear(t *testing.T) {
	file, link, hard, folder := insidetest.File, insidetest.Symlink, insidetest.Hardlink, insidetest.Folder
	base := readLayer(t, file("x", "lower"), file("usr/bin/sh", "lower"), link("bin", "usr/bin"))
	for _, test := range []struct {
		name, path string
		layer      *Layer
		sight      Sight
		size       int64
		unclear    bool
	}{
		{"one entry", "x", readLayer(t, file("x", "1"), hard("y", "x")), There, 1, false},
		{"two entries", "x", readLayer(t, file("x", "1"), file("x", "12")), There, 2, true},
		{"a hard link between two entries", "y", readLayer(t, file("x", "1"), hard("y", "x"), file("x", "12")), There, 2, true}, // 1 in containerd
		{"beside two entries", "y", readLayer(t, file("x", "1"), file("y", "1"), file("x", "12")), There, 1, false},
		{"a folder twice", "d/x", readLayer(t, folder("d"), file("d/x", "1"), folder("d")), There, 1, false},
		{"a folder that replaces a link", "d/x", readLayer(t, link("d", "other"), file("d/x", "1"), folder("d")), There, 1, true}, // not there
		{"a link before its entries", "bin/sh", readLayer(t, link("bin", "usr/bin"), file("bin/sh", "1")), There, 1, false},
		{"a link after its entries", "bin/sh", readLayer(t, file("bin/sh", "1"), link("bin", "usr/bin")), There, 1, true}, // "lower"
		{"two names of one path", "bin/sh", readLayer(t, link("bin", "usr/bin"), file("bin/sh", "1"), file("usr/bin/sh", "12")), There, 2, true},
		{"two names in another order", "bin/sh", readLayer(t, link("bin", "usr/bin"), file("usr/bin/sh", "12"), file("bin/sh", "1")), There, 1, true},
		{"two names of one folder", "bin/d/x", readLayer(t, link("bin", "usr/bin"), folder("usr/bin/d"), folder("bin/d"), file("bin/d/x", "1")), There, 1, false},
		{"a link of an older layer", "bin/sh", readLayer(t, file("bin/sh", "1")), There, 1, false},
		{"beside a link of an older layer", "usr/bin/sh", readLayer(t, file("bin/sh", "1")), There, 5, false},
		{"an entry and its whiteout", "x", readLayer(t, file("x", "1"), file(".wh.x", "")), There, 1, true}, // not there
		{"a whiteout and its entry", "x", readLayer(t, file(".wh.x", ""), file("x", "1")), There, 1, true},
		{"a whiteout alone", "x", readLayer(t, file(".wh.x", "")), NotThere, 0, false},
		{"a folder and its whiteout", "d/x", readLayer(t, file("d/x", "1"), file(".wh.d", "")), There, 1, true},
		{"a whiteout behind a link", "usr/bin/sh", readLayer(t, link("b", "usr/bin"), file("b/.wh.sh", "")), There, 5, true}, // not there
		{"a hard link to an older layer", "y", readLayer(t, hard("y", "x")), There, 5, true},                                 // containerd refuses it
		{"a hard link to a later file", "y", readLayer(t, hard("y", "z"), file("z", "1")), There, 1, true},
		{"a hard link behind a link", "y", readLayer(t, file("d/x", "1"), link("e", "d"), hard("y", "e/x")), There, 1, false},
		{"a name that leaves the root", "x", readLayer(t, file("../x", "1")), There, 1, true},
		{"a name with dots", "x", readLayer(t, file("./d/../x", "1")), There, 1, false},
	} {
		p := NewStack([]*Layer{base, test.layer}).Find(test.path)
		if p.Sight != test.sight || p.Entry.Size != test.size || p.Unclear != test.unclear {
			t.Errorf("%s: %+v", test.name, p)
		}
	}
	if clear := readLayer(t, link("bin", "usr/bin"), file("bin/sh", "1")); clear.HasTwoWays() {
		t.Error("a link before its entries has two ways")
	}
	if two := readLayer(t, link("bin", "usr/bin"), file("bin/sh", "1"), file("usr/bin/sh", "12")); !two.HasTwoWays() {
		t.Error("two names of one path have one way")
	}
	many := readLayer(t, file("x", "1"))
	many.Left = []Left{{LeftRemarks, "remarks on other paths: 3"}}
	if p := NewStack([]*Layer{many}).Find("x"); p.Sight != There || !p.Unclear {
		t.Errorf("too many remarks: %+v", p)
	}
	many.Left[0].Kind = LeftXattrs
	if p := NewStack([]*Layer{many}).Find("x"); p.Sight != There || p.Unclear {
		t.Errorf("too many extended attributes: %+v", p)
	}
}

// TestStack_links tells a link that leads nowhere from a circle of links.
func TestStack_links(t *testing.T) {
	l := layerOf(insidetest.Symlink("run", "other"), insidetest.Symlink("other", "/nowhere"), insidetest.Symlink("a", "b"), insidetest.Symlink("b", "a"))
	for path, want := range map[string]Place{
		"run": {Sight: NotThere, Layer: -1, Link: Entry{Path: "other", Link: "/nowhere"}},
		"a":   {Sight: NotThere, Layer: -1, Link: Entry{Path: "a", Link: "b"}, Loop: true},
		"x":   {Sight: NotThere, Layer: -1},
	} {
		p := NewStack([]*Layer{l}).Find(path)
		if p.Sight != want.Sight || p.Layer != want.Layer || p.Link.Path != want.Link.Path || p.Link.Link != want.Link.Link || p.Loop != want.Loop {
			t.Errorf("%s: %+v", path, p)
		}
	}
}

// TestStack_random: where all layers were read, a path without links is where Merge has it.
func TestStack_random(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		var layers []*Layer
		for i := range 3 {
			l, _ := Read(bytes.NewReader(insidetest.Tar(insidetest.RandomTree(seed*10+uint64(i), 20+r.IntN(60))...)), Options{})
			layers = append(layers, l)
		}
		merged, s := Merge(layers), NewStack(layers)
		for _, l := range layers {
			for e := range l.Files.All() {
				want, ok := merged.Find(e.Path)
				got := s.findFrom(len(layers)-1, e.Path)
				if got.Unclear || got.Entry.Kind == Hardlink || want.Kind == Hardlink {
					continue
				}
				if ok != (got.Sight == There) || ok && (want.Kind != got.Entry.Kind || want.Sum != got.Entry.Sum) {
					t.Errorf("seed %d: %s: %+v, merged %t %+v", seed, e.Path, got, ok, want)
				}
			}
		}
	}
}
