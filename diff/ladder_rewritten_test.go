package diff

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
)

const (
	hashA = "ADD file:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa in / "
	nopA  = "/bin/sh -c #(nop) " + hashA
)

// onDates is an image of two layers. Its dates are created, and one a second earlier;
// content distinguishes its layers from those of another build.
func onDates(content, first, created string) build {
	return build{created: created, steps: []step{
		does(nopA, files("base "+content)).at(first),
		does("RUN make # buildkit", files("made "+content)).at(created),
	}}
}

// annotatedLayers is an image whose layers have an annotation.
func annotatedLayers(t *testing.T, b build, key, value string) model.Image {
	t.Helper()
	img := b.image(t)
	for i := range img.Manifest.Layers {
		img.Manifest.Layers[i].Annotations = map[string]string{key: value}
	}
	return img
}

// koOn is a program that ko put on a base.
func koOn(base, program string) build {
	return build{steps: []step{does("apko", files(base)).noted("base"), does("ko build ko://x", files(program)).noted("go build output, at /ko-app/x")}}
}

// onNewBase is one program on a base of BuildKit, which has other files and another date.
func onNewBase(base, baseDate, own string) build {
	return build{created: own, steps: []step{
		does("ADD rootfs.tar /", files("base "+base)).at(baseDate), does("COPY app /app", files("app")).at(own), sets(`CMD ["/app"]`).at(own),
	}}
}

// byCopy is an image of which the builder recorded the files of every layer.
func byCopy(date string, size int64) build {
	b := build{created: date, steps: []step{
		does(nopA, files("base "+date).sized(size)).at(date), does("/bin/sh -c #(nop) COPY file:"+hex64('b')+" in /app ", files("app "+date).sized(size)).at(date),
	}}
	if date == "" {
		b.created = "0001-01-01T00:00:00Z"
	}
	return b
}

// flatOf is what crane flatten makes of an image: one layer, and the history in a comment.
func flatOf(t *testing.T, b build, content string) build {
	t.Helper()
	comment, err := json.Marshal(b.image(t).Config.History)
	if err != nil {
		t.Fatal(err)
	}
	flat := does("crane flatten "+digest.FromString(content).String(), files("all of it "+content)).noted(string(comment))
	return build{created: b.created, steps: []step{flat}}
}

const nydusBlob = "containerd.io/snapshot/nydus-blob"

// nydusOf is what nydusify makes of an image: one step and layer more.
func nydusOf(b build) build {
	b.steps = append(b.steps, does("Nydus Converter", files("bootstrap")).noted("Nydus Bootstrap Layer"))
	return b
}

// TestRewritten_base has builds of which a converter wrote one side again: their layers do
// not tell whether the base moved.
func TestRewritten_base(t *testing.T) {
	const first, second, later = "2024-01-01T10:00:00.123456789Z", "2024-01-01T10:00:01.5Z", "2024-02-02T10:00:01.5Z"
	withBase := func(content, created string) build {
		b := onDates(content, first, created)
		b.steps[0].text = "ADD rootfs.tar /"
		b.steps = []step{b.steps[0], sets(`CMD ["sh"]`).at(first), b.steps[1], sets(`CMD ["app"]`).at(created)}
		return b
	}
	org, next := withBase("1", second), withBase("2", later)
	for name, tt := range map[string]struct {
		a, b  model.Image
		moved bool
	}{
		"plain":                   {org.image(t), next.image(t), true},
		"one side in eStargz":     {org.image(t), annotatedLayers(t, next, "containerd.io/snapshot/stargz/toc.digest", "sha256:1"), false},
		"both sides in eStargz":   {annotatedLayers(t, org, "containerd.io/snapshot/stargz/toc.digest", "sha256:1"), annotatedLayers(t, next, "containerd.io/snapshot/stargz/toc.digest", "sha256:2"), true},
		"zstd:chunked keeps tars": {org.image(t), annotatedLayers(t, next, "io.github.containers.zstd-chunked.manifest-checksum", "sha256:1"), true},
	} {
		t.Run(name, func(t *testing.T) {
			c := Compare(single("a", tt.a), single("b", tt.b))
			if g1, d4 := found(c, "G1"), found(c, "D4"); (g1 != nil) != tt.moved || (d4 != nil) != tt.moved {
				t.Errorf("G1 %v, D4 %v: %s because %s", g1, d4, c.Verdict.Headline, c.Verdict.Because)
			}
		})
	}
}

