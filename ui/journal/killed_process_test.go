package journal

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Environment variables that make the test binary record tags without end.
const (
	writerDir  = "TAGDIFF_TEST_JOURNAL"
	writerName = "TAGDIFF_TEST_WRITER"
)

const writerTags = 40

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		writeRounds(dir, os.Getenv(writerName))
	}
	os.Exit(m.Run())
}

// writeRounds records its tags round after round, and prints the number of each
// round that is on the disk. Rounds are so far apart that each writes lines.
func writeRounds(dir, name string) {
	start, err := strconv.Atoi(os.Getenv(writerName + "_ROUND"))
	if err != nil {
		panic(err)
	}
	for round := start; ; round++ {
		j := Open(dir, func(s string) { fmt.Println("warning:", s) })
		var records []Record
		for i := range writerTags {
			records = append(records, rec(fmt.Sprintf("%s-%d", name, i), fmt.Sprint(name, i), round*11))
		}
		j.Record(app, records)
		j.Close()
		fmt.Println(round)
	}
}

// writer is a process that runs writeRounds.
type writer struct {
	name  string
	round int // the last one it printed
	cmd   *exec.Cmd
	out   *bufio.Scanner
}

func (w *writer) start(t *testing.T, dir string) {
	t.Helper()
	w.cmd = exec.Command(os.Args[0])
	w.cmd.Env = append(os.Environ(), writerDir+"="+dir, writerName+"="+w.name, writerName+"_ROUND="+strconv.Itoa(w.round+1))
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.out = bufio.NewScanner(out)
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.cmd.Process.Kill(); w.cmd.Wait() }) //nolint:errcheck // it may be gone
}

// read waits for some rounds.
func (w *writer) read(t *testing.T, rounds int) {
	t.Helper()
	for ; rounds > 0 && w.out.Scan(); rounds-- {
		w.heard(t, w.out.Text())
	}
	if rounds > 0 {
		t.Fatalf("%s ended by itself", w.name)
	}
}

// heard takes a printed line.
func (w *writer) heard(t *testing.T, line string) {
	t.Helper()
	n, err := strconv.Atoi(line)
	if err != nil {
		t.Errorf("%s printed %q", w.name, line)
		return
	}
	w.round = n
}

// kill kills the process at any point, and reads what it printed.
func (w *writer) kill(t *testing.T) {
	t.Helper()
	if err := w.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for w.out.Scan() {
		w.heard(t, w.out.Text())
	}
	w.cmd.Wait() //nolint:errcheck // it was killed
}

// TestJournal_processKilled kills several writers at any point, and checks that every
// round they printed is in the journal.
func TestJournal_processKilled(t *testing.T) {
	dir := t.TempDir()
	writers := []*writer{{name: "x"}, {name: "y"}, {name: "z"}}
	for _, w := range writers {
		w.start(t, dir)
	}
	for i := range 12 {
		w := writers[i%len(writers)]
		w.read(t, 2+i%3)
		w.kill(t)
		if i%4 == 3 { // like a kill within a write
			tear(t, file(dir))
		}
		w.start(t, dir)
	}
	for _, w := range writers {
		w.kill(t)
	}
	got := history(t, dir)
	if len(got) != len(writers)*writerTags {
		t.Errorf("the journal has %d tags", len(got))
	}
	for _, w := range writers {
		for i := range writerTags {
			tag := fmt.Sprintf("%s-%d", w.name, i)
			if line := got[tag]; len(line) != 1 || line[0].Last.Before(at(w.round*11)) {
				t.Fatalf("%s was written in round %d, the journal has %v", tag, w.round, line)
			}
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, "*damaged*")); len(aside) > 0 {
		t.Errorf("files were set aside: %q", aside)
	}
}

// tear leaves an incomplete line at the end of a file, like a process that is
// killed while it holds the lock.
func tear(t *testing.T, path string) {
	t.Helper()
	unlock, err := Open(filepath.Dir(path), func(string) {}).acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(`{"tag":"torn","digest":"sha256:0123`); err != nil {
		t.Fatal(err)
	}
}

// TestJournal_incompleteLine checks that an incomplete last line is ignored, and
// removed by the next write.
func TestJournal_incompleteLine(t *testing.T) {
	whole := string(appendLine(nil, "prod", sighting("a", 0)))
	for _, torn := range []string{"{", whole[:len(whole)-1], whole[:40], strings.Repeat("\x00", 5000), strings.Repeat("x", 200_000)} {
		dir := t.TempDir()
		put(t, file(dir), whole+torn)
		wantBrief(t, history(t, dir)["prod"], "a 0")
		record(t, dir, Record{Tag: "prod", Digest: dig("b"), At: at(1)})
		wantBrief(t, history(t, dir)["prod"], "a 0, b 1")
		if got, want := content(t, file(dir)), whole+string(appendLine(nil, "prod", sighting("b", 1))); got != want {
			t.Errorf("after %.20q: %q, not %q", torn, got, want)
		}
	}
}

