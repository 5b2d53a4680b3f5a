package diff

import (
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

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
func (l *ladder) configs() (a, b jsonValue) {
	if !l.parsed {
		l.parsed = true
		l.configA, _ = parseJSON(l.a.Config.Raw)
		l.configB, _ = parseJSON(l.b.Config.Raw)
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
func settingsDiffer(a, b jsonValue) []string {
	differ := runSettingsDiffer(a.member("config"), b.member("config"))
	add := func(text string, names ...string) {
		if !saySame(a, b, names...) {
			differ = append(differ, text)
		}
	}
	add("platform", "os", "architecture", "variant", "os.version")
	add("author", "author")
	history, dates := historyDiffers(a.member("history"), b.member("history"))
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
func saySame(a, b jsonValue, names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !a.member(name).says(b.member(name)) })
}

func runSettingsDiffer(a, b jsonValue) []string {
	if a.raw == b.raw {
		return nil
	}
	var differ []string
	for _, name := range namesOf(a, b) {
		va, vb := a.member(name), b.member(name)
		if va.says(vb) || va.isDefault() && vb.isDefault() || slices.Contains(notesInSettings, name) {
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

// isDefault reports whether a setting has the value of one that is not
// written: docker's classic builder spells all of them out.
func (v jsonValue) isDefault() bool {
	return !v.isThere() || v.raw == "false" || v.raw == `""` || v.raw == "0"
}

// namesOf are the names of the members of both, sorted.
func namesOf(a, b jsonValue) []string {
	names := slices.Concat(a.names, b.names)
	slices.Sort(names)
	return slices.Compact(names)
}

// written is the members as they are written.
func written(v jsonValue) map[string]string {
	m := make(map[string]string, len(v.names))
	for i, name := range v.names {
		m[name] = v.members[i].raw
	}
	return m
}

func environment(v jsonValue) map[string]string {
	m := make(map[string]string, len(v.members))
	for _, e := range v.members {
		name, value, _ := strings.Cut(e.text, "=")
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
func historyDiffers(a, b jsonValue) (history, dates bool) {
	if a.raw == b.raw {
		return false, false
	}
	if a.kind != '[' || b.kind != '[' || len(a.members) != len(b.members) {
		return true, false
	}
	for i := range a.members {
		ea, eb := a.members[i], b.members[i]
		if ea.raw == eb.raw {
			continue
		}
		history = history || ea.kind != '{' || eb.kind != '{'
		for _, name := range namesOf(ea, eb) {
			differ := !ea.member(name).says(eb.member(name))
			dates = dates || differ && name == "created"
			history = history || differ && name != "created"
		}
	}
	return history, dates
}
