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
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/registry/credentials"
	"github.com/tagdiff/tagdiff/registry/diskcache"
	"github.com/tagdiff/tagdiff/registry/transport"
)

var update = flag.Bool("update", false, "write docs/limits.md")

// limits are the rows of docs/limits.md. Tests of this package check what happens
// beyond each limit.
var limits = []struct{ of, is, beyond string }{
	{"a manifest or a config", size(transport.MaxManifest, transport.MaxConfig), "it is not read, and its size is reported; the other images are shown"},
	{"a document whose descriptor has no size", size(maxUnsized), "it is not read"},
	{"all manifests and configs of one index", size(maxLoad), "the image is not read; an error asks to open it by its digest"},
	{"layers of a manifest", number(model.MaxLayers), "the image is not read"},
	{"images of an index", number(model.MaxChildren), "the index is not read, and no image is requested"},
	{"images of all nested indexes", number(maxEntries), "the rest is reported and not requested"},
	{"levels of nested indexes", number(maxDepth), "deeper ones are reported and not requested"},
	{"history entries of a config", number(model.MaxHistory), "the image is not read"},
	{"the total size of all layers that a manifest claims", size(model.MaxTotal), "the manifest is refused"},
	{"a layer that is read before its files are asked for", size(model.MaxSmall), "it is not read"},
	{"entries of a layer whose files are listed", number(inside.MaxEntries), "the rest is not listed, and that is said"},
	{"the names of these entries", size(inside.MaxNames), "the rest is not listed, and that is said"},
	{"a name, and the target of a link", number(inside.MaxPath) + " bytes", "the entry is not listed, and that is said"},
	{"the extended attributes of an entry", size(inside.MaxXattrs), "they are left out, and that is said"},
	{"the unpacked archive of a layer", size(inside.MaxUnpacked), "the rest is not listed, and that is said"},
	{"the unpacked archive for each byte of a layer", number(inside.MaxRatio) + " bytes, and " + size(inside.RatioFree) + " in all", "the rest is not listed, and that is said"},
	{"the zeros of sparse files that are not in the archive", size(inside.MaxSparse), "the file is listed without its hash, and that is said"},
	{"the window of a zstd layer", size(inside.MaxWindow), "the files are not listed, and that is said"},
	{"a table of contents of a layer", size(inside.MaxTOC) + ", " + size(inside.MaxUnpackedTOC) + " unpacked", "it is not used: the layer is read"},
	{"the small text files kept while layers are read for a comparison", size(inside.MaxShelf), "the oldest are dropped: their lines are not compared"},
	{"the headers of a response", size(transport.MaxHeader), "the response is not read"},
	{"the body of an error response", size(transport.MaxErrorBody), "the rest is not read"},
	{"the part of it that an error quotes", number(maxReason) + " bytes", "the rest is left out and marked with …"},
	{"redirects of one request", number(transport.MaxRedirects), "an error is reported"},
	{"tries of one request with another login or token", number(transport.MaxTries), "the refusal is reported"},
	{"logins and tokens in a row that a repository refuses", number(transport.MaxRefusals), "no other one is sent until a new login is stored or `r` is pressed"},
	{"other hosts that one registry refers to", number(transport.MaxOtherHosts), "the idle connections to these hosts are closed"},
	{"a page of a list", size(transport.MaxList), "an error is reported; the pages before are shown"},
	{"pages of a list", number(maxPages), "an error is reported; the names read are shown"},
	{"names of a list", number(maxNames), "an error is reported; the names read are shown"},
	{"pages in a row without new names", number(maxEmptyPages), "an error is reported; the names read are shown"},
	{"tags read to find which tags use a blob", number(ownerTags), "the error says how many were read"},
	{"the response of a token service", size(transport.MaxTokenResponse), "an error is reported"},
	{"a token", size(transport.MaxToken), "an error is reported"},
	{"a challenge", size(transport.MaxChallenge) + ", " + number(transport.MaxChallengeParts) + " parts", "an error is reported; other parts are not read"},
	{"the output of a credential helper", size(credentials.MaxHelperOutput), "the helper is killed and an error is reported"},
	{"the time of a credential helper", credentials.HelperTimeout.String(), "the helper is killed and an error is reported"},
	{"a file of logins", size(credentials.MaxFile), "it is ignored, and named if the registry requires a login"},
	{"the wait for a pipe instead of a login file", credentials.PipeTimeout.String(), "it is ignored, and named if the registry requires a login"},
	{"a file of certificates", size(transport.MaxCertFile), "an error is reported"},
	{"a build metadata file", size(model.MaxMetadata), "an error is reported"},
	{"the time without data from a registry", transport.DefaultTimeouts().Silence.String() + " (`--timeout`)", "an error is reported"},
	{"the time for one response", transport.DefaultTimeouts().Total.String() + " (4 × `--timeout`)", "an error is reported"},
	{"the time to open a connection", transport.DefaultTimeouts().Dial.String(), "an error is reported"},
	{"attempts of a request with a temporary failure", number(transport.DefaultRetryPolicy().Attempts), "an error is reported"},
	{"attempts of a request that is answered with 429", number(transport.DefaultRetryPolicy().ThrottledAttempts), "an error is reported"},
	{"a pause that a registry asks for (Retry-After)", transport.DefaultRetryPolicy().MaxRetryAfter.String(), "the request ends with an error"},
	{"concurrent requests to one registry", number(DefaultConcurrency) + " (`--parallel`)", "the others wait; requests that a person waits for go first"},
	{"layers of one registry that are read at once to list their files", number(transport.MaxStreams), "the others wait; other requests wait for none of them"},
	{"the rate at which such a layer must arrive", number(int(transport.DefaultTimeouts().MinRate)) + " bytes in " + transport.DefaultTimeouts().Rate.String(), "an error is reported; the other layers are listed"},
	{"breaks of the connection within 1 MiB of such a layer", number(transport.MaxBreaks), "an error is reported; the other layers are listed"},
	{"the list of the files in one layer on disk", size(diskcache.MaxListFile), "it is not kept"},
	{"the disk cache", size(diskcache.MaxSize), "the least recently used documents and lists are removed"},
}

func size(all ...int64) string {
	n := all[0]
	for _, other := range all {
		if other != n {
			panic("two limits in one row")
		}
	}
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1 << 50, "PiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return fmt.Sprintf("%d %s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// number formats n with commas between thousands.
func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// TestLimits_doc checks that docs/limits.md has the limits of the program.
func TestLimits_doc(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Limits\n\nThe limits for what a registry sends and for the time that it takes. The numbers are those of the program: a test writes this table.\n\n| what | limit | beyond the limit |\n|---|---|---|\n")
	for _, row := range limits {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.of, row.is, row.beyond)
	}
	path := filepath.Join("..", "docs", "limits.md")
	if *update {
		ok(t, os.WriteFile(path, []byte(b.String()), 0o644))
		return
	}
	have, err := os.ReadFile(path)
	ok(t, err)
	if d := cmp.Diff(string(have), b.String()); d != "" {
		t.Errorf("%s does not match the program; go test ./registry -run TestLimits_doc -update writes it\n%s", path, d)
	}
}
