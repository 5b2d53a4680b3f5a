package diff

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// onPython is a small version of the second incident: a base that ends with its start
// command, and an application on it.
func onPython(version, baseDate, ownDate string, own ...step) build {
	b := build{config: map[string]any{"Env": []string{"PYTHON_VERSION=" + version}}}
	for _, s := range []step{
		does("ADD file:"+hex64('a')+" in / ", files("debian")), sets(`CMD ["bash"]`), sets("ENV PYTHON_VERSION=" + version),
		does("RUN build python", files("python "+version)), sets(`CMD ["python2"]`),
	} {
		b.steps = append(b.steps, s.at(baseDate))
	}
	for _, s := range append([]step{sets("ENV APP=/srv"), does("COPY . /srv", files("app")), does("RUN pip install", files("deps on "+version)), sets(`CMD ["app"]`)}, own...) {
		b.steps = append(b.steps, s.at(ownDate))
	}
	return b
}

// early is a Dockerfile that sets its start command before its last file.
func early(source, lower string) build {
	return build{steps: []step{
		does("ADD rootfs /", files("debian")).at(lower), does("COPY src /src", files("src "+source)).at(lower),
		sets(`ENTRYPOINT ["app"]`).at(lower), does("COPY conf /etc", files("conf")).at(ownDay),
	}}
}

// rebased is an image whose own steps, with the dates of a clock, are the same on each base.
func rebased(base, baseDate string) build {
	const own = "2019-10-22T13:00:00.5Z"
	return build{created: own, steps: []step{
		does("ADD rootfs.tar /", files("base "+base)).at(baseDate), sets(`CMD ["sh"]`).at(baseDate), does("COPY app /app", files("app")).at(own),
	}}
}

func annotated(b build, name string, d digest.Digest) build {
	b.extra = map[string]any{"annotations": map[string]string{v1.AnnotationBaseImageName: name, v1.AnnotationBaseImageDigest: string(d)}}
	return b
}

const (
	baseDay = "2019-10-18T20:00:00Z"
	ownDay  = "2019-10-22T13:00:00Z"
)

