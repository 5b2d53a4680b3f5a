package dockerfile

import "testing"

func TestSameLine(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"USER 0", "USER root", true},
		{"USER 0:0", "USER root", true},
		{"USER 0:1", "USER root", false},
		{"USER 0:1", "USER root:1", true},
		{"USER app", "USER root", false},
		{"USER app:0", "USER app", false},
		{"/bin/sh -c #(nop)  STOPSIGNAL 15", "STOPSIGNAL SIGTERM", true},
		{"STOPSIGNAL TERM", "STOPSIGNAL sigterm", true},
		{"STOPSIGNAL SIGTERM", "STOPSIGNAL SIGINT", false},
		{"STOPSIGNAL 10", "STOPSIGNAL SIGUSR1", false},
		{"EXPOSE 80", "EXPOSE map[80/tcp:{}]", true},
		{"EXPOSE 80", "EXPOSE 80/udp", false},
		{"HEALTHCHECK --interval=60s --timeout=3s CMD x", "HEALTHCHECK --timeout=3000ms --interval=1m CMD x", true},
		{"HEALTHCHECK --interval=30s CMD x", "HEALTHCHECK CMD x", true},
		{"HEALTHCHECK --interval=30s CMD x", "HEALTHCHECK --interval=31s CMD x", false},
		{"HEALTHCHECK CMD x --interval=30s", "HEALTHCHECK CMD x", false},
		{"HEALTHCHECK --interval=30s", "HEALTHCHECK", false},
		{"COPY ./a /x", "COPY a /x", true},
		{"|1 V=1 /bin/sh -c x", "|1 V=2 /bin/sh -c x", false},
		{"RUN kill -15 1", "RUN kill -TERM 1", false},
	} {
		if got := SameLine(tt.a, tt.b); got != tt.same {
			t.Errorf("%q and %q: %v", tt.a, tt.b, got)
		}
	}
}
