package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// This file makes docs/faults.md of the table of faults, which the tests hold
// the program to, and of one measured run of it beside crane and regctl.

var measure = flag.Bool("measure", false, "run tagdiff, crane and regctl on every fault and write testdata/faults.json; Linux only")

const (
	measured  = "testdata/faults.json"
	mostTime  = 150 * time.Second // that a tool gets
	mostBytes = 1 << 30           // of memory
)

// measurement is how each tool fared with each fault, in one run.
type measurement struct {
	Versions map[string]string         `json:"versions"`
	Faults   map[string]map[string]end `json:"faults"` // by fault, by tool
}

// cell says how a tool fared with a fault.
func (m measurement) cell(f fault, tool string) string {
	if e, ok := m.Faults[f.name][tool]; ok {
		return e.String()
	}
	return "not measured"
}

// end is how one run of a tool ended.
type end struct {
	Code    int     `json:"code"`
	Seconds float64 `json:"seconds"`
	Why     string  `json:"why,omitempty"` // it was ended: "time" or "memory"
}

// String is what a cell of the table holds.
func (e end) String() string {
	switch e.Why {
	case "time":
		return fmt.Sprintf("not done after %d s", int(mostTime.Seconds()))
	case "memory":
		return "1 GiB in memory, and rising"
	}
	return fmt.Sprintf("exit %d, %s", e.Code, about(e.Seconds))
}

func about(seconds float64) string {
	if seconds < 1.5 {
		return "at once"
	}
	return fmt.Sprintf("%d s", int(math.Round(seconds)))
}

// TestFaultsDoc: the table in the docs is that of the tests.
func TestFaultsDoc(t *testing.T) {
	if *measure {
		t.Skip("measuring")
	}
	var m measurement
	raw, err := os.ReadFile(measured)
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	path, doc := filepath.Join("docs", "faults.md"), faultsDoc(m)
	if uitest.Updating() {
		if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(have), doc); d != "" {
		t.Errorf("%s is not what the tests say; go test -run TestFaultsDoc -update . writes it\n%s", path, d)
	}
}

func faultsDoc(m measurement) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Faults

What tagdiff does when a registry is ill or means ill. HOST is the registry. Every row is a test: a report says these words on one
line of standard error, with exit code 2 unless the row has another, and what can be shown is shown; a screen says them where the
data would be (pages without end are tried as a report alone), %s asks again and gets the next good answer at once, and q and ctrl-c
work at once while a server is silent.

Beside it is how crane %s and regctl %s fared with the same servers in one run, each asked for the config of one of the images, or
for the same list, and ended after %d s or with 1 GiB in memory. exit 0 means that they printed it
without a word.
`, "`r`", m.Versions["crane"], m.Versions["regctl"], int(mostTime.Seconds()))
	group := ""
	for _, f := range faults {
		if f.group != group {
			group = f.group
			fmt.Fprintf(&b, "\n## %s\n\n| fault | tagdiff says | ends at the latest after | tagdiff | crane | regctl |\n|---|---|---|---|---|---|\n", group)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", f.name, f.words(), f.bound, m.cell(f, "tagdiff"), m.cell(f, "crane"), m.cell(f, "regctl"))
	}
	return b.String()
}

// words are what is said, as a cell.
func (f fault) words() string {
	said := strings.TrimRight(f.cause, " (:")
	if strings.Count(said, "(") > strings.Count(said, ")") {
		said += " …)"
	}
	if f.next != "" {
		said += "; " + f.next
	}
	if f.rest != nil {
		said += " (and shows the rest)"
	}
	return strings.ReplaceAll(strings.TrimSpace(said), "|", `\|`)
}

// TestMeasureFaults runs tagdiff and its rivals on every fault.
func TestMeasureFaults(t *testing.T) {
	if !*measure {
		t.Skip("only with -measure")
	}
	m := measurement{Versions: map[string]string{}, Faults: map[string]map[string]end{}}
	for tool, args := range map[string][]string{"crane": {"version"}, "regctl": {"version", "--format", "{{.VCSTag}}"}} {
		out, err := exec.Command(tool, args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		m.Versions[tool] = strings.TrimSpace(string(out))
	}
	var mu sync.Mutex
	var runs sync.WaitGroup
	at, places := time.Now(), make(chan struct{}, 2) // for those that end soon; waiting costs nothing
	for _, f := range faults {
		host := ill(t, f.answer).host
		commands := f.commands(t, host)
		m.Faults[f.name] = map[string]end{}
		for _, tool := range []string{"tagdiff", "crane", "regctl"} {
			cmd := cleanCommand(t.Context(), t, commands[tool][0], commands[tool][1:]...)
			places <- struct{}{}
			runs.Go(func() {
				e := timed(t, cmd, sync.OnceFunc(func() { <-places }))
				mu.Lock()
				defer mu.Unlock()
				m.Faults[f.name][tool] = e
				t.Logf("%5.0f s  %-40s %-8s %s", time.Since(at).Seconds(), f.name, tool, e)
			})
		}
	}
	runs.Wait()
	out, err := json.MarshalIndent(m, "", " ")
	if err == nil {
		err = os.WriteFile(measured, append(out, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// commands are how each tool is asked for what the fault is in.
func (f fault) commands(t *testing.T, host string) map[string][]string {
	t.Helper()
	first := at(host, f.open...)[0]
	crane, regctl := []string{"crane"}, []string{"regctl", "--host", "reg=" + host + ",tls=disabled"}
	switch {
	case first == host:
		crane, regctl = append(crane, "catalog", host), append(regctl, "repo", "ls", host)
	case len(f.open) == 1:
		crane, regctl = append(crane, "ls", first), append(regctl, "tag", "ls", first)
	case f.group == data:
		crane, regctl = append(crane, "config", "--platform", "linux/arm64", first), append(regctl, "image", "config", "--platform", "linux/arm64", first)
	default:
		crane, regctl = append(crane, "config", first), append(regctl, "image", "config", first)
	}
	return map[string][]string{"tagdiff": slices.Concat([]string{uitest.Build(t), "-o", "text"}, at(host, f.open...)), "crane": crane, "regctl": regctl}
}

// timed runs a tool until it ends, or has had enough. waits is called when it
// is clear that the tool only waits, or has ended.
func timed(t *testing.T, cmd *exec.Cmd, waits func()) end {
	t.Helper()
	defer waits()
	var problems bytes.Buffer
	cmd.Stderr = &problems
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return end{}
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var e end
	for ticks := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case err := <-done:
			ticks.Stop()
			if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
				t.Error(err)
			}
			e.Code, e.Seconds = cmd.ProcessState.ExitCode(), time.Since(start).Seconds()
			return e
		case <-ticks.C:
			memory := resident(cmd.Process.Pid)
			switch waited := time.Since(start); {
			case e.Why != "":
			case waited > mostTime:
				e.Why = "time"
				cmd.Process.Kill() //nolint:errcheck // it may have ended
			case memory > mostBytes:
				e.Why = "memory"
				cmd.Process.Kill() //nolint:errcheck // as above
			case waited > 10*time.Second && memory < mostBytes/8:
				waits()
			}
		}
	}
}

// resident is how much memory a process has, in bytes; 0 if that is unknown.
func resident(pid int) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, pages int
	fmt.Sscan(string(raw), &size, &pages) //nolint:errcheck // as above
	return pages * os.Getpagesize()
}
