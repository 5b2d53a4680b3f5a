package inside

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// TestContent checks which entry of an archive is the file that is wanted.
func TestContent(t *testing.T) {
	archive := insidetest.Tar(
		insidetest.File("./a", "one"), insidetest.File(".wh.c", ""), insidetest.File("dir/b", "six"),
		insidetest.Hardlink("link", "dir/b"), insidetest.File("a", "two"), insidetest.Symlink("c", "a"),
	)
	const none = "has no such file"
	for name, of := range map[string]struct {
		want     Entry
		got, say string
	}{
		"the last at a path":           {Entry{Path: "a", Size: 3}, "two", ""},
		"an earlier one by its hash":   {Entry{Path: "a", Size: 3, Sum: sumOf("one")}, "one", ""},
		"a hard link":                  {Entry{Path: "link", Kind: Hardlink, Size: 3, Sum: sumOf("six")}, "six", ""},
		"another hash":                 {Entry{Path: "a", Size: 3, Sum: sumOf("ten")}, "", none},
		"another size":                 {Entry{Path: "a", Size: 4}, "", none},
		"a hash with another size":     {Entry{Path: "a", Size: 2, Sum: sumOf("one")}, "", none},
		"a whiteout and a link":        {Entry{Path: "c"}, "", none},
		"a path that is not there":     {Entry{Path: "b", Size: 3}, "", none},
		"a file larger than the limit": {Entry{Path: "a", Size: 101, Sum: sumOf("one")}, "", "has a larger file there than is read"},
	} {
		for packing, blob := range map[string][]byte{"tar": archive, "gzip": insidetest.Gzip(archive), "zstd": insidetest.Zstd(archive)} {
			got, err := Content(bytes.NewReader(blob), of.want, 100)
			if string(got) != of.got || (err != nil) != (of.say != "") || err != nil && err.Error() != of.say {
				t.Errorf("%s, %s: %q, %v", name, packing, got, err)
			}
		}
	}
}

// TestContent_fault checks that the error of a reader counts only if the file was not found before,
// and what is said of a layer that is not an archive.
func TestContent_fault(t *testing.T) {
	archive := insidetest.Tar(insidetest.File("a", "one"), insidetest.File("big", strings.Repeat("x", blobBuffer+archiveBuffer)), insidetest.File("z", "end"))
	torn := func() io.Reader {
		return io.MultiReader(bytes.NewReader(archive[:len(archive)-2048]), errReader{errors.ErrUnsupported})
	}
	if got, err := Content(torn(), Entry{Path: "a", Size: 3, Sum: sumOf("one")}, 10); string(got) != "one" || err != nil {
		t.Errorf("before the fault: %q, %v", got, err)
	}
	if got, err := Content(torn(), Entry{Path: "z", Size: 3, Sum: sumOf("end")}, 10); got != nil || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("behind the fault: %q, %v", got, err)
	}
	for blob, say := range map[string]string{
		"BZh91AY": "is bzip2, which only Docker reads", strings.Repeat("junk", 500): "is not a valid archive", "\x1f\x8bjunk": "is not a valid archive",
	} {
		_, err := Content(strings.NewReader(blob), Entry{Path: "a", Size: 3}, 10)
		if _, is := errors.AsType[*ContentError](err); !is || err.Error() != say {
			t.Errorf("%q: %v", blob, err)
		}
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }
