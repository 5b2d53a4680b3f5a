// Package dockerfile converts the created_by of a history entry to a line of a
// Dockerfile. It removes what the classic builder, BuildKit and buildah add
// around an instruction, and normalizes the spelling of equal instructions.
package dockerfile

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	// nop matches the prefix that Docker's classic builder records for steps that
	// run nothing (moby builder/dockerfile/dispatchers.go): the current shell,
	// then a comment.
	nop     = regexp.MustCompile(`^(?:/\S*sh(?: -\w+| pipefail)* |cmd /S /C |(?:powershell|pwsh)\S* [^#]*)#\(nop\) ?`)
	argName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.\-]*=`)
)

const shell = "/bin/sh -c "

// Instruction returns the recorded command of a step as a line of a Dockerfile:
// without what the classic builder, BuildKit and buildah add, and with runs of
// blanks collapsed. Build arguments are left out: see BuildArgs.
func Instruction(createdBy string) string {
	text, _ := Split(createdBy)
	return text
}

// BuildArgs returns the build arguments recorded with a step, as NAME=value.
func BuildArgs(createdBy string) []string {
	_, args := Split(createdBy)
	return args
}

// Key is equal for two steps that have the same line in a Dockerfile. Hashes of
// copied files are left out; build arguments count, as they can change the
// result.
func Key(createdBy string) string {
	text, args := Split(createdBy)
	return JoinKey(WithoutHashes(text), args)
}

// JoinKey returns the key of a recipe and its build arguments, both as Split
// returns them, the recipe without hashes.
func JoinKey(recipe string, args []string) string {
	if len(args) == 0 {
		return recipe
	}
	return recipe + "\x00" + WithoutHashes(strings.Join(args, "\x00"))
}

// CopyKey returns the verb and the destination of a COPY or ADD, "" for other
// instructions. The classic builder and buildah record a hash of the copied
// files, BuildKit records the sources, so only the destination can be compared
// between them.
func CopyKey(recipe string) string {
	v := Verb(recipe)
	if v != "COPY" && v != "ADD" {
		return ""
	}
	i := strings.LastIndexByte(recipe, ' ')
	if i <= len(v) { // no destination, or one word
		return ""
	}
	return v + strings.TrimSuffix(recipe[i:], "/")
}

// SameCopy reports whether two builders may have recorded the same COPY or ADD,
// one of them with the hash of the files and the other with the sources.
func SameCopy(a, b string) bool {
	a, _ = Split(a)
	b, _ = Split(b)
	recipeA, recipeB := WithoutHashes(a), WithoutHashes(b)
	key := CopyKey(recipeA)
	return key != "" && key == CopyKey(recipeB) && (a == recipeA) != (b == recipeB)
}

// Split returns the recorded command of a step as a line of a Dockerfile, and
// the build arguments recorded with it.
func Split(createdBy string) (text string, args []string) {
	s := strings.TrimSuffix(collapseBlanks(createdBy), " # buildkit")
	if rest, ok := withoutNop(s); ok {
		return normalize(strings.TrimSpace(rest)), nil
	}
	rest, isRun := strings.CutPrefix(s, "RUN ")
	flags, rest := cutFlags(rest, isRun)
	n, words, hasArgs := countArgs(rest)
	if hasArgs {
		args, rest = cutArgs(n, strings.Split(words, " "))
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

// collapseBlanks replaces every run of blanks by one blank. Most texts need no
// change and are returned without a copy.
func collapseBlanks(s string) string {
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

// cutArgs splits n build arguments off the front of words. Values are not
// quoted, so a value with blanks extends to the next name or to the shell.
func cutArgs(n int, words []string) (args []string, rest string) {
	for len(words) > 0 && len(args) < n {
		end := 1
		for end < len(words) && valueContinues(words[end:], len(args)+1 == n) {
			end++
		}
		args = append(args, strings.Join(words[:end], " "))
		words = words[end:]
	}
	return args, strings.Join(words, " ")
}

func valueContinues(words []string, last bool) bool {
	if shellWords(words) > 0 {
		return false
	}
	if !last {
		return !argName.MatchString(words[0])
	}
	// The last value ends at the shell.
	for i := range words {
		if shellWords(words[i:]) > 0 {
			return true
		}
	}
	return false
}

// Verb returns the first word of an instruction, for example RUN; "" if there
// is none.
func Verb(instruction string) string {
	v, _, _ := strings.Cut(instruction, " ")
	return v
}
