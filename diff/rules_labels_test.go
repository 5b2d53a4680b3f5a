package diff

import (
	"testing"

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
