package diff

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// onPython is the second incident in small: a base that ends with its start
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

func annotated(b build, name string, d digest.Digest) build {
	b.extra = map[string]any{"annotations": map[string]string{v1.AnnotationBaseImageName: name, v1.AnnotationBaseImageDigest: string(d)}}
	return b
}

const (
	baseDay = "2019-10-18T20:00:00Z"
	ownDay  = "2019-10-22T13:00:00Z"
)

func originCases(t *testing.T) []ruleCase {
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
	return []ruleCase{
		{"the base moved", pairOf(t, old, moved), "G1", 2, "The base moved: it differs from step 3 on (PYTHON_VERSION 2.7.16 → 2.7.17). Your own 4 steps above it read the same.", 2},
		{"the own steps changed too", pairOf(t, old, onPython("2.7.17", baseDay, ownDay, sets("USER x"))), "G1", -1, "", 0},
		{"only the own steps changed", pairOf(t, old, onPython("2.7.16", baseDay, ownDay, does("COPY x /", files("x")))), "G1", -1, "", 0},
		{"a version of one's own", pairOf(t, app(sets("ENV APP_VERSION=1"), does("RUN x", files("1"))), app(sets("ENV APP_VERSION=2"), does("RUN x", files("2")))), "G1", -1, "", 0},
		{"annotated", pairOf(t, annotated(old, "docker.io/library/python:2.7", one), annotated(moved, "docker.io/library/python:2.7", two)), "G1", 2,
			"The base changed underneath: docker.io/library/python:2.7 was " + short(one) + ", is " + short(two) + "; the steps above it read the same.", 2},
		{"annotated, another base", pairOf(t, annotated(old, "python:2.7", one), annotated(moved, "python:3", two)), "G1", 2, "built on different bases: :a on python:2.7, :b on python:3", 2},
		{"annotated, the same files here", pairOf(t, annotated(old, "python:2.7", one), annotated(onPython("2.7.16", baseDay, ownDay, does("COPY x /", files("x"))), "python:2.7", two)), "G1", -1, "", 0},
		{"a start command set early", pairOf(t, early("1", ownDay), early("2", ownDay)), "G1", -1, "", 0},
		{"a start command set early, and a cache", pairOf(t, early("1", baseDay), early("2", baseDay)), "G1", 1, "The base may have moved", 2},
		{"annotated alike, other files", pairOf(t, annotated(app(), "python:2.7", one), annotated(app(does("RUN x", files("x"))), "python:2.7", one)), "G1", -1, "", 0},

		{"buildah with --layers names its own last step", pairOf(t, annotated(byBuildah("1"), "python:2.7", one), annotated(byBuildah("2"), "python:2.7", two)), "G1", -1, "", 0},
		{"buildah on another base", pairOf(t, annotated(byBuildah("1"), "python:2.7", one), annotated(byBuildah("2"), "python:3", two)), "G1", 2, "built on different bases", 2},

		{"two tools", pairOf(t, dockerOf("20.10.25"), bk), "G3", 1, ":a was built by Docker's classic builder 20.10.25, :b by BuildKit", 2},
		{"two versions of one", pairOf(t, dockerOf("20.10.25"), dockerOf("24.0.6")), "G3", 0, "24.0.6", 2},
		{"one tool", pairOf(t, bk, build{steps: append(bk.steps, does("RUN x # buildkit", files("y")).noted("buildkit.dockerfile.v0"))}), "G3", -1, "", 0},
		{"nothing tells", pairOf(t, app(), app(does("RUN x", files("x")))), "G3", -1, "", 0},
	}
}

func TestBuilderOf(t *testing.T) {
	labels := func(l map[string]string) map[string]any { return map[string]any{"Labels": l} }
	tests := []struct {
		name string
		b    build
		want string
	}{
		{"buildkit", build{steps: []step{does("RUN x # buildkit", files("x"))}}, "BuildKit"},
		{"classic on a base of buildkit", build{more: map[string]any{"docker_version": "1.13.1"},
			steps: []step{does("RUN x # buildkit", files("x")), does("/bin/sh -c y", files("y"))}}, "Docker's classic builder 1.13.1"},
		{"buildah", build{config: labels(map[string]string{"io.buildah.version": "1.33.2"}), steps: []step{does("/bin/sh -c x", files("x")).noted("FROM docker.io/library/debian:12")}}, "buildah 1.33.2"},
		{"buildkit on a base of buildah", build{config: labels(map[string]string{"io.buildah.version": "1.33.2"}), steps: []step{does("/bin/sh -c x", files("x")), does("COPY . / # buildkit", files("y"))}}, "BuildKit"},
		{"jib", build{steps: []step{does("jib-maven-plugin:3.4.0", files("x")).noted("classes")}}, "Jib 3.4.0"},
		{"bazel", build{steps: []step{does("bazel build ...", files("x"))}}, "Bazel"},
		{"ko", build{steps: []step{does("ko build ko://example.com/cmd", files("x"))}}, "ko"},
		{"a setting on top", build{steps: []step{does("RUN x # buildkit", files("x")), sets("CMD x")}}, "BuildKit"},
		{"unknown on a base of buildkit", build{steps: []step{does("RUN x # buildkit", files("x")), does("COPY . /", files("y"))}}, ""},
		{"no history", build{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := BuilderOf(tt.b.image(t)).String(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestBaseOf(t *testing.T) {
	of := func(b build) Base {
		img := b.image(t)
		return BaseOf(&img)
	}
	if b := of(onPython("2.7.16", baseDay, ownDay)); b.Steps != 5 || b.Trust != Shown {
		t.Errorf("%+v", b)
	}
	if b := of(onPython("2.7.16", ownDay, ownDay)); b.Steps != 5 || b.Trust != Suggested {
		t.Errorf("built at once: %+v", b)
	}
	if b := of(build{steps: []step{does("ADD x /", files("x")), sets(`CMD ["x"]`), sets("EXPOSE 80")}}); b.Steps != 0 {
		t.Errorf("a start command with settings above it: %+v", b)
	}
	layer := files("run image").diffID()
	meta := `{"runImage":{"topLayer":"` + string(layer) + `","reference":"x"}}`
	packed := build{config: map[string]any{"Labels": map[string]string{"io.buildpacks.lifecycle.metadata": meta}}, steps: []step{does("", files("run image")), does("", files("app"))}}
	if b := of(packed); b.Steps != 1 || b.Trust != Proved {
		t.Errorf("buildpacks: %+v", b)
	}
	if b := BaseOf(nil); b.Steps != 0 {
		t.Errorf("nothing: %+v", b)
	}
	if b := BaseOf(&model.Image{}); b.Steps != 0 {
		t.Errorf("no steps: %+v", b)
	}
}

// hex64 is a hash of copied files as classic builders record it.
func hex64(digit byte) string { return strings.Repeat(string(digit), 64) }

func TestBoundary(t *testing.T) {
	c := pairOf(t, onPython("2.7.16", baseDay, ownDay), onPython("2.7.17", baseDay, ownDay, sets("USER app")))
	p := c.Pairs[0]
	row, base, ok := p.Boundary()
	if !ok || p.Rows[row].A == nil || p.Rows[row].A.Index != 5 || base.Trust != Shown {
		t.Errorf("row %d, %+v, %v", row, base, ok)
	}
	if _, _, ok := pairOf(t, build{steps: []step{does("COPY x /", files("x"))}}, onPython("2.7.16", baseDay, ownDay)).Pairs[0].Boundary(); ok {
		t.Error("only one side has a base that is known")
	}
}
