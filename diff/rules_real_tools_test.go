package diff

import (
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// realToolCases are images that real tools were observed to produce.
func realToolCases(t *testing.T) []ruleCase {
	t.Helper()
	oci := app(does("COPY x /", files("x")))
	docker := docked(oci)
	docker.more = map[string]any{"docker_version": "20.10.24", "container": hex64('c')}
	amd, arm := build{arch: "amd64", steps: app().steps}, build{arch: "arm64", steps: []step{does("COPY x /", files("arm"))}}
	many := func() model.Artifact { return index(t, "many", entry(amd.image(t)), entry(arm.image(t))) }
	return []ruleCase{
		{"translated by skopeo", pairOf(t, docker, oci), "A8", 1, "has the Docker format, that of", 2},
		{"translated without the builder's notes", pairOf(t, docker, oci), "A12", 1, "without fields of Docker's builder", 2},
		{"translated and packed again", pairOf(t, docker, app(does("COPY x /", files("x").packed("zstd")))), "A3", 1, "1 layer (step 4) is packed", 2},
		{"a tag that names its platform", Compare(many(), single("1.2-arm64", arm.image(t))), "A10", 1, ":1.2-arm64 is the linux/arm64 image of :many", 2},
		{"two imports", pairOf(t, build{steps: []step{does("", files("a")).noted("Imported from -")}}, build{steps: []step{does("", files("b")).noted("Imported from -")}}), "D4", -1, "", 0},
		{"a name with arm in it", Compare(many(), single("alarm64", arm.image(t))), "A10", 3, "only linux/arm64", 2},
	}
}
