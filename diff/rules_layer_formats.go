package diff

import (
	"net/url"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// livesElsewhere (D9): layers that the registry is not required to hold, by their media
// type, and layers with URLs.
func livesElsewhere(s sideOf) []Finding {
	isForeign := func(st model.Step) bool { return model.IsExternal(st.Layer) }
	away := matching(s.img.Steps, func(st model.Step) bool { return len(st.Layer.URLs) > 0 || isForeign(st) })
	if len(away) == 0 {
		return nil
	}
	var hosts []string
	for _, st := range away {
		for _, u := range st.Layer.URLs {
			if at, err := url.Parse(u); err == nil && at.Host != "" {
				hosts = appendNew(hosts, at.Host)
			}
		}
	}
	where := "their original location"
	if len(hosts) > 0 {
		where = quoted(list(hosts))
	}
	f := Finding{
		Severity: 2, Rests: on(Hashed), Evidence: stepEvidence(s.side, away),
		Text: safe.Sprintf("In %s, %s (%s) may not be stored in this registry. A pull needs access to %s.",
			s.name, plural(len(away), "layer"), stepsText(stepIndexes(away)), where),
		Next: safe.Const("Mirror the image with these layers: crane --allow-nondistributable-artifacts, or regctl image copy --include-external"),
		Proof: mappedTo(away, func(st model.Step) safe.Text {
			return safe.Sprintf("step %d: layer %s, media type %s", st.Index+1, st.Layer.Digest, quoted(st.Layer.MediaType))
		}),
		Check: s.manifestCheck(".layers[] | {mediaType, urls}"),
	}
	if !slices.ContainsFunc(away, isForeign) {
		// An ordinary layer belongs in the registry, whatever URLs it has (image-spec descriptor.md, "urls").
		f.Severity = 0
		f.Next = safe.Const("Nothing to do if the registry has these layers, as it must: the check of blobs (V, --expect) asks for them")
		f.Text = safe.Sprintf("In %s, %s (%s) %s also offered at %s.",
			s.name, plural(len(away), "layer"), stepsText(stepIndexes(away)), isAre(len(away)), where)
	}
	return []Finding{f}
}

// unreadableFormat (D10): compression that some runtimes do not support. A layer counts that
// nothing calls other than zstd: neither its first bytes nor the media type of the same blob
// on the other side.
func unreadableFormat(c Comparison, p Pair) []Finding {
	disputed := disputedTypes(p)
	return c.onSides(p, func(s sideOf) []Finding {
		zstd := matching(s.img.Steps, func(st model.Step) bool {
			_, doubtful := disputed[st.Layer.Digest]
			return strings.HasSuffix(st.Layer.MediaType, "zstd") && !doubtful && (st.Packing == "" || st.Packing == model.PackingZstd)
		})
		if len(zstd) == 0 {
			return nil
		}
		f := Finding{
			Severity: 1, Rests: on(Hashed, Claimed), Evidence: stepEvidence(s.side, zstd),
			Text: safe.Sprintf("In %s, %s %s compressed with zstd. Docker before 23.0 and containerd before 1.5 cannot unpack this.",
				s.name, plural(len(zstd), "layer"), isAre(len(zstd))),
			Next:  safe.Const("If such a runtime must pull it, build with compression=gzip,force-compression=true"),
			Proof: []safe.Text{safe.Sprintf("media type of step %d: %s", zstd[0].Index+1, quoted(zstd[0].Layer.MediaType))},
			Check: s.manifestCheck("[.mediaType, .layers[].mediaType]"),
		}
		source := safe.Const("source: moby issue 28394 and the release notes of Docker 23.0 and containerd 1.5")
		if s.img.Manifest.MediaType == model.MediaTypeDockerManifest || !strings.HasPrefix(zstd[0].Layer.MediaType, v1.MediaTypeImageLayer) {
			f.Severity = 2
			f.Text = safe.Sprintf("In %s, %s %s compressed with zstd in a Docker manifest. "+
				"The Docker format does not include zstd: containerd of 2023 and podman 5.5, and older ones, refuse it.",
				s.name, plural(len(zstd), "layer"), isAre(len(zstd)))
			f.Next = safe.Const("Push it with OCI media types (oci-mediatypes=true), or with gzip")
			source = safe.Const("source: containers/image pull request 2906, container-libs pull request 293; " +
				"containerd issue 9263, pull request 9859")
		}
		f.Proof = append(f.Proof, source)
		return []Finding{f}
	})
}

// encryptedLayers (D16): layers that only a key opens, and layers that are called encrypted
// and are the plain blobs of the other side.
func encryptedLayers(c Comparison, p Pair) []Finding {
	plain := plainLayers(p)
	isPlain := func(st model.Step) bool { return plain[st.Layer.Digest] }
	nameA, nameB := c.names()
	return c.onSides(p, func(s sideOf) []Finding {
		other := nameB
		if s.side == SideB {
			other = nameA
		}
		cipher := s.img.Encrypted()
		var found []Finding
		if called := matching(cipher, isPlain); len(called) > 0 {
			found = append(found, s.calledEncrypted(called, other))
		}
		cipher = slices.DeleteFunc(cipher, isPlain)
		isOpened := func(st model.Step) bool { return model.HasKey(st.Layer) }
		if locked := matching(cipher, func(st model.Step) bool { return !isOpened(st) }); len(locked) > 0 {
			found = append(found, s.withoutKey(locked))
		}
		if cipher = matching(cipher, isOpened); len(cipher) > 0 {
			found = append(found, s.encrypted(cipher))
		}
		return found
	})
}

func (s sideOf) encrypted(cipher []model.Step) Finding {
	return Finding{
		Severity: 2, Rests: on(Hashed, Claimed), Evidence: stepEvidence(s.side, cipher),
		Text: safe.Sprintf("In %s, %s (%s) %s encrypted. Only a runtime that has the key can run the image.",
			s.name, plural(len(cipher), "layer"), stepsText(stepIndexes(cipher)), isAre(len(cipher))),
		Next:  safe.Const("Give the nodes the key (ocicrypt, skopeo --decryption-key), or use the image from before the encryption"),
		Proof: append(encryptedProof(cipher), safe.Const("source: ocicrypt, spec: the media type ends in +encrypted; the content was not read")),
		Check: s.manifestCheck("[.layers[].mediaType]"),
	}
}

// withoutKey is D16 for layers that are called encrypted and have no key, as plain layers with a
// wrong media type.
func (s sideOf) withoutKey(steps []model.Step) Finding {
	what := safe.Sprintf("In %s, the media type of %s says encrypted, but no annotation has the key", s.name, stepsText(stepIndexes(steps)))
	return Finding{
		Severity: 3, Rests: on(Hashed, Claimed), Evidence: stepEvidence(s.side, steps), Lead: what,
		Text:  safe.Sprintf("%s. Clients cannot decrypt it, or it is a plain layer with a wrong media type.", what),
		Next:  safe.Const("Push it again with the media type of a plain layer, or encrypt the layer"),
		Proof: append(encryptedProof(steps), safe.Const("source: ocicrypt, spec: annotations org.opencontainers.image.enc.keys.* have the key")),
		Check: s.manifestCheck("[.layers[] | {mediaType, annotations}]"),
	}
}

// calledEncrypted is D16 for layers that the other side has as plain blobs.
func (s sideOf) calledEncrypted(steps []model.Step, other string) Finding {
	where := stepsText(stepIndexes(steps))
	what := safe.Sprintf("the media type of %s says encrypted, but the blob is the plain one of %s", where, other)
	if len(steps) > 1 {
		what = safe.Sprintf("the media types of %s say encrypted, but the blobs are the plain ones of %s", where, other)
	}
	return Finding{
		Severity: 3, Rests: on(Hashed, Claimed), Evidence: stepEvidence(s.side, steps),
		Text: safe.Sprintf("In %s, %s. Clients fail to decrypt it.", s.name, what),
		Lead: safe.Sprintf("In %s, %s; clients fail to decrypt it", s.name, what),
		Next: safe.Const("Push it again with the media type of a plain layer, or encrypt the layer"),
		Proof: append(encryptedProof(steps), safe.Sprintf("%s lists the same digests with media types of plain layers", other),
			safe.Const("source: ocicrypt, spec: clients decrypt a layer whose media type ends in +encrypted")),
		Check: s.manifestCheck("[.layers[] | {mediaType, digest}]"),
	}
}

// plainLayers are the blobs of a pair that a side lists with the media type of a plain layer.
func plainLayers(p Pair) map[digest.Digest]bool {
	plain := map[digest.Digest]bool{}
	for _, e := range []*model.Entry{p.A, p.B} {
		for _, st := range stepsOf(e) {
			if model.ClaimedPacking(st.Layer.MediaType) != "" {
				plain[st.Layer.Digest] = true
			}
		}
	}
	return plain
}

// otherHash reports whether a row has the same content under digests of two algorithms.
func otherHash(r Row) bool {
	if r.Class != RepackedRow {
		return false
	}
	a, b := r.A.Layer, r.B.Layer
	return a.Digest != "" && b.Digest != "" && a.Size == b.Size && a.Digest.Algorithm() != b.Digest.Algorithm()
}
