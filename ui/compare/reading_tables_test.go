package compare_test

import (
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// withTables returns two images whose last layers have tables of contents: eStargz, or zstd:chunked with a table
// of some bytes. The tables say the same as the archives.
func withTables(t *testing.T, size int64, position string) (f fakereg.Images, tables []digest.Digest) {
	t.Helper()
	f = twoVersions(t, size)
	f.Tables, f.TableErrs = map[digest.Digest]*inside.Layer{}, map[digest.Digest]error{}
	for _, tag := range []string{"a", "b"} {
		layers := f.ByTag[tag].Entries[0].Image.Steps
		d := &layers[len(layers)-1].Layer
		d.Annotations = map[string]string{"containerd.io/snapshot/stargz/toc.digest": digest.FromString("table").String()}
		if position != "" {
			d.Annotations["io.containers.zstd-chunked.manifest-position"] = position
		}
		table := *f.Insides[d.Digest]
		table.How, table.Blob, table.DiffID, table.Packed = inside.TOC, "", "", 1_000_000
		f.Tables[d.Digest] = &table
		tables = append(tables, d.Digest)
	}
	return f, tables
}

// TestFiles_tables: layers of 100 MB are listed by their tables of contents at the cost of these. i then reads the
// archives, which prove the lists.
func TestFiles_tables(t *testing.T) {
	f, _ := withTables(t, 100_000_000, "1000:1900000:9000000:1")
	d := open(t, f, 100, 24, imageA, imageB)
	d.Sees("inferred")
	d.Keys("i") // from another tab: it says the cost
	d.Sees("≠ app/main.py", "Listed by table of contents", "2 layers are listed by table of contents. i reads the archives, 200 MB", "i archives")
	d.DoesNotSee("+1 −1")
	d.Keys("i")
	d.Sees("≠ app/main.py")
	d.DoesNotSee("table of contents")

	f, _ = withTables(t, 4<<20, "1000:900000:9000000:1") // a small layer is read whole
	d = open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("1 of 2 layers differs: 4.2 MB + 4.2 MB to read. i reads them")

	f, _ = withTables(t, 100_000_000, "1000:3000000:9000000:1") // large tables are asked for
	d = open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("1 of 2 layers differs: 3.0 MB + 3.0 MB to read. i reads them")
	d.Keys("i")
	d.Sees("≠ app/main.py", "2 layers are listed by table of contents")

	f, _ = withTables(t, 50_000_000, "1000:900000:9000000:1")
	d = open(t, f, 100, 24, imageA) // of one image, its base has no table
	d.Keys("4")
	d.Sees("Inside: 2 layers, 51 MB to read")
	d.Keys("i")
	d.Sees("etc/base.conf", "Listed by table of contents", "1 layer is listed by table of contents. i reads the archives, 50 MB")
}

// TestFiles_tableOfOneSide: where one layer of a step has no table of contents, both are read whole.
func TestFiles_tableOfOneSide(t *testing.T) {
	f, _ := withTables(t, 50_000_000, "1000:900000:9000000:1")
	steps := f.ByTag["b"].Entries[0].Image.Steps
	steps[len(steps)-1].Layer.Annotations = nil
	d := open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("1 of 2 layers differs: 50 MB + 50 MB to read. i reads them")
}

// TestFiles_guessedTables: the size of a table of eStargz is a guess. One that turns out larger than what is read
// without asking is asked for.
func TestFiles_guessedTables(t *testing.T) {
	f, tables := withTables(t, 100_000_000, "")
	d := open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("≠ app/main.py", "listed by table of contents")

	for _, table := range tables {
		f.Tables[table].Packed = 3_500_000
	}
	d = open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.DoesNotSee("app/main.py")
	d.DoesNotSee("cannot be used")
	d.Sees("1 of 2 layers differs: 3.5 MB + 3.5 MB to read. i reads them")
	d.Keys("i")
	d.Sees("≠ app/main.py", "listed by table of contents")

	f, _ = withTables(t, 300_000_000, "")
	d = open(t, f, 100, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("1 of 2 layers differs: about 6.0 MB + 6.0 MB to read. i reads them")
}

// TestFiles_tableError: where a table of contents cannot be used, one line says why, and the whole layers are offered.
// An error of another kind is one of the layer.
func TestFiles_tableError(t *testing.T) {
	f, tables := withTables(t, 50_000_000, "1000:900000:9000000:1")
	f.TableErrs[tables[1]] = &model.ReadError{Message: "localhost:5000 does not send parts of blobs", Corrupt: true}
	d := open(t, f, 120, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("Step 2 has a table of contents that cannot be used: localhost:5000 does not send parts of blobs", "not read",
		"1 of 2 layers differs: 50 MB + 50 MB to read. i reads them")
	d.Keys("i")
	d.Sees("≠ app/main.py")
	d.DoesNotSee("cannot be used")
	d.DoesNotSee("table of contents")

	f.TableErrs[tables[1]] = &model.ReadError{Message: "localhost:5000 is not available", Next: "try again"}
	d = open(t, f, 120, 24, imageA, imageB)
	d.Keys("4")
	d.Sees("localhost:5000 is not available", "r tries again", "B's layer could not be read")
	d.DoesNotSee("cannot be used")
	d.DoesNotSee("to read")
	delete(f.TableErrs, tables[1])
	d.Keys("r")
	d.Sees("≠ app/main.py", "listed by table of contents")
}
