package diff

import (
	"slices"
	"strings"
	"testing"
)

func TestInstruction(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	tests := []struct {
		createdBy, want string
		args            []string
	}{
		{"", "", nil},
		{"COPY a.txt /app/a.txt # buildkit", "COPY a.txt /app/a.txt", nil},
		{"RUN /bin/sh -c apt-get update \t&& \n  true # buildkit", "RUN apt-get update && true", nil},
		{"/bin/sh -c apt-get update", "RUN apt-get update", nil},
		{`/bin/sh -c #(nop)  CMD ["bash"]`, `CMD ["bash"]`, nil},
		{"/bin/sh -c #(nop) ADD file:" + hash + " in / ", "ADD file:" + hash + " in /", nil},
		{"/bin/bash -o pipefail -c #(nop)  ENV A=b", "ENV A=b", nil},
		{`cmd /S /C #(nop)  CMD ["c:\\windows\\system32\\cmd.exe"]`, `CMD ["c:\\windows\\system32\\cmd.exe"]`, nil},
		{"powershell -Command $ErrorActionPreference = 'Stop'; #(nop)  USER app", "USER app", nil},
		{"RUN /bin/bash -o pipefail -c make", "RUN /bin/bash -o pipefail -c make", nil},
		{"RUN |2 A=b C=d e /bin/sh -c make # buildkit", "RUN make", []string{"A=b", "C=d e"}},
		{"|1 VERSION=1.2 /bin/sh -c make", "RUN make", []string{"VERSION=1.2"}},
		{"|2 A=x y B= /bin/sh -c make A=1", "RUN make A=1", []string{"A=x y", "B="}},
		{"RUN |1 A=b /bin/bash -c make", "RUN /bin/bash -c make", []string{"A=b"}},
		{"|0 /bin/sh -c make", "RUN make", nil},
		{"|9 A=b", "RUN ", []string{"A=b"}},
		{"RUN echo '#(nop) CMD x'", "RUN echo '#(nop) CMD x'", nil},
		{"/bin/sh -c rm x; #(nop) CMD y", "RUN rm x; #(nop) CMD y", nil},
		{"bazel build ...", "bazel build ...", nil},
	}
	for _, tt := range tests {
		if got := Instruction(tt.createdBy); got != tt.want {
			t.Errorf("%q is %q, want %q", tt.createdBy, got, tt.want)
		}
		if got := BuildArgs(tt.createdBy); !slices.Equal(got, tt.args) {
			t.Errorf("arguments of %q are %q, want %q", tt.createdBy, got, tt.args)
		}
	}
}

func TestRecipeKey(t *testing.T) {
	h := func(c string) string { return strings.Repeat(c, 64) }
	tests := []struct {
		a, b string
		same bool
	}{
		{"RUN /bin/sh -c x # buildkit", "/bin/sh -c x", true},
		{"/bin/sh -c #(nop) COPY file:" + h("a") + " in / ", "/bin/sh -c #(nop) COPY file:" + h("b") + " in / ", true},
		{"/bin/sh -c #(nop) COPY multi:" + h("a") + " in / ", "/bin/sh -c #(nop) COPY dir:" + h("a") + " in / ", false},
		{"ENV A=1", "ENV A=2", false},
		{"LABEL commit=" + h("a"), "LABEL commit=" + h("b"), false},
		{"|1 V=1 /bin/sh -c x", "|1 V=2 /bin/sh -c x", false},
		{"|1 V=1 /bin/sh -c x", "/bin/sh -c x", false},
	}
	for _, tt := range tests {
		if got := recipeKey(tt.a) == recipeKey(tt.b); got != tt.same {
			t.Errorf("%q and %q: %v", tt.a, tt.b, got)
		}
	}
}

func FuzzInstruction(f *testing.F) {
	f.Add("RUN |2 A=b C=d /bin/sh -c make # buildkit")
	f.Add("|1 A /bin/sh -c")
	f.Fuzz(func(t *testing.T, s string) {
		text := Instruction(s)
		if strings.ContainsAny(text, "\t\n") {
			t.Fatalf("%q", text)
		}
		BuildArgs(s)
		recipeKey(s)
		quoted(text)
	})
}
