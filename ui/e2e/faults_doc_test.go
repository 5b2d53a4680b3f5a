package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/ui/uitest"
)

// This file writes docs/faults.md from the table of faults and from one measured
// run of tagdiff, crane and regctl.

var measure = flag.String("measure", "", "run tagdiff, crane and regctl on the faults whose group matches this expression and write testdata/faults.json; Linux only")

const (
	measured  = "testdata/faults.json"
	maxTime   = 150 * time.Second // of one run of a tool
	maxMemory = 1 << 30           // bytes
)

// measurement has the result of each tool for each fault, in one run.
type measurement struct {
	Versions map[string]string         `json:"versions"`
	Faults   map[string]map[string]end `json:"faults"` // by fault, by tool
}

// cell is the table cell for a tool and a fault.
func (m measurement) cell(f fault, tool string) string {
	if e, ok := m.Faults[f.name][tool]; ok {
		return e.String()
	}
	return "not measured"
}

// end is the result of one run of a tool.
type end struct {
	Code    int     `json:"code"`
	Seconds float64 `json:"seconds"`
	Why     string  `json:"why,omitempty"` // the limit at which it was killed: "time" or "memory"
}

// String is the text of a table cell.
func (e end) String() string {
	switch e.Why {
	case "time":
		return fmt.Sprintf("killed after %d s", int(maxTime.Seconds()))
	case "memory":
		return "killed at 1 GiB of memory"
	}
	return fmt.Sprintf("exit %d, %s", e.Code, about(e.Seconds))
}

func about(seconds float64) string {
	if seconds < 1.5 {
		return "at once"
	}
	return fmt.Sprintf("%d s", int(math.Round(seconds)))
}

// TestFaults_doc checks that docs/faults.md has the table of the tests.
func TestFaults_doc(t *testing.T) {
	if *measure != "" {
		t.Skip("measuring")
	}
	m := lastMeasurement(t)
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
	if d := gocmp.Diff(string(have), doc); d != "" {
		t.Errorf("%s does not match the tests; go test -run TestFaults_doc -update . writes it\n%s", path, d)
	}
}

func lastMeasurement(t *testing.T) (m measurement) {
	t.Helper()
	raw, err := os.ReadFile(measured)
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func faultsDoc(m measurement) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Faults

What tagdiff does when a registry is broken or malicious. HOST is the registry, … stands for text that differs from run to run. Every
row is a test. A report prints the error on one line of standard error and ends with exit code 2, unless the row has another code; what
could be read is shown. With two references the line has the error of each, and one remedy. A screen shows the error in place of the
data ("endless pages" and the rows about tables of contents are tested with reports only). There %s reads again and gets the next
good response at once, and q and ctrl-c work at once while a server is silent. A table of contents that cannot be used is an error only
where --max-read is too small for the layers; else they are read.

The last two columns are the results of crane %s and regctl %s for the same servers in one run. Each tool read the config of one of
the images, the layer, or the same list. A tool was killed after %d s or at 1 GiB of memory. Exit 0 means that the tool printed the data
without an error. Both read whole layers and no table of contents, so its faults do not reach them.
`, "`r`", m.Versions["crane"], m.Versions["regctl"], int(maxTime.Seconds()))
	group := ""
	for _, f := range faults {
		if f.group != group {
			group = f.group
			fmt.Fprintf(&b, "\n## %s\n\n| fault | error of tagdiff | limit | tagdiff | crane | regctl |\n|---|---|---|---|---|---|\n", group)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", f.name, f.words(), f.bound, m.cell(f, "tagdiff"), m.cell(f, "crane"), m.cell(f, "regctl"))
	}
	return b.String() + packageFaultsDoc()
}

// words is the error as a table cell.
func (f fault) words() string {
	said := cmp.Or(f.doc, f.cause)
	if f.next != "" {
		said += "; " + f.next
	}
	if f.rest != nil && f.doc == "" {
		said += " (and shows the rest)"
	}
	return strings.ReplaceAll(said, "|", `\|`)
}

// TestFaults_measure runs tagdiff, crane and regctl on every fault.
func TestFaults_measure(t *testing.T) {
	if *measure == "" {
		t.Skip("only with -measure")
	}
	groups, m := regexp.MustCompile(*measure), lastMeasurement(t)
	for tool, args := range map[string][]string{"crane": {"version"}, "regctl": {"version", "--format", "{{.VCSTag}}"}} {
		out, err := exec.Command(tool, args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		m.Versions[tool] = strings.TrimSpace(string(out))
	}
	var mu sync.Mutex
	var runs sync.WaitGroup
	at, places := time.Now(), make(chan struct{}, 2) // for runs that need the processor; one that waits frees its place
	for _, f := range faults {
		if !groups.MatchString(f.group) {
			continue
		}
		host := newFaulty(t, f.answer).host
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

// commands are the command lines of the tools for the content with the fault.
func (f fault) commands(t *testing.T, host string) map[string][]string {
	t.Helper()
	first := at(host, f.open...)[0]
	isInside := 0
	if f.group == layersGroup {
		isInside = 1 // other arguments only make the tests faster
	}
	crane, regctl := []string{"crane"}, []string{"regctl", "--host", "reg=" + host + ",tls=disabled"}
	switch {
	case first == host:
		crane, regctl = append(crane, "catalog", host), append(regctl, "repo", "ls", host)
	case len(f.open) == 1:
		crane, regctl = append(crane, "ls", first), append(regctl, "tag", "ls", first)
	case f.group == layersGroup:
		_, blob := layerWith("run\n")
		layer := digest.FromBytes(blob).String()
		if f.isTable() {
			_, _, layer = tableImages()
		}
		repo := strings.TrimSuffix(first, ":odd")
		crane, regctl = append(crane, "blob", repo+"@"+layer), append(regctl, "blob", "get", repo, layer)
	case f.group == data:
		crane, regctl = append(crane, "config", "--platform", "linux/arm64", first), append(regctl, "image", "config", "--platform", "linux/arm64", first)
	default:
		crane, regctl = append(crane, "config", first), append(regctl, "image", "config", first)
	}
	return map[string][]string{"tagdiff": slices.Concat([]string{uitest.Build(t), "-o", "text"}, f.args[:min(len(f.args), isInside)], at(host, f.open...)), "crane": crane, "regctl": regctl}
}

// timed runs a tool until it ends or reaches a limit. waits is called when the tool
// only waits for the server or has ended.
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
			case waited > maxTime:
				e.Why = "time"
				cmd.Process.Kill() //nolint:errcheck // it may have ended
			case memory > maxMemory:
				e.Why = "memory"
				cmd.Process.Kill() //nolint:errcheck // as above
			case waited > 10*time.Second && memory < maxMemory/8:
				waits()
			}
		}
	}
}

// resident is the resident memory of a process in bytes, 0 if it is unknown.
func resident(pid int) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, pages int
	fmt.Sscan(string(raw), &size, &pages) //nolint:errcheck // as above
	return pages * os.Getpagesize()
}
