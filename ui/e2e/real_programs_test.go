package e2e

import (
	"archive/tar"
	"encoding/binary"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ggcrv1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tagdiff/tagdiff/model/program"
)

// realHead is how many bytes of a program of this computer are put in a layer: all of them are gigabytes.
const realHead = 2 * program.HeadSize

// TestReal_machines puts the head of every ELF file of /usr/bin and /usr/lib in a layer, and checks that the program
// lists each of them for the machine that readelf says.
func TestReal_machines(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads thousands of programs")
	}
	requireInstalled(t, "readelf")
	archive, files := filepath.Join(t.TempDir(), "layer.tar"), []string(nil)
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for _, folder := range []string{"/usr/bin", "/usr/lib"} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return nil //nolint:nilerr // a folder that cannot be read, or that is gone, has no files
			}
			head, isELF := elfHead(path)
			if !isELF {
				return nil
			}
			files = append(files, path)
			if err := w.WriteHeader(&tar.Header{Name: path[1:], Mode: 0o755, Size: int64(len(head))}); err != nil {
				return err
			}
			_, err = w.Write(head)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		skipOrFail(t, "no ELF files in /usr/bin and /usr/lib")
	}
	want := map[string]string{}
	for part := range slices.Chunk(files, 500) {
		maps.Copy(want, readelf(t, part...))
	}
	image := startEmptyRegistry(t) + "/programs:here"
	pushImage(t, image, nil, archive)
	got := machinesIn(t, image)
	counts := map[string]int{}
	for path, machine := range want {
		if strings.HasPrefix(machine, unknownMachine) { // as on a developer's computer with other compilers
			t.Logf("%s: %s", path, machine)
			continue
		}
		counts[machine]++
		if got[path] != machine {
			t.Errorf("%s is for %q, readelf says %q", path, got[path], machine)
		}
	}
	if len(got) != len(want) || len(want) != len(files) {
		t.Errorf("%d programs listed, %d read by readelf, %d in the layer", len(got), len(want), len(files))
	}
	t.Logf("%d programs agree: %v", len(want), counts)
}

// elfHead returns the first bytes of a file, and reports whether it is an ELF file that readelf can read.
func elfHead(path string) (head []byte, isELF bool) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	head, err = io.ReadAll(io.LimitReader(f, realHead))
	return head, err == nil && len(head) >= 64 && string(head[:4]) == "\x7fELF"
}

const unknownMachine = "unknown to this test: "

// elfMachines are the names that readelf has for machines: for files of 32 bits, of 64 bits, and the same in the
// other byte order than little endian. "-" is for those that have no word.
var elfMachines = map[string]struct{ little32, little64, big32, big64 string }{
	"Advanced Micro Devices X86-64": {little32: "x32", little64: "amd64"},
	"Intel 80386":                   {little32: "386"},
	"AArch64":                       {little32: "arm64ilp32", little64: "arm64", big64: "arm64be"},
	"ARM":                           {little32: "arm", big32: "armbe"},
	"RISC-V":                        {little32: "riscv", little64: "riscv64"},
	"PowerPC":                       {big32: "ppc"},
	"PowerPC64":                     {little64: "ppc64le", big64: "ppc64"},
	"IBM S/390":                     {big32: "s390", big64: "s390x"},
	"MIPS R3000":                    {little32: "mipsle", little64: "mips64le", big32: "mips", big64: "mips64"},
	"MIPS R3000, abi2":              {little32: "mips64p32le", big32: "mips64p32"},
	"LoongArch":                     {little32: "loong32", little64: "loong64"},
	"Alpha":                         {little64: "alpha"},
	"Intel IA-64":                   {little64: "ia64"},
	"MC68000":                       {big32: "m68k"},
	"Renesas / SuperH SH":           {little32: "sh"},
	"Sparc":                         {big32: "sparc"},
	"Sparc v8+":                     {big32: "sparc"},
	"Sparc v9":                      {big64: "sparc64"},
	"HPPA":                          {big32: "-"},
	"ARCv2":                         {little32: "-"},
	"Linux BPF":                     {little64: "-", big64: "-"},
	"None":                          {little32: "-", little64: "-", big32: "-", big64: "-"},
}

