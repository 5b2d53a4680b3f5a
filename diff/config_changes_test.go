package diff

import (
	"strings"
	"testing"

	"github.com/tagdiff/tagdiff/diff/jsondoc"
)

func TestConfigChanges(t *testing.T) {
	for name, tt := range map[string]struct{ a, b, want string }{
		"nothing":                {`{"os":"linux"}`, `{ "os" : "linux" }`, ""},
		"a builder's note":       {`{}`, `{"moby.buildkit.cache.v0":"x","moby.buildkit.buildinfo.v1":"y"}`, "moby.buildkit.buildinfo.v1 and moby.buildkit.cache.v0 are new in :b"},
		"an unknown field":       {`{"x":1}`, `{"x":2}`, "the config field x differs"},
		"two settings gone":      {`{"config":{"Healthcheck":{"Test":["CMD","x"]},"Shell":["/bin/ash"]}}`, `{"config":{}}`, "HEALTHCHECK and SHELL are gone in :b"},
		"a setting new":          {`{}`, `{"config":{"Cmd":["sh"]}}`, "CMD is new in :b"},
		"labels and a date":      {`{"created":"2024-01-01T00:00:00Z","config":{"Labels":{"org.opencontainers.image.version":"1","x":"1"}}}`, `{"created":"2024-01-02T00:00:00Z","config":{"Labels":{"org.opencontainers.image.version":"2","x":"2"}}}`, "the labels version 1 → 2 and x 1 → 2; dates differ"},
		"one variable":           {`{"config":{"Env":["A=1"]}}`, `{"config":{"Env":["A=2"]}}`, "the variable A 1 → 2"},
		"root is the directory":  {`{"config":{"WorkingDir":"/"}}`, `{"config":{}}`, "WORKDIR is spelled in another way"},
		"another directory":      {`{"config":{"WorkingDir":"/app"}}`, `{"config":{}}`, "WORKDIR is gone in :b"},
		"root is the user":       {`{"config":{"User":"0:0"}}`, `{"config":{"User":"root"}}`, "USER is spelled in another way"},
		"another user":           {`{"config":{"User":"0:1"}}`, `{"config":{"User":"root"}}`, "USER 0:1 → root"},
		"a port is tcp":          {`{"config":{"ExposedPorts":{"80":{},"53/UDP":{}}}}`, `{"config":{"ExposedPorts":{"53/udp":{},"80/tcp":{}}}}`, "EXPOSE is spelled in another way"},
		"another protocol":       {`{"config":{"ExposedPorts":{"80":{}}}}`, `{"config":{"ExposedPorts":{"80/udp":{}}}}`, "EXPOSE differs"},
		"a signal by number":     {`{"config":{"StopSignal":"SIGTERM"}}`, `{"config":{"StopSignal":"15"}}`, "STOPSIGNAL is spelled in another way"},
		"a signal without SIG":   {`{"config":{"StopSignal":"SIGTERM"}}`, `{"config":{"StopSignal":"term"}}`, "STOPSIGNAL is spelled in another way"},
		"another signal":         {`{"config":{"StopSignal":"SIGTERM"}}`, `{"config":{"StopSignal":"9"}}`, "STOPSIGNAL SIGTERM → 9"},
		"a number of a machine":  {`{"config":{"StopSignal":"SIGUSR1"}}`, `{"config":{"StopSignal":"10"}}`, "STOPSIGNAL SIGUSR1 → 10"},
		"no signal":              {`{"config":{"StopSignal":"SIGTERM"}}`, `{"config":{}}`, "STOPSIGNAL is gone in :b"},
		"a check of defaults":    {`{"config":{"Healthcheck":{"Test":["CMD","x"],"Interval":30000000000,"Retries":3}}}`, `{"config":{"Healthcheck":{"Test":["CMD","x"],"Timeout":30000000000}}}`, "HEALTHCHECK is spelled in another way"},
		"another interval":       {`{"config":{"Healthcheck":{"Test":["CMD","x"],"Interval":60000000000}}}`, `{"config":{"Healthcheck":{"Test":["CMD","x"]}}}`, `HEALTHCHECK --interval=1m0s CMD ["x"] → CMD ["x"]`},
		"a source with a dot":    {`{"history":[{"created_by":"COPY ./foo /x"}]}`, `{"history":[{"created_by":"COPY foo /x"}]}`, "history is spelled in another way"},
		"another source":         {`{"history":[{"created_by":"COPY ./foo /x"}]}`, `{"history":[{"created_by":"COPY bar /x"}]}`, "history differs"},
		"other files":            {`{"history":[{"created_by":"COPY file:` + strings.Repeat("a", 64) + ` in /x"}]}`, `{"history":[{"created_by":"COPY file:` + strings.Repeat("b", 64) + ` in /x"}]}`, "history differs"},
		"an empty list":          {`{"config":{"Entrypoint":[]}}`, `{"config":{}}`, "ENTRYPOINT is spelled in another way"},
		"a list of nothing":      {`{"config":{"Entrypoint":[""]}}`, `{"config":{}}`, "ENTRYPOINT is gone in :b"},
		"order of variables":     {`{"config":{"Env":["A=1","B=2"]}}`, `{"config":{"Env":["B=2","A=1"]}}`, "the order of ENV differs"},
		"dates of the history":   {`{"history":[{"created":"2024-01-01T00:00:00Z"}]}`, `{"history":[{"created":"2024-01-02T00:00:00Z"}]}`, "dates differ"},
		"another zone":           {`{"created":"2024-01-01T01:00:00Z"}`, `{"created":"2024-01-01T02:00:00+01:00"}`, "dates are spelled in another way"},
		"more digits":            {`{"created":"2024-01-01T01:00:00.5Z"}`, `{"created":"2024-01-01T01:00:00.500Z"}`, "dates are spelled in another way"},
		"another hour":           {`{"created":"2024-01-01T01:00:00Z"}`, `{"created":"2024-01-01T01:00:00+01:00"}`, "dates differ"},
		"a zone in the history":  {`{"history":[{"created":"2024-01-01T01:00:00Z"}]}`, `{"history":[{"created":"2024-01-01T02:00:00+01:00"}]}`, "dates are spelled in another way"},
		"an empty history":       {`{"history":null}`, `{"history":[]}`, "history is spelled in another way"},
		"a history of nothing":   {`{"history":[{}]}`, `{"history":[]}`, "history differs"},
		"history":                {`{"history":[{"created_by":"a"}]}`, `{"history":[{"created_by":"b"}]}`, "history differs"},
		"platform":               {`{"architecture":"arm","variant":"v6"}`, `{"architecture":"arm","variant":"v7"}`, "variant (v6 → v7) differs"},
		"a platform is new":      {`{"architecture":"arm"}`, `{"architecture":"arm","variant":"v7"}`, "variant is new in :b"},
		"diff_ids are files":     {`{"rootfs":{"type":"layers","diff_ids":["a"]}}`, `{"rootfs":{"type":"layers","diff_ids":["b"]}}`, ""},
		"a label":                {`{"config":{"Labels":{"org.opencontainers.image.version":"1.4"}}}`, `{"config":{"Labels":{"org.opencontainers.image.version":"1.5"}}}`, "the label version 1.4 → 1.5"},
		"a commit":               {`{"config":{"Labels":{"a":"e3b7d9f0e3b7d9f0e3b7d9f0e3b7d9f0e3b7d9f0"}}}`, `{"config":{"Labels":{"a":"b91e4c70b91e4c70b91e4c70b91e4c70b91e4c70"}}}`, "the label a e3b7d9f0e3b7 → b91e4c70b91e"},
		"a secret label":         {`{"config":{"Labels":{"token":"hunter2"}}}`, `{"config":{"Labels":{"token":"hunter3"}}}`, "the label token differs"},
		"a secret variable":      {`{"config":{"Env":["API_TOKEN=changeme"]}}`, `{"config":{"Env":["API_TOKEN=hunter3hunter3"]}}`, "the variable API_TOKEN differs"},
		"a command":              {`{"config":{"Cmd":["a"]}}`, `{"config":{"Cmd":["b"]}}`, `CMD ["a"] → ["b"]`},
		"another author":         {`{"author":"me"}`, `{"author":"you"}`, "author me → you"},
		"a long label":           {`{"config":{"Labels":{"a":"1"}}}`, `{"config":{"Labels":{"a":"` + strings.Repeat("2", 61) + `"}}}`, "the label a differs"},
		"a label of lines":       {`{"config":{"Labels":{"a":"1"}}}`, `{"config":{"Labels":{"a":"1\n2"}}}`, "the label a differs"},
		"a label set to nothing": {`{"config":{"Labels":{"a":"1"}}}`, `{"config":{"Labels":{"a":""}}}`, `the label a 1 → ""`},
		"three labels":           {`{"config":{"Labels":{"a":"1","b":"1","c":"1"}}}`, `{"config":{"Labels":{"a":"2","b":"2","c":"2"}}}`, "the labels a, b and c differ"},
		"a setting, notes and spelling": {`{"docker_version":"20","container":"x","config":{"Shell":["/bin/ash"],"Tty":false,"Entrypoint":[]}}`, `{"config":{}}`,
			"SHELL is gone in :b; notes of the builder differ"},
		"a setting and spelling": {`{"config":{"Shell":["/bin/ash"],"Entrypoint":[]}}`, `{"config":{}}`, "SHELL is gone in :b"},
		"a lost date":            {`{"created":"2024-01-01T00:00:00Z"}`, `{}`, "dates differ"},
	} {
		t.Run(name, func(t *testing.T) {
			a, errA := jsondoc.Parse([]byte(tt.a))
			b, errB := jsondoc.Parse([]byte(tt.b))
			if errA != nil || errB != nil {
				t.Fatal(errA, errB)
			}
			if got := fieldsText(configChanges(a, b), ":b"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
