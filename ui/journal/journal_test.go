package journal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model"
)

func TestJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "journal")
	created := time.Date(2026, 11, 1, 8, 0, 0, 123, time.FixedZone("", 3600))
	record(t, dir, rec("prod", "a", 0), rec("prod", "a", 5), rec("prod", "b", 20), rec("testing", "b", 1))
	record(t, dir, Record{Tag: "prod", Digest: dig("b"), MediaType: imageType, Created: &created, At: at(40).Add(time.Millisecond)})
	got := history(t, dir)
	utc := created.UTC().Truncate(time.Second)
	want := map[string]model.Timeline{
		"prod": {
			{Digest: dig("a"), MediaType: imageType, First: at(0), Last: at(5)},
			{Digest: dig("b"), MediaType: imageType, Created: &utc, First: at(20), Last: at(40)},
		},
		"testing": {{Digest: dig("b"), MediaType: imageType, First: at(1), Last: at(1)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	j, _ := opened(t, dir)
	if d, ok := j.Known(app.WithTag("prod")); !ok || d != dig("b") {
		t.Errorf("prod is known as %s, %v", d, ok)
	}
	for _, ref := range []model.Ref{app.WithTag("other"), app, app.AtDigest(dig("b")), {Registry: "elsewhere", Repository: "app", Tag: "prod"}} {
		if d, ok := j.Known(ref); ok {
			t.Errorf("%s is known as %s", ref, d)
		}
	}
}

// TestKnown_unwritten checks that a record is known before it is written.
func TestKnown_unwritten(t *testing.T) {
	j, _ := opened(t, t.TempDir())
	for i, content := range []string{"a", "a", "b"} {
		j.Record(app, []Record{rec("prod", content, i)})
		if d, ok := j.Known(app.WithTag("prod")); !ok || d != dig(content) {
			t.Errorf("after record %d prod is known as %s, %v", i, d, ok)
		}
	}
	h, err := j.History(app)
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, h["prod"], "a 0-1, b 2")
}

// TestTimeline_sharesDetails checks that a sighting without a build date, as HEAD
// gives it, gets the date of an earlier sighting of its digest.
func TestTimeline_sharesDetails(t *testing.T) {
	j, _ := opened(t, t.TempDir())
	built := noon.Add(-time.Hour)
	first := rec("prod", "a", 0)
	first.Created = &built
	j.Record(app, []Record{first, rec("prod", "b", 10), rec("prod", "a", 20)})
	past, err := j.Timeline(app.WithTag("prod"))
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, past, "a 0, b 10, a 20")
	if c := past[2].Created; c == nil || !c.Equal(built) {
		t.Errorf("the newest sighting has the build date %v", c)
	}
	if past[1].Created != nil {
		t.Error("the sighting of another digest has a build date")
	}
}

// TestJournal_manyRepositories checks that memory holds some repositories only, and
// that no record is lost.
func TestJournal_manyRepositories(t *testing.T) {
	dir := t.TempDir()
	j, _ := opened(t, dir)
	const many = 5 * maxLogs
	repo := func(i int) model.Ref { return model.Ref{Registry: "reg.example", Repository: fmt.Sprint("app", i)} }
	for i := range many {
		j.Record(repo(i), []Record{rec("prod", fmt.Sprint(i), 0)})
		j.flush(false)
	}
	j.mu.Lock()
	if n := len(j.logs); n > maxLogs {
		t.Errorf("%d logs in memory", n)
	}
	j.mu.Unlock()
	for i := range many {
		if d, ok := j.Known(repo(i).WithTag("prod")); !ok || d != dig(fmt.Sprint(i)) {
			t.Errorf("of app%d %s is known, %v", i, d, ok)
		}
	}
	for i := range many { // at once, before anything is written
		j.Record(repo(i), []Record{rec("test", fmt.Sprint(i), 1)})
	}
	for i := range many {
		if d, ok := j.Known(repo(i).WithTag("test")); !ok || d != dig(fmt.Sprint(i)) {
			t.Errorf("of app%d %s is known, %v", i, d, ok)
		}
	}
}

// TestRecord_equalSightings checks that equal sightings add few lines.
func TestRecord_equalSightings(t *testing.T) {
	dir := t.TempDir()
	j, _ := opened(t, dir)
	for i := range 600 {
		record := rec("prod", "a", 0)
		record.At = noon.Add(time.Duration(i) * 2 * time.Second)
		j.Record(app, []Record{record})
		if _, err := j.History(app); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	if n := strings.Count(content(t, file(dir)), "\n"); n != 2 {
		t.Errorf("600 equal sightings in 20 minutes wrote %d lines, not 2", n)
	}
	// A new detail adds a line.
	created := at(-100)
	record(t, dir, Record{Tag: "prod", Digest: dig("a"), Created: &created, At: at(21)}, Record{Tag: "prod", Digest: dig("a"), Created: &created, At: at(22)})
	if n := strings.Count(content(t, file(dir)), "\n"); n != 3 {
		t.Errorf("with a new date there are %d lines, not 3", n)
	}
	if got := history(t, dir)["prod"]; len(got) != 1 || got[0].Created == nil || got[0].MediaType != imageType {
		t.Errorf("the sightings do not complete each other: %+v", got)
	}
}

// TestRecord_move checks that a move also writes the last time of the previous digest.
func TestRecord_move(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, rec("prod", "a", 0), rec("prod", "a", 9), rec("prod", "b", 10))
	wantBrief(t, history(t, dir)["prod"], "a 0-9, b 10")
}

