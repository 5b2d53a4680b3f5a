package packagestest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rpmSpecs are packages with what is rare: an epoch, marks in versions, a package of another source, files
// that overflow pages, names that are not usual, files that are left out, links and folders.
var rpmSpecs = map[string]string{
	"alpha": `Name: alpha
Epoch: 2
Version: 1.0~rc1
Release: 3.el9
BuildArch: noarch
%install
mkdir -p %{buildroot}/etc/alpha.d %{buildroot}/usr/share/doc/alpha
echo a > "%{buildroot}/etc/alpha.d/with space"
echo b > "%{buildroot}/etc/alpha.d/ümlaut"
ln -s alpha.d %{buildroot}/etc/alpha
echo c > %{buildroot}/usr/share/doc/alpha/README
%files
%dir /etc/alpha.d
"/etc/alpha.d/with space"
/etc/alpha.d/ümlaut
/etc/alpha
%ghost /var/log/alpha.log
%doc /usr/share/doc/alpha/README
`,
	"beta": `Name: beta
Version: 1.2^git5
Release: 1
%package -n libbeta
Summary: Part of beta
%description -n libbeta
Part of beta
%install
mkdir -p %{buildroot}/usr/lib/beta
for i in $(seq 500); do echo $i > %{buildroot}/usr/lib/beta/file-$i; done
%files
/usr/lib/beta
%files -n libbeta
`,
	"gamma": `Name: gamma
Epoch: 0
Version: 10
Release: 0
BuildArch: noarch
%files
`,
}

// newerRPMSpecs are rpmSpecs with one package more, one less, and one with another version.
func newerRPMSpecs() map[string]string {
	newer := maps.Clone(rpmSpecs)
	newer["alpha"] = strings.Replace(newer["alpha"], "1.0~rc1", "1.0", 1)
	newer["delta"] = strings.Replace(newer["gamma"], "gamma", "delta", 1)
	delete(newer, "gamma")
	return newer
}

// RequireRPM skips the test without rpm, or fails it; see Require.
func RequireRPM(t testing.TB) {
	t.Helper()
	Require(t, "rpm", "rpmbuild", "rpmdb", "db5.3_load", "gpg")
}

// RPMFiles are packages that rpmbuild builds.
func RPMFiles(t testing.TB) []string {
	t.Helper()
	return buildRPM(t, rpmSpecs)
}

func buildRPM(t testing.TB, specs map[string]string) []string {
	t.Helper()
	top := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		head, rest, _ := strings.Cut(specs[name], "%")
		file := filepath.Join(top, name+".spec")
		write(t, file, head+"Summary: Test\nLicense: MIT\nAutoReqProv: no\n%description\nTest\n%"+rest)
		Run(t, top, "rpmbuild", "-bb", "--define", "_topdir "+top, "--define", "_build_id_links none",
			"--define", "use_source_date_epoch_as_buildtime 1", "--define", "_buildhost test", file)
	}
	packages, err := filepath.Glob(filepath.Join(top, "RPMS/*/*.rpm"))
	if err != nil || len(packages) != 4 {
		t.Fatalf("built %q, %v", packages, err)
	}
	return packages
}

// InstallRPM installs packages in a root whose database in var/lib/rpm is of a backend of rpm. It returns the root.
func InstallRPM(t testing.TB, backend string, packages []string) (root string) {
	t.Helper()
	root = t.TempDir()
	args := []string{"--root", root, "--dbpath", "/var/lib/rpm", "--define", "_db_backend " + backend}
	with := func(more ...string) []string { return append(slices.Clone(args), more...) }
	Run(t, root, "rpm", with(append([]string{"-i", "--nodeps", "--excludedocs", "--ignorearch", "--noscripts"}, packages...)...)...)
	Run(t, root, "rpm", with("--import", signingKey(t))...)
	return root
}

// HasNDB reports whether rpm was built with ndb: that of SUSE and Fedora is, that of Debian is not.
func HasNDB(t testing.TB) bool {
	t.Helper()
	db := t.TempDir()
	Run(t, db, "rpmdb", "--dbpath", db, "--define", "_db_backend ndb", "--initdb")
	_, err := os.Stat(filepath.Join(db, "Packages.db"))
	return err == nil
}

// signingKey returns the file of a new public key.
func signingKey(t testing.TB) string {
	t.Helper()
	home := t.TempDir()
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	gpg := func(args ...string) string {
		return Run(t, home, "gpg", append([]string{"--homedir", home, "--batch", "--passphrase", ""}, args...)...)
	}
	gpg("--quick-generate-key", "test@example.com", "rsa2048", "sign", "never")
	file := filepath.Join(home, "key.asc")
	write(t, file, gpg("--armor", "--export"))
	Run(t, home, "gpgconf", "--homedir", home, "--kill", "all")
	return file
}

