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

func TestRemembers(t *testing.T) {
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

// TestTellsAtOnce: what was recorded is told before it is written.
func TestTellsAtOnce(t *testing.T) {
	j, _ := opened(t, t.TempDir())
	for i, content := range []string{"a", "a", "b"} {
		j.Record(app, []Record{rec("prod", content, i)})
		if d, ok := j.Known(app.WithTag("prod")); !ok || d != dig(content) {
			t.Errorf("after look %d prod is known as %s, %v", i, d, ok)
		}
	}
	h, err := j.History(app)
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, h["prod"], "a 0-1, b 2")
}

// TestWhatIsKnownOfADigestStays: HEAD, which goes back to an old image, does not
// say when that was built.
func TestWhatIsKnownOfADigestStays(t *testing.T) {
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
		t.Errorf("the image of the newest look was built at %v", c)
	}
	if past[1].Created != nil {
		t.Error("the other one was not said to have a date")
	}
}

// TestFewLogs: of many repositories only some are in memory, and of none anything
// is lost.
func TestFewLogs(t *testing.T) {
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

// TestWritesLittle: a look that says the same again costs nothing.
func TestWritesLittle(t *testing.T) {
	dir := t.TempDir()
	j, _ := opened(t, dir)
	for i := range 600 {
		look := rec("prod", "a", 0)
		look.At = noon.Add(time.Duration(i) * 2 * time.Second)
		j.Record(app, []Record{look})
		if _, err := j.History(app); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	if n := strings.Count(content(t, file(dir)), "\n"); n != 2 {
		t.Errorf("600 equal looks in 20 minutes left %d lines, not 2", n)
	}
	// What is known now and was not is news.
	created := at(-100)
	record(t, dir, Record{Tag: "prod", Digest: dig("a"), Created: &created, At: at(21)}, Record{Tag: "prod", Digest: dig("a"), Created: &created, At: at(22)})
	if n := strings.Count(content(t, file(dir)), "\n"); n != 3 {
		t.Errorf("a date that was not known left %d lines, not 3", n)
	}
	if got := history(t, dir)["prod"]; len(got) != 1 || got[0].Created == nil || got[0].MediaType != imageType {
		t.Errorf("the looks do not complete each other: %+v", got)
	}
}

// TestLastBeforeMove: when it was last what it was is written with the move.
func TestLastBeforeMove(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, rec("prod", "a", 0), rec("prod", "a", 9), rec("prod", "b", 10))
	wantBrief(t, history(t, dir)["prod"], "a 0-9, b 10")
}

func TestOddLooksAreLeftOut(t *testing.T) {
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

// TestFileNames: one for each repository on every file system, and short.
func TestFileNames(t *testing.T) {
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

// TestSeenInAnyOrder: whatever the order, and however often it is told, the
// timeline is that of the moments.
func TestSeenInAnyOrder(t *testing.T) {
	moments := []string{"a", "a", "b", "b", "b", "c", "a", "a", "d", "c"}
	want := "a 0-1, b 2-4, c 5, a 6-7, d 8, c 9"
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		var got model.Timeline
		for range 3 {
			for _, i := range r.Perm(len(moments)) {
				got = addSeen(got, model.Sighting{Digest: dig(moments[i]), First: at(i)})
			}
		}
		if b := brief(got); b != want {
			// Of a time with a gap in it the ends alone are certain, so a
			// second telling may be needed, and is what files give.
			t.Fatalf("seed %d: %q, not %q", seed, b, want)
		}
	}
}

func TestSameSecond(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, rec("prod", "a", 0), rec("prod", "b", 0), rec("prod", "b", 20))
	for range 2 {
		wantBrief(t, history(t, dir)["prod"], "a 0, b 0-20")
		record(t, dir, rec("prod", "a", 0))
	}
}

func TestPrunes(t *testing.T) {
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
		{"many", many, 1, maxLooks},
		{"young", old, 449, 5},
		{"one is too old", old, 451, 4},
		{"all are too old", old, 5000, 1},
	} {
		got := prune(tt.t, at(tt.days*day))
		if len(got) != tt.want || !got[len(got)-1].First.Equal(tt.t[len(tt.t)-1].First) {
			t.Errorf("%s: %d looks are left, not %d", tt.name, len(got), tt.want)
		}
	}
}

// TestFuture: a clock that was wrong neither counts nor costs what is known.
func TestFuture(t *testing.T) {
	dir := t.TempDir()
	day := 24 * 60
	record(t, dir, rec("prod", "a", 0), rec("prod", "b", 900*day), rec("soon", "a", day/2))
	got := history(t, dir)
	wantBrief(t, got["prod"], "a 0")
	wantBrief(t, got["soon"], fmt.Sprintf("a %d", day/2))
	j, _ := opened(t, dir)
	if d, _ := j.Known(app.WithTag("prod")); d != dig("a") {
		t.Errorf("known is what will be: %s", d)
	}
	j.now = func() time.Time { return at(1000 * day) }
	h, err := j.History(app)
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, h["prod"], fmt.Sprintf("a 0, b %d", 900*day))
}

// TestShortens: the file stays in proportion to what it says.
func TestShortens(t *testing.T) {
	dir := t.TempDir()
	for i := range 40 {
		var looks []Record
		for tag := range 50 {
			looks = append(looks, rec(fmt.Sprint("tag", tag), fmt.Sprint(tag), i*11))
		}
		record(t, dir, looks...)
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

// TestLooksOfOthers: a program takes in what others wrote since, and does not
// believe that all is as it saw it.
func TestLooksOfOthers(t *testing.T) {
	dir := t.TempDir()
	mine, _ := opened(t, dir)
	mine.Record(app, []Record{rec("prod", "a", 0)})
	flushed(t, mine)
	record(t, dir, rec("prod", "b", 2))
	mine.Record(app, []Record{rec("prod", "a", 4)})
	mine.Close()
	wantBrief(t, history(t, dir)["prod"], "a 0, b 2, a 4")
}

// flushed waits until a journal has nothing to write.
func flushed(t *testing.T, j *Journal) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(j.unsynced()) > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the journal is not written")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestSweep(t *testing.T) {
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
	looks := make([]Record, 50_000)
	for i := range looks {
		looks[i] = rec(fmt.Sprintf("1.%d.%d", i/100, i%100), fmt.Sprint(i), 0)
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			j := Open(b.TempDir(), func(s string) { b.Error(s) })
			for i := 0; i < len(looks); i += 500 {
				j.Record(app, looks[i:i+500])
			}
			j.Close()
		}
	})
	dir := b.TempDir()
	j := Open(dir, func(s string) { b.Error(s) })
	j.Record(app, looks)
	j.Close()
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			j := Open(dir, func(s string) { b.Error(s) })
			j.Record(app, looks)
			j.Close()
		}
	})
	b.Run("history", func(b *testing.B) {
		for b.Loop() {
			j := Open(dir, func(s string) { b.Error(s) })
			if h, err := j.History(app); err != nil || len(h) != len(looks) {
				b.Fatal(len(h), err)
			}
			j.Close()
		}
	})
}

// TestKnownIsTheNewest: of two programs the one that looked first may write
// last.
func TestKnownIsTheNewest(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, rec("prod", "b", 5))
	record(t, dir, rec("prod", "a", 0))
	j, _ := opened(t, dir)
	l, ok := j.Last(app.WithTag("prod"))
	if !ok || l.Digest != dig("b") || !l.Last.Equal(at(5)) {
		t.Errorf("prod was last seen at %s on %s", l.Digest, l.Last)
	}
}
