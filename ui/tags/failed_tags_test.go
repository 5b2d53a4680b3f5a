package tags_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

// deniedTags is a registry that lists tags and denies access to each of them.
type deniedTags struct{ fakereg.Images }

func (deniedTags) denied(ref model.Ref) error {
	return &model.ReadError{
		Message: ref.Registry + " denies access to app" + ref.Short() + " without a login",
		Next:    "run docker login " + ref.Registry + " with an account that has access",
	}
}

func (r deniedTags) Peek(_ context.Context, ref model.Ref) (model.TagInfo, error) {
	return model.TagInfo{}, r.denied(ref)
}

// TestFailedTags checks that a row says why its tag could not be read, without the registry that
// is above the list, and that the last line has the next step for the tag under the cursor.
func TestFailedTags(t *testing.T) {
	d := open(t, deniedTags{fakereg.Retag(t)}, 80, 24, "registry.example:5000/app")
	d.Sees(" prod ", " denies access to app:prod without a login", " denies access to app:testing without a login",
		"run docker login registry.example:5000 with an account that has access")
	if n := strings.Count(d.Screen(), "registry.example:5000"); n != 2 { // the title, and the next step
		t.Errorf("the registry is named %d times:\n%s", n, d.Screen())
	}
}
