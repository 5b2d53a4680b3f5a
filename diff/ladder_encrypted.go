package diff

import (
	"fmt"
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// encrypted: the config is the same and layers of a side are encrypted. The config
// proves the settings; that the plain text is the same is its claim. Nothing here has a
// key, and an encrypted blob is never read as a layer.
func (l *ladder) encrypted() (Verdict, bool) {
	cipherA, cipherB := l.cipher(l.a), l.cipher(l.b)
	if len(cipherA)+len(cipherB) == 0 || !l.sameConfigs() || sameBlobs(l.a.Manifest.Layers, l.b.Manifest.Layers) {
		return Verdict{}, false
	}
	return Verdict{
		Code: SameEncrypted, Rests: on(Hashed, Claimed), Step: firstDifference(l.p.Rows), says: "D16",
		Headline: safe.Sprintf("Same image, encrypted: %s", l.encryptedText(len(cipherA), len(cipherB))),
		Because:  safe.Sprintf("%s. The config claims that the files are the same", l.sameSettingsText()),
		Proof:    append(l.configProof(), encryptedProof(slices.Concat(cipherA, cipherB))...),
	}, true
}

// cipher are the steps of an image whose layers are encrypted. The plain blob of the other side is
// not, whatever its media type says.
func (l *ladder) cipher(img *model.Image) []model.Step {
	plain := plainLayers(l.p)
	return slices.DeleteFunc(img.Encrypted(), func(st model.Step) bool { return plain[st.Layer.Digest] })
}

// withEncryption adds to a verdict on two builds which layers need a key.
func (l *ladder) withEncryption(v Verdict) Verdict {
	if !slices.Contains([]Code{OtherSettings, OtherRecord, Rewritten, SameRecipe, SameBase}, v.Code) {
		return v
	}
	if cipherA, cipherB := len(l.cipher(l.a)), len(l.cipher(l.b)); cipherA+cipherB > 0 {
		v.Headline = safe.Sprintf("%s; %s", v.Headline, l.encryptedText(cipherA, cipherB))
	}
	return v
}

// encryptedText says which layers are encrypted: "the layers of :b need a key", "1 of 3 layers
// of :b needs a key".
func (l *ladder) encryptedText(inA, inB int) string {
	return l.encryptedLayers(inA, inB) + byNumber(inA+inB, " needs a key", " need a key")
}

func (l *ladder) encryptedLayers(inA, inB int) string {
	of := func(n int, img *model.Image, name string) string {
		if all := len(img.Manifest.Layers); n < all {
			return fmt.Sprintf("%d of %s of %s", n, plural(all, "layer"), name)
		}
		return "the layers of " + name
	}
	a, b := of(inA, l.a, l.nameA), of(inB, l.b, l.nameB)
	switch {
	case inB == 0:
		return a
	case inA == 0:
		return b
	case inA == len(l.a.Manifest.Layers) && inB == len(l.b.Manifest.Layers):
		return "the layers of " + l.nameA + " and " + l.nameB
	}
	return a + " and " + b
}

func encryptedProof(steps []model.Step) []safe.Text {
	return mappedTo(steps, func(s model.Step) safe.Text {
		return safe.Sprintf("step %d: layer %s, %s", s.Index+1, s.Layer.Digest, s.Layer.MediaType)
	})
}
