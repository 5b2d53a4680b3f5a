package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model/inside"
	"github.com/tagdiff/tagdiff/model/inside/insidetest"
	"github.com/tagdiff/tagdiff/ui/uitest"
)

// emptyFiles is a layer with n empty files in 1000 folders, and the digest of its archive.
func emptyFiles(t *testing.T, n int) (blob []byte, id digest.Digest) {
	t.Helper()
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	w := tar.NewWriter(io.MultiWriter(z, sum))
	for i := range n {
		h := &tar.Header{Name: fmt.Sprintf("d%03d/file-%d", i%1000, i), Mode: 0o644, ModTime: insidetest.Then, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes(), digest.NewDigest(digest.SHA256, sum)
}

// TestMillionEntries checks that a report on a layer with more entries than tagdiff lists says so, shows the
// rest, and takes little memory.
func TestMillionEntries(t *testing.T) {
	if testing.Short() || uitest.HasRaceDetector() {
		t.Skip("takes half a minute")
	}
	b, host := startBuilds(t)
	good := insidetest.Tar(insidetest.File("d000/file-0", ""), insidetest.File("good", "1"))
	b.pushHostile(t, "good", hostileLayer{blob: insidetest.Gzip(good), archive: good})
	blob, id := emptyFiles(t, inside.MaxEntries+1)
	b.pushOne(t, "many", id, hostileLayer{blob: blob})
	const allowed = 512 << 20 // bytes of memory
	ctx, cancel := context.WithTimeout(t.Context(), slowCommandTimeout)
	defer cancel()
	cmd := cleanCommand(ctx, t, uitest.Build(t), "-o", "text", "--inside", "--max-read", "64MB", host+"/app:good", ":many")
	end := startCommand(ctx, t, cmd)
	memory := watchMemory(cmd.Process.Pid)
	got := end()
	m := memory()
	t.Logf("a layer of %d bytes, %.1f s of the processor, %d MiB", len(blob), cmd.ProcessState.UserTime().Seconds(), m>>20)
	if got.code != 1 || got.errors != "" {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
	for _, words := range []string{
		"999,999 added, 1 on one side only", "+ d000/file-1000 ", "and 999,980 more; --all-files lists them",
		"B: a limit left out the entries after the first 1,000,000", "= 1 the same",
	} {
		if !wraps(words).MatchString(got.out) {
			t.Errorf("the report does not say %q:\n%s", words, got.out)
		}
	}
	if m > allowed {
		t.Errorf("%d MiB of memory, want at most %d", m>>20, allowed>>20)
	}
}
