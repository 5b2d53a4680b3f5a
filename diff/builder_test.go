package diff

import "testing"

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
