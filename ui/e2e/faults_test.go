package e2e

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// faultyRegistry is a registry with a fault that can be repaired. Its requests
// before the repair are sent to asked.
type faultyRegistry struct {
	host     string
	repaired atomic.Bool
	asked    chan string
}

// newFaulty returns the demo registry, with answer for all requests until it is repaired.
func newFaulty(t *testing.T, answer http.HandlerFunc) *faultyRegistry {
	t.Helper()
	return newFaultyOr(t, answer, demo.Handler())
}

// newFaultyOr returns a registry with answer for all requests until it is repaired, and
// then with those of the handler healthy.
func newFaultyOr(t *testing.T, answer http.HandlerFunc, healthy http.Handler) *faultyRegistry {
	t.Helper()
	p := &faultyRegistry{asked: make(chan string, 100)}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.repaired.Load() {
			healthy.ServeHTTP(w, r)
			return
		}
		select {
		case p.asked <- r.Method + " " + r.URL.Path:
		default:
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	p.host = strings.TrimPrefix(s.URL, "http://")
	return p
}

// wait returns the next request before the repair.
func (p *faultyRegistry) wait(t *testing.T) string {
	t.Helper()
	select {
	case got := <-p.asked:
		return got
	case <-time.After(uitest.WaitTimeout):
		t.Fatal("the registry got no request")
		return ""
	}
}

// waitFor waits for a request to this path.
func (p *faultyRegistry) waitFor(t *testing.T, path string) {
	t.Helper()
	for !strings.Contains(p.wait(t), path) {
		continue
	}
}

func at(host string, texts ...string) []string {
	out := slices.Clone(texts)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "HOST", host)
	}
	return out
}

// oneLine checks that a run failed as a script expects: code 2, nothing on
// standard output, and one line on standard error with the texts.
func (s runResult) oneLine(t *testing.T, texts ...string) {
	t.Helper()
	line, more, ended := strings.Cut(s.errors, "\n")
	if s.code != 2 || s.out != "" || !ended || more != "" || !strings.HasPrefix(line, "tagdiff: ") {
		t.Errorf("exit code %d, standard output %q, standard error %q", s.code, s.out, s.errors)
	}
	for _, text := range texts {
		if !strings.Contains(line, text) {
			t.Errorf("%q does not say %q", line, text)
		}
	}
}

// inPart checks the exit code of a run, and that it printed the rest.
func (s runResult) inPart(t *testing.T, code int, rest []string) {
	t.Helper()
	if s.code != code {
		t.Errorf("exit code %d, want %d", s.code, code)
	}
	for _, text := range rest {
		if !wraps(text).MatchString(s.out) {
			t.Errorf("%q is not in the report %q", text, s.out)
		}
	}
}

// TestFaults_commandLine checks that each fault is reported in one line on standard error.
func TestFaults_commandLine(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			host := newFaulty(t, f.answer).host
			for _, form := range []string{"text", "json"} {
				got := cli(t, slices.Concat([]string{"-o", form}, f.args, at(host, f.open...))...)
				if f.rest == nil {
					got.oneLine(t)
				} else {
					got.inPart(t, cmp.Or(f.code, 2), f.rest)
				}
				if said := f.pattern(host); !said.MatchString(got.errors + got.out) {
					t.Errorf("%q, %q do not match %q", got.errors, got.out, said)
					t.Logf("ROW\t%s\t%s\t%s", f.name, host, got.errors)
				}
			}
		})
	}
	for name, f := range map[string]struct{ args, say []string }{
		"wrong reference":           {[]string{"HOST/Shop//image:x"}, []string{`"HOST/Shop//image:x" is not a reference: the repository has an empty part`, "write host/repository:tag"}},
		"wrong second":              {[]string{"HOST/a:b", ":c d"}, []string{"is not a reference: it has a space", "give two images as two arguments"}},
		"no reference":              {nil, []string{"no image is given", "name a registry"}},
		"three references":          {[]string{"HOST/a:b", ":c", ":d"}, []string{"give at most two images"}},
		"unknown flag":              {[]string{"--colour"}, []string{"--colour", "tagdiff --help"}},
		"unknown output":            {[]string{"-o", "xml", "HOST/a:b"}, []string{`unknown output format "xml"`, "text, markdown or json"}},
		"screen without a terminal": {[]string{"-o", "tui", "HOST/a:b"}, []string{"not a terminal", "-o text"}},
		"unknown host":              {[]string{"registry.invalid/a:b", ":c"}, []string{"cannot find the address of registry.invalid (DNS)", "check the name"}},
		"unknown host alone":        {[]string{"registry.invalid"}, []string{"cannot find the address of registry.invalid (DNS)", "check the name"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cli(t, append([]string{"-o", "text"}, at("127.0.0.1:1", f.args...)...)...).oneLine(t, at("127.0.0.1:1", f.say...)...)
		})
	}
	t.Run("closed port", func(t *testing.T) {
		t.Parallel()
		host := closedPort(t)
		cli(t, "-o", "text", host+"/a:b", ":c").oneLine(t, host+" refused the connection", "check host and port")
	})
}

