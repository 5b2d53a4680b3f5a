package compare

import (
	"slices"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model/safe"
)

func TestMembersIn(t *testing.T) {
	text, ok := jsondoc.Pretty([]byte(`{"architecture":"amd64","config":{"Cmd":["a","b"],"Env":["X=1"],"User":"u"},
		"container_config":{"Cmd":["x"],"Env":[]},"created":"2020","history":[{"created":"2019"}]}`))
	if !ok {
		t.Fatal("no JSON")
	}
	lines := safe.Lines(text)
	for name, want := range map[string][]string{
		"Cmd":     {`"Cmd": [`, `"a",`, `"b"`, `],`},
		"Env":     {`"Env": [`, `"X=1"`, `],`},
		"User":    {`"User": "u"`},
		"created": {`"created": "2020",`},
		"Labels":  nil,
	} {
		in := membersIn(lines, []string{name})
		var got []string
		for i, l := range lines {
			if in[i] > 0 {
				got = append(got, strings.TrimSpace(l.String()))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
