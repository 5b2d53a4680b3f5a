package diff

import (
	"strings"
	"testing"
)

// TestDockerCommit_flattened has an image of Docker's that crane flattened, which keeps the notes
// of Docker, and a container of crane that was saved.
func TestDockerCommit_flattened(t *testing.T) {
	docker := map[string]any{"docker_version": "24.0.5", "container": "3f2a"}
	for by, want := range map[string]bool{
		"crane flatten sha256:27383ba2f187": false, "crane rebase sha256:27383ba2f187": false, "crane serve": true,
	} {
		c := Describe(single("a", build{more: docker, steps: []step{does(by, files("y")).noted(`[{"created_by":"ADD x /"}]`)}}.image(t)))
		if got := found(c, "D14") != nil; got != want {
			t.Errorf("%s: D14 is found: %v", by, got)
		}
	}
}

// TestDockerCommit_verdict has a container that was saved over its image, and a RUN.
func TestDockerCommit_verdict(t *testing.T) {
	docker := map[string]any{"docker_version": "24.0.5"}
	image := build{steps: []step{does("ADD x / # buildkit", files("x")), sets(`CMD ["/app"]`)}}
	with := func(more map[string]any, s step) build { return build{more: more, steps: append(image.steps[:2:2], s)} }
	for name, tt := range map[string]struct {
		b    build
		text string
	}{
		"a message":  {with(docker, does("/app", files("y")).noted("hot fix")), `then a layer by docker commit, "hot fix", is only in :b`},
		"no message": {with(docker, does("bash", files("y"))), "then a layer by docker commit, of bash, is only in :b"},
		"container":  {with(map[string]any{"container": "3f2a", "config": map[string]any{"Hostname": "3f2a"}}, does("bash", files("y"))), "then a layer by docker commit, of bash, is only in :b"},
		"nothing":    {with(docker, does("", files("y"))), "then a layer by docker commit is only in :b"},
		"podman":     {with(nil, does("/bin/sh", files("y")).noted("FROM alpine:latest")), "then a layer by podman commit or buildah commit is only in :b"},
		"buildah":    {with(nil, does("/bin/sh -c make", files("y")).noted("FROM alpine:latest")), "then RUN make is only in :b"},
		"no sign":    {with(nil, does("bash", files("y"))), "then bash is only in :b"},
		"a RUN":      {with(nil, does("RUN make # buildkit", files("y"))), "then RUN make is only in :b"},
	} {
		if got := pairOf(t, image, tt.b).Verdict.Because.String(); !strings.Contains(got, tt.text) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestDockerCommit_noFile has a container that was saved without a changed file, and a rebuild.
func TestDockerCommit_noFile(t *testing.T) {
	docker := map[string]any{"docker_version": "24.0.5"}
	image := build{more: docker, steps: []step{does("ADD x / # buildkit", files("x")), sets(`CMD ["/app"]`)}}
	for text, last := range map[string]step{
		`Same files, same settings; :b was saved with docker commit -m "hot fix", without a changed file`: sets("").noted("hot fix"),
		"Same files, same settings; history differs":                                                      sets("ARG x"),
	} {
		b := image
		b.steps = append(image.steps[:2:2], last)
		if got := pairOf(t, image, b).Verdict.Headline.String(); got != text {
			t.Errorf("%s, want %s", got, text)
		}
	}
}

// TestBuildahCommit has containers that buildah saved: with a recorded COPY, with a recorded setting,
// and without a record.
func TestBuildahCommit(t *testing.T) {
	for name, tt := range map[string]struct {
		recorded []step
		want     bool
	}{
		"a COPY":    {[]step{sets("/bin/sh -c #(nop) COPY file:" + hex64('a')), sets("/bin/sh -c #(nop) ENV A=1")}, false},
		"a setting": {[]step{sets("/bin/sh -c #(nop) ENV A=1")}, true},
		"nothing":   {nil, true},
	} {
		b := build{config: map[string]any{"Labels": map[string]string{buildahLabel: "1.33.7"}}, steps: []step{does("ADD x /", files("x"))}}
		b.steps = append(append(b.steps, tt.recorded...), does("/bin/sh", files("y")).noted("FROM localhost/one:latest"))
		if got := found(Describe(single("a", b.image(t))), "D14") != nil; got != tt.want {
			t.Errorf("%s: D14 is found: %v", name, got)
		}
	}
}
