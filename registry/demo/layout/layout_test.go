package layout

import (
	"encoding/binary"
	"io/fs"
	"path"
	"testing"

	"github.com/opencontainers/go-digest"
)

// TestBlob_bytes checks the digest of every stored file, with its filler put back.
func TestBlob_bytes(t *testing.T) {
	for _, dir := range []string{"blobs/sha256", "cut/sha256"} {
		entries, err := fs.ReadDir(files, dir)
		if err != nil || len(entries) == 0 {
			t.Fatal(dir, entries, err)
		}
		for _, entry := range entries {
			want := digest.NewDigestFromEncoded(digest.SHA256, entry.Name())
			if b, err := Blob(want); err != nil || digest.FromBytes(b) != want {
				t.Errorf("%s: %d bytes, %v", path.Join(dir, entry.Name()), len(b), err)
			}
		}
	}
	if b, err := Blob(digest.FromString("not stored")); err == nil {
		t.Errorf("%d bytes of a blob that is not stored", len(b))
	}
}

// TestRepositories checks that the data of every listed manifest and blob exists.
func TestRepositories(t *testing.T) {
	repositories, err := Repositories()
	if err != nil || len(repositories) == 0 {
		t.Fatal(repositories, err)
	}
	for name, r := range repositories {
		for _, m := range r.Manifests {
			b, err := Blob(m.Digest)
			if err != nil || m.Descriptor.Digest != m.Digest || m.Descriptor.MediaType == "" || m.Descriptor.Size != int64(len(b)) {
				t.Errorf("%s: manifest %+v: %d bytes, %v", name, m, len(b), err)
			}
		}
		for _, d := range r.Blobs {
			if _, err := Blob(d); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestNoise checks the first outputs of splitmix64 for a seed, whole and from an offset.
func TestNoise(t *testing.T) {
	var want []byte
	for _, word := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431} {
		want = binary.LittleEndian.AppendUint64(want, word)
	}
	for from := range want {
		if got := Noise(1234567, from, len(want)-from); string(got) != string(want[from:]) {
			t.Errorf("from %d: %x, want %x", from, got, want[from:])
		}
	}
}
