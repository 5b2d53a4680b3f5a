package diff

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

// TestGivenFiles has rebuilt images whose builder records hashes of files, and the layers
// in which buildah keeps a stage.
func TestGivenFiles(t *testing.T) {
	nop := func(verb string, hash byte) string { return "/bin/sh -c #(nop) " + verb + hex64(hash) + " in /srv/ " }
	classic := func(hash byte, content string) build {
		return build{created: "2024-01-0" + content + "T00:00:00Z", steps: []step{
			does("ADD x /", files("base")), does(nop("COPY dir:", hash), files("srv "+content)), sets(`/bin/sh -c #(nop)  CMD ["/srv/a"]`),
		}}
	}
	buildah := func(copied, content string) build {
		return build{
			config: map[string]any{"Labels": map[string]string{buildahLabel: "1.28.2"}}, created: "2024-01-0" + content + "T00:00:00Z",
			steps: []step{
				does("/bin/sh -c #(nop) ADD file:"+hex64('a')+" in /", files("base")), sets("/bin/sh -c #(nop) ENV A=1"), sets("/bin/sh -c " + copied),
				sets("/bin/sh -c make"), does("/bin/sh -c #(nop) USER 1001", files("stage "+content)).noted("FROM base:1"),
			},
		}
	}
	copied := func(hash byte) string { return strings.TrimPrefix(nop("COPY dir:", hash), "/bin/sh -c ") }
	copies := func(run, copied string, hash byte) build { // a RUN, and a COPY of files with a hash
		return build{created: "2024-01-0" + run + "T00:00:00Z", steps: []step{
			does("ADD x /", files("base")), does("RUN apk add curl", files("run "+run)), does(nop("COPY dir:", hash), files("srv "+copied)), sets("CMD a"),
		}}
	}
	layered := func(hash byte) build { // the recipe of buildah, with a layer for each step
		b := buildah(copied('b'), "1")
		b.steps[2], b.steps[3] = does("/bin/sh -c "+copied(hash), files("srv")), does("/bin/sh -c make", files("made"))
		b.steps[4] = sets("/bin/sh -c #(nop) USER 1001")
		return b
	}
	copyAndMake := func(hash byte, content string) build {
		return build{created: "2024-01-0" + content + "T00:00:00Z", steps: []step{
			does(nop("COPY dir:", hash), files("srv "+content)), does("/bin/sh -c make", files("made "+content)),
		}}
	}
	byClassic := func(hash byte, content string) build {
		b := copyAndMake(hash, content)
		b.more = map[string]any{"docker_version": "20.10.24"}
		return b
	}
	byBuildah := func(hash byte, content string) build {
		return configured(copyAndMake(hash, content), map[string]any{"Labels": map[string]string{buildahLabel: "1.28.2"}})
	}
	for name, tt := range map[string]struct {
		a, b          build
		head, because string
		detail        int // displayed number of the row with OtherFiles, 0 for none
		step          int
	}{
		"other files": {classic('b', "1"), classic('c', "2"), "Same recipe, built again; step 2 was given other files",
			"other files were given: :a has COPY dir:bbbb… in /srv/, :b has COPY dir:cccc… in /srv/", 2, 2},
		"the same files": {classic('b', "1"), classic('b', "2"), "only dates or owners differ in step 2",
			"step 2 was given the same files (COPY dir:bbbb… in /srv/), so only dates or owners differ in its layer", 0, 2},
		"no hash": {withoutHash("1"), withoutHash("2"), "built again; step 1 differs", "one gave another layer: COPY a /", 0, 1},
		"a RUN, and a COPY of the same files": {copies("1", "1", 'b'), copies("2", "2", 'b'), "built again from step 2 on",
			"one gave another layer: RUN apk add curl; by the hashes of the builder, step 3 was given the same files", 0, 2},
		"a RUN, and a COPY of other files": {copies("1", "1", 'b'), copies("2", "2", 'c'), "built again from step 2 on",
			"2 gave other layers: RUN apk add curl and COPY dir:bbbb… in /srv/", 3, 2},
		"one layer for the steps of a stage": {layered('b'), buildah(copied('b'), "2"), "built again; :b keeps steps 3 to 5 in one layer",
			"step 3 was given the same files; layers of several steps cannot be compared with one", 0, 3},
		"one layer, other files": {layered('c'), buildah(copied('b'), "2"), "step 3 was given other files",
			"other files were given: :a has COPY dir:cccc…", 0, 3},
		"other hashes, of two builders": {byClassic('b', "1"), byBuildah('c', "2"), "Same recipe, built again; hashes of two builders cannot be compared",
			"Docker's classic builder and buildah compute the hashes of files in two ways, so those of step 1 tell nothing; 1 later layer differs, too", 0, 1},
		"equal hashes, of two builders":   {byClassic('b', "1"), byBuildah('b', "2"), "Same recipe, built by two builders; the layers differ from step 1 on", "one has another layer: RUN make; by the hashes of the builder, step 1 was given the same files", 0, 1},
		"other hashes, of classic builds": {byClassic('b', "1"), byClassic('c', "2"), "Different from the first layer on: other files were given", "step 1 was given other files", 1, 1},
		"other hashes, of buildah builds": {byBuildah('b', "1"), byBuildah('c', "2"), "Different from the first layer on: other files were given", "step 1 was given other files", 1, 1},
		"a stage given other files": {buildah(copied('b'), "1"), buildah(copied('c'), "2"), "step 3 was given other files",
			"other files were given: :a has COPY dir:bbbb…", 3, 3},
		"a stage given the same files": {buildah(copied('b'), "1"), buildah(copied('b'), "2"), "one of the steps 3 to 5 gave another layer",
			"the steps 3 to 5 gave one layer, so it does not tell which of them differs", 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			c := pairOf(t, tt.a, tt.b)
			if v := c.Verdict; !strings.Contains(v.Headline.String(), tt.head) || !strings.Contains(v.Because.String(), tt.because) || v.Step != tt.step {
				t.Errorf("step %d: %s because %s", v.Step, v.Headline, v.Because)
			}
			for _, r := range c.Pairs[0].Rows {
				if (r.Detail == OtherFiles) != (stepNumber(r) == tt.detail) {
					t.Errorf("row %d is %s", stepNumber(r), r.Detail)
				}
			}
			for _, f := range c.Pairs[0].Findings {
				if f.ID == "D4" && strings.HasPrefix(name, "other hashes, of two") {
					t.Errorf("the step is blamed: %s", f.Text)
				}
				if f.ID == "D4" && strings.Contains(f.Text.String(), "USER") {
					t.Errorf("USER is blamed: %s", f.Text)
				}
			}
		})
	}
}