// TestRecord_invalid checks that invalid records are dropped and invalid details removed.
func TestRecord_invalid(t *testing.T) {
	dir := t.TempDir()
	far := time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600))
	record(t, dir,
		Record{Tag: "", Digest: dig("a"), At: noon}, Record{Tag: "a b", Digest: dig("a"), At: noon}, Record{Tag: "x", Digest: "sha256:x", At: noon},
		Record{Tag: "x", Digest: dig("a")}, Record{Tag: "x", Digest: dig("a"), At: far},
		Record{Tag: "odd", Digest: dig("a"), MediaType: strings.Repeat("x", 5000), Created: &far, At: noon},
		Record{Tag: "escape", Digest: dig("a"), MediaType: strings.Repeat("\x1b", 255), At: noon})
	got := history(t, dir)
	if len(got) != 2 || got["odd"][0].MediaType != "" || got["odd"][0].Created != nil || len(got["escape"][0].MediaType) != 255 {
		t.Errorf("got %v", got)
	}
}

// TestFileName checks that names are short, valid and unique on every file system.
func TestFileName(t *testing.T) {
	long := strings.Repeat("x", 200)
	seen := map[string]string{}
	for _, repo := range []model.Ref{
		app, {Registry: "LOCALHOST:5000", Repository: "app"}, {Registry: "localhost", Repository: "5000/app"},
		{Registry: "localhost:5000", Repository: "app/x"}, {Registry: "localhost:5000", Repository: "app%2fx"},
		{Registry: "[::1]:5000", Repository: "a..b__c--d"}, {Registry: "../..", Repository: "../x"},
		{Registry: long, Repository: "a"}, {Registry: long, Repository: "b"},
	} {
		name := fileName(repo)
		if other, taken := seen[strings.ToLower(name)]; taken {
			t.Errorf("%s and %s share the file %s", repo, other, name)
		}
		seen[strings.ToLower(name)] = repo.String()
		if len(name) > 200 || strings.ContainsAny(name, `/\:*?"<>| `) || strings.HasPrefix(name, ".") {
			t.Errorf("%s has the file %s", repo, name)
		}
		if fileName(repo.WithTag("x")) != name {
			t.Errorf("a tag of %s has another file", repo)
		}
	}
}

// TestAddObservation_anyOrder checks that the timeline does not depend on the order
// and the repetition of observations.
func TestAddObservation_anyOrder(t *testing.T) {
	moments := []string{"a", "a", "b", "b", "b", "c", "a", "a", "d", "c"}
	want := "a 0-1, b 2-4, c 5, a 6-7, d 8, c 9"
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		var got model.Timeline
		for range 3 {
			for _, i := range r.Perm(len(moments)) {
				got = addObservation(got, model.Sighting{Digest: dig(moments[i]), First: at(i)})
			}
		}
		if b := brief(got); b != want {
			// A split sighting is certain at its ends only, so an observation
			// may be needed twice. Files have each line again and again.
			t.Fatalf("seed %d: %q, not %q", seed, b, want)
		}
	}
}

// TestAddObservation_sameSecond checks a move within one second.
func TestAddObservation_sameSecond(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, rec("prod", "a", 0), rec("prod", "b", 0), rec("prod", "b", 20))
	for range 2 {
		wantBrief(t, history(t, dir)["prod"], "a 0, b 0-20")
		record(t, dir, rec("prod", "a", 0))
	}
}

func TestPrune(t *testing.T) {
	var many, old model.Timeline
	for i := range 500 {
		many = append(many, model.Sighting{Digest: dig(fmt.Sprint(i)), First: at(i), Last: at(i)})
	}
	day := 24 * 60
	for i := range 5 {
		old = append(old, model.Sighting{Digest: dig(fmt.Sprint(i)), First: at(i * 100 * day), Last: at((i*100 + 50) * day)})
	}
	for _, tt := range []struct {
		name string
		t    model.Timeline
		days int
		want int
	}{
		{"many", many, 1, maxSightings},
		{"young", old, 449, 5},
		{"one is too old", old, 451, 4},
		{"all are too old", old, 5000, 1},
	} {
		got := prune(tt.t, at(tt.days*day))
		if len(got) != tt.want || !got[len(got)-1].First.Equal(tt.t[len(tt.t)-1].First) {
			t.Errorf("%s: %d sightings are kept, not %d", tt.name, len(got), tt.want)
		}
	}
}

