// Package dockerfile turns the created_by of a history entry into a line of a
// Dockerfile. It removes what classic builder, BuildKit and buildah wrap around
// an instruction, and spells equal instructions alike.
package dockerfile

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tagdiff/tagdiff/diff/text"
)

var (
	// nop precedes what docker's classic builder recorded of steps that run
	// nothing (moby builder/dockerfile/dispatchers.go): the shell in force,
	// then a comment.
	nop     = regexp.MustCompile(`^(?:/\S*sh(?: -\w+| pipefail)* |cmd /S /C |(?:powershell|pwsh)\S* [^#]*)#\(nop\) ?`)
	argName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.\-]*=`)
)

const shell = "/bin/sh -c "

// Instruction is what was recorded of a step as a line of a Dockerfile: the
// wrappers of classic builder, BuildKit and buildah removed, blanks collapsed.
// Build arguments are left out: see BuildArgs.
func Instruction(createdBy string) string {
	text, _ := Split(createdBy)
	return text
}

// BuildArgs are the build arguments recorded with a step, as NAME=value.
func BuildArgs(createdBy string) []string {
	_, args := Split(createdBy)
	return args
}

// Key is equal for two steps that a Dockerfile would spell alike: the
// hashes of copied files are dropped; build arguments count, as they can
// change what is built.
func Key(createdBy string) string {
	text, args := Split(createdBy)
	return JoinKey(WithoutHashes(text), args)
}

func JoinKey(recipe string, args []string) string {
	if len(args) == 0 {
		return recipe
	}
	return recipe + "\x00" + WithoutHashes(strings.Join(args, "\x00"))
}

// WithoutHashes drops what stands in classic COPY and ADD for what was copied,
// as in file: and 64 hex digits. It changes with the files, not with the
// recipe. (Written out: a regular expression takes most of a comparison's time.)
func WithoutHashes(text string) string {
	var b strings.Builder
	kept := 0
	for i := 0; i < len(text); i++ {
		colon := strings.IndexByte(text[i:], ':')
		if colon < 0 {
			break
		}
		i += colon
		if end := i + 1 + hashDigits; hashOfFiles(text, i) && end <= len(text) {
			b.WriteString(text[kept : i+1])
			kept = end
		}
	}
	return b.String() + text[kept:]
}

const hashDigits = 64

// CopyKey is the verb and the destination of a COPY or ADD, "" for others. The
// classic builder and buildah record a hash of what was copied, BuildKit the
// sources: only the destination can be compared between them.
func CopyKey(recipe string) string {
	v := Verb(recipe)
	if v != "COPY" && v != "ADD" {
		return ""
	}
	i := strings.LastIndexByte(recipe, ' ')
	if i == len(v) {
		return ""
	}
	return v + strings.TrimSuffix(recipe[i:], "/")
}

// SameCopy reports whether two builders may have recorded one COPY or ADD: one
// of them by what it copied, the other by its sources.
func SameCopy(a, b string) bool {
	a, _ = Split(a)
	b, _ = Split(b)
	recipeA, recipeB := WithoutHashes(a), WithoutHashes(b)
	key := CopyKey(recipeA)
	return key != "" && key == CopyKey(recipeB) && (a == recipeA) != (b == recipeB)
}

// hashOfFiles reports whether a hash of files stands around the colon at i.
func hashOfFiles(line string, i int) bool {
	n := 0
	for _, word := range []string{"file", "dir", "multi"} {
		if strings.HasSuffix(line[:i], word) {
			n = len(word)
		}
	}
	if n == 0 || i > n && text.IsWordByte(line[i-n-1]) {
		return false
	}
	rest := line[i+1:]
	for k := range min(len(rest), hashDigits) {
		if c := rest[k]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(rest) == hashDigits || len(rest) > hashDigits && !text.IsWordByte(rest[hashDigits])
}

func Split(createdBy string) (text string, args []string) {
	s := strings.TrimSuffix(collapseBlanks(createdBy), " # buildkit")
	if rest, ok := withoutNop(s); ok {
		return normalize(strings.TrimSpace(rest)), nil
	}
	rest, isRun := strings.CutPrefix(s, "RUN ")
	flags, rest := cutFlags(rest, isRun)
	if n, words, ok := countArgs(rest); ok {
		args, rest = cutArgs(n, strings.Split(words, " "))
		isRun = true
	}
	if command, ok := WithoutShell(rest); ok {
		return "RUN " + flags + command, args
	}
	if isRun {
		return "RUN " + flags + rest, args
	}
	return normalize(s), args
}

// cutFlags takes the options of a RUN off the front, as in --mount=type=cache.
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

// collapseBlanks is s with every run of blanks made one. Most texts are so already.
func collapseBlanks(s string) string {
	blank := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || c == ' ' && blank {
			return strings.Join(strings.Fields(s), " ")
		}
		blank = c == ' '
	}
	return strings.TrimSuffix(s, " ")
}

// withoutNop is what follows the sign of a step that runs nothing.
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

// countArgs reads what precedes a step that ran with build arguments: a bar and
// their number; NAME=value follows without any quoting.
func countArgs(s string) (n int, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "|")
	digits, rest, blank := strings.Cut(s, " ")
	if !ok || !blank || len(digits) > 4 {
		return 0, s, false
	}
	count, err := strconv.ParseUint(digits, 10, 16)
	return int(count), rest, err == nil
}

// cutArgs takes n build arguments off the front of words. Values are not
// quoted, so one with blanks goes on until the next name or the shell.
func cutArgs(n int, words []string) (args []string, rest string) {
	for len(words) > 0 && len(args) < n {
		end := 1
		for end < len(words) && valueGoesOn(words[end:], len(args)+1 == n) {
			end++
		}
		args = append(args, strings.Join(words[:end], " "))
		words = words[end:]
	}
	return args, strings.Join(words, " ")
}

func valueGoesOn(words []string, last bool) bool {
	if shellWords(words) > 0 {
		return false
	}
	if !last {
		return !argName.MatchString(words[0])
	}
	// After the last value only the shell tells where it ends.
	for i := range words {
		if shellWords(words[i:]) > 0 {
			return true
		}
	}
	return false
}

// Verb is the first word of an instruction, such as RUN; "" when there is none.
func Verb(instruction string) string {
	v, _, _ := strings.Cut(instruction, " ")
	return v
}
