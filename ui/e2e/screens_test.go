package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// trafficMask masks requests, bytes and time, which differ between runs.
var trafficMask = uitest.Mask{Pattern: regexp.MustCompile(` *(?:(?:\d+ under way . )?[\d,]+ requests?(?: . [\d.]+ k?M?B . \d+\.\d s| *$)|\d+ under way *$)`), With: ""}

// startDemo runs the demo on a terminal and waits for its first page.
func startDemo(t *testing.T, o uitest.Options, args ...string) *uitest.Term {
	t.Helper()
	o.Masks = []uitest.Mask{trafficMask, uitest.Ports, ageMask}
	term := uitest.Start(t, o, append([]string{"demo"}, args...)...)
	term.WaitFor("Four cases from practice", "? help")
	return term
}

// demoHost serves the demo's registry until the test ends.
func demoHost(t *testing.T) string {
	t.Helper()
	s, err := demo.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Host()
}

// wide and small are the terminal sizes of the golden screens.
var (
	wide  = uitest.Options{Width: 120, Height: 40}
	small = uitest.Options{Width: 80, Height: 24}
)

// step is one step of a session: keys, texts to wait for, and a golden screen.
type step struct {
	keys   string // names separated by blanks
	wait   []string
	golden string
}

// waitForFiles waits until the layers of a comparison have been read: the tab Files has a mark.
// Before that, esc stops the reading and the comparison stays.
func waitForFiles(term *uitest.Term) {
	term.WaitUntil("a mark of the tab Files", func(f uitest.Frame) bool { return filesMark.MatchString(f.Text()) })
}

var filesMark = regexp.MustCompile(`4 Files ?[=≠]`)

// waitingRow is a row of a list whose digest has not arrived. A row that only counts begins
// with the same sign.
var waitingRow = regexp.MustCompile(`\S.*  … `)

// readsFiles reports whether the golden screen of a step shows what is in the layers.
func (s step) readsFiles() bool {
	return strings.HasPrefix(s.golden, "platform") || strings.HasPrefix(s.golden, "moments") || strings.HasPrefix(s.golden, "base") && strings.HasSuffix(s.golden, "summary")
}

func play(t *testing.T, term *uitest.Term, steps []step) {
	t.Helper()
	for _, s := range steps {
		term.Type(strings.Fields(s.keys)...)
		term.WaitFor(s.wait...)
		term.WaitUntil("answers of all rows", func(f uitest.Frame) bool { return !waitingRow.MatchString(f.Text()) })
		if s.readsFiles() {
			waitForFiles(term)
		}
		if s.golden != "" {
			term.Golden(s.golden)
		}
	}
}

// showConsequences is the key that unfolds the consequences of findings. A small screen folds them.
const showConsequences = "f"

