package diff

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

func forArch(arch string, steps ...step) build {
	b := app(steps...)
	b.arch = arch
	b.steps[0] = does("ADD rootfs /", files("debian "+arch).sized(29_000_000))
	return b
}

func TestCompareIndexes(t *testing.T) {
	amd, arm := forArch("amd64").image(t), forArch("arm64").image(t)
	armPacked := forArch("arm64")
	armPacked.steps[2] = does(armPacked.steps[2].text, files("curl").packed("again"))
	s390 := forArch("s390x").image(t)
	armOther := forArch("arm64", does("COPY . /", files("x"))).image(t)
	failed := entry(arm)
	failed.Image, failed.Err = nil, errors.New("404 not found")
	tests := []struct {
		name string
		a, b []model.Entry
		code Code
		same bool
		head string
	}{
		{"a receipt more", []model.Entry{entry(amd), entry(arm)}, []model.Entry{entry(amd), entry(arm), receipt(entry(amd))}, OtherEnvelope, true, "different index"},
		{"a platform less", []model.Entry{entry(amd), entry(arm)}, []model.Entry{entry(amd)}, OtherEnvelope, false, "linux/arm64 is missing in :b"},
		{"a platform more", []model.Entry{entry(amd)}, []model.Entry{entry(amd), entry(arm)}, OtherEnvelope, false, "linux/arm64 only in :b"},
		{"one packed again", []model.Entry{entry(amd), entry(arm)}, []model.Entry{entry(amd), entry(armPacked.image(t))}, Repacked, true, "On linux/arm64, same image, packed differently"},
		{"one other", []model.Entry{entry(amd), entry(arm), entry(s390)}, []model.Entry{entry(amd), entry(armOther), entry(s390)}, SameBase, false, "On linux/arm64, :a is the base of :b: 1 step more"},
		{"no platform in common", []model.Entry{entry(amd)}, []model.Entry{entry(arm)}, NotComparable, false, "No platform in common"},
		{"one not read", []model.Entry{entry(amd), entry(armOther)}, []model.Entry{entry(amd), failed}, NotComparable, false, "On linux/arm64, :b could not be read"},
		{"one pending", []model.Entry{entry(amd), entry(arm)}, []model.Entry{entry(amd), pending(entry(armOther))}, Pending, false, ""},
		{"pending, but the same digest", []model.Entry{entry(amd), entry(arm), receipt(entry(arm))}, []model.Entry{entry(amd), pending(entry(arm))}, OtherEnvelope, true, "different index"},
		{"nothing but receipts", []model.Entry{receipt(entry(amd))}, []model.Entry{receipt(entry(arm))}, NotComparable, false, "no image to compare"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Compare(index(t, "a", tt.a...), index(t, "b", tt.b...))
			if c.Verdict.Code != tt.code || c.Same(false) != tt.same || !strings.Contains(c.Verdict.Headline.String(), tt.head) {
				t.Errorf("%q, same %v: %s because %s", c.Verdict.Code, c.Same(false), c.Verdict.Headline, c.Verdict.Because)
			}
			if c.Same(true) {
				t.Error("exactly the same, with other bytes")
			}
		})
	}
}

func TestAllPlatformsOfOneVerdict(t *testing.T) {
	var as, bs []model.Entry
	for i, arch := range []string{"amd64", "arm64", "s390x"} {
		as = append(as, entry(forArch(arch, does("COPY . /", files("1"))).image(t)))
		extra := []step{does("COPY . /", files("2"))}
		if i == 2 {
			extra = append(extra, sets("USER app"))
		}
		bs = append(bs, entry(forArch(arch, extra...).image(t)))
	}
	v := Compare(index(t, "a", as[:2]...), index(t, "b", bs[:2]...)).Verdict
	if got, want := v.Headline.String(), "Same recipe, other layers from step 4 on, on both platforms"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	v = Compare(index(t, "a", as...), index(t, "b", bs...)).Verdict
	if v.Code != SameBase || !strings.HasPrefix(v.Headline.String(), "On linux/s390x, COPY . / gave another layer; USER app is only in :b") {
		t.Errorf("%q: %q", v.Code, v.Headline)
	}
}

