package diff

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	// nop precedes what docker's classic builder recorded of steps that run
	// nothing (moby builder/dockerfile/dispatchers.go): the shell in force,
	// then a comment.
	nop = regexp.MustCompile(`^(?:/\S*sh(?: -\w+| pipefail)* |cmd /S /C |(?:powershell|pwsh)\S* [^#]*)#\(nop\) ?`)
	// buildArgs precedes a step that ran with build arguments: their number,
	// then NAME=value without any quoting.
	buildArgs = regexp.MustCompile(`^\|(\d{1,4}) `)
	argName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.\-]*=`)
	// contentHash stands in classic COPY and ADD for what was copied. It
	// changes with the files, not with the recipe.
	contentHash = regexp.MustCompile(`\b(file|dir|multi):[0-9a-f]{64}\b`)
)

const shell = "/bin/sh -c "

// Instruction is what was recorded of a step as a line of a Dockerfile: the
// wrappers of classic builder, BuildKit and buildah removed, blanks collapsed.
// Build arguments are left out: see BuildArgs.
func Instruction(createdBy string) string {
	text, _ := unwrap(createdBy)
	return text
}

// BuildArgs are the build arguments recorded with a step, as NAME=value.
func BuildArgs(createdBy string) []string {
	_, args := unwrap(createdBy)
	return args
}

// recipeKey is equal for two steps that a Dockerfile would spell alike: the
// hashes of copied files are dropped; build arguments count, as they can
// change what is built.
func recipeKey(createdBy string) string {
	text, args := unwrap(createdBy)
	if len(args) > 0 {
		text += "\x00" + strings.Join(args, "\x00")
	}
	return withoutHashes(text)
}

func withoutHashes(text string) string {
	if !strings.Contains(text, ":") {
		return text
	}
	return contentHash.ReplaceAllString(text, "$1:")
}

func unwrap(createdBy string) (text string, args []string) {
	s := strings.Join(strings.Fields(createdBy), " ")
	s = strings.TrimSuffix(s, " # buildkit")
	if m := nop.FindString(s); m != "" {
		return strings.TrimSpace(s[len(m):]), nil
	}
	rest, isRun := strings.CutPrefix(s, "RUN ")
	if m := buildArgs.FindStringSubmatch(rest); m != nil {
		n, _ := strconv.Atoi(m[1])
		args, rest = takeArgs(n, strings.Split(rest[len(m[0]):], " "))
		isRun = true
	}
	if command, ok := strings.CutPrefix(rest, shell); ok {
		return "RUN " + command, args
	}
	if isRun {
		return "RUN " + rest, args
	}
	return s, args
}

// takeArgs takes n build arguments off the front of words. Values are not
// quoted, so one with blanks goes on until the next name or the shell.
func takeArgs(n int, words []string) (args []string, rest string) {
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
	if words[0] == "/bin/sh" && len(words) > 1 && words[1] == "-c" {
		return false
	}
	if !last {
		return !argName.MatchString(words[0])
	}
	// After the last value only the default shell tells where it ends.
	for i := range len(words) - 1 {
		if words[i] == "/bin/sh" && words[i+1] == "-c" {
			return true
		}
	}
	return false
}

// verb is the first word of an instruction, such as RUN; "" when there is none.
func verb(instruction string) string {
	v, _, _ := strings.Cut(instruction, " ")
	return v
}
