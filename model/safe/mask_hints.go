package safe

import "strings"

// hint is a piece of text that may be near a secret.
type hint struct {
	text   string
	isName bool // part of a name, in any case
	// The other hints, except "://", are prefixes of tokens of a known form: at
	// least minTail bytes follow for which isTailByte is true.
	minTail    int
	isTailByte func(byte) bool
}

// hints, with the forms of the tokens of GitHub, GitLab, AWS, Slack, Google,
// Stripe, npm, Docker, Hugging Face, and of JSON web tokens.
var hints = []hint{
	{text: "token", isName: true}, {text: "secret", isName: true}, {text: "pass", isName: true}, {text: "pwd", isName: true},
	{text: "cred", isName: true}, {text: "key", isName: true}, {text: "auth", isName: true},
	{text: "://"},
	{"ghp_", false, 20, isLetterOrDigit}, {"gho_", false, 20, isLetterOrDigit}, {"ghu_", false, 20, isLetterOrDigit},
	{"ghs_", false, 20, isLetterOrDigit}, {"ghr_", false, 20, isLetterOrDigit}, {"github_pat_", false, 20, isWordByte},
	{"glpat-", false, 16, isNameByte},
	{"AKIA", false, 16, isLetterOrDigit}, {"ASIA", false, 16, isLetterOrDigit},
	{"xoxa-", false, 10, isNameByte}, {"xoxb-", false, 10, isNameByte}, {"xoxp-", false, 10, isNameByte},
	{"xoxr-", false, 10, isNameByte}, {"xoxs-", false, 10, isNameByte},
	{"AIza", false, 30, isNameByte},
	{"sk_live_", false, 16, isLetterOrDigit}, {"npm_", false, 30, isLetterOrDigit}, {"dckr_pat_", false, 20, isNameByte},
	{"hf_", false, 30, isLetterOrDigit},
	{"eyJ", false, 20, isNameByte},
}

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
	end := to
	for end < len(m.s) && h.isTailByte(m.s[end]) {
		end++
	}
	if end-to < h.minTail || h.text == "eyJ" && !isWebToken(m.s[from:end]) {
		return to
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