// ListRPM returns the packages of a database in the words of rpm -qa. Files that are not installed, and folders, are
// left out.
func ListRPM(t testing.TB, db, backend string) []Package {
	t.Helper()
	const none = "(none)"
	query := func(args ...string) []string {
		return lines(Run(t, db, "rpm", append([]string{"--dbpath", db, "--define", "_db_backend " + backend}, args...)...))
	}
	byName := map[string]*Package{}
	for _, line := range query("-qa", "--qf", `%{NAME}\t%{EPOCHNUM}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\n`) {
		f := strings.Split(line, "\t")
		p := Package{Name: f[0], Version: f[2], Arch: strings.ReplaceAll(f[3], none, ""), Key: f[0] == "gpg-pubkey"}
		if f[1] != "0" {
			p.Version = f[1] + ":" + p.Version
		}
		if source, _, ok := strings.Cut(f[4], "-"); ok && source != p.Name {
			p.Source = source
		}
		byName[p.Name] = &p
	}
	for _, line := range query("-qa", "--qf", `[%{=NAME}\t%{FILENAMES}\t%{FILESTATES:fstate}\t%{FILEMODES:perms}\n]`) {
		f := strings.Split(line, "\t")
		if f[2] == "normal" && f[3][0] != 'd' {
			byName[f[0]].Files = append(byName[f[0]].Files, f[1][1:])
		}
	}
	var all []Package
	for _, p := range byName {
		all = append(all, *p)
	}
	return sorted(t, all)
}

// BerkeleyDB writes the packages of a database of rpm to one of Berkeley DB, as older releases of rpm have. It returns
// the folder of its file Packages.
func BerkeleyDB(t testing.TB, sqlite string, bigEndian bool) (db string) {
	t.Helper()
	exported := run(t, nil, sqlite, nil, "rpmdb", "--dbpath", sqlite, "--exportdb")
	db = t.TempDir()
	run(t, nil, db, dumpHash(exported, bigEndian), "db5.3_load", filepath.Join(db, "Packages"))
	return db
}

// dumpHash returns the input of db5.3_load for a database with the headers that rpm exports.
func dumpHash(exported []byte, bigEndian bool) []byte {
	order := binary.AppendByteOrder(binary.LittleEndian)
	lorder := 1234
	if bigEndian {
		order, lorder = binary.BigEndian, 4321
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\ndb_lorder=%d\nHEADER=END\n", lorder)
	pair := func(number uint32, value []byte) {
		key := order.AppendUint32([]byte{}, number)
		fmt.Fprintf(&b, " %s\n %s\n", hex.EncodeToString(key), hex.EncodeToString(value))
	}
	number := uint32(0)
	for rest := exported; len(rest) > 0; {
		const magic, intro, entry = 8, 8, 16
		tags, size := binary.BigEndian.Uint32(rest[magic:]), binary.BigEndian.Uint32(rest[magic+4:])
		end := magic + intro + entry*int(tags) + int(size)
		number++
		pair(number, rest[magic:end])
		rest = rest[end:]
	}
	pair(0, order.AppendUint32([]byte{}, number))
	b.WriteString("DATA=END\n")
	return b.Bytes()
}

// RPM returns two roots with a database of SQLite in var/lib/rpm, RPMBerkeley with one of Berkeley DB.
func RPM(t testing.TB) (older, newer Root) {
	t.Helper()
	return rpmRoot(t, rpmSpecs, false), rpmRoot(t, newerRPMSpecs(), false)
}

// RPMBerkeley is RPM with databases of Berkeley DB.
func RPMBerkeley(t testing.TB) (older, newer Root) {
	t.Helper()
	return rpmRoot(t, rpmSpecs, true), rpmRoot(t, newerRPMSpecs(), true)
}

func rpmRoot(t testing.TB, specs map[string]string, isBerkeley bool) Root {
	t.Helper()
	RequireRPM(t)
	root, backend := InstallRPM(t, "sqlite", buildRPM(t, specs)), "sqlite"
	db := filepath.Join(root, "var/lib/rpm")
	if isBerkeley {
		from := BerkeleyDB(t, db, false)
		if err := os.RemoveAll(db); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(from, db); err != nil {
			t.Fatal(err)
		}
		backend = "bdb_ro"
	}
	archive := Archive(t, root, ".") // before rpm writes other files when it lists
	return Root{archive, slices.DeleteFunc(ListRPM(t, db, backend), func(p Package) bool { return p.Key })}
}
