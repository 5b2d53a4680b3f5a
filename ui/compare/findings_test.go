package compare_test

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

var testingAndProd = []string{"localhost:5000/app:testing", "localhost:5000/app:prod"}

// TestFindingToEvidence: enter goes to the evidence, esc back to the finding, esc again
// leaves the page.
func TestFindingToEvidence(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, testingAndProd...)
	d.Keys("enter")
	d.Sees("[3 Lay", "»∅    7     WORKDIR /app", "└ Step 7 is empty on both sides")
	d.Keys("up", "tab", "tab", "tab")
	d.Sees("[6 Conf")
	d.Keys("esc")
	d.Sees("[1 Sum", "›·  Step 7 is empty on both sides", "→  Promote")
	d.Keys("3")
	d.Sees("└ Step 7 is empty on both sides", "… (A4)") // on one line, because the trail has ended
	d.DoesNotSee("»")
	d.Keys("1", "esc")
	d.Sees("› app", "›  testing")
}

// TestEvidence_swap: a mark stays while its finding holds.
func TestEvidence_swap(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, testingAndProd...)
	d.Keys("enter", "r") // read again
	d.Sees("»∅    7     WORKDIR /app", "A 4f4fb700ef54", "└ Step 7 is empty on both sides")
	d.Keys("s") // the finding has a different text now
	d.Sees("A a3ed95caeb02")
	d.DoesNotSee("*∅")
	d.DoesNotSee("»")
	d.Keys("esc")
	d.Sees("› app", "›  prod")
}

func TestEvidence_clearsFilter(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, testingAndProd...)
	d.Keys("3", "/", "touch", "enter", "1", "enter")
	d.Sees("»∅    7     WORKDIR /app")
}

// TestProof: w shows the proof of the row under the cursor.
func TestProof(t *testing.T) {
	d := open(t, fakereg.Retag(t), 120, 50, testingAndProd...)
	for _, tt := range []struct {
		keys []string
		sees []string
	}{
		{[]string{"1"}, []string{"proof: empty-layer-twin", "proved: a hash decides", "config(A) = config(B)", "layer(A) ≠ layer(B)", "A step 7: layer", "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"}},
		{[]string{"G", "up", "up"}, []string{"proof: the verdict", "Same image, packed differently"}},
		{[]string{"2"}, []string{"proof: linux/amd64", "A manifest", "B config"}},
		{[]string{"3", "n"}, []string{"proof: step 7", "both unpack to an archive without a file", "sha256:5f70bf18", "gunzip | sha256sum"}},
		{[]string{"6"}, []string{"line by line", "crane config"}},
		{[]string{"0", "n"}, []string{"id = sha256(hex of blobSum", "the id chains diverge here", "derived", "printf '%s' 'a3ed95ca"}},
	} {
		d.Keys(tt.keys...)
		d.Keys("w")
		d.Sees(tt.sees...)
		d.Keys("esc")
	}
}

// TestProof_verdict: where the box of the verdict hides lines, its last line says with which keys they are shown. They
// show the whole text of the verdict first, whatever finding leads it.
func TestProof_verdict(t *testing.T) {
	f := fakereg.Retag(t)
	last := f.ByTag["prod"].Entries[0].Image.Manifest.Layers
	f.Blobs = map[digest.Digest]model.BlobState{last[len(last)-1].Digest: {Missing: true}}
	d := open(t, f, 80, 9, testingAndProd...)
	d.Keys("V")
	d.Sees("cannot be pulled", ": w shows all")
	d.Keys("w")
	d.Sees("›verdict       :prod cannot be pulled", "because       Same image, packed differently")
	d.Keys("esc", "n")
	d.Sees(": g w shows all")
	d.Keys("g", "w")
	d.Sees("›verdict       :prod cannot be pulled")
}

// TestProof_oneImage: one image has steps to prove but no verdict.
func TestProof_oneImage(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing")
	d.Keys("w")
	d.Sees("there is no verdict to prove")
	d.Keys("3", "w")
	d.Sees("proof: step 1")
}

func TestCommands_plainHTTP(t *testing.T) {
	d := drive(t, ui.Options{Registry: fakereg.Retag(t), PlainHTTP: true}, 120, 40)
	d.Keys("localhost:5000/app:testing", "space", ":prod", "enter", "3", "n", "w", "G", "c")
	if !strings.HasPrefix(d.Copied, "crane --insecure blob ") {
		t.Errorf("copied %q", d.Copied)
	}
}

// TestSummary_noRepeat: the list does not repeat the text in the verdict box.
func TestSummary_noRepeat(t *testing.T) {
	d := open(t, fakereg.Retag(t), 120, 40, testingAndProd...)
	if n := strings.Count(d.Screen(), "No file is missing"); n != 1 {
		t.Errorf("the text is on the screen %d times", n)
	}
}
