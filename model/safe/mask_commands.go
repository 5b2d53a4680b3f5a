package safe

import (
	"slices"
	"strings"
)

// commandFlag is an option of a command whose value is a secret.
type commandFlag struct {
	flag     string
	commands []string
	tails    []string // of longer names of the command: dump of mysqldump
	isPair   bool     // the value is user:password
	isFirst  bool     // only as the first option
	isApart  bool     // the value may follow after a blank
}

var commandFlags = []commandFlag{
	{flag: "-p", commands: []string{"mysql", "mariadb"}, tails: []string{"admin", "dump", "import", "show", "check", "-admin", "-dump"}},
	{flag: "-p", commands: []string{"sshpass"}, isFirst: true, isApart: true},
	{flag: "-u", commands: []string{"curl"}, isPair: true, isApart: true},
	{flag: "--user", commands: []string{"curl"}, isPair: true, isApart: true},
}

// mostCommand is how much of a text around a hint is searched for the rest of its command.
const mostCommand = 400

// maskFlag masks the value of an option whose secret is known by its command:
// mysql -pX, curl -u user:X.
func (m *masker) maskFlag(at int, flag string) int {
	next := at + 1 // -p may begin a longer option
	if at == 0 || at < m.written || !isBlank(m.s[at-1]) && !isQuote(m.s[at-1]) {
		return next
	}
	before := m.commandBefore(at)
	for _, f := range commandFlags {
		if f.flag != flag || !f.follows(before) {
			continue
		}
		from := at + len(flag)
		if f.isApart {
			from = m.skip(from, "= \t\",'\\")
		}
		if f.isPair {
			return m.maskPair(from)
		}
		return m.maskValue(nameMatch{secretName: givenSecret}, from, m.wordEnd(from))
	}
	return next
}

// givenSecret is the result for a value where a secret is expected.
var givenSecret = secretName{strength: strong, endsSecret: true}

// commandBefore is the text of the command before a position.
func (m *masker) commandBefore(at int) string {
	before := m.s[max(at-mostCommand, 0):at]
	return before[strings.LastIndexAny(before, ";&|\n`")+1:]
}

// follows reports whether the option belongs to its command.
func (f commandFlag) follows(before string) bool {
	const endOfWord = " \t\r\n\"',\\"
	return slices.ContainsFunc(f.commands, func(command string) bool {
		for rest := before; ; {
			i := strings.Index(rest, command)
			if i < 0 {
				return false
			}
			startsWord := i == 0 || !isNameByte(rest[i-1])
			rest = rest[i+len(command):]
			end := strings.IndexAny(rest, endOfWord)
			if startsWord && end >= 0 && (end == 0 || slices.Contains(f.tails, rest[:end])) && (!f.isFirst || strings.Trim(rest, endOfWord) == "") {
				return true
			}
		}
	})
}

// maskPair masks the password of user:password.
func (m *masker) maskPair(from int) int {
	inPair := func(c byte) bool { return !isBlank(c) && !isQuote(c) }
	if from > 0 && isQuote(m.s[from-1]) {
		inPair = func(c byte) bool { return c != m.s[from-1] && c != '\n' }
	}
	to := m.skipFunc(from, inPair)
	user := m.skipFunc(from, func(c byte) bool { return isNameByte(c) || strings.IndexByte("${}@+%", c) >= 0 })
	if user >= to || m.s[user] != ':' {
		return from
	}
	password := user + 1
	for to > password && m.s[to-1] == '\\' { // of an escaped quote
		to--
	}
	return m.maskValue(nameMatch{secretName: givenSecret}, password, to)
}

// maskPiped masks the password of echo user:password | chpasswd.
func (m *masker) maskPiped(at int, command string) int {
	next := at + len(command)
	line, _, _ := strings.Cut(m.s[at:min(at+mostCommand, len(m.s))], "\n")
	reader := strings.Index(line, "chpasswd")
	if reader < 0 {
		return next
	}
	pipe := strings.LastIndexByte(line[:reader], '|')
	if pipe < 0 || strings.Trim(strings.TrimPrefix(strings.TrimSpace(line[pipe+1:reader]), "sudo "), smallLetters+"/") != "" {
		return next
	}
	from := m.skip(next, " \t")
	for m.hasByte(from, '-') {
		from = m.skip(m.skip(from, "-neE"), " \t")
	}
	_, from = m.readQuote(from)
	from = m.skipFunc(from, func(c byte) bool { return isNameByte(c) || strings.IndexByte("${}", c) >= 0 }) + 1 // behind the colon
	to := len(strings.TrimRight(m.s[:at+pipe], " \t\"'\\"))
	if from >= to || m.s[from-1] != ':' || m.s[from] == '%' || isCommand(m.s[from:to]) { // printf has its arguments later
		return next
	}
	return m.maskValue(nameMatch{secretName: givenSecret}, from, to)
}

// setting is NAME value after aws configure set, or npm config set.
func (m *masker) setting(n nameMatch) (int, bool) {
	before := strings.TrimRightFunc(m.commandBefore(n.from), func(r rune) bool { return r != ' ' }) // npm: //host/:_authToken
	from := m.skip(n.to, " \t")
	if from == n.to || !strings.HasSuffix(before, "configure set ") && !strings.HasSuffix(before, "config set ") {
		return 0, false
	}
	return m.maskValue(n, from, m.wordEnd(from)), true
}
