package e2e

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	ggcrv1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/filediff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/registry"
)

// realBuild builds the content of a layer in the folder root, with its own files in work. Both
// folders have the same path in each build, as in a container.
type realBuild func(t *testing.T, work, root string, build int)

// realLayers are layers that common tools build twice from one source, or from two in the case of Go.
var realLayers = []struct {
	name   string
	needs  []string
	build  realBuild
	worst  filediff.Rung
	causes []string // of what differs
}{
	{"apt", []string{"apt-get", "dpkg-deb", "update-alternatives", "ldconfig"}, aptInstall, filediff.Generated, []string{"caches", "logs"}},
	{"pip", []string{"pip3"}, pipInstall, filediff.SameInside, []string{"compiled Python files"}},
	// pip compiles in a temporary folder here, and the compiled files hold its path.
	{"pip-target", []string{"pip3"}, pipInstallTarget, filediff.Files, []string{"compiled Python files"}},
	{"Go", []string{"go"}, goBuild, filediff.Files, nil},
}

// TestReal_inside compares layers that apt, pip and Go built twice, and checks the result against
// the trees that tar unpacks from them.
func TestReal_inside(t *testing.T) {
	t.Parallel()
	requireInstalled(t, "tar")
	repo := startEmptyRegistry(t) + "/real"
	for _, l := range realLayers {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			requireInstalled(t, l.needs...)
			if os.Geteuid() != 0 {
				skipOrFail(t, "only root unpacks files of other owners")
			}
			var trees [2]map[string]realFile
			var reads []model.LayerRead
			work := filepath.Join(t.TempDir(), "work")
			root := filepath.Join(work, "root")
			for i := range trees {
				nextSecond(t)
				mustMake(t, root)
				l.build(t, work, root, i)
				archive := filepath.Join(work, "layer.tar")
				runTool(t, "tar", "--format=pax", "--numeric-owner", "-C", root, "-cf", archive, ".")
				trees[i] = unpackedTree(t, archive)
				d := pushLayer(t, archive, fmt.Sprintf("%s:%s-%d", repo, strings.ToLower(l.name), i))
				reads = append(reads, model.LayerRead{Repo: mustParseRef(t, repo), Layer: d})
				if err := os.RemoveAll(work); err != nil {
					t.Fatal(err)
				}
			}
			changes := filediff.Compare(readWhole(t, reads[0]).Files, readWhole(t, reads[1]).Files, false)
			got, causes := changesByClass(changes)
			if diff := cmp.Diff(treesByClass(trees[0], trees[1]), got); diff != "" {
				t.Errorf("the trees that tar unpacks differ otherwise (-tar +tagdiff):\n%s", diff)
			}
			if changes.Worst() != l.worst {
				t.Errorf("rung %s, want %s: %q", changes.Worst(), l.worst, got)
			}
			for _, c := range l.causes {
				if !causes[c] {
					t.Errorf("nothing differs because of %s: %q", c, got)
				}
			}
		})
	}
}

// nextSecond waits until the clock shows another second: logs and .pyc files record no parts of
// one, so two builds within a second can be equal.
func nextSecond(t *testing.T) {
	t.Helper()
	now := time.Now()
	select {
	case <-time.After(time.Until(now.Truncate(time.Second).Add(time.Second))):
	case <-t.Context().Done():
	}
}