// Each way in which an image is rewritten after it was built has a near miss: another
// build that looks like it.
func TestRewritten(t *testing.T) {
	const first, second, later = "2024-01-01T10:00:00.123456789Z", "2024-01-01T10:00:01.5Z", "2024-01-02T10:00:01.5Z"
	const whole, wholeToo = "2024-01-01T10:00:00Z", "2024-01-01T10:00:01Z"
	const toc, target = "containerd.io/snapshot/stargz/toc.digest", targetDigest
	org := onDates("", first, second)
	run := func(s string) map[string]any {
		return map[string]any{"Labels": map[string]string{"io.buildpacks.lifecycle.metadata": `{"app":[{"sha":"sha256:1"}],"runImage":{"reference":"run@sha256:` + strings.Repeat(s, 64) + `"}}`}}
	}
	pack := func(base, app, runImage string) build {
		b := build{config: run(runImage), steps: []step{does("base", files(base)), does("Application Layer", files(app))}}
		b.created = "1980-01-01T00:00:01Z"
		return b
	}
	zero := onDates("zero", "", "")
	zero.created = "0001-01-01T00:00:00Z"
	plainZero := zero
	plainZero.steps = []step{does("COPY a /", files("x")), does("RUN make", files("y"))}
	plainOrg := org
	plainOrg.steps = []step{does("COPY a /", files("1")).at(first), does("RUN make", files("2")).at(second)}
	setTo := func(b build, date string) build {
		set := build{created: date}
		for i, s := range b.steps {
			set.steps = append(set.steps, does(s.text, files("set "+strconv.Itoa(i))).at(date))
		}
		return set
	}
	onOwnBase := setTo(plainOrg, whole)
	onOwnBase.steps[0].layer = plainOrg.steps[0].layer
	middleOf := func(middle string) build {
		b := koOn("1", "app")
		return build{steps: []step{b.steps[0], does("RUN "+middle, files(middle)), b.steps[1]}}
	}
	threeOf := func(b build, middle string) build {
		b.steps = []step{b.steps[0], does("jre "+middle, files(middle)), b.steps[1]}
		return b
	}
	flat := build{created: later, steps: []step{does("crane flatten "+single("a", org.image(t)).Top.Digest.String(), files("all"))}}
	flatAnd := func(more step) build { return build{created: later, steps: []step{flat.steps[0], more}} }
	other := build{created: later, steps: []step{does("crane flatten sha256:"+strings.Repeat("0", 64), files("all"))}}

	for name, tt := range map[string]struct {
		a, b  model.Image
		code  Code
		trust Trust
		head  string
	}{
		"eStargz":                        {org.image(t), annotatedLayers(t, onDates("z", first, second), toc, "sha256:1"), Rewritten, Suggested, ":b is :a, rewritten as eStargz after it was built"},
		"a build that is eStargz itself": {org.image(t), annotatedLayers(t, onDates("z", first, later), toc, "sha256:1"), SameRecipe, Inferred, "Same recipe, built again"},
		"nydus":                          {org.image(t), annotatedLayers(t, nydusOf(onDates("n", first, second)), nydusBlob, "true"), Rewritten, Suggested, ":b is :a, rewritten as nydus after it was built"},
		"nydus of another build":         {org.image(t), annotatedLayers(t, nydusOf(onDates("n", first, later)), nydusBlob, "true"), Unrelated, Inferred, "2 of 3 instructions are the same"},
		"one source, two conversions":    {annotatedLayers(t, onDates("1", whole, wholeToo), target, "sha256:1"), annotatedLayers(t, onDates("2", whole, wholeToo), target, "sha256:1"), Rewritten, Inferred, "converted for turboOCI in two ways"},
		"two sources":                    {annotatedLayers(t, onDates("1", whole, wholeToo), target, "sha256:1"), annotatedLayers(t, onDates("2", whole, later), target, "sha256:2"), SameRecipe, Inferred, "built again"},
		"every date kept":                {org.image(t), onDates("again", first, second).image(t), Rewritten, Suggested, "The same build, its layers rewritten"},
		"dates of SOURCE_DATE_EPOCH":     {onDates("1", whole, whole).image(t), onDates("2", whole, whole).image(t), SameRecipe, Inferred, "other layers from step 1 on"},
		"one layer is the same": {org.image(t), build{created: second, steps: []step{org.steps[0], does("RUN make # buildkit", files("other")).at(second)}}.image(t),
			Rewritten, Suggested, "The same build, a layer of it rewritten after it was built"},
		"one layer of a whole second": {onDates("", whole, second).image(t), build{created: second, steps: []step{does(nopA, files("other")).at(whole), onDates("", whole, second).steps[1]}}.image(t),
			SameRecipe, Inferred, "only dates or owners differ in step 1"},
		"times zeroed":                  {org.image(t), zero.image(t), Rewritten, Suggested, ":b may be :a, rewritten with all times zero"},
		"times zeroed, of every layer":  {byCopy(first, 1000).image(t), byCopy("", 1000).image(t), Rewritten, Suggested, ":b is :a, rewritten with all times zero"},
		"times zeroed, another program": {org.image(t), build{created: "0001-01-01T00:00:00Z", steps: []step{zero.steps[0], does("RUN make # buildkit", files("more").sized(9000))}}.image(t), SameRecipe, Inferred, "built again"},
		"zero dates, no hash":           {plainOrg.image(t), plainZero.image(t), SameRecipe, Inferred, "Same recipe"},
		"another image on the rewritten base": {org.image(t), build{created: "1970-01-01T00:00:00Z", config: map[string]any{"Env": []string{"A=1"}}, steps: []step{
			does(nopA, files("base zero")), sets("ENV A=1"), does("COPY app /", files("app"))}}.image(t), Unrelated, Suggested, "though step 1 was given the same files"},
		"flattened":                                 {org.image(t), flat.image(t), Rewritten, Inferred, ":b is :a, flattened by crane into 1 layer; same settings"},
		"flattened, then a layer":                   {org.image(t), flatAnd(does("", files("new"))).image(t), Rewritten, Inferred, ":b is :a, flattened by crane, and 1 layer more; same settings"},
		"flattened, then no files":                  {org.image(t), flatAnd(sets("ENV A=1")).image(t), Rewritten, Inferred, ":b is :a, flattened by crane into 1 layer; same settings"},
		"flattened, then no content":                {org.image(t), flatAnd(does("WORKDIR /", nothing)).image(t), Rewritten, Inferred, ":b is :a, flattened by crane into 1 layer; same settings"},
		"another one, flattened":                    {org.image(t), other.image(t), Unrelated, Inferred, "Unrelated"},
		"flattened, the same recipe in its comment": {onDates("2", first, later).image(t), flatOf(t, onDates("1", first, second), "").image(t), SameRecipe, Inferred, "Same recipe as :a, but :b is flattened into one layer, from another digest ("},
		"flattened, another recipe in its comment":  {onDates("2", first, later).image(t), flatOf(t, koOn("1", "app"), "").image(t), Unrelated, Inferred, "Unrelated"},
		"both flattened, the same recipe":           {flatOf(t, onDates("2", first, later), "2").image(t), flatOf(t, onDates("1", first, second), "1").image(t), SameRecipe, Inferred, "Same recipe, flattened into one layer on both sides"},
		"both flattened, other recipes":             {flatOf(t, onDates("2", first, later), "2").image(t), flatOf(t, koOn("1", "app"), "1").image(t), Unrelated, Inferred, "Unrelated"},
		"two formats of one build":                  {annotatedLayers(t, onDates("1", first, second), toc, "sha256:1"), annotatedLayers(t, onDates("2", first, second), "containerd.io/snapshot/nydus-blob", "true"), Rewritten, Suggested, "The same build, rewritten as eStargz in :a and as nydus in :b"},
		"eStargz, with constant dates":              {onDates("1", whole, whole).image(t), annotatedLayers(t, onDates("2", whole, whole), toc, "sha256:1"), SameRecipe, Inferred, "Same recipe; :b is eStargz, so layers cannot be compared"},
		"times set to one":                          {plainOrg.image(t), setTo(plainOrg, whole).image(t), Rewritten, Suggested, "layers differ, and every date of :b is 1 Jan 2024 10:00 UTC"},
		"times set, the base is the same":           {plainOrg.image(t), onOwnBase.image(t), SameRecipe, Inferred, "Same recipe, built again"},
		"an upper layer of ko, the lowest the same": {koOn("1", "app").image(t), middleOf("2").image(t), SameBase, Inferred, "is only in :b"},
		"a middle layer of buildpacks":              {threeOf(pack("1", "app", "1"), "a").image(t), threeOf(pack("1", "app", "1"), "b").image(t), SameBase, Inferred, "jre a becomes jre b"},
		"rebased":                                   {pack("1", "app", "1").image(t), pack("2", "app", "2").image(t), Rewritten, Inferred, ":b is :a on another base: rebased, its own layer is the same"},
		"ko on another base":                        {koOn("1", "app").image(t), koOn("2", "app").image(t), Rewritten, Inferred, ":b is :a on another base: rebased, its own layer is the same"},
		"ko, another program":                       {koOn("1", "app").image(t), koOn("2", "app 2").image(t), SameRecipe, Inferred, "Both layers differ: apko: base and ko: go build output, at /ko-app/x"},
		"rebased, by dates":                         {onNewBase("1", first, second).image(t), onNewBase("2", later, second).image(t), Rewritten, Inferred, ":b is :a on another base: rebased, its own layer is the same"},
		"own steps built again":                     {onNewBase("1", first, second).image(t), onNewBase("2", later, "2024-01-03T10:00:01.5Z").image(t), SameRecipe, Inferred, "built again"},
		"own steps with constant dates":             {onNewBase("1", first, whole).image(t), onNewBase("2", later, whole).image(t), SameRecipe, Inferred, "Same recipe"},
		"a base of the same date, changed":          {onNewBase("1", first, second).image(t), onNewBase("2", first, second).image(t), Rewritten, Suggested, "The same build, a layer of it rewritten"},
		"the base is only suggested":                {early("1", ownDay).image(t), early("2", ownDay).image(t), SameRecipe, Inferred, "Same recipe"},
		"another application":                       {pack("1", "app", "1").image(t), pack("2", "app 2", "2").image(t), SameRecipe, Inferred, "Built again on another run image"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Compare(single("a", tt.a), single("b", tt.b))
			v := c.Verdict
			if v.Code != tt.code || v.Trust != tt.trust || !strings.Contains(v.Headline.String(), tt.head) {
				t.Errorf("%s, %s: %s because %s", v.Code, v.Trust, v.Headline, v.Because)
			}
			if c.Same(false) {
				t.Error("counts as the same image")
			}
			for _, p := range c.Pairs {
				for _, f := range p.Findings {
					if tt.code == Rewritten && f.ID == "A7" {
						t.Errorf("built again, too: %s", f.Text)
					}
				}
			}
		})
	}
}