// TestJournal_damagedFile checks that readable lines are kept, that the damaged file
// gets another name, and that there is one warning.
func TestJournal_damagedFile(t *testing.T) {
	a, b := string(appendLine(nil, "prod", sighting("a", 0))), string(appendLine(nil, "prod", sighting("b", 5)))
	for name, bad := range map[string]string{
		"no JSON": "it works!\n", "binary": "\x7fELF\x00\x01\xff\n", "zeroes": strings.Repeat("\x00", 4096) + "\n", "empty": "\n", "null": "null\n",
		"long": strings.Repeat("x", 300_000) + "\n", "no tag": `{"digest":"` + dig("a").String() + `","at":"2026-11-18T12:00:00Z"}` + "\n",
		"tag":    `{"tag":"a b","digest":"` + dig("a").String() + `","at":"2026-11-18T12:00:00Z"}` + "\n",
		"digest": `{"tag":"a","digest":"sha256:1","at":"2026-11-18T12:00:00Z"}` + "\n",
		"time":   `{"tag":"a","digest":"` + dig("a").String() + `","at":"yesterday"}` + "\n",
		"never":  `{"tag":"a","digest":"` + dig("a").String() + `"}` + "\n",
		"back":   `{"tag":"a","digest":"` + dig("a").String() + `","first":"2026-11-18T12:00:00Z","last":"2026-11-17T12:00:00Z"}` + "\n",
		"two":    a[:len(a)-1] + b,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			damaged := a + bad + b
			put(t, file(dir), damaged)
			j, warned := opened(t, dir)
			h, err := j.History(app)
			if err != nil {
				t.Error(err)
			}
			wantBrief(t, h["prod"], "a 0, b 5")
			j.Close()
			lines := warned.all()
			if len(lines) != 1 || !strings.Contains(lines[0], "the journal of localhost:5000/app was damaged (unreadable lines: 1)") {
				t.Fatalf("warnings: %q", lines)
			}
			aside, err := filepath.Glob(filepath.Join(dir, "*.damaged-20261118T130000Z"))
			if err != nil || len(aside) != 1 || content(t, aside[0]) != damaged || !strings.Contains(lines[0], aside[0]) {
				t.Errorf("aside are %q, %v; %q", aside, err, lines[0])
			}
			if got := content(t, file(dir)); got != a+b {
				t.Errorf("the new file is %q", got)
			}
			record(t, dir, rec("prod", "a", 9)) // no warning
			wantBrief(t, history(t, dir)["prod"], "a 0, b 5, a 9")
		})
	}
}

// TestJournal_damagedTwice checks that two damaged files of one second are both kept.
func TestJournal_damagedTwice(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		put(t, file(dir), fmt.Sprintf("bad %d\n", i))
		j, _ := opened(t, dir)
		j.Record(app, []Record{rec("prod", "a", 0)})
		j.Close()
	}
	aside, err := filepath.Glob(filepath.Join(dir, "*.damaged-*"))
	if err != nil || len(aside) != 3 {
		t.Errorf("aside are %q, %v", aside, err)
	}
}

// TestJournal_longFile checks that the end of a too long file is read, and that the
// file is compacted.
func TestJournal_longFile(t *testing.T) {
	dir := t.TempDir()
	put(t, file(dir), "")
	if err := os.Truncate(file(dir), maxFile+1000); err != nil { // zeroes
		t.Fatal(err)
	}
	f, err := os.OpenFile(file(dir), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "\n%s", appendLine(nil, "prod", sighting("a", 0)))
	f.Close()
	record(t, dir, rec("prod", "b", 1))
	wantBrief(t, history(t, dir)["prod"], "a 0, b 1")
	if n := len(content(t, file(dir))); n > 1000 {
		t.Errorf("the file still has %d bytes", n)
	}
}

// TestJournal_notWritable checks that there is one warning, and that the journal works
// in memory.
func TestJournal_notWritable(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	put(t, blocked, "")
	folder := t.TempDir()
	if err := os.Mkdir(file(folder), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"no folder": filepath.Join(blocked, "journal"), "a folder for a file": folder} {
		t.Run(name, func(t *testing.T) {
			j, warned := opened(t, dir)
			for i, content := range []string{"a", "b", "c"} {
				j.Record(app, []Record{rec("prod", content, i)})
				flushed(t, j)
			}
			h, err := j.History(app)
			wantBrief(t, h["prod"], "a 0, b 1, c 2")
			if err != nil && !strings.Contains(err.Error(), "cannot be read") {
				t.Error(err)
			}
			j.Close()
			if lines := warned.all(); len(lines) != 1 || !strings.Contains(lines[0], "cannot be written") || strings.Contains(lines[0], "\n") {
				t.Errorf("warnings: %q", lines)
			}
		})
	}
}

// TestJournal_lockHeld checks that a process that never releases the lock does not
// block this one: its records are lost with a warning.
func TestJournal_lockHeld(t *testing.T) {
	dir := t.TempDir()
	j, warned := opened(t, dir)
	unlock, err := Open(dir, func(string) {}).acquire()
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	j.Record(app, []Record{rec("prod", "a", 0)})
	if d, ok := j.Known(app.WithTag("prod")); !ok || d != dig("a") {
		t.Errorf("prod is known as %s, %v", d, ok)
	}
	j.Close()
	if lines := warned.all(); len(lines) != 1 || !strings.Contains(lines[0], "another tagdiff holds its lock") {
		t.Errorf("warnings: %q", lines)
	}
}
