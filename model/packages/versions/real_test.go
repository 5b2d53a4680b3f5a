package versions

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/packages"
)

// realPairs is the number of pairs that each family's own tool is asked for. Some are not versions: at least
// orderedPairs are.
const (
	realPairs    = 1500
	orderedPairs = 1000
)

// requireReal skips the test without a file or a program in the path, or fails it where real tools are required.
func requireReal(t *testing.T, needs ...string) {
	t.Helper()
	for _, n := range needs {
		_, err := exec.LookPath(n)
		if filepath.Ext(n) != "" {
			_, err = os.Stat(n)
		}
		if err == nil {
			continue
		}
		if os.Getenv("TAGDIFF_REQUIRE_REAL") != "" {
			t.Fatalf("%s is not installed", n)
		}
		t.Skipf("%s is not installed", n)
	}
}

// realTool is the tool of a family. It reads a pair of versions a line, with a space between them, and writes
// -1, 0 or 1 a line, or ? for a pair with what is not a version.
type realTool struct {
	kind  packages.Kind
	needs []string
	start func(t *testing.T) *exec.Cmd
	// pieces are what is put into versions at random.
	pieces []string
	// differs reports whether the tool is known to decide otherwise for a pair, for a reason that stands there.
	differs func(a, b string) bool
}

// shell returns a start of sh with a script.
func shell(script string) func(*testing.T) *exec.Cmd { return program("sh", "-c", script) }

func program(name string, args ...string) func(*testing.T) *exec.Cmd {
	return func(t *testing.T) *exec.Cmd {
		t.Helper()
		return exec.CommandContext(t.Context(), name, args...)
	}
}

const mavenJar = "/usr/share/java/maven3-artifact.jar"

var realTools = []realTool{
	{
		kind: packages.Deb, needs: []string{"dpkg"},
		// What dpkg only warns of has an order there, and none here.
		start: shell(`while read -r a b; do
			if warning=$(dpkg --compare-versions "$a" lt "$b" 2>&1); then order=-1
			elif [ "$warning" ]; then order='?'
			elif dpkg --compare-versions "$a" gt "$b"; then order=1
			else order=0; fi
			if [ "$warning" ]; then order='?'; fi; echo "$order"; done`),
		pieces: strings.Fields("0 00 1 9 10 a z A + . - ~ ~~ : 1: +b1 +deb12u1 ~rc1 -1 _"),
	},
	{
		kind: packages.RPM, needs: []string{"rpmlua"},
		start: func(t *testing.T) *exec.Cmd {
			t.Helper()
			script := filepath.Join(t.TempDir(), "order.lua")
			if err := os.WriteFile(script, []byte(`for line in io.lines() do
				local a, b = line:match("(%S+) (%S+)")
				local ok, order = pcall(rpm.vercmp, a, b)
				print(ok and order or "?")
			end`), 0o600); err != nil {
				t.Fatal(err)
			}
			return exec.CommandContext(t.Context(), "rpmlua", script)
		},
		pieces: strings.Fields("0 00 1 9 10 a z A . _ + ~ ^ ~rc1 ^git1 .el9 -1 1:"),
		differs: func(a, b string) bool {
			// rpm takes a version without a release for that of any release.
			release := func(s string) bool { return strings.Contains(s, "-") }
			if release(a) != release(b) {
				return true
			}
			// rpm takes more texts for versions, as none is installed with.
			_, okA := parseRPM(a)
			_, okB := parseRPM(b)
			return !okA || !okB
		},
	},
	{
		kind: packages.Python, needs: []string{"/usr/bin/python3", "/usr/lib/python3/dist-packages/packaging/version.py"},
		start: program("/usr/bin/python3", "-c", `
import sys
from packaging.version import Version, InvalidVersion
for line in sys.stdin:
    try:
        a, b = map(Version, line.split())
        print((a > b) - (a < b))
    except InvalidVersion:
        print("?")`),
		pieces: strings.Fields("0 00 1 10 . - _ a alpha b beta c rc pre preview post rev r dev .dev1 .post1 -1 + +abc +1.a 1! v ! A RC"),
	},
	{
		kind: packages.NPM, needs: []string{"node", "/usr/share/nodejs/semver/package.json"},
		start: program("node", "-e", `
const valid = require("/usr/share/nodejs/semver/functions/valid");
const compare = require("/usr/share/nodejs/semver/functions/compare");
for (const line of require("fs").readFileSync(0, "utf8").trimEnd().split("\n")) {
  const [a, b] = line.split(" ");
  console.log(valid(a) && valid(b) ? compare(a, b) : "?");
}`),
		pieces: strings.Fields("0 00 1 9 10 . - -- -a -alpha.1 -rc.1 .beta .1 .0a +b + v A"),
	},
	{
		kind: packages.Go, needs: []string{"go"}, start: goSemver,
		pieces: strings.Fields("0 00 1 9 10 . - -a -rc.1 .beta .1 .0a -0.20240101000000-0123456789ab +incompatible + v"),
		differs: func(a, b string) bool { // v1 and v1.2 have an order, but no module has them as its version
			short := func(s string) bool {
				s, _, _ = strings.Cut(s, "+")
				s, _, _ = strings.Cut(s, "-")
				return strings.Count(s, ".") < 2
			}
			return short(a) || short(b)
		},
	},
	{
		kind: packages.Java, needs: []string{"java", mavenJar}, start: mavenOrder,
		pieces: strings.Fields("0 00 1 9 10 . - a b m x rc cr ga final release sp snapshot alpha beta milestone jre -jre .Final -SNAPSHOT .RELEASE _ +"),
	},
	{
		kind: packages.Gem, needs: []string{"ruby"},
		start: program("ruby", "-e", `
STDIN.each_line do |line|
  a, b = line.split
  puts Gem::Version.correct?(a) && Gem::Version.correct?(b) ? Gem::Version.new(a) <=> Gem::Version.new(b) : "?"
end`),
		pieces: strings.Fields("0 00 1 9 10 . - a b rc pre .a .pre.1 -1 -a.b A"),
	},
}