func TestSingleBesideIndex(t *testing.T) {
	amd, arm := forArch("amd64").image(t), forArch("arm64").image(t)
	list := index(t, "list", entry(amd), entry(arm))
	c := Compare(list, single("one", arm))
	if len(c.Pairs) != 2 || c.Pairs[1].Platform != "linux/arm64" || c.Pairs[1].B == nil || c.Pairs[1].Verdict.Code != Identical {
		t.Fatalf("pairs %+v", c.Pairs)
	}
	waiting := single("one", arm)
	waiting.Entries[0] = pending(waiting.Entries[0])
	if c := Compare(list, waiting); c.Verdict.Code != Pending || len(c.Findings) != 1 || c.Findings[0].ID != "A10" {
		t.Errorf("only the digest is known, not the platform: %q, %v", c.Verdict.Code, c.Findings)
	}
	// Two single images are compared even for different platforms.
	c = Compare(single("a", amd), single("b", arm))
	if len(c.Pairs) != 1 || !strings.HasPrefix(c.Verdict.Headline.String(), "Different platforms: linux/amd64 and linux/arm64") || c.Same(false) {
		t.Errorf("%d pairs: %q", len(c.Pairs), c.Verdict.Headline)
	}
}

func TestDuplicatePlatforms(t *testing.T) {
	first, second := forArch("amd64").image(t), forArch("amd64", sets("USER x")).image(t)
	c := Compare(index(t, "a", entry(first), entry(second)), index(t, "b", entry(first)))
	if len(c.Pairs) != 2 || c.Pairs[0].Verdict.Code != Identical || c.Pairs[1].B != nil {
		t.Errorf("pairs %+v", c.Pairs)
	}
	if c.Same(false) {
		t.Error("clients differ in which entry they use, so this is not the same")
	}
	if got := c.Pairs[1].Verdict.Headline.String(); got != "Duplicate entry in :a" {
		t.Errorf("the second entry is called %q", got)
	}
	if len(c.Findings) != 1 || c.Findings[0].ID != "C7" {
		t.Errorf("found %v", c.Findings)
	}
	// The same entry twice is redundant, but not ambiguous.
	if c := Compare(index(t, "a", entry(first), entry(first)), index(t, "b", entry(first))); len(c.Findings) != 0 {
		t.Errorf("found %v", c.Findings)
	}
}

// TestUnstatedArchitecture checks that a config without an architecture is not called
// another platform; a stated one that differs is.
func TestUnstatedArchitecture(t *testing.T) {
	amd := forArch("amd64", does("COPY a /", files("a"))).image(t)
	unstated := forArch("amd64", does("COPY a /", files("b"))).image(t)
	unstated.Config.Architecture = ""
	arm := forArch("arm64", does("COPY a /", files("b"))).image(t)
	if v := Compare(single("a", amd), single("b", unstated)).Verdict; strings.Contains(v.Headline.String(), "platforms") {
		t.Errorf("not stated: %s", v.Headline)
	}
	if v := Compare(single("a", amd), single("b", arm)).Verdict; v.Headline.String() != "Different platforms: linux/amd64 and linux/arm64" {
		t.Errorf("another one: %s", v.Headline)
	}
}

func TestWindowsRevisions(t *testing.T) {
	win := func(version string) model.Entry {
		b := forArch("amd64", sets("ENV V="+version))
		b.os = "windows"
		e := entry(b.image(t))
		e.Descriptor.Platform.OSVersion = version
		return e
	}
	c := Compare(index(t, "a", win("10.0.17763.1"), win("10.0.20348.1")), index(t, "b", win("10.0.20348.2"), win("10.0.17763.2")))
	if len(c.Pairs) != 2 || c.Pairs[0].B == nil || c.Pairs[0].B.Platform().OSVersion != "10.0.17763.2" {
		t.Errorf("pairs %+v", c.Pairs)
	}
}

func TestPendingTop(t *testing.T) {
	if v := Compare(model.Artifact{}, model.Artifact{}).Verdict; v.Code != Pending {
		t.Errorf("nothing read on either side: %q", v.Code)
	}
}

// TestPairUp checks that a comparison is the same whether or not its rows were made before,
// and whether a layer was read in between.
func TestPairUp(t *testing.T) {
	a, b := eightPlatforms(t, 9, "1"), eightPlatforms(t, 9, "2")
	paired := PairUp(a, b)
	if rows, wanted := len(paired.Pairs[0].Rows), UnverifiedLayers(paired); rows != 9 || len(wanted[SideA]) == 0 {
		t.Errorf("%d rows, layers to read: %v", rows, wanted)
	}
	l := files("2 for 3861")
	read := paired.WithContents(map[digest.Digest]model.Contents{l.descriptor().Digest: {DiffID: l.diffID()}})
	if !read.Pairs[0].B.Image.Steps[1].Checked {
		t.Error("the layer was not read")
	}
	for _, from := range []Comparison{paired, read} {
		if !reflect.DeepEqual(Recompare(from, *from.A, *from.B), Compare(*from.A, *from.B)) {
			t.Error("the comparison of paired rows differs")
		}
	}
}

