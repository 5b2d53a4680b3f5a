package dockerfile

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tagdiff/tagdiff/model/instruction"
)

// Canonical is an instruction in one of its spellings that mean the same: COPY ./foo and COPY foo,
// USER 0 and USER root, STOPSIGNAL 15 and STOPSIGNAL SIGTERM, --interval=60s and --interval=1m.
func Canonical(text string) string {
	v, rest, _ := strings.Cut(text, " ")
	switch v {
	case "COPY", "ADD":
		return withoutDots(text)
	case "USER":
		return v + " " + cmp.Or(User(rest), "root")
	case "STOPSIGNAL":
		return v + " " + Signal(rest)
	case "HEALTHCHECK":
		return v + " " + healthcheck(rest)
	}
	return text
}

// SameLine reports whether two histories record one instruction, in two spellings at most: it has
// the same build arguments, and the same hashes of copied files.
func SameLine(a, b string) bool {
	textA, argsA := instruction.Parse(a)
	textB, argsB := instruction.Parse(b)
	return Canonical(textA) == Canonical(textB) && slices.Equal(argsA, argsB)
}

// withoutDots removes "./" in front of the sources of a COPY or ADD: a source is named from the
// top of the context. The destination stays: it depends on the working directory.
func withoutDots(text string) string {
	if !strings.Contains(text, " ./") || strings.Contains(text, "<<") { // << begins a file in the Dockerfile
		return text
	}
	words := strings.Split(text, " ")
	for i, word := range words[:len(words)-1] {
		for rest, ok := strings.CutPrefix(word, "./"); ok; rest, ok = strings.CutPrefix(word, "./") {
			word = cmp.Or(strings.TrimLeft(rest, "/"), ".")
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}

// User is the user of a container in one spelling, "" for root: 0 is the number of root, and an
// image without a user runs as root, in the group root.
func User(s string) string {
	user, group, _ := strings.Cut(s, ":")
	isRoot := func(name string) bool { return name == "" || name == "0" || name == "root" }
	switch {
	case !isRoot(user):
		return s
	case isRoot(group):
		return ""
	}
	return "root:" + group
}

// signals are the names of signals that have the same number on all machines of Linux (signal(7)).
// SIGUSR1 and others do not: runtimes take their number for that of the machine.
var signals = map[string]string{
	"1": "HUP", "2": "INT", "3": "QUIT", "4": "ILL", "5": "TRAP", "6": "ABRT", "8": "FPE", "9": "KILL", "11": "SEGV", "13": "PIPE",
	"14": "ALRM", "15": "TERM",
}

// Signal is a stop signal in one spelling: 15, TERM, term and SIGTERM are SIGTERM. Runtimes take
// all of them (moby/sys, signal.ParseSignal).
func Signal(s string) string {
	name := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "SIG")
	if name == "" {
		return ""
	}
	if known, ok := signals[name]; ok {
		name = known
	}
	if strings.Trim(name, "0123456789") == "" {
		return name
	}
	return "SIG" + name
}

// Port is an exposed port in one spelling: without a protocol it is tcp.
func Port(s string) string {
	number, protocol, _ := strings.Cut(s, "/")
	return number + "/" + strings.ToLower(cmp.Or(protocol, "tcp"))
}

// checkDefaults are what Docker and podman take for an option of HEALTHCHECK that is not set
// (moby daemon/health.go, podman libpod/define/healthchecks.go).
var checkDefaults = []string{"--interval=30s", "--timeout=30s", "--start-period=0s", "--retries=3"}

// healthcheck writes the options of a health check in one way: durations as Go does, in one
// order, without those that set what is the default.
func healthcheck(check string) string {
	var options []string
	for strings.HasPrefix(check, "--") {
		option, rest, ok := strings.Cut(check, " ")
		if !ok {
			break
		}
		check = rest
		name, value, _ := strings.Cut(option, "=")
		if d, err := time.ParseDuration(value); err == nil {
			option = name + "=" + d.String()
		}
		if !slices.Contains(checkDefaults, option) {
			options = append(options, option)
		}
	}
	slices.Sort(options)
	return strings.Join(append(options, check), " ")
}