// closedPort returns a host and port without a listener. Where the machine has more
// than one loopback address, it is outside of those that other test servers use.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.77.0.1:0")
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// TestSilence_endsAtOnce checks that ctrl-c ends a report and q a screen at once,
// wherever a server becomes silent, without waiting for the timeout of 30 s.
func TestSilence_endsAtOnce(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		if len(f.args) == 0 || f.group == layersGroup { // where args ask for the layers
			continue
		}
		t.Run(f.name+", a report", func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" {
				t.Skip("no signal to send")
			}
			p := newFaulty(t, f.answer)
			ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
			defer cancel()
			cmd := cleanCommand(ctx, t, uitest.Build(t), append([]string{"-o", "text"}, at(p.host, f.open...)...)...)
			end := startCommand(ctx, t, cmd)
			p.waitFor(t, f.silent())
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			end().oneLine(t, "cancelled")
		})
		t.Run(f.name+", a screen", func(t *testing.T) {
			t.Parallel()
			p := newFaulty(t, f.answer)
			term := uitest.Start(t, small, at(p.host, f.open...)...)
			p.waitFor(t, f.silent())
			term.Type("q")
			if code := term.Wait(); code != 0 {
				t.Errorf("q ended the program with %d", code)
			}
		})
	}
}

// silent is the path of the requests without a response.
func (f fault) silent() string {
	if f.group == logins {
		return "/token"
	}
	return "/v2/shop/"
}

// wraps returns a pattern for text that the screen may break into lines.
func wraps(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = regexp.QuoteMeta(w)
	}
	return regexp.MustCompile(strings.Join(words, `[\s│]+`))
}

func waitForWords(t *testing.T, term *uitest.Term, texts ...string) {
	t.Helper()
	for _, text := range texts {
		pattern := wraps(text)
		term.WaitUntil(fmt.Sprintf("%q in words", text), func(f uitest.Frame) bool { return pattern.MatchString(f.Text()) })
	}
}

// content is what the screen shows at the references of the faults after the repair.
func content(open []string) []string {
	switch {
	case slices.Equal(open, twoLayers):
		return []string{"app/main.py"}
	case open[0] == odd[0]:
		return []string{"either side contains a file"}
	case len(open) == 2:
		return []string{"Same image, packed differently"}
	case open[0] == "HOST":
		return []string{"library/python", "uis/tool"}
	}
	return []string{"20230901.095133z", "20230904.092410z"}
}

// healthy is the handler of the registry with this content.
func healthy(open []string) http.Handler {
	if slices.Equal(open, twoLayers) {
		return http.HandlerFunc(layerImages("").serve)
	}
	if open[0] == odd[0] {
		return craft(piece{})
	}
	return demo.Handler()
}

