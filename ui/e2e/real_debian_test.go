package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// debianImages are images that buildah builds from a root of Debian: base, and first and again, which install
// the same packages on it.
type debianImages struct {
	repo       string      // of the images, on a registry of this process
	base, both []debRow    // the packages of base, and of first and again
	trees      [2]fileTree // the layers of first and again with the packages, as tar unpacks them
}

// fileTree is what tar unpacks from a layer, by path.
type fileTree = map[string]realFile

// debRow is a package as dpkg-query lists it.
type debRow struct{ Name, Version, Arch string }

const (
	debianMirror = "http://deb.debian.org/debian"
	debianSuite  = "bookworm"

	// aptStep installs packages that leave logs, caches and a random id of the machine.
	aptStep = "RUN apt-get install -y --no-download --no-install-recommends dbus less && ldconfig"
)

// startDebian makes the images once in each test process. They need root, network and a minute, so a test
// that uses them runs only with TAGDIFF_REQUIRE_REAL set.
func startDebian(t *testing.T) *debianImages {
	t.Helper()
	if os.Getenv("TAGDIFF_REQUIRE_REAL") == "" {
		t.Skip("installs a root of Debian; TAGDIFF_REQUIRE_REAL=1 runs it")
	}
	requireInstalled(t, "debootstrap", "chroot", "buildah", "tar", "dpkg-query")
	images := debian(t)
	if images == nil {
		t.Fatal("the root of Debian was not made, see the test that made it first")
	}
	return images
}

var (
	debianOnce sync.Once
	debianMade *debianImages
)

func debian(t *testing.T) *debianImages {
	t.Helper()
	debianOnce.Do(func() { debianMade = makeDebian(t) })
	return debianMade
}

// makeDebian downloads the packages once, so that the builds need no network. The registry lives as long
// as the process; the folders only until the test ends.
func makeDebian(t *testing.T) *debianImages {
	t.Helper()
	b, root := buildahStore{t.TempDir()}, filepath.Join(t.TempDir(), "root")
	slowToolOutput(t, slowCommandTimeout, nil, "debootstrap", "--variant=minbase", debianSuite, root, debianMirror)
	archives, err := filepath.Glob(filepath.Join(root, "var/cache/apt/archives/*.deb"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("debootstrap left no packages: %v", err)
	}
	for _, a := range archives {
		if err := os.Remove(a); err != nil {
			t.Fatal(err)
		}
	}
	slowToolOutput(t, slowCommandTimeout, nil, "chroot", root, "apt-get", "install", "-y", "--download-only", "--no-install-recommends", "dbus", "less")

	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	images := &debianImages{repo: strings.TrimPrefix(server.URL, "http://") + "/debian", base: dpkgRows(t, filepath.Join(root, "var/lib/dpkg"))}
	context := filepath.Join(b.dir, "context")
	mustMake(t, context)
	runTool(t, "tar", "--numeric-owner", "--one-file-system", "-C", root, "-cf", filepath.Join(context, "root.tar"), ".")
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	build := func(tag string, recipe ...string) {
		b.write(t, "Containerfile", recipe...)
		b.bud(t, "--tag", tag)
		b.buildah(t, "push", "--quiet", "--tls-verify=false", tag, "docker://"+images.repo+":"+tag)
	}
	build("base", "FROM scratch", "ADD root.tar /")
	if err := os.Remove(filepath.Join(context, "root.tar")); err != nil {
		t.Fatal(err)
	}
	for i, tag := range []string{"first", "again"} {
		nextSecond(t)
		build(tag, "FROM base", aptStep)
		archive := filepath.Join(b.dir, tag+".tar")
		unpackTop(t, images.repo+":"+tag, archive)
		folder := t.TempDir()
		images.trees[i] = unpackedTree(t, archive)
		delete(images.trees[i], "") // buildah gives the root no entry
		runTool(t, "tar", "-C", folder, "-xf", archive, "--wildcards", "*var/lib/dpkg/status")
		images.both = dpkgRows(t, filepath.Join(folder, "var/lib/dpkg"))
	}
	return images
}

// dpkgRows are the packages that a folder of dpkg lists as installed, sorted.
func dpkgRows(t *testing.T, folder string) (rows []debRow) {
	t.Helper()
	out := toolOutput(t, nil, "dpkg-query", "--admindir="+folder, "-W", "-f", "${db:Status-Abbrev}|${Package}|${Version}|${Architecture}\n")
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if strings.HasPrefix(f[0], "ii") {
			rows = append(rows, debRow{f[1], f[2], f[3]})
		}
	}
	return sortedRows(rows)
}

