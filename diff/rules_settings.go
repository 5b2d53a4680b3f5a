package diff

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tagdiff/tagdiff/diff/dockerfile"
	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/model/safe"
)

// change is one setting that differs.
type change struct {
	name     string
	from, to string // "" if not set
	variable bool   // an environment variable, which is written with "="
}

// set returns the name with a value.
func (c change) set(value string) string {
	if c.variable {
		return c.name + "=" + value
	}
	return c.name + " " + value
}

// wasText is the old value in brackets.
func wasText(value string) string {
	if value == safe.Masked {
		return "(was masked)"
	}
	return "(was " + value + ")"
}

// mostValue is the length up to which a sentence has a whole value.
const mostValue = 40

// excerpt is the start of a long value, up to the end of an argument or a word.
func excerpt(value string) string {
	runes := []rune(safe.Clean(value).String())
	if len(runes) <= mostValue {
		return string(runes)
	}
	to := wholeEscapes(runes, 0, excerptEnd(runes, 0, mostValue))
	if to == len(runes) {
		return string(runes)
	}
	return strings.TrimRight(string(runes[:to]), " ") + "…"
}

// excerpts are two long values around their first difference. Hashes of the Nix store are
// left out where something else differs.
func excerpts(a, b string) (string, string) {
	const before, hashed = 12, 12
	if isHex(a) && isHex(b) && min(len(a), len(b)) > hashed && a[:hashed] != b[:hashed] {
		return a[:hashed] + "…", b[:hashed] + "…"
	}
	if shortA, shortB := dockerfile.WithoutStoreHash(a), dockerfile.WithoutStoreHash(b); shortA != shortB {
		a, b = shortA, shortB
	}
	runesA, runesB := []rune(safe.Clean(a).String()), []rune(safe.Clean(b).String())
	same := 0
	for same < min(len(runesA), len(runesB)) && runesA[same] == runesB[same] {
		same++
	}
	from := wholeEscapes(runesA, -1, excerptStart(runesA, max(same-before, 0), same))
	cut := func(runes []rune) string {
		to := wholeEscapes(runes, same, excerptEnd(runes, same, min(from+mostValue, len(runes))))
		text := strings.TrimRight(string(runes[min(from, len(runes)):to]), " ")
		if from > 0 {
			text = "…" + text
		}
		if to < len(runes) {
			text += "…"
		}
		return text
	}
	return cut(runesA), cut(runesB)
}

// nearCut is how far a cut may move to the start or end of an argument or a word.
const nearCut = 12

// excerptStart moves the start of an excerpt to that of a word or of a part of a path: back
// if one is near, else forward, not beyond the first difference.
func excerptStart(runes []rune, from, same int) int {
	for _, starts := range []func(i int) bool{
		func(i int) bool { return i == 0 || runes[i-1] == ' ' || runes[i-1] == ',' },
		func(i int) bool { return i < len(runes) && runes[i] == '/' },
	} {
		for i := from; i >= max(from-nearCut, 0); i-- {
			if starts(i) {
				return i
			}
		}
		for i := from + 1; i <= same; i++ {
			if starts(i) {
				return i
			}
		}
	}
	return from
}

// excerptEnd moves the end of an excerpt to that of a word, if one is near: back, but not
// before the first difference, else forward.
func excerptEnd(runes []rune, same, to int) int {
	ends := func(i int) bool { return i == len(runes) || runes[i] == ' ' || runes[i-1] == ',' }
	for i := to; i > max(to-nearCut, same+1); i-- {
		if ends(i) {
			return i
		}
	}
	for i := to + 1; i <= min(to+nearCut, len(runes)); i++ {
		if ends(i) {
			return i
		}
	}
	return to
}

// wholeEscapes moves a cut back that is within an escape, to the start of the escape if that
// is after a place.
func wholeEscapes(runes []rune, after, at int) int {
	text := string(runes)
	start := safe.EscapeStart(text, len(string(runes[:at])))
	if moved := utf8.RuneCountInString(text[:start]); moved > after {
		return moved
	}
	return at
}

// text returns the change with both values. Of long values it has the part that differs.
func (c change) text() string {
	long := len(c.from) > mostValue || len(c.to) > mostValue
	switch {
	case long && c.from == "":
		return c.set(excerpt(c.to)) + " is new"
	case long && c.to == "":
		return c.name + " is removed " + wasText(excerpt(c.from))
	case c.from == c.to, long && c.looksAlike():
		return c.name + " changed"
	case long:
		from, to := excerpts(c.from, c.to)
		return c.name + " " + from + " → " + to
	case c.looksAlike():
		return c.name + " changed; both values as escaped text: " + strconv.QuoteToASCII(c.from) + " → " + strconv.QuoteToASCII(c.to)
	case c.from == "":
		return c.set(c.to) + " is new"
	case c.to == "":
		return c.name + " is removed " + wasText(c.from)
	}
	return c.name + " " + c.from + " → " + c.to
}

