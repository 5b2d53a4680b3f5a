package instruction

import (
	"slices"
	"strings"
)

// shells are the Linux shells that the SHELL of a Dockerfile names.
var shells = []string{"sh", "bash", "ash", "dash", "zsh", "ksh"}

// WithoutShell removes the shell that ran a command. ok is false if s does not
// begin with one.
func WithoutShell(s string) (command string, ok bool) {
	if command, ok := strings.CutPrefix(s, shell); ok {
		return command, true
	}
	if command, ok := strings.CutPrefix(s, "cmd /S /C "); ok {
		return command, true
	}
	if strings.HasPrefix(s, "powershell ") || strings.HasPrefix(s, "pwsh ") {
		return withoutPowerShell(s)
	}
	command = s
	for range shellWords(s) {
		if _, command, ok = strings.Cut(command, " "); !ok {
			return s, false
		}
	}
	return command, ok
}

// maxShellWords is the largest number of words of a shell and its options.
const maxShellWords = 8

// shellWords returns the number of words of the shell and its options that a text
// begins with, as in /bin/bash -o pipefail -c. It is 0 if it does not begin with a shell.
func shellWords(s string) int {
	first, _, more := strings.Cut(s, " ")
	slash := strings.LastIndexByte(first, '/')
	if !more || slash < 0 || !slices.Contains(shells, first[slash+1:]) {
		return 0
	}
	words := strings.SplitN(s, " ", maxShellWords+1)
	for i := 1; i < min(len(words), maxShellWords); i++ {
		w := words[i]
		switch {
		case len(w) < 2 || w[0] != '-':
			return 0
		case w[1] != '-' && (strings.HasSuffix(w, "o") || strings.HasSuffix(w, "O")): // names an option
			i++
		case w[1] != '-' && strings.HasSuffix(w, "c"):
			return i + 1
		}
	}
	return 0
}

// withoutPowerShell removes PowerShell and the preferences that Dockerfiles for
// Windows set before every command.
func withoutPowerShell(s string) (command string, ok bool) {
	_, rest, ok := strings.Cut(s, " -Command ")
	if !ok {
		return s, false
	}
	for {
		set, after, found := strings.Cut(rest, "; ")
		if !found || !strings.HasPrefix(set, "$") || !strings.Contains(set, "Preference = ") {
			return rest, true
		}
		rest = after
	}
}
