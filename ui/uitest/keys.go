package uitest

import "strings"

// named maps the names of keys to the sequences that xterm sends.
var named = map[string]string{
	"enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
	// A single escape byte is esc or the start of another key; a program decides by
	// time. This form is unambiguous and needs no pause.
	"esc": "\x1b[27u",
	"up":  "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
	"shift+up": "\x1b[1;2A", "shift+down": "\x1b[1;2B",
	"home": "\x1b[H", "end": "\x1b[F", "insert": "\x1b[2~", "delete": "\x1b[3~",
	"pgup": "\x1b[5~", "pgdn": "\x1b[6~", "pgdown": "\x1b[6~",
	"f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
	"f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
}

// encode returns the sequence of a key: a name, ctrl+x or alt+x. It returns other text
// unchanged.
func encode(key string) string {
	if seq, ok := named[key]; ok {
		return seq
	}
	if c, ok := strings.CutPrefix(key, "ctrl+"); ok && len(c) == 1 {
		return string(c[0] & 0x1f)
	}
	if c, ok := strings.CutPrefix(key, "alt+"); ok && len([]rune(c)) == 1 {
		return "\x1b" + c
	}
	return key
}
