package registry

import (
	"regexp"
	"strings"
)

// challenge is a WWW-Authenticate header: RFC 7235, and docker's "Token
// Authentication Specification" for bearer.
type challenge struct {
	scheme string // "basic" or "bearer"
	realm  string
	params map[string]string
}

// challengePart is name=value, name="value", or a bare word: a scheme.
var challengePart = regexp.MustCompile(`([A-Za-z0-9_\-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([A-Za-z0-9_\-]+)`)

func parseChallenges(headers []string) []challenge {
	var all []challenge
	for _, h := range headers {
		for _, m := range challengePart.FindAllStringSubmatch(h, 100) {
			if m[4] != "" {
				all = append(all, challenge{scheme: strings.ToLower(m[4]), params: map[string]string{}})
				continue
			}
			if len(all) == 0 {
				continue
			}
			value := m[3]
			if m[2] != "" {
				value = strings.ReplaceAll(strings.ReplaceAll(m[2], `\"`, `"`), `\\`, `\`)
			}
			all[len(all)-1].params[strings.ToLower(m[1])] = value
		}
	}
	return all
}

// pick prefers bearer: registries that offer both take basic for old clients.
func pick(all []challenge) (challenge, bool) {
	for _, scheme := range []string{"bearer", "basic"} {
		for _, c := range all {
			if c.scheme == scheme && (scheme == "basic" || c.params["realm"] != "") {
				c.realm = c.params["realm"]
				return c, true
			}
		}
	}
	return challenge{}, false
}
