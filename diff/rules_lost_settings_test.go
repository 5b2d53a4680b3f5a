package diff

import (
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

// lostSettingsCases are images whose history has settings that their config lacks.
func lostSettingsCases(t *testing.T) []ruleCase {
	t.Helper()
	health := sets(`/bin/sh -c #(nop) HEALTHCHECK --interval=5s CMD curl -f http://localhost/`)
	shell := sets(`/bin/sh -c #(nop) SHELL [/bin/bash -c]`)
	trigger := sets("/bin/sh -c #(nop) ONBUILD COPY . /src")
	image := func(b build, docker bool) model.Artifact {
		img := b.image(t)
		if docker {
			img.Manifest.MediaType, img.Manifest.Config.MediaType = model.MediaTypeDockerManifest, model.MediaTypeDockerConfig
		}
		return single("a", img)
	}
	all := app(health, shell, trigger)
	set := configured(all, map[string]any{
		"Healthcheck": map[string]any{"Test": []string{"CMD", "curl"}}, "Shell": []string{"/bin/bash", "-c"}, "OnBuild": []string{"COPY . /src"},
	})
	asDocker, asOCI := image(set, true), image(all, false)
	asOCI.Ref = ref("b")
	named := func(a model.Artifact, tag string) model.Artifact { a.Ref = ref(tag); return a }
	noHistory := build{steps: []step{does("", files("debian").sized(29_000_000)), does("", files("curl"))}}
	return []ruleCase{
		{"all three, built by podman", Compare(asDocker, asOCI), "E9", 2,
			"In :b, HEALTHCHECK, ONBUILD and SHELL are gone: the OCI format has no place for them, and only the history still has them.", 4},
		{"nothing left for E7", Compare(asDocker, asOCI), "E7", -1, "", 0},
		{"nor for E1", Compare(asDocker, asOCI), "E1", -1, "", 0},
		{"removed in Docker's format", Compare(asDocker, named(image(all, true), "b")), "E9", -1, "", 0},
		{"removed in Docker's format, plainly", Compare(asDocker, named(image(all, true), "b")), "E7", 2, "HEALTHCHECK is removed", 2},
		{"removed from the Dockerfile, too", Compare(asDocker, named(image(app(), false), "b")), "E9", -1, "", 0},
		{"removed from the Dockerfile", Compare(asDocker, named(image(app(), false), "b")), "E7", 2, "HEALTHCHECK is removed", 2},
		{"without a history", Compare(asDocker, named(image(noHistory, false), "b")), "E9", 2, "only the history of the other side still has them", 1},
		{"one image", Describe(image(app(shell), false)), "E9", 1, "In :a, SHELL is gone: the OCI format has no place for it, and only the history still has it.", 2},
		{"kept by BuildKit", Describe(image(set, false)), "E9", -1, "", 0},
		{"a health check turned off", Describe(image(app(sets("HEALTHCHECK NONE")), false)), "E9", -1, "", 0},
		{"a trigger below the one layer of buildah", Describe(image(app(trigger, does(`CMD ["/f"]`, files("all"))), false)), "E9", 1, "In :a, ONBUILD is gone", 2},
		{"a trigger that ran", Describe(image(app(trigger, does("COPY . /src", files("src"))), false)), "E9", -1, "", 0},
		{"on both sides", Compare(image(app(health), false), named(image(app(health, does("RUN x", files("x"))), false), "b")), "E9", 2, "In :a and :b, HEALTHCHECK is gone", 4},
	}
}