// readelf returns the machines of ELF files by path, as readelf -h says.
func readelf(t *testing.T, files ...string) map[string]string {
	t.Helper()
	// One file alone has no line with its name. A file that is damaged ends readelf with an error, after the others.
	cmd := exec.CommandContext(t.Context(), "readelf", append([]string{"-h", "/dev/null"}, files...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, _ := cmd.Output()
	machines := map[string]string{}
	file, is64, isBig, machine := "", false, false, ""
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); key {
		case "File":
			file = value
		case "Class":
			is64 = value == "ELF64"
		case "Data":
			isBig = strings.HasSuffix(value, "big endian")
		case "Machine":
			machine = value
		case "Flags":
			if strings.Contains(value, ", abi2") {
				machine += ", abi2"
			}
			m, known := elfMachines[machine]
			machines[file] = map[[2]bool]string{
				{false, false}: m.little32, {true, false}: m.little64, {false, true}: m.big32, {true, true}: m.big64,
			}[[2]bool{is64, isBig}]
			if !known {
				machines[file] = unknownMachine + machine
			}
		}
	}
	return machines
}

// machinesIn returns the machines of the programs that the program lists of an image, by path.
func machinesIn(t *testing.T, image string) map[string]string {
	t.Helper()
	got := cli(t, "--programs", "--max-read", "4GB", image)
	if got.code != 0 {
		t.Fatalf("exit code %d: %s", got.code, got.errors)
	}
	machines := map[string]string{}
	for line := range strings.Lines(got.out) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		machines[f[4]] = f[1]
	}
	return machines
}

// crossBuilds are programs that the go command builds: the variables of the build, and the words of file for them.
var crossBuilds = []struct {
	os, arch, variant string
	words             []string // of file
}{
	{"linux", "386", "", []string{"ELF 32-bit LSB", "Intel 80386"}},
	{"linux", "amd64", "", []string{"ELF 64-bit LSB", "x86-64"}},
	{"linux", "arm", "GOARM=5", []string{"ELF 32-bit LSB", "ARM, EABI5"}},
	{"linux", "arm", "GOARM=6", []string{"ELF 32-bit LSB", "ARM, EABI5"}},
	{"linux", "arm", "GOARM=7", []string{"ELF 32-bit LSB", "ARM, EABI5"}},
	{"linux", "arm64", "", []string{"ELF 64-bit LSB", "ARM aarch64"}},
	{"linux", "riscv64", "", []string{"ELF 64-bit LSB", "UCB RISC-V"}},
	{"linux", "ppc64le", "", []string{"ELF 64-bit LSB", "64-bit PowerPC"}},
	{"linux", "s390x", "", []string{"ELF 64-bit MSB", "IBM S/390"}},
	{"linux", "mips64le", "", []string{"ELF 64-bit LSB", "MIPS"}},
	{"linux", "loong64", "", []string{"ELF 64-bit LSB", "LoongArch"}},
	{"windows", "amd64", "", []string{"PE32+", "x86-64"}},
	{"windows", "arm64", "", []string{"PE32+", "Aarch64"}},
	{"darwin", "amd64", "", []string{"Mach-O 64-bit", "x86_64"}},
	{"darwin", "arm64", "", []string{"Mach-O 64-bit", "arm64"}},
}

