package inside

import (
	"crypto/sha256"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// TestRead_privateKeys checks that a layer knows the contents that hold keys, each once.
func TestRead_privateKeys(t *testing.T) {
	key := "-----BEGIN PRIVATE " + "KEY-----\nMIIE\n" // scanners of sources take the text for a key
	l := mustRead(t, insidetest.Tar(insidetest.File("a", key), insidetest.File("b", key), insidetest.File("c", "x")))
	if diff := cmp.Diff([]Hash{sha256.Sum256([]byte(key))}, l.PrivateKeys); diff != "" {
		t.Error(diff)
	}
}

func TestRead_format(t *testing.T) {
	raw := insidetest.Tar(insidetest.File("a", "x"))
	for want, blob := range map[string][]byte{"": raw, "gzip": insidetest.Gzip(raw), "zstd": insidetest.Zstd(raw)} {
		if l := mustRead(t, blob); l.Format != want {
			t.Errorf("%q, want %q", l.Format, want)
		}
	}
}
