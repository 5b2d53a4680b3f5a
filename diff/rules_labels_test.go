package diff

import (
	"strings"
	"testing"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
)

// TestBorrowedCommit has the label vcs-ref beside the name of a distribution, on images
// with this name and with others.
func TestBorrowedCommit(t *testing.T) {
	for _, tt := range []struct {
		name, repo, tag string
		borrowed        bool
	}{
		{"ubi9", "team/app", "1.0", true},
		{"ubi9", "team/app", "1.0-ubi9", true},
		{"ubi9", "ubi9", "9.4", false},
		{"ubi9", "images", "ubi9", false},
		{"ubi7", "images", "ubi-7", false},
		{"ubi7", "images", "ubi-78", true},
		{"team/app", "images", "app-1.0", false},
		{"team/app", "team/app", "1.0", false},
	} {
		b := app()
		b.config = map[string]any{"Labels": map[string]string{"vcs-ref": "e3b7d9f0", "name": tt.name}}
		ref := model.Ref{Registry: "localhost:5000", Repository: tt.repo, Tag: tt.tag}
		if got := borrowedCommitOf(b.image(t), ref); (got.label != "") != tt.borrowed {
			t.Errorf("%s in %s: %+v", tt.name, ref, got)
		}
	}
}

// TestLogCommand_back checks that the command lists commits where the version goes back.
func TestLogCommand_back(t *testing.T) {
	older, newer := strings.Repeat("a", 40), strings.Repeat("b", 40)
	of := func(commit, version, content string) build {
		b := app(does("COPY . /app", files(content)))
		b.config = map[string]any{"Labels": map[string]string{
			v1.AnnotationRevision: commit, v1.AnnotationVersion: version, v1.AnnotationSource: "https://git.example/shop",
		}}
		return b
	}
	want := "git log --oneline " + older + ".." + newer
	for name, c := range map[string]Comparison{
		"forward": pairOf(t, of(older, "1.3", "x"), of(newer, "1.4", "y")),
		"back":    pairOf(t, of(newer, "1.4", "y"), of(older, "1.3", "x")),
	} {
		if f := found(c, "E5"); f == nil || f.Command.String() != want {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
