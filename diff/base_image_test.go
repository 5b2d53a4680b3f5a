package diff

import (
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

func TestBaseOf(t *testing.T) {
	of := func(b build) Base {
		img := b.image(t)
		return BaseOf(&img)
	}
	if b := of(onPython("2.7.16", baseDay, ownDay)); b.Steps != 5 || b.Trust != Inferred {
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
	if b := of(packed); b.Steps != 1 || b.Trust != Inferred {
		t.Errorf("buildpacks: %+v", b)
	}
	if b := BaseOf(nil); b.Steps != 0 {
		t.Errorf("nothing: %+v", b)
	}
	if b := BaseOf(&model.Image{}); b.Steps != 0 {
		t.Errorf("no steps: %+v", b)
	}
}

// TestBaseOf_withoutStartCommand has bases whose last step sets no start command, as those
// of today's Debian, Red Hat, Jib and ko, and images that only look like them.
func TestBaseOf_withoutStartCommand(t *testing.T) {
	const bk = "buildkit.dockerfile.v0"
	root := does("# debian.sh --arch 'amd64' out/ 'trixie' '@1785715200'", files("root")).noted("debuerreotype 0.16").at(baseDay)
	own := func(day string) []step {
		return []step{sets("ENV A=1").noted(bk).at(day), does("RUN make # buildkit", files("own")).noted(bk).at(day), sets(`CMD ["x"]`).noted(bk).at(day)}
	}
	named := func(name string, steps ...step) build {
		return build{steps: steps, extra: map[string]any{"annotations": map[string]string{v1.AnnotationBaseImageName: name}}}
	}
	stage := func(comment string) []step {
		return []step{does("/bin/sh -c #(nop) ADD file:"+hex64('a')+" in /", files("ubi")).at(baseDay), sets("/bin/sh -c #(nop) LABEL a=b").at(baseDay),
			sets("/bin/sh -c make").at(ownDay), does("/bin/sh -c #(nop) USER 1001", files("stage")).noted(comment).at(ownDay)}
	}
	for _, tt := range []struct {
		name  string
		b     build
		steps int
		trust Trust
		base  string
	}{
		{"debian of today", build{steps: append([]step{root}, own(ownDay)...)}, 1, Inferred, ""},
		{"with its name", named("debian:trixie-slim", append([]step{root}, own(ownDay)...)...), 1, Inferred, "debian:trixie-slim"},
		{"the same day and builder", build{steps: append([]step{does("ADD root.tar / # buildkit", files("root")).noted(bk).at(ownDay)}, own(ownDay)...)}, 0, "", ""},
		{"older steps from a cache", build{steps: []step{does("ADD root.tar / # buildkit", files("root")).noted(bk).at(ownDay), does("RUN a # buildkit", files("a")).noted(bk).at(baseDay),
			does("RUN b # buildkit", files("b")).noted(bk).at(ownDay)}}, 0, "", ""},
		{"buildah commits a stage as one layer", build{steps: stage("FROM registry/ubi8@" + string(digest.FromString("ubi")))}, 2, Inferred, "registry/ubi8@" + string(digest.FromString("ubi"))},
		{"buildah names the step before", build{steps: stage("FROM " + hex64('c')[:12])}, 0, "", ""},
		{"jib", build{steps: []step{does("RUN jdk # buildkit", files("jdk")).noted(bk).at(ownDay), does("jib-maven-plugin:3.4.2", files("app")).noted("classes")}}, 1, Inferred, ""},
		{"jib alone", build{steps: []step{does("jib-maven-plugin:3.4.2", files("app")), does("jib-maven-plugin:3.4.2", files("app 2"))}}, 0, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := tt.b.image(t)
			if b := BaseOf(&img); b.Steps != tt.steps || b.Trust != tt.trust || b.Name != tt.base {
				t.Errorf("%+v", b)
			}
		})
	}
}

// TestRow_stage has a stage that buildah committed as one layer, and one with a layer for
// each step.
func TestRow_stage(t *testing.T) {
	steps := []step{does("/bin/sh -c #(nop) ADD x in /", files("base")), sets("/bin/sh -c make"), sets("/bin/sh -c #(nop) ENV A=1"),
		does("/bin/sh -c #(nop) USER 1001", files("stage")).noted("FROM ubi")}
	labels := map[string]any{"Labels": map[string]string{buildahLabel: "1.28.2"}}
	rows := Describe(single("a", build{config: labels, steps: steps}.image(t))).Pairs[0].Rows
	if rows[0].FilesOf != 0 || rows[1].FilesIn != 4 || rows[2].FilesIn != 0 || rows[3].FilesOf != 2 {
		t.Errorf("%+v", rows)
	}
	steps[1] = does("/bin/sh -c make", files("made"))
	for _, r := range Describe(single("a", build{config: labels, steps: steps}.image(t))).Pairs[0].Rows {
		if r.FilesIn != 0 || r.FilesOf != 0 {
			t.Errorf("a layer for each step: %+v", r)
		}
	}
}

func TestBoundary(t *testing.T) {
	c := pairOf(t, onPython("2.7.16", baseDay, ownDay), onPython("2.7.17", baseDay, ownDay, sets("USER app")))
	p := c.Pairs[0]
	row, base, ok := c.Boundary(p)
	if !ok || p.Rows[row].A == nil || p.Rows[row].A.Index != 5 || base.Trust != Inferred {
		t.Errorf("row %d, %+v, %v", row, base, ok)
	}
	c = pairOf(t, build{steps: []step{does("COPY x /", files("x"))}}, onPython("2.7.16", baseDay, ownDay))
	if _, _, ok := c.Boundary(c.Pairs[0]); ok {
		t.Error("only one side has a base that is known")
	}
}
