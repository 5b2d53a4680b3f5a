package diff

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// Rank splits groups into differences, which say whether and why two images differ, and facts:
// what both sides share except for stops, and findings of severity 0 outside group A. Both are
// sorted by severity, but the lead of the differences comes first.
func Rank(groups []Group) (differences, facts []Group) {
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b Group) int { return byWeight(a.Finding, b.Finding) })
	for _, g := range groups {
		if explainsDifference(g.Finding) || slices.ContainsFunc(g.Consequences, isNotable) {
			differences = append(differences, g)
		} else {
			facts = append(facts, g)
		}
	}
	if i := leadIndex(differences); i > 0 {
		cause := differences[i]
		differences = slices.Insert(slices.Delete(differences, i, i+1), 0, cause)
	}
	return differences, facts
}

// leadIndex is the index of the finding to show first: the most severe one. But a finding
// of severity 1 or 0 does not come before one that decides whether these are the same thing
// (group A).
func leadIndex(differences []Group) int {
	if len(differences) == 0 || differences[0].Severity > 1 {
		return 0
	}
	return max(slices.IndexFunc(differences, func(g Group) bool { return isSameness(g.Finding) }), 0)
}

func explainsDifference(f Finding) bool { return isNotable(f) || !f.Common && isSameness(f) }

func isNotable(f Finding) bool { return isStop(f) || !f.Common && f.Severity > 0 }

func isSameness(f Finding) bool { return strings.HasPrefix(f.ID, "A") }

// craneCommand and tagdiffCommand find the calls of crane and of this program in a shell command.
var (
	craneCommand   = regexp.MustCompile(`(^|[\s(;|&])crane (?:--insecure )?`)
	tagdiffCommand = regexp.MustCompile(`^tagdiff (?:--plain-http )?`)
)

// Insecure returns the shell command with the flags for registries that speak plain HTTP
// (crane --insecure, tagdiff --plain-http). A command that has them is unchanged.
func Insecure(command safe.Text) safe.Text {
	s := craneCommand.ReplaceAllString(command.String(), "${1}crane --insecure ")
	return safe.Clean(tagdiffCommand.ReplaceAllString(s, "tagdiff --plain-http "))
}

// Words returns the trust word with the reason behind it.
func (t Trust) Words() safe.Text { return trustWords[t] }

var trustWords = map[Trust]safe.Text{
	Proved:    safe.Const("proved: a hash decides"),
	Inferred:  safe.Const("inferred: from the structure of the manifests, not from hashes alone"),
	Suggested: safe.Const("suggested: by a heuristic, which can be wrong"),
}

// Rule returns the condition of a verdict, as a formula.
func (c Code) Rule() safe.Text { return codeRules[c] }

var codeRules = map[Code]safe.Text{
	Identical:     safe.Const("digest(A) = digest(B)"),
	OtherEnvelope: safe.Const("every config and layer of A = that of B; the manifest or index around them differs"),
	Repacked:      safe.Const("config(A) = config(B), and the config names every diff_id; some layer(A) ≠ layer(B)"),
	Reprinted:     safe.Const("config(A) = config(B) as JSON values, not as bytes"),
	OtherSettings: safe.Const("diff_ids(A) = diff_ids(B), config(A) ≠ config(B)"),
	OtherRecord:   safe.Const("diff_ids(A) = diff_ids(B), without those of empty layers"),
	SameRecipe:    safe.Const("every instruction(A) = instruction(B), diff_ids(A) ≠ diff_ids(B)"),
	SameBase:      safe.Const("the first k diff_ids with files are equal, k ≥ 1; the next ones differ"),
	Unrelated:     safe.Const("the first diff_id with files of A ≠ that of B"),
}
