package diff

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model/safe"
)

// fieldKind says what a field of a config is for.
type fieldKind int

// The kinds of fields, in the order in which a sentence names them.
const (
	fieldSetting  fieldKind = iota // how a container runs: CMD, USER, …
	fieldEnv                       // an environment variable
	fieldLabel                     // a label
	fieldPlatform                  // os, architecture, …
	fieldUnknown                   // not in the image specification
	fieldAuthor                    // the author
	fieldHistory                   // history entries, dates apart
	fieldNote                      // a note of the builder, which no runtime reads
	fieldDate                      // created, or dates of the history
	fieldSpelling                  // the same meaning, spelled in another way
)

// fieldChange is one field that differs between two configs.
type fieldChange struct {
	kind     fieldKind
	name     string // as a Dockerfile or the config spells it
	inA, inB bool   // whether the side has the field with a value that means something
	values   string // its change as in "1 → 2", "" for long values and those that have no words
}

// configChanges names every field that differs between two parsed configs, fields
// that the image specification does not know too. diff_ids are left out: they are
// files. Values that mean the same to a runtime, such as a missing WorkingDir and
// "/", are changes of kind fieldSpelling.
func configChanges(a, b jsondoc.Value) []fieldChange {
	var changes []fieldChange
	for _, name := range namesOf(a, b) {
		va, vb := a.Member(name), b.Member(name)
		if va.Equivalent(vb) {
			continue
		}
		switch name {
		case "config":
			changes = append(changes, settingChanges(va, vb, a.Member("os").Text == "windows")...)
		case "rootfs":
			a, b := va.Without("diff_ids", "type"), vb.Without("diff_ids", "type") // type has one value
			if len(a.Names)+len(b.Names) > 0 && !a.Equal(b) {
				changes = append(changes, newChange(fieldUnknown, "rootfs", va, vb))
			}
		case "history":
			changes = append(changes, historyChanges(va, vb)...)
		default:
			changes = append(changes, newChange(topKind(name), name, va, vb))
		}
	}
	slices.SortStableFunc(changes, func(x, y fieldChange) int { return int(x.kind) - int(y.kind) })
	return changes
}

// topKind is the kind of a member at the top of a config.
func topKind(name string) fieldKind {
	switch name {
	case "created":
		return fieldDate
	case "author":
		return fieldAuthor
	case "os", "architecture", "variant", "os.version", "os.features":
		return fieldPlatform
	}
	// BuildKit keeps its inline cache and build information in members of moby.
	if slices.Contains(builderFields, name) || strings.HasPrefix(name, "moby.") {
		return fieldNote
	}
	return fieldUnknown
}

func newChange(kind fieldKind, name string, a, b jsondoc.Value) fieldChange {
	if a.IsDefault() && b.IsDefault() {
		kind = fieldSpelling
	}
	if kind == fieldDate {
		return datesChange(a, b)
	}
	if kind == fieldPlatform && !a.IsDefault() && !b.IsDefault() {
		name += valuesText(strings.Trim(a.Raw, `"`), strings.Trim(b.Raw, `"`))
	}
	c := fieldChange{kind: kind, name: name, inA: !a.IsDefault(), inB: !b.IsDefault()}
	if kind == fieldAuthor {
		c.values = c.change(a.Text, b.Text)
	}
	return c
}

// change is the change of a value that both sides have, "" if a part of it is masked.
func (c fieldChange) change(from, to string) string {
	isShown := func(value string) bool { return value == "" || maskedValue(c.name, value) == value }
	if !c.inA || !c.inB || !isShown(from) || !isShown(to) || safe.Clean(from) == safe.Clean(to) {
		return ""
	}
	return changedText(maskedValue(c.name, from), maskedValue(c.name, to))
}

// datesChange is the change of a date: the same instant can be spelled in another zone, or
// with more digits.
func datesChange(a, b jsondoc.Value) fieldChange {
	from, errA := time.Parse(time.RFC3339Nano, a.Text)
	to, errB := time.Parse(time.RFC3339Nano, b.Text)
	if errA == nil && errB == nil && from.Equal(to) {
		return fieldChange{kind: fieldSpelling, name: "dates"}
	}
	return fieldChange{kind: fieldDate, name: "dates", inA: true, inB: true}
}