// goSemver builds a program around the package semver that the go command itself is made of.
func goSemver(t *testing.T) *exec.Cmd {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src/cmd/vendor/golang.org/x/mod/semver/semver.go"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":           "module order\n\ngo 1.24\n",
		"semver/semver.go": string(source),
		"main.go": `package main

import (
	"bufio"
	"fmt"
	"order/semver"
	"os"
	"strings"
)

func main() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		a, b, _ := strings.Cut(lines.Text(), " ")
		if semver.IsValid(a) && semver.IsValid(b) {
			fmt.Println(semver.Compare(a, b))
		} else {
			fmt.Println("?")
		}
	}
}
`,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), "go", "run", ".")
	c.Dir = dir
	return c
}

// mavenOrder starts the program that Maven's ComparableVersion is, with all pairs as its arguments. It compares
// each version with the next: awk leaves every second line out.
func mavenOrder(t *testing.T) *exec.Cmd {
	t.Helper()
	return shell(`xargs -n 400 java -cp ` + mavenJar + ` org.apache.maven.artifact.versioning.ComparableVersion |
		awk '/^Display/ { n = 0 } /^   / && n++ % 2 == 0 { print $2 == "<" ? -1 : $2 == ">" ? 1 : 0 }'`)(t)
}

// makePairs returns pairs of versions that are like each other: one of the table, and it or its neighbour with a few
// pieces put in, taken out or replaced. The same seed makes the same pairs.
func makePairs(tool realTool) []string {
	random := rand.New(rand.NewPCG(17, uint64(len(tool.pieces))))
	known := strings.Fields(strings.Join(rising[tool.kind], " "))
	change := func(v string) string {
		for range random.IntN(4) {
			at := random.IntN(len(v) + 1)
			end := min(len(v), at+random.IntN(3))
			v = v[:at] + tool.pieces[random.IntN(len(tool.pieces))] + v[end:]
		}
		return v
	}
	var pairs []string
	made := map[string]bool{}
	for len(pairs) < realPairs {
		i := random.IntN(len(known))
		a := change(known[i])
		b := change(known[min(len(known)-1, i+random.IntN(2))])
		if random.IntN(4) == 0 {
			b = change(a)
		}
		_, ok := Compare(tool.kind, a, b)
		// One pair of four may have what is not a version: that a tool refuses it counts, too.
		if !ok && len(pairs)%4 != 0 {
			continue
		}
		pair := a + " " + b
		if !made[pair] && (tool.differs == nil || !tool.differs(a, b)) {
			made[pair] = true
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// TestReal_versions compares the order of a thousand pairs of each family with that of the family's own tool.
// No tool of apk runs here.
func TestReal_versions(t *testing.T) {
	t.Parallel()
	for _, tool := range realTools {
		t.Run(string(tool.kind), func(t *testing.T) {
			t.Parallel()
			requireReal(t, tool.needs...)
			pairs := makePairs(tool)
			c := tool.start(t)
			var stderr bytes.Buffer
			c.Stdin, c.Stderr = strings.NewReader(strings.Join(pairs, "\n")+"\n"), &stderr
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.Bytes())
			}
			answers := strings.Fields(string(out))
			if len(answers) != len(pairs) {
				t.Fatalf("%d answers to %d pairs\n%s", len(answers), len(pairs), stderr.Bytes())
			}
			orders, wrong := map[string]int{}, 0
			for i, pair := range pairs {
				a, b, _ := strings.Cut(pair, " ")
				got := "?"
				if order, known := Compare(tool.kind, a, b); known {
					got = fmt.Sprint(order)
				}
				orders[answers[i]]++
				if got != answers[i] {
					if wrong++; wrong <= 30 {
						t.Errorf("%q: %s, want %s", pair, got, answers[i])
					}
				}
			}
			t.Logf("%d of %d pairs differ; answers: %v", wrong, len(pairs), orders)
			if ordered := len(pairs) - orders["?"]; ordered < orderedPairs {
				t.Errorf("only %d pairs have an order", ordered)
			}
			for _, order := range []string{"-1", "0", "1"} {
				if orders[order] < realPairs/50 {
					t.Errorf("only %d pairs are in the order %s", orders[order], order)
				}
			}
		})
	}
}
