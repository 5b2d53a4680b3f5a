package registry

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

var update = flag.Bool("update", false, "write docs/bounds.md anew")

// limits are the rows of docs/bounds.md. What happens beyond each is held by the
// tests of this package that are named after it.
var limits = []struct{ of, is, beyond string }{
	{"a manifest or a config", size(transport.MaxManifest, transport.MaxConfig), "it is not read, and its size is told; the other images are shown"},
	{"a document of which nobody said how long it is", size(maxUnsized), "it is not read"},
	{"manifests and configs that one index leads to", size(maxLoad), "the image is told to be opened alone, by its digest"},
	{"layers of a manifest", number(model.MaxLayers), "the image is not read"},
	{"images of an index", number(model.MaxChildren), "the index is not read, and none of them asked for"},
	{"images of indexes within indexes", number(maxEntries), "the rest is told, and not asked for"},
	{"indexes within indexes", number(maxDepth), "deeper ones are told, and not asked for"},
	{"entries of a history", number(model.MaxHistory), "the image is not read"},
	{"what all layers claim to be in size", size(model.MaxTotal), "the manifest is not believed"},
	{"a small layer that is looked into", size(model.MaxSmall), "it is not looked into"},
	{"headers of an answer", size(transport.MaxHeader), "the answer is not read"},
	{"an error's body", size(transport.MaxErrorBody), "the rest is not read"},
	{"what is quoted of it", number(safe.MaxClip) + " bytes", "the rest is left out, which is shown"},
	{"redirects", number(transport.MaxRedirects), "it is told"},
	{"other hosts that a registry leads to, at once", number(transport.MaxOtherHosts), "connections to the one before are closed"},
	{"a page of a list", size(transport.MaxList), "it is told; the pages before are shown"},
	{"pages of a list", number(maxPages), "it is told; what was read is shown"},
	{"names of a list", number(maxNames), "it is told; what was read is shown"},
	{"pages in a row without a new name", number(maxEmptyPages), "it is told; what was read is shown"},
	{"a token service's answer", size(transport.MaxTokenResponse), "it is told"},
	{"a token", size(transport.MaxToken), "it is told"},
	{"a challenge", size(transport.MaxChallenge) + ", " + number(transport.MaxChallengeParts) + " parts", "it is told; other parts are not read"},
	{"a credential helper's answer", size(credentials.MaxHelperOutput), "the helper is ended, which is told"},
	{"a credential helper's time", credentials.HelperTimeout.String(), "the helper is ended, which is told"},
	{"a file of logins", size(credentials.MaxFile), "it counts as not there"},
	{"a pipe that stands for one", credentials.PipeTimeout.String(), "it counts as not there"},
	{"a file of certificates", size(transport.MaxCertFile), "it is told"},
	{"a metadata file of a build", size(model.MaxMetadata), "it is told"},
	{"a registry's silence", transport.DefaultTimeouts().Silence.String() + " (`--timeout`)", "it is told"},
	{"one answer in all", transport.DefaultTimeouts().Total.String() + " (4 × `--timeout`)", "it is told"},
	{"a connection", transport.DefaultTimeouts().Dial.String(), "it is told"},
	{"tries of a request that failed in passing", number(transport.DefaultRetryPolicy().Attempts), "it is told"},
	{"tries of a request that came too often", number(transport.DefaultRetryPolicy().ThrottledAttempts), "it is told"},
	{"a pause that a registry asks for", transport.DefaultRetryPolicy().MaxRetryAfter.String(), "it is told, and not waited for"},
	{"requests at once to a registry", number(DefaultConcurrency) + " (`--parallel`)", "the others wait; what a person waits for goes first"},
	{"documents kept on disk", size(diskcache.MaxSize), "those not used for longest go"},
}

func size(all ...int64) string {
	n := all[0]
	for _, other := range all {
		if other != n {
			panic("two bounds in one row")
		}
	}
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1 << 50, "PiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return fmt.Sprintf("%d %s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// number with commas between thousands.
func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// TestBoundsDoc: the numbers in the docs are those of the program.
func TestBoundsDoc(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Bounds\n\nWhat a registry may send or take, and what happens beyond. The numbers are those of the program: a test writes this table.\n\n| of | is at most | beyond it |\n|---|---|---|\n")
	for _, row := range limits {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.of, row.is, row.beyond)
	}
	path := filepath.Join("..", "docs", "bounds.md")
	if *update {
		ok(t, os.WriteFile(path, []byte(b.String()), 0o644))
		return
	}
	have, err := os.ReadFile(path)
	ok(t, err)
	if d := cmp.Diff(string(have), b.String()); d != "" {
		t.Errorf("%s is not what the program does; go test ./registry -run TestBoundsDoc -update writes it\n%s", path, d)
	}
}
