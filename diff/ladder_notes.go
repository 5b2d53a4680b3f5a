package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// What Docker writes into a config of how it was built, at the top and among
// the settings. No runtime reads it of an image, and OCI has no place for it.
var (
	notesAtTop      = []string{"container", "container_config", "docker_version", "id", "parent"}
	notesInSettings = []string{"AttachStderr", "AttachStdin", "AttachStdout", "Domainname", "Hostname", "Image", "OpenStdin", "StdinOnce", "Tty"}
)

// translated: the configs say the same, dates and history included, but one
// has lost the notes of Docker's builder, as when Docker's format is made OCI.
// Two builds have notes both, or none, and other dates.
func (l *ladder) translated() (Verdict, bool) {
	if len(l.a.Config.Raw) == 0 || !mayBeReprinted(l.a.Config, l.b.Config) {
		return Verdict{}, false
	}
	a, b := l.configs()
	if !a.isThere() || a.hasNotes() == b.hasNotes() || !a.plain() || !b.plain() || !a.withoutNotes().equal(b.withoutNotes()) {
		return Verdict{}, false
	}
	return Verdict{
		Code: Reprinted, Trust: Proved, Step: firstDifference(l.p.Rows),
		Headline: safe.Const("Same image, its config translated"),
		Because: safe.Sprintf("The configs %s and %s say the same, dates and history too, but for notes of Docker's builder, which no runtime reads and OCI leaves out",
			short(l.a.ID()), short(l.b.ID())),
		Proof: append(l.configProof(), safe.Sprintf("both parse to the same JSON without %s; and in config, without %s and what is empty",
			strings.Join(notesAtTop, ", "), strings.Join(notesInSettings, ", "))),
	}, true
}

func (v jsonValue) hasNotes() bool {
	has := func(v jsonValue) func(string) bool {
		return func(name string) bool { return !v.member(name).isDefault() }
	}
	return slices.ContainsFunc(notesAtTop, has(v)) || slices.ContainsFunc(notesInSettings, has(v.member("config")))
}

func (v jsonValue) withoutNotes() jsonValue {
	v = v.without(notesAtTop...)
	v.members = slices.Clone(v.members)
	for i, name := range v.names {
		if name == "config" {
			v.members[i] = v.members[i].withoutDefaults().without(notesInSettings...)
		}
	}
	return v
}

// withoutDefaults is an object less the members that say nothing: Docker
// spells them out, OCI does not.
func (v jsonValue) withoutDefaults() jsonValue {
	if v.kind != '{' {
		return v
	}
	var defaults []string
	for i, m := range v.members {
		if m.isDefault() {
			defaults = append(defaults, v.names[i])
		}
	}
	return v.without(defaults...)
}

// saySameNotes reports whether two configs agree in them.
func saySameNotes(a, b jsonValue) bool {
	settingsA, settingsB := a.member("config"), b.member("config")
	return saySame(a, b, notesAtTop...) && !slices.ContainsFunc(notesInSettings, func(name string) bool {
		va, vb := settingsA.member(name), settingsB.member(name)
		return !va.says(vb) && !(va.isDefault() && vb.isDefault())
	})
}
