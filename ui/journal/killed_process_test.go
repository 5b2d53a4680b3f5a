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

// Variables that make the test binary a program that looks at tags for ever.
const (
	writerDir  = "TAGDIFF_TEST_JOURNAL"
	writerName = "TAGDIFF_TEST_WRITER"
)

const writerTags = 40

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		writeForEver(dir, os.Getenv(writerName))
	}
	os.Exit(m.Run())
}

// writeForEver looks at its own tags, and says after each round that it is on
// the disk. The looks of a round are far enough from the last to be written.
func writeForEver(dir, name string) {
	start, err := strconv.Atoi(os.Getenv(writerName + "_ROUND"))
	if err != nil {
		panic(err)
	}
	for round := start; ; round++ {
		j := Open(dir, func(s string) { fmt.Println("warning:", s) })
		var looks []Record
		for i := range writerTags {
			looks = append(looks, rec(fmt.Sprintf("%s-%d", name, i), fmt.Sprint(name, i), round*11))
		}
		j.Record(app, looks)
		j.Close()
		fmt.Println(round)
	}
}

// writer is such a program.
type writer struct {
	name  string
	round int // that it said is on the disk
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

func (w *writer) heard(t *testing.T, line string) {
	t.Helper()
	n, err := strconv.Atoi(line)
	if err != nil {
		t.Errorf("%s says %q", w.name, line)
		return
	}
	w.round = n
}

// kill ends it wherever it is, and takes in what it had said.
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

// TestKilled: several programs write, one after the other is killed anywhere,
// and all that they said was written is there.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	writers := []*writer{{name: "x"}, {name: "y"}, {name: "z"}}
	for _, w := range writers {
		w.start(t, dir)
	}
	for i := range 12 {
		w := writers[i%len(writers)]
		w.read(t, 2+i%3)
		w.kill(t)
		if i%4 == 3 { // as if it had been killed within a write
			tear(t, file(dir))
		}
		w.start(t, dir)
	}
	for _, w := range writers {
		w.kill(t)
	}
	got := history(t, dir)
	if len(got) != len(writers)*writerTags {
		t.Errorf("%d tags are known", len(got))
	}
	for _, w := range writers {
		for i := range writerTags {
			tag := fmt.Sprintf("%s-%d", w.name, i)
			if line := got[tag]; len(line) != 1 || line[0].Last.Before(at(w.round*11)) {
				t.Fatalf("%s was written in round %d, and is known as %v", tag, w.round, line)
			}
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, "*damaged*")); len(aside) > 0 {
		t.Errorf("files were set aside: %q", aside)
	}
}

// tear leaves half a line at the end of a file, as a program does that is
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

// TestTorn: half a line at the end is skipped, and gone with the next look.
func TestTorn(t *testing.T) {
	whole := string(appendLine(nil, "prod", model1("a", 0)))
	for _, torn := range []string{"{", whole[:len(whole)-1], whole[:40], strings.Repeat("\x00", 5000), strings.Repeat("x", 200_000)} {
		dir := t.TempDir()
		put(t, file(dir), whole+torn)
		wantBrief(t, history(t, dir)["prod"], "a 0")
		record(t, dir, Record{Tag: "prod", Digest: dig("b"), At: at(1)})
		wantBrief(t, history(t, dir)["prod"], "a 0, b 1")
		if got, want := content(t, file(dir)), whole+string(appendLine(nil, "prod", model1("b", 1))); got != want {
			t.Errorf("after %.20q: %q, not %q", torn, got, want)
		}
	}
}

// TestDamaged: good lines go on, the rest is kept beside, with a word.
func TestDamaged(t *testing.T) {
	a, b := string(appendLine(nil, "prod", model1("a", 0))), string(appendLine(nil, "prod", model1("b", 5)))
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
			j, said := opened(t, dir)
			h, err := j.History(app)
			if err != nil {
				t.Error(err)
			}
			wantBrief(t, h["prod"], "a 0, b 5")
			j.Close()
			words := said.all()
			if len(words) != 1 || !strings.Contains(words[0], "the journal of localhost:5000/app was damaged (1 line)") {
				t.Fatalf("the journal says %q", words)
			}
			aside, err := filepath.Glob(filepath.Join(dir, "*.damaged-20261118T130000Z"))
			if err != nil || len(aside) != 1 || content(t, aside[0]) != damaged || !strings.Contains(words[0], aside[0]) {
				t.Errorf("aside are %q, %v; %q", aside, err, words[0])
			}
			if got := content(t, file(dir)); got != a+b {
				t.Errorf("%q goes on", got)
			}
			record(t, dir, rec("prod", "a", 9)) // without a word
			wantBrief(t, history(t, dir)["prod"], "a 0, b 5, a 9")
		})
	}
}

// TestDamagedAgain: neither is lost when both happen in the same second.
func TestDamagedAgain(t *testing.T) {
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

// TestTooLong: of a file that somebody blew up the end is read, and it is
// short again.
func TestTooLong(t *testing.T) {
	dir := t.TempDir()
	put(t, file(dir), "")
	if err := os.Truncate(file(dir), maxFile+1000); err != nil { // zeroes
		t.Fatal(err)
	}
	f, err := os.OpenFile(file(dir), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "\n%s", appendLine(nil, "prod", model1("a", 0)))
	f.Close()
	record(t, dir, rec("prod", "b", 1))
	wantBrief(t, history(t, dir)["prod"], "a 0, b 1")
	if n := len(content(t, file(dir))); n > 1000 {
		t.Errorf("the file still has %d bytes", n)
	}
}

// TestNotWritable: one word, and what was seen is known until the end.
func TestNotWritable(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	put(t, blocked, "")
	folder := t.TempDir()
	if err := os.Mkdir(file(folder), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"no folder": filepath.Join(blocked, "journal"), "a folder for a file": folder} {
		t.Run(name, func(t *testing.T) {
			j, said := opened(t, dir)
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
			if words := said.all(); len(words) != 1 || !strings.Contains(words[0], "cannot be written") || strings.Contains(words[0], "\n") {
				t.Errorf("the journal says %q", words)
			}
		})
	}
}

// TestLockIsHeld: a program that is stopped while it has the lock costs what
// was seen, and no more.
func TestLockIsHeld(t *testing.T) {
	dir := t.TempDir()
	j, said := opened(t, dir)
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
	if words := said.all(); len(words) != 1 || !strings.Contains(words[0], "another tagdiff holds its lock") {
		t.Errorf("the journal says %q", words)
	}
}
