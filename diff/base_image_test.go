package diff

import (
	"testing"

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

func TestBoundary(t *testing.T) {
	c := pairOf(t, onPython("2.7.16", baseDay, ownDay), onPython("2.7.17", baseDay, ownDay, sets("USER app")))
	p := c.Pairs[0]
	row, base, ok := p.Boundary()
	if !ok || p.Rows[row].A == nil || p.Rows[row].A.Index != 5 || base.Trust != Inferred {
		t.Errorf("row %d, %+v, %v", row, base, ok)
	}
	if _, _, ok := pairOf(t, build{steps: []step{does("COPY x /", files("x"))}}, onPython("2.7.16", baseDay, ownDay)).Pairs[0].Boundary(); ok {
		t.Error("only one side has a base that is known")
	}
}
