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

// settingsSentence goes on from first with what differs between the configs.
func (l *ladder) settingsSentence(first safe.Text) safe.Text {
	a, b := l.configs()
	differ := settingsDiffer(a, b)
	if len(differ) == 0 {
		return first
	}
	return safe.Sprintf("%s; what differs: %s", first, list(differ))
}

// configs are the parsed configs, empty where there is none. They are parsed
// when the first rung asks for them: large ones take time.
func (l *ladder) configs() (a, b jsondoc.Value) {
	if !l.parsed {
		l.parsed = true
		l.configA, _ = jsondoc.Parse(l.a.Config.Raw)
		l.configB, _ = jsondoc.Parse(l.b.Config.Raw)
	}
	return l.configA, l.configB
}

// settingNames are the settings of a config in Dockerfile's words.
var settingNames = map[string]string{
	"Cmd": "CMD", "Entrypoint": "ENTRYPOINT", "User": "USER", "WorkingDir": "WORKDIR", "ExposedPorts": "EXPOSE",
	"Volumes": "VOLUME", "StopSignal": "STOPSIGNAL", "Healthcheck": "HEALTHCHECK", "OnBuild": "ONBUILD", "Shell": "SHELL",
}

// settingsDiffer names what two configs disagree on: how it runs first, then
// who built it, dates last. diff_ids are not settings.
func settingsDiffer(a, b jsondoc.Value) []string {
	differ := runSettingsDiffer(a.Member("config"), b.Member("config"))
	add := func(text string, names ...string) {
		if !saySame(a, b, names...) {
			differ = append(differ, text)
		}
	}
	add("platform", "os", "architecture", "variant", "os.version")
	add("author", "author")
	history, dates := historyDiffers(a.Member("history"), b.Member("history"))
	if history {
		differ = append(differ, "history")
	}
	if !saySameNotes(a, b) {
		differ = append(differ, "notes of the builder")
	}
	if dates || !saySame(a, b, "created") {
		differ = append(differ, "dates")
	}
	return differ
}

// saySame reports whether all members of these names say the same.
func saySame(a, b jsondoc.Value, names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !a.Member(name).Equivalent(b.Member(name)) })
}

func runSettingsDiffer(a, b jsondoc.Value) []string {
	if a.Raw == b.Raw {
		return nil
	}
	var differ []string
	for _, name := range namesOf(a, b) {
		va, vb := a.Member(name), b.Member(name)
		if va.Equivalent(vb) || va.IsDefault() && vb.IsDefault() || slices.Contains(notesInSettings, name) {
			continue
		}
		switch name {
		case "Env":
			differ = append(differ, plural(mapsDiffer(environment(va), environment(vb)), "environment variable"))
		case "Labels":
			differ = append(differ, plural(mapsDiffer(written(va), written(vb)), "label"))
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

// namesOf are the names of the members of both, sorted.
func namesOf(a, b jsondoc.Value) []string {
	names := slices.Concat(a.Names, b.Names)
	slices.Sort(names)
	return slices.Compact(names)
}

// written is the members as they are written.
func written(v jsondoc.Value) map[string]string {
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

// mapsDiffer counts the names with other values, at least 1: an order that
// changed is a difference too.
func mapsDiffer(a, b map[string]string) int {
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

// historyDiffers tells a history that says something else from one that only
// has other dates.
func historyDiffers(a, b jsondoc.Value) (history, dates bool) {
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
