package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/demo"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// onTheWire writes a response unchanged; net/http would correct it.
func onTheWire(status int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		answer(conn, buf, fmt.Sprintf("HTTP/1.1 %d %s\r\n%s\r\n%s", status, "As It Is", header, body))
	}
}

func answer(_ net.Conn, buf *bufio.ReadWriter, text string) {
	buf.WriteString(text) //nolint:errcheck // the client may be gone
	buf.Flush()           //nolint:errcheck // as above
}

// controlText is text with control sequences and with characters that hide or reverse other text.
const controlText = "\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b[2J\x1b[?1049l\u009b31m\u202egnp\u2066\u200b\U000e0041\x9b\xffZ\u0301\u0301\u0301\u0301\u2028\x85end"

// headerText is the part of it that net/http accepts in a header.
const headerText = "\u009b31m\u202egnp\u2066\u200b\U000e0041\xffZ\u0301\u0301\u0301\u0301\u2028end"

// hostileResponses put that text into each part of a response.
var hostileResponses = []struct {
	name   string
	answer http.HandlerFunc
}{
	{"body of an error", refusesRaw(500, `{"errors":[{"code":"`+jsonText+`","message":"`+jsonText+`","detail":"`+jsonText+`"}]}`)},
	{"body that is not JSON", refusesRaw(404, controlText)},
	{"reason phrase", func(w http.ResponseWriter, r *http.Request) {
		if conn, buf, err := http.NewResponseController(w).Hijack(); err == nil {
			answer(conn, buf, "HTTP/1.1 500 "+controlText+"\r\n\r\n")
			conn.Close()
		}
	}},
	{"no HTTP", func(w http.ResponseWriter, r *http.Request) {
		if conn, buf, err := http.NewResponseController(w).Hijack(); err == nil {
			answer(conn, buf, controlText+"\r\n\r\n")
			conn.Close()
		}
	}},
	{"name of a header", onTheWire(200, controlText+": x\r\n", "")},
	{"value of a header", onTheWire(200, "Content-Type: "+controlText+"\r\n", "")},
	{"challenge", onTheWire(401, `WWW-Authenticate: Bearer realm="`+headerText+`",service="`+headerText+`",scope="`+headerText+"\"\r\nContent-Length: 0\r\n", "")},
	{"scheme of a challenge", onTheWire(401, "WWW-Authenticate: "+headerText+"\r\nContent-Length: 0\r\n", "")},
	{"realm", onTheWire(401, "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:1/\u202e%1b%5b2J\u009b31m\"\r\nContent-Length: 0\r\n", "")},
	{"media type", onTheWire(200, "Content-Type: "+headerText+"\r\nContent-Length: 2\r\n", "{}")},
	{"digest", onTheWire(200, "Content-Type: "+imageType+"\r\nDocker-Content-Digest: "+headerText+"\r\nContent-Length: 2\r\n", "{}")},
	{"wait", onTheWire(403, "Retry-After: "+headerText+"\r\nRateLimit-Limit: "+headerText+"\r\nRateLimit-Remaining: "+headerText+"\r\nContent-Length: 0\r\n", "")},
	{"redirect", onTheWire(307, "Location: http://127.0.0.1:1/\u2066%1b\r\nContent-Length: 0\r\n", "")},
	{"redirect to nothing", onTheWire(307, "Location: \u202e"+headerText+"\r\nContent-Length: 0\r\n", "")},
	{"length", onTheWire(200, "Content-Type: "+imageType+"\r\nContent-Length: "+headerText+"\r\n", "{}")},
	{"manifest", manifestSays(`{"schemaVersion":2,"mediaType":"` + jsonText + `","layers":[{"digest":"` + jsonText + `"}]}`)},
	{"manifest of garbage", manifestSays(controlText)},
	{"list", manifestSays(`{"name":"app","tags":["` + jsonText + `","x"],"repositories":["` + jsonText + `"]}`)},
	{"next page", onTheWire(200, "Content-Type: application/json\r\nLink: <"+headerText+">; rel=\"next\"\r\nContent-Length: 25\r\n", `{"name":"a","tags":["x"]}`)},
}

// jsonText is acted as the content of a JSON string, which has no raw controls.
const jsonText = `\u001b]0;owned\u0007\u001b]52;c;b3duZWQ=\u0007\u001b[2J\u009b31m\u202egnp\u2066\u200b\udb40\udc41Z\u0301\u0301\u0301\u0301\u2028\u0085end`

