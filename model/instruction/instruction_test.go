package instruction

import (
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
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
		{"RUN /bin/bash -o pipefail -c make", "RUN make", nil},
		{"/bin/ash -eo pipefail -c make", "RUN make", nil},
		{"/bin/sh -ec make", "RUN make", nil},
		{"RUN /usr/bin/make -c x", "RUN /usr/bin/make -c x", nil},
		{"RUN bash -c make", "RUN bash -c make", nil},
		{"/bin/sh -c /bin/bash -c make", "RUN /bin/bash -c make", nil},
		{"RUN --mount=type=cache,target=/root/.cache --network=none /bin/sh -c make # buildkit", "RUN --mount=type=cache,target=/root/.cache --network=none make", nil},
		{"RUN --mount=x", "RUN --mount=x", nil},
		{"powershell -Command $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'; Invoke-WebRequest x", "RUN Invoke-WebRequest x", nil},
		{"cmd /S /C dir", "RUN dir", nil},
		{`/bin/sh -c #(nop)  CMD ["sh" "-c" "a \"b\" <c>"]`, `CMD ["sh","-c","a \"b\" <c>"]`, nil},
		{`CMD ["sh","-c","x"]`, `CMD ["sh","-c","x"]`, nil},
		{`ENTRYPOINT []`, `ENTRYPOINT []`, nil},
		{`CMD echo "x`, `CMD echo "x`, nil},
		{"/bin/sh -c #(nop)  EXPOSE 8080", "EXPOSE 8080/tcp", nil},
		{"EXPOSE map[8080/tcp:{} 443/udp:{}]", "EXPOSE 443/udp 8080/tcp", nil},
		{"EXPOSE [8080/tcp]", "EXPOSE 8080/tcp", nil},
		{"EXPOSE $PORT", "EXPOSE $PORT", nil},
		{"VOLUME [/data /logs]", "VOLUME /data /logs", nil},
		{`VOLUME ["/data"]`, "VOLUME /data", nil},
		{`HEALTHCHECK &{["CMD-SHELL" "curl -f http://localhost"] "30s" "3s" "0s" '\x03'}`, "HEALTHCHECK --interval=30s --timeout=3s --retries=3 CMD curl -f http://localhost", nil},
		{`HEALTHCHECK &{["CMD" "true"] "0s" "0s" "5s" "0s" '\x00'}`, `HEALTHCHECK --start-period=5s CMD ["true"]`, nil},
		{`HEALTHCHECK &{["NONE"] "0s" "0s" "0s" '\x00'}`, "HEALTHCHECK NONE", nil},
		{"HEALTHCHECK &{[", "HEALTHCHECK &{[", nil},
		{"ko build ko://example.com/cmd", "ko build ko://example.com/cmd", nil},
		{"RUN |2 A=b C=d e /bin/sh -c make # buildkit", "RUN make", []string{"A=b", "C=d e"}},
		{"|1 VERSION=1.2 /bin/sh -c make", "RUN make", []string{"VERSION=1.2"}},
		{"|2 A=x y B= /bin/sh -c make A=1", "RUN make A=1", []string{"A=x y", "B="}},
		{"RUN |1 A=b /bin/bash -c make", "RUN make", []string{"A=b"}},
		{"RUN |2 A=b c B=d e /bin/bash -o pipefail -c make B=1 # buildkit", "RUN make B=1", []string{"A=b c", "B=d e"}},
		{"|0 /bin/sh -c make", "RUN make", nil},
		{"|9 A=b", "RUN ", []string{"A=b"}},
		{"RUN echo '#(nop) CMD x'", "RUN echo '#(nop) CMD x'", nil},
		{"/bin/sh -c rm x; #(nop) CMD y", "RUN rm x; #(nop) CMD y", nil},
		{"bazel build ...", "bazel build ...", nil},
	}
	for _, tt := range tests {
		if text, args := Parse(tt.createdBy); text != tt.want || !slices.Equal(args, tt.args) {
			t.Errorf("%q is %q with %q, want %q with %q", tt.createdBy, text, args, tt.want, tt.args)
		}
	}
}

// FuzzParse checks for any input that there is no panic, that the result
// is one line, and that build arguments occur in the input.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"RUN |2 A=b C=d e /bin/sh -c make # buildkit", `HEALTHCHECK &{["CMD" "x"] "1s" "1s" "1s" '\\x03'}`, "EXPOSE map[1:{}]", `CMD ["a" "b"]`, "RUN --a --b /bin/bash -o x -c", "powershell -Command $aPreference = ; x", "|1 A /bin/sh -c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, args := Parse(s)
		if strings.ContainsAny(text, "\n\t") {
			t.Errorf("%q has more than one line: %q", s, text)
		}
		for _, a := range args {
			if !strings.Contains(CollapseBlanks(s), a) {
				t.Errorf("%q does not have the argument %q", s, a)
			}
		}
	})
}
