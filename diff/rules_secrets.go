package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model/safe"
)

// secretInTheOpen (E4): a value that the screen masks is readable by everyone with access to
// the image.
func secretInTheOpen(c Comparison, p Pair) []Finding {
	return c.onSides(p, func(s sideOf) []Finding {
		places, evidence, proof := secretsOf(s)
		if len(places) == 0 {
			return nil
		}
		what := "1 value looks like a secret"
		if len(places) > 1 {
			what = plural(len(places), "value") + " look like secrets"
		}
		return []Finding{{
			Severity: 3, Rests: on(Heuristic), Evidence: evidence, Proof: proof,
			Text:  safe.Sprintf("In %s, %s: %s. Anyone with pull access can read this.", s.name, what, list(places)),
			Next:  safe.Const("Rotate it first, then build with RUN --mount=type=secret. Deleting the tag is not enough"),
			Check: s.configCheck(".config.Env, .config.Labels, [.history[]?.created_by]"),
		}}
	})
}

// secretsOf returns where secrets seem to be, each place once.
func secretsOf(s sideOf) (places []string, evidence []Evidence, proof []safe.Text) {
	seen := map[string]bool{}
	note := func(place, text string, at Evidence) {
		if !seen[place] {
			seen[place] = true
			places, evidence = append(places, place), append(evidence, at)
			proof = append(proof, safe.Sprintf("%s: %s", place, quoted(text)))
		}
	}
	whole := Evidence{s.side, none, s.img.Config.Digest}
	for _, e := range s.img.Config.Config.Env {
		if name, value, _ := strings.Cut(e, "="); looksSecret(e) && !isHarmlessValue(value) {
			note("ENV "+shortName(name), e, whole)
		}
	}
	for _, name := range sortedKeys(s.img.Config.Config.Labels) {
		value := s.img.Config.Config.Labels[name]
		if text := name + "=" + value; looksSecret(text) && !isHarmlessValue(value) {
			note("label "+shortName(name), text, whole)
		}
	}
	for _, st := range s.img.Steps {
		instruction := dockerfile.Instruction(st.CreatedBy)
		inConfig := strings.HasPrefix(instruction, "ENV ") || strings.HasPrefix(instruction, "LABEL ")
		if looksSecret(st.CreatedBy) && !inConfig {
			note(stepsText([]int{st.Index}), st.CreatedBy, Evidence{s.side, st.Index, st.Layer.Digest})
		}
	}
	return places, evidence, proof
}

// isHarmlessValue reports whether a value is a short number or a boolean: MAX_TOKENS=4096
// is masked to be safe, but it is not reported.
func isHarmlessValue(value string) bool {
	return len(value) <= 6 && strings.Trim(value, "0123456789") == "" || value == "true" || value == "false"
}

func looksSecret(text string) bool { return safe.Gate{}.Mask(text) != text }

func sortedKeys(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