// TestIncidents walks through the incidents of the demo. The cause must be on the first screen.
func TestIncidents(t *testing.T) {
	retag := []step{
		{"1", []string{"Same image, packed differently", "proved", "Step 8 is empty on both sides"}, "summary"},
		{"w", []string{"proved: a hash decides", "rule "}, "how"},
		{"esc enter", []string{"»∅", "Step 8 is empty on both sides"}, "evidence"},
		{"esc", []string{"›"}, ""},
		{"3", []string{"a3ed95caeb02"}, "layers"},
		{"n enter", []string{"both empty", "5f70bf18a086"}, "layer"},
		{"esc 7", []string{"NODE_ENV"}, "history"},
		{"8 n", []string{"a3ed95caeb02ffe68"}, "manifest"},
		{"0", []string{"the id chains diverge here"}, "schema1"},
	}
	base := []step{
		{"2", []string{"python 2.7.16", "PYTHON_VERSION 2.7.16", "openssl 1.1.1c"}, "summary"},
		{showConsequences, []string{"Environment:"}, "consequences"},
		{"/ E n v i r enter", []string{"match 1 of 1"}, "search"},
		{"esc enter", []string{"»", "Environment:", "[6 Conf"}, "setting"},
		{"esc", []string{"[1 Sum"}, ""},
		{"3", []string{"rebuilt"}, "layers"},
		{"n enter", []string{"step 12", "PYTHON_VERSION=2.7.17"}, "step"},
		{"n", []string{"step 13", "wget -O python.tar.xz"}, ""},
		{"esc", []string{"[3 Lay"}, ""},
		{"7 n n n n", []string{"PYTHON_VERSION"}, "history"},
		{"6 n", []string{"22 Oct 2019"}, "config"},
	}
	platform := []step{
		{"3", []string{"linux/arm64 of :main starts a program for amd64"}, "summary"},
		{"enter", []string{"»", "starts /usr/bin/tool, a program for amd64"}, "evidence"},
		{"2", []string{"linux/arm64", "attestation"}, "platforms"},
		{"p 3", []string{"linux/amd64 1/2"}, "other"},
	}
	rebuild := []step{
		{"4", []string{"app/main.py +2 −1 lines", "app/start.sh (no"}, "summary"},
		{"3", []string{"RUN ln -sf", "inside: 3 changed, 1 added or replaced"}, "layers"},
		{"4", []string{"Step 4", "only 3 times differ", "3 caches and logs", "no longer executable", "+ app/util/retry.py"}, "files"},
	}
	for name, steps := range map[string][]step{"retag": retag, "base": base, "platform": platform, "rebuild": rebuild} {
		for size, o := range map[string]uitest.Options{"120": wide, "80": small} {
			t.Run(name+size, func(t *testing.T) {
				t.Parallel()
				named := make([]step, len(steps))
				for i, s := range steps {
					named[i] = s
					if s.golden != "" {
						named[i].golden = name + size + "-" + s.golden
					}
					if s.keys == showConsequences && size == "120" {
						named[i].keys = "" // there is room for them
					}
				}
				play(t, startDemo(t, o), named)
			})
		}
	}
}

func TestBrowse(t *testing.T) {
	for size, o := range map[string]uitest.Options{"120": wide, "80": small} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			term := startDemo(t, o)
			term.Golden("guide" + size)
			play(t, term, []step{
				{"5", []string{"library/python"}, "repositories" + size},
				{"/", nil, ""},
				{"p y t h o n", []string{"1 of 18"}, ""},
				{"enter enter", []string{"2.7.17-slim", "7 platforms"}, "tags" + size},
				{"a down down", []string{"compare A :2 with :2-slim"}, "marked" + size},
				{"enter", []string{"A :2 ", "B :2-slim"}, ""},
				{"esc", []string{"choose"}, ""},
			}[:6])
			// esc goes back one page at a time and keeps the mark and the filter.
			term.WaitFor("is :2 on another base")
			waitForFiles(term)
			term.Type("esc")
			term.WaitFor("compare A :2 with :2-slim")
			term.Type("esc")
			term.WaitFor("1 of 18") // the filter is unchanged
			term.Type("esc")
			term.WaitFor("shop/api")
			term.Type("esc")
			term.WaitFor("Browse the registry")
			term.Type("q")
			if code := term.Wait(); code != 0 {
				t.Errorf("q ended the program with %d", code)
			}
		})
	}
}

// dateMask masks dates that depend on the time of the test. The demo's dates are in 2019.
var dateMask = uitest.Mask{Pattern: regexp.MustCompile(`[ \d]\d [A-Z][a-z]{2} 20[2-9]\d \d\d:\d\d(?::\d\d)?`), With: " 1 Jan 2000 00:00"}

// ageMask masks ages, which are behind dates.
var ageMask = uitest.Mask{Pattern: regexp.MustCompile(`\d{4}(?: \d\d:\d\d)?( {2,6}\d+ (?:y|mo|d|h|min)) `), With: "    9 y"}

// headsMask masks how many tags were not resolved when the key was typed.
var headsMask = uitest.Mask{Pattern: regexp.MustCompile(`about 1,4\d\d HEAD`), With: "about 1,4NN HEAD"}

