package diff

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Tell puts groups in the order in which they are told. News is what says why
// two images are the same or not, the cause first; also is what both sides
// share, and calm facts.
func Tell(groups []Group) (news, also []Group) {
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b Group) int { return byWeight(a.Finding, b.Finding) })
	for _, g := range groups {
		if tells(g.Finding) || slices.ContainsFunc(g.Consequences, grave) {
			news = append(news, g)
		} else {
			also = append(also, g)
		}
	}
	if i := causeOf(news); i > 0 {
		cause := news[i]
		news = slices.Insert(slices.Delete(news, i, i+1), 0, cause)
	}
	return news, also
}

// causeOf is the finding to be told first: the gravest, but a mere note does
// not come before what says whether these are the same thing (group A).
func causeOf(news []Group) int {
	if len(news) == 0 || news[0].Severity > 1 {
		return 0
	}
	return max(slices.IndexFunc(news, func(g Group) bool { return isSameness(g.Finding) }), 0)
}

func tells(f Finding) bool { return !f.Common && (grave(f) || isSameness(f)) }

func grave(f Finding) bool { return !f.Common && f.Severity > 0 }

func isSameness(f Finding) bool { return strings.HasPrefix(f.ID, "A") }

// craneWord is where a shell command calls crane.
var craneWord = regexp.MustCompile(`(^|[\s(;|&])crane (?:--insecure )?`)

// Insecure is a shell command for registries that speak plain http; one that is
// so already stays.
func Insecure(command safe.Text) safe.Text {
	return safe.Clean(craneWord.ReplaceAllString(command.String(), "${1}crane --insecure "))
}
