package diff

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// changesOf lists the changes of merged files with what is known of them: "+new", "-old", "?unknown".
func changesOf(f *LayerFiles) string {
	var all []string
	for i := range f.Len() {
		ch := f.At(i)
		mark := "="
		switch {
		case ch.Unknown:
			mark = "?"
		case ch.A == nil:
			mark = "+"
		case ch.B == nil:
			mark = "-"
		}
		all = append(all, mark+ch.Path)
	}
	return strings.Join(all, " ")
}

// mergedOf compares two images of some layers, the oldest first, of which some were read.
func mergedOf(t *testing.T, a, b []layer, holds map[layer][]insidetest.Item, read ...layer) (Pair, *PairInside) {
	t.Helper()
	image := func(layers []layer) build {
		var out build
		for _, l := range layers {
			out.steps = append(out.steps, does("RUN "+l.diffID().Encoded()[:8], l))
		}
		return out
	}
	c := Compare(single("a", image(a).image(t)), single("b", image(b).image(t)))
	layers := ReadLayers{}
	for _, l := range read {
		layers[l.descriptor().Digest] = holding(t, l, holds[l]...)
	}
	return c.Pairs[0], CompareInside(c.Pairs[0], layers, nil)
}

// TestMerged_whole: only all layers of both images together say that a file is absent.
func TestMerged_whole(t *testing.T) {
	base, one, two, top := files("base"), files("one"), files("two"), files("top")
	holds := map[layer][]insidetest.Item{
		base: {aFile("etc/conf", "1")}, one: {aFile("etc/.wh.conf", ""), aFile("x", "1"), aFile("hidden", "1")},
		two: {aFile("x", "1"), aFile("new", "1"), aFile("hidden", "2")}, top: {aFile("hidden", "3")},
	}
	a, b := []layer{base, one, top}, []layer{base, two, top}
	for _, tt := range []struct {
		name  string
		read  []layer
		whole bool
		want  string
	}{
		{"the layers that differ", []layer{one, two}, false, "=hidden ?new"},
		{"and those above, which hide a file", []layer{one, two, top}, false, "?new"},
		{"all layers", []layer{base, one, two, top}, true, "+etc/conf +new"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, found := mergedOf(t, a, b, holds, tt.read...)
			merged, partial, _ := found.Merged()
			if merged == nil || changesOf(merged) != tt.want || found.IsWhole() != tt.whole || partial == tt.whole {
				t.Errorf("%q, whole %t, partial %t; want %q, %t", changesOf(merged), found.IsWhole(), partial, tt.want, tt.whole)
			}
		})
	}
}

// TestMerged_deletions: what only one side deletes of layers that were not read is a difference.
func TestMerged_deletions(t *testing.T) {
	base, one, two, top := files("base"), files("one"), files("two"), files("top")
	deletesX, folder := aFile(".wh.x", ""), insidetest.Folder("d").At(noon)
	for _, tt := range []struct {
		name   string
		a, b   []insidetest.Item
		wantA  string
		wantB  string
		isSame bool
	}{
		{"only A deletes a file", []insidetest.Item{aFile("y", "1"), deletesX}, []insidetest.Item{aFile("y", "1")}, "x", "", false},
		{"both delete it", []insidetest.Item{aFile("y", "1"), deletesX}, []insidetest.Item{deletesX, aFile("y", "1")}, "", "", true},
		{"both have another file there", []insidetest.Item{aFile("x", "1"), deletesX}, []insidetest.Item{aFile("x", "1")}, "", "", true},
		{"both have a folder there", []insidetest.Item{insidetest.Folder("x").At(noon), deletesX}, []insidetest.Item{insidetest.Folder("x").At(noon)}, "x", "", false},
		{"only B hides a folder", []insidetest.Item{folder}, []insidetest.Item{folder, aFile("d/.wh..wh..opq", "")}, "", "d", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			holds := map[layer][]insidetest.Item{base: {aFile("x", "0")}, one: tt.a, two: tt.b, top: {aFile("top", "1")}}
			_, found := mergedOf(t, []layer{base, one, top}, []layer{base, two, top}, holds, one, two)
			paths := func(all []Deletion) string {
				return strings.Join(mapped(all, func(d Deletion) string { return d.Path }), " ")
			}
			a, b := found.OnlyDeletions()
			_, partial, others := found.Merged()
			if paths(a) != tt.wantA || paths(b) != tt.wantB || others == tt.isSame || !partial || !found.IsBelowUnread() {
				t.Errorf("deletions %q, %q, others %t, partial %t; want %q, %q", paths(a), paths(b), others, partial, tt.wantA, tt.wantB)
			}
			_, found = mergedOf(t, []layer{base, one, top}, []layer{base, two, top}, holds, base, one, two, top)
			if _, _, others := found.Merged(); others || found.IsBelowUnread() {
				t.Error("the whole image has deletions")
			}
		})
	}
}

