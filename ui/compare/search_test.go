package compare_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// TestSearch: in a document the key of the filter searches. The lines around a match stay, n and N go through
// the matches, and esc keeps the place.
func TestSearch(t *testing.T) {
	d := open(t, fakereg.Retag(t), 100, 30, testingAndProd...)
	d.Keys("6", "/", "workdir")
	d.Sees("/ workdir", "match 1 of 2", `"created_by": "ENV FOO=bar"`, "enter keep the search")
	d.Keys("enter", "n")
	d.Sees("match 2 of 2", "n next match")
	d.Keys("n")
	d.Sees("no more matches in this direction")
	d.Keys("N")
	d.Sees("match 1 of 2")
	place := cursorLine(d.Screen())
	d.Keys("esc")
	d.DoesNotSee("workdir  ")
	if now := cursorLine(d.Screen()); now != place {
		t.Errorf("the cursor went from %q to %q", place, now)
	}
	d.Keys("/", "no such text")
	d.Sees("no match")
	d.Keys("enter")
	d.Sees("/ change the search  esc end the search")
	d.DoesNotSee("next match")
	d.Keys("esc", "3", "/", "no such text", "enter")
	d.Sees("/ change the filter  esc clear it")
	d.DoesNotSee("enter open")
	d.DoesNotSee("next diff")
	d.Keys("esc")
	d.Sees("enter open", "next diff")
	d.Keys("3", "/", "touch", "enter")
	d.Sees("of 8", "touch") // a list is filtered
	d.DoesNotSee("WORKDIR")
}

func cursorLine(screen string) string {
	for l := range strings.Lines(screen) {
		if strings.HasPrefix(l, "›") {
			return strings.TrimSpace(l)
		}
	}
	return ""
}

// TestSearch_wrapped: a match that a line break divides is found, and a digest is.
func TestSearch_wrapped(t *testing.T) {
	d := open(t, fakereg.Retag(t), 60, 24, testingAndProd...)
	d.Keys("3", "n", "enter", "/", "ae93d633cb16422d")
	d.Sees("match 1 of 1", "B layer       sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d6\n")
	d.Keys("enter", "esc")
	d.Sees("step 7")
}

// TestOpenNext: from an open row n goes on to the next row that differs and N back, and esc returns to it.
func TestOpenNext(t *testing.T) {
	d := open(t, twoVersions(t, 100), 100, 40, imageA, imageB)
	d.Keys("4", "n", "enter")
	first := crumb(d.Screen())
	d.Sees("next diff")
	d.Keys("n")
	second := crumb(d.Screen())
	if second == first {
		t.Fatalf("n stays at %q", first)
	}
	for range 20 {
		d.Keys("n")
	}
	d.Sees("no more differences in this direction")
	for range 20 {
		d.Keys("N")
	}
	if now := crumb(d.Screen()); now != first {
		t.Errorf("N ends at %q, not at %q", now, first)
	}
	d.Keys("n", "esc")
	d.Sees("4 Files", "›")
	names := strings.Fields(second)
	if row := cursorLine(d.Screen()); !strings.Contains(row, names[len(names)-1]) {
		t.Errorf("esc from %q returns to %q", second, row)
	}
}

// TestOpen_tab checks that the number of a tab goes to it from an open file and an open row.
func TestOpen_tab(t *testing.T) {
	d := open(t, twoVersions(t, 100), 100, 40, imageA, imageB)
	d.Keys("4", "n", "enter", "3")
	d.Sees("[3 Lay")
	d.Keys("n", "enter", "6")
	d.Sees("[6 Conf")
}

// crumb returns the first line of the screen, which ends in the name of the row that is open.
func crumb(screen string) string {
	line, _, _ := strings.Cut(screen, "\n")
	return strings.TrimSpace(line)
}

// TestCopySides: where the sides differ y asks which one to copy, and it says whose value it is.
func TestCopySides(t *testing.T) {
	d := open(t, fakereg.Retag(t), 120, 40, testingAndProd...)
	d.Keys("3", "n", "y")
	d.Sees("copy the layer of step 7:", "a A's", "b B's")
	d.Keys("a")
	d.Sees("copied the layer of step 7 in A: sha256:4f4fb700")
	d.Keys("y", "b")
	d.Sees("copied the layer of step 7 in B: sha256:a3ed95ca")
	d.Keys("y", "j")
	d.Sees("nothing was copied")
	d.Keys("g", "y")
	d.Sees("in A and B: sha256:")
}