func mustMake(t *testing.T, folders ...string) {
	t.Helper()
	for _, f := range folders {
		if err := os.MkdirAll(f, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func mustWrite(t *testing.T, file, content string, mode fs.FileMode) {
	t.Helper()
	mustMake(t, filepath.Dir(file))
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// aptConfig makes apt and dpkg work in another root, without the settings of this computer.
const aptConfig = `Dir "%[1]s";
Dir::State::status "%[1]s/var/lib/dpkg/status";
Dir::Etc::Parts "/none/";
Dir::Etc::main "/none";
APT::Sandbox::User "root";
DPkg::Options {"--root=%[1]s"; "--force-script-chrootless"; "--force-unsafe-io"; "--log=%[1]s/var/log/dpkg.log";};
`

// postinst is what a package runs when it is installed.
const postinst = `#!/bin/sh
set -e
update-alternatives --root "$DPKG_ROOT" --install /usr/bin/t t /usr/bin/tool 10
ldconfig -r "$DPKG_ROOT"
`

// aptInstall installs a package with apt.
func aptInstall(t *testing.T, work, root string, _ int) {
	t.Helper()
	pkg, deb, config := filepath.Join(work, "tool"), filepath.Join(work, "tool.deb"), filepath.Join(work, "apt.conf")
	mustWrite(t, pkg+"/usr/bin/tool", "#!/bin/sh\necho tool\n", 0o755)
	mustWrite(t, pkg+"/etc/tool/tool.conf", "listen 8080\n", 0o644)
	mustWrite(t, pkg+"/usr/lib/libtool.so.1", someLibrary(t), 0o644)
	mustWrite(t, pkg+"/DEBIAN/postinst", postinst, 0o755)
	mustWrite(t, pkg+"/DEBIAN/control",
		"Package: tool\nVersion: 1.2-3\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: a tool\n", 0o644)
	source := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC) // of both packages
	if err := filepath.WalkDir(pkg, func(p string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Chtimes(p, source, source)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	runTool(t, "dpkg-deb", "--root-owner-group", "--build", pkg, deb)
	for _, folder := range []string{
		"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/alternatives", "var/log/apt", "var/cache/apt/archives/partial",
		"var/lib/apt/lists/partial", "var/cache/ldconfig", "etc/apt/apt.conf.d", "etc/alternatives", "usr/bin",
	} {
		mustMake(t, filepath.Join(root, folder))
	}
	mustWrite(t, filepath.Join(root, "var/lib/dpkg/status"), "", 0o644)
	mustWrite(t, filepath.Join(root, "etc/ld.so.conf"), "", 0o644)
	mustWrite(t, config, fmt.Sprintf(aptConfig, root), 0o644)
	toolOutput(t, []string{"APT_CONFIG=" + config}, "apt-get", "install", "-y", deb)
}

// someLibrary is the content of a small library of this computer: ldconfig caches what it knows of
// libraries.
func someLibrary(t *testing.T) string {
	t.Helper()
	var smallest []byte
	for line := range strings.Lines(toolOutput(t, nil, "ldconfig", "-p")) {
		_, path, _ := strings.Cut(strings.TrimSpace(line), " => ")
		info, err := os.Stat(path)
		if err != nil || smallest != nil && info.Size() >= int64(len(smallest)) {
			continue
		}
		if smallest, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return string(smallest)
}

// pipInstall installs a wheel with pip, which compiles its modules.
func pipInstall(t *testing.T, work, root string, _ int) {
	t.Helper()
	pip(t, work, "--root", root, "--prefix", "/app")
}

func pipInstallTarget(t *testing.T, work, root string, _ int) {
	t.Helper()
	pip(t, work, "--target", filepath.Join(root, "app/lib"))
}

func pip(t *testing.T, work string, args ...string) {
	t.Helper()
	var wheel bytes.Buffer
	w := zip.NewWriter(&wheel)
	const info = "shop-1.0.dist-info/"
	for _, f := range [][2]string{
		{"shop/__init__.py", "from shop import cart\n"},
		{"shop/cart.py", "def total(prices):\n    return sum(prices)\n"},
		{info + "METADATA", "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", "shop/__init__.py,,\nshop/cart.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n"},
	} {
		file, err := w.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = file.Write([]byte(f[1])) // a buffer
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, filepath.Join(work, "shop-1.0-py3-none-any.whl"), wheel.String(), 0o644)
	runTool(t, "pip3", append([]string{"install", "--no-index", "--find-links", work, "shop"}, args...)...)
}

// goBuild builds a program with another version each time.
func goBuild(t *testing.T, work, root string, build int) {
	t.Helper()
	mustWrite(t, filepath.Join(work, "src/go.mod"), "module example.org/tool\n", 0o644)
	mustWrite(t, filepath.Join(work, "src/main.go"), "package main\n\nvar version string\n\nfunc main() { println(version) }\n", 0o644)
	mustWrite(t, filepath.Join(root, "app/tool.conf"), "listen 8080\n", 0o644)
	args := []string{"build", "-ldflags=-X=main.version=1." + fmt.Sprint(build), "-o", filepath.Join(root, "app/tool")}
	if build == 1 {
		args = append(args, "-trimpath")
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, ".")...) // with the cache of the developer
	cmd.Dir = filepath.Join(work, "src")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// pushLayer pushes an image of one layer, and returns the descriptor of the layer.
func pushLayer(t *testing.T, archive, to string) v1.Descriptor {
	t.Helper()
	return pushLayers(t, to, archive)[0]
}

// pushLayers pushes an image with the layers that some archives are, and returns their descriptors.
func pushLayers(t *testing.T, to string, archives ...string) (layers []v1.Descriptor) {
	t.Helper()
	return pushConfig(t, to, &ggcrv1.ConfigFile{}, archives...)
}

// pushConfig is pushLayers with a config.
func pushConfig(t *testing.T, to string, config *ggcrv1.ConfigFile, archives ...string) (layers []v1.Descriptor) {
	t.Helper()
	img, err := mutate.ConfigFile(empty.Image, config)
	if err != nil {
		t.Fatal(err)
	}
	for _, archive := range archives {
		layer, err := tarball.LayerFromFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.AppendLayers(img, layer); err != nil {
			t.Fatal(err)
		}
		d, err := layer.Digest()
		if err != nil {
			t.Fatal(err)
		}
		size, err := layer.Size()
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, v1.Descriptor{MediaType: v1.MediaTypeImageLayerGzip, Digest: digest.Digest(d.String()), Size: size})
	}
	ref, err := name.NewTag(to, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return layers
}

// readWhole reads a layer from the registry.
func readWhole(t *testing.T, read model.LayerRead) *inside.Layer {
	t.Helper()
	client := registry.New(registry.Options{})
	t.Cleanup(client.Close)
	s := client.ReadLayers(t.Context(), []model.LayerRead{read}, func(model.LayerState) {})[read.Layer.Digest]
	if s.Err != nil || s.Layer == nil {
		t.Fatalf("the layer was not read: %v", s.Err)
	}
	return s.Layer
}

func mustParseRef(t *testing.T, s string) model.Ref {
	t.Helper()
	ref, err := model.ParseRef(s)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// realFile is what find and sha256sum say of a path.
type realFile struct{ kind, mode, owner, time, link, content string }

// unpackedTree unpacks an archive with tar, and returns what the tree holds.
func unpackedTree(t *testing.T, archive string) map[string]realFile {
	t.Helper()
	root := t.TempDir()
	runTool(t, "tar", "--numeric-owner", "-p", "-C", root, "-xf", archive)
	files := map[string]realFile{}
	for line := range strings.Lines(toolOutput(t, nil, "find", root, "-printf", `%P\t%y\t%m\t%U:%G\t%T@\t%l\n`)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		files[f[0]] = realFile{kind: f[1], mode: f[2], owner: f[3], time: f[4], link: f[5]}
	}
	for line := range strings.Lines(toolOutput(t, nil, "find", root, "-type", "f", "-exec", "sha256sum", "{}", "+")) {
		sum, path, _ := strings.Cut(strings.TrimSpace(line), "  ")
		path = strings.TrimPrefix(path, root+"/")
		f := files[path]
		f.content = sum
		files[path] = f
	}
	return files
}

// treesByClass says how the paths of two trees differ, by the gravest way, and how many do not.
func treesByClass(a, b map[string]realFile) map[string][]string {
	classes := map[string][]string{}
	same := 0
	for p, x := range a {
		y, ok := b[p]
		class := ""
		switch {
		case !ok:
			class = "removed"
		case x.kind != y.kind:
			class = "type"
		case x.content != y.content:
			class = "content"
		case x.link != y.link:
			class = "link"
		case x.owner != y.owner:
			class = "owner"
		case x.mode != y.mode:
			class = "mode"
		case x.time != y.time:
			class = "time"
		default:
			same++
			continue
		}
		classes[class] = append(classes[class], p)
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			classes["added"] = append(classes["added"], p)
		}
	}
	for _, paths := range classes {
		slices.Sort(paths)
	}
	classes["same"] = []string{strconv.Itoa(same)}
	return classes
}

// changesByClass words changes as treesByClass does, and collects the names of their causes.
func changesByClass(changes filediff.Changes) (classes map[string][]string, causes map[string]bool) {
	words := []struct {
		way  filediff.What
		name string
	}{
		{filediff.Added, "added"},
		{filediff.Removed, "removed"},
		{filediff.Kind, "type"},
		{filediff.Content, "content"},
		{filediff.Link, "link"},
		{filediff.Owner, "owner"},
		{filediff.Mode, "mode"},
		{filediff.Time, "time"},
	}
	classes, causes = map[string][]string{"same": {strconv.Itoa(changes.Same)}}, map[string]bool{}
	for i := range changes.Len() {
		ch := changes.At(i)
		if ch.Cause != nil {
			causes[ch.Cause.Name] = true
		}
		if ch.From != "" { // one file at two paths
			classes["removed"] = append(classes["removed"], ch.From)
			classes["added"] = append(classes["added"], ch.Path)
			continue
		}
		for _, w := range words {
			if ch.What.Has(w.way) {
				classes[w.name] = append(classes[w.name], ch.Path)
				break
			}
		}
	}
	for _, paths := range classes {
		slices.Sort(paths)
	}
	return classes, causes
}
