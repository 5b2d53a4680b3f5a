package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/diff"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

var update = flag.Bool("update", false, "write the golden reports again")

// base is the base image of these tests.
var base = []step{
	{text: "/bin/sh -c #(nop) ADD file:" + hex64 + " in / ", files: "base", size: 29_000_000},
	{text: `/bin/sh -c #(nop)  CMD ["bash"]`},
	{text: "ENV APP_TOKEN=hunter2hunter2 MODE=fast"},
}

const hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func with(steps ...step) []step { return append(append([]step{}, base...), steps...) }

// hostile is text that tries to act as markup in every form of report.
const hostile = "RUN echo \x1b[31mred\x1b[0m `tick` | pipe [a](http://evil.example) <img src=x> @admin ![i](//x) **b** \u202egnp.exe \\| end"

func comparisons(t *testing.T) map[string]diff.Comparison {
	t.Helper()
	run := step{text: "RUN /bin/sh -c make install # buildkit", files: "made", size: 4_000_000}
	copied := step{text: "COPY . /app # buildkit", files: "app", size: 12_000}
	long := step{text: "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates curl git openssh-client && rm -rf /var/lib/apt/lists/*", files: "apt 1", size: 80_000_000}
	a := image(t, "amd64", nil, with(long, run, copied, copied)...)
	rebuilt := long
	rebuilt.files, rebuilt.size = "apt 2", 81_000_000
	b := image(t, "amd64", nil, with(rebuilt, run, step{text: "LABEL a=b"}, copied)...)
	packed := run
	packed.packing = "again"
	arm := image(t, "arm64", nil, with(long, run)...)
	armOther := image(t, "arm64", nil, with(long, packed)...)
	amd := image(t, "amd64", nil, step{text: "ADD x /", files: "amd base", size: 3_000_000}, run)
	evilA := image(t, "amd64", map[string]any{"Labels": map[string]string{"x": hostile}}, with(step{text: hostile, files: "x", size: 10})...)
	evilB := image(t, "amd64", nil, with(step{text: hostile + " `", files: "y", size: 10})...)
	return map[string]diff.Comparison{
		"retag":     diff.Compare(captured(t, "testing"), captured(t, "prod")),
		"identical": diff.Compare(captured(t, "testing"), captured(t, "20231001.155532z")),
		"rebuilt":   diff.Compare(single("localhost:5000/app:1", a), single("localhost:5000/app:2", b)),
		"platforms": diff.Compare(index(t, "localhost:5000/app:1", amd, arm, image(t, "riscv64", nil, copied)), index(t, "localhost:5000/app:2", amd, armOther)),
		"alone":     diff.Describe(single("localhost:5000/app:1", a)),
		"index":     diff.Describe(index(t, "localhost:5000/app:1", amd, arm)),
		"hostile":   diff.Compare(single("localhost:5000/evil:a", evilA), single("localhost:5000/evil:b", evilB)),
		"base":      diff.Describe(single("localhost:5000/app:1", image(t, "amd64", nil, with(run, step{text: `CMD ["app"]`})...))),
		"on-a-tag":  onTag(t, single("localhost:5000/app:1", image(t, "amd64", nil, with(run, copied)...)), "debian-12", image(t, "amd64", nil, base...)),
		"unread":    diff.Describe(failed(single("localhost:5000/app:1", a), errUnavailable, 0)),
		"artifact":  diff.Describe(artifact(t, "localhost:5000/models:1")),
		"pending":   diff.Compare(single("localhost:5000/app:1", a), unread(single("localhost:5000/app:2", b))),
	}
}

// onTag describes an image, with the known tag of another image.
func onTag(t *testing.T, a model.Artifact, tag string, img model.Image) diff.Comparison {
	t.Helper()
	d := img.Manifest.Digest
	return diff.Describe(a).WithTagContext(diff.TagContext{A: diff.SideContext{Tags: &model.TagSet{
		Repo: a.Ref.Repo(), Tags: []model.Tagged{{Tag: tag, Digest: d}}, Total: 1, Stacks: map[digest.Digest]model.Stack{d: img.Stack()},
	}}})
}

func unread(a model.Artifact) model.Artifact {
	e := a.Entries[0]
	e.Image = nil
	a.Entries, a.Done = []model.Entry{e}, false
	return a
}

var forms = map[string]func(io.Writer, diff.Comparison, Options) error{"txt": Text, "md": Markdown, "json": JSON}

func TestGolden(t *testing.T) {
	for name, c := range comparisons(t) {
		for form, write := range forms {
			golden(t, name+"."+form, c, write, Options{})
		}
	}
	index := comparisons(t)["index"]
	expectation := diff.Expect(index, []string{"linux/amd64", "linux/s390x"})
	for form, write := range forms {
		golden(t, "expect."+form, index, write, Options{Expectation: &expectation})
	}
	golden(t, "rebuilt.ascii.txt", comparisons(t)["rebuilt"], Text, Options{ASCII: true})
	golden(t, "rebuilt.revealed.txt", comparisons(t)["rebuilt"], Text, Options{Gate: safe.Gate{Reveal: true}})
}

func golden(t *testing.T, name string, c diff.Comparison, write func(io.Writer, diff.Comparison, Options) error, o Options) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, c, o); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "testdata", "report", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s differs (-want +got); go test ./ui/report -update accepts it\n%s", name, d)
	}
}
