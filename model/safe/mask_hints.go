package safe

import "strings"

// hint is a piece of text that may be near a secret.
type hint struct {
	text              string
	isName            bool // part of a name, in any case
	isFlag, isCommand bool // an option, or a command: mask_commands.go
	// The other hints, except "://", are prefixes of tokens of a known form: at
	// least minTail bytes follow for which isTailByte is true.
	minTail    int
	isTailByte func(byte) bool
	isPlace    bool // the prefix is an address, which stays
}

// hints, with the forms of the tokens of GitHub, GitLab, AWS, Slack, Google,
// Stripe, npm, Docker, Hugging Face, of JSON web tokens, and addresses of webhooks.
var hints = []hint{
	{text: "token", isName: true}, {text: "secret", isName: true}, {text: "pass", isName: true}, {text: "pwd", isName: true},
	{text: "cred", isName: true}, {text: "key", isName: true}, {text: "auth", isName: true},
	{text: "://"},
	{text: "-p", isFlag: true}, {text: "-u", isFlag: true}, {text: "--user", isFlag: true},
	{text: "echo ", isCommand: true}, {text: "printf ", isCommand: true},
	{text: "hooks.slack.com/", minTail: 30, isTailByte: isPathByte, isPlace: true},
	{text: "discord.com/api/webhooks/", minTail: 30, isTailByte: isPathByte, isPlace: true},
	{text: "ghp_", minTail: 20, isTailByte: isLetterOrDigit},
	{text: "gho_", minTail: 20, isTailByte: isLetterOrDigit},
	{text: "ghu_", minTail: 20, isTailByte: isLetterOrDigit},
	{text: "ghs_", minTail: 20, isTailByte: isLetterOrDigit},
	{text: "ghr_", minTail: 20, isTailByte: isLetterOrDigit},
	{text: "github_pat_", minTail: 20, isTailByte: isWordByte},
	{text: "glpat-", minTail: 16, isTailByte: isNameByte},
	{text: "AKIA", minTail: 16, isTailByte: isLetterOrDigit}, {text: "ASIA", minTail: 16, isTailByte: isLetterOrDigit},
	{text: "xoxa-", minTail: 10, isTailByte: isNameByte},
	{text: "xoxb-", minTail: 10, isTailByte: isNameByte},
	{text: "xoxp-", minTail: 10, isTailByte: isNameByte},
	{text: "xoxr-", minTail: 10, isTailByte: isNameByte}, {text: "xoxs-", minTail: 10, isTailByte: isNameByte},
	{text: "AIza", minTail: 30, isTailByte: isNameByte},
	{text: "sk_live_", minTail: 16, isTailByte: isLetterOrDigit},
	{text: "npm_", minTail: 30, isTailByte: isLetterOrDigit},
	{text: "dckr_pat_", minTail: 20, isTailByte: isNameByte},
	{text: "hf_", minTail: 30, isTailByte: isLetterOrDigit},
	{text: "eyJ", minTail: 20, isTailByte: isNameByte},
}

func isPathByte(c byte) bool { return isWordByte(c) || c == '-' || c == '/' }

func isLetterOrDigit(c byte) bool { return isWordByte(c) && c != '_' }

// hintsByPair[pairIndex[n]] are the hints whose first two bytes are n; index 0
// means none. A text is searched for these pairs.
var pairIndex, hintsByPair = indexHints(hints)

func indexHints(hints []hint) (at [1 << 16]uint8, by [][]hint) {
	by = [][]hint{nil}
	for _, h := range hints {
		for _, pair := range firstPairs(h) {
			if at[pair] == 0 {
				at[pair] = uint8(len(by))
				by = append(by, nil)
			}
			by[at[pair]] = append(by[at[pair]], h)
		}
	}
	return at, by
}

func firstPairs(h hint) []uint16 {
	pairs := []uint16{pairOf(h.text[0], h.text[1])}
	if h.isName {
		a, b := h.text[0]-'a'+'A', h.text[1]-'a'+'A'
		pairs = append(pairs, pairOf(a, h.text[1]), pairOf(h.text[0], b), pairOf(a, b))
	}
	return pairs
}

func pairOf(a, b byte) uint16 { return uint16(a)<<8 | uint16(b) }

// nextHint returns the first hint in s at or after at; i is -1 if there is
// none.
func nextHint(s string, at int) (i int, h hint) {
	for i := at; i+1 < len(s); i++ {
		n := pairIndex[pairOf(s[i], s[i+1])]
		if n == 0 {
			continue
		}
		for _, h := range hintsByPair[n] {
			if h.isPrefixOf(s[i:]) {
				return i, h
			}
		}
	}
	return -1, hint{}
}

func (h hint) isPrefixOf(s string) bool {
	if h.isName {
		return len(s) >= len(h.text) && strings.EqualFold(s[:len(h.text)], h.text)
	}
	return strings.HasPrefix(s, h.text)
}

// maskToken masks a token of a known form.
func (m *masker) maskToken(from int, h hint) int {
	to := from + len(h.text)
	if from > m.written && isWordByte(m.s[from-1]) {
		return to
	}
	end := m.skipFunc(to, h.isTailByte)
	if end-to < h.minTail || h.text == "eyJ" && !isWebToken(m.s[from:end]) {
		return to
	}
	token := m.s[from:end]
	if last := token[strings.LastIndexByte(token, '/')+1:]; isDocumented(token) || h.isPlace && (last == "" || isPlaceholder(last)) {
		return end
	}
	if h.isPlace {
		from = to
	}
	m.inUse++
	return m.mask(from, end, Masked)
}

// isWebToken reports whether s is a JSON web token: three parts, the first two
// being JSON in base64.
func isWebToken(s string) bool {
	head, rest, _ := strings.Cut(s, ".")
	claims, _, ok := strings.Cut(rest, ".")
	return ok && len(head) > 10 && len(claims) > 10 && strings.HasPrefix(claims, "eyJ")
}

// maskKeys masks every line of private keys in PEM. Their line breaks may be
// escaped. A key without an end mark extends to the end of its string.
func maskKeys(s string) string {
	const begin, end, dashes = "-----BEGIN ", "-----END ", "-----"
	if !strings.Contains(s, "PRIVATE KEY") {
		return s
	}
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, begin)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		kind, body, ok := strings.Cut(rest, dashes)
		if !ok || strings.Contains(kind, "\n") || !strings.HasSuffix(strings.TrimSuffix(kind, " BLOCK"), "PRIVATE KEY") {
			out.WriteString(begin)
			s = rest
			continue
		}
		n := len(body)
		if quote := strings.IndexAny(body, `"'`); quote >= 0 {
			n = len(strings.TrimRight(body[:quote], `\`))
		}
		if last := strings.Index(body[:n], end); last >= 0 {
			n = last + len(end)
			if tail := strings.Index(body[n:], dashes); tail >= 0 {
				n += tail + len(dashes)
			}
		}
		out.WriteString(maskLines(body[:n]))
		s = body[n:]
	}
}

// maskLines returns Masked for every line of s. s begins in the middle of a
// line.
func maskLines(s string) string {
	return Masked + strings.Repeat("\n"+Masked, strings.Count(s, "\n"))
}
