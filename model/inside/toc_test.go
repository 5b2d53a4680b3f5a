package inside

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// readTOC reads the table of contents of a blob as a client would.
func readTOC(t *testing.T, blob []byte, annotations map[string]string) (*Layer, error) {
	t.Helper()
	p, ok := PlanTOC(v1.Descriptor{Size: int64(len(blob)), Annotations: annotations})
	if !ok {
		t.Fatal("no plan")
	}
	if p.IsFooter {
		if p, ok = p.WithFooter(blob[p.From : p.From+p.Length]); !ok {
			t.Fatal("no footer")
		}
	}
	return p.ReadTOC(blob[p.From : p.From+p.Length])
}

type fixture struct {
	name        string
	blob        []byte
	annotations map[string]string
}

// tocFixture makes a layer in one of four formats.
func tocFixture(toc string, format int, items ...insidetest.Item) fixture {
	f := fixture{name: []string{"zstd:chunked from podman", "eStargz", "eStargz from BuildKit", "zstd:chunked from stargz"}[format]}
	switch format {
	case 1, 2:
		f.blob, f.annotations = insidetest.EStargz([]byte(toc), format == 2, items...)
	default:
		f.blob, f.annotations = insidetest.ZstdChunked([]byte(toc), format == 0, items...)
	}
	return f
}

func tocFixtures(toc []byte, items ...insidetest.Item) []fixture {
	fixtures := make([]fixture, 4)
	for i := range fixtures {
		fixtures[i] = tocFixture(string(toc), i, items...)
	}
	return fixtures
}

// TestReadTOC: the table and the archive have the same entries, and the table is not hidden data.
func TestReadTOC(t *testing.T) {
	items := insidetest.Random(8, 400)
	for i := range items {
		items[i].ModTime = insidetest.Then // a table has no fractions
	}
	items = append(items, insidetest.File("a/.wh..wh..opq", ""), insidetest.File("../escape", "x"), insidetest.File("a/b", "1"), insidetest.File("a/b", "2"))
	for _, f := range tocFixtures(insidetest.TOC(items...), items...) {
		l, err := readTOC(t, f.blob, f.annotations)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		full := mustRead(t, f.blob)
		want := slices.DeleteFunc(slices.Collect(full.Files.All()), func(e Entry) bool { return LazyPullFile(e.Path) })
		if diff := cmp.Diff(want, slices.Collect(l.Files.All())); diff != "" {
			t.Errorf("%s: %s", f.name, diff)
		}
		if diff := cmp.Diff(full.Remarks, l.Remarks); diff != "" {
			t.Errorf("%s: %s", f.name, diff)
		}
		if l.How != TOC || l.Blob != "" || l.DiffID != "" || l.Packed >= full.Packed || full.Remarks.Hidden != 0 || full.Broken != "" {
			t.Errorf("%s: %+v, %+v", f.name, l, full)
		}
	}
}

// TestReadTOC_wrong: a table that does not match its digest says nothing.
func TestReadTOC_wrong(t *testing.T) {
	items := insidetest.Random(9, 30)
	good := insidetest.TOC(items...)
	for name, c := range map[string]struct {
		toc  string
		want string
	}{
		"not JSON":    {"<html>", "the table of contents is not valid: "},
		"a list":      {"[]", "the table of contents is not valid: it is not an object"},
		"no entries":  {`{"version":1}`, "the table of contents is not valid: it has no entries"},
		"other type":  {`{"entries":{}}`, "the table of contents is not valid: its entries are not a list"},
		"torn":        {string(good[:len(good)/2]), "the table of contents is not valid: "},
		"entry":       {`{"entries":[1]}`, "the table of contents is not valid: "},
		"a gigabyte":  {`{"entries":[` + strings.Repeat("{},", MaxUnpackedTOC/3), errTOCLarge.Error()},
		"blanks":      {`{"entries":[` + strings.Repeat(" ", 1<<20), "the table of contents is not valid: it has more than 16 KiB of white space in a row"},
		"large entry": {`{"x":"` + strings.Repeat("y", MaxUnpackedTOC), errTOCLarge.Error()},
	} {
		isLarge := len(c.toc) > 10<<20
		if isLarge && (testing.Short() || raceDetector) {
			continue
		}
		for i := 0; i < 2 && (i < 1 || !isLarge); i++ {
			f := tocFixture(c.toc, i, items...)
			for key, value := range f.annotations { // a length that is a lie
				f.annotations[key] = strings.Replace(value, fmt.Sprintf(":%d:", len(c.toc)), ":1:", 1)
			}
			if l, err := readTOC(t, f.blob, f.annotations); err == nil || l != nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%s: %s: %v", name, f.name, err)
			}
		}
	}
	for _, f := range tocFixtures(good, items...) {
		for key, value := range f.annotations {
			if !strings.HasPrefix(value, "sha256:") {
				continue
			}
			changed := maps.Clone(f.annotations)
			changed[key] = digest.FromString("other").String()
			if l, err := readTOC(t, f.blob, changed); l != nil || err == nil || err.Error() != errTOCDigest.Error() {
				t.Errorf("%s with another %s: %v", f.name, key, err)
			}
		}
	}
}

