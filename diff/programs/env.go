package programs

import "strings"

// envCall is what env starts.
type envCall struct {
	words []string // the program and its arguments, none if env starts nothing
	path  string   // the value of PATH that env sets
	// hasPath is set if env sets PATH, noPath if it removes it, moves if it changes the folder first.
	hasPath, noPath, moves bool
}

// longEnvFlags are the long flags of GNU env, as their short ones.
var longEnvFlags = map[string]byte{
	"--ignore-environment": 'i', "--unset": 'u', "--chdir": 'C', "--split-string": 'S', "--debug": 'v', "--argv0": 'a',
}

// needsValue reports whether a flag of env has a value.
func needsValue(flag byte) bool { return strings.IndexByte("uCSa", flag) >= 0 }

// parseEnv reads the arguments of env as GNU env does. It reports false for what it does not understand:
// unknown flags, escapes and variables after -S.
func parseEnv(args []string) (c envCall, ok bool) {
	for left := 100; len(args) > 0; left-- {
		first := args[0]
		switch {
		case left == 0:
			return c, false // -S in -S without end
		case first == "--":
			return c.started(args[1:]), true
		case !strings.HasPrefix(first, "-"):
			return c.started(args), true
		case first == "-":
			c.flag('i', "")
			args = args[1:]
			continue
		}
		flags, value, rest, ok := nextEnvFlags(args)
		if !ok {
			return c, false
		}
		args = rest
		for i := range len(flags) {
			words, ok := c.flag(flags[i], value)
			if !ok {
				return c, false
			}
			args = append(words, args...)
		}
	}
	return c, true
}

// nextEnvFlags returns the flags of the first argument, as short ones, with the value of the last of them.
func nextEnvFlags(args []string) (flags, value string, rest []string, ok bool) {
	first, rest := args[0], args[1:]
	isComplete := false
	if strings.HasPrefix(first, "--") {
		name, after, hasValue := strings.Cut(first, "=")
		short, known := longEnvFlags[name]
		if !known || hasValue && !needsValue(short) {
			return "", "", nil, false
		}
		flags, value, isComplete = string(short), after, hasValue || !needsValue(short)
	} else {
		flags = first[1:]
		i := strings.IndexAny(flags, "uCSa")
		if i >= 0 {
			flags, value = flags[:i+1], flags[i+1:]
		}
		isComplete = i < 0 || value != ""
	}
	if isComplete {
		return flags, value, rest, true
	}
	if len(rest) == 0 {
		return "", "", nil, false
	}
	return flags, rest[0], rest[1:], true
}

// flag applies a flag, and returns the arguments that it stands for.
func (c *envCall) flag(flag byte, value string) (words []string, ok bool) {
	switch {
	case flag == 'i', flag == 'u' && value == "PATH":
		c.noPath, c.hasPath = true, false
	case flag == 'C':
		c.moves = true
	case flag == 'S':
		return splitWords(value)
	case flag != 'u' && flag != 'v' && flag != 'a':
		return nil, false
	}
	return nil, true
}

// started takes the words after the flags: variables, then the program with its arguments.
func (c envCall) started(words []string) envCall {
	for len(words) > 0 && strings.Contains(words[0], "=") {
		if value, ok := strings.CutPrefix(words[0], "PATH="); ok {
			c.path, c.hasPath, c.noPath = value, true, false
		}
		words = words[1:]
	}
	c.words = words
	return c
}

// splitWords splits a text as env -S does. It reports false for escapes, variables and open quotes.
func splitWords(s string) (words []string, ok bool) {
	if strings.ContainsAny(s, `\$`) {
		return nil, false
	}
	var word []byte
	isWord, quote := false, byte(0)
	for _, b := range []byte(s) {
		switch {
		case quote != 0 && b == quote:
			quote = 0
		case quote == 0 && (b == '\'' || b == '"'):
			isWord, quote = true, b
		case quote == 0 && strings.IndexByte(" \t\n\v\f\r", b) >= 0:
			if isWord {
				words = append(words, string(word))
			}
			isWord, word = false, nil
		case b == '#' && !isWord:
			return words, true // a comment
		default:
			isWord = true
			word = append(word, b)
		}
	}
	if isWord {
		words = append(words, string(word))
	}
	return words, quote == 0
}