func baseCases(t *testing.T) []ruleCase {
	t.Helper()
	old, moved := onPython("2.7.16", baseDay, ownDay), onPython("2.7.17", baseDay, ownDay)
	one, two := digest.FromString("one"), digest.FromString("two")
	dockerOf := func(version string) build {
		return build{more: map[string]any{"docker_version": version}, steps: []step{does("/bin/sh -c #(nop) COPY file:"+hex64('b')+" in /app ", files("x")), does("/bin/sh -c make "+version, files(version))}}
	}
	bk := build{steps: []step{does("COPY . /app # buildkit", files("x")).noted("buildkit.dockerfile.v0"), does("RUN /bin/sh -c make # buildkit", files("bk")).noted("buildkit.dockerfile.v0")}}
	byBuildah := func(content string) build {
		return build{config: map[string]any{"Labels": map[string]string{buildahLabel: "1.28.2"}}, steps: []step{does("ADD file: /", files("debian")), does("/bin/sh -c make", files(content))}}
	}
	// onIndex names the index of a base as the base of b.
	onIndex := func(base, b build) Comparison {
		top := index(t, "a", entry(base.image(t)))
		return Compare(top, index(t, "b", entry(annotated(b, "app", top.Top.Digest).image(t))))
	}
	return []ruleCase{
		{"the base moved", pairOf(t, old, moved), "G1", 2, "The base moved: it differs from step 3 on (PYTHON_VERSION 2.7.16 → 2.7.17). The instructions of your own 4 steps after it are the same.", 2},
		{"a rebase", pairOf(t, rebased("1", baseDay), rebased("2", "2019-10-20T20:00:00Z")), "G1", 0, "The base may have moved", 2},
		{"a base that was given the same files", pairOf(t, ofFile("1"), ofFile("2")), "G1", -1, "", 0},
		{"the base of another platform", pairOf(t, old, onArch(moved, "arm64")), "G1", -1, "", 0},
		{"the base of another platform under a label", Compare(index(t, "a", entry(old.image(t)), entry(onArch(moved, "arm64").image(t))), index(t, "b", entry(old.image(t)), entry(onArch(old, "arm64").image(t)))), "G1", -1, "", 0},
		{"the base of one of two platforms moved", Compare(index(t, "a", entry(old.image(t)), entry(forArch("arm64").image(t))), index(t, "b", entry(moved.image(t)), entry(forArch("arm64").image(t)))), "G1", 2, "The base moved", 2},
		{"the own steps changed too", pairOf(t, old, onPython("2.7.17", baseDay, ownDay, sets("USER x"))), "G1", -1, "", 0},
		{"only the own steps changed", pairOf(t, old, onPython("2.7.16", baseDay, ownDay, does("COPY x /", files("x")))), "G1", -1, "", 0},
		{"a version of one's own", pairOf(t, app(sets("ENV APP_VERSION=1"), does("RUN x", files("1"))), app(sets("ENV APP_VERSION=2"), does("RUN x", files("2")))), "G1", -1, "", 0},
		{"annotated", pairOf(t, annotated(old, "docker.io/library/python:2.7", one), annotated(moved, "docker.io/library/python:2.7", two)), "G1", 2,
			"The base moved: docker.io/library/python:2.7 was " + short(one) + ", now it is " + short(two) + ", as annotations state; the instructions after it are the same.", 2},
		{"annotated, another base", pairOf(t, annotated(old, "python:2.7", one), annotated(moved, "python:3", two)), "G1", 2, "The bases differ: :a is built on python:2.7, :b on python:3", 2},
		{"annotated, the same files here", pairOf(t, annotated(old, "python:2.7", one), annotated(onPython("2.7.16", baseDay, ownDay, does("COPY x /", files("x"))), "python:2.7", two)), "G1", -1, "", 0},
		{"a start command set early", pairOf(t, early("1", ownDay), early("2", ownDay)), "G1", -1, "", 0},
		{"a start command set early, and a cache", pairOf(t, early("1", baseDay), early("2", baseDay)), "G1", 1, "The base may have moved", 2},
		{"annotated alike, other files", pairOf(t, annotated(app(), "python:2.7", one), annotated(app(does("RUN x", files("x"))), "python:2.7", one)), "G1", -1, "", 0},

		{"buildah with --layers names its own last step", pairOf(t, annotated(byBuildah("1"), "python:2.7", one), annotated(byBuildah("2"), "python:2.7", two)), "G1", -1, "", 0},
		{"buildah on an image from scratch", pairOf(t, annotated(byBuildah("1"), "", one), annotated(byBuildah("2"), "python:2.7", two)), "G1", -1, "", 0},
		{"annotated, one without a name", pairOf(t, annotated(old, "", one), annotated(moved, "python:2.7", two)), "G1", 2,
			"The bases differ: " + short(one) + " in :a, " + short(two) + " in :b, as annotations state.", 2},
		{"the base beside the image on it", pairOf(t, annotated(app(), "python:2.7", one), annotated(app(does("RUN x", files("x"))), "app", two)), "G1", -1, "", 0},
		{"buildah on another base", pairOf(t, annotated(byBuildah("1"), "python:2.7", one), annotated(byBuildah("2"), "python:3", two)), "G1", 2, "The bases differ", 2},

		{"annotated with the other side, whose layers it has", pairOf(t, app(), annotated(app(does("RUN x", files("x"))), "app", manifestDigest(t, app()))), "G8", -1, "", 0},
		{"annotated with the other side, without its layers", pairOf(t, app(), annotated(old, "app", manifestDigest(t, app()))), "G8", 1,
			"The annotation of :b names :a as its base, but the layers of :a are not the first ones of :b. The layers count.", 2},
		{"annotated with the index of the other side, without its layers", onIndex(app(), old), "G8", 1,
			"The annotation of :b names :a as its base, but the layers of :a are not the first ones of :b.", 2},
		{"annotated with the index of the other side, whose layers it has", onIndex(app(), app(does("RUN x", files("x")))), "G8", -1, "", 0},
		{"one base by name, two by layers", pairOf(t, annotated(app(), "app", one), annotated(build{steps: []step{does("ADD y /", files("y"))}}, "app", one)), "G8", 1, "Both sides name the base " + short(one), 2},
		{"one base", pairOf(t, annotated(app(), "app", one), annotated(app(does("RUN x", files("x"))), "app", one)), "G8", -1, "", 0},
		{"buildah's last step is not the base", pairOf(t, annotated(byBuildah("1"), "app", one), annotated(build{steps: []step{does("ADD y /", files("y"))}, config: byBuildah("1").config}, "app", one)), "G8", -1, "", 0},

		{"two tools", pairOf(t, dockerOf("20.10.25"), bk), "G3", 1, ":a was built by Docker's classic builder 20.10.25, :b by BuildKit", 2},
		{"two versions of one", pairOf(t, dockerOf("20.10.25"), dockerOf("24.0.6")), "G3", 0, "Different versions of one builder: :a was built by Docker's classic builder 20.10.25, :b by Docker's classic builder 24.0.6", 2},
		{"the tool of the base", pairOf(t, bk, build{more: map[string]any{"docker_version": "20.10.25"}, steps: append(bk.steps[:1:1], dockerOf("20.10.25").steps...)}), "G3", 0, "by Docker's classic builder 20.10.25", 2},
		{"one tool", pairOf(t, bk, build{steps: append(bk.steps, does("RUN x # buildkit", files("y")).noted("buildkit.dockerfile.v0"))}), "G3", -1, "", 0},
		{"no evidence of a builder", pairOf(t, app(), app(does("RUN x", files("x")))), "G3", -1, "", 0},
	}
}

// manifestDigest is the digest of the manifest of a test image.
func manifestDigest(t *testing.T, b build) digest.Digest {
	t.Helper()
	return b.image(t).Manifest.Digest
}

// hex64 is a hash of copied files as classic builders record it.
func hex64(digit byte) string { return strings.Repeat(string(digit), 64) }

// onArch is a build that claims another architecture.
func onArch(b build, arch string) build {
	b.arch = arch
	return b
}
