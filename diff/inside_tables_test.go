package diff

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// asTable is the list of a layer as its table of contents gives it.
func asTable(l *inside.Layer) *inside.Layer {
	table := *l
	table.How, table.Blob, table.DiffID = inside.TOC, "", ""
	return &table
}

// TestCompareInside_tables checks what explains two lists without a difference: the archives count if they were
// read, else what the configs claim.
func TestCompareInside_tables(t *testing.T) {
	x, landmark := aFile("x", "1"), aFile(".no.prefetch.landmark", "x")
	one, two := files("one"), files("two")
	tables := [2]bool{true, true}
	for _, tt := range []struct {
		name     string
		b        layer
		from     [2]bool // whether the lists of A and B are from tables of contents
		itemsB   []insidetest.Item
		rung     filediff.Rung
		hasTable bool
	}{
		{"archives", two, [2]bool{}, []insidetest.Item{x}, filediff.OtherArchive, false},
		{"archives that were compressed again", one.packed("again"), [2]bool{}, []insidetest.Item{x}, filediff.OtherPacking, false},
		{"tables", two, tables, []insidetest.Item{x}, filediff.OtherArchive, true},
		{"tables of one diff_id", one.packed("again"), tables, []insidetest.Item{x}, filediff.OtherPacking, true},
		{"a table and an archive", two, [2]bool{true, false}, []insidetest.Item{x, landmark}, filediff.OtherArchive, true},
		{"a table and an archive of other files", two, [2]bool{true, false}, []insidetest.Item{x, aFile("y", "1")}, filediff.Files, true},
		{"archives, one of eStargz", two, [2]bool{}, []insidetest.Item{x, landmark}, filediff.Generated, false},
	} {
		c := Compare(single("a", build{steps: []step{does("RUN a", one)}}.image(t)), single("b", build{steps: []step{does("RUN a", tt.b)}}.image(t)))
		read := ReadLayers{}
		for i, l := range []*inside.Layer{holding(t, one, x), holding(t, tt.b, tt.itemsB...)} {
			if read[l.Blob] = l; tt.from[i] {
				read[l.Blob] = asTable(l)
			}
		}
		f := CompareInside(c.Pairs[0], read, nil).rows[LayersOf(c.Pairs[0].Rows[0])]
		if f.Rung != tt.rung || f.HasTable() != tt.hasTable {
			t.Errorf("%s: %s, by table %v", tt.name, f.Rung, f.HasTable())
		}
	}
}

// TestTables_trust checks that what rests on a table of contents is not proved, also if only a layer
// that both sides have is listed by one.
func TestTables_trust(t *testing.T) {
	x, y := aFile("x", "1"), aFile("y", "1")
	base, one, two, both := files("base"), files("one"), files("two"), files("both")
	a := build{steps: []step{does("ADD base.tar /", base), does("RUN one", one), does("RUN two", two)}}
	b := build{steps: []step{does("ADD base.tar /", base), does("RUN both", both)}}
	c := Compare(single("a", a.image(t)), single("b", b.image(t)))
	archives := map[layer]*inside.Layer{
		base: holding(t, base, aFile("etc/x", "1")), one: holding(t, one, x), two: holding(t, two, y), both: holding(t, both, x, y),
	}
	for listed, want := range map[layer]Trust{nothing: Proved, base: Inferred, two: Inferred} {
		read := ReadLayers{}
		for l, archive := range archives {
			if read[archive.Blob] = archive; l == listed {
				read[archive.Blob] = asTable(archive)
			}
		}
		p := c.Pairs[0]
		got := c.WithInside(Inside{p.Manifests(): CompareInside(p, read, nil)})
		h20 := findingOf(got, "H20")
		if v := got.Verdict; v.Trust != want || v.Inside != InsideSame || h20 == nil || h20.Trust != want {
			t.Errorf("%s by table: %q (%s), inside %q, H20 %+v, want %s", listed.content, v.Headline, v.Trust, v.Inside, h20, want)
		}
	}
}

// findingOf returns the first finding of a rule on a platform, nil for none.
func findingOf(c Comparison, id string) *Finding {
	for _, p := range c.Pairs {
		for i := range p.Findings {
			if p.Findings[i].ID == id {
				return &p.Findings[i]
			}
		}
	}
	return nil
}

// TestTables_remarks checks that a table of contents says nothing about how runtimes read the archive.
func TestTables_remarks(t *testing.T) {
	l := files("layer a")
	img := build{steps: []step{does("RUN a", l)}}.image(t)
	archive := holding(t, l, aFile("x", "1"), aFile("x", "2"))
	for how, want := range map[inside.How]bool{inside.Full: true, inside.TOC: false} {
		c, read := Describe(single("a", img)), *archive
		read.How = how
		p := c.Pairs[0]
		got := c.WithInside(Inside{p.Manifests(): CompareInside(p, ReadLayers{l.descriptor().Digest: &read}, nil)})
		if found := findingOf(got, "H14") != nil; found != want {
			t.Errorf("H14 of a list of kind %d: %v, want %v", how, found, want)
		}
	}
}

