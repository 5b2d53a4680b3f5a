// Package instruction converts the created_by of a history entry to a line of a
// Dockerfile. It removes what the classic builder, BuildKit and buildah add
// around an instruction, and normalizes the spelling of equal instructions.
package instruction

import (
	"regexp"
	"strconv"
	"strings"
)

// nop matches the prefix that Docker's classic builder records for steps that
// run nothing (moby builder/dockerfile/dispatchers.go): the current shell,
// then a comment.
var nop = regexp.MustCompile(`^(?:/\S*sh(?: -\w+| pipefail)* |cmd /S /C |(?:powershell|pwsh)\S* [^#]*)#\(nop\) ?`)

const shell = "/bin/sh -c "

// Parse returns the recorded command of a step as a line of a Dockerfile: without what the
// classic builder, BuildKit and buildah add, and with runs of blanks collapsed. It also
// returns the build arguments recorded with the step, as NAME=value.
func Parse(createdBy string) (text string, args []string) {
	s := strings.TrimSuffix(CollapseBlanks(createdBy), " # buildkit")
	if rest, ok := withoutNop(s); ok {
		return normalize(strings.TrimSpace(rest)), nil
	}
	rest, isRun := strings.CutPrefix(s, "RUN ")
	flags, rest := cutFlags(rest, isRun)
	n, behind, hasArgs := countArgs(rest)
	if hasArgs {
		args, rest = cutArgs(n, behind)
	}
	command, hasShell := WithoutShell(rest)
	switch {
	case hasShell, hasArgs:
		return "RUN " + flags + command, args
	case isRun:
		return s, nil
	}
	return normalize(s), nil
}

// cutFlags splits the options at the front of a RUN off, for example
// --mount=type=cache.
func cutFlags(s string, isRun bool) (flags, rest string) {
	for isRun && strings.HasPrefix(s[len(flags):], "--") {
		end := strings.IndexByte(s[len(flags):], ' ')
		if end < 0 {
			return "", s
		}
		flags = s[:len(flags)+end+1]
	}
	return flags, s[len(flags):]
}

// CollapseBlanks replaces every run of blanks by one blank. Most texts need no
// change and are returned without a copy.
func CollapseBlanks(s string) string {
	blank := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == ' ' && blank {
			return joinWords(s)
		}
		blank = c == ' '
	}
	return strings.TrimSuffix(s, " ")
}

// joinWords returns the words of s with one blank between two of them, without a list of them.
func joinWords(s string) string {
	var joined strings.Builder
	joined.Grow(len(s))
	for word := range strings.FieldsSeq(s) {
		if joined.Len() > 0 {
			joined.WriteByte(' ')
		}
		joined.WriteString(word)
	}
	return joined.String()
}

// withoutNop returns the text after the mark of a step that runs nothing.
func withoutNop(s string) (rest string, ok bool) {
	if rest, ok := strings.CutPrefix(s, shell+"#(nop)"); ok {
		return rest, true
	}
	if !strings.Contains(s, "#(nop)") {
		return s, false
	}
	m := nop.FindString(s)
	return s[len(m):], m != ""
}

// countArgs parses the prefix of a step that ran with build arguments: a bar
// and their number. NAME=value follows without quoting.
func countArgs(s string) (n int, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "|")
	digits, rest, blank := strings.Cut(s, " ")
	if !ok || !blank || len(digits) > 4 {
		return 0, s, false
	}
	count, err := strconv.ParseUint(digits, 10, 16)
	return int(count), rest, err == nil
}

// cutArgs splits n build arguments off the front of a text. Values are not quoted, so a
// value with blanks extends to the next name or to the shell.
func cutArgs(n int, s string) (args []string, rest string) {
	for more := true; more && len(args) < n; {
		end := endOfArg(s, len(args)+1 == n)
		args = append(args, s[:end])
		_, s, more = strings.Cut(s[end:], " ")
	}
	return args, s
}

// endOfArg returns the length of the build argument at the front of a text. The last one ends
// at the shell, or after one word if none follows.
func endOfArg(s string, last bool) int {
	oneWord := len(s)
	for end := range len(s) {
		if s[end] != ' ' {
			continue
		}
		oneWord = min(oneWord, end)
		if rest := s[end+1:]; shellWords(rest) > 0 || !last && beginsWithName(rest) {
			return end
		}
	}
	if last {
		return oneWord
	}
	return len(s)
}

// beginsWithName reports whether a text begins with the name of a variable and "=".
func beginsWithName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '=':
			return i > 0
		case c == '_', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
		case i > 0 && (c == '.' || c == '-' || '0' <= c && c <= '9'):
		default:
			return false
		}
	}
	return false
}
