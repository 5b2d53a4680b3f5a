package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestTab checks which names and places --tab takes. Each name opens its tab, of a comparison and of one image.
func TestTab(t *testing.T) {
	const all = "summary, platforms, layers, files, packages, config, history, manifest, schema1"
	if got := strings.Join(ui.TabNames(), ", "); got != all {
		t.Errorf("the names are %s, want %s", got, all)
	}
	image, list := []model.Ref{fakereg.Ref(t, "r.example/app:1")}, []model.Ref{fakereg.Ref(t, "r.example/app")}
	both := append(slices.Clone(image), fakereg.Ref(t, "r.example/app:2"))
	for _, name := range append(ui.TabNames(), "") {
		for _, refs := range [][]model.Ref{image, both} {
			if err := (&flags{tab: name}).checkTab("tui", refs); err != nil {
				t.Errorf("%q of %v: %v", name, refs, err)
			}
		}
	}
	for _, wrong := range []string{"layer", "Layers", "LAYERS", " layers", "layers,files", "3", "9", "attached", "sum", "lay", "schema", "all", "\n"} {
		err := (&flags{tab: wrong}).checkTab("tui", both)
		want := fmt.Sprintf("--tab %q is not a tab: write %s", wrong, all)
		if err == nil || err.Error() != want || strings.Contains(want, "\n") {
			t.Errorf("%q: %v, want %s", wrong, err, want)
		}
	}
	for _, tt := range []struct {
		form, tab string
		refs      []model.Ref
		want      string
	}{
		{"text", "layers", both, "--tab chooses a tab of the screen; leave it out of a report"},
		{"json", "files", image, "--tab chooses a tab of the screen; leave it out of a report"},
		{"tui", "layers", list, "--tab needs an image; give a reference with a tag or a digest"},
		{"tui", "layers", nil, "--tab needs an image; give a reference with a tag or a digest"},
	} {
		if err := (&flags{tab: tt.tab}).checkTab(tt.form, tt.refs); err == nil || err.Error() != tt.want {
			t.Errorf("%s of %v as %s: %v, want %s", tt.tab, tt.refs, tt.form, err, tt.want)
		}
	}
	for _, other := range [][]string{{"demo"}, {"watch", "r.example/app:1"}, {"config"}} {
		err := runCommand(append(slices.Clone(other), "--tab", "layers")...)
		if want := other[0] + " does not take --tab; see tagdiff " + other[0] + " --help"; err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", other, err, want)
		}
	}
	if err := runCommand("--tab", "", "r.example/app:1"); err == nil || err.Error() != "--tab names no tab; write one, for example layers" {
		t.Errorf("an empty name: %v", err)
	}
}
