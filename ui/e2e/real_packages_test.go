package e2e

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ggcr "github.com/google/go-containerregistry/pkg/registry"

	"github.com/tagdiff/tagdiff/model/packages/packagestest"
)

// realRoots are roots with packages that a tool installed and lists, two of each.
var realRoots = []struct {
	name, kind string
	make       func(t testing.TB) (older, newer packagestest.Root)
	// place returns where a package is, by the path of its database, in the words of the tool; nil if the tool does
	// not say it.
	place func(database string) string
}{
	{"rpm-sqlite", "rpm", packagestest.RPM, nil},
	{"rpm-bdb", "rpm", packagestest.RPMBerkeley, nil},
	{"apk", "apk", packagestest.Apk, nil},
	{"pip", "python", packagestest.Pip, func(database string) string { return path.Dir(path.Dir(database)) }},
	{"npm", "npm", packagestest.NPM, path.Dir},
	{"go", "go", packagestest.GoProgram, func(database string) string { return database }},
	{"gem", "gem", packagestest.Gems, nil},
}

// realRow is a package of one image, or what happens to one between two.
type realRow struct{ Name, Arch, Place, A, B, What string }

// TestReal_packages puts real roots in images, and checks that the program lists the packages that the tool lists:
// of each image, and of two what differs, in both directions.
func TestReal_packages(t *testing.T) {
	t.Parallel()
	host := startEmptyRegistry(t)
	for _, tt := range realRoots {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			older, newer := tt.make(t)
			repo := host + "/" + tt.name
			pushLayers(t, repo+":older", older.Archive)
			pushLayers(t, repo+":newer", newer.Archive)
			for tag, root := range map[string]packagestest.Root{"older": older, "newer": newer} {
				checkRealRows(t, tag, rowsOf(root), reportedRows(t, 0, tt.kind, tt.place, repo+":"+tag))
			}
			moves := movesBetween(rowsOf(older), rowsOf(newer), "up")
			if len(moves) != 3 {
				t.Errorf("%d packages differ, want one of another version, one more and one less: %v", len(moves), moves)
			}
			checkRealRows(t, "older to newer", moves, reportedRows(t, 1, tt.kind, tt.place, repo+":older", ":newer"))
			checkRealRows(t, "newer to older", movesBetween(rowsOf(newer), rowsOf(older), "down"),
				reportedRows(t, 1, tt.kind, tt.place, repo+":newer", ":older"))
		})
	}
}

// TestReal_packagesDpkg checks that the packages of this computer are those that dpkg lists.
func TestReal_packagesDpkg(t *testing.T) {
	t.Parallel()
	requireInstalled(t, "dpkg-query")
	if status, err := os.Stat("/var/lib/dpkg/status"); err != nil || status.Size() == 0 {
		skipOrFail(t, "dpkg has installed nothing here")
	}
	image := startEmptyRegistry(t) + "/dpkg:here"
	pushLayers(t, image, packagestest.Archive(t, "/", "var/lib/dpkg/status"))
	var want []realRow
	for _, p := range dpkgRows(t, "/var/lib/dpkg") {
		want = append(want, realRow{Name: p.Name, Arch: p.Arch, A: p.Version})
	}
	checkRealRows(t, image, want, reportedRows(t, 0, "deb", nil, image))
}

