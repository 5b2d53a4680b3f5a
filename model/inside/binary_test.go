package inside

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tagdiff/tagdiff/model/inside/insidetest"
)

// accountFiles are the users and groups of an image.
var accountFiles = []insidetest.Item{
	insidetest.File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:10001:50::/app:/bin/sh\n"),
	insidetest.File("etc/group", "root:x:0:\nstaff:x:50:app,root\n"),
}

// content is all that a layer says.
func content(l *Layer) (Layer, []Entry) {
	bare := *l
	bare.Files = List{}
	return bare, slices.Collect(l.Files.All())
}

func checkSame(t *testing.T, want, got *Layer) {
	t.Helper()
	wantLayer, wantEntries := content(want)
	gotLayer, gotEntries := content(got)
	if diff := cmp.Diff(wantLayer, gotLayer, cmp.AllowUnexported(List{}, Layer{}, owners{}), cmpopts.IgnoreTypes(chunked{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantEntries, gotEntries); diff != "" {
		t.Error(diff)
	}
}

func marshal(t testing.TB, l *Layer) []byte {
	t.Helper()
	data, err := l.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBinary(t *testing.T) {
	odd := []Entry{
		{Path: "", Kind: Folder, Mode: 0o7777, UID: -1, GID: math.MaxInt32, Time: time.Unix(math.MaxInt64/4, 999999999).UTC()},
		{Path: "a\xff", Kind: File, Size: math.MaxInt64, Time: time.Unix(-1<<50, 0).UTC(), Xattrs: []Xattr{{"n", "\x00"}, {"", ""}}},
		{Path: "a", Kind: Whiteout}, {Path: "a", Kind: OpaqueFolder}, {Path: "a", Kind: Symlink, Link: strings.Repeat("x", 4096)},
		{Path: "b", Kind: CharDevice, Major: -1, Minor: math.MaxInt64}, {Path: "b/c", Kind: Folder, Implied: true, Time: time.Unix(0, 0)},
		{Path: "d", Kind: File, Sum: Hash{1}, Normal: Hash{2}, Xattrs: []Xattr{{"n", "\x00"}, {"", ""}}}, {Path: "e", Kind: File, Sum: NoContent},
	}
	layers := []*Layer{
		{}, {How: Full, Format: "zstd", PrivateKeys: []Hash{{1}, {2}}, Files: NewList(odd)}, {How: TOC, HasRecords: true}, {How: TOC, Broken: "is cut off", Left: []Left{{LeftEntries, "a"}, {LeftPackages, ""}}},
		{How: Full, Files: NewList(odd), Remarks: Remarks{Repeated: []string{"x"}, Escaping: []string{"../" + strings.Repeat("x", 5000)},
			DeletedAndGiven: []string{"y", "z"}, DeviceDeletions: []string{"d"}, Hidden: 1, Trailing: math.MaxInt64, Unhashed: 3}},
	}
	layers = append(layers, mustRead(t, insidetest.Tar(accountFiles...)))
	for seed := range uint64(5) {
		layers = append(layers, mustRead(t, insidetest.Tar(insidetest.Random(seed, 500)...)))
	}
	for _, l := range layers {
		var got Layer
		if err := got.UnmarshalBinary(marshal(t, l)); err != nil {
			t.Fatal(err)
		}
		checkSame(t, l, &got)
	}
}

// TestUnmarshalBinary_damaged: no cut and no changed byte goes unnoticed, and a failure changes
// nothing.
func TestUnmarshalBinary_damaged(t *testing.T) {
	data := marshal(t, mustRead(t, insidetest.Tar(insidetest.Random(1, 20)...)))
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 0x10
		for _, bad := range [][]byte{data[:i], changed} {
			l := Layer{Broken: "as before"}
			if err := l.UnmarshalBinary(bad); !errors.Is(err, ErrNotThisForm) || l.Broken != "as before" {
				t.Fatalf("byte %d: %v, %+v", i, err, l)
			}
		}
	}
}

// TestUnmarshalBinary_bomb: a small file with many entries of one path, or a number of them that
// is a lie, ends at once.
func TestUnmarshalBinary_bomb(t *testing.T) {
	var e encoder
	e.header(&Layer{})
	for name, rest := range map[string][]byte{
		"one path": append(binary.AppendUvarint(e.rest, 1e6), append([]byte{hasNewAttributes, 0, 0, 2, 0, 0, 0, 0, 0, 0}, make([]byte, 16<<20)...)...),
		"number":   append(binary.AppendUvarint(e.rest, math.MaxInt64), make([]byte, 16<<20)...),
		"too few":  binary.AppendUvarint(e.rest, 1e6),
	} {
		data, err := seal(nil, rest)
		if err != nil {
			t.Fatal(err)
		}
		var l Layer
		n := allocated(func() { err = l.UnmarshalBinary(data) })
		if !errors.Is(err, ErrNotThisForm) || n > 4<<20 {
			t.Errorf("%s: %v, with %d bytes from a file of %d", name, err, n, len(data))
		}
	}
}

// resealed returns data with the hash that it should have: a fuzzer cannot find it.
func resealed(data []byte) []byte {
	data = bytes.Clone(data)
	if len(data) >= binaryHead {
		sum := sha256.Sum256(data[binaryHead:])
		copy(data[binaryHead-sha256.Size:], sum[:])
	}
	return data
}

// FuzzDecode decodes a file with any bytes behind its hash, and one with any bytes in its parts.
func FuzzDecode(f *testing.F) {
	for seed := range uint64(3) {
		items := append(insidetest.Random(seed, 15), accountFiles...)
		l, err := Read(bytes.NewReader(insidetest.Tar(items...)), Options{})
		if err != nil {
			f.Fatal(err)
		}
		e := encoder{attrIDs: map[uint32]uint64{}, programIDs: map[int32]uint64{}}
		e.header(l)
		e.uvarint(uint64(l.Files.Len()))
		for i := range l.Files.Len() {
			e.entry(l.Files.t, i)
		}
		e.packages(l)
		e.accounts(l.Accounts)
		f.Add(marshal(f, l), e.sums, e.rest)
	}
	f.Fuzz(func(t *testing.T, data, sums, rest []byte) {
		sealed, err := seal(sums, rest)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range [][]byte{resealed(data), sealed} {
			var l, again Layer
			if l.UnmarshalBinary(file) != nil {
				continue
			}
			if err := again.UnmarshalBinary(marshal(t, &l)); err != nil {
				t.Fatal(err)
			}
			checkSame(t, &l, &again)
		}
	})
}

// BenchmarkBinary has as many entries as a large layer. Reading is to take less than 10 ms.
func BenchmarkBinary(b *testing.B) {
	l, err := Read(bytes.NewReader(insidetest.Tar(insidetest.Random(1, 24089)...)), Options{})
	if err != nil {
		b.Fatal(err)
	}
	data := marshal(b, l)
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			marshal(b, l)
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			var l Layer
			if err := l.UnmarshalBinary(data); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(data))/float64(l.Files.Len()), "B/entry")
	})
}
