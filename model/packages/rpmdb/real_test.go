package rpmdb

import (
	"bytes"
	"compress/gzip"
	"flag"
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model/packages/packagestest"
)

var update = flag.Bool("update", false, "write the databases of testdata with rpm and Berkeley DB")

// rowsOf returns packages in the words of rpm.
func rowsOf(listed []packagestest.Package) []row {
	var rows []row
	for _, p := range listed {
		rows = append(rows, row{Package{Name: p.Name, Version: p.Version, Arch: p.Arch, Source: p.Source, Key: p.Key}, p.Files})
	}
	return sorted(rows)
}

// TestReal_rpm reads databases that rpm and Berkeley DB wrote. rpm itself says what is in them.
func TestReal_rpm(t *testing.T) {
	packagestest.RequireRPM(t)
	packages := packagestest.RPMFiles(t)
	folder := func(root string) string { return filepath.Join(root, "var/lib/rpm") }
	sqlite := folder(packagestest.InstallRPM(t, "sqlite", packages))
	for _, tt := range []struct{ name, backend, file string }{
		{"sqlite", "sqlite", "rpmdb.sqlite"},
		{"ndb", "ndb", "Packages.db"},
		{"bdb-little", "bdb_ro", "Packages"},
		{"bdb-big", "bdb_ro", "Packages"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var db string
			switch tt.backend {
			case "sqlite":
				db = sqlite
			case "ndb":
				if !packagestest.HasNDB(t) {
					t.Skip("this rpm was built without ndb")
				}
				db = folder(packagestest.InstallRPM(t, "ndb", packages))
			case "bdb_ro":
				db = packagestest.BerkeleyDB(t, sqlite, tt.name == "bdb-big")
			}
			content, err := os.ReadFile(filepath.Join(db, tt.file))
			if err != nil {
				t.Fatal(err)
			}
			want := rowsOf(packagestest.ListRPM(t, db, tt.backend))
			if len(want) != 5 {
				t.Errorf("rpm has %d packages, want 5", len(want))
			}
			got, problem := readAll("var/lib/rpm/"+tt.file, content)
			if problem != "" {
				t.Error(problem)
			}
			if diff := gocmp.Diff(want, sorted(got)); diff != "" {
				t.Errorf("rpm (-) and Read (+) differ:\n%s", diff)
			}
			if *update && !t.Failed() {
				writeFixture(t, tt.name, content, want)
			}
		})
	}
}

// writeFixture writes a database and what rpm says of it to testdata. ndb.gz was written from the same
// headers, after a package that was removed again, by the code of rpm 4.18 (lib/backend/ndb/rpmpkg.c).
func writeFixture(t *testing.T, name string, content []byte, rows []row) {
	t.Helper()
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for file, data := range map[string][]byte{name + ".gz": packed.Bytes(), "packages.txt": []byte(listing(rows))} {
		if err := os.WriteFile(filepath.Join("testdata", file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