// TestReal_packagesFixtures has the databases that rpm wrote where it was built with other databases, or on another
// machine.
func TestReal_packagesFixtures(t *testing.T) {
	t.Parallel()
	const testdata = "model/packages/rpmdb/testdata/"
	listed, err := os.ReadFile(testdata + "packages.txt")
	if err != nil {
		t.Fatal(err)
	}
	var want []realRow
	for _, m := range regexp.MustCompile(`(?m)^{Name:(\S*) Version:(\S*) Arch:(\S*) Source:\S* Key:false}$`).FindAllStringSubmatch(string(listed), -1) {
		want = append(want, realRow{Name: m[1], A: m[2], Arch: m[3]})
	}
	host := startEmptyRegistry(t)
	for fixture, database := range map[string]string{
		"ndb": "usr/lib/sysimage/rpm/Packages.db", "bdb-big": "var/lib/rpm/Packages", "bdb-little": "var/lib/rpm/Packages", "sqlite": "usr/share/rpm/rpmdb.sqlite",
	} {
		root := t.TempDir()
		mustWrite(t, filepath.Join(root, database), gunzipFile(t, testdata+fixture+".gz"), 0o644)
		image := host + "/rpm:" + fixture
		pushLayers(t, image, packagestest.Archive(t, root, "."))
		checkRealRows(t, fixture, want, reportedRows(t, 0, "rpm", nil, image))
	}
}

func gunzipFile(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// startEmptyRegistry starts a registry of this process and returns its host.
func startEmptyRegistry(t *testing.T) (host string) {
	t.Helper()
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func rowsOf(root packagestest.Root) (rows []realRow) {
	for _, p := range root.Packages {
		rows = append(rows, realRow{Name: p.Name, Arch: p.Arch, Place: p.Place, A: p.Version})
	}
	return rows
}

// movesBetween returns what differs between the packages of two images. Moved says what happens to the version of one.
func movesBetween(a, b []realRow, moved string) (moves []realRow) {
	isIn := func(all []realRow) func(realRow) bool { return func(r realRow) bool { return slices.Contains(all, r) } }
	goneA, newB := slices.DeleteFunc(slices.Clone(a), isIn(b)), slices.DeleteFunc(slices.Clone(b), isIn(a))
	for _, x := range goneA {
		row := realRow{x.Name, x.Arch, x.Place, x.A, "", "removed"}
		isSame := func(y realRow) bool { return y.Name == x.Name && y.Arch == x.Arch && y.Place == x.Place }
		if i := slices.IndexFunc(newB, isSame); i >= 0 {
			row.B, row.What = newB[i].A, moved
			newB = slices.Delete(newB, i, i+1)
		}
		moves = append(moves, row)
	}
	for _, y := range newB {
		moves = append(moves, realRow{y.Name, y.Arch, y.Place, "", y.A, "added"})
	}
	return moves
}

// reportedRows are the packages of a kind in the report of one image, or what differs between two.
func reportedRows(t *testing.T, code int, kind string, place func(string) string, images ...string) (rows []realRow) {
	t.Helper()
	got := cli(t, append([]string{"-o", "json", "--packages", "--max-read", "1GB"}, images...)...)
	var report struct {
		Platforms []struct {
			Packages []struct {
				Kind, Name, Arch, Path, What string
				A, B                         *string
			}
		}
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.code != code || got.errors != "" || len(report.Platforms) != 1 {
		t.Fatalf("%q: %v, exit code %d: %s", images, err, got.code, got.errors)
	}
	for _, p := range report.Platforms[0].Packages {
		row := realRow{Name: p.Name, Arch: p.Arch, What: p.What}
		if place != nil {
			row.Place = place(p.Path)
		}
		if p.A != nil {
			row.A = *p.A
		}
		if p.B != nil {
			row.B = *p.B
		}
		if p.Kind != kind {
			t.Errorf("%q: %s of kind %s, want %s", images, p.Name, p.Kind, kind)
		}
		rows = append(rows, row)
	}
	return rows
}

// checkRealRows compares the rows that the tool says with those of the program, in any order. There must be some.
func checkRealRows(t *testing.T, name string, want, got []realRow) {
	t.Helper()
	sort := func(rows []realRow) []realRow {
		return slices.SortedFunc(slices.Values(rows), func(x, y realRow) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	}
	if diff := cmp.Diff(sort(want), sort(got)); diff != "" || len(want) == 0 {
		t.Errorf("%s: the tool lists %d packages, the program others (-tool +tagdiff):\n%s", name, len(want), diff)
		return
	}
	t.Logf("%s: %d rows agree", name, len(want))
}