// TestCopyView copies the command that opens the view, also from a detail.
func TestCopyView(t *testing.T) {
	for _, tt := range []struct {
		o    ui.Options
		keys []string
		want string
	}{
		{ui.Options{}, []string{"1", "Y"}, "tagdiff localhost:5000/app:testing :prod"},
		{ui.Options{}, []string{"8", "Y"}, "tagdiff localhost:5000/app:testing :prod --tab manifest"},
		{ui.Options{}, []string{"3", "enter", "Y"}, "tagdiff localhost:5000/app:testing :prod --tab layers"},
		{ui.Options{Platform: "linux/amd64", PlainHTTP: true}, []string{"Y"},
			"tagdiff --plain-http localhost:5000/app:testing :prod --platform linux/amd64"},
		{ui.Options{Tab: "schema1"}, []string{"Y"}, "tagdiff localhost:5000/app:testing :prod --tab schema1"},
	} {
		tt.o.Registry = fakereg.Retag(t)
		for _, r := range testingAndProd {
			tt.o.Open = append(tt.o.Open, fakereg.Ref(t, r))
		}
		d := drive(t, tt.o, 120, 40)
		d.Keys(tt.keys...)
		if d.Copied != tt.want {
			t.Errorf("%v: copied %q, want %q", tt.keys, d.Copied, tt.want)
		}
	}
}

// TestSave writes the report in the format of the ending, and replaces a file only after a question.
func TestSave(t *testing.T) {
	registry := fakereg.Retag(t)
	t.Chdir(t.TempDir())
	d := open(t, registry, 120, 40, testingAndProd...)
	d.Keys("S")
	d.Sees("file: app-testing-prod.md")
	d.Keys("enter")
	d.Sees("saved app-testing-prod.md", "[1 Sum")
	content := func(name string) string {
		raw, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	if !strings.HasPrefix(content("app-testing-prod.md"), "**Verdict:**") {
		t.Errorf("%s", content("app-testing-prod.md"))
	}
	if err := os.WriteFile("app-testing-prod.md", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.Keys("S", "enter")
	d.Sees("app-testing-prod.md exists:", "y replace it")
	d.Keys("n")
	d.Sees("nothing was saved")
	if content("app-testing-prod.md") != "mine" {
		t.Error("the file was replaced without a yes")
	}
	d.Keys("enter", "y")
	d.Sees("saved app-testing-prod.md")
	if content("app-testing-prod.md") == "mine" {
		t.Error("the file was not replaced")
	}
	d.Keys("S", "x", "enter")
	d.Sees("must end in .txt, .md or .json")
	d.Keys("esc")
	d.Sees("nothing was saved", "[1 Sum")
}

// TestHistory_layerNames: names of layers that begin alike are cut on the left, where they are alike. An instruction is
// cut on the right.
func TestHistory_layerNames(t *testing.T) {
	built := fakereg.Captured(t, "testing")
	img := *built.Entries[0].Image
	img.Steps = slices.Clone(img.Steps)
	for i, text := range []string{
		"Layer: 'java-security-properties', Created by buildpack: paketo-buildpacks/bellsoft-liberica@10.5.2",
		"Layer: 'java-security-providers', Created by buildpack: paketo-buildpacks/bellsoft-liberica@10.5.2",
		"RUN java-security-properties paketo-buildpacks/bellsoft-liberica 10.5.2",
	} {
		named := model.NewStep(i, text)
		img.Steps[i].CreatedBy, img.Steps[i].Instruction, img.Steps[i].BuildArgs = named.CreatedBy, named.Instruction, named.BuildArgs
	}
	built.Entries = slices.Clone(built.Entries)
	built.Entries[0].Image = &img
	d := open(t, fakereg.Images{ByTag: map[string]model.Artifact{"built": built}}, 80, 24, "localhost:5000/app:built")
	d.Keys("7")
	d.Sees("…cks/bellsoft-liberica 10.5.2: java-security-properties 20", "…acks/bellsoft-liberica 10.5.2: java-security-providers 20", "RUN java-security-properties paketo-buildpacks/bellsof…")
	d.DoesNotSee("paketo-buildpacks/bellsoft-liberica 10.5.2: java")
}
