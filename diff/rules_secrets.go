package diff

import (
	"maps"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// secretInTheOpen (E4): a value that the screen masks is readable by everyone with access to
// the image. A plain word is often a default, so it is a note.
func secretInTheOpen(s sideOf) []Finding {
	inUse, words := secretsOf(s)
	var found []Finding
	if n := len(inUse); n > 0 {
		what := byNumber(n, "1 value looks like a secret", plural(n, "value")+" look like secrets")
		f := secretFinding(s, inUse)
		f.Severity = 3
		f.Text = safe.Sprintf("In %s, %s: %s. Anyone with pull access can read this.", s.name, what, secretNames(inUse))
		f.Lead = safe.Sprintf("%s in %s: %s", upperFirst(what), s.name, secretNames(inUse))
		f.Next = safe.Const("Rotate it first, then build with RUN --mount=type=secret. Deleting the tag is not enough")
		found = append(found, f)
	}
	if n := len(words); n > 0 {
		what := byNumber(n, "1 value where a secret is expected is a plain word, maybe a default",
			plural(n, "value")+" where secrets are expected are plain words, maybe defaults")
		f := secretFinding(s, words)
		f.Severity = 1
		f.Text = safe.Sprintf("In %s, %s: %s.", s.name, what, secretNames(words))
		f.Next = safe.Const("Set another value where the image runs. If it is in use, rotate it")
		found = append(found, f)
	}
	return found
}

// secretPlace is where a secret seems to be.
type secretPlace struct {
	name, text string
	at         Evidence
}

func secretNames(places []secretPlace) string {
	return list(mapped(places, func(p secretPlace) string { return p.name }))
}

func secretFinding(s sideOf, places []secretPlace) Finding {
	return Finding{
		Rests: on(Heuristic), Check: s.configCheck(".config.Env, .config.Labels, [.history[]?.created_by]"),
		Evidence: mappedTo(places, func(p secretPlace) Evidence { return p.at }),
		Proof:    mappedTo(places, func(p secretPlace) safe.Text { return safe.Sprintf("%s: %s", p.name, quoted(p.text)) }),
	}
}

// secretsOf returns where secrets seem to be, each place once: those that look in use, and
// plain words.
func secretsOf(s sideOf) (inUse, words []secretPlace) {
	seen := map[string]bool{}
	note := func(place, text string, used int, at Evidence) {
		if seen[place] {
			return
		}
		seen[place] = true
		if used > 0 {
			inUse = append(inUse, secretPlace{place, text, at})
		} else {
			words = append(words, secretPlace{place, text, at})
		}
	}
	noteSetting := func(kind, name, value string, at Evidence) {
		if used, plain := safe.SecretsOf(name, value); used+plain > 0 {
			note(kind+shortName(name), name+"="+safe.Gate{}.Value(name, value), used, at)
		}
	}
	whole := Evidence{s.side, none, s.img.Config.Digest}
	for _, e := range s.img.Config.Config.Env {
		name, value, _ := strings.Cut(e, "=")
		noteSetting("ENV ", name, value, whole)
	}
	labels := s.img.Config.Config.Labels
	names := slices.AppendSeq(make([]string, 0, len(labels)), maps.Keys(labels)) // an image can have 100,000 labels
	slices.Sort(names)
	for _, name := range names {
		noteSetting("label ", name, labels[name], whole)
	}
	for _, st := range s.img.Steps {
		inConfig := strings.HasPrefix(st.Instruction, "ENV ") || strings.HasPrefix(st.Instruction, "LABEL ")
		if inConfig {
			continue
		}
		if used, plain := safe.Secrets(st.CreatedBy); used+plain > 0 {
			note(stepsText([]int{st.Index}), st.CreatedBy, used, Evidence{s.side, st.Index, st.Layer.Digest})
		}
	}
	return inUse, words
}