// settingChanges compares the member config of two image configs. ArgsEscaped is a setting on
// Windows only (image-spec config.md, "ArgsEscaped").
func settingChanges(a, b jsondoc.Value, windows bool) []fieldChange {
	var changes []fieldChange
	for _, name := range namesOf(a, b) {
		va, vb := a.Member(name), b.Member(name)
		switch {
		case va.Equivalent(vb):
		case slices.Contains(builderSettings, name), name == "ArgsEscaped" && !windows:
			changes = append(changes, newChange(fieldNote, name, va, vb))
		case name == "Env":
			changes = append(changes, mapChanges(fieldEnv, environment(va), environment(vb))...)
		case name == "Labels":
			changes = append(changes, mapChanges(fieldLabel, rawMembers(va), rawMembers(vb))...)
		case meaning(name, va) == meaning(name, vb):
			changes = append(changes, fieldChange{kind: fieldSpelling, name: settingName(name)})
		default:
			c := fieldChange{kind: fieldSetting, name: settingName(name), inA: isSet(va), inB: isSet(vb)}
			switch {
			case name == "Healthcheck" && c.inA && c.inB:
				c.values = checkValues([]byte(va.Raw), []byte(vb.Raw))
			case va.Kind != '{' && vb.Kind != '{':
				c.values = c.change(cmp.Or(va.Text, va.Raw), cmp.Or(vb.Text, vb.Raw))
			}
			changes = append(changes, c)
		}
	}
	return changes
}

func settingName(name string) string {
	return cmp.Or(settingNames[name], quoted(name))
}

// meaning is a setting as runtimes take it, "" for one that sets nothing: an empty
// list or object sets what a missing one does, the working directory is "/" where
// none is set (runtime-spec config.md, "process.cwd"), and the user is root.
func meaning(name string, v jsondoc.Value) string {
	switch {
	case !isSet(v):
		return ""
	case name == "WorkingDir":
		return strings.TrimRight(v.Text, "/")
	case name == "User":
		return dockerfile.User(v.Text)
	case name == "Healthcheck":
		return checkMeaning([]byte(v.Raw))
	case name == "StopSignal":
		return dockerfile.Signal(v.Text)
	case name == "ExposedPorts":
		return portsMeaning(v.Names)
	}
	return v.Raw
}

// isSet reports whether a value is neither missing nor empty.
func isSet(v jsondoc.Value) bool {
	return !v.IsDefault() && (len(v.Members) > 0 || v.Kind != '[' && v.Kind != '{')
}

// portsMeaning is a set of exposed ports in one spelling.
func portsMeaning(ports []string) string {
	all := mapped(ports, dockerfile.Port)
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// mapChanges compares variables or labels by name. Where only their order differs,
// that is the one change.
func mapChanges(kind fieldKind, a, b map[string]string) []fieldChange {
	var changes []fieldChange
	for _, name := range sortedNames(a, b) {
		va, inA := a[name]
		vb, inB := b[name]
		if va != vb || inA != inB {
			c := fieldChange{kind: kind, name: name, inA: inA, inB: inB}
			if kind == fieldLabel {
				va, vb = labelValue(va), labelValue(vb)
			}
			c.values = c.change(va, vb)
			changes = append(changes, c)
		}
	}
	if len(changes) == 0 {
		return []fieldChange{{kind: fieldSpelling, name: "the order of " + map[fieldKind]string{fieldEnv: "ENV", fieldLabel: "LABEL"}[kind]}}
	}
	return changes
}

// labelValue is the value of a label that is written as JSON.
func labelValue(raw string) string {
	if v, err := jsondoc.Parse([]byte(raw)); err == nil && v.Kind == '"' {
		return v.Text
	}
	return raw
}

func sortedNames(a, b map[string]string) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	return slices.Compact(names)
}

