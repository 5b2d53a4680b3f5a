package dockerfile

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/model"
)

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
		{"COPY ./foo /x # buildkit", "COPY foo /x", true},
		{"COPY --chown=app ./foo ././/bar /x/", "COPY --chown=app foo bar /x/", true},
		{"ADD ./ /x", "ADD . /x", true},
		{"COPY foo ./x", "COPY foo x", false},
		{"COPY ../foo /x", "COPY foo /x", false},
		{"COPY .foo /x", "COPY foo /x", false},
		{"RUN cp ./foo /x", "RUN cp foo /x", false},
		{"COPY <<EOF ./foo /x", "COPY <<EOF foo /x", false},
	}
	for _, tt := range tests {
		if got := Key(tt.a) == Key(tt.b); got != tt.same {
			t.Errorf("%q and %q: %v", tt.a, tt.b, got)
		}
	}
}

func TestCopyKey(t *testing.T) {
	for recipe, want := range map[string]string{"COPY . /app/": "COPY /app", "ADD a b": "ADD b", "ADD": "", "COPY": "", "COPY a": "", "RUN a b": ""} {
		if got := CopyKey(recipe); got != want {
			t.Errorf("key of %q is %q, want %q", recipe, got, want)
		}
	}
}

func TestStepText(t *testing.T) {
	for _, tt := range []struct{ createdBy, comment, want string }{
		{"jib-maven-plugin:3.4.0", "classes", "jib: classes"},
		{"", "Imported from -", "(Imported from -)"},
		{"RUN /bin/sh -c x # buildkit", "buildkit.dockerfile.v0", "RUN x"},
		{"/bin/sh -c x", "FROM docker.io/library/debian:12", "RUN x"},
		{"", "", ""},
	} {
		if got := StepText(stepOf(tt.createdBy, tt.comment)); got != tt.want {
			t.Errorf("%q with %q is %q, want %q", tt.createdBy, tt.comment, got, tt.want)
		}
	}
}

func stepOf(createdBy, comment string) model.Step {
	s := model.NewStep(0, createdBy)
	s.Comment = comment
	return s
}