// TestFaults_screen checks that the error is shown, that r reads again and gets the
// next good response, and that q quits.
func TestFaults_screen(t *testing.T) {
	t.Parallel()
	for i, f := range faults {
		if f.long {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			p := newFaultyOr(t, f.answer, healthy(f.open))
			size := []uitest.Options{small, wide}[i%2]
			if len(f.rest) > 0 {
				size = wide // a small screen folds what is said of the rest
			}
			term := uitest.Start(t, size, slices.Concat(f.args, at(p.host, f.open...))...)
			if f.group == layersGroup {
				term.WaitFor("Files")
				term.Type("4")
			}
			waitForWords(t, term, at(p.host, append(f.rest, f.parts()...)...)...)
			term.WaitGone("reading") // the other side, whose requests must all be answered before the repair
			p.repaired.Store(true)
			if f.open[0] == "HOST" && strings.Contains(f.next, "for example") { // the registry has no list
				term.WaitFor("repository: ", "try again") // letters go into the field
				term.Type("enter")
			} else {
				term.Type("r")
			}
			term.WaitFor(content(f.open)...)
			term.Type("q")
			if code := term.Wait(); code != 0 {
				t.Errorf("q ended the program with %d", code)
			}
		})
	}
	t.Run("unknown host", func(t *testing.T) {
		t.Parallel()
		term := uitest.Start(t, small, "registry.invalid/a:b", ":c")
		waitForWords(t, term, "cannot find the address of registry.invalid (DNS)", "check the name")
		term.Type("r", "3", "esc", "esc", "esc") // the tags and the repositories are the parents
		term.WaitFor("Are these two tags the same image")
		term.Type("ctrl+c")
		if code := term.Wait(); code != 0 {
			t.Errorf("ctrl+c ended the program with %d", code)
		}
	})
	t.Run("wrong reference", func(t *testing.T) {
		t.Parallel()
		term := uitest.Start(t, small)
		term.WaitFor("Are these two tags the same image")
		term.Type("Shop//image:x", "enter")
		waitForWords(t, term, `"Shop//image:x" is not a reference`)
	})
}

// TestClosedPort_opensLater checks that r works after the registry is started.
func TestClosedPort_opensLater(t *testing.T) {
	t.Parallel()
	host := closedPort(t)
	term := uitest.Start(t, small, at(host, twoTags...)...)
	waitForWords(t, term, host+" refused the connection", "check host and port")
	l, err := net.Listen("tcp", host)
	if err != nil {
		t.Skip(err) // another process uses the port
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: demo.Handler()}}
	s.Start()
	t.Cleanup(s.Close)
	term.Type("r")
	term.WaitFor(content(twoTags)...)
}

// TestHungServer_screen checks that keys work at once while the server is silent.
func TestHungServer_screen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open []string
		home []string // the keys that go to the home page: each goes to the parent
	}{
		"two tags": {twoTags, []string{"esc", "esc", "esc"}}, "a registry": {[]string{"HOST"}, []string{"esc"}},
		"a repository": {[]string{"HOST/shop/image-name"}, []string{"esc", "esc"}},
	} {
		open := c.open
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newFaulty(t, hangs)
			term := uitest.Start(t, small, at(p.host, open...)...)
			p.wait(t)
			term.WaitFor("under way") // the pending request is shown
			term.Type("?")
			term.WaitFor("esc close")
			term.Type("esc")
			term.Type(c.home...)
			term.WaitFor("Are these two tags the same image")
			for len(p.asked) > 0 {
				<-p.asked
			}
			term.Paste(strings.Join(at(p.host, open...), " "))
			term.Type("enter")
			if got := p.wait(t); !strings.Contains(got, "/v2/") {
				t.Errorf("asked %s", got)
			}
			p.repaired.Store(true)
			term.Type("r")
			term.WaitFor(content(open)...)
		})
		t.Run("q at "+name, func(t *testing.T) {
			t.Parallel()
			p := newFaulty(t, hangs)
			term := uitest.Start(t, small, at(p.host, open...)...)
			p.wait(t)
			term.Type("q")
			if code := term.Wait(); code != 0 {
				t.Errorf("q ended the program with %d", code)
			}
		})
	}
}

// TestTwoTags_oneSideHangs checks that the side that was read is shown while the other hangs.
func TestTwoTags_oneSideHangs(t *testing.T) {
	t.Parallel()
	p := newFaulty(t, func(w http.ResponseWriter, r *http.Request) {
		if path.Base(r.URL.Path) == "prod" {
			hangs(w, r)
			return
		}
		demo.Handler().ServeHTTP(w, r)
	})
	term := uitest.Start(t, small, at(p.host, twoTags...)...)
	term.WaitFor("A :20231001.155532z", "1 Oct 2023 15:56 UTC", "B :prod", "reading")
	p.repaired.Store(true)
	term.Type("r")
	term.WaitFor(content(twoTags)...)
}

