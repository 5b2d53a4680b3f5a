package diff

import (
	"slices"
	"strings"

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

func hasBuilderFields(config jsondoc.Value) bool {
	has := func(v jsondoc.Value) func(string) bool {
		return func(name string) bool { return !v.Member(name).IsDefault() }
	}
	return slices.ContainsFunc(builderFields, has(config)) || slices.ContainsFunc(builderSettings, has(config.Member("config")))
}

func withoutBuilderFields(config jsondoc.Value) jsondoc.Value {
	return config.Without(builderFields...).Replace("config", func(settings jsondoc.Value) jsondoc.Value {
		return settings.WithoutDefaults().Without(builderSettings...)
	})
}

// sameBuilderFields reports whether two configs have the same values in the
// fields of Docker's builder.
func sameBuilderFields(a, b jsondoc.Value) bool {
	settingsA, settingsB := a.Member("config"), b.Member("config")
	return sameMembers(a, b, builderFields...) && !slices.ContainsFunc(builderSettings, func(name string) bool {
		va, vb := settingsA.Member(name), settingsB.Member(name)
		return !va.Equivalent(vb) && !(va.IsDefault() && vb.IsDefault())
	})
}

// withDifferences appends the differences between the configs to a sentence.
func (l *ladder) withDifferences(first safe.Text) safe.Text {
	a, b := l.configs()
	differ := differingFields(a, b)
	if len(differ) == 0 {
		return first
	}
	return safe.Sprintf("%s; differences: %s", first, list(differ))
}

// configs returns the parsed configs, zero values if there are none. They are
// parsed on first use, as large ones take time.
func (l *ladder) configs() (a, b jsondoc.Value) {
	if !l.parsed {
		l.parsed = true
		l.configA, _ = jsondoc.Parse(l.a.Config.Raw)
		l.configB, _ = jsondoc.Parse(l.b.Config.Raw)
	}
	return l.configA, l.configB
}

// settingNames maps the settings of a config to the instructions of a
// Dockerfile.
var settingNames = map[string]string{
	"Cmd": "CMD", "Entrypoint": "ENTRYPOINT", "User": "USER", "WorkingDir": "WORKDIR", "ExposedPorts": "EXPOSE",
	"Volumes": "VOLUME", "StopSignal": "STOPSIGNAL", "Healthcheck": "HEALTHCHECK", "OnBuild": "ONBUILD", "Shell": "SHELL",
}

// differingFields names the differences between two configs: runtime settings
// first, then platform, author and builder, dates last. diff_ids are not
// settings.
func differingFields(a, b jsondoc.Value) []string {
	differ := differingSettings(a.Member("config"), b.Member("config"))
	add := func(text string, names ...string) {
		if !sameMembers(a, b, names...) {
			differ = append(differ, text)
		}
	}
	add("platform", "os", "architecture", "variant", "os.version")
	add("author", "author")
	history, dates := compareHistory(a.Member("history"), b.Member("history"))
	if history {
		differ = append(differ, "history")
	}
	if !sameBuilderFields(a, b) {
		differ = append(differ, "fields of Docker's builder")
	}
	if dates || !sameMembers(a, b, "created") {
		differ = append(differ, "dates")
	}
	return differ
}

// sameMembers reports whether the members of these names are equivalent.
func sameMembers(a, b jsondoc.Value, names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !a.Member(name).Equivalent(b.Member(name)) })
}

func differingSettings(a, b jsondoc.Value) []string {
	if a.Raw == b.Raw {
		return nil
	}
	var differ []string
	for _, name := range namesOf(a, b) {
		va, vb := a.Member(name), b.Member(name)
		if va.Equivalent(vb) || va.IsDefault() && vb.IsDefault() || slices.Contains(builderSettings, name) {
			continue
		}
		switch name {
		case "Env":
			differ = append(differ, plural(countDifferences(environment(va), environment(vb)), "environment variable"))
		case "Labels":
			differ = append(differ, plural(countDifferences(rawMembers(va), rawMembers(vb)), "label"))
		default:
			text := settingNames[name]
			if text == "" {
				text = quoted(name)
			}
			differ = append(differ, text)
		}
	}
	return differ
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

// countDifferences counts the names with different values. It returns at least
// 1: a different order is a difference too.
func countDifferences(a, b map[string]string) int {
	n := 0
	for name, va := range a {
		if vb, ok := b[name]; !ok || va != vb {
			n++
		}
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			n++
		}
	}
	return max(n, 1)
}

// compareHistory reports which differences two histories have: history for
// anything except dates, dates for dates.
func compareHistory(a, b jsondoc.Value) (history, dates bool) {
	if a.Raw == b.Raw {
		return false, false
	}
	if a.Kind != '[' || b.Kind != '[' || len(a.Members) != len(b.Members) {
		return true, false
	}
	for i := range a.Members {
		ea, eb := a.Members[i], b.Members[i]
		if ea.Raw == eb.Raw {
			continue
		}
		history = history || ea.Kind != '{' || eb.Kind != '{'
		for _, name := range namesOf(ea, eb) {
			differ := !ea.Member(name).Equivalent(eb.Member(name))
			dates = dates || differ && name == "created"
			history = history || differ && name != "created"
		}
	}
	return history, dates
}
