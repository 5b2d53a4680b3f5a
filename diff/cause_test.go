package diff

import (
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// The first sentence names what a colleague would: the version, the base, or what stops
// a deployment.
func TestHeadline_cause(t *testing.T) {
	debian := func(epoch string) step {
		return does("# debian.sh --arch 'amd64' out/ 'trixie' '@"+epoch+"'", files(epoch))
	}
	python := func(version, epoch string) build {
		return build{config: map[string]any{"Env": []string{"GPG_VERSION=1", "PYTHON_VERSION=" + version}}, steps: []step{
			debian(epoch), sets("ENV PYTHON_VERSION=" + version), does("RUN make python", files(version)),
		}}
	}
	versioned := func(version string) build {
		return build{config: map[string]any{"Labels": map[string]string{v1.AnnotationVersion: version}}, steps: []step{does("COPY app /", files(version))}}
	}
	named := func(repo, tag string, img model.Image) model.Artifact {
		a := single(tag, img)
		a.Ref.Repository = repo
		return a
	}
	onBase := func(a model.Artifact, base, digit string) model.Artifact {
		a.Entries[0].Descriptor.Annotations = map[string]string{
			v1.AnnotationBaseImageName: base, v1.AnnotationBaseImageDigest: "sha256:" + strings.Repeat(digit, 64),
		}
		return a
	}
	onWindows := func(tag, version string) model.Artifact {
		e := entry(build{os: "windows", steps: []step{does("Apply image "+version, files(version)), does("COPY hello.txt C:", files("hello "+version))}}.image(t))
		e.Descriptor.Platform.OSVersion = version
		return index(t, tag, e)
	}
	onUbuntu := func(release, program string) build {
		b := build{steps: []step{does("ADD ubuntu.tar /", files("ubuntu "+release)), does("COPY app /", files(program))}}
		return configured(b, map[string]any{"Labels": map[string]string{v1.AnnotationRefName: "ubuntu", v1.AnnotationVersion: release}})
	}
	rootOf := func(release string) build { b := onUbuntu(release, ""); b.steps = b.steps[:1]; return b }
	withEnv := func(variables ...string) build {
		return configured(build{steps: []step{does("COPY app /", files(variables[0]))}}, map[string]any{"Env": variables})
	}
	packed := func(release string) build {
		metadata := `{"app":[{"sha":"sha256:1"}],"runImage":{"topLayer":"` + string(files("run").diffID()) + `"}}`
		return configured(build{steps: []step{
			does("", files("run")), does("Layer: 'jre', Created by buildpack: x/liberica@"+release, files(release)), does("Application Layer", files("app")),
		}}, map[string]any{"Labels": map[string]string{"io.buildpacks.lifecycle.metadata": metadata}})
	}
	twoSteps := build{steps: []step{does("COPY b /", files("b")), sets("LABEL x=1")}}
	threeSteps := build{steps: []step{does("COPY a /", files("a")), sets("LABEL x=1"), does("COPY c /", files("c"))}}
	onIndexBase := func(a model.Artifact, name string) model.Artifact { return onBase(a, name, "b") }
	const august, later = "1785715200", "1787529600"
	dated := func(b build, root string) build { b.steps[0] = b.steps[0].at(root); return b }
	onRoot := func(root step, own string) build {
		return build{steps: []step{root, does("RUN "+own+"1", files(root.text+own+"1")), does("RUN "+own+"2", files(root.text+own+"2")), does("RUN "+own+"3", files(root.text+own+"3"))}}
	}
	starting := func(program, own string) build {
		return configured(onRoot(debian(august), own), map[string]any{"Cmd": []string{"/usr/bin/" + program, "-g"}})
	}
	for name, tt := range map[string]struct {
		a, b model.Artifact
		want string
	}{
		"a version on another base": {
			onBase(named("library/python", "a", python("3.10.20", august).image(t)), "debian:trixie-slim", "a"),
			onBase(named("library/python", "b", python("3.10.21", later).image(t)), "debian:trixie-slim", "b"),
			"python 3.10.20 → 3.10.21, on another debian:trixie-slim",
		},
		"a version on the same base": {named("library/python", "a", python("3.10.20", august).image(t)), named("library/python", "b", python("3.10.21", august).image(t)), "python 3.10.20 → 3.10.21"},
		"only the root filesystem":   {named("debian", "a", build{steps: []step{debian(august)}}.image(t)), named("debian", "b", build{steps: []step{debian(later)}}.image(t)), "debian trixie of 3 Aug 2026 → 24 Aug 2026"},
		"an image on another root":   {named("debian", "a", build{steps: []step{debian(later)}}.image(t)), named("library/python", "b", python("3.10.20", august).image(t)), ":b is built on debian trixie of 3 Aug 2026; :a is debian trixie of 24 Aug 2026"},
		"two images on two roots":    {named("x/a", "a", onRoot(debian(august), "a").image(t)), named("x/b", "b", onRoot(debian(later), "b").image(t)), "Unrelated images"},
		"an older base": {
			onBase(named("library/python", "a", dated(python("3.10.21", later), "2026-08-24T00:00:00Z").image(t)), "debian:trixie-slim", "a"),
			onBase(named("library/python", "b", dated(python("3.10.20", august), "2026-08-03T00:00:00Z").image(t)), "debian:trixie-slim", "b"),
			"python 3.10.21 → 3.10.20 (older), on an older debian:trixie-slim",
		},
		"two programs on one base": {named("x/web", "a", starting("httpd", "a").image(t)), named("x/store", "b", starting("redis-server", "b").image(t)), "Two different images on one base; they start httpd and redis-server"},
		"one program on one base":  {named("x/web", "a", starting("httpd", "a").image(t)), named("x/store", "b", starting("httpd", "b").image(t)), "RUN a1 and RUN a2 are only in :a; 4 more steps differ"},
		"packages of Nix": {
			named("x/app", "a", nixImage("libidn2-2.3.4", "glibc-2.38-27", "python3-3.11.6", "customisation-layer").image(t)),
			named("x/app", "b", nixImage("libidn2-2.3.4", "glibc-2.38-44", "python3-3.11.8", "customisation-layer").image(t)),
			"python3 3.11.6 → 3.11.8 and glibc 2.38-27 → 2.38-44",
		},
		"the package of the repository": {
			named("x/app", "a", nixImage("glibc-2.38-27", "app-1.0", "zlib-1.3").image(t)), named("x/app", "b", nixImage("glibc-2.38-44", "app-1.1", "zlib-1.3").image(t)),
			"app 1.0 → 1.1",
		},
		"an older month of Windows":            {onWindows("a", "10.0.26100.10"), onWindows("b", "10.0.26100.9"), "Another Windows: 10.0.26100.10 in :a, the older 10.0.26100.9 in :b"},
		"another month of Windows":             {onWindows("a", "10.0.26100.1"), onWindows("b", "10.0.26100.2"), "Another Windows: 10.0.26100.1 in :a, the newer 10.0.26100.2 in :b"},
		"another release of Debian":            {named("debian", "a", build{steps: []step{debian(august)}}.image(t)), named("debian", "b", build{steps: []step{does("# debian.sh --arch 'amd64' out/ 'bookworm' '@"+august+"'", files("12"))}}.image(t)), "debian trixie → bookworm"},
		"the label of the base":                {named("x/app", "a", onUbuntu("22.04", "app").image(t)), named("x/app", "b", onUbuntu("24.04", "app").image(t)), "The base moved: ubuntu 22.04 → 24.04"},
		"another label on the same base":       {named("x/app", "a", onUbuntu("22.04", "app").image(t)), named("x/app", "b", configured(onUbuntu("22.04", "app 2"), onUbuntu("24.04", "").config).image(t)), "Same recipe, other layers from step 2 on"},
		"a product with a cache":               {named("x/b2", "a", withEnv("VARNISH_CACHE_VERSION=6.0").image(t)), named("x/b2", "b", withEnv("VARNISH_CACHE_VERSION=7.0").image(t)), "varnish_cache 6.0 → 7.0"},
		"a distribution's own label":           {named("x/ubuntu", "a", rootOf("22.04").image(t)), named("x/ubuntu", "b", rootOf("24.04").image(t)), "ubuntu 22.04 → 24.04"},
		"the application's variable":           {named("x/b2", "a", withEnv("API_VERSION=v1beta1", "APP_VERSION=2.0.0").image(t)), named("x/b2", "b", withEnv("API_VERSION=v1", "APP_VERSION=2.1.0").image(t)), "app 2.0.0 → 2.1.0"},
		"numbers before an interface":          {named("x/b2", "a", withEnv("SCHEMA_VERSION=1.0", "GIT_VERSION=abc", "NODE_VERSION=20.1").image(t)), named("x/b2", "b", withEnv("SCHEMA_VERSION=2.0", "GIT_VERSION=abd", "NODE_VERSION=20.2").image(t)), "node 20.1 → 20.2"},
		"only an interface":                    {named("x/b2", "a", withEnv("API_VERSION=v1").image(t)), named("x/b2", "b", withEnv("API_VERSION=v2").image(t)), "api v1 → v2"},
		"a limit for another program":          {named("x/b2", "a", withEnv("MIN_NODE_VERSION=18.0").image(t)), named("x/b2", "b", withEnv("MIN_NODE_VERSION=20.0").image(t)), "Same recipe, other layers from step 1 on"},
		"a cache buster":                       {named("x/b2", "a", withEnv("CACHE_VERSION=1").image(t)), named("x/b2", "b", withEnv("CACHE_VERSION=2").image(t)), "Same recipe, other layers from step 1 on"},
		"a layer of buildpacks":                {named("x/app", "a", packed("10.5.2").image(t)), named("x/app", "b", packed("10.6.0").image(t)), "liberica 10.5.2 → 10.6.0; same run image, same application"},
		"another digest of the base":           {named("x/base", "v1", twoSteps.image(t)), onIndexBase(named("x/app", "b", threeSteps.image(t)), "x/base:v1"), ":b names x/base:v1 as its base, by the digest bbbbbbbbbbbb, which is not this :v1"},
		"a base of another tag":                {named("x/base", "v2", twoSteps.image(t)), onIndexBase(named("x/app", "b", threeSteps.image(t)), "x/base:v1"), "Unrelated images"},
		"a variant of one version":             {named("x/app", "a", versioned("15.4").image(t)), named("x/app", "b", versioned("15.4-bullseye").image(t)), "app 15.4, another variant: plain → bullseye"},
		"two variants of a candidate":          {named("x/app", "a", versioned("1.10.0-rc2-alpine3.18").image(t)), named("x/app", "b", versioned("1.10.0-rc2-bookworm").image(t)), "app 1.10.0-rc2, another variant: alpine3.18 → bookworm"},
		"a candidate and its release":          {named("x/app", "a", versioned("15.4-rc1").image(t)), named("x/app", "b", versioned("15.4").image(t)), "app 15.4-rc1 → 15.4"},
		"two builds of one version":            {named("x/app", "a", versioned("15.4-r1").image(t)), named("x/app", "b", versioned("15.4-r2").image(t)), "app 15.4-r1 → 15.4-r2"},
		"two commits of one version":           {named("x/app", "a", versioned("15.4-abc123").image(t)), named("x/app", "b", versioned("15.4-def456").image(t)), "app 15.4-abc123 → 15.4-def456"},
		"a version label":                      {named("x/app", "a", versioned("1.4.0").image(t)), named("x/app", "b", versioned("1.5.0").image(t)), "app 1.4.0 → 1.5.0"},
		"two products are not versions of one": {named("x/busybox", "a", versioned("1.37.0").image(t)), named("x/nginx", "b", build{config: map[string]any{"Labels": map[string]string{v1.AnnotationVersion: "1.30.5"}}, steps: []step{does("RUN nginx", files("nginx"))}}.image(t)), "Unrelated images"},
		"a branch is not a version":            {named("x/app", "a", versioned("main").image(t)), named("x/app", "b", versioned("dev").image(t)), "Same recipe, other layers from step 1 on"},
	} {
		t.Run(name, func(t *testing.T) {
			v := Compare(tt.a, tt.b).Verdict
			if v.Headline.String() != tt.want {
				t.Errorf("%q, want %q; because %s", v.Headline, tt.want, v.Because)
			}
			if v.Trust == Proved {
				t.Error("a version is what the config claims")
			}
		})
	}
}

// TestSame_broken checks that what cannot be pulled, or what clients take for another
// platform, does not count as the same image.
func TestSame_broken(t *testing.T) {
	amd, arm := entry(forArch("amd64").image(t)), entry(forArch("arm64").image(t))
	v6 := entry(armV6().image(t))
	for name, tt := range map[string]struct {
		a, b model.Artifact
		same bool
	}{
		"the same index":                     {index(t, "a", amd, arm), index(t, "b", amd, arm), true},
		"the same index, a platform is gone": {index(t, "a", amd, gone(arm, true)), index(t, "b", amd, gone(arm, true)), false},
		"the same images, one is gone":       {index(t, "a", amd, gone(arm, true)), index(t, "b", amd, gone(arm, true), receipt(amd)), false},
		"an index around the image":          {single("a", *amd.Image), index(t, "b", amd), true},
		"an index with a wrong label":        {single("a", *amd.Image), index(t, "b", labelled(amd, "linux", "arm64", "")), false},
		"the same wrong label":               {index(t, "a", labelled(amd, "linux", "arm64", "")), index(t, "b", labelled(amd, "linux", "arm64", ""), receipt(amd)), false},
		"the same label of another variant":  {index(t, "a", labelled(v6, "linux", "arm", "v7")), index(t, "b", labelled(v6, "linux", "arm", "v7"), receipt(amd)), true},
		"one index with a wrong label":       {index(t, "a", labelled(amd, "linux", "arm64", "")), index(t, "b", labelled(amd, "linux", "arm64", "")), false},
		"one index, of another variant":      {index(t, "a", labelled(v6, "linux", "arm", "v7")), index(t, "b", labelled(v6, "linux", "arm", "v7")), true},
		"an index that repeats the image":    {single("a", *amd.Image), index(t, "b", amd, amd), true},
	} {
		c := Compare(tt.a, tt.b)
		if c.Same(false) != tt.same {
			t.Errorf("%s: same: %v: %s", name, c.Same(false), c.Verdict.Headline)
		}
	}
}

func TestHeadline_stop(t *testing.T) {
	amd, arm := forArch("amd64").image(t), forArch("arm64").image(t)
	both := index(t, "a", entry(amd), entry(arm))
	for name, tt := range map[string]struct {
		b     model.Artifact
		want  string
		trust Trust
	}{
		"a platform lost": {index(t, "b", entry(amd)), "linux/arm64 is missing in :b", Proved},
		"labels swapped": {
			index(t, "b", labelled(entry(amd), "linux", "arm64", ""), labelled(entry(arm), "linux", "amd64", "")),
			"Same images, their platform labels swapped: :b lists the linux/amd64 image as linux/arm64 and the reverse", Proved,
		},
		"nothing lost": {index(t, "b", entry(arm), entry(amd)), "Same image, different index: the order of the entries", Proved},
	} {
		t.Run(name, func(t *testing.T) {
			c := Compare(both, tt.b)
			if c.Verdict.Headline.String() != tt.want || c.Verdict.Trust != tt.trust {
				t.Errorf("%q (%s), want %q", c.Verdict.Headline, c.Verdict.Trust, tt.want)
			}
			if why := c.Verdict.Because.String(); name == "a platform lost" && why != "The other platform is the same" {
				t.Error(why)
			}
			if same := name == "nothing lost"; c.Same(false) != same {
				t.Errorf("same: %v", c.Same(false))
			}
		})
	}
}

// nixImage is an image with a layer for each store path.
func nixImage(names ...string) build {
	var b build
	for _, name := range names {
		b.steps = append(b.steps, does("", files(name)).noted("store paths: ['/nix/store/"+strings.Repeat("0", 32)+"-"+name+"']"))
	}
	return b
}

// TestAlign_packages pairs the layers of two package sets by package, whatever the version.
func TestAlign_packages(t *testing.T) {
	a := nixImage("libidn2-2.3.4", "glibc-2.38-27", "openssl-3.0.12", "bash-5.2")
	b := nixImage("libidn2-2.3.4", "glibc-2.38-44", "zlib-1.3", "openssl-3.0.13", "bash-5.2")
	var got []string
	for _, r := range pairOf(t, a, b).Pairs[0].Rows {
		text := string(r.Class)
		if r.A != nil && r.B != nil {
			text += " " + instructionText(*r.A) + ", " + instructionText(*r.B)
		}
		got = append(got, text)
	}
	want := []string{
		"same libidn2 2.3.4, libidn2 2.3.4", "substituted glibc 2.38-27, glibc 2.38-44", "added",
		"substituted openssl 3.0.12, openssl 3.0.13", "same bash 5.2, bash 5.2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestCause_sameRoot: a label with another release does not move the base while the root
// filesystem is the same.
func TestCause_sameRoot(t *testing.T) {
	on := func(release, root, server string) model.Image {
		labels := map[string]string{v1.AnnotationRefName: "ubuntu", v1.AnnotationVersion: release}
		return build{config: map[string]any{"Labels": labels}, steps: []step{
			does("ADD ubuntu.tar /", files(root)), sets(`CMD ["bash"]`), does("COPY server /", files(server)),
		}}.image(t)
	}
	for name, tt := range map[string]struct {
		b    model.Image
		want string
	}{
		"another root":      {on("24.04", "noble", "2"), "The base moved: ubuntu 22.04 → 24.04; COPY server / gave another layer"},
		"the same root":     {on("24.04", "jammy", "2"), "Same recipe, other layers from step 3 on"},
		"no Ubuntu release": {on("1.5.0", "noble", "2"), "Same recipe, other layers from step 1 on"},
	} {
		if v := Compare(single("a", on("22.04", "jammy", "1")), single("b", tt.b)).Verdict; v.Headline.String() != tt.want {
			t.Errorf("%s: %s", name, v.Headline)
		}
	}
}