// wire records the requests to a registry.
type wire struct {
	mu       sync.Mutex
	requests []string
	rounds   []chan struct{}
}

// TestReport_requests counts the requests for two tags of eight platforms. The
// responses of a round are held back until all its requests have arrived: a program
// that needs more rounds never gets a response.
func TestReport_requests(t *testing.T) {
	t.Parallel()
	sizes := []int{2, 16, 16} // indexes, manifests, configs
	s := &wire{}
	for range sizes {
		s.rounds = append(s.rounds, make(chan struct{}))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gate := s.enter(r.Method+" "+r.URL.Path, sizes); gate != nil {
			select {
			case <-gate:
			case <-r.Context().Done():
			}
		}
		demo.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	got := cli(t, "-o", "json", host+"/library/python:2.7.16", ":2.7.17")
	if got.code != 1 || got.errors != "" || !strings.Contains(got.out, `"same-base"`) {
		t.Errorf("exit code %d: %s%s", got.code, got.out, got.errors)
	}
	asked := slices.Sorted(slices.Values(s.requests[:min(34, len(s.requests))]))
	if len(asked) != 34 || len(slices.Compact(slices.Clone(asked))) != 34 {
		t.Errorf("%d requests, want 34, each another:\n%s", len(asked), strings.Join(asked, "\n"))
	}
	// Then, at once, small layers whose content decides something.
	for _, line := range s.requests[len(asked):] {
		_, digest, _ := strings.Cut(line, "/blobs/")
		layer := regexp.MustCompile(`"layer":\s*"` + digest + `",\s*"diffID":\s*"[^"]*",\s*"size":\s*([0-9]+)`).FindStringSubmatch(got.out)
		if digest == "" || layer == nil {
			t.Errorf("%s is not a layer", line)
		} else if size, err := strconv.Atoi(layer[1]); err != nil || size > 4096 {
			t.Errorf("%s is %s bytes long", line, layer[1])
		}
	}
	configs := 0
	for _, line := range asked {
		method, url, _ := strings.Cut(line, " ")
		if method != "GET" && method != "HEAD" {
			t.Error(line)
		}
		if digest := path.Base(url); strings.Contains(url, "/blobs/") {
			configs++
			if !regexp.MustCompile(`"config":\s*"`+digest+`"`).MatchString(got.out) || regexp.MustCompile(`"layer":\s*"`+digest+`"`).MatchString(got.out) {
				t.Errorf("%s is not a config", line)
			}
		}
	}
	if configs != 16 {
		t.Errorf("%d configs asked for, want 16", configs)
	}
}

// enter records a request and returns the channel that it has to wait for.
func (s *wire) enter(request string, sizes []int) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
	sum := 0
	for i, n := range sizes {
		if sum += n; len(s.requests) == sum {
			close(s.rounds[i])
		}
		if len(s.requests) <= sum {
			return s.rounds[i]
		}
	}
	return nil
}

// TestResize_manyTimes checks that the screen is right after many changes of its size.
func TestResize_manyTimes(t *testing.T) {
	t.Parallel()
	term := startDemo(t, wide)
	play(t, term, []step{{"1", []string{"packed differently"}, ""}, {"3 n", []string{"›∅", "6 Config ="}, ""}})
	term.CheckRepaint()
	before := term.Frame().Masked(trafficMask).Text()
	for i := range 200 {
		term.Resize(1+(i*37)%160, 1+(i*13)%60)
	}
	term.Resize(120, 40)
	same := func(f uitest.Frame) bool { return f.Masked(trafficMask).Text() == before }
	term.WaitUntil("the screen of before", same)
	term.CheckRepaint()
	term.Resize(80, 24)
	term.WaitFor("›∅    8     WORKDIR /app", "tab view")
	term.CheckRepaint()
	if f := term.Frame(); f.Width != 80 || f.Height != 24 || !strings.Contains(f.Row(23), "tab view") || !strings.Contains(f.Row(0), "tagdiff") {
		t.Errorf("not drawn for 80 by 24:\n%s", f.Text())
	}
	term.Type("q")
	if code := term.Wait(); code != 0 {
		t.Errorf("q ended the program with %d", code)
	}
}