func TestForPlatform(t *testing.T) {
	amd, arm := forArch("amd64").image(t), forArch("arm64").image(t)
	arm6 := labelled(entry(forArch("arm").image(t)), "linux", "arm", "v6")
	other := forArch("arm64", does("COPY . /", files("x"))).image(t)
	c := Compare(index(t, "a", entry(amd), entry(arm), arm6), index(t, "b", entry(amd), entry(other)))
	for arg, want := range map[string]Code{
		"linux/amd64": Identical, "amd64": Identical, "linux/x86_64": Identical,
		"linux/arm64/v8": SameBase, "aarch64": SameBase, "linux/arm/v6": NotComparable,
	} {
		only, err := c.ForPlatform(arg)
		if err != nil || len(only.Pairs) != 1 || only.Verdict.Code != want || only.Same(true) != (want == Identical) {
			t.Errorf("%s: %q, %v", arg, only.Verdict.Code, err)
		}
	}
	for _, arg := range []string{"linux/s390x", "linux/arm/v7", "*", "a/b/c/d", "", "linux/"} {
		if _, err := c.ForPlatform(arg); err == nil {
			t.Errorf("%q is accepted", arg)
		}
	}
	_, err := c.ForPlatform("linux/s390x")
	if want := "neither side has linux/s390x; available: linux/amd64, linux/arm64 and linux/arm/v6"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	_, err = c.ForPlatform("foo")
	if want := `neither side has linux/foo: "foo" is not a known architecture; available: linux/amd64, linux/arm64 and linux/arm/v6`; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	unstated := forArch("amd64").image(t)
	unstated.Config.Platform.Architecture = ""
	for name, tt := range map[string]struct {
		c     Comparison
		head  string
		trust Trust
	}{
		"only in A":       {c, ":b has no linux/arm/v6; only :a has it because :b has linux/amd64 and linux/arm64", Proved},
		"only in B":       {Compare(single("a", amd), index(t, "b", entry(amd), arm6)), ":a has no linux/arm/v6; only :b has it because :a has linux/amd64", Proved},
		"no architecture": {Compare(index(t, "a", entry(amd), arm6), single("b", unstated)), ":b states no linux/arm/v6; only :a does because :b has linux", Inferred},
	} {
		only, err := tt.c.ForPlatform("linux/arm/v6")
		if v := only.Verdict; err != nil || v.Headline.String()+" because "+v.Because.String() != tt.head || v.Trust != tt.trust || only.Same(true) {
			t.Errorf("%s: %s: %s because %s, %v", name, v.Trust, v.Headline, v.Because, err)
		}
	}
	if lost, _ := c.ForPlatform("linux/arm/v6"); len(lost.Findings) != 1 {
		t.Errorf("findings on the platform are lost: %v", lost.Findings)
	}
	if kept, _ := c.ForPlatform("linux/amd64"); len(kept.Findings) != 0 {
		t.Errorf("findings on other platforms are kept: %v", kept.Findings)
	}
}

func TestDescribe(t *testing.T) {
	amd, arm := forArch("amd64").image(t), forArch("arm64").image(t)
	c := Describe(index(t, "a", entry(amd), pending(entry(arm)), receipt(entry(amd))))
	if c.B != nil || c.Verdict.Code != Pending || len(c.Pairs) != 2 || !c.Same(true) {
		t.Fatalf("%+v", c)
	}
	for _, r := range c.Pairs[0].Rows {
		if r.Class != Alone || r.A == nil || r.B != nil || r.Differs() {
			t.Errorf("row %+v", r)
		}
	}
	if len(c.Pairs[0].Rows) != 3 || len(c.Pairs[1].Rows) != 0 {
		t.Error("the steps that have arrived are missing")
	}
	if c := Describe(artifact("x", "a/b", "c")); len(c.Pairs) != 1 || len(c.Pairs[0].Rows) != 0 {
		t.Errorf("an artifact: %+v", c.Pairs)
	}
}