// TestOneNamedLayer has images of one layer, which apko names alike whatever is in it.
func TestOneNamedLayer(t *testing.T) {
	of := func(content string, config map[string]any) build {
		return configured(build{steps: []step{does("apko", files(content)).noted("This is an apko single-layer image")}}, config)
	}
	git, irb := map[string]any{"Entrypoint": []string{"/usr/bin/git"}}, map[string]any{"Cmd": []string{"/usr/bin/irb"}}
	for name, tt := range map[string]struct {
		a, b build
		code Code
		say  string
	}{
		"two programs":  {of("1", git), of("2", irb), Unrelated, "The one layer differs (apko: single layer); different settings: CMD is new in :b; ENTRYPOINT is gone in :b"},
		"one program":   {of("1", git), of("2", git), SameRecipe, "The one layer differs: apko: single layer"},
		"no program":    {of("1", nil), of("2", nil), Unrelated, "The one layer differs (apko: single layer)"},
		"the same file": {of("1", git), of("1", irb), OtherSettings, "Same files, different settings"},
	} {
		c := pairOf(t, tt.a, tt.b)
		if v := c.Verdict; v.Code != tt.code || !strings.HasPrefix(v.Headline.String(), tt.say) {
			t.Errorf("%s: %s: %s", name, v.Code, v.Headline)
		}
	}
}