// TestCrossBuilt checks programs that the go command builds for other machines: the program lists each for the
// machine of the build, as readelf and file do, and --expect passes only those that run on amd64. A file of macOS for
// several machines says nothing of one.
func TestCrossBuilt(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles for many machines")
	}
	source, root := t.TempDir(), t.TempDir()
	mustWrite(t, filepath.Join(source, "go.mod"), "module example.org/hello\n\ngo 1.24\n", 0o644)
	mustWrite(t, filepath.Join(source, "main.go"), "package main\n\nfunc main() { println(\"hello\") }\n", 0o644)
	want := map[string]string{}
	starts := map[string]string{} // what amd64 starts, or not
	var fat []string
	for _, b := range crossBuilds {
		name := "/bin/" + b.os + "-" + b.arch + strings.ToLower(strings.ReplaceAll(b.variant, "=", ""))
		cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", root+name, ".") // with the cache of the developer
		cmd.Dir, cmd.Env = source, append(os.Environ(), "GOOS="+b.os, "GOARCH="+b.arch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", b.variant)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		want[name] = b.arch
		switch {
		case b.os == "darwin":
			fat = append(fat, root+name)
			starts[name] = "starts a program for macOS (C5)"
		case b.os == "windows":
			starts[name] = "starts a program for Windows (C5)"
		case b.arch != "amd64" && b.arch != "386":
			starts[name] = "starts a program for " + b.arch + " (C5)"
		default:
			starts[name] = ""
		}
		checkByTools(t, root+name, b.os == "linux", b.arch, b.words)
	}
	mustWrite(t, filepath.Join(root, "bin/darwin-fat"), fatMachO(t, fat), 0o755)
	checkByTools(t, filepath.Join(root, "bin/darwin-fat"), false, "", []string{"Mach-O universal binary with 2 architectures"})

	archive := tarFolder(t, root)
	repo := startEmptyRegistry(t) + "/cross"
	pushImage(t, repo+":all", nil, archive)
	if diff := cmp.Diff(want, machinesIn(t, repo+":all")); diff != "" {
		t.Errorf("the machines of the programs (-built +tagdiff):\n%s", diff)
	}
	for name, fails := range starts {
		tag := strings.TrimPrefix(name, "/bin/")
		pushImage(t, repo+":"+tag, []string{name}, archive)
		got := cli(t, "--expect", "linux/amd64", repo+":"+tag)
		if fails == "" && (got.code != 0 || !strings.HasPrefix(got.out, "As expected: linux/amd64")) ||
			fails != "" && (got.code != 1 || !strings.Contains(got.out, fails)) {
			t.Errorf("%s: exit code %d, want %q: %s%s", name, got.code, fails, got.out, got.errors)
		}
	}
}

// checkByTools checks that readelf and file, if they are installed, agree with a machine.
func checkByTools(t *testing.T, file string, isELF bool, arch string, words []string) {
	t.Helper()
	if _, err := exec.LookPath("readelf"); err == nil && isELF {
		if says := readelf(t, file)[file]; says != arch {
			t.Errorf("%s: readelf says %q, want %q", file, says, arch)
		}
	}
	if _, err := exec.LookPath("file"); err != nil {
		return
	}
	says := toolOutput(t, nil, "file", "--brief", file)
	if slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(says, word) }) {
		t.Errorf("%s: file says %q, want %q", file, says, words)
	}
}

// fatMachO returns a program for several machines of macOS, as lipo makes it: a table of the files, and the files.
func fatMachO(t *testing.T, files []string) string {
	t.Helper()
	const header, entry, align = 8, 20, 14
	table := binary.BigEndian.AppendUint32(nil, 0xcafebabe)
	table = binary.BigEndian.AppendUint32(table, uint32(len(files)))
	var contents []byte
	start := 1 << align
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		contents = append(contents, make([]byte, -len(contents)&(1<<align-1))...)
		cpu := binary.LittleEndian.Uint32(content[4:])
		for _, n := range []uint32{cpu, binary.LittleEndian.Uint32(content[8:]), uint32(start + len(contents)), uint32(len(content)), align} {
			table = binary.BigEndian.AppendUint32(table, n)
		}
		contents = append(contents, content...)
	}
	if len(table) != header+entry*len(files) {
		t.Fatalf("the table has %d bytes", len(table))
	}
	return string(append(append(table, make([]byte, start-len(table))...), contents...))
}

// tarFolder returns an archive of a folder.
func tarFolder(t *testing.T, folder string) (archive string) {
	t.Helper()
	archive = filepath.Join(t.TempDir(), "layer.tar")
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	if err := w.AddFS(os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive
}

// pushImage pushes an image for linux/amd64 that starts some words, with the layers that some archives are.
func pushImage(t *testing.T, to string, start []string, archives ...string) {
	t.Helper()
	pushConfig(t, to, &ggcrv1.ConfigFile{OS: "linux", Architecture: "amd64", Config: ggcrv1.Config{Entrypoint: start}}, archives...)
}
