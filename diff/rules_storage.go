package diff

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// emptyLayers (D2): a calm word before somebody takes them for a fault.
func emptyLayers(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		var empty []model.Step
		layers := 0
		for _, st := range s.img.Steps {
			if st.HasLayer {
				layers++
			}
			if st.HasLayer && st.Empty {
				empty = append(empty, st)
			}
		}
		if len(empty) == 0 {
			return nil
		}
		f := Finding{
			Trust: Proved, Evidence: stepEvidence(s.side, empty),
			Say: safe.Sprintf("In %s, %d of %s %s empty (%s): steps that change no file leave such layers. They do no harm.",
				s.name, len(empty), plural(layers, "layer"), isAre(len(empty)), stepsText(stepIndexes(empty))),
			Next: safe.Const("Nothing to do"),
		}
		for _, st := range empty {
			f.Proof = append(f.Proof, contentProof(st))
		}
		f.Check = layerCommand(s.refOf(empty[0].Layer.Digest), empty[0].Layer.MediaType)
		return []Finding{f}
	})
}

// contentProof says why a layer counts as empty.
func contentProof(st model.Step) safe.Text {
	packer, known := model.EmptyPacker(st.Layer.Digest)
	switch {
	case st.Checked:
		return safe.Sprintf("step %d: blob %s was read and unpacks to nothing but zeros", st.Index+1, st.Layer.Digest)
	case st.DiffID != "":
		return safe.Sprintf("step %d: diff_id %s is that of an archive without a file", st.Index+1, st.DiffID)
	case known:
		return safe.Sprintf("step %d: blob %s is an archive without a file as packed by %s", st.Index+1, st.Layer.Digest, packer)
	}
	return safe.Sprintf("step %d: blob %s unpacks to an archive without a file", st.Index+1, st.Layer.Digest)
}

// livesElsewhere (D9): layers that this registry need not have.
func livesElsewhere(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		var away []model.Step
		var hosts []string
		for _, st := range s.img.Steps {
			if len(st.Layer.URLs) == 0 && !strings.Contains(st.Layer.MediaType, "nondistributable") && !strings.Contains(st.Layer.MediaType, "foreign") {
				continue
			}
			away = append(away, st)
			for _, u := range st.Layer.URLs {
				if at, err := url.Parse(u); err == nil && at.Host != "" && !slices.Contains(hosts, at.Host) {
					hosts = append(hosts, at.Host)
				}
			}
		}
		if len(away) == 0 {
			return nil
		}
		where := "the place it came from"
		if len(hosts) > 0 {
			where = quoted(list(hosts))
		}
		f := Finding{
			Severity: 2, Trust: Proved, Evidence: stepEvidence(s.side, away),
			Say:   safe.Sprintf("In %s, %s (%s) may not be stored here: pulling needs access to %s.", s.name, plural(len(away), "layer"), stepsText(stepIndexes(away)), where),
			Next:  safe.Const("Mirror it with its layers: crane --allow-nondistributable-artifacts, or regctl image copy --include-external"),
			Check: s.manifestCheck(".layers[] | {mediaType, urls}"),
		}
		for _, st := range away {
			f.Proof = append(f.Proof, safe.Sprintf("step %d: layer %s, media type %s", st.Index+1, st.Layer.Digest, quoted(st.Layer.MediaType)))
		}
		return []Finding{f}
	})
}

// unreadable (D10): formats that some runtimes do not know.
func unreadableFormat(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		var zstd []model.Step
		for _, st := range s.img.Steps {
			if strings.HasSuffix(st.Layer.MediaType, "zstd") {
				zstd = append(zstd, st)
			}
		}
		if len(zstd) == 0 {
			return nil
		}
		f := Finding{
			Severity: 1, Trust: Shown, Evidence: stepEvidence(s.side, zstd),
			Say:   safe.Sprintf("In %s, %s %s zstd: Docker before 23.0 and other old runtimes cannot unpack that.", s.name, plural(len(zstd), "layer"), isAre(len(zstd))),
			Next:  safe.Const("If such a runtime must pull it, build with compression=gzip,force-compression=true"),
			Proof: []safe.Text{safe.Sprintf("media type of step %d: %s", zstd[0].Index+1, quoted(zstd[0].Layer.MediaType))},
			Check: s.manifestCheck("[.mediaType, .layers[].mediaType]"),
		}
		if s.img.Manifest.MediaType == model.MediaTypeDockerManifest || !strings.HasPrefix(zstd[0].Layer.MediaType, v1.MediaTypeImageLayer) {
			f.Severity = 2
			f.Say = safe.Sprintf("In %s, %s %s zstd in a manifest of Docker's format, which has no such thing: podman and others refuse it.", s.name, plural(len(zstd), "layer"), isAre(len(zstd)))
			f.Next = safe.Const("Push it with OCI media types (oci-mediatypes=true), or with gzip")
		}
		return []Finding{f}
	})
}

// storesAgain is what changes owners, modes or places of files, which stores
// them a second time.
var storesAgain = regexp.MustCompile(`\b(chown|chmod|mv|chgrp)\b`)

// bigEnough is where storing files twice is worth a word, in bytes.
const bigEnough = 1_000_000

// paidTwice (D11): a RUN that changes owners of what a COPY brought, by size.
func paidTwice(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		var found []Finding
		for i, st := range s.img.Steps {
			text := dockerfile.Instruction(st.CreatedBy)
			if !st.HasLayer || st.Layer.Size < bigEnough || dockerfile.Verb(text) != "RUN" || !storesAgain.MatchString(text) {
				continue
			}
			from := sameSize(s.img.Steps[:i], st.Layer.Size)
			if from == nil {
				continue
			}
			found = append(found, Finding{
				Severity: 1, Trust: Suggested, Evidence: stepEvidence(s.side, []model.Step{*from, st}),
				Say: safe.Sprintf("In %s, step %d (%s) stores %s, about as much as step %d: likely the same files again with other owners or modes.",
					s.name, st.Index+1, quoted(text), bytesText(st.Layer.Size), from.Index+1),
				Next:  safe.Const("Give owner and mode where they are copied: COPY --chown=… --chmod=…"),
				Proof: []safe.Text{safe.Sprintf("size of step %d: %d bytes; of step %d: %d bytes", from.Index+1, from.Layer.Size, st.Index+1, st.Layer.Size)},
				Check: s.manifestCheck(".layers[].size"),
			})
		}
		return found
	})
}

// sameSize is the newest step that copied within 15 % as many bytes.
func sameSize(steps []model.Step, size int64) *model.Step {
	for i := len(steps) - 1; i >= 0; i-- {
		s := &steps[i]
		if copies(s) && s.HasLayer && s.Layer.Size >= size-size/100*15 && s.Layer.Size <= size+size/100*15 {
			return s
		}
	}
	return nil
}
