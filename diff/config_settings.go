package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/diff/jsondoc"
	"github.com/tagdiff/tagdiff/model/safe"
)

// Fields about the build that Docker writes into a config, at the top level and
// among the settings. No runtime reads them, and OCI does not have them.
var (
	builderFields   = []string{"container", "container_config", "docker_version", "id", "parent"}
	builderSettings = []string{
		"AttachStderr", "AttachStdin", "AttachStdout", "Domainname", "Hostname", "Image", "OpenStdin", "StdinOnce", "Tty",
	}
)

func hasBuilderFields(config jsondoc.Value) bool { return len(builderFieldsIn(config)) > 0 }

// builderFieldsIn are the fields of Docker's builder that a config sets.
func builderFieldsIn(config jsondoc.Value) []string {
	has := func(v jsondoc.Value) func(string) bool {
		return func(name string) bool { return !v.Member(name).IsDefault() }
	}
	return slices.Concat(matching(builderFields, has(config)), matching(builderSettings, has(config.Member("config"))))
}

// builderFieldsText names the fields of Docker's builder that one of two configs sets.
func builderFieldsText(a, b jsondoc.Value) string {
	const most = 6
	return listUpTo(most, slices.Concat(builderFieldsIn(a), builderFieldsIn(b)))
}

func withoutBuilderFields(config jsondoc.Value) jsondoc.Value {
	return config.Without(builderFields...).Replace("config", func(settings jsondoc.Value) jsondoc.Value {
		return settings.WithoutDefaults().Without(builderSettings...)
	})
}

// withDifferences appends the differences between the configs to a sentence.
func (l *ladder) withDifferences(first safe.Text) safe.Text {
	if changes := l.changes(); len(changes) > 0 {
		return safe.Sprintf("%s; %s", first, fieldsText(changes, l.nameB))
	}
	return first
}

// settingsText names the settings that differ, after another difference. It is "" if they agree,
// and begins with "; ".
func (l *ladder) settingsText() string { return l.changesText(settingsOf(l.changes())) }

func (l *ladder) changesText(settings []fieldChange) string {
	if len(settings) == 0 {
		return ""
	}
	return "; different settings: " + fieldsText(settings, l.nameB)
}

// settingNames maps the settings of a config to the instructions of a
// Dockerfile.
var settingNames = map[string]string{
	"Cmd": "CMD", "Entrypoint": "ENTRYPOINT", "User": "USER", "WorkingDir": "WORKDIR", "ExposedPorts": "EXPOSE",
	"Volumes": "VOLUME", "StopSignal": "STOPSIGNAL", "Healthcheck": "HEALTHCHECK", "OnBuild": "ONBUILD", "Shell": "SHELL",
}

// namesOf returns the names of the members of both values, sorted.
func namesOf(a, b jsondoc.Value) []string {
	names := slices.Concat(a.Names, b.Names)
	slices.Sort(names)
	return slices.Compact(names)
}

// rawMembers returns the members as written, by name.
func rawMembers(v jsondoc.Value) map[string]string {
	m := make(map[string]string, len(v.Names))
	for i, name := range v.Names {
		m[name] = v.Members[i].Raw
	}
	return m
}

func environment(v jsondoc.Value) map[string]string {
	m := make(map[string]string, len(v.Members))
	for _, e := range v.Members {
		name, value, _ := strings.Cut(e.Text, "=")
		m[name] = value
	}
	return m
}

var historyChange = fieldChange{kind: fieldHistory, name: "history", inA: true, inB: true}

// historyChanges compares two histories: the entries without their dates, and the dates. A
// list without entries says what a missing one does.
func historyChanges(a, b jsondoc.Value) []fieldChange {
	switch {
	case a.Raw == b.Raw:
		return nil
	case isEmptyList(a) && isEmptyList(b):
		return []fieldChange{{kind: fieldSpelling, name: "history"}}
	case a.Kind != '[' || b.Kind != '[' || len(a.Members) != len(b.Members):
		return []fieldChange{historyChange}
	}
	var changes []fieldChange
	for i := range a.Members {
		for _, change := range entryChanges(a.Members[i], b.Members[i]) {
			if !slices.Contains(changes, change) {
				changes = append(changes, change)
			}
		}
	}
	return changes
}

func isEmptyList(v jsondoc.Value) bool { return !v.Exists() || v.Kind == '[' && len(v.Members) == 0 }

// entryChanges compares two entries of histories.
func entryChanges(a, b jsondoc.Value) []fieldChange {
	switch {
	case a.Raw == b.Raw:
		return nil
	case a.Kind != '{' || b.Kind != '{':
		return []fieldChange{historyChange}
	}
	var changes []fieldChange
	for _, name := range namesOf(a, b) {
		va, vb := a.Member(name), b.Member(name)
		switch {
		case va.Equivalent(vb):
		case name == "created":
			changes = append(changes, datesChange(va, vb))
		case name == "created_by" && dockerfile.SameLine(va.Text, vb.Text):
			changes = append(changes, fieldChange{kind: fieldSpelling, name: "history"})
		default:
			changes = append(changes, historyChange)
		}
	}
	return changes
}