func sortedRows(rows []debRow) []debRow {
	slices.SortFunc(rows, func(x, y debRow) int { return strings.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	return rows
}

// unpackTop writes the archive of the last layer of an image to a file.
func unpackTop(t *testing.T, image, file string) {
	t.Helper()
	ref, err := name.ParseReference(image, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeArchive(layers[len(layers)-1], file); err != nil {
		t.Fatal(err)
	}
}

func writeArchive(layer v1.Layer, file string) error {
	archive, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer archive.Close()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(f, archive)
	return err
}

// debianReport is what the tests read of a report.
type debianReport struct {
	Verdict   struct{ Code, Inside string }
	Platforms []struct {
		Steps []struct {
			Inside *struct {
				How      string
				Verified bool
				Counts   map[string]int
				Why      []string
				Changes  []struct {
					Path, From, Cause string
					What              []string
				}
				Left int
			}
		}
		Packages []struct {
			Kind, Name, Arch, What string
			A, B                   *string
		}
	}
}

func debianReportOf(t *testing.T, code int, args ...string) (r debianReport) {
	t.Helper()
	got := cli(t, append([]string{"-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.code != code || got.errors != "" {
		t.Fatalf("%q: %v, exit code %d: %s", args, err, got.code, got.errors)
	}
	return r
}

// TestReal_debian compares two builds of one apt layer on a root of Debian. The report names the files that
// differ between the trees that tar unpacks.
func TestReal_debian(t *testing.T) {
	t.Parallel()
	images := startDebian(t)
	r := debianReportOf(t, 1, "--inside", "--all-files", "--max-read", "1GB", images.repo+":first", ":again")
	steps := r.Platforms[0].Steps
	top := steps[len(steps)-1].Inside
	if r.Verdict.Code != "same-base" && r.Verdict.Code != "same-recipe" || r.Verdict.Inside != "generated" || top == nil || top.How != "full" || !top.Verified || top.Left != 0 {
		t.Fatalf("%+v, %+v", r.Verdict, top)
	}
	got := map[string][]string{"same": {fmt.Sprint(top.Counts["same"])}}
	causes := map[string]bool{}
	for _, ch := range top.Changes {
		if ch.Cause != "" {
			causes[ch.Cause] = true
		}
		got[ch.What[0]] = append(got[ch.What[0]], ch.Path)
	}
	for class, paths := range got {
		slices.Sort(paths)
		if class != "same" && top.Counts[class] != len(paths) {
			t.Errorf("%d changes of %s, the counts say %d", len(paths), class, top.Counts[class])
		}
	}
	if diff := cmp.Diff(treesByClass(images.trees[0], images.trees[1]), got); diff != "" {
		t.Errorf("the trees that tar unpacks differ otherwise (-tar +tagdiff):\n%s", diff)
	}
	for _, c := range []string{"logs", "caches"} {
		if !causes[c] {
			t.Errorf("nothing differs because of %s: %v", c, causes)
		}
	}
	t.Logf("%s; %v, %v, %v", r.Verdict, top.Counts, top.Why, got["content"])
}

// TestReal_debianPackages checks that the packages of the images are those that dpkg lists.
func TestReal_debianPackages(t *testing.T) {
	t.Parallel()
	images := startDebian(t)
	for tag, want := range map[string][]debRow{"base": images.base, "first": images.both} {
		var got []debRow
		for _, p := range debianReportOf(t, 0, "--packages", "--max-read", "1GB", images.repo+":"+tag).Platforms[0].Packages {
			if p.Kind == "deb" {
				got = append(got, debRow{p.Name, *p.A, p.Arch})
			}
		}
		if diff := cmp.Diff(want, sortedRows(got)); diff != "" || len(want) < 50 {
			t.Errorf("%s: dpkg lists %d other packages (-dpkg +tagdiff):\n%s", tag, len(want), diff)
		}
	}
	var want, got []debRow
	for _, row := range images.both {
		if !slices.Contains(images.base, row) {
			want = append(want, row)
		}
	}
	for _, p := range debianReportOf(t, 1, "--packages", "--max-read", "1GB", images.repo+":base", ":first").Platforms[0].Packages {
		if p.What != "added" || p.B == nil {
			t.Errorf("%+v, want packages that are added", p)
			continue
		}
		got = append(got, debRow{p.Name, *p.B, p.Arch})
	}
	if diff := cmp.Diff(want, sortedRows(got)); diff != "" || len(want) < 5 {
		t.Errorf("dpkg lists other packages that are added (-dpkg +tagdiff):\n%s", diff)
	}
}
