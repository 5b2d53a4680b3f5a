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
	"github.com/tagdiff/tagdiff/model/accounts"
	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/chunks"
	"github.com/tagdiff/tagdiff/model/packages"
	"github.com/tagdiff/tagdiff/model/packages/rpmdb"
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
	{"the first bytes of a layer that are read for the machine of its programs", sizes(startSizes), "what follows is not seen; a layer that is not larger is read whole"},
	{"the first bytes of a file that say what program it is", size(inside.MaxHead), "a loader that is named beyond them is not known"},
	{"paths with one remark on an archive: two entries, names that leave the root", number(inside.MaxRemarks), "the rest is counted"},
	{"a table of contents of a layer", size(inside.MaxTOC) + ", " + size(inside.MaxUnpackedTOC) + " unpacked", "it is not used: the whole layer is read, or offered"},
	{"a file that lists packages, a program or a jar that is read by a table of contents", size(chunks.MaxFile) + ", " + size(chunks.MaxUnpacked) + " of a layer, " + number(chunks.MaxParts) + " chunks", "the whole layer is read, or offered"},
	{"requests for such files of a layer", number(chunks.MaxRanges), "more bytes are read with each"},
	{"such files beside their layer", "half of its bytes", "the whole layer is read, or offered"},
	{"the smallest program in which such a layer is searched for Go modules", size(inside.LeastProgram), "smaller ones are not read"},
	{"packages that the files of a layer say, and these files", number(packages.MaxPackages), "the rest is not listed, and that is said"},
	{"the names, versions and places of these packages", size(packages.MaxTexts), "the rest is not listed, and that is said"},
	{"one of these names or versions", number(packages.MaxText) + " bytes", "the package is not listed, and that is said"},
	{"files of which packages say that they own them", number(packages.MaxOwned), "the packages of the rest are unknown, and that is said"},
	{"a line of a database of packages", size(packages.MaxLine), "it is not read, and that is said"},
	{"a database of rpm", size(packages.MaxRPM), "it is not read, and that is said"},
	{"packages of a database of rpm", number(rpmdb.MaxPackages), "the rest is not listed, and that is said"},
	{"folders of the files of one of these packages", number(rpmdb.MaxFolders), "which package owns the files in the others is not known"},
	{"a jar", size(packages.MaxJar), "it is not read, and that is said"},
	{"jars inside of jars", number(packages.MaxJarDepth), "deeper ones are not read, and that is said"},
	{"the `pom.properties` of a jar", size(packages.MaxPom), "it is not read, and that is said"},
	{"what is unpacked of the jars of a layer for each of their bytes", number(packages.JarRatio) + " bytes, and " + size(packages.JarFree) + " in all", "the rest is not read, and that is said"},
	{"a `package.json`", size(packages.MaxNPM), "it is not read, and that is said"},
	{"the build information of a Go program", size(packages.MaxGo), "it is not read"},
	{"the files `etc/passwd` and `etc/group` of a layer, for the user of an image", size(accounts.MaxFile) + ", " + number(accounts.MaxLines) + " lines", "they are not used: whether a user with a name can read a file is not judged"},
	{"the small text files kept while layers are read for a comparison", size(inside.MaxShelf), "others are dropped: their lines are not compared"},
	{"the files of two layers whose counts of lines are kept", number(inside.MaxLineCounts), "the counts of the others are not kept"},
	{"a known layer that is read again to compare the lines of its texts with those of a new one", size(maxReadAgain), "the lines are not compared"},
	{"a zip file or jar that is compared without the times in it", size(inside.MaxZip), "it counts as changed; its page says whether only times differ"},
	{"a file whose content is read to say what it is", size(inside.MaxProgram), "its size, owner and hash are shown"},
	{"a file that is written to disk", size(inside.MaxExtract) + " (`--max-read`), and the free space", "it is not written, and that is said before it is read"},
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
	{"the rate at which such a layer must arrive", number(int(transport.DefaultTimeouts().MinRate)) + " bytes in " + transport.DefaultTimeouts().Rate.String() + " (2 × `--timeout`)", "an error is reported; the other layers are listed"},
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

// sizes words sizes that are read one after the other.
func sizes(all []int64) string {
	var texts []string
	for _, n := range all {
		texts = append(texts, size(n))
	}
	return strings.Join(texts, ", then ")
}

// number formats n with commas between thousands.
func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// screenLimits begins the section of docs/limits.md that a test of ui/compare writes.
const screenLimits = "\n## On the screen\n"

// TestLimits_doc checks that docs/limits.md begins with the limits of the program below its screens.
func TestLimits_doc(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Limits\n\nThe limits for what a registry sends and for the time that it takes. The numbers are those of the program: a test writes this table.\n\n| what | limit | beyond the limit |\n|---|---|---|\n")
	for _, row := range limits {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.of, row.is, row.beyond)
	}
	path := filepath.Join("..", "docs", "limits.md")
	doc, err := os.ReadFile(path)
	ok(t, err)
	have, rest, _ := strings.Cut(string(doc), screenLimits)
	if *update {
		ok(t, os.WriteFile(path, []byte(b.String()+screenLimits+rest), 0o644))
		return
	}
	if d := cmp.Diff(have, b.String()); d != "" {
		t.Errorf("%s does not match the program; go test ./registry -run TestLimits_doc -update writes it\n%s", path, d)
	}
}