// TestTags: the list groups tags of one image and shows their history.
func TestTags(t *testing.T) {
	for size, o := range map[string]uitest.Options{"120": wide, "80": small} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			o.Masks = []uitest.Mask{trafficMask, uitest.Ports, dateMask, ageMask, headsMask}
			term := uitest.Start(t, o, "demo")
			term.WaitFor("Browse the registry")
			play(t, term, []step{
				{"5", []string{"library/python"}, ""}, {"/ p y t h o n", []string{"1 of 18"}, ""},
				{"enter enter", []string{"2.7.17-slim", "moved since 21 Oct 2019"}, ""},
				{"d", []string{"= 2-slim-buster", "grouped by image"}, "together" + size},
				{"down down down down down", []string{"› ↷ = 2.7"}, ""},
				{"t", []string{"first seen", "21 Oct 2019 08:58", "now"}, "timeline" + size},
				{"down enter", []string{"A :2.7 then", "B :2.7 ", "PYTHON_VERSION", "openssl 1.1.1c"}, "moments" + size},
				{"esc esc esc", []string{"1 of 18"}, ""}, {"esc / m a n y", []string{"1 of 18", "team/many"}, ""},
				{"enter enter", []string{"/many", "1/1500", "8487e07e12c9", "fa2ad9f992ba"}, ""},
				{"d", []string{"HEAD requests", "enter to go on"}, "announced" + size},
				{"enter", []string{"= "}, ""},
			})
			term.WaitGone("tags resolved")
		})
	}
}

// TestLooks shows two pages in each kind of terminal, and in sizes other than those of TestIncidents.
func TestLooks(t *testing.T) {
	for name, o := range map[string]struct {
		o    uitest.Options
		args []string
	}{
		"no-color": {uitest.Options{NoColor: true}, nil},
		"light":    {uitest.Options{Light: true}, nil},
		"ascii":    {uitest.Options{}, []string{"--ascii"}},
		"silent":   {uitest.Options{Silent: true}, nil}, // the background is unknown
		"60x20":    {uitest.Options{Width: 60, Height: 20}, nil},
		"200x60":   {uitest.Options{Width: 200, Height: 60}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := startDemo(t, o.o, o.args...)
			play(t, term, []step{
				{"2", []string{"python 2.7.16", "openssl 1.1.1c"}, "look-" + name + "-summary"}, {"esc", []string{"Four cases"}, ""},
				{"1", []string{"packed differently"}, ""}, {"3 n", []string{"both empty"}, "look-" + name},
			})
			f := term.Frame()
			if (name == "no-color" || name == "silent") && f.HasColor() {
				t.Error("there is a colour on the screen")
			}
			if name == "ascii" {
				for _, r := range f.Text() {
					if r > 126 {
						t.Fatalf("--ascii draws %q", r)
					}
				}
				play(t, term, []step{{"esc 2 3", []string{"ADD file:5e1e... in /"}, ""}, {"7", []string{"ADD file:5e1e... in /", "17 Oct 2019"}, ""}})
			}
		})
	}
}

func TestHelp(t *testing.T) {
	term := startDemo(t, wide)
	play(t, term, []step{
		{"1", []string{"packed differently"}, ""},
		{"?", []string{"Marks", "next difference"}, "help"},
		{"esc", []string{"packed differently"}, ""},
	})
}

// TestCopy copies through OSC 52 the full text that the screen shows shortened.
func TestCopy(t *testing.T) {
	term := startDemo(t, small)
	play(t, term, []step{{"1", []string{"packed differently"}, ""}, {"3 n y", []string{"copy the layer of step 8:"}, ""},
		{"b", []string{"copied the layer of step 8 in B: sha256:a3ed95ca"}, ""}})
	term.WaitClipboard("sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4")
	term.Type("c")
	term.WaitUntil("the command that proves the row on the clipboard", func(uitest.Frame) bool {
		f := term.Clipboard()
		return strings.HasPrefix(f, "crane blob 127.0.0.1:") && strings.Count(f, " | gunzip | sha256sum") == 2
	})
	term.WaitFor("copied the command")
}

// TestPaste opens a pasted reference. A q in it must not quit.
func TestPaste(t *testing.T) {
	term := startDemo(t, small)
	_, host, _ := strings.Cut(term.Screen(), "The demo registry runs on ")
	host, _, _ = strings.Cut(host, "\n")
	term.Paste(strings.TrimSpace(host) + "/team/payments:1.42.0 :1.42.0-squashed")
	term.WaitFor("go to: " + strings.TrimSpace(host))
	term.Type("enter")
	term.WaitFor("A :1.42.0 ", "B :1.42.0-squashed")
}

// configsCompared matches the tab line once the documents have been read, which is the last thing that arrives.
var configsCompared = regexp.MustCompile(`6 Conf(ig)? *[=≠]`)

