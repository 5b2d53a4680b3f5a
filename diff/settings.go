package diff

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tagdiff/tagdiff/model/safe"
)

// settingsSentence goes on from first with what differs between the configs.
func (l *ladder) settingsSentence(first safe.Text) safe.Text {
	differ := settingsDiffer(l.a.Config.Raw, l.b.Config.Raw)
	if len(differ) == 0 {
		return first
	}
	return safe.Sprintf("%s; what differs: %s", first, list(differ))
}

// settingNames are the settings of a config in Dockerfile's words.
var settingNames = map[string]string{
	"Cmd": "CMD", "Entrypoint": "ENTRYPOINT", "User": "USER", "WorkingDir": "WORKDIR", "ExposedPorts": "EXPOSE",
	"Volumes": "VOLUME", "StopSignal": "STOPSIGNAL", "Healthcheck": "HEALTHCHECK", "OnBuild": "ONBUILD", "Shell": "SHELL",
}

// settingsDiffer names what two configs disagree on: how it runs first, then
// who built it, dates last. diff_ids are not settings.
func settingsDiffer(rawA, rawB []byte) []string {
	a, b := fields(rawA), fields(rawB)
	differ := runSettingsDiffer(fields(a["config"]), fields(b["config"]))
	if !equalField(a, b, "os") || !equalField(a, b, "architecture") || !equalField(a, b, "variant") || !equalField(a, b, "os.version") {
		differ = append(differ, "platform")
	}
	if !equalField(a, b, "author") {
		differ = append(differ, "author")
	}
	history, dates := historyDiffers(a["history"], b["history"])
	if history {
		differ = append(differ, "history")
	}
	for _, name := range []string{"docker_version", "container", "container_config", "id", "parent"} {
		if !equalField(a, b, name) {
			differ = append(differ, "notes of the builder")
			break
		}
	}
	if dates || !equalField(a, b, "created") {
		differ = append(differ, "dates")
	}
	return differ
}

func runSettingsDiffer(a, b map[string]json.RawMessage) []string {
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(union(a, b))) {
		if equalField(a, b, name) {
			continue
		}
		switch name {
		case "Env":
			differ = append(differ, plural(mapsDiffer(environment(a[name]), environment(b[name])), "environment variable"))
		case "Labels":
			differ = append(differ, plural(mapsDiffer(fields(a[name]), fields(b[name])), "label"))
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

func fields(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

func environment(raw json.RawMessage) map[string]json.RawMessage {
	var vars []string
	if json.Unmarshal(raw, &vars) != nil {
		return nil
	}
	m := map[string]json.RawMessage{}
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		m[name] = json.RawMessage(value)
	}
	return m
}

func union(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	maps.Copy(all, b)
	return all
}

// mapsDiffer counts the names with other values, at least 1: an order that
// changed is a difference too.
func mapsDiffer(a, b map[string]json.RawMessage) int {
	n := 0
	for name := range union(a, b) {
		va, okA := a[name]
		vb, okB := b[name]
		if okA != okB || string(va) != string(vb) {
			n++
		}
	}
	return max(n, 1)
}

func equalField(a, b map[string]json.RawMessage, name string) bool {
	va, okA := a[name]
	vb, okB := b[name]
	return okA == okB && (string(va) == string(vb) || equalJSON(va, vb))
}

// historyDiffers tells a history that says something else from one that only
// has other dates.
func historyDiffers(rawA, rawB json.RawMessage) (history, dates bool) {
	if string(rawA) == string(rawB) {
		return false, false
	}
	var a, b []map[string]json.RawMessage
	if json.Unmarshal(rawA, &a) != nil || json.Unmarshal(rawB, &b) != nil || len(a) != len(b) {
		return true, false
	}
	for i := range a {
		dates = dates || !equalField(a[i], b[i], "created")
		delete(a[i], "created")
		delete(b[i], "created")
		for name := range union(a[i], b[i]) {
			history = history || !equalField(a[i], b[i], name)
		}
	}
	return history, dates
}
