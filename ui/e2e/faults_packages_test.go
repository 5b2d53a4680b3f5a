package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// packageFault is an image with a package database that cannot be read, or not to its end.
type packageFault struct {
	name    string
	layers  [][]insidetest.Item
	says    string // the error of --packages, which ends with exit code 2
	lists   string // the start of a line of the list that is printed nevertheless, "" if there is none
	fixture string // the file of a sound database of rpm, as packed in testdata, "" for none
}

const (
	oneDeb    = "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
	rpmSQLite = "var/lib/rpm/rpmdb.sqlite"
)

// packageFaults are the rows of docs/faults.md about package databases.
var packageFaults = []packageFault{
	{name: "rpm: not in a format that is known", layers: oneLayer(insidetest.File(rpmSQLite, "x")),
		says: rpmSQLite + " is not in a format that is known: other packages may be installed; run rpm -qa in a container of the image"},
	{name: "rpm: changes that are in its log", fixture: "sqlite", layers: oneLayer(insidetest.File(rpmSQLite+"-wal", "x")), lists: "rpm  alpha  ",
		says: rpmSQLite + " has changes that are only in its log: rpmdb.sqlite-wal: other packages may be installed; run rpm -qa in a container of the image"},
	{name: "rpm: too large", layers: oneLayer(insidetest.File("var/lib/rpm/Packages", strings.Repeat("x", 64<<20+1))),
		says: "var/lib/rpm/Packages is larger than 64 MiB: other packages may be installed; run rpm -qa in a container of the image"},
	{name: "dpkg: a line of 70,000 bytes", layers: oneLayer(insidetest.File("var/lib/dpkg/status", oneDeb+"Description: "+strings.Repeat("x", 70_000))),
		lists: "deb  a  1  ",
		says:  "var/lib/dpkg/status has a line of more than 64 KiB: other packages may be installed; run dpkg-query -W in a container of the image"},
	{name: "dpkg: deleted by a later layer", layers: [][]insidetest.Item{{insidetest.File("var/lib/dpkg/status", oneDeb)}, {insidetest.File("var/lib/.wh.dpkg", "")}},
		says: "Step 2 removes the database of deb packages (var/lib/dpkg/status): what is installed is not known; --inside lists the files"},
	{name: "apk: a name of 2,000 bytes", layers: oneLayer(insidetest.File("lib/apk/db/installed", "P:a\nV:1\nA:x86_64\n\nP:"+strings.Repeat("x", 2000)+"\nV:1\n\n")),
		lists: "apk  a  1  ", says: "lib/apk/db/installed has a package with a name or a version of more than 1,024 bytes: other packages may be installed; " +
			"run apk info -v in a container of the image"},
	{name: "npm: a package.json that is not JSON", layers: oneLayer(insidetest.File("app/node_modules/a/package.json", "{")),
		says: "app/node_modules/a/package.json is not a package.json: its packages are not all known; run npm ls in a container of the image"},
}

func oneLayer(items ...insidetest.Item) [][]insidetest.Item { return [][]insidetest.Item{items} }

// TestFaults_packages checks what --packages says of each.
func TestFaults_packages(t *testing.T) {
	t.Parallel()
	host := startEmptyRegistry(t)
	for i, f := range packageFaults {
		if f.fixture != "" {
			sound := gunzipFile(t, "model/packages/rpmdb/testdata/"+f.fixture+".gz")
			f.layers[0] = append(slices.Clone(f.layers[0]), insidetest.File(rpmSQLite, sound))
		}
		var archives []string
		for _, items := range f.layers {
			archive := filepath.Join(t.TempDir(), "layer.tar")
			if err := os.WriteFile(archive, insidetest.Tar(items...), 0o600); err != nil {
				t.Fatal(err)
			}
			archives = append(archives, archive)
		}
		image := fmt.Sprintf("%s/packages:%d", host, i)
		pushLayers(t, image, archives...)
		got := cli(t, "--packages", image)
		if got.code != exitTrouble || got.errors != packagesError+f.says+"\n" || !strings.HasPrefix(got.out, f.lists) || (got.out == "") != (f.lists == "") {
			t.Errorf("%s: exit code %d\n%s%s", f.name, got.code, got.out, got.errors)
		}
	}
}

const packagesError = "tagdiff: --packages: not all packages are known: "

// packageFaultsDoc is the section of docs/faults.md about package databases.
func packageFaultsDoc() string {
	var b strings.Builder
	b.WriteString("\n## Package databases\n\nWhat `--packages` of an image says of a database in its layers that cannot be read, or not to its end. It ends with exit\n" +
		"code 2. The packages that could be read are listed. Each error begins with \"" + strings.TrimSuffix(strings.TrimPrefix(packagesError, "tagdiff: "), ": ") + "\".\n\n" +
		"| database | error of tagdiff | packages |\n|---|---|---|\n")
	for _, f := range packageFaults {
		listed := "none is listed"
		if f.lists != "" {
			listed = "those that could be read are listed"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.name, f.says, listed)
	}
	return b.String()
}