// TestPlace: the cursor stays on its row after a resize, a swap and another tag for a side.
func TestPlace(t *testing.T) {
	term := startDemo(t, wide)
	play(t, term, []step{{"1", []string{"packed differently"}, ""}, {"3 n", []string{"›∅"}, ""}})
	term.Resize(80, 24)
	term.WaitFor("›∅    8     WORKDIR /app", "A 4f4fb700ef54")
	term.Type("s")
	term.WaitFor("›∅    8     WORKDIR /app", "A a3ed95caeb02")
	term.Type("A")
	term.WaitFor("choose A", "›  prod")
	term.Type("down", "down", "enter")
	term.WaitFor("[3 Lay", "›", "WORKDIR /app")
	term.Resize(30, 8)
	term.Resize(10, 3)
	term.Resize(120, 40)
	term.WaitUntil("the page in its new size", func(f uitest.Frame) bool {
		return f.Contains("WORKDIR /app") && f.Contains("[3 Lay") && configsCompared.MatchString(f.Text())
	})
	term.CheckRepaint()
}

// TestDigestPrefix finds images by the first digits of their digests and image IDs, as the
// screen shows them.
func TestDigestPrefix(t *testing.T) {
	server, err := demo.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // the test ends
	term := uitest.Start(t, small, server.Host()+"/shop/image-name")
	term.WaitFor("1/59")
	play(t, term, []step{
		{"/ 8 b 8 7 a 2 enter", []string{"not looked at", "image IDs (s s: by created)"}, ""},
		{"s s enter", []string{"by created", "image ID 8b87a27a518f", "prod", "20231001.155532z"}, ""},
	})
	term.WaitGone("known") // esc stops the reading of configs before it clears the filter
	play(t, term, []step{
		{"esc", []string{"/59"}, ""},
		{"o 8 b 8 7 a 2 7 a 5 1 8 f enter", []string{"8b87a27a518f is the image ID of :20231001.155532z, :prod"}, ""},
		{"o 0 1 9 e b d 4 7 3 9 8 6 enter", []string{":prod  019ebd473986", "[1 Sum"}, ""},
		{"o 0 0 0 0 0 0 0 0 0 0 0 0 enter", []string{"000000000000 was not found in the manifests"}, ""},
	})
}

// TestHostile shows text that tries to control the terminal.
func TestHostile(t *testing.T) {
	server, err := demo.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // the test ends
	term := uitest.Start(t, uitest.Options{Width: 120, Height: 40, Masks: []uitest.Mask{trafficMask, uitest.Ports}}, server.Host()+"/edge/hostile:calm", ":escape")
	term.WaitFor("0 Sch")
	for _, view := range []string{"1", "3", "4", "6", "7", "8", "0"} {
		term.Type(view)
	}
	term.WaitFor("all ids above differ")
	term.Type("7")
	term.WaitFor(`\u202e`, `\x1b]52`)
	term.Golden("hostile")
	if got := term.Clipboard(); got != "" {
		t.Errorf("an image put %q on the clipboard", got)
	}
	if got := term.Title(); !strings.HasPrefix(got, "tagdiff") {
		t.Errorf("an image set the title to %q", got)
	}
}

// TestSecrets: values that look like secrets are masked until x.
func TestSecrets(t *testing.T) {
	server, err := demo.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // the test ends
	term := uitest.Start(t, small, server.Host()+"/edge/secrets:leaky")
	term.WaitFor("0 Sch")
	term.Type("3")
	f := term.WaitFor("AWS_SECRET_ACCESS_KEY=(masked)")
	if f.Contains("EXAMPLEKEY") {
		t.Error("a secret is on the screen")
	}
	term.Type("x")
	term.WaitFor("secrets are shown")
	term.WaitGone("AWS_SECRET_ACCESS_KEY=(masked)")
}

// TestPicture checks the picture in README.
func TestPicture(t *testing.T) {
	port := uitest.Mask{Pattern: uitest.Ports.Pattern, With: "50000"}
	term := uitest.Start(t, uitest.Options{Width: 120, Height: 26, Masks: []uitest.Mask{trafficMask, port}}, "demo")
	term.WaitFor("Browse the registry")
	play(t, term, []step{{"1", []string{"packed differently"}, ""}, {"3 n", []string{"both empty", "6 Config ="}, ""}})
	term.Picture("testdata/retag.svg", "tagdiff demo")
}
