package diff

import (
	"bytes"
	"testing"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// TestInside_lowerLayers checks what is said of a file that only one layer of a step has: it is added or removed
// only where the layers below are known to lack it.
func TestInside_lowerLayers(t *testing.T) {
	type items = []insidetest.Item
	x, lowerX, y, deleted := aFile("app/x", "1"), aFile("app/x", "0"), aFile("app/y", "1"), insidetest.File(".wh.app", "")
	isCut := func(l *inside.Layer) { l.Left = []inside.Left{{Text: "the entries after the first 1,000,000"}} }
	folder := func(name string) insidetest.Item { return insidetest.Folder(name).At(noon) }
	const samePacked = "Same files, packed by another tool or in another order"
	for _, tt := range []struct {
		name     string
		lowest   items // nil for a layer that was not read
		base     items
		change   func(base *inside.Layer)
		a, b     items
		headline string
	}{
		{"no layer below was read", nil, nil, nil, nil, items{x}, "Step 3: 1 file added or replaced: app/x"},
		{"no layer below was read", nil, nil, nil, items{x}, nil, "Step 3: 1 file removed or replaced: app/x"},
		{"the oldest was not read", nil, items{y}, nil, nil, items{x}, "Step 3: 1 file added or replaced: app/x"},
		{"no layer below has it", items{y}, items{y}, nil, nil, items{x}, "Step 3: 1 file added: app/x"},
		{"no layer below has it", items{y}, items{y}, nil, items{x}, nil, "Step 3: 1 file removed: app/x"},
		{"no layer below has its folder", items{aFile("z", "")}, items{aFile("z", "")}, nil, items{x}, nil, "Step 3: 1 file removed: app/x"},
		{"the oldest has it", items{lowerX}, items{y}, nil, nil, items{x}, "Step 3: 1 file replaced: app/x"},
		{"the oldest has it", items{lowerX}, items{y}, nil, items{x}, nil, "Step 3: 1 file replaced: app/x"},
		{"the next has it, the oldest was not read", nil, items{lowerX}, nil, nil, items{x}, "Step 3: 1 file replaced: app/x"},
		{"its folder is deleted above the oldest", items{x}, items{deleted}, nil, nil, items{x}, "Step 3: 1 file added: app/x"},
		{"its folder is deleted above one that was not read", nil, items{deleted}, nil, nil, items{x}, "Step 3: 1 file added: app/x"},
		{"another path is deleted", nil, items{insidetest.File(".wh.other", "")}, nil, nil, items{x}, "Step 3: 1 file added or replaced: app/x"},
		{"a file stands at its folder", nil, items{aFile("app", "")}, nil, nil, items{x}, "Step 3: 1 file added: app/x"},
		{"the list of a layer is cut", items{y}, items{y}, isCut, nil, items{x}, "Step 3: 1 file added or replaced: app/x"},
		{"a layer has another digest", items{y}, items{y}, func(l *inside.Layer) { l.DiffID = "sha256:0" }, nil, items{x},
			"Step 3: 1 file added or replaced: app/x"},
		{"a layer was listed by its table", items{y}, items{y}, func(l *inside.Layer) { l.How = inside.TOC }, nil, items{x},
			"Step 3: 1 file added or replaced: app/x"},
		{"a deletion of what no layer below has", items{y}, items{y}, nil, items{insidetest.File(".wh.gone", "")}, nil, samePacked},
		{"a deletion of what no layer below has, and a time", items{y}, items{y}, nil, items{insidetest.File(".wh.gone", ""), x}, items{aFile("app/x", "1").At(later)},
			"Same files; 1 deletion without effect and 1 time differ"},
		{"a deletion of what a layer below has", items{y}, items{y}, nil, items{insidetest.File("app/.wh.y", "")}, nil,
			"Step 3: 1 path no longer deleted: app/y (only A deletes it)"},
		{"a deletion of what a layer below may have", nil, items{x}, nil, items{insidetest.File("app/.wh.y", "")}, nil,
			"Step 3: 1 path no longer deleted: app/y (only A deletes it)"},
		{"a new opaque folder", items{x}, items{x}, nil, items{folder("new"), aFile("new/.wh..wh..opq", "")}, items{folder("new")}, samePacked},
		{"an opaque folder", items{x}, items{x}, nil, items{folder("app"), aFile("app/.wh..wh..opq", "")}, items{folder("app")},
			"Step 3: 1 path no longer deleted: app (only A hides what the layers below have in it)"},
		{"a new folder that one side does not list", items{aFile("z", "")}, items{aFile("z", "")}, nil, items{folder("app").As(0o700, 0, 0), x}, items{x},
			"Step 3: 1 folder changed: app (mode 0700 → 0755, not listed in B)"},
		{"a folder that one side does not list", items{y}, items{y}, nil, items{x}, items{folder("app").As(0o700, 0, 0), x},
			"Step 3: 1 folder changed: app (mode 0755 → 0700 in docker and podman, not listed in A)"},
		{"a link of the same layer leads elsewhere", items{y}, items{y}, nil, items{insidetest.Symlink("app", "usr")},
			items{insidetest.Symlink("app", "usr"), x}, "Step 3: 1 file added or replaced: app/x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lowest, base, layerA, layerB := files("lowest"), files("base"), files("app 1"), files("app 2")
			build := func(l layer) build {
				return build{steps: []step{does("ADD root.tar /", lowest), does("RUN base", base), does("RUN make", l)}}
			}
			always := aFile("always", "1")
			read := []*inside.Layer{holding(t, layerA, append(tt.a, always)...), holding(t, layerB, append(tt.b, always)...)}
			if tt.lowest != nil {
				read = append(read, holding(t, lowest, tt.lowest...))
			}
			if tt.base != nil {
				l := holding(t, base, tt.base...)
				if tt.change != nil {
					tt.change(l)
				}
				read = append(read, l)
			}
			c := readInside(Compare(single("a", build(layerA).image(t)), single("b", build(layerB).image(t))), nil, read...)
			if got := c.Verdict.Headline.String(); got != tt.headline {
				t.Errorf("%q, want %q", got, tt.headline)
			}
		})
	}
}

