package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
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
	if !a.Exists() || hasNotes(a) == hasNotes(b) || !a.Unambiguous() || !b.Unambiguous() || !withoutNotes(a).Equal(withoutNotes(b)) {
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

func hasNotes(config jsondoc.Value) bool {
	has := func(v jsondoc.Value) func(string) bool {
		return func(name string) bool { return !v.Member(name).IsDefault() }
	}
	return slices.ContainsFunc(notesAtTop, has(config)) || slices.ContainsFunc(notesInSettings, has(config.Member("config")))
}

func withoutNotes(config jsondoc.Value) jsondoc.Value {
	return config.Without(notesAtTop...).Replace("config", func(settings jsondoc.Value) jsondoc.Value {
		return settings.WithoutDefaults().Without(notesInSettings...)
	})
}

// saySameNotes reports whether two configs agree in them.
func saySameNotes(a, b jsondoc.Value) bool {
	settingsA, settingsB := a.Member("config"), b.Member("config")
	return saySame(a, b, notesAtTop...) && !slices.ContainsFunc(notesInSettings, func(name string) bool {
		va, vb := settingsA.Member(name), settingsB.Member(name)
		return !va.Equivalent(vb) && !(va.IsDefault() && vb.IsDefault())
	})
}