// looksAlike reports whether two different values print the same: one contains a character
// that is printed as an escape, the other contains that escape as text.
func (c change) looksAlike() bool {
	return c.from != c.to && safe.Clean(c.from) == safe.Clean(c.to)
}

func changesText(changes []change) string {
	const most = 3
	shown := changes
	if len(changes) > most+1 {
		shown = changes[:most]
	}
	said := mapped(shown, change.text)
	if more := len(changes) - len(shown); more > 0 {
		said = append(said, plural(more, "more change"))
	}
	return strings.Join(said, "; ")
}

// changesProof returns a line for each change, with its full values.
func changesProof(changes []change) []safe.Text {
	return mappedTo(changes, func(c change) safe.Text {
		if c.looksAlike() {
			return safe.Sprintf("%s as JSON: A %s, B %s", c.name, strconv.QuoteToASCII(c.from), strconv.QuoteToASCII(c.to))
		}
		return safe.Sprintf("%s: A %s, B %s", c.name, orNone(c.from), orNone(c.to))
	})
}

// startChanged (E1): the start command differs.
func startChanged(c Comparison, p Pair, a, b *model.Image) []Finding {
	var changes []change
	for _, w := range []struct {
		name string
		a, b []string
	}{
		{"ENTRYPOINT", a.Config.Config.Entrypoint, b.Config.Config.Entrypoint},
		{"CMD", a.Config.Config.Cmd, b.Config.Config.Cmd},
	} {
		if !slices.Equal(w.a, w.b) {
			changes = append(changes, change{name: w.name, from: argvText(w.a), to: argvText(w.b)})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	next := safe.Const("Set ENTRYPOINT and CMD in the Dockerfile or the deployment, so that the base cannot change them")
	if changes[0].name == "ENTRYPOINT" && changes[0].from == "" {
		next = safe.Const("The arguments of a deployment now go to ENTRYPOINT: check the manifests that set args or command")
	}
	f := Finding{
		Severity: 2, Rests: on(Hashed), Evidence: pairEvidence(p), Next: next,
		Text:  safe.Sprintf("The start command differs: %s.", changesText(changes)),
		Proof: changesProof(changes), Check: c.ConfigCheck(p, ".config | {Entrypoint, Cmd}"),
	}
	if !slices.ContainsFunc(changes, func(ch change) bool { return !dockerfile.SameInStore(ch.from, ch.to) }) {
		f.Severity = 0
		f.Text = safe.Sprintf("The start command is the same but for the hash or version in paths of the Nix store: %s.",
			list(changedNames(changes)))
		f.Next = safe.Const("Nothing to do: the hash changes with each input of the build")
	}
	return []Finding{f}
}

func changedNames(changes []change) []string {
	return mapped(changes, func(c change) string { return c.name })
}

// argvText returns a command in the JSON form of a Dockerfile, with secrets masked.
func argvText(argv []string) string {
	if len(argv) == 0 {
		return ""
	}
	return safe.Gate{}.Mask(`["` + strings.Join(argv, `","`) + `"]`)
}

// userChanged (E2): a container runs as a different user.
func userChanged(c Comparison, p Pair, a, b *model.Image) []Finding {
	if userName(*a) == userName(*b) {
		return nil
	}
	nameA, nameB := c.names()
	return []Finding{{
		Severity: 2, Rests: on(Hashed), Evidence: pairEvidence(p),
		Text:  safe.Sprintf("%s runs as %s, %s as %s.", nameA, userName(*a), nameB, userName(*b)),
		Next:  safe.Const("Before the rollout, check the owner of files on volumes, and runAsUser"),
		Proof: changesProof([]change{{name: "config.User", from: a.Config.Config.User, to: b.Config.Config.User}}),
		Check: c.ConfigCheck(p, ".config.User"),
	}}
}

// userName is the user of a container. "", root and 0 are the same user.
func userName(img model.Image) string {
	return cmp.Or(strings.TrimSuffix(dockerfile.User(img.Config.Config.User), ":"), "root")
}

// surfaceChanged (E7): settings that deployments rely on differ, or those that builds on top
// of the image take over. What the OCI format drops is E9.
func surfaceChanged(c Comparison, p Pair, a, b *model.Image) []Finding {
	lost := slices.Concat(lostSettings(*a, b), lostSettings(*b, a))
	var running, building []change
	severity := 1
	for _, w := range []struct {
		name     string
		severity int
		into     *[]change
		a, b     string
	}{
		{"VOLUME", 2, &running, keysOf(a.Config.Config.Volumes), keysOf(b.Config.Config.Volumes)},
		{"STOPSIGNAL", 2, &running, dockerfile.Signal(a.Config.Config.StopSignal), dockerfile.Signal(b.Config.Config.StopSignal)},
		{"HEALTHCHECK", 2, &running, checkText(a.Config.Docker.Healthcheck), checkText(b.Config.Docker.Healthcheck)},
		{"EXPOSE", 1, &running, exposed(*a), exposed(*b)},
		{"WORKDIR", 1, &running, workdir(*a), workdir(*b)},
		{"ONBUILD", 1, &building, strings.Join(a.Config.Docker.OnBuild, "; "), strings.Join(b.Config.Docker.OnBuild, "; ")},
		{"SHELL", 1, &building, argvText(a.Config.Docker.Shell), argvText(b.Config.Docker.Shell)},
	} {
		if w.name == "HEALTHCHECK" && checkMeaning(a.Config.Docker.Healthcheck) == checkMeaning(b.Config.Docker.Healthcheck) {
			continue
		}
		if w.a != w.b && !slices.Contains(lost, w.name) {
			*w.into = append(*w.into, change{name: w.name, from: safe.Gate{}.Mask(w.a), to: safe.Gate{}.Mask(w.b)})
			severity = max(severity, w.severity)
		}
	}
	f := Finding{
		Severity: severity, Rests: on(Hashed), Evidence: pairEvidence(p),
		Next:  safe.Const("Check mounts, probes, ports and shutdown in the deployments"),
		Proof: changesProof(slices.Concat(running, building)),
		Check: c.ConfigCheck(p, ".config | {Volumes, StopSignal, Healthcheck, ExposedPorts, WorkingDir, OnBuild, Shell}"),
	}
	forBuilds := safe.Sprintf("Settings for builds on top of the image differ: %s.", changesText(building))
	switch {
	case len(running)+len(building) == 0:
		return nil
	case len(running) == 0:
		f.Text = forBuilds
		f.Next = safe.Const("Check the Dockerfiles that are built on it. The start of a container does not read these settings")
	case len(building) == 0:
		f.Text = safe.Sprintf("Settings that deployments rely on differ: %s.", changesText(running))
	default:
		f.Text = safe.Sprintf("Settings that deployments rely on differ: %s. %s", changesText(running), forBuilds)
	}
	return []Finding{f}
}

func keysOf(set map[string]struct{}) string { return strings.Join(slices.Sorted(maps.Keys(set)), " ") }

// exposed are the exposed ports of an image in one spelling.
func exposed(img model.Image) string {
	return portsMeaning(slices.Collect(maps.Keys(img.Config.Config.ExposedPorts)))
}

// workdir is the working directory, / by default.
func workdir(img model.Image) string {
	if w := img.Config.Config.WorkingDir; w != "" && w != "/" {
		return strings.TrimRight(w, "/")
	}
	return "/"
}

// checkMeaning is a health check as Docker and podman take it: an option that sets what is the
// default is none.
func checkMeaning(raw []byte) string {
	_, check, _ := strings.Cut(dockerfile.Canonical("HEALTHCHECK "+checkText(raw)), " ")
	return check
}

// hasCheck reports whether an image states something of a health check, NONE included.
func hasCheck(raw []byte) bool { return len(raw) > 0 && string(raw) != "null" && string(raw) != "{}" }

// checkValues is the change of a health check, "" if it cannot be read.
func checkValues(a, b []byte) string {
	from, to := checkText(a), checkText(b)
	if from == to {
		return ""
	}
	from, to = excerpts(safe.Gate{}.Mask(from), safe.Gate{}.Mask(to))
	return from + " → " + to
}

// checkText is a health check as a Dockerfile spells it, "" for none and for NONE: an
// image runs without a check in both cases.
func checkText(raw []byte) string {
	var check struct {
		Test                                          []string
		Interval, Timeout, StartPeriod, StartInterval time.Duration
		Retries                                       int
	}
	if err := json.Unmarshal(raw, &check); err != nil {
		return string(raw)
	}
	var parts []string
	for _, option := range []struct {
		name  string
		value time.Duration
	}{{"interval", check.Interval}, {"timeout", check.Timeout}, {"start-period", check.StartPeriod}, {"start-interval", check.StartInterval}} {
		if option.value != 0 {
			parts = append(parts, "--"+option.name+"="+option.value.String())
		}
	}
	if check.Retries != 0 {
		parts = append(parts, fmt.Sprintf("--retries=%d", check.Retries))
	}
	if test := check.Test; len(test) > 0 {
		switch test[0] {
		case "NONE":
			return ""
		case "CMD-SHELL":
			parts = append(parts, "CMD "+strings.Join(test[1:], " "))
		default:
			parts = append(parts, strings.TrimSpace(test[0]+" "+argvText(test[1:])))
		}
	}
	return strings.Join(parts, " ")
}
