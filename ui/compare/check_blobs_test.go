package compare_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/uitest/fakereg"
)

func TestCheckBlobs(t *testing.T) {
	const testing1, prod = "localhost:5000/app:testing", "localhost:5000/app:prod"
	f := fakereg.Retag(t)
	layers := f.ByTag["prod"].Entries[0].Image.Manifest.Layers
	d := open(t, f, 80, 24, testing1, prod)
	d.Keys("V") // 9 requests need no announcement
	d.Sees("nothing is missing (8 blobs)", "Same image")

	last := layers[len(layers)-1]
	f.Blobs = map[digest.Digest]model.BlobState{last.Digest: {Size: last.Size + 1}}
	d = open(t, f, 80, 24, testing1, prod)
	d.Keys("V")
	d.Sees("In :prod, the registry has 33 bytes for the layer of step 7", "1 is not as the man")

	f.Blobs = map[digest.Digest]model.BlobState{layers[len(layers)-1].Digest: {Missing: true}, layers[0].Digest: {Err: errors.New("denied")}}
	d = open(t, f, 80, 24, testing1, prod)
	d.Keys("V")
	d.Sees("cannot be pulled: the layer of step 7 is missing in the registry", "is missing in the registry; 1 is not known: denied", "Push it again")
	d.Keys("w") // the finding leads the verdict, so its proof comes after the text of the verdict
	d.Sees("›verdict       :prod cannot be pulled", "finding       D8 missing-blob")
	d.Keys("esc", "s") // the sides keep what was found
	d.Sees("cannot be pulled")
	f.Blobs = nil
	d.Keys("r") // what is read again is not checked
	d.DoesNotSee("cannot be pulled")
}

// TestCheckBlobs_claims: the registry does not compare the layers with the config, so the answer says which of them
// were read, and which of those are something else.
func TestCheckBlobs_claims(t *testing.T) {
	f := twoVersions(t, 2<<20+1)
	d := open(t, f, 100, 24, imageA, imageB)
	d.Keys("V")
	d.Sees("nothing is missing (5 blobs); 3 layers are not read")
	d.Keys("i", "V")
	d.Sees("; 1 layer is not read") // the base, which is the same on both sides
	l := f.Insides[f.ByTag["b"].Entries[0].Image.Manifest.Layers[1].Digest]
	l.DiffID = digest.FromString("other files")
	d = open(t, f, 100, 24, imageA, imageB)
	d.Keys("i", "V")
	d.Sees("step 2 of B is not what the config claims; nothing is missing (5 blobs)")
}

// TestCheckBlobs_announced: many requests are announced, and esc cancels them.
func TestCheckBlobs_announced(t *testing.T) {
	f := fakereg.Retag(t)
	a := f.ByTag["testing"]
	img := *a.Entries[0].Image
	for i := range 20 {
		l := img.Manifest.Layers[0]
		l.Digest = digest.FromString(fmt.Sprint(i))
		img.Manifest.Layers = append(img.Manifest.Layers, l)
	}
	e := a.Entries[0]
	e.Image = &img
	a.Entries = []model.Entry{e}
	f.ByTag["testing"] = a
	d := open(t, f, 80, 24, "localhost:5000/app:testing")
	d.Keys("V")
	d.Sees("Checking all layers needs", "requests: enter to go on, esc to cancel")
	d.Keys("esc")
	d.DoesNotSee("requests: enter")
	d.Keys("V", "enter")
	d.Sees("nothing is missing")
}

// TestCheckBlobs_unread: without a complete side the answer says what to do.
func TestCheckBlobs_unread(t *testing.T) {
	const testing1, gone = "localhost:5000/app:testing", "localhost:5000/app:gone"
	for _, tt := range []struct {
		refs []string
		want string
	}{
		{[]string{testing1, gone}, "B could not be read: press r, then V"},
		{[]string{gone, testing1}, "A could not be read: press r, then V"},
		{[]string{gone, gone}, "A and B could not be read: press r, then V"},
		{[]string{gone}, "the image could not be read: press r, then V"},
	} {
		d := open(t, fakereg.Retag(t), 80, 24, tt.refs...)
		d.Keys("V")
		d.Sees(tt.want)
	}

	f := fakereg.Retag(t)
	a := f.ByTag["testing"]
	e := a.Entries[0]
	e.Image, e.Err = nil, &model.ReadError{Message: "the config is missing", Next: "push it again"}
	a.Entries = []model.Entry{e}
	f.ByTag["testing"] = a
	d := open(t, f, 80, 24, testing1)
	d.Keys("V")
	d.Sees("the layers cannot be checked: the config is missing")
}

// TestStepDetail_proof: w opens the proof from the detail of a step, too.
func TestStepDetail_proof(t *testing.T) {
	d := open(t, fakereg.Retag(t), 80, 24, "localhost:5000/app:testing", "localhost:5000/app:prod")
	d.Keys("3", "n", "enter")
	d.Sees("› step 7", "w why", "esc back")
	d.Keys("w")
	d.Sees("proof: step 7", "rule", "check")
	d.Keys("w")
	d.Sees("w does nothing here")
	d.Keys("esc", "esc")
	d.Sees("›∅    7     WORKDIR /app")
}