func TestPlanTOC_none(t *testing.T) {
	toc := insidetest.TOC()
	_, stargz := insidetest.EStargz(toc, false)
	_, podman := insidetest.ZstdChunked(toc, true)
	_, chunked := insidetest.ZstdChunked(toc, false)
	with := func(annotations map[string]string, key, value string) map[string]string {
		annotations = maps.Clone(annotations)
		annotations[key] = value
		return annotations
	}
	for name, c := range map[string]struct {
		size        int64
		annotations map[string]string
	}{
		"nothing":             {1000, nil},
		"no digest":           {1000, with(stargz, annotationTOC, "x")},
		"sha512":              {1000, with(stargz, annotationTOC, "sha512:"+strings.Repeat("a", 128))},
		"small layer":         {footerSize - 1, stargz},
		"two formats":         {1000, with(podman, annotationTOC, stargz[annotationTOC])},
		"no checksum":         {1000, with(podman, annotationPodmanChecksum, "")},
		"bad checksum":        {1000, with(chunked, annotationStargzChecksum, "sha256:1")},
		"behind the end":      {1000, with(podman, annotationPodmanPosition, "900:101:10:1")},
		"far behind":          {1000, with(podman, annotationPodmanPosition, "9223372036854775807:100:10:1")},
		"negative":            {1000, with(podman, annotationPodmanPosition, "-1:101:10:1")},
		"empty":               {1000, with(podman, annotationPodmanPosition, "1:0:10:1")},
		"three numbers":       {1000, with(podman, annotationPodmanPosition, "1:10:10")},
		"another kind":        {1000, with(podman, annotationPodmanPosition, "1:10:10:2")},
		"large":               {1 << 30, with(podman, annotationPodmanPosition, fmt.Sprintf("1:%d:10:1", MaxTOC+1))},
		"large when unpacked": {1000, with(podman, annotationPodmanPosition, fmt.Sprintf("1:10:%d:1", MaxUnpackedTOC+1))},
	} {
		if p, ok := PlanTOC(v1.Descriptor{Size: c.size, Annotations: c.annotations}); ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestWithFooter(t *testing.T) {
	_, annotations := insidetest.EStargz(insidetest.TOC(), false)
	p, ok := PlanTOC(v1.Descriptor{Size: 1000, Annotations: annotations})
	if !ok {
		t.Fatal("no plan")
	}
	legacy := append([]byte("1234"), insidetest.Footer(900, "")...)
	for name, c := range map[string]struct {
		footer       []byte
		from, length int64
	}{
		"footer":            {insidetest.Footer(900, "SG\x16\x00"), 900, 49},
		"legacy":            {legacy, 900, 53},
		"other subfield":    {insidetest.Footer(900, "SX\x16\x00"), 0, 0},
		"no footer":         {bytes.Repeat([]byte{0}, footerSize), 0, 0},
		"inside the footer": {insidetest.Footer(949, "SG\x16\x00"), 0, 0},
		"behind the layer":  {insidetest.Footer(1<<40, "SG\x16\x00"), 0, 0},
		"short":             {legacy[4:], 0, 0},
	} {
		got, ok := p.WithFooter(c.footer)
		if ok != (c.length > 0) || ok && (got.From != c.from || got.Length != c.length) {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
}

// TestRead_behindTOC: what follows the table of BuildKit is hidden data again, and so is what only
// looks like a table.
func TestRead_behindTOC(t *testing.T) {
	archive := insidetest.Tar(insidetest.File("a", "1"))
	table := insidetest.Tar(insidetest.File(tocName, "{}"))
	for name, c := range map[string]struct {
		behind []byte
		hidden bool
	}{
		"table":           {table, false},
		"padded table":    {append(make([]byte, 5120), table...), false},
		"table and data":  {append(bytes.Clone(table), "hidden"...), true},
		"other file":      {insidetest.Tar(insidetest.File("other", "{}")), true},
		"name only":       {append([]byte(tocName), make([]byte, 600)...), true},
		"torn table":      {table[:400], true},
		"not whole block": {[]byte("x"), true},
	} {
		whole := slices.Concat(archive, c.behind)
		if l := mustReadWell(t, whole, insidetest.Gzip(whole)); (l.Remarks.Hidden > 0) != c.hidden {
			t.Errorf("%s: %+v", name, l.Remarks)
		}
	}
}

// TestTOCSum: a digest counts only if it is a valid SHA-256.
func TestTOCSum(t *testing.T) {
	valid := strings.Repeat("0f", 32)
	want := Hash(bytes.Repeat([]byte{0x0f}, 32))
	for _, c := range []struct {
		digest string
		size   int64
		want   Hash
	}{
		{"sha256:" + valid, 1, want},
		{"sha256:" + valid, 0, want},
		{"", 0, NoContent},
		{"", 1, Hash{}},
		{"sha256:" + strings.ToUpper(valid), 1, Hash{}},
		{"sha256:" + valid[2:], 1, Hash{}},
		{"sha256:" + valid + "0f", 1, Hash{}},
		{"sha256:" + strings.Replace(valid, "0f", "0g", 1), 1, Hash{}},
		{"sha512:" + valid, 1, Hash{}},
		{valid, 1, Hash{}},
	} {
		if got := tocSum(&tocEntry{Digest: c.digest, Size: c.size}); got != c.want {
			t.Errorf("%q of %d bytes: %x", c.digest, c.size, got)
		}
	}
}

func FuzzTOC(f *testing.F) {
	f.Add(insidetest.TOC(insidetest.Random(1, 20)...))
	f.Add([]byte(`{"a":[{}],"entries":[{"name":"..","type":"dir","xattrs":{"a":"eA=="}},{"name":"a/.wh.b","size":-1}]}`))
	max := usual
	max.entries, max.names = 50, 1<<16
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := decodeTOC(bytes.NewReader(raw), max)
		if err != nil {
			return
		}
		for e := range l.Files.All() {
			if e.Kind == 0 || e.Size < 0 || strings.HasPrefix(e.Path, "../") || strings.HasPrefix(e.Path, "/") {
				t.Errorf("%+v", e)
			}
		}
	})
}