// onlyKinds reports whether all changes are of the given kinds, and there is one.
func onlyKinds(changes []fieldChange, kinds ...fieldKind) bool {
	return len(changes) > 0 && !slices.ContainsFunc(changes, func(c fieldChange) bool { return !slices.Contains(kinds, c.kind) })
}

// isMinor reports whether a change has no effect on a container: a note of the builder or
// another spelling.
func (c fieldChange) isMinor() bool { return c.kind == fieldNote || c.kind == fieldSpelling }

// withoutMinor leaves minor changes out where others tell more. Notes of the builder stay
// as one.
func withoutMinor(changes []fieldChange) []fieldChange {
	if !slices.ContainsFunc(changes, func(c fieldChange) bool { return !c.isMinor() }) {
		return changes
	}
	var kept []fieldChange
	noted := false
	for _, c := range changes {
		switch {
		case !c.isMinor():
			kept = append(kept, c)
		case c.kind == fieldNote && !noted:
			noted = true
			kept = append(kept, fieldChange{kind: fieldNote, name: "notes of the builder", inA: true, inB: true})
		}
	}
	return kept
}

// fieldsText names changes in a sentence: those of one kind and direction together,
// as in "HEALTHCHECK and SHELL are gone in :b; the label version 1.4 → 1.5".
func fieldsText(changes []fieldChange, nameB string) string {
	changes = withoutMinor(changes)
	var groups []fieldGroup
	for _, c := range changes {
		i := slices.IndexFunc(groups, func(g fieldGroup) bool { return g.kind == c.kind && g.inA == c.inA && g.inB == c.inB })
		if i < 0 {
			i, groups = len(groups), append(groups, fieldGroup{kind: c.kind, inA: c.inA, inB: c.inB})
		}
		if name := fieldText(c); !slices.Contains(groups[i].names, name) {
			groups[i].names = append(groups[i].names, name)
			if c.values != "" {
				groups[i].changed = append(groups[i].changed, name+" "+c.values)
			}
		}
	}
	sentences := make([]string, len(groups))
	for i, g := range groups {
		const mostValues = 2
		if len(g.changed) == len(g.names) && len(g.names) <= mostValues {
			sentences[i] = kindText(g.kind, len(g.names)) + list(g.changed)
			continue
		}
		sentences[i] = kindText(g.kind, len(g.names)) + list(g.names) + " " + g.verb(nameB)
	}
	return strings.Join(sentences, "; ")
}

// fieldGroup is changes of one kind and direction.
type fieldGroup struct {
	kind     fieldKind
	inA, inB bool
	names    []string
	changed  []string // the names with their values, of those that have them
}

// verb says what changed, after the names.
func (g fieldGroup) verb(nameB string) string {
	one := len(g.names) == 1 && g.names[0] != "dates" && g.names[0] != "notes of the builder"
	switch {
	case g.kind == fieldSpelling && one && strings.HasPrefix(g.names[0], "the order of "):
		return "differs"
	case g.kind == fieldSpelling && one:
		return "is spelled in another way"
	case g.kind == fieldSpelling:
		return "are spelled in another way"
	case g.inA && !g.inB:
		return isAre(len(g.names)) + " gone in " + nameB
	case !g.inA && g.inB:
		return isAre(len(g.names)) + " new in " + nameB
	case one:
		return "differs"
	}
	return "differ"
}

// kindText precedes the names of fields that need a noun.
func kindText(kind fieldKind, n int) string {
	noun := map[fieldKind]string{fieldEnv: "variable", fieldLabel: "label", fieldUnknown: "config field"}[kind]
	if noun == "" {
		return ""
	}
	return "the " + noun + byNumber(n, " ", "s ")
}

// fieldText is a field's name in a sentence, without the prefix that most labels share.
func fieldText(c fieldChange) string {
	if c.kind == fieldLabel || c.kind == fieldEnv {
		return quoted(shortKey(c.name))
	}
	return c.name
}

// shortKey is the name of a label or annotation without the prefix of OCI's own names
// (image-spec annotations.md, "Pre-Defined Annotation Keys").
func shortKey(key string) string { return strings.TrimPrefix(key, "org.opencontainers.image.") }