// TestLayersToRead_tables checks for which layers tables of contents do, and what they cost.
func TestLayersToRead_tables(t *testing.T) {
	const digestOfTable = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
	estargz := map[string]string{"containerd.io/snapshot/stargz/toc.digest": digestOfTable}
	chunked := map[string]string{
		"io.github.containers.zstd-chunked.manifest-position": "5000000:70000:900000:1",
		"io.github.containers.zstd-chunked.manifest-checksum": digestOfTable,
	}
	for _, tt := range []struct {
		name         string
		a, b         map[string]string
		size         int64
		costA, costB int64
		isGuess      bool
	}{
		{"eStargz", estargz, estargz, 50_000_000, 1_000_000, 1_000_000, true},
		{"zstd:chunked", chunked, chunked, 50_000_000, 70_000, 70_000, false},
		{"one of each", chunked, estargz, 50_000_000, 70_000, 1_000_000, false},
		{"one side", estargz, nil, 50_000_000, 50_000_000, 50_000_000, false},
		{"none", nil, nil, 50_000_000, 50_000_000, 50_000_000, false},
		{"small", estargz, estargz, LeastByTable, LeastByTable, LeastByTable, false},
		{"not small", estargz, estargz, LeastByTable + 50, LeastByTable/50 + 1, LeastByTable/50 + 1, true},
	} {
		of := func(l layer) build { return build{steps: []step{does("RUN a", l.sized(tt.size))}} }
		imgA, imgB := of(files("a")).image(t), of(files("b")).image(t)
		imgA.Steps[0].Layer.Annotations, imgB.Steps[0].Layer.Annotations = tt.a, tt.b
		layers, _ := LayersToRead(Compare(single("a", imgA), single("b", imgB)).Pairs[0])
		if layers[0].Cost() != tt.costA || layers[1].Cost() != tt.costB || layers[0].IsGuess != tt.isGuess {
			t.Errorf("%s: %+v", tt.name, layers)
		}
		if whole := layers[0].Whole(); whole.Cost() != tt.size || whole.IsGuess {
			t.Errorf("%s: the whole layer is %+v", tt.name, whole)
		}
	}
}

// TestUnopenedPrograms checks which files of tables of contents may hold packages that are not known.
func TestUnopenedPrograms(t *testing.T) {
	x, jar, other := aFile("x", "1"), aFile("app/a.jar", "1"), aFile("app/a.jar", "2")
	moved, text, program := aFile("lib/b.jar", "1"), aFile("app/b.txt", "1"), aFile("bin/run", strings.Repeat("x", inside.LeastProgram)).As(0o755, 0, 0)
	plain, small := aFile("bin/data", strings.Repeat("x", inside.LeastProgram)), aFile("bin/sh", "x").As(0o755, 0, 0)
	one, two := files("one"), files("two")
	for _, tt := range []struct {
		name           string
		itemsA, itemsB []insidetest.Item
		want           []string
	}{
		{"another jar", []insidetest.Item{x, jar}, []insidetest.Item{x, other}, []string{"app/a.jar", "app/a.jar"}},
		{"the same jar", []insidetest.Item{x, jar}, []insidetest.Item{jar}, nil},
		{"the same jar elsewhere", []insidetest.Item{jar}, []insidetest.Item{moved}, nil},
		{"a jar that B adds", []insidetest.Item{x}, []insidetest.Item{x, jar}, []string{"app/a.jar"}},
		{"a text that B adds", []insidetest.Item{x}, []insidetest.Item{x, text}, nil},
		{"a program that B adds", []insidetest.Item{x}, []insidetest.Item{x, program}, []string{"bin/run"}},
		{"a file of its size that is not executable, and a small program", []insidetest.Item{x}, []insidetest.Item{plain, small}, nil},
	} {
		c := Compare(single("a", build{steps: []step{does("RUN a", one)}}.image(t)), single("b", build{steps: []step{does("RUN a", two)}}.image(t)))
		read, archives := ReadLayers{}, ReadLayers{}
		for _, l := range []*inside.Layer{holding(t, one, tt.itemsA...), holding(t, two, tt.itemsB...)} {
			read[l.Blob], archives[l.Blob] = asTable(l), l
		}
		p := c.Pairs[0]
		p.Inside = CompareInside(p, read, nil)
		var got []string
		for _, paths := range p.UnopenedPrograms() {
			got = append(got, paths...)
		}
		p.Inside = CompareInside(p, archives, nil)
		if !slices.Equal(got, tt.want) || len(p.UnopenedPrograms()) > 0 {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
