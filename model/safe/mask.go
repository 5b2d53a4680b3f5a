package safe

import "regexp"

// Gate cleans text and masks what looks like a secret in it, unless Reveal is
// set. Screens are shared and reports are pasted into tickets.
type Gate struct{ Reveal bool }

// Clean is safe.Clean of s with secrets masked.
func (g Gate) Clean(s string) Text { return Clean(g.Mask(s)) }

// Lines is safe.Lines of s with secrets masked.
func (g Gate) Lines(s string) []Text { return Lines(g.Mask(s)) }

// Masked stands where a secret was.
const Masked = "(masked)"

// secretName is a name whose value is likely a secret: catalogue finding E4.
// The key part must be a whole word or a suffix (API_KEY, not KEYBOARD).
const secretName = `[A-Za-z0-9_.\-]*(?i:token|secret|passwd|password|passphrase|credential|apikey|api_key|access_key|private_key|signing_key|encryption_key|auth_key|secret_key)s?[A-Za-z0-9_.\-]*`

var (
	// NAME=value, as in build arguments and the environment. A quoted value
	// may hold blanks; JSON's closing quote ends an unquoted one.
	assignment = regexp.MustCompile(`(\b` + secretName + `\\?["']?=)("(?:[^"\\]|\\.)*"|'[^']*'|\\"(?:[^"\\]|\\[^"])*\\"|[^\s"',;&|\\]+)`)
	// "NAME": "value", as in labels and annotations.
	member = regexp.MustCompile(`("` + secretName + `"\s*:\s*)"((?:[^"\\]|\\.)+)"`)
	// --password value, -p is too common to touch.
	option = regexp.MustCompile(`(--?` + secretName + `\s+)([^\s"'-][^\s"']*)`)
	// user:password@host in an address.
	userinfo = regexp.MustCompile(`(://[^\s/:@"']*:)([^\s/@"']+)@`)
	// An Authorization header.
	header = regexp.MustCompile(`((?i:authorization)\s*:\s*(?i:basic|bearer|token)\s+)([^\s"']+)`)
	// Well-known shapes that are secrets under any name: GitHub, GitLab,
	// AWS, Slack, Google, Stripe keys, JSON web tokens, npm.
	shapes = regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_\-]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abprs]-[A-Za-z0-9\-]{10,}|AIza[0-9A-Za-z_\-]{30,}|sk_live_[0-9A-Za-z]{16,}|npm_[A-Za-z0-9]{30,}|eyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*)`)
	// A private key in PEM; the line breaks may be escaped.
	pem = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|$)`)
)

// Mask replaces what looks like a secret in s by Masked; the name it goes by
// stays. It is a heuristic: trust it to spare blushes, not to find leaks.
func (g Gate) Mask(s string) string {
	if g.Reveal {
		return s
	}
	s = pem.ReplaceAllString(s, Masked)
	s = member.ReplaceAllString(s, `${1}"`+Masked+`"`)
	s = assignment.ReplaceAllString(s, `${1}`+Masked)
	s = option.ReplaceAllString(s, `${1}`+Masked)
	s = userinfo.ReplaceAllString(s, `${1}`+Masked+`@`)
	s = header.ReplaceAllString(s, `${1}`+Masked)
	return shapes.ReplaceAllString(s, Masked)
}
