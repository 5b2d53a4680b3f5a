package diff

import (
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/text"
	"github.com/tagdiff/tagdiff/model"
)

// stepFeature is what the likeness of two instructions is judged by.
type stepFeature struct {
	verb, name string
	bag        map[string]int
	hasLayer   bool
}

func featureOf(s model.Step) stepFeature {
	line := dockerfile.WithoutHashes(dockerfile.Instruction(s.CreatedBy))
	v := dockerfile.Verb(line)
	rest := strings.TrimPrefix(strings.TrimPrefix(line, v), " ")
	f := stepFeature{verb: strings.ToUpper(v), bag: text.WordCounts(rest), hasLayer: s.HasLayer}
	switch f.verb {
	case "ENV", "LABEL", "ARG":
		f.name = rest
		if end := strings.IndexAny(rest, "= "); end >= 0 {
			f.name = rest[:end]
		}
	}
	return f
}

// stepScore is 0 for instructions that are not versions of each other. Some
// verbs set one thing, so that two of them are always about the same.
func stepScore(a, b stepFeature) int {
	if a.verb != b.verb || a.verb == "" {
		return 0
	}
	alike := text.Similarity(a.bag, b.bag)
	switch a.verb {
	case "CMD", "ENTRYPOINT", "USER", "WORKDIR", "STOPSIGNAL", "HEALTHCHECK", "SHELL", "MAINTAINER", "EXPOSE", "VOLUME":
		return 50 + alike
	case "ENV", "LABEL", "ARG":
		if a.name == b.name {
			return 100 + alike
		}
		return 0
	}
	if alike < text.SimilarityThreshold {
		return 0
	}
	return alike
}