// TestHistory_future checks that sightings in the future are ignored but kept.
func TestHistory_future(t *testing.T) {
	dir := t.TempDir()
	day := 24 * 60
	record(t, dir, rec("prod", "a", 0), rec("prod", "b", 900*day), rec("soon", "a", day/2))
	got := history(t, dir)
	wantBrief(t, got["prod"], "a 0")
	wantBrief(t, got["soon"], fmt.Sprintf("a %d", day/2))
	j, _ := opened(t, dir)
	if d, _ := j.Known(app.WithTag("prod")); d != dig("a") {
		t.Errorf("a sighting in the future is known: %s", d)
	}
	j.now = func() time.Time { return at(1000 * day) }
	h, err := j.History(app)
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, h["prod"], fmt.Sprintf("a 0, b %d", 900*day))
}

// TestCompact checks that a file with many redundant lines is rewritten.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	for i := range 40 {
		var records []Record
		for tag := range 50 {
			records = append(records, rec(fmt.Sprint("tag", tag), fmt.Sprint(tag), i*11))
		}
		record(t, dir, records...)
	}
	info, err := os.Stat(file(dir))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 2*smallFile {
		t.Errorf("50 tags that never moved take %d bytes", info.Size())
	}
	got := history(t, dir)
	if len(got) != 50 {
		t.Errorf("%d tags are left", len(got))
	}
	for tag, timeline := range got {
		if len(timeline) != 1 || !timeline[0].First.Equal(at(0)) || !timeline[0].Last.Equal(at(39*11)) {
			t.Errorf("%s: %v", tag, timeline)
		}
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 2 {
		t.Errorf("there are %q", names)
	}
}

// TestJournal_twoProcesses checks that a process reads the lines that another one
// wrote since.
func TestJournal_twoProcesses(t *testing.T) {
	dir := t.TempDir()
	mine, _ := opened(t, dir)
	mine.Record(app, []Record{rec("prod", "a", 0)})
	flushed(t, mine)
	record(t, dir, rec("prod", "b", 2))
	mine.Record(app, []Record{rec("prod", "a", 4)})
	mine.Close()
	wantBrief(t, history(t, dir)["prod"], "a 0, b 2, a 4")
}

// flushed waits until a journal has nothing left to write.
func flushed(t *testing.T, j *Journal) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(j.unsynced()) > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the journal is not written")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestRemoveStaleFiles(t *testing.T) {
	dir := t.TempDir()
	long, recent := at(-500*24*60), at(-60*24)
	for name, touched := range map[string]time.Time{
		"old%2fapp.jsonl": long, "old%2fapp.jsonl.damaged-20250101T000000Z": long, ".new-1": long, ".new-2": at(59), "mine.txt": long,
		"new%2fapp.jsonl": recent, "new%2fapp.jsonl.damaged-20250101T000000Z": recent,
	} {
		put(t, filepath.Join(dir, name), "")
		if err := os.Chtimes(filepath.Join(dir, name), touched, touched); err != nil {
			t.Fatal(err)
		}
	}
	removeStaleFiles(dir, at(60))
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, n := range names {
		left = append(left, n.Name())
	}
	if diff := cmp.Diff([]string{".new-2", "mine.txt", "new%2fapp.jsonl", "new%2fapp.jsonl.damaged-20250101T000000Z"}, left); diff != "" {
		t.Error(diff)
	}
}

func TestMemory(t *testing.T) {
	j := Memory(func() map[model.Ref]map[string]model.Timeline {
		return map[model.Ref]map[string]model.Timeline{app: {"prod": {{Digest: dig("a"), First: at(0), Last: at(5)}}}}
	})
	j.Record(app, []Record{rec("prod", "b", 10)})
	h, err := j.History(app)
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, h["prod"], "a 0-5, b 10")
	j.Close()
	j.Close()
}

func BenchmarkRecord(b *testing.B) {
	records := make([]Record, 50_000)
	for i := range records {
		records[i] = rec(fmt.Sprintf("1.%d.%d", i/100, i%100), fmt.Sprint(i), 0)
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			j := Open(b.TempDir(), func(s string) { b.Error(s) })
			for i := 0; i < len(records); i += 500 {
				j.Record(app, records[i:i+500])
			}
			j.Close()
		}
	})
	dir := b.TempDir()
	j := Open(dir, func(s string) { b.Error(s) })
	j.Record(app, records)
	j.Close()
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			j := Open(dir, func(s string) { b.Error(s) })
			j.Record(app, records)
			j.Close()
		}
	})
	b.Run("history", func(b *testing.B) {
		for b.Loop() {
			j := Open(dir, func(s string) { b.Error(s) })
			if h, err := j.History(app); err != nil || len(h) != len(records) {
				b.Fatal(len(h), err)
			}
			j.Close()
		}
	})
}

// TestKnown_linesOutOfOrder checks that the newest sighting counts, not the last line:
// of two processes the one with the older sighting may write last.
func TestKnown_linesOutOfOrder(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, rec("prod", "b", 5))
	record(t, dir, rec("prod", "a", 0))
	j, _ := opened(t, dir)
	l, ok := j.Last(app.WithTag("prod"))
	if !ok || l.Digest != dig("b") || !l.Last.Equal(at(5)) {
		t.Errorf("prod was last seen at %s on %s", l.Digest, l.Last)
	}
}