// TestInside_lowerLayersOfOther checks that a layer replaces only what lower layers of the same image have.
func TestInside_lowerLayersOfOther(t *testing.T) {
	base, a2, b2, a3, b3 := files("base"), files("a 2"), files("b 2"), files("a 3"), files("b 3")
	x, y, z := aFile("x", "1"), aFile("y", "1"), aFile("z", "1")
	build := func(second, third layer) build {
		return build{steps: []step{does("ADD base.tar /", base), does("RUN second", second), does("RUN third", third)}}
	}
	c := readInside(Compare(single("a", build(a2, a3).image(t)), single("b", build(b2, b3).image(t))), nil, holding(t, base, z),
		holding(t, a2, x, y), holding(t, b2, x), holding(t, a3, z, x), holding(t, b3, y))
	f := c.Pairs[0].Rows[2].Inside
	want := map[string]filediff.Below{"x": filediff.EntryBelow, "y": filediff.NothingBelow, "z": filediff.EntryBelow}
	for i := range f.Len() {
		if ch := f.At(i); ch.Below != want[ch.Path] {
			t.Errorf("%s: %d, want %d", ch.Path, ch.Below, want[ch.Path])
		}
	}
	if f.Len() != len(want) {
		t.Errorf("%d changes, want %d", f.Len(), len(want))
	}
}

// TestInside_firstLayer checks that nothing is below the first layer, also where only one side has it.
func TestInside_firstLayer(t *testing.T) {
	read := func(name string, items ...insidetest.Item) *inside.Layer {
		l, err := inside.Read(bytes.NewReader(insidetest.Tar(items...)), inside.Options{})
		if err != nil {
			t.Fatal(err)
		}
		l.Blob, l.DiffID = files(name).descriptor().Digest, files(name).diffID()
		return l
	}
	own := func(names ...string) build {
		var b build
		for _, name := range names {
			b.steps = append(b.steps, does("RUN "+name, files(name)))
		}
		return b
	}
	x, y := aFile("x", "1"), aFile("y", "1")
	c := readInside(Compare(single("a", own("base").image(t)), single("b", own("base", "more").image(t))), nil, read("base", x), read("more", x, y))
	f := c.Pairs[0].Rows[1].Inside
	if got := []filediff.Below{f.At(0).Below, f.At(1).Below}; got[0] != filediff.EntryBelow || got[1] != filediff.NothingBelow {
		t.Errorf("a step that only B has: x %d, y %d", got[0], got[1])
	}
	c = readInside(Compare(single("a", own("base").image(t)), single("b", own("base", "more").image(t))), nil, read("more", x, y))
	if f := c.Pairs[0].Rows[1].Inside; f.At(0).Below != filediff.UnknownBelow {
		t.Errorf("a step that only B has, over a layer that was not read: x %d", f.At(0).Below)
	}
}
