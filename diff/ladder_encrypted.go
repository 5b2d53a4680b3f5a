package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// encrypted: the config is the same and layers of a side are encrypted. The config
// proves the settings; that the plain text is the same is its claim. Nothing here has a
// key, and an encrypted blob is never read as a layer.
func (l *ladder) encrypted() (Verdict, bool) {
	cipherA, cipherB := l.a.Encrypted(), l.b.Encrypted()
	id := l.a.ID()
	if len(cipherA)+len(cipherB) == 0 || id == "" || id != l.b.ID() || sameBlobs(l.a.Manifest.Layers, l.b.Manifest.Layers) {
		return Verdict{}, false
	}
	which := l.nameB
	switch {
	case len(cipherA) > 0 && len(cipherB) > 0:
		which = l.nameA + " and " + l.nameB
	case len(cipherA) > 0:
		which = l.nameA
	}
	return Verdict{
		Code: SameEncrypted, Rests: on(Hashed, Claimed), Step: firstDifference(l.p.Rows),
		Headline: safe.Sprintf("Same image, encrypted: the layers of %s can be read with a key only", which),
		Because:  safe.Sprintf("Same settings: image ID %s on both sides. That the files are the same is the claim of the config", short(id)),
		Proof:    append(l.configProof(), encryptedProof(slices.Concat(cipherA, cipherB))...),
	}, true
}

func encryptedProof(steps []model.Step) []safe.Text {
	var lines []safe.Text
	for _, s := range steps {
		lines = append(lines, safe.Sprintf("step %d: layer %s, %s", s.Index+1, s.Layer.Digest, s.Layer.MediaType))
	}
	return lines
}
