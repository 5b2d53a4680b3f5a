package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// envChanged (E3): environment variables differ. *_VERSION variables come first, since they
// show what was updated.
func envChanged(c Comparison, p Pair, a, b *model.Image) []Finding {
	changes := envChanges(*a, *b)
	if len(changes) == 0 {
		return nil
	}
	severity := 1
	if slices.ContainsFunc(changes, isWeighty) {
		severity = 2
	}
	next := safe.Const("Set the variables that the program needs in its own Dockerfile, so that the base cannot change them")
	if isVersion(changes[0].name) {
		next = safe.Const("A *_VERSION variable changes with the base or with the Dockerfile: check the step that sets it")
	}
	f := Finding{
		Severity: severity, Rests: on(Hashed), Evidence: envEvidence(p, changes), Next: next,
		Text:  safe.Sprintf("Environment: %s.", changesText(changes)),
		Proof: changesProof(changes), Check: c.ConfigCheck(p, ".config.Env | sort"),
	}
	if !slices.ContainsFunc(changes, func(ch change) bool { return !dockerfile.SameInStore(ch.from, ch.to) }) {
		f.Severity = 0
		f.Text = safe.Sprintf("Environment: only the hash or version in paths of the Nix store differs: %s.", list(changedNames(changes)))
		f.Next = safe.Const("Nothing to do: the hash changes with each input of the build")
	}
	return []Finding{f}
}

// isWeighty reports whether a change of a variable can break a program: of PATH, of the zone,
// or of a major version.
func isWeighty(c change) bool {
	if dockerfile.SameInStore(c.from, c.to) {
		return false
	}
	return c.name == "PATH" || c.name == "TZ" || isVersion(c.name) && major(c.from) != major(c.to)
}

// envEvidence returns the steps that set a changed variable, or both configs if no step
// does.
func envEvidence(p Pair, changes []change) []Evidence {
	var found []Evidence
	for _, r := range p.Rows {
		for side, st := range r.stepsBySide() {
			if !r.SameText && setsAny(st.Instruction, changes) {
				found = append(found, Evidence{side, st.Index, st.Layer.Digest})
			}
		}
	}
	if len(found) == 0 {
		return pairEvidence(p)
	}
	return found
}

// setsAny reports whether an ENV instruction begins with one of the changed variables.
func setsAny(instruction string, changes []change) bool {
	rest, ok := strings.CutPrefix(instruction, "ENV ")
	return ok && slices.ContainsFunc(changes, func(c change) bool {
		return strings.HasPrefix(rest, c.name+"=") || strings.HasPrefix(rest, c.name+" ")
	})
}

// envChanges returns the variables that differ, the most telling first.
func envChanges(a, b model.Image) []change {
	before, after := envOf(a), envOf(b)
	var changes []change
	for _, name := range sortedNames(before, after) {
		from, was := before[name]
		to, still := after[name]
		if was == still && from == to {
			continue
		}
		ch := change{name: shortName(name), variable: true}
		if was {
			ch.from = maskedValue(name, from)
		}
		if still {
			ch.to = maskedValue(name, to)
		}
		changes = append(changes, ch)
	}
	slices.SortFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(envRank(a.name), envRank(b.name)), strings.Compare(a.name, b.name))
	})
	return changes
}

func envOf(img model.Image) map[string]string {
	m := make(map[string]string, len(img.Config.Config.Env))
	for _, e := range img.Config.Config.Env {
		name, value, _ := strings.Cut(e, "=")
		m[name] = value
	}
	return m
}

// maskedValue returns a value for a sentence: secrets are masked, and an empty value is ""
// in quotes, to distinguish it from an unset variable.
func maskedValue(name, value string) string {
	if value == "" {
		return `""`
	}
	return safe.Gate{}.Value(name, value)
}

// shortName cuts a name from outside to 40 characters.
func shortName(name string) string { return cutTo(40, name) }

func isVersion(name string) bool {
	return (strings.HasSuffix(name, "_VERSION") || name == "VERSION") && !bustsCache(name)
}

func major(version string) string {
	m, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	return m
}

// wellKnownEnv lists variables that change how programs behave.
var wellKnownEnv = []string{
	"PATH", "TZ", "LANG", "LC_ALL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
	"http_proxy", "https_proxy", "no_proxy", "JAVA_OPTS", "JAVA_TOOL_OPTIONS",
}

func envRank(name string) int {
	switch {
	case isVersion(name):
		return 0
	case slices.Contains(wellKnownEnv, name):
		return 1
	}
	return 2
}