// TestOwnFiles has images on another base whose own steps were given other files, or only gave
// another layer, or neither.
func TestOwnFiles(t *testing.T) {
	on := func(base, copied, files1 string) build {
		return build{created: "2024-01-0" + base + "T00:00:00Z", steps: []step{
			does("/bin/sh -c #(nop) ADD file:"+strings.Repeat(base, 64)+" in / ", files("root "+base)), sets(`/bin/sh -c #(nop)  CMD ["sh"]`),
			does(copied, files(files1)), does("RUN make", files("made "+base)),
		}}
	}
	hashed := func(hash byte) string { return "/bin/sh -c #(nop) COPY file:" + hex64(hash) + " in /app " }
	for name, tt := range map[string]struct {
		a, b build
		want string
	}{
		"other files":    {on("1", hashed('b'), "x"), on("2", hashed('c'), "y"), "; other files were given to COPY file:cccc… in /app"},
		"another layer":  {on("1", "COPY app / # buildkit", "x"), on("2", "COPY app / # buildkit", "y"), "; COPY app / gave another layer"},
		"the same files": {on("1", hashed('b'), "x"), on("2", hashed('b'), "y"), ""},
		"the same layer": {on("1", "COPY app / # buildkit", "x"), on("2", "COPY app / # buildkit", "x"), ""},
	} {
		c := pairOf(t, tt.a, tt.b)
		if say := c.Verdict.Headline.String(); say != "Different root filesystems"+tt.want {
			t.Errorf("%s: %s", name, say)
		}
		for _, f := range c.Pairs[0].Findings {
			if f.ID == "G1" && !strings.HasSuffix(f.Text.String(), "of your own 2 steps after it are the same"+tt.want+".") {
				t.Errorf("%s: %s", name, f.Text)
			}
		}
	}
}

// withoutHash is an image of BuildKit, which records no hash of files.
func withoutHash(content string) build {
	return build{created: "2024-01-0" + content + "T00:00:00Z", steps: []step{does("COPY a / # buildkit", files(content)), sets("USER 1")}}
}

// TestOnlyTimes has small layers that were read.
func TestOnlyTimes(t *testing.T) {
	one, two, last := files("1").sized(300), files("2").sized(300), files("3").sized(300)
	a, b := digest.FromString("a"), digest.FromString("b")
	at := func(one, two, timesOne, timesTwo digest.Digest) map[digest.Digest]model.Contents {
		return map[digest.Digest]model.Contents{
			files("1").descriptor().Digest: {DiffID: files("1").diffID(), Untimed: one, Times: timesOne},
			files("2").descriptor().Digest: {DiffID: files("2").diffID(), Untimed: two, Times: timesTwo},
		}
	}
	read := func(one, two digest.Digest) map[digest.Digest]model.Contents { return at(one, two, a, b) }
	pair := pairOf(t, app(does("COPY a /x", one)), app(does("COPY ./a /x", two)))
	later := pairOf(t, app(does("COPY a /x", one), does("RUN x", last)), app(does("COPY a /x", two), does("RUN x", files("4"))))
	for name, tt := range map[string]struct {
		c                      Comparison
		headline, because, say string
	}{
		"not read":       {pair, "Same recipe, other layers from step 4 on", "one gave another layer: COPY a /x", "COPY a /x has different layers"},
		"the same files": {pair.WithContents(read(a, a)), "Same recipe; only dates differ in step 4", "the layer of step 4, read here, holds the same files on both sides, with other dates", "Step 4 gave the same files on both sides (COPY a /x). Its layers were read: only dates differ."},
		"the same times": {pair.WithContents(at(a, a, b, b)), "Same recipe; only the form of the archive differs in step 4", "the layer of step 4, read here, holds the same files on both sides, in another form of archive", "Step 4 gave the same files on both sides (COPY a /x). Its layers were read: only the form of the archive differs."},
		"other files":    {pair.WithContents(read(a, b)), "Same recipe, other layers from step 4 on", "one gave another layer: COPY a /x", "COPY a /x has different layers"},
		"no archive":     {pair.WithContents(read("", "")), "Same recipe, other layers from step 4 on", "one gave another layer: COPY a /x", "COPY a /x has different layers"},
		"and another":    {later.WithContents(read(a, a)), "Same recipe, other layers from step 4 on", "2 gave other layers", "COPY a /x has different layers"},
	} {
		v := tt.c.Pairs[0].Verdict
		isSaid := func(f Finding) bool { return f.ID == "D4" && strings.HasPrefix(f.Text.String(), tt.say) }
		if found := tt.c.allFindings(); v.Headline.String() != tt.headline || !strings.Contains(v.Because.String(), tt.because) ||
			!slices.ContainsFunc(found, isSaid) {
			t.Errorf("%s: %s: %s\n%v", name, v.Headline, v.Because, found)
		}
	}
}
