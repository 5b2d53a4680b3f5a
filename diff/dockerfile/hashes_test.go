package dockerfile

import (
	"strings"
	"testing"
)

func TestCompareHashes(t *testing.T) {
	hash := func(digit string) string { return "file:" + strings.Repeat(digit, 64) }
	for name, tt := range map[string]struct {
		a, b string
		want Hashes
	}{
		"the same files":              {"/bin/sh -c #(nop) ADD " + hash("a") + " in / ", "/bin/sh -c #(nop) ADD " + hash("a") + " in / ", SameFiles},
		"other files":                 {"/bin/sh -c #(nop) ADD " + hash("a") + " in / ", "/bin/sh -c #(nop) ADD " + hash("b") + " in / ", OtherFiles},
		"a folder is not a file":      {"/bin/sh -c #(nop) COPY dir:" + strings.Repeat("a", 64) + " in /", "/bin/sh -c #(nop) COPY " + hash("a") + " in /", OtherFiles},
		"only one side has a hash":    {"/bin/sh -c #(nop) COPY " + hash("a") + " in /app", "COPY . /app # buildkit", Unknown},
		"after an owner":              {"/bin/sh -c #(nop) COPY --chown=1000:1000" + hash("a") + " in /", "/bin/sh -c #(nop) COPY " + hash("a") + " in /", SameFiles},
		"after another flag":          {"/bin/sh -c #(nop) COPY --x=1" + hash("a") + " in /", "/bin/sh -c #(nop) COPY " + hash("a") + " in /", Unknown},
		"too short for a hash":        {"/bin/sh -c #(nop) ADD file:aaaa in / ", "/bin/sh -c #(nop) ADD file:bbbb in / ", Unknown},
		"a hash that is not of files": {"RUN echo x" + hash("a"), "RUN echo x" + hash("b"), Unknown},
	} {
		if got := CompareHashes(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestShortHashes(t *testing.T) {
	text := "COPY multi:" + strings.Repeat("0", 64) + " in /etc/app"
	if got := ShortHashes(text); got != "COPY multi:0000… in /etc/app" {
		t.Error(got)
	}
	if got := ShortHashes("RUN curl file:x"); got != "RUN curl file:x" {
		t.Error(got)
	}
}