// TestResize_latePaint checks that a scroll region which was set for the old size does
// not damage the screen of the new size.
func TestResize_latePaint(t *testing.T) {
	t.Parallel()
	for _, painted := range []string{"\x1b[1;24r", "\x1b[5;20r", "\x1b[5;20r\x1b[1;24r"} {
		t.Run(fmt.Sprintf("%q", painted), func(t *testing.T) {
			t.Parallel()
			term := startDemo(t, small)
			term.Type("1")
			term.WaitFor("packed differently", "6 Conf =") // all is read
			term.ResizeBefore(painted, 120, 40)
			term.WaitUntil("both sides in one row", func(f uitest.Frame) bool {
				both := func(row string) bool { return strings.Contains(row, "A :2023") && strings.Contains(row, "B :prod") }
				return slices.ContainsFunc(f.Rows(), both) && f.Contains("tab view")
			})
			term.CheckRepaint()
		})
	}
}

// TestTinyTerminal_works checks that the program survives terminals that are too small.
func TestTinyTerminal_works(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{10, 3}, {1, 1}, {2, 60}, {200, 1}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			t.Parallel()
			term := uitest.Start(t, uitest.Options{Width: size[0], Height: size[1], Masks: []uitest.Mask{trafficMask}}, "demo")
			term.Resize(120, 40)
			term.WaitFor("Browse the registry")
			term.Type("1")
			term.WaitFor("packed differently", "proved", "6 Config =  7 History =  8 Manifest ≠1 0 Schema1 ≠2")
			term.CheckRepaint()
			term.Resize(size[0], size[1])
			// All keys that a person could press there.
			term.Type("n", "2", "n", "3", "n", "4", "6", "7", "8", "0", "?", "esc", "/", "a", "esc", "|", "l", "s", "A", "esc", "p", "pgdn", "G", "enter", "esc", "1")
			term.Resize(120, 40)
			term.WaitFor("tagdiff  ")
			term.Resize(size[0], size[1])
			term.Type("ctrl+c")
			if code := term.Wait(); code != 0 {
				t.Errorf("ctrl+c ended the program with %d", code)
			}
		})
	}
}

// TestKeys_inOneWrite checks that keys which arrive together, as over a slow line,
// each act on the page that the keys before led to.
func TestKeys_inOneWrite(t *testing.T) {
	t.Parallel()
	term := startDemo(t, small)
	const esc, down, enter = "\x1b[27u", "\x1b[B", "\r"
	for _, s := range []struct {
		keys string
		wait []string
	}{
		{"13", []string{"packed differently", "[3 Lay", "a3ed95caeb02"}},
		{"n" + enter, []string{"both empty", "5f70bf18a086"}},
		{esc + "2" + "1" + "3n" + enter, []string{"both empty", "5f70bf18a086"}},
		{esc + "8n?", []string{"next view", "esc close"}},
		{esc + "7" + "/NODE_ENV" + enter, []string{"1 of ", "NODE_ENV=production"}},
		{esc + "o127.0.0.1:1/nowhere:x" + esc + "3s", []string{"A :prod", "[3 Lay"}},
		{strings.Repeat("j", 500) + strings.Repeat("k", 500) + strings.Repeat("Nn", 250) + "1", []string{"[1 Sum"}},
		{"3" + strings.Repeat("k", 50) + strings.Repeat(down, 1) + enter + esc + "2" + esc + "5", []string{"enter tags", "library/python"}},
		{"/python" + enter + enter, []string{"2.7.17-slim", "›"}},
		{"a" + down + down + enter, []string{"A :2 ", "B :2-slim"}},
		{esc + esc + esc + esc + esc, []string{"Browse the registry"}},
	} {
		term.Type(s.keys)
		term.WaitFor(s.wait...)
	}
	term.Type("?" + esc + "13n" + "q")
	if code := term.Wait(); code != 0 {
		t.Errorf("q ended the program with %d", code)
	}
}
