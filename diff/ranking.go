package diff

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Rank puts groups in the order in which they are told. News is what says why
// two images are the same or not, the cause first; also is what both sides
// share, and calm facts.
func Rank(groups []Group) (news, also []Group) {
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b Group) int { return byWeight(a.Finding, b.Finding) })
	for _, g := range groups {
		if explainsDifference(g.Finding) || slices.ContainsFunc(g.Consequences, isNotable) {
			news = append(news, g)
		} else {
			also = append(also, g)
		}
	}
	if i := leadIndex(news); i > 0 {
		cause := news[i]
		news = slices.Insert(slices.Delete(news, i, i+1), 0, cause)
	}
	return news, also
}

// leadIndex is the finding to be told first: the gravest, but a mere note does
// not come before what says whether these are the same thing (group A).
func leadIndex(news []Group) int {
	if len(news) == 0 || news[0].Severity > 1 {
		return 0
	}
	return max(slices.IndexFunc(news, func(g Group) bool { return isSameness(g.Finding) }), 0)
}

func explainsDifference(f Finding) bool { return !f.Common && (isNotable(f) || isSameness(f)) }

func isNotable(f Finding) bool { return !f.Common && f.Severity > 0 }

func isSameness(f Finding) bool { return strings.HasPrefix(f.ID, "A") }

// Where a shell command calls crane, or this program.
var (
	craneCommand   = regexp.MustCompile(`(^|[\s(;|&])crane (?:--insecure )?`)
	tagdiffCommand = regexp.MustCompile(`^tagdiff (?:--plain-http )?`)
)

// Insecure is a shell command for registries that speak plain http; one that is
// so already stays.
func Insecure(command safe.Text) safe.Text {
	s := craneCommand.ReplaceAllString(command.String(), "${1}crane --insecure ")
	return safe.Clean(tagdiffCommand.ReplaceAllString(s, "tagdiff --plain-http "))
}

// Words say what a statement rests on.
func (t Trust) Words() safe.Text {
	switch t {
	case Proved:
		return safe.Const("proved: a hash decides")
	case Shown:
		return safe.Const("shown: by the structure of the manifests, not by hashes alone")
	case Suggested:
		return safe.Const("suggested: a rule of thumb, which can be wrong")
	}
	return safe.Text{}
}

// Rule is the test of a rung, as a formula.
func (c Code) Rule() safe.Text {
	switch c {
	case Identical:
		return safe.Const("digest(A) = digest(B)")
	case OtherEnvelope:
		return safe.Const("every config and layer of A = that of B; what is around them differs")
	case Repacked:
		return safe.Const("config(A) = config(B), and the config names every diff_id; some layer(A) ≠ layer(B)")
	case Reprinted:
		return safe.Const("config(A) = config(B) as JSON values, not as bytes")
	case OtherSettings:
		return safe.Const("diff_ids(A) = diff_ids(B), config(A) ≠ config(B)")
	case OtherRecord:
		return safe.Const("diff_ids(A) = diff_ids(B) without those of empty layers")
	case SameRecipe:
		return safe.Const("every instruction(A) = instruction(B), diff_ids(A) ≠ diff_ids(B)")
	case SameBase:
		return safe.Const("the first k diff_ids with files are equal, k ≥ 1, and then they part")
	case Unrelated:
		return safe.Const("the first diff_id with files of A ≠ that of B")
	}
	return safe.Text{}
}