func FuzzCompare(f *testing.F) {
	m, c := app(does("WORKDIR /", nothing)).raw(f)
	f.Add(m, c, m, c)
	f.Add(fixture(f, "prod.schema2.json"), fixture(f, "config-a694bf29e765.json"), fixture(f, "prod.schema1.json"), []byte("{}"))
	odd := build{
		config:  map[string]any{"Env": []string{"API_TOKEN=x", "A_VERSION=1"}, "Labels": map[string]string{"org.opencontainers.image.revision": "a", "org.opencontainers.image.ref.name": "ubuntu", "org.opencontainers.image.version": "1"}},
		created: "2024-05-05T00:00:00Z", more: map[string]any{"docker_version": "1.13.1"},
		steps: []step{does("ADD x /", files("x").sized(2_000_000)), sets("CMD x"), does("RUN apt-get install x", files("y")).at("2024-01-01T00:00:00Z"), does("bash", files("x").sized(2_000_000))},
	}
	oddManifest, oddConfig := odd.raw(f)
	f.Add(oddManifest, oddConfig, m, c)
	f.Add(bytes.ReplaceAll(oddManifest, []byte("tar+gzip"), []byte("tar+zstd")), bytes.ReplaceAll(oddConfig, []byte("amd64"), []byte("arm64")), oddManifest, oddConfig)
	f.Fuzz(func(t *testing.T, manifestA, configA, manifestB, configB []byte) {
		a, okA := arbitrary(manifestA, configA)
		b, okB := arbitrary(manifestB, configB)
		if !okA || !okB {
			t.Skip()
		}
		c := Compare(a, b)
		if c.Verdict.Headline.IsEmpty() {
			t.Fatalf("no headline for %q", c.Verdict.Code)
		}
		if len(c.Pairs) == 1 {
			if imgA, imgB := imageOf(c.Pairs[0].A), imageOf(c.Pairs[0].B); imgA != nil && imgB != nil {
				checkRows(t, imgA.Steps, imgB.Steps, c.Pairs[0].Rows)
			}
		}
		if c.Verdict.Code == Identical && a.Top.Digest != b.Top.Digest {
			t.Fatal("other bytes taken for identical")
		}
		checkFindings(t, c)
		checkFindings(t, Describe(a))
		both := index(t, "both", a.Entries[0], b.Entries[0])
		checkFindings(t, Describe(both))
		checkAround(t, c)
		checkAround(t, Compare(both, a))
		checkAround(t, Describe(both))
		checkFindings(t, Compare(both, a))
		seen := map[digest.Digest]model.Contents{}
		for _, layers := range UnverifiedLayers(c) {
			for i, d := range layers {
				seen[d.Digest] = model.Contents{DiffID: digest.FromString(string(d.Digest)), Empty: i%2 == 0}
			}
		}
		checkFindings(t, c.WithContents(seen))
		if back := Compare(b, a); back.Verdict.Code != c.Verdict.Code {
			t.Fatalf("%q one way, %q the other", c.Verdict.Code, back.Verdict.Code)
		}
	})
}

// checkFindings checks that a finding is printable, that it refers to steps
// that exist, and that grouping loses none.
func checkFindings(t *testing.T, c Comparison) {
	t.Helper()
	all := slices.Clone(c.Findings)
	for _, p := range c.Pairs {
		steps := map[Side]int{SideA: len(stepsOf(p.A)), SideB: len(stepsOf(p.B))}
		for _, f := range p.Findings {
			for _, e := range f.Evidence {
				if e.Step >= steps[e.Side] {
					t.Errorf("%s refers to step %d of %d", f.ID, e.Step, steps[e.Side])
				}
			}
		}
		all = append(all, p.Findings...)
	}
	for _, f := range all {
		if f.Text.IsEmpty() || f.Next.IsEmpty() || f.Trust == "" || f.Severity < 0 || f.Severity > 3 || len(f.Evidence) == 0 {
			t.Errorf("incomplete: %+v", f)
		}
		for _, command := range []string{f.Command.String(), f.Check.String()} {
			if strings.ContainsAny(command, "`") || strings.Count(command, "'")%2 != 0 {
				t.Errorf("%s would have a shell run %q", f.ID, command)
			}
		}
	}
	n := 0
	for _, g := range GroupByCause(all) {
		n += 1 + len(g.Consequences)
	}
	if n != len(all) {
		t.Errorf("%d of %d findings remain after grouping", n, len(all))
	}
}

func arbitrary(manifest, config []byte) (model.Artifact, bool) {
	m, err := model.ParseManifest(doc(manifest))
	if err != nil {
		return model.Artifact{}, false
	}
	e := model.Entry{Descriptor: v1.Descriptor{Digest: m.Digest, MediaType: m.MediaType}, Role: model.RoleImage}
	switch m.Kind {
	case model.KindSchema1:
		img := model.Schema1Image(m)
		e.Image = &img
	case model.KindImage:
		c, err := model.ParseConfig(doc(config))
		img := model.NewImage(m, c)
		if e.Image, e.Err = &img, err; err != nil {
			e.Image = nil
		}
	default:
		e.Role = model.RoleArtifact
	}
	return model.Artifact{Ref: ref("x"), Top: m, Entries: []model.Entry{e}, Done: true}, true
}

// TestCauses_end checks that the causes of the rules form no circle: rootCause follows
// them to the end.
func TestCauses_end(t *testing.T) {
	var follow func(id string, path []string)
	follow = func(id string, path []string) {
		if slices.Contains(path, id) {
			t.Fatalf("the causes of %s form a circle: %v", id, path)
		}
		for _, r := range rules {
			if r.id == id {
				for _, cause := range r.causes {
					follow(cause, append(path, id))
				}
			}
		}
	}
	for _, r := range rules {
		follow(r.id, nil)
	}
}