// TestMerged_cut: where a layer was not read to its end, the whole image says nothing of what is absent.
func TestMerged_cut(t *testing.T) {
	one, two := files("one"), files("two")
	holds := map[layer][]insidetest.Item{one: {aFile("x", "1")}, two: {aFile("x", "1"), aFile("new", "1")}}
	p, found := mergedOf(t, []layer{one}, []layer{two}, holds, one, two)
	if merged, _, _ := found.Merged(); changesOf(merged) != "+new" {
		t.Errorf("%q, want +new", changesOf(merged))
	}
	found.Layers[one.descriptor().Digest].Broken = "is cut off"
	found = CompareInside(p, found.Layers, nil)
	if merged, partial, _ := found.Merged(); changesOf(merged) != "?new" || !partial {
		t.Errorf("%q, partial %t; want ?new, true", changesOf(merged), partial)
	}
}

// TestMerged_order: layers are put together in the order of their own image, also where steps were moved.
func TestMerged_order(t *testing.T) {
	one, two := files("one"), files("two")
	holds := map[layer][]insidetest.Item{one: {aFile("x", "1")}, two: {aFile("x", "2")}}
	_, found := mergedOf(t, []layer{one, two}, []layer{two, one}, holds, one, two)
	merged, _, _ := found.Merged()
	if merged == nil || merged.Len() != 1 {
		t.Fatalf("merged: %+v", merged)
	}
	if ch := merged.At(0); !ch.What.Has(filediff.Content) || ch.A.Sum != hashOf("2") || ch.B.Sum != hashOf("1") {
		t.Errorf("the merged files have other contents: %+v", ch)
	}
}

func hashOf(content string) inside.Hash { return sha256.Sum256([]byte(content)) }

// TestMerged_alone: the files of one image are those of all its layers.
func TestMerged_alone(t *testing.T) {
	c := Describe(*twoBuilds(t, nil, nil).A)
	p := c.Pairs[0]
	read := ReadLayers{}
	for i, l := range []layer{files("base"), files("app 1")} {
		items := [][]insidetest.Item{{aFile("x", "1"), aFile("y", "1")}, {aFile(".wh.x", "")}}[i]
		read[l.descriptor().Digest] = holding(t, l, items...)
	}
	found := CompareInside(p, read, nil)
	merged, _, _ := found.Merged()
	if merged == nil || merged.A == nil || !found.IsWhole() {
		t.Fatalf("merged: %+v, whole %t", merged, found.IsWhole())
	}
	var paths []string
	for e := range merged.A.Files.All() {
		paths = append(paths, e.Path)
	}
	if strings.Join(paths, " ") != "y" {
		t.Errorf("the image has %v, want y", paths)
	}
	delete(read, files("base").descriptor().Digest)
	if merged, _, _ := CompareInside(p, read, nil).Merged(); merged != nil {
		t.Error("an image is whole without its first layer")
	}
}

// TestCompareInside_otherTexts: lines are counted only of texts that have the hashes of the lists.
func TestCompareInside_otherTexts(t *testing.T) {
	c := twoBuilds(t, []insidetest.Item{aFile("f", "a\n")}, []insidetest.Item{aFile("f", "b\n")})
	p := c.Pairs[0]
	for _, tt := range []struct {
		a, b string
		want int
	}{{"a\n", "b\n", 1}, {"other\n", "b\n", 0}, {"a\n", "other\n", 0}} {
		texts := func(RowLayers, string) (a, b []byte, ok bool) { return []byte(tt.a), []byte(tt.b), true }
		found := CompareInside(p, p.Inside.Layers, texts)
		for _, f := range found.rows {
			if len(f.Texts) != tt.want {
				t.Errorf("%q and %q: %d texts, want %d", tt.a, tt.b, len(f.Texts), tt.want)
			}
		}
		if merged, _, _ := found.Merged(); len(merged.Texts) != tt.want {
			t.Errorf("%q and %q: %d merged texts, want %d", tt.a, tt.b, len(merged.Texts), tt.want)
		}
	}
}

// TestAllLayers: the whole image needs the layers that are equal, too, each once.
func TestAllLayers(t *testing.T) {
	c := twoBuilds(t, nil, nil)
	if all, _ := AllLayers(c.Pairs[0]); len(all) != 3 {
		t.Errorf("%d layers, want 3", len(all))
	}
}

// TestFileCheck checks the commands of a file, and which paths have none.
func TestFileCheck(t *testing.T) {
	c := twoBuilds(t, nil, nil)
	r := c.Pairs[0].Rows[1]
	command := c.FileCheck(r, "old/x", "new/x").String()
	for _, part := range []string{" | tar -xO 'old/x' './old/x' '/old/x' 2>/dev/null | sha256sum; crane blob ", " 'new/x' './new/x' '/new/x' 2>/dev/null | sha256sum"} {
		if !strings.Contains(command, part) {
			t.Errorf("%q is not in %q", part, command)
		}
	}
	if command := c.EntryCheck(r, "x", "").String(); !strings.Contains(command, "tar -tv") || strings.Contains(command, ";") {
		t.Errorf("the command of an entry of A is %q", command)
	}
	for _, path := range []string{"a'b", "a*", "-x", "a\x1b", "ü", `a\b`, "a\nb", ""} {
		if command := c.FileCheck(r, path, ""); !command.IsEmpty() {
			t.Errorf("%q has the command %q", path, command)
		}
	}
}
