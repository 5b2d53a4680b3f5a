package diff

import (
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Identify says in one sentence what a digest is of an artifact that was read: the
// artifact itself, a child of its index, an image ID, a layer or a diff_id. ok is false if
// it is none of these. d may be a prefix of at least twelve digits, as a screen shows it,
// with or without the algorithm.
func Identify(d string, a model.Artifact) (sentence safe.Text, ok bool) {
	name := refName(a.Ref)
	is := func(own digest.Digest) bool { return matchesPrefix(own, d) }
	if is(a.Top.Digest) {
		return safe.Sprintf("%s is the digest of %s", d, name), true
	}
	for _, e := range a.Entries {
		platform := ""
		if p := nameOf(e); p != "" && isIndex(a) {
			platform = "the " + p + " image of "
		}
		if is(e.Descriptor.Digest) {
			return safe.Sprintf("%s is %s%s, as its index lists it", d, platform, name), true
		}
		if e.Image == nil {
			continue
		}
		if is(e.Image.ID()) {
			return safe.Sprintf("%s is the image ID of %s%s", d, platform, name), true
		}
		for _, s := range e.Image.Steps {
			if is(s.Layer.Digest) {
				return safe.Sprintf("%s is the layer of step %d of %s%s", d, s.Index+1, platform, name), true
			}
			if is(s.DiffID) {
				return safe.Sprintf("%s is the diff_id of step %d of %s%s", d, s.Index+1, platform, name), true
			}
		}
	}
	return safe.Text{}, false
}

// minPrefix is the length of the digests on screens, in hex digits.
const minPrefix = 12

// matchesPrefix reports whether a digest begins with what a person typed or pasted.
func matchesPrefix(d digest.Digest, typed string) bool {
	algorithm, hex, ok := strings.Cut(typed, ":")
	if !ok {
		algorithm, hex = "", typed
	}
	own, ownHex, valid := strings.Cut(string(d), ":")
	return valid && len(hex) >= minPrefix && strings.HasPrefix(ownHex, strings.ToLower(hex)) && (algorithm == "" || algorithm == own)
}
