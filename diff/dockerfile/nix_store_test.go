package dockerfile

import (
	"strings"
	"testing"
)

func TestSameInStore(t *testing.T) {
	path := func(hash, name string) string { return "/nix/store/" + strings.Repeat(hash, 32) + "-" + name }
	for name, tt := range map[string]struct {
		a, b string
		want bool
	}{
		"another hash":         {path("a", "tool-1.0/bin/tool"), path("b", "tool-1.0/bin/tool"), true},
		"another version":      {path("a", "tool-1.0/bin/tool"), path("b", "tool-1.1/bin/tool"), true},
		"several paths":        {path("a", "x-1/bin") + ":" + path("a", "y-1/bin"), path("b", "x-1/bin") + ":" + path("b", "y-2/bin"), true},
		"nothing below":        {path("a", "tool"), path("b", "tool"), true},
		"another name":         {path("a", "tool-1.0/bin/tool"), path("b", "other-1.0/bin/tool"), false},
		"another program":      {path("a", "tool-1.0/bin/a"), path("b", "tool-1.0/bin/b"), false},
		"no hash":              {"/nix/store/1-tool/bin", "/nix/store/2-tool/bin", false},
		"the same":             {path("a", "tool"), path("a", "tool"), false},
		"outside of the store": {"/bin/a", "/bin/b", false},
	} {
		if got := SameInStore(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
