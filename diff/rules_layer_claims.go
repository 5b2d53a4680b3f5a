package diff

import (
	"slices"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// checkers are the runtimes that refuse an image with another number of layers than of diff_ids, or with a wrong
// diff_id. Podman 4.3.1 takes both.
const checkers = "Docker and containerd"

// diffIDCheckers is the sentence about the runtimes that check diff_ids, and their sources.
const (
	diffIDCheckers = "Docker, containerd and podman since 5.4 refuse it, older podman runs it"
	diffIDSource   = "source: containerd, \"wrong diff id calculated on extraction\"; podman issue 25593 (the check came with 5.4)"
)

// notWhatItClaims (D15): a layer was read, and its diff_id in the config is wrong or it
// cannot be unpacked. Registries do not check layers; most runtimes do when they pull.
func notWhatItClaims(s sideOf) []Finding {
	isBroken := func(st model.Step) bool { return st.Broken != "" }
	wrong := slices.DeleteFunc(falseClaims(s.img), isBroken)
	var found []Finding
	add := func(steps []model.Step, rests Ground, text, next safe.Text) {
		where := stepsText(stepIndexes(steps))
		lead := "Runtimes refuse the layer of " + where
		switch {
		case rests != Hashed:
			lead = "Runtimes probably refuse the layer of " + where
		case !isBroken(steps[0]):
			lead = upperFirst(where) + byNumber(len(steps), " has a wrong diff_id: ", " have wrong diff_ids: ") + checkers + " refuse the image"
		}
		found = append(found, Finding{
			Severity: 3, Rests: on(rests), Evidence: stepEvidence(s.side, steps), Text: text,
			Lead:  safe.Clean(lead),
			Next:  next,
			Proof: slices.Concat(mappedTo(steps, claimProof)...), Check: s.layerCheck(steps[0]),
		})
	}
	pushAgain := safe.Const("Do not deploy it. Push it again from where it was built")
	isChunked := func(st model.Step) bool { return model.IsChunked(st.Layer) }
	if plain := slices.DeleteFunc(slices.Clone(wrong), isChunked); len(plain) > 0 {
		add(plain, Hashed, safe.Sprintf("In %s, the layer of %s does not have the diff_id that the config claims. %s.",
			s.name, stepsText(stepIndexes(plain)), diffIDCheckers), pushAgain)
	}
	if chunked := matching(wrong, isChunked); len(chunked) > 0 {
		add(chunked, Hashed, safe.Sprintf("In %s, the zstd:chunked layer of %s does not have the diff_id that the config claims. "+
			"%s.", s.name, stepsText(stepIndexes(chunked)), diffIDCheckers), safe.Const("Do not deploy it. "+
			"Push it again with a current podman, buildah or skopeo: older ones leave the end of the archive out of zstd:chunked layers"))
	}
	for _, broken := range grouped(matching(s.img.Steps, isBroken), whyBroken) {
		rests, how := Hashed, "cannot be unpacked: it "
		if broken[0].BrokenStart {
			rests, how = Structure, "is probably broken: it "
		}
		add(broken, rests, safe.Sprintf("In %s, the layer of %s %s%s. Runtimes refuse it.",
			s.name, stepsText(stepIndexes(broken)), how, broken[0].Broken), pushAgain)
	}
	return found
}

// reason is why a layer is broken. first says that only its first bytes were read.
type reason struct {
	text  string
	first bool
}

func whyBroken(st model.Step) reason { return reason{st.Broken, st.BrokenStart} }

func claimProof(st model.Step) []safe.Text {
	layer := safe.Sprintf("step %d: layer %s", st.Index+1, st.Layer.Digest)
	switch {
	case st.BrokenStart:
		return []safe.Text{layer, safe.Sprintf("media type %s; its first %d bytes were read", quoted(st.Layer.MediaType), model.StartSize)}
	case st.Broken != "":
		return []safe.Text{layer, safe.Sprintf("its bytes have this digest; it %s", st.Broken)}
	}
	return []safe.Text{
		layer, safe.Sprintf("claimed diff_id %s", st.ClaimedDiffID), safe.Sprintf("unpacks to %s", st.DiffID), safe.Const(diffIDSource),
	}
}

// bytesAfterTheEnd (D24): a gzip layer was read, and bytes follow its stream.
func bytesAfterTheEnd(s sideOf) []Finding {
	steps := trailing(s.img)
	if len(steps) == 0 {
		return nil
	}
	proof := mappedTo(steps, func(st model.Step) safe.Text {
		return safe.Sprintf("step %d: layer %s was read whole; its gzip stream ends before its last byte", st.Index+1, st.Layer.Digest)
	})
	return []Finding{{
		Severity: 2, Rests: on(Hashed, Claimed), Evidence: stepEvidence(s.side, steps),
		Text: safe.Sprintf("In %s, the layer of %s has bytes after the end of the gzip stream. Runtimes that unpack with Go refuse it, "+
			"those that use pigz ignore these bytes.", s.name, stepsText(stepIndexes(steps))),
		Next:  safe.Const("Push it again from where it was built"),
		Proof: append(proof, safe.Const("source: Go, compress/gzip, Reader.Multistream; pigz, \"trailing junk was ignored\"")),
		Check: s.layerCheck(steps[0]),
	}}
}

// rowCountMismatch (D7): manifest, config and history disagree on the number of layers.
func rowCountMismatch(s sideOf) []Finding {
	m := s.img.Counts
	if m == nil {
		return nil
	}
	f := Finding{
		Severity: 1, Rests: on(Hashed), Evidence: []Evidence{{s.side, none, s.img.Manifest.Digest}},
		Proof: []safe.Text{safe.Sprintf("manifest: %s; config: %s; history entries with a layer: %d",
			plural(m.Layers, "layer"), plural(m.DiffIDs, "diff_id"), m.History)},
		Check: s.configCheck("(.rootfs.diff_ids|length), ([.history[]|select(.empty_layer|not)]|length)"),
		Text: safe.Sprintf("In %s, the history lists %s, but the image has %s. "+
			"Step names may be next to the wrong layers; no layer is omitted.",
			s.name, plural(m.History, "step")+" with files", plural(m.Layers, "layer")),
		Next: safe.Const("Build it again with a current builder"),
	}
	if m.Fatal() {
		counts := safe.Sprintf("the manifest lists %s and the config %s", plural(m.Layers, "layer"), plural(m.DiffIDs, "diff_id"))
		f.Severity = 3
		f.Text = safe.Sprintf("In %s, %s. %s refuse it.", s.name, counts, checkers)
		f.Lead = safe.Sprintf("%s: %s refuse it", upperFirst(counts.String()), checkers)
		f.Next = safe.Const("Do not deploy it. Build and push it again")
	}
	return []Finding{f}
}
