package instruction

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// normalize returns an instruction that changes settings in a canonical
// spelling: builders print the same list or map in different ways.
func normalize(s string) string {
	v, rest, ok := strings.Cut(s, " ")
	if !ok {
		return s
	}
	switch v {
	case "CMD", "ENTRYPOINT", "SHELL":
		if list, ok := quotedList(rest); ok {
			return v + " " + jsonList(list)
		}
	case "EXPOSE":
		return "EXPOSE " + ports(rest)
	case "VOLUME":
		return "VOLUME " + CollapseBlanks(volumes(rest))
	case "HEALTHCHECK":
		if check, ok := healthcheck(rest); ok {
			return "HEALTHCHECK " + CollapseBlanks(check)
		}
	}
	return s
}

// quotedList parses ["a" "b"] (the form that Go prints) and ["a","b"].
func quotedList(s string) ([]string, bool) {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "[") || !strings.HasSuffix(s, "]") {
		return nil, false
	}
	s = s[1 : len(s)-1]
	list := []string{}
	for {
		s = strings.TrimLeft(s, " ,")
		if s == "" {
			return list, true
		}
		q, err := strconv.QuotedPrefix(s)
		if err != nil || q[0] != '"' {
			return nil, false
		}
		text, err := strconv.Unquote(q)
		if err != nil || !utf8.ValidString(text) {
			return nil, false
		}
		list, s = append(list, text), s[len(q):]
	}
}

func jsonList(list []string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(list) // encoding strings cannot fail
	return strings.TrimSpace(b.String())
}

// ports normalizes 80, 80/tcp, [80/tcp] and map[80/tcp:{}].
func ports(s string) string {
	inside, ok := strings.CutPrefix(strings.TrimPrefix(s, "map"), "[")
	if ok {
		s = strings.TrimSuffix(inside, "]")
	}
	fields := strings.Fields(s)
	for i, f := range fields {
		f = strings.TrimSuffix(f, ":{}")
		if _, err := strconv.Atoi(f); err == nil {
			f += "/tcp"
		}
		fields[i] = f
	}
	slices.Sort(fields)
	return strings.Join(fields, " ")
}

// volumes normalizes /a, [/a /b] and ["/a","/b"].
func volumes(s string) string {
	if list, ok := quotedList(s); ok {
		return strings.Join(list, " ")
	}
	if inside, ok := strings.CutPrefix(s, "["); ok {
		return strings.TrimSuffix(inside, "]")
	}
	return s
}

// healthcheck parses the form in which Go prints Docker's HealthConfig: the
// test, then interval, timeout and start period, and last the number of retries
// as a character.
func healthcheck(s string) (string, bool) {
	rest, ok := strings.CutPrefix(s, "&{")
	test, rest, found := strings.Cut(rest, "] ")
	list, read := quotedList(test + "]")
	if !ok || !found || !read || len(list) == 0 {
		return "", false
	}
	var out []string
	fields := strings.Fields(strings.TrimSuffix(rest, "}"))
	for i, name := range []string{"--interval=", "--timeout=", "--start-period="} {
		if i < len(fields) {
			if d, err := strconv.Unquote(fields[i]); err == nil && d != "0s" && d != "" {
				out = append(out, name+d)
			}
		}
	}
	if n := len(fields); n > 3 {
		if r, _, _, err := strconv.UnquoteChar(strings.Trim(fields[n-1], "'"), '\''); err == nil && r > 0 && r < 1000 {
			out = append(out, "--retries="+strconv.Itoa(int(r)))
		}
	}
	switch list[0] {
	case "NONE":
		return "NONE", true
	case "CMD-SHELL":
		return strings.Join(append(out, "CMD "+strings.Join(list[1:], " ")), " "), true
	case "CMD":
		return strings.Join(append(out, "CMD "+jsonList(list[1:])), " "), true
	}
	return "", false
}