func refusesRaw(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write([]byte(body)) //nolint:errcheck // the client may be gone
	}
}

// printable fails if out has anything but printable text and line breaks.
func printable(t *testing.T, what, out string) {
	t.Helper()
	for _, line := range strings.Split(out, "\n") {
		if clean := safe.Clean(line).String(); clean != line {
			t.Errorf("%s says %q", what, line)
		}
	}
}

// TestHostileResponses_commandLine checks that text from any part of a response
// reaches the terminal as printable text only.
func TestHostileResponses_commandLine(t *testing.T) {
	t.Parallel()
	for _, tt := range hostileResponses {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(tt.answer)
			defer s.Close()
			host := strings.TrimPrefix(s.URL, "http://")
			log := filepath.Join(t.TempDir(), "log")
			for _, args := range [][]string{
				{"--log", log, host + "/app:1", ":2"}, {"-o", "json", host + "/app:1"}, {"-o", "markdown", host + "/app"}, {host}, {"--digests", host + "/app"},
			} {
				got := cli(t, args...)
				printable(t, fmt.Sprint(args), got.out+got.errors)
				if strings.Contains(got.errors, "panic") {
					t.Errorf("%s", got.errors)
				}
			}
			written, err := os.ReadFile(log)
			if err != nil || len(written) == 0 {
				t.Errorf("nothing logged: %v", err)
			}
			if i := strings.IndexFunc(string(written), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("the log says %q", written[i:])
			}
		})
	}
}

// TestHostileResponses_screen checks the same on the screen of a terminal emulator.
func TestHostileResponses_screen(t *testing.T) {
	t.Parallel()
	for _, tt := range hostileResponses {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(tt.answer)
			defer s.Close()
			host := strings.TrimPrefix(s.URL, "http://")
			term := uitest.Start(t, uitest.Options{Width: 80, Height: 24}, host+"/app:1", ":2")
			term.WaitFor("A :1", "0 Sch")
			term.Type("o", host+"/app", "enter")
			term.WaitFor("tagdiff  " + host + " › app")
			term.Type("t")
			if got := term.Clipboard(); got != "" {
				t.Errorf("the clipboard has %q", got)
			}
			if got := term.Title(); !strings.HasPrefix(got, "tagdiff ") || strings.Contains(got, "owned") {
				t.Errorf("the title is %q", got)
			}
			if !term.AltScreen() {
				t.Error("the screen of the shell is shown")
			}
			printable(t, "the screen", term.Screen())
			term.Type("ctrl+c")
			if code := term.Wait(); code != 0 || term.AltScreen() {
				t.Errorf("it ended with code %d", code)
			}
		})
	}
}

// TestUnsolicitedResponses_notShown checks that a response on an idle connection does
// not reach the terminal: net/http writes it to the standard log.
func TestUnsolicitedResponses_notShown(t *testing.T) {
	t.Parallel()
	idle, gone := make(chan net.Conn, 100), make(chan net.Conn, 100)
	s := httptest.NewUnstartedServer(demo.Handler())
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateIdle:
			idle <- c
		case http.StateClosed:
			gone <- c
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	say := func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Said: unasked\r\n") }

	log := filepath.Join(t.TempDir(), "log")
	term := uitest.Start(t, small, "--log", log, host)
	term.WaitFor("1/18")
	c := <-idle
	say(c)
	for c != <-gone { // then the client has read it
	}
	term.Type("down") // changes little of the screen, and is drawn after what was written
	if screen := term.WaitFor("2/18").Text(); strings.Contains(screen, "nasked") || strings.Contains(screen, "nsolicited") {
		t.Errorf("it reached the terminal:\n%s", screen)
	}

	if written, err := os.ReadFile(log); err != nil || !strings.Contains(string(written), "unasked") {
		t.Errorf("it is not in the log: %v\n%s", err, written)
	}

	go func() {
		for c := range idle {
			say(c)
		}
	}()
	// It may also arrive during the next request and count as its response.
	if got := cli(t, "-o", "text", host+"/library/python:2.7.16"); strings.Contains(got.errors, "nsolicited") {
		t.Errorf("it reached standard error: %s", got.errors)
	}
}
